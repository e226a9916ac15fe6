"""Bit errors and slips of E1s whose cards do the signalling: what arrives as sound, and when alignment is lost."""

from __future__ import annotations

import pytest
from worldkit import Machine, facts, make_sim, run_s

from hwsim.core.events import Format, What
from hwsim.line.digital import Alarm
from hwsim.scenario.faults import FaultError, FaultRegistry
from hwsim.scenario.line_faults import number
from hwsim.scenario.span_faults import SpanFaults

SPAN = "0/1"
SAID = bytes(range(256)) * 40


class Card:
    """The card's receiver, noting what it is told."""

    def __init__(self) -> None:
        self.alarms: list[frozenset[Alarm]] = []
        self.slips = 0
        self.ratios: list[float] = []

    def on_alarms(self, alarms: frozenset[Alarm]) -> None:
        self.alarms.append(alarms)

    def on_slip(self) -> None:
        self.slips += 1

    def on_errors(self, ratio: float) -> None:
        self.ratios.append(ratio)


class Site:
    def __init__(self) -> None:
        self.sim = make_sim()
        self.span = Machine.build(self.sim).spans[SPAN]
        self.card = Card()
        self.span.card = self.card
        self.faults = FaultRegistry(self.sim)
        SpanFaults(self.sim, {SPAN: self.span}, number).register(self.faults)

    def heard(self, slot: int, seconds: float) -> bytes:
        """What the card hears in a slot while the network says SAID over and over."""
        circuit = self.span.circuits[slot]
        source = self.sim.engine.play_mem(circuit.net_leg, SAID, Format.ALAW, loop=True)
        ring = self.sim.engine.record_mem(circuit.card_leg, round(seconds * 8000), Format.ALAW, What.IN)
        run_s(self.sim, seconds)
        sound = self.sim.engine.rec_read(ring)
        self.sim.engine.stop(ring)
        self.sim.engine.stop(source)
        return sound


@pytest.fixture
def site():
    return Site()


def wrong_bits(sound: bytes) -> int:
    said = SAID * (len(sound) // len(SAID) + 1)
    return sum((x ^ y).bit_count() for x, y in zip(sound, said, strict=False))


def test_few_errors_spoil_sound_and_leave_alignment_alone(site):
    fault = site.faults.inject("bit_errors", SPAN, {"ratio": "0.001"})
    sound = site.heard(1, 10)
    assert wrong_bits(sound) == pytest.approx(len(sound) * 8 * 0.001, rel=0.2)
    assert site.card.alarms == [] and site.card.ratios == [0.001]
    site.faults.end(fault)
    assert wrong_bits(site.heard(31, 1)) == 0 and site.card.ratios == [0.001, 0]
    assert [f["bit_error_ratio"] for f in facts(site.sim, "section", span=SPAN, side="card")] == [0.001, 0]


def test_every_slot_has_errors_of_its_own(site):
    site.faults.inject("bit_errors", SPAN, {"ratio": "0.01"})
    assert site.heard(1, 1) != site.heard(17, 1)


def test_errors_near_two_in_a_thousand_make_crc4_look_for_another_alignment(site):
    """More than 915 of 1000 checks fail in a second (facts 3.2); 3 false words in a row are still rare then."""
    fault = site.faults.inject("bit_errors", SPAN, {"ratio": "0.0025"})
    run_s(site.sim, 10)
    lost = [alarms for alarms in site.card.alarms if Alarm.LOF in alarms]
    assert 3 <= len(lost) <= 11
    site.faults.end(fault)
    assert site.span.alarms == frozenset()


def test_heavy_errors_break_the_alignment_word(site):
    fault = site.faults.inject("bit_errors", SPAN, {"ratio": "0.05"})
    run_s(site.sim, 2)
    assert Alarm.LOF in site.card.alarms[0]
    assert facts(site.sim, "alarms", span=SPAN)[0]["t_us"] < 1_000_000
    site.faults.end(fault)
    assert site.card.alarms[-1] == frozenset()


def test_slips_double_and_lose_a_sample_in_every_slot(site):
    site.faults.inject("slips", SPAN, {"count": "2", "every_ms": "1000"})
    run_s(site.sim, 0.5)
    sound = site.heard(5, 1)
    assert [f["frames"] for f in facts(site.sim, "slip", span=SPAN, side="card")] == [1, -1]
    assert site.card.slips == 2
    first = sound.index(SAID[:8])
    lost = next(n for n in range(first, len(sound)) if sound[n] != SAID[n - first])
    assert (sound[lost] - sound[lost - 1]) % 256 == 2, "a sample is missing"
    assert sound[lost:] == SAID[lost - first + 1 :][: len(sound) - lost]


def test_slips_can_be_called_off(site):
    fault = site.faults.inject("slips", SPAN, {"count": "100", "every_ms": "100"})
    run_s(site.sim, 0.95)
    site.faults.end(fault)
    run_s(site.sim, 5)
    assert site.card.slips == 10


@pytest.mark.parametrize(
    ("kind", "where", "args", "words"),
    [
        ("bit_errors", "0/9", {}, "there is no span 0/9"),
        ("bit_errors", SPAN, {"ratio": "0"}, "ratio must be more than 0"),
        ("bit_errors", SPAN, {"ratio": "0.6"}, "at most 0.5"),
        ("bit_errors", SPAN, {"rate": "0.1"}, "has no argument rate; it takes ratio"),
        ("slips", SPAN, {"count": "0"}, "count must be 1 to 1000"),
        ("slips", SPAN, {"every_ms": "0"}, "every_ms 1 to 60000"),
        ("alarm", SPAN, {"alarm": "red"}, "alarm must be one of los, lof"),
    ],
)
def test_what_makes_no_sense_is_refused(site, kind, where, args, words):
    with pytest.raises(FaultError, match=words):
        site.faults.inject(kind, where, args)


def test_errors_twice_on_one_span_are_refused(site):
    site.faults.inject("bit_errors", SPAN)
    with pytest.raises(FaultError, match="already"):
        site.faults.inject("bit_errors", SPAN)
