"""How late the simulator was at real speed: whoever asks takes nothing away from others."""

from itertools import chain, repeat

import pytest

from hwsim.core.engine import Engine
from hwsim.kernel import drive
from hwsim.kernel.lateness import KEPT_S, Lateness
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog


def test_the_most_since_the_start_and_lately():
    found = Lateness()
    assert (found.most_us, found.lately_us(0)) == (0, 0)
    for at_s, late_us in ((0.5, 900), (10.0, 5000), (10.9, 100), (11.5, 300)):
        found.note(int(at_s * 1e6), late_us)
    for _twice in range(2):
        assert [found.lately_us(11_900_000, seconds) for seconds in (1, 2, 60)] == [300, 5000, 5000]
    found.note(100_000_000, 20)
    assert (found.most_us, found.lately_us(100_000_000), found.lately_us(200_000_000)) == (5000, 20, 0)


def test_only_a_minute_is_kept():
    found = Lateness()
    for second in range(1000):
        found.note(second * 1_000_000, 1000 - second)
    assert found.most_us == 1000 and len(found._seconds) == KEPT_S
    assert found.lately_us(999_000_000, 10_000) == 1000 - 940


def test_a_machine_that_stood_still(monkeypatch: pytest.MonkeyPatch):
    """The clock goes on by a millisecond each time it is read, and once by 300."""
    steps_ms = chain(repeat(1, 500), [300], repeat(1))
    now_s = [0.0]

    def read():
        now_s[0] += next(steps_ms) / 1000
        return now_s[0]

    monkeypatch.setattr(drive, "real_s", read)
    loop, sim = Loop(), Sim(Engine(4, 1), TruthLog(), 1)
    try:
        free = drive.FreeDrive(loop, sim)
        free.run(lambda: sim.now_us > 3_000_000)
    finally:
        loop.close()
        sim.engine.close()
    assert 300_000 <= free.lateness.most_us < 330_000
    assert free.lateness.lately_us(sim.now_us) == free.lateness.most_us
    assert free.lateness.lately_us(sim.now_us, 1) < 30_000
