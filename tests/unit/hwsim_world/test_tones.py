"""Tones are judged as sound: by the engine's detector, and by a person's ear."""

import pytest
from worldkit import FxoPort, facts, make_sim, run_s

from hwsim.exchange.exchange import Exchange
from hwsim.exchange.party import TonePlayer
from hwsim.exchange.tones import CHINA, Tone, ToneKind, deviate, tone_of_cause
from hwsim.line.analog import AnalogLine
from hwsim.people.cadence import CadenceReader, Heard
from hwsim.people.ear import Ear


@pytest.fixture
def sim():
    made = make_sim()
    yield made
    made.engine.close()


def _play(sim, kind, plan=CHINA, seconds=12.0):
    line = AnalogLine(sim, "1/0")
    port = FxoPort(line)
    port.listen()
    ear = Ear(sim, line.set_leg, lambda: None)
    ear.open()
    TonePlayer(sim, "1/0", line.office_leg, plan).play(kind)
    heard = []
    for _ in range(int(seconds * 10)):
        run_s(sim, 0.1)
        heard.append(ear.tone)
    return port, [kind for kind in heard if kind]


@pytest.mark.parametrize(
    ("kind", "on_ms", "off_ms"),
    [(ToneKind.BUSY, 350, 350), (ToneKind.CONGESTION, 700, 700), (ToneKind.RING_BACK, 1000, 4000)],
)
def test_cadence_on_the_line(sim, kind, on_ms, off_ms):
    port, heard = _play(sim, kind)
    offs = [ms for edge, ms in port.tone_edges if edge == "off"]
    pauses = [ms for edge, ms in port.tone_edges[1:] if edge == "on"]
    assert offs and all(abs(ms - on_ms) <= 12 for ms in offs)
    assert pauses and all(abs(ms - off_ms) <= 12 for ms in pauses)
    assert set(heard) == {Heard(str(kind))}


@pytest.mark.parametrize("kind", [ToneKind.DIAL, ToneKind.UNOBTAINABLE, ToneKind.HOWLER])
def test_a_person_tells_the_other_tones_apart(sim, kind):
    _, heard = _play(sim, kind)
    assert heard and set(heard) == {Heard(str(kind))}


def test_a_person_knows_a_busy_tone_of_another_cadence_and_pitch(sim):
    plan = deviate(CHINA, {ToneKind.BUSY: Tone(420, -15, cadence_ms=(200, 200))})
    _, heard = _play(sim, ToneKind.BUSY, plan)
    assert set(heard) == {Heard.BUSY}


def test_voice_is_not_a_tone_and_a_tone_is_not_voice(sim):
    line = AnalogLine(sim, "1/0")
    ear = Ear(sim, line.set_leg, lambda: None)
    ear.open()
    chirps = sim.engine.chirp(line.office_leg, 9, 1, period_samples=3200)
    run_s(sim, 5)
    assert ear.voice and ear.tone is None
    sim.engine.stop(chirps)
    run_s(sim, 2)
    assert not ear.voice and ear.silent(1000)
    TonePlayer(sim, "1/0", line.office_leg, CHINA).play(ToneKind.BUSY)
    run_s(sim, 5)
    assert not ear.voice and ear.tone is Heard.BUSY


def test_nothing_is_heard_over_a_cut_pair(sim):
    line = AnalogLine(sim, "1/0")
    ear = Ear(sim, line.set_leg, lambda: None)
    ear.open()
    line.cut(True)
    TonePlayer(sim, "1/0", line.office_leg, CHINA).play(ToneKind.DIAL)
    run_s(sim, 5)
    assert ear.tone is None


def test_uneven_beeps_are_no_tone():
    reader = CadenceReader()
    assert [reader.beep(ms, gap) for ms, gap in ((200, -1), (500, 300), (300, 120), (700, 600))] == [None] * 4


def test_causes_have_their_tones():
    assert tone_of_cause(1) is ToneKind.UNOBTAINABLE
    assert tone_of_cause(34) is ToneKind.CONGESTION
    assert tone_of_cause(17) is tone_of_cause(16) is ToneKind.BUSY


def test_the_tone_of_each_stage_is_noted(sim):
    exchange = Exchange(sim)
    line = AnalogLine(sim, "1/0")
    exchange.add_line(line)
    port = FxoPort(line)
    port.lift()
    run_s(sim, 130)
    assert [f["tone"] for f in facts(sim, "tone")] == ["dial", "busy", "howler", None]
    assert [f["t_us"] for f in facts(sim, "tone")] == [300_000, 20_000_000, 60_000_000, 120_000_000]
