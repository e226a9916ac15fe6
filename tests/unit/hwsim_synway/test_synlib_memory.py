"""Memory play and record through the shim's data thread (sections 12.1 and 12.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from synbench import Bench, FakeConn
from test_synlib_media import END, heard_chirps

from hwsim.core.sound import alaw_decode, alaw_encode, find_chirps, make_chirp
from hwsim.vendorlibs.rpc import PARKED
from hwsim.vendorlibs.wire import File
from tests.tools.descriptors import open_descriptors

READ, WRITE, DIGIT, DONE, TAP = 1, 2, 3, 4, 5


@dataclass
class DataThread:
    """The shim's data thread with the program's buffers by token."""

    bench: Bench
    buffers: dict[int, bytearray]
    done: list[tuple[int, int, int]] = field(default_factory=list)
    digits: list[tuple[int, str]] = field(default_factory=list)
    tapped: bytes = b""

    def __post_init__(self) -> None:
        self.conn = FakeConn(self.bench.client)
        self.conn.reply = self.serve  # type: ignore[method-assign]
        self.ended = False
        self.step(self.bench.raw("ShimNextWork", 0, None, conn=self.conn))

    def step(self, answer) -> None:
        while answer is not PARKED:
            answer = self.carry_out(answer)

    def serve(self, reply) -> None:
        if reply.ret < 0:
            self.ended = True
            return
        self.bench.sim.later(0, self.step, reply)

    def carry_out(self, reply):
        if reply.ret < 0:
            self.ended = True
            return PARKED
        kind, token, ch, a, b, data = reply.outs
        result, answer = 0, None
        if kind == READ:
            answer = bytes(self.buffers[token][a : a + b])
            result = len(answer)
        elif kind == WRITE:
            self.buffers[token][a : a + len(data)] = data
            result = len(data)
        elif kind == DONE:
            self.done.append((token, a, b))
        elif kind == DIGIT:
            self.digits.append((ch, chr(a)))
        elif kind == TAP:
            self.tapped += data
        return self.bench.raw("ShimNextWork", result, answer, conn=self.conn)


def chirps(*numbers: int, pause: int = 640) -> bytearray:
    return bytearray(b"".join(alaw_encode(make_chirp(5, n)) + b"\xd5" * pause for n in numbers))


@pytest.fixture
def talk(analog, exchange):
    exchange.dial_tone_ms = None
    analog.call("SsmPickup", 0)
    analog.run(100)
    return exchange


def test_circular_play_stops_at_its_offset(analog, talk):
    thread = DataThread(analog, {7: chirps(1, 2, 3)})
    size = len(thread.buffers[7])
    assert analog.call("SsmPlayMem", 0, 6, 7, size, 0, size) == 0
    assert analog.call("SsmPlayMem", 0, 6, 7, size, 0, size) == -1
    assert heard_chirps(analog, talk.line.office_leg, 900) == [(5, 1), (5, 2), (5, 3)]
    analog.run(200)
    assert analog.params(0x0F, 0) == [1]


def test_circular_play_goes_round_and_sees_new_data(analog, talk):
    thread = DataThread(analog, {7: chirps(1, 2)})
    size = len(thread.buffers[7])
    assert analog.call("SsmPlayMem", 0, 6, 7, size, 0, size // 2) == 0
    analog.call("SsmStopPlayMem", 0)
    assert analog.params(0x0F, 0) == [5]
    assert analog.call("SsmPlayMem", 0, 6, 7, size, size // 2, size // 4) == 0
    thread.buffers[7][: size // 2] = chirps(9)
    assert analog.reply("SsmGetPlayOffset", 0).outs == (size // 2,)
    analog.sim.later(250, analog.call, "SsmSetStopPlayOffset", 0, size // 2)
    assert heard_chirps(analog, talk.line.office_leg, 650) == [(5, 2), (5, 9)]
    assert analog.params(0x0F, 0) == [5, 1]


def test_circular_record(analog, talk):
    thread = DataThread(analog, {8: bytearray(b"\xd5" * 4000)})
    assert analog.call("SsmRecToMem", 0, 6, 8, 4000, 0) == 0
    assert analog.call("SsmRecToMem", 0, 6, 8, 4000, 0) == -1
    analog.engine.chirp(talk.line.office_leg, 9, 1)
    analog.run(400)
    assert analog.reply("SsmGetRecOffset", 0).outs[0] in (2400, 3200)
    assert [(c.party, c.number) for c in find_chirps(alaw_decode(bytes(thread.buffers[8])))] == [(9, 1)]
    analog.run(400)
    assert analog.reply("SsmGetRecOffset", 0).outs[0] < 3200
    analog.call("SsmStopRecToMem", 0)
    assert analog.params(0x13, 0) == [1]


def block(bench, name, data):
    return {2: bench.file(name, bytes(data))}


def test_play_blocks_queue_up_without_a_gap(analog, talk):
    thread = DataThread(analog, {})
    for token, number in ((1, 11), (2, 12)):
        data = chirps(number)
        files = block(analog, f"b{token}", data)
        assert analog.call("SsmPlayMemBlock", 0, 6, "mem", len(data), token, files=files) == 0
    assert heard_chirps(analog, talk.line.office_leg, 600) == [(5, 11), (5, 12)]
    assert thread.done == [(1, 1, 1600), (2, 1, 1600)]
    assert analog.params(0x0F, 0) == [1]
    assert analog.call("SsmPlayMemBlock", 0, 6, "mem", 10, 3, files=block(analog, "b3", b"x" * 10)) == -1


@pytest.mark.parametrize(("swapped", "reason"), [(False, 5), (True, 4)])
def test_stopped_blocks_are_reported(make, swapped, reason):
    from synmachines import ANALOG

    bench = make({**ANALOG, "personality": {"block_reasons_swapped": swapped}})
    bench.ready(100)
    thread = DataThread(bench, {})
    data = chirps(1)
    bench.call("SsmPlayMemBlock", 0, 6, "mem", len(data), 1, files=block(bench, "b", data))
    bench.call("SsmStopPlayMemBlock", 0)
    bench.run(50)
    assert [(token, why) for token, why, _ in thread.done] == [(1, reason)]


def test_record_blocks(analog, talk):
    thread = DataThread(analog, {1: bytearray(1600), 2: bytearray(1600)})
    assert analog.call("SsmRecordMemBlock", 0, 6, 1, 1600) == 0
    assert analog.call("SsmRecordMemBlock", 0, 6, 2, 1600) == 0
    analog.engine.chirp(talk.line.office_leg, 9, 1)
    analog.run(250)
    assert thread.done == [(1, 4, 1600)]
    analog.run(50)
    analog.call("SsmStopRecordMemBlock", 0)
    analog.run(10)
    assert thread.done[1][:2] == (2, 1)
    assert 0 < thread.done[1][2] < 1600
    assert [(c.party, c.number) for c in find_chirps(alaw_decode(bytes(thread.buffers[1])))] == [(9, 1)]


def test_memory_list(analog, talk):
    for number in (1, 2):
        data = chirps(number)
        assert analog.call("SsmAddToPlayMemList", "mem", len(data), 6, files={0: analog.file("m", bytes(data))}) == 0
    assert analog.call("SsmPlayMemList", 0, b"\x01\x00\x00\x00", 2) == 0
    assert heard_chirps(analog, talk.line.office_leg, 600) == [(5, 2), (5, 1)]
    assert analog.call("SsmClearPlayMemList") == 0
    assert analog.call("SsmPlayMemList", 0, b"\x01\x00", 1) == -1


def test_live_data_beside_a_file(analog, talk):
    thread = DataThread(analog, {})
    files = {1: analog.file("a.raw")}
    assert analog.call("SsmRecToFileA", 0, "a.raw", 6, 0, END, END, 0, 5, files=files) == 0
    analog.engine.chirp(talk.line.office_leg, 9, 1)
    analog.run(450)
    analog.call("SsmStopRecToFile", 0)
    analog.run(10)
    recorded = (analog.tmp_path / "a.raw").read_bytes()
    assert thread.tapped == recorded
    assert len(recorded) == 448 * 8


def test_digit_handler(analog, talk):
    thread = DataThread(analog, {})
    analog.call("SsmEnableRxDtmf", 0, 1)
    assert analog.call("SsmSetRxDtmfHandler", 0, 3) == 0
    analog.engine.dtmf(talk.line.office_leg, "12")
    analog.run(500)
    assert thread.digits == [(0, "1"), (0, "2")]
    analog.call("SsmSetRxDtmfHandler", 0, 0)
    analog.engine.dtmf(talk.line.office_leg, "3")
    analog.run(300)
    assert len(thread.digits) == 2


def test_close_ends_the_data_thread(analog):
    thread = DataThread(analog, {})
    analog.call("SsmCloseCti")
    assert thread.ended


def test_failed_memory_file(analog):
    assert analog.call("SsmPlayMemBlock", 0, 6, "mem", 1600, 1, files={2: File("mem", errno=24)}) == -1
    assert analog.error() == 9


def test_no_descriptor_is_left(analog, talk):
    before = open_descriptors()
    DataThread(analog, {})
    data = chirps(1)
    analog.call("SsmPlayMemBlock", 0, 6, "mem", len(data), 1, files=block(analog, "b", data))
    analog.run(500)
    assert open_descriptors() == before
