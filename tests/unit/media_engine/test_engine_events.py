"""Events: bounded, in order, lost ones told; detectors in the tick and barge-in."""

import select

import pytest
from engine_stage import BLOCK, Stage, pcm, ramp, samples

from boardd.contract.errors import ArgumentError, OverloadError
from boardd.media.engine.clips import LINEAR, Clip
from boardd.media.engine.engine import Engine
from boardd.media.engine.events import EventsLost, Found, PlayEnded, PlayMoved, Reason
from boardd.media.engine.port import EnginePort
from tests.tools.descriptors import open_descriptors


class LoudBank:
    """The detector that this test brings: kind 1 (a digit) above 10000, kind 5 (voice) above 20000."""

    def __init__(self, engine: Engine, fakes) -> None:
        self.lib, self.ffi = fakes
        self.state = self.ffi.new("loud_bank *")
        cast = engine.ffi.cast
        self.number = engine.lib.me_bank(
            engine.handle,
            self.state,
            cast("me_bank_feed", self.lib.loud_feed),
            cast("me_bank_reset", self.lib.loud_reset),
            1,
            5,
        )
        engine.keep(self)


def readable(engine: Engine) -> bool:
    return bool(select.select([engine.lib.me_event_fd(engine.handle)], [], [], 0)[0])


def test_the_descriptor_is_readable_while_events_wait(stage):
    port = stage.null()
    assert not readable(stage.engine)
    port.play([Clip(pcm(ramp(10)), LINEAR)])
    stage.engine.tick()
    assert readable(stage.engine)
    assert stage.engine.take_events() == 1
    assert not readable(stage.engine)


def test_a_full_queue_keeps_the_oldest_and_tells_the_number_of_the_lost_once(tmp_path):
    stage = Stage(tmp_path, event_capacity=16)
    port = stage.null(capacity=0)
    port.play([Clip(pcm([1]), LINEAR)] * 40)
    stage.engine.tick()
    # 39 changes and the end: 16 are kept.
    assert stage.engine.stats().events == 16
    stage.engine.take_events()
    assert [move.index for move in stage.all(PlayMoved)] == list(range(1, 17))
    assert stage.one(EventsLost).count == 24
    assert stage.told[-1] is stage.one(EventsLost), "behind everything that was kept"
    assert stage.engine.stats().events_lost == 24
    assert port.state.play == 0, "the state tells what the lost event would have"
    port.play([Clip(pcm([1]), LINEAR)])
    stage.tick()
    assert isinstance(stage.told[-1], PlayEnded)
    assert len(stage.all(EventsLost)) == 1
    stage.close()


def test_what_is_lost_while_nobody_reads_is_one_event(tmp_path):
    stage = Stage(tmp_path, event_capacity=16)
    port = stage.null(capacity=0)
    for _round in range(5):
        port.play([Clip(pcm([1]), LINEAR)] * 40)
        stage.engine.tick()
    stage.engine.take_events()
    assert stage.one(EventsLost).count == 5 * 40 - 16
    stage.close()


@pytest.fixture
def bank(stage, fakes) -> LoudBank:
    return LoudBank(stage.engine, fakes)


def found(stage) -> list[tuple[int, int, int]]:
    return [(event.port, event.kind, event.at_sample) for event in stage.all(Found)]


def detect(port: EnginePort, bank: LoudBank, on=True, **how) -> None:
    port.detect(bank, on, **how)  # type: ignore[arg-type]


def test_a_bank_hears_its_ports_and_tells_to_the_sample(stage, bank):
    ports = [stage.null() for _ in range(3)]
    stage.tick(2)
    detect(ports[0], bank)
    detect(ports[2], bank)
    for port in ports:
        port.feed(pcm([0] * 200 + [15000] + [0] * 119))
    stage.tick(2)
    at = 2 * BLOCK + 200
    assert found(stage) == [(ports[0].number, 1, at), (ports[2].number, 1, at)]
    event = stage.all(Found)[0]
    assert (event.bank, chr(event.code), event.values) == (bank.number, "x", (15000.0, 2.0, 3.0, 4.0))
    detect(ports[0], bank, False)
    for port in ports:
        port.feed(pcm([15000]))
    stage.tick()
    assert [port for port, _kind, _at in found(stage)[2:]] == [ports[2].number]


def test_a_lane_begins_anew_with_the_port(stage, bank):
    port = stage.null()
    detect(port, bank)
    stage.tick(3)
    assert bank.state.fed[port.lane] == 3 * BLOCK
    port.run(False)
    stage.tick(2)
    port.run()
    port.feed(pcm([15000]))
    stage.tick()
    assert bank.state.fed[port.lane] == BLOCK
    assert found(stage) == [(port.number, 1, 5 * BLOCK)]
    port.free()
    stage.tick()
    assert bank.state.fed[port.lane] == BLOCK


@pytest.mark.parametrize(
    ("digit_stops", "voice_stops", "loud", "reason"),
    [
        (True, False, 15000, Reason.DIGIT),
        (True, True, 15000, Reason.DIGIT),
        (False, True, 25000, Reason.VOICE),
        (False, True, 15000, None),
        (True, False, 25000, None),
        (False, False, 15000, None),
    ],
)
def test_barge_in_stops_before_the_next_block_is_written(stage, bank, digit_stops, voice_stops, loud, reason):
    port = stage.null()
    detect(port, bank, tell=False)
    play = port.play([Clip(pcm(ramp(1000)), LINEAR)], digit_stops=digit_stops, voice_stops=voice_stops)
    stage.tick(2)
    port.feed(pcm([0] * 50 + [loud]))
    stage.tick(2)
    sound = samples(port.take(4 * BLOCK))
    assert sound[: 2 * BLOCK] == ramp(2 * BLOCK)
    assert found(stage) == [], "for barge-in only"
    if reason:
        assert sound[2 * BLOCK :] == [0] * (2 * BLOCK)
        assert stage.one(PlayEnded) == PlayEnded(port.number, 2 * BLOCK, play, reason, 2 * BLOCK)
    else:
        assert sound == ramp(4 * BLOCK)
        assert stage.all(PlayEnded) == []


def test_barge_in_on_one_port_leaves_the_others_playing(stage, bank):
    ports = [stage.null() for _ in range(2)]
    for port in ports:
        detect(port, bank)
        port.play([Clip(pcm(ramp(1000)), LINEAR)], digit_stops=True)
    ports[1].feed(pcm([15000]))
    stage.tick()
    assert stage.one(PlayEnded).port == ports[1].number
    assert samples(ports[0].take(BLOCK)) == ramp(BLOCK)


@pytest.mark.parametrize("delay", [1, 3, 7])
def test_a_bank_is_told_what_we_sent_when_its_echo_comes(stage, bank, delay):
    _wire, port = stage.wire(law=2, delay=delay)
    detect(port, bank)
    port.play([Clip(pcm([1] * BLOCK), LINEAR)])
    sums = []
    for _block in range(10):
        stage.tick()
        sums.append(bank.state.echo_sum)
    assert sums == [0] * delay + [BLOCK] * (10 - delay)


def test_there_is_room_for_eight_banks(stage, bank):
    engine, first = stage.engine, bank
    cast = engine.ffi.cast
    arguments = (
        first.state,
        cast("me_bank_feed", first.lib.loud_feed),
        cast("me_bank_reset", first.lib.loud_reset),
        0,
        0,
    )
    assert [engine.lib.me_bank(engine.handle, *arguments) for _ in range(8)] == [1, 2, 3, 4, 5, 6, 7, -3]
    assert engine.lib.me_bank(engine.handle, engine.ffi.NULL, *arguments[1:]) == -2
    port = stage.null()
    assert engine.lib.me_detect(engine.handle, port.number, 8, 1, 1) == -2


def test_engines_that_cannot_be(tmp_path):
    for ports, events in ((0, 16), (1025, 16), (1, 15), (1, 8), (1, 3 << 4)):
        with pytest.raises(ArgumentError):
            Engine(ports, event_capacity=events)


def test_a_closed_engine_says_so(tmp_path):
    before = open_descriptors()
    engine = Engine(1)
    port = engine.null_port()
    with pytest.raises(OverloadError):
        engine.null_port()
    engine.close()
    engine.close()
    assert open_descriptors() == before
    with pytest.raises(RuntimeError):
        port.play([Clip(b"\xd5")])
