"""What a port listens for. The engine feeds the banks in its tick; this says which, and gives their findings a meaning.

nothing      caller_id    FSK and DTMF, on-hook            dial_tone, progress   tones, voice, announcements
digits       DTMF         talk   DTMF, tones, silence
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from boardd.media.detect.banks import Measured, What
from boardd.media.detect.listener import Listener
from boardd.media.detect.profiles import CHINA, ToneProfile
from boardd.media.detect.sounds import explain
from boardd.media.engine.banks import EngineBank
from boardd.media.engine.events import Found
from boardd.media.engine.port import EnginePort
from boardd.signalling.analog import Ear
from boardd.signalling.analog import Sound as LineSound
from boardd.signalling.analog.caller_id import FskMessage
from boardd.signalling.analog.caller_id_message import read_message
from drivers.dahdi.sound import Sound

CID_GOOD = 0
"""`det_cid` of a message whose checksum is right."""
_WORDS = {str(word): word for word in LineSound}
"""The detectors' words that mean something to an exchange line; the others are notices."""


class Listen(StrEnum):
    """What to listen for; the exchange line's ears, and those of telephones and E1s."""

    NOTHING = "nothing"
    CALLER_ID = "caller_id"
    DIAL_TONE = "dial_tone"
    PROGRESS = "progress"
    TALK = "talk"
    DIGITS = "digits"


@dataclass(frozen=True, slots=True)
class Heard:
    """One of: a digit; a caller-ID message; a tone, voice or silence with the reasons why it is taken for that."""

    digit: str = ""
    message: FskMessage | None = None
    sound: LineSound | None = None
    why: str = ""


class Ears:
    """The detectors of one port. `profile`: the tones of its exchange."""

    def __init__(self, sound: Sound, port: EnginePort, profile: ToneProfile = CHINA) -> None:
        self._sound = sound
        self._port = port
        self._listen = Listen.NOTHING
        self._tell: Callable[[Heard], None] = lambda _heard: None
        self._listener = Listener(profile)
        # Always: the lane may have been another port's.
        sound.progress.set(port, profile.options())

    def listen(self, what: Listen | Ear, tell: Callable[[Heard], None]) -> None:
        """Listen for this from now on, and for nothing else."""
        self._tell = tell
        before, wanted = self._listen, Listen(str(what))
        self._switch(wanted)
        if wanted is Listen.TALK:
            # What was heard before an answer of ours was the ringing exchange's; what before theirs, the call's.
            if before is not Listen.PROGRESS:
                self._listener.clear()
            self._listener.in_call()
        elif wanted is not before:
            self._listener.clear()

    def again(self) -> None:
        """The engine has forgotten what the port listens for (a release): begin anew."""
        listen, self._listen = self._listen, Listen.NOTHING
        self._listener.clear()
        self._switch(listen)

    def _banks(self, what: Listen) -> set[EngineBank]:
        sound = self._sound
        return {
            Listen.NOTHING: set(),
            Listen.CALLER_ID: {sound.dtmf, sound.caller_id},
            Listen.DIAL_TONE: {sound.progress, sound.voice},
            Listen.PROGRESS: {sound.progress, sound.voice},
            Listen.TALK: {sound.dtmf, sound.progress, sound.voice},
            Listen.DIGITS: {sound.dtmf, sound.voice},
        }[what]

    def _switch(self, what: Listen) -> None:
        old, new = self._banks(self._listen), self._banks(what)
        for bank in sorted(old - new, key=lambda bank: bank.number):
            self._port.detect(bank, False)
        for bank in sorted(new - old, key=lambda bank: bank.number):
            self._port.detect(bank, tell=not (what is Listen.DIGITS and bank is self._sound.voice))
        self._listen = what

    # -- findings -----------------------------------------------------------------------------------------------------
    def take(self, found: Found) -> None:
        """A finding of a bank. One that is late, from before the port listened for something else, is dropped."""
        banks = {bank.number: bank for bank in self._banks(self._listen)}
        if found.bank not in banks:
            return
        if found.kind == What.DTMF_ON:
            self._tell(Heard(digit=chr(found.code)))
        elif found.kind == What.CID_MESSAGE:
            self._tell(Heard(message=self._message(found.code)))
        elif self._listen is not Listen.DIGITS:
            self._judge(found)

    def _message(self, code: int) -> FskMessage:
        if code != CID_GOOD:
            return FskMessage(good=False)
        return read_message(self._sound.caller_id_bytes(self._port))

    def _judge(self, found: Found) -> None:
        measured = Measured(self._port.lane, What(found.kind), found.code, found.at_sample, found.values)
        for verdict in self._listener.take(measured):
            if verdict.sound in _WORDS:
                self._tell(Heard(sound=_WORDS[verdict.sound], why="; ".join(explain(verdict))))
