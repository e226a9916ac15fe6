"""Tone zones: what the kernel's tone generator can send, as definitions or as LOADZONE brings them.

`CN` is the zone of China: 450 Hz in its cadences (telephony.md 1.2), DTMF with -9 dBm0 low and -11 dBm0 high group, MF
tones at -8 dBm0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import acos, log10, pi, sin

from hwsim.vendorlibs.dahdi.abi import TONE_DEF, ZONE_HEADER, untext

RATE_HZ = 8000
TONES = 16
DTMF_BASE, MFR1_BASE, MFR2_FORWARD_BASE, MFR2_BACKWARD_BASE = 64, 80, 96, 112
MAX_ZONE = 255
MAX_DEFS = 128
OVERLOAD_DBM0 = 3.14
DTMF_KEYS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class Part:
    """One or two frequencies for so many samples. No frequency: silence."""

    f1_hz: float = 0.0
    level1_dbm0: float = 0.0
    f2_hz: float = 0.0
    level2_dbm0: float = 0.0
    samples: int = RATE_HZ


@dataclass(frozen=True, slots=True)
class Tone:
    """Parts one after the other; after the last one it goes on with part `loop`."""

    parts: tuple[Part, ...]
    loop: int = 0


@dataclass(slots=True)
class Zone:
    """One zone. `tones` by the numbers of SENDTONE, `digits` by 64 to 127; `ring_ms` on, off, on, off."""

    number: int
    name: str
    ring_ms: list[int]
    tones: dict[int, Tone] = field(default_factory=dict)
    digits: dict[int, Part] = field(default_factory=dict)


class ZoneError(ValueError):
    """LOADZONE with something that makes no sense."""


def _frequency(factor: int, v2: int, v3: int) -> tuple[float, float]:
    """Frequency and level of one component from the constants of the recurrence."""
    if not factor and not v2 and not v3:
        return 0.0, 0.0
    step = acos(max(-1.0, min(1.0, factor / 65536)))
    gain = abs(v3) / sin(step) if sin(step) else 0.0
    return step * RATE_HZ / (2 * pi), 20 * log10(gain / 32768) + OVERLOAD_DBM0 if gain else -100.0


def _part(values: Sequence[int]) -> Part:
    f1, level1 = _frequency(values[4], values[5], values[6])
    f2, level2 = _frequency(values[7], values[8], values[9])
    return Part(f1, level1, f2, level2, max(1, values[2]))


def read_zone(octets: bytes) -> Zone:
    """What LOADZONE brings. Raises ZoneError."""
    count, number, *ring, name = ZONE_HEADER.unpack_from(octets)
    if not 0 <= number <= MAX_ZONE or not 0 <= count <= MAX_DEFS:
        raise ZoneError("zone or count")
    if len(octets) < ZONE_HEADER.size + count * TONE_DEF.size:
        raise ZoneError("too short")
    defs = [TONE_DEF.unpack_from(octets, ZONE_HEADER.size + index * TONE_DEF.size) for index in range(count)]
    zone = Zone(number, untext(name), list(ring))
    first: dict[int, int] = {}
    for index, values in enumerate(defs):
        tone = values[0]
        if 0 <= tone < TONES:
            if not 0 <= values[1] < count:
                raise ZoneError("next")
            first.setdefault(tone, index)
        elif DTMF_BASE <= tone < MFR2_BACKWARD_BASE + 16:
            zone.digits[tone] = _part(values)
        else:
            raise ZoneError("tone")
    for tone, index in first.items():
        zone.tones[tone] = _chain(defs, index)
    return zone


def _chain(defs: Sequence[Sequence[int]], index: int) -> Tone:
    order: list[int] = []
    while index not in order:
        order.append(index)
        index = defs[index][1]
    return Tone(tuple(_part(defs[at]) for at in order), order.index(index))


def _cadence(*on_off_ms: int, hz: float = 450.0) -> Tone:
    parts = [
        Part(hz if place % 2 == 0 else 0.0, -10.0, samples=ms * RATE_HZ // 1000) for place, ms in enumerate(on_off_ms)
    ]
    return Tone(tuple(parts))


def _dtmf() -> dict[int, Part]:
    rows, columns, keys = (697, 770, 852, 941), (1209, 1336, 1477, 1633), "123A456B789C*0#D"
    return {
        DTMF_BASE + index: Part(rows[keys.index(key) // 4], -9.0, columns[keys.index(key) % 4], -11.0)
        for index, key in enumerate(DTMF_KEYS)
    }


def _two_of_six(base: int, frequencies: Sequence[int]) -> dict[int, Part]:
    """R2: signals 1 to 15 are the pairs, in the order of the standard (telephony.md 4.2)."""
    pairs = [(low, high) for high in range(1, 6) for low in range(high)]
    return {
        base + index: Part(frequencies[low], -8.0, frequencies[high], -8.0) for index, (low, high) in enumerate(pairs)
    }


CHINA = 33
"""Number of the zone `cn` in the table that `dahdi_cfg` loads zones from."""


def china() -> Zone:
    """The zone `cn`."""
    zone = Zone(CHINA, "China", [1000, 4000, *[0] * 14])
    zone.tones = {
        0: Tone((Part(450.0, -10.0),)),
        1: _cadence(350, 350),
        2: _cadence(1000, 4000),
        3: _cadence(700, 700),
        4: _cadence(400, 4000),
        5: Tone((Part(450.0, -10.0),)),
        6: _cadence(400, 10000, hz=950.0),
        7: _cadence(100, 100, 100, 100, 100, 100, 400, 400),
        10: _cadence(400, 40),
    }
    zone.digits = {
        **_dtmf(),
        **_two_of_six(MFR2_FORWARD_BASE, (1380, 1500, 1620, 1740, 1860, 1980)),
        **_two_of_six(MFR2_BACKWARD_BASE, (1140, 1020, 900, 780, 660, 540)),
    }
    return zone


@dataclass
class Zones:
    """Zones that are loaded. The first one is the default."""

    loaded: list[Zone] = field(default_factory=list)
    dtmf_ms: int = 100
    mfr1_ms: int = 68
    mfr2_ms: int = 100
    told: list[int] = field(default_factory=lambda: [544, 800, 800])
    """What GET_DIALPARAMS says of R1, DTMF and R2: until somebody has set them the kernel says samples."""

    @property
    def default(self) -> Zone | None:
        """The default zone, if any is loaded."""
        return self.loaded[0] if self.loaded else None

    def find(self, number: int) -> Zone | None:
        """The zone of this number; -1 means the default."""
        if number == -1:
            return self.default
        return next((zone for zone in self.loaded if zone.number == number), None)

    def add(self, zone: Zone) -> bool:
        """Whether there was none of this number."""
        if self.find(zone.number):
            return False
        self.loaded.append(zone)
        return True

    def make_default(self, number: int) -> bool:
        """Whether there is such a zone."""
        zone = self.find(number)
        if zone is None:
            return False
        self.loaded.remove(zone)
        self.loaded.insert(0, zone)
        return True

    def free(self, number: int) -> bool:
        """Whether there was such a zone."""
        zone = self.find(number) if number != -1 else None
        if zone is None:
            return False
        self.loaded.remove(zone)
        return True

    def set_lengths(self, mfr1_ms: int, dtmf_ms: int, mfr2_ms: int) -> None:
        """Lengths of digits; those outside 10 to 4000 ms stay."""
        for place, (name, ms) in enumerate((("mfr1_ms", mfr1_ms), ("dtmf_ms", dtmf_ms), ("mfr2_ms", mfr2_ms))):
            if 10 <= ms <= 4000:
                setattr(self, name, ms)
                self.told[place] = ms

    def digit_ms(self, mode: str) -> int:
        """Length of a digit and of the silence behind it."""
        return {"T": self.dtmf_ms, "M": self.mfr1_ms, "O": self.mfr2_ms, "R": self.mfr2_ms}[mode]
