"""Script steps: the single things that a caller or called party does, in the order of their script."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from hwsim.people.cadence import Heard
from hwsim.people.draw import Draw
from hwsim.people.person import Person
from hwsim.people.process import Acts, Pause, Until

SILENCE_MS = 1200.0
NEXT_KEY_TIMEOUT_MS = 60_000.0


class Sound(StrEnum):
    """What a step can wait for."""

    DIAL = "dial"
    RING_BACK = "ring_back"
    BUSY = "busy"
    CLEAR = "clear"
    """Any tone that says the call is over or impossible."""
    VOICE = "voice"
    """A person, a prompt or music."""
    PERSON = "person"
    """Another simulated person, recognised by chirps."""
    ANSWER = "answer"
    """The first voice after dialling."""
    SILENCE = "silence"
    """Nothing for 1.2 s, for instance after a prompt."""
    RING = "ring"
    """The own telephone rings."""


class Otherwise(StrEnum):
    """What to do when what was waited for did not come in time."""

    HANG_UP = "hang_up"
    CONTINUE = "continue"


class GaveUpError(Exception):
    """The person's patience is over: the script ends and the receiver is put down."""


@dataclass(slots=True)
class Errand:
    """What one run of a script is about: whom to call and which key the person will choose."""

    called: str = ""
    choice: str = ""


class Step(Protocol):
    """One thing to do. `run` raises GaveUpError to end the script."""

    def run(self, person: Person, errand: Errand) -> Acts:
        """Do it."""


def hears(person: Person, sound: Sound) -> bool:
    """Whether the person hears `sound` now."""
    ear = person.ear
    match sound:
        case Sound.DIAL | Sound.RING_BACK | Sound.BUSY:
            return ear.tone is Heard(sound.value)
        case Sound.CLEAR:
            return person.hears_clear()
        case Sound.VOICE | Sound.ANSWER:
            return ear.voice or (sound is Sound.ANSWER and person.hears_person())
        case Sound.PERSON:
            return person.hears_person()
        case Sound.SILENCE:
            return ear.silent(SILENCE_MS)
        case Sound.RING:
            return person.handset.ringing


def until_heard(person: Person, sound: Sound, timeout_ms: float | None) -> Acts:
    """Wait until `sound` is heard or the time is over."""
    if sound is not Sound.SILENCE:
        yield Until(lambda: hears(person, sound), timeout_ms)
        return
    # Silence is not an event: look again when it would have lasted long enough.
    deadline_us = None if timeout_ms is None else person.sim.now_us + timeout_ms * 1000
    while not hears(person, sound):
        left_ms = SILENCE_MS if deadline_us is None else min(SILENCE_MS, (deadline_us - person.sim.now_us) / 1000)
        if left_ms <= 0:
            return
        missing_ms = SILENCE_MS - person.ear.quiet_ms()
        yield Pause(max(min(left_ms, missing_ms if missing_ms > 0 else SILENCE_MS), 4.0))


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a drawn time (listening goes on all the while)."""

    time: Draw

    def run(self, person: Person, errand: Errand) -> Acts:
        """Wait."""
        yield Pause(self.time.milliseconds(person.rng))


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait until something is heard; patience is drawn anew each time. Without `timeout` for ever."""

    sound: Sound
    timeout: Draw | None = None
    otherwise: Otherwise = Otherwise.HANG_UP

    def run(self, person: Person, errand: Errand) -> Acts:
        """Wait, and give up when told to."""
        timeout_ms = self.timeout.milliseconds(person.rng) if self.timeout else None
        began_us = person.sim.now_us
        yield from until_heard(person, self.sound, timeout_ms)
        if not hears(person, self.sound) and self.otherwise is Otherwise.HANG_UP:
            waited_ms = (person.sim.now_us - began_us) // 1000
            person.note("gave_up", waiting_for=str(self.sound), waited_ms=waited_ms)
            raise GaveUpError


@dataclass(frozen=True, slots=True)
class Dial:
    """Lift the receiver, wait for dial tone if the set gives one, and dial; without number, the errand's."""

    number: str = ""
    dial_tone_timeout: Draw = field(default_factory=lambda: Draw.fixed(10))

    def run(self, person: Person, errand: Errand) -> Acts:
        """Dial."""
        person.lift()
        if person.handset.sound_dialling:
            yield from WaitFor(Sound.DIAL, self.dial_tone_timeout).run(person, errand)
            yield Pause(500)
        yield from person.dial(self.number or errand.called)


@dataclass(frozen=True, slots=True)
class Send:
    """Press keys during the call, when `when` is heard but after `after` at the latest; empty digits: the choice."""

    digits: str = ""
    when: Sound | None = None
    after: Draw | None = None

    def run(self, person: Person, errand: Errand) -> Acts:
        """Press."""
        after_ms = self.after.milliseconds(person.rng) if self.after else None
        if self.when:
            yield from until_heard(person, self.when, NEXT_KEY_TIMEOUT_MS if after_ms is None else after_ms)
        elif after_ms:
            yield Pause(after_ms)
        yield from person.send_digits(self.digits or errand.choice)


@dataclass(frozen=True, slots=True)
class Speak:
    """Say numbered chirps for a drawn time."""

    time: Draw

    def run(self, person: Person, errand: Errand) -> Acts:
        """Speak."""
        person.mouth.speak()
        try:
            yield Pause(self.time.milliseconds(person.rng))
        finally:
            person.mouth.silence()


@dataclass(frozen=True, slots=True)
class Play:
    """Play a sound file into the telephone."""

    path: Path

    def run(self, person: Person, errand: Errand) -> Acts:
        """Play it to its end, after a greeting."""
        yield Until(lambda: not person.mouth.playing)
        person.mouth.play(self.path)
        yield Until(lambda: not person.mouth.playing)


@dataclass(frozen=True, slots=True)
class ToneStep:
    """Sound a tone for a drawn time: the beep of a machine, CNG or CED of a fax; `cadence_ms` empty: continuous."""

    hertz: float
    time: Draw
    dbm0: float = -13.0
    cadence_ms: tuple[int, ...] = ()

    def run(self, person: Person, errand: Errand) -> Acts:
        """Sound it, after what is being played."""
        yield Until(lambda: not person.mouth.playing)
        person.mouth.tone(self.hertz, self.dbm0, self.cadence_ms)
        yield Pause(self.time.milliseconds(person.rng))  # cut short by going on-hook, which ends the tone too
        person.mouth.tone_off()


@dataclass(frozen=True, slots=True)
class Listen:
    """Listen for a drawn time at most, as an answering machine does: not longer than `silence` of silence."""

    time: Draw
    silence: Draw | None = None

    def run(self, person: Person, errand: Errand) -> Acts:
        """Listen."""
        began_us = person.sim.now_us
        until_us = began_us + self.time.milliseconds(person.rng) * 1000
        silence_ms = self.silence.milliseconds(person.rng) if self.silence else None
        while (left_ms := (until_us - person.sim.now_us) / 1000) > 0:
            if silence_ms is None:
                yield Pause(left_ms)
                continue
            quiet_ms = min(person.ear.quiet_ms(), (person.sim.now_us - began_us) / 1000)
            missing_ms = silence_ms - quiet_ms
            if missing_ms <= 0:
                person.note("silence_heard", silence_ms=round(silence_ms))
                return
            yield Pause(min(left_ms, max(missing_ms, 4.0)))


@dataclass(frozen=True, slots=True)
class Answer:
    """Wait for the bell and lift the receiver after a drawn delay."""

    delay: Draw
    timeout: Draw | None = None
    greets: bool = True
    """Say 喂,你好; machines do not."""

    def run(self, person: Person, errand: Errand) -> Acts:
        """Answer; gives up when it stops ringing before."""
        yield from WaitFor(Sound.RING, self.timeout).run(person, errand)
        yield Until(lambda: not person.handset.ringing, self.delay.milliseconds(person.rng))
        if not person.handset.ringing:
            person.note("ring_missed")
            raise GaveUpError
        person.answer(self.greets)


@dataclass(frozen=True, slots=True)
class Flash:
    """Press the hook briefly."""

    ms: float = 300.0

    def run(self, person: Person, errand: Errand) -> Acts:
        """Flash."""
        person.flash(self.ms)
        yield Pause(self.ms + 50)


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the receiver down."""

    def run(self, person: Person, errand: Errand) -> Acts:
        """Hang up."""
        person.hang_up()
        yield Pause(0)


@dataclass(frozen=True, slots=True)
class Lift:
    """Lift the receiver: after hanging up, within the exchange's time, the call is still there."""

    def run(self, person: Person, errand: Errand) -> Acts:
        """Lift."""
        person.lift()
        yield Pause(0)


Steps = tuple[Step, ...]
