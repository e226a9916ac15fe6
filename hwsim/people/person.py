"""A person at a telephone: hands, ear and mouth, and the truth about what they did and heard.

What the person does is a Process; it wakes whenever the person hears something new. Facts noted here: `ring_heard`,
`off_hook`, `on_hook`, `dialled`, `digit_sent`, `chirp`, `spoke`, `heard_tone`, `heard_voice`, `heard_person`, `flash`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from hwsim.kernel.sim import Sim
from hwsim.people.cadence import CLEARED_TONES, Heard
from hwsim.people.ear import Ear
from hwsim.people.handset import Handset
from hwsim.people.mouth import Mouth
from hwsim.people.process import Acts, Process, Until
from hwsim.people.recogniser import Recogniser
from hwsim.people.voice_file import VoiceFiles
from hwsim.sounds import GREETINGS, sound


class Person:
    """Somebody with a name, a party number (unique in the world, heard in chirps) and a telephone."""

    def __init__(self, sim: Sim, name: str, party: int, handset: Handset, files: VoiceFiles | None = None) -> None:
        self.sim = sim
        self.name = name
        self.party = party
        self.handset = handset
        self.rng: Random = sim.rng(f"person/{name}")
        self._greeting_rng: Random = sim.rng(f"greeting/{name}")
        self.ear = Ear(sim, handset.leg, self._heard_something)
        self.recogniser = Recogniser(sim, handset.leg, party, self._heard_person)
        self.mouth = Mouth(sim, name, party, handset.leg, self.poke)
        self.process: Process | None = None
        self.heard_parties: set[int] = set()
        self.last_person_us: int | None = None
        self.when_rung: Callable[[], None] | None = None
        self._files = files
        self._was_ringing = False
        self._told: Heard | None = None
        self._voice_told = False
        handset.attach(self._bell)

    # -- running ----------------------------------------------------------------------------------------------------
    def run(self, acts: Acts, finished: Callable[[bool], None] | None = None) -> None:
        """Begin to act; what was being done before is dropped."""
        self.stop()
        self.process = Process(self.sim, acts, finished or _ignore)
        self.process.start()

    def stop(self) -> None:
        """Stop acting; the telephone stays as it is."""
        if self.process and not self.process.done:
            self.process.stop()

    def poke(self) -> None:
        """Something has changed for this person."""
        if self.process:
            self.process.poke()

    def note(self, what: str, **fields: object) -> None:
        """Write a fact about this person into the truth log."""
        self.sim.truth.note(what, person=self.name, line=self.handset.line, **fields)

    # -- hands ------------------------------------------------------------------------------------------------------
    def lift(self) -> None:
        """Take the receiver off the hook."""
        if self.handset.off_hook:
            return
        self.note("off_hook", ringing=self.handset.ringing)
        self._told, self._voice_told = None, False
        self.heard_parties.clear()
        self.last_person_us = None
        if self._files:
            self._files.begin(self.sim, self.name, self.handset.line, self.handset.leg)
        self.mouth.open(self.handset.line)
        self.ear.open()
        self.recogniser.open()
        self.handset.lift()
        self.poke()

    def answer(self, greet: bool = True) -> None:
        """Take the receiver off the hook and say 喂,你好 or its like; what the person says next comes after it."""
        self.lift()
        if greet:
            self.mouth.play(sound(self._greeting_rng.choice(GREETINGS)))

    def hang_up(self) -> None:
        """Put the receiver down, or refuse a call that rings."""
        if self.handset.off_hook:
            self.mouth.close()
            self.ear.close()
            self.recogniser.close()
            if self._files:
                self._files.end(self.name)
            self.note("on_hook")
        self.handset.hang_up()
        self.poke()

    def dial(self, number: str) -> Iterator[Until]:
        """Dial: in one piece, or key by key as sound; waits until the last key is released."""
        self.note("dialled", number=number)
        if self.handset.sound_dialling:
            yield from self.send_digits(number)
        else:
            self.handset.dial(number)

    def send_digits(self, digits: str) -> Iterator[Until]:
        """Press keys; waits until the last one is released."""
        if digits and self.handset.off_hook:
            self.mouth.send_digits(digits, self.handset.keypad)
            yield Until(lambda: not self.mouth.sending_digits)

    def flash(self, duration_ms: float) -> None:
        """Press the hook briefly."""
        self.note("flash", duration_ms=duration_ms)
        self.handset.flash(duration_ms)

    # -- what is heard ----------------------------------------------------------------------------------------------
    def hears_clear(self) -> bool:
        """Whether a tone says that the other side is gone or cannot be reached."""
        return self.ear.tone in CLEARED_TONES

    def hears_person(self) -> bool:
        """Whether another person has been heard since the receiver was lifted."""
        return bool(self.heard_parties)

    def _heard_something(self) -> None:
        if self.ear.tone is not self._told:
            self._told = self.ear.tone
            if self._told:
                self.note("heard_tone", tone=str(self._told))
        if self.ear.voice is not self._voice_told:
            self._voice_told = self.ear.voice
            self.note("heard_voice", on=self._voice_told)
        self.poke()

    def _heard_person(self, party: int) -> None:
        self.last_person_us = self.sim.now_us
        if party not in self.heard_parties:
            self.heard_parties.add(party)
            self.note("heard_person", party=party)
        self.poke()

    def _bell(self) -> None:
        begins = self.handset.ringing and not self._was_ringing
        self._was_ringing = self.handset.ringing
        if begins:
            self.note("ring_heard")
            if self.when_rung:
                self.when_rung()
        self.poke()


def _ignore(_completed: bool) -> None:
    """Nobody wants to know."""
