"""What the library does on threads of its own: callbacks, circular memory, blocks, live data."""

import os
import threading

import pytest

from hwsim.vendorlibs.rpc import PARKED, Reply
from hwsim.vendorlibs.wire import Work

NOT_OPEN, UNSUPPORTED, BAD_PARAMETER, SYSTEM = 1, 3, 8, 12


@pytest.fixture
def working(started, served):
    """The behaviour parks the library's own threads; `next` gives them something to do."""
    served.fake.handlers.update(ShimNextCallback=lambda *_: PARKED, ShimNextWork=lambda *_: PARKED)
    return started


def work(served, kind, token, ch=0, a=0, b=0, data=b""):
    """Have the data thread do something; its answer."""
    served.reply("ShimNextWork", Reply(0, (int(kind), token, ch, a, b, data)))
    served.until(lambda: served.fake.held.get("ShimNextWork"))
    return served.fake.args_of("ShimNextWork")


def test_event_callbacks_run_on_the_librarys_thread(working, ffi, served):
    seen = []

    @ffi.callback("int(unsigned short, int, unsigned int, unsigned int)")
    def on_event(code, ref, param, user):
        seen.append((code, ref, param, user, threading.get_native_id()))
        return 17

    setting = ffi.new("struct synway_event_setting *", {"work_mode": 2, "handler": on_event, "user": 9})
    assert working.SsmSetEvent(0xFFFF, -1, 1, setting) == 0
    handler = served.fake.args_of("SsmSetEvent")[4]
    served.reply("ShimNextCallback", Reply(0, (2, handler, 0x18, 3, 7, 9, 0, 0, 0, b"")))
    served.until(lambda: served.fake.held.get("ShimNextCallback"))
    assert seen[0][:4] == (0x18, 3, 7, 9)
    assert served.fake.args_of("ShimNextCallback") == (17,)
    assert seen[0][4] in served.fake.tids["ShimNextCallback"]
    assert seen[0][4] != threading.get_native_id()


def test_time_cannot_pass_a_thread_that_has_been_started(working, ffi, served):
    seen = []

    def look(*_):
        asked = "ShimNextCallback" in served.fake.held
        seen.append(asked == served.server.settled(os.getpid()))
        return 0

    served.fake.handlers["SsmGetMaxCh"] = look
    working.SsmSetEvent(0xFFFF, -1, 1, ffi.new("struct synway_event_setting *", {"work_mode": 2}))
    working.SsmGetMaxCh()
    assert seen == [True], "settled exactly when the new thread waits"
    served.until(lambda: served.server.settled(os.getpid()))


def test_extended_event_callbacks(working, ffi, served):
    seen = []

    @ffi.callback("int(struct synway_event_ex *)")
    def on_event(event):
        data = ffi.buffer(event.buffer, event.data_length)[:]
        seen.append((event.code, event.ref, event.param, event.user, event.flags, data))
        return 0

    setting = ffi.new("struct synway_event_setting *", {"work_mode": 5, "handler": on_event})
    working.SsmSetEvent(0xFFFF, -1, 1, setting)
    handler = served.fake.args_of("SsmSetEvent")[4]
    served.reply("ShimNextCallback", Reply(0, (5, handler, 0x45, 1, 2, 3, 4, 5, 6, b"xyz")))
    served.until(lambda: served.fake.held.get("ShimNextCallback"))
    assert seen == [(0x45, 1, 2, 3, 6, b"xyz")]


def test_the_process_is_settled_only_when_the_callback_has_returned(working, ffi, served):
    entered, leave = threading.Event(), threading.Event()

    @ffi.callback("int(unsigned short, int, unsigned int, unsigned int)")
    def on_event(*_):
        entered.set()
        leave.wait(10)
        return 0

    setting = ffi.new("struct synway_event_setting *", {"work_mode": 2, "handler": on_event})
    working.SsmSetEvent(0xFFFF, -1, 1, setting)
    pid = os.getpid()
    served.until(lambda: served.fake.held.get("ShimNextCallback") and served.server.settled(pid))
    served.reply("ShimNextCallback", Reply(0, (2, served.fake.args_of("SsmSetEvent")[4], 1, 0, 0, 0, 0, 0, 0, b"")))
    assert entered.wait(10)
    assert not served.run(lambda: served.server.settled(pid))
    leave.set()
    served.until(lambda: served.server.settled(pid))


def test_circular_play_memory_is_read_when_hwsim_asks(working, ffi, served):
    buffer = ffi.new("unsigned char[]", bytes(range(100)))
    assert working.SsmPlayMem(3, 6, buffer, 100, 0, 0xFFFFFFFF) == 0
    ch, codec, token, size, start, stop = served.fake.args_of("SsmPlayMem")
    assert (ch, codec, size, start, stop) == (3, 6, 100, 0, 0xFFFFFFFF)
    buffer[50] = 200
    assert work(served, Work.READ, token, a=49, b=3) == (3, bytes([49, 200, 51]))
    assert work(served, Work.READ, token, a=99, b=2) == (-1, None)
    assert work(served, Work.READ, token + 1, a=0, b=1) == (-1, None)
    assert working.SsmStopPlayMem(3) == 0
    assert work(served, Work.READ, token, a=0, b=1) == (-1, None), "the program may free its memory now"


def test_circular_record_memory_is_written(working, ffi, served):
    buffer = ffi.new("unsigned char[8]")
    assert working.SsmRecToMem(3, 6, buffer, 8, 2) == 0
    ch, codec, token, size, start = served.fake.args_of("SsmRecToMem")
    assert (ch, codec, size, start) == (3, 6, 8, 2)
    assert work(served, Work.WRITE, token, a=6, data=b"ab") == (2, None)
    assert work(served, Work.WRITE, token, a=7, data=b"cd") == (-1, None)
    assert ffi.buffer(buffer)[:] == b"\0" * 6 + b"ab"


def test_play_blocks_travel_as_files_and_end_with_the_callback(working, ffi, served):
    seen = []

    @ffi.callback("int(int, int, unsigned char *, unsigned int, void *)")
    def done(ch, reason, buffer, stop, user):
        seen.append((ch, reason, bytes(ffi.buffer(buffer, 4)), stop, int(ffi.cast("size_t", user))))
        return 5

    content = []
    served.fake.handlers["SsmPlayMemBlock"] = lambda _c, _a, files: content.append(files[2].read()) or 0
    block = ffi.new("unsigned char[]", b"\x55" * 40000)
    assert working.SsmPlayMemBlock(2, 6, block, 40000, done, ffi.cast("void *", 77)) == 0
    ch, codec, _name, size, token = served.fake.args_of("SsmPlayMemBlock")
    assert (ch, codec, size, content) == (2, 6, 40000, [b"\x55" * 40000])
    assert work(served, Work.BLOCK_DONE, token, ch=2, a=1, b=40000) == (5, None)
    assert seen == [(2, 1, b"\x55" * 4, 40000, 77)]
    assert work(served, Work.BLOCK_DONE, token, ch=2, a=1, b=0) == (0, None)
    assert len(seen) == 1, "a block ends once"


def test_record_blocks(working, ffi, served):
    seen = []

    @ffi.callback("int(int, int, unsigned char *, unsigned int, void *)")
    def done(ch, reason, buffer, stop, _user):
        seen.append((ch, reason, bytes(ffi.buffer(buffer, stop))))
        return 0

    block = ffi.new("unsigned char[10]")
    assert working.SsmRecordMemBlock(2, 6, block, 10, done, ffi.NULL) == 0
    token = served.fake.args_of("SsmRecordMemBlock")[2]
    work(served, Work.WRITE, token, data=b"0123456789")
    work(served, Work.BLOCK_DONE, token, ch=2, a=4, b=10)
    assert seen == [(2, 4, b"0123456789")]


def test_digit_handlers_and_live_data(working, ffi, served, tmp_path):
    seen = []

    @ffi.callback("void(int, char, int, void *)")
    def on_digit(ch, digit, state, user):
        seen.append((ch, digit, state, int(ffi.cast("size_t", user))))

    @ffi.callback("void(int, unsigned char *, unsigned int, void *)")
    def on_data(ch, data, length, user):
        seen.append((ch, ffi.buffer(data, length)[:], int(ffi.cast("size_t", user))))

    @ffi.callback("void(int, unsigned char *, unsigned int)")
    def on_data_a(ch, data, length):
        seen.append((ch, ffi.buffer(data, length)[:]))

    working.SsmSetRxDtmfHandler(1, on_digit, ffi.cast("void *", 5))
    work(served, Work.DIGIT, served.fake.args_of("SsmSetRxDtmfHandler")[1], ch=1, a=ord("#"), b=1)
    path = str(tmp_path / "x").encode()
    working.SsmRecToFileB(1, path, 6, 0, 1, 2, 3, on_data, ffi.cast("void *", 6))
    work(served, Work.TAP, served.fake.args_of("SsmRecToFileB")[7], ch=1, data=b"ab")
    working.SsmRecToFileA(1, path, 6, 0, 1, 2, 3, on_data_a)
    work(served, Work.TAP, served.fake.args_of("SsmRecToFileA")[7], ch=1, data=b"cd")
    assert seen == [(1, b"#", 1, 5), (1, b"ab", 6), (1, b"cd")]
    working.SsmSetRxDtmfHandler(1, ffi.NULL, ffi.NULL)
    assert served.fake.args_of("SsmSetRxDtmfHandler") == (1, 0)


def test_a_refused_task_forgets_its_memory(working, ffi, served):
    served.fake.handlers["SsmPlayMem"] = Reply(-1)
    buffer = ffi.new("unsigned char[10]")
    assert working.SsmPlayMem(3, 6, buffer, 10, 0, 10) == -1
    token = served.fake.args_of("SsmPlayMem")[2]
    assert work(served, Work.READ, token, a=0, b=1) == (-1, None)


def test_the_librarys_threads_end_with_the_close(working, ffi, served):
    @ffi.callback("int(unsigned short, int, unsigned int, unsigned int)")
    def on_event(*_):
        return 0

    setting = ffi.new("struct synway_event_setting *", {"work_mode": 2, "handler": on_event})
    before = len(os.listdir("/proc/self/task"))
    working.SsmSetEvent(0xFFFF, -1, 1, setting)
    working.SsmPlayMem(0, 6, ffi.new("unsigned char[10]"), 10, 0, 10)
    served.until(lambda: len(served.fake.held) == 2)
    assert len(os.listdir("/proc/self/task")) == before + 2
    assert working.SsmCloseCti() == 0
    assert len(os.listdir("/proc/self/task")) == before
    assert served.until(lambda: served.server.settled(os.getpid()))


def test_closing_from_inside_a_callback_does_not_hang(working, ffi, served):
    left = threading.Event()

    @ffi.callback("int(unsigned short, int, unsigned int, unsigned int)")
    def on_event(*_):
        working.SsmCloseCti()
        left.set()
        return 0

    setting = ffi.new("struct synway_event_setting *", {"work_mode": 2, "handler": on_event})
    working.SsmSetEvent(0xFFFF, -1, 1, setting)
    served.reply("ShimNextCallback", Reply(0, (2, served.fake.args_of("SsmSetEvent")[4], 1, 0, 0, 0, 0, 0, 0, b"")))
    assert left.wait(10)
    assert working.SsmGetMaxCh() == -1
