"""The kernel's tone generator on one channel: tones without end, and dial strings.

What it sends is made in the sample engine. A block that the program writes stops it. While it dials the program hears
silence, and 50 ms longer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from errno import EINVAL, ENODATA, ENOSYS
from typing import Protocol

from hwsim.core.engine import EngineError
from hwsim.kernel.sim import Sim, Timer
from hwsim.vendorlibs.dahdi.abi import Event
from hwsim.vendorlibs.dahdi.zones import (
    DTMF_BASE,
    DTMF_KEYS,
    MFR1_BASE,
    MFR2_BACKWARD_BASE,
    MFR2_FORWARD_BASE,
    RATE_HZ,
    TONES,
    Part,
    Tone,
    Zone,
    Zones,
)

AFTER_MS = 50
PAUSE_MS = 500
MAX_STRING = 255
MODES = {"T": DTMF_BASE, "M": MFR1_BASE, "O": MFR2_FORWARD_BASE, "R": MFR2_BACKWARD_BASE, "P": 0}
SIGNALS = "123456789ABCDEF"
R1_KEYS = "0123456789*#ABC"


class Pulser(Protocol):
    """Dials one digit with the hook; whether it could. Calls back when the digit is over."""

    def pulse(self, count: int, done: Callable[[], None]) -> bool:
        """Begin a digit of so many pulses."""

    def cut_pulses(self) -> None:
        """End the digit with the pulse that is under way."""


class ToneSender:
    """Of one channel. `leg` (None: no sound) is where it sends, `note(event)` gets DIALCOMPLETE."""

    def __init__(self, sim: Sim, leg: int | None, zones: Zones, note: Callable[[int], None]) -> None:
        self.sim = sim
        self.zones = zones
        self.zone: Zone | None = zones.default
        self.dialing = False
        self.pulser: Pulser | None = None
        self.changed: Callable[[], None] = lambda: None
        """Called when it begins or ends to be `active`."""
        self._leg = leg
        self._note = note
        self._mode = "T"
        self._string = ""
        self._tone: Tone | None = None
        self._source = 0
        self._timer: Timer | None = None
        self._quiet_until_us = 0

    @property
    def active(self) -> bool:
        """Whether a tone or digit is being sent."""
        return self._tone is not None or self.dialing

    @property
    def deafens(self) -> bool:
        """Whether the program hears silence instead of the line."""
        return self.dialing or self.sim.now_us < self._quiet_until_us

    # -- requests -----------------------------------------------------------------------------------------------------
    def send(self, tone: int) -> int:
        """SENDTONE: 0 or -errno. -1 stops."""
        self.stop()
        if tone == -1:
            return 0
        if self.zone is None:
            return -ENODATA
        if 0 <= tone <= TONES:
            found = self.zone.tones.get(tone)
            if found is None:
                return -ENOSYS
            self._begin(found)
            return 0
        base = MODES[self._mode]
        if not base or base == MFR1_BASE or not base <= tone < base + 16:
            return -EINVAL
        part = self.zone.digits.get(tone)
        if part is None:
            return -ENOSYS
        self.dialing = self._mode == "T"
        self._begin(Tone((part,)))
        return 0

    def set_zone(self, number: int) -> int:
        """SETTONEZONE: 0 or -errno."""
        zone = self.zones.find(number)
        if zone is None:
            return -ENODATA
        self.stop()
        self.zone = zone
        return 0

    def dial(self, string: str, *, append: bool) -> bool:
        """Dial a string, or add it to what is being dialled; whether it fits."""
        if append and len(self._string) + len(string) >= MAX_STRING:
            return False
        if not append:
            self.stop()
        self._string += string
        if not self.dialing:
            self.dialing = True
            self._next()
        return True

    def stop(self) -> None:
        """End all that is sent."""
        was = self.active
        if self.dialing:
            self._quiet_until_us = self.sim.now_us + AFTER_MS * 1000
        if self.pulser:
            self.pulser.cut_pulses()
        self._string = ""
        self._tone = None
        self.dialing = False
        self._silence()
        if was:
            self.changed()

    def reset(self) -> None:
        """As after opening."""
        self.stop()
        self._mode = "T"
        self.zone = self.zones.default
        self._quiet_until_us = 0

    # -- tones --------------------------------------------------------------------------------------------------------
    def _begin(self, tone: Tone) -> None:
        self._tone = tone
        self._play_part(0)
        self.changed()

    def _play_part(self, place: int) -> None:
        tone = self._tone
        if tone is None:
            return
        self._silence()
        part = tone.parts[place]
        self._sound(part)
        following = place + 1 if place + 1 < len(tone.parts) else tone.loop
        if following != place:
            self._later(part.samples / RATE_HZ * 1000, self._play_part, following)

    def _sound(self, part: Part) -> None:
        if not part.f1_hz or self._leg is None:
            return
        level2 = round(part.level2_dbm0 * 100) if part.f2_hz else -1000
        with contextlib.suppress(EngineError):
            self._source = self.sim.engine.tone(
                self._leg, part.f1_hz, round(part.level1_dbm0 * 100), part.f2_hz, level2
            )

    def _silence(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._source:
            with contextlib.suppress(EngineError):
                self.sim.engine.stop(self._source)
            self._source = 0

    def _later(self, ms: float, callback: Callable[..., None], *args: object) -> None:
        self._timer = self.sim.later(ms, callback, *args)

    # -- digits -------------------------------------------------------------------------------------------------------
    def _next(self) -> None:
        self.changed()
        while self._string:
            letter, self._string = self._string[0], self._string[1:]
            if letter in MODES:
                self._mode = letter
            elif letter == "W":
                self._later(PAUSE_MS, self._next)
                return
            elif self._mode == "P":
                if letter.isdigit() and self.pulser and self.pulser.pulse(int(letter) or 10, self._pulsed):
                    return
            elif (part := self._digit(letter)) is not None:
                ms = self.zones.digit_ms(self._mode)
                self._sound(part)
                self._later(ms, self._gap, ms)
                return
        self.dialing = False
        self._quiet_until_us = self.sim.now_us + AFTER_MS * 1000
        self._note(Event.DIALCOMPLETE)
        self.changed()

    def _gap(self, ms: int) -> None:
        self._silence()
        self._later(ms, self._next)

    def _pulsed(self) -> None:
        """A digit is over; DIALCOMPLETE follows the last one, also when the rest was cut off."""
        self._next()

    def _digit(self, letter: str) -> Part | None:
        keys = {"T": DTMF_KEYS, "M": R1_KEYS}.get(self._mode, SIGNALS)
        if self.zone is None or letter not in keys:
            return None
        return self.zone.digits.get(MODES[self._mode] + keys.index(letter))
