"""What is to happen on thirty circuits with MFC-R2 between the exchange and a card; both ends follow the same list."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

INWARD = (*range(1, 16),)
OUTWARD = (*range(17, 32),)
BEGIN_MS = 12_000.0
"""Time for a driver to start, and for circuits to have shown idle."""
ROUND_MS = 14_000.0
"""One call on each circuit: registers need six seconds for four and eleven digits."""
KA = (1, 2, 3, 8, 10)
KD = 3
"""At both ends: busy is B4."""
REFUSALS = {17: 4, 1: 5}
"""KB after KD 3 by Q.850 cause."""
SITE = """\
site: score of R2 calls
machine:
  cards:
    - name: r2
      model: TE110P
      serial: R2-1
      spans: [{{signalling: r2, r2: {{kb: local, ka: {ka}, direction: {{in: 1-15, out: 17-31}}}}}}]
exchange:
  groups:
    - {{name: r2, numbers: [88001000-88001099], circuits: [r2/1/1-15], digits_sent: 4}}
    - {{name: ours, numbers: [88002000], circuits: [r2/1/17-31]}}
"""
PROFILE = 'called: {{lengths: {{"": 4}}}}\ncaller: {{ka: {ka}}}\n'


@dataclass(frozen=True)
class R2Call:
    """One call. `inward`: the town calls us. `ends`: who hangs up after the answer, caller or called."""

    inward: bool
    at_ms: float
    caller: str
    called: str
    kb: int = 1
    cause: int = 16
    ends: str = "caller"
    talk_ms: float = 1500.0
    slot: int = 0
    """Of a call of ours; the exchange chooses for its own."""

    @property
    def answered(self) -> bool:
        """Whether anybody answers."""
        return self.kb == 1


def categories(seed: int) -> tuple[int, int]:
    """KA of the town's callers, and of ours."""
    rng = random.Random(f"ka {seed}")
    return rng.choice(KA), rng.choice(KA)


def files(seed: int, folder: Path) -> tuple[Path, Path]:
    """The exchange's site file and the card's R2 profile, written into the folder."""
    theirs, ours = categories(seed)
    site, profile = folder / "site.yaml", folder / "profile.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    site.write_text(SITE.format(ka=theirs))
    profile.write_text(PROFILE.format(ka=ours))
    return site, profile


def rounds(calls: int, seed: int) -> list[list[R2Call]]:
    """Calls in rounds, at most one on each circuit, in random order of their beginnings."""
    rng = random.Random(seed)
    made: list[list[R2Call]] = []
    number = 0
    while number < calls:
        begin_ms = BEGIN_MS + len(made) * ROUND_MS
        size = min(30, calls - number)
        now = [_inward(rng, begin_ms, number + n) for n in range((size + 1) // 2)]
        now += [_outward(rng, begin_ms, number + len(now) + n, OUTWARD[n]) for n in range(size // 2)]
        number += size
        made.append(now)
    return made


def _inward(rng: random.Random, begin_ms: float, number: int) -> R2Call:
    caller = f"139{number:04d}{rng.randrange(10_000):04d}"
    called = f"10{rng.randrange(100):02d}"
    at_ms = begin_ms + rng.uniform(0, 900)
    if rng.random() < 0.25:
        cause = rng.choice([*REFUSALS])
        return R2Call(True, at_ms, caller, called, REFUSALS[cause], cause)
    return R2Call(True, at_ms, caller, called, ends=rng.choice(("caller", "called")), talk_ms=rng.uniform(200, 2000))


def _outward(rng: random.Random, begin_ms: float, number: int, slot: int) -> R2Call:
    caller = f"8800{1000 + rng.randrange(100)}"
    called = f"137{number:04d}{rng.randrange(10_000):04d}"
    at_ms = begin_ms + rng.uniform(0, 900)
    kind = rng.random()
    if kind < 0.15:
        return R2Call(False, at_ms, caller, f"8800{5000 + number}", 5, 1, slot=slot)
    if kind < 0.3:
        return R2Call(False, at_ms, caller, called, 4, 17, slot=slot)
    ends = rng.choice(("caller", "called"))
    return R2Call(False, at_ms, caller, called, ends=ends, talk_ms=rng.uniform(200, 2000), slot=slot)


@dataclass(frozen=True)
class Wrong:
    """Circuits that are set up wrongly: at the card as its own although the exchange seizes them (`seized`), or such
    that the exchange does not see the card's seizure (`deaf`)."""

    seized: frozenset[int]
    deaf: frozenset[int]


def wrong_circuits(seed: int) -> Wrong:
    """Three of one kind, two of the other."""
    rng = random.Random(f"wrong {seed}")
    return Wrong(frozenset(rng.sample(INWARD, 3)), frozenset(rng.sample(OUTWARD, 2)))
