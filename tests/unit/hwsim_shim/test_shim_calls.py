"""Calls through the compiled library, in this process: arguments, outs, errors, files, events, callbacks, memory."""

import os
import threading

import pytest

from hwsim.vendorlibs.rpc import PARKED, Reply
from hwsim.vendorlibs.wire import Work

NOT_OPEN, UNSUPPORTED, BAD_PARAMETER, SYSTEM = 1, 3, 8, 12


# -- before the start --------------------------------------------------------------------------------------------------
def test_before_the_start_everything_is_refused_without_a_connection(lib, ffi, served):
    buffer = ffi.new("char[300]")
    assert lib.SsmGetMaxCh() == -1
    assert lib.SsmGetLastErrCode() == NOT_OPEN
    lib.SsmGetLastErrMsg(buffer)
    assert b"SsmStartCti" in ffi.string(buffer)
    assert lib.SsmWaitForEvent(50, ffi.new("struct synway_event *")) == -1
    assert lib.SsmCloseCti() == -1
    assert served.run(lambda: served.fake.clients) == []


def test_without_hwsim_the_start_says_what_and_where(lib, ffi, folder):
    assert lib.SsmStartCti(b"a", b"b") == -1
    said = ffi.string(lib.SsmGetLastErrMsgA()).decode()
    assert str(folder / "synway.sock") in said
    assert "No such file or directory" in said
    assert "HWSIM_DIR" in said
    assert lib.SsmGetLastErrCode() == 0


def test_the_start_hands_over_both_files(lib, served, tmp_path):
    config = tmp_path / "ShConfig.ini"
    config.write_bytes(b"[SystemConfig]\r\nTotalBoards=1\r\n")
    seen = {}

    def start(_conn, args, files):
        seen.update(args=args, config=files[0].read(), errno=files[1].errno)
        return 0

    served.fake.handlers["SsmStartCti"] = start
    assert lib.SsmStartCti(str(config).encode(), b"/nowhere/x.ini") == 0
    assert seen == {"args": (str(config), "/nowhere/x.ini"), "config": config.read_bytes(), "errno": 2}


def test_a_start_that_hwsim_refuses_leaves_the_library_closed_and_its_text_readable(lib, ffi, served):
    served.fake.handlers.update(
        SsmStartCti=Reply(-2), SsmGetLastErrMsg=("driver belongs to another process",), SsmGetLastErrCode=Reply(14)
    )
    assert lib.SsmStartCti(b"a", b"b") == -2
    assert ffi.string(lib.SsmGetLastErrMsgA()) == b"driver belongs to another process"
    assert lib.SsmGetLastErrCode() == 14
    assert lib.SsmGetMaxCh() == -1
    assert lib.SsmGetLastErrCode() == NOT_OPEN


def test_null_paths_are_null(lib, ffi, served):
    assert lib.SsmStartCti(ffi.NULL, ffi.NULL) == 0
    assert served.fake.args_of("SsmStartCti") == (None, None)


# -- arguments and outs ------------------------------------------------------------------------------------------------
def test_every_kind_of_argument_arrives(started, ffi, served):
    started.SsmJoinConfGroup(-3, 7, 0xFFFE, -1, 1, 0)
    assert served.fake.args_of("SsmJoinConfGroup") == (-3, 7, 0xFFFE, -1, 1, 0)
    started.SsmHangupEx(1, 0x90)
    assert served.fake.args_of("SsmHangupEx") == (1, 0x90)
    started.SsmSearchIdleCallOutCh(0x0408, 0xFFFFFFFF)
    assert served.fake.args_of("SsmSearchIdleCallOutCh") == (0x0408, 0xFFFFFFFF)
    started.SsmAutoDial(3, b"13800138000")
    assert served.fake.args_of("SsmAutoDial") == (3, "13800138000")
    started.SsmAutoDial(3, ffi.NULL)
    assert served.fake.args_of("SsmAutoDial") == (3, None)
    started.SsmStartRingWithCIDStr(4, b"8001xxxx", 4, 1000)
    assert served.fake.args_of("SsmStartRingWithCIDStr") == (4, "8001", 4, 1000)
    started.SsmSetWaitDtmf(1, 5, 10, b"#", 1)
    assert served.fake.args_of("SsmSetWaitDtmf") == (1, 5, 10, ord("#"), 1)
    started.SsmPlayIndexList(1, 2, ffi.new("unsigned short[]", [3, 4]))
    assert served.fake.args_of("SsmPlayIndexList") == (1, 2, b"\3\0\4\0")
    started.SsmLinkFromAllCh(1, -2, ffi.new("int[]", [5, -1]), 2)
    assert served.fake.args_of("SsmLinkFromAllCh") == (1, -2, b"\5\0\0\0\xff\xff\xff\xff", 2)


def test_every_kind_of_out_is_filled(started, ffi, served):
    board, board_ch = ffi.new("int *"), ffi.new("int *")
    served.fake.handlers["SsmGetChHdInfo"] = (2, -5)
    assert started.SsmGetChHdInfo(9, board, board_ch) == 0
    assert (served.fake.args_of("SsmGetChHdInfo"), board[0], board_ch[0]) == ((9,), 2, -5)
    status = ffi.new("unsigned short[2]", [7, 7])
    served.fake.handlers["SsmGetPcmLinkStatus"] = (0x0206,)
    started.SsmGetPcmLinkStatus(0, status)
    assert list(status) == [0x0206, 7]
    state = ffi.new("unsigned int[2]", [7, 7])
    served.fake.handlers["SsmQueryLocalChBlockState"] = (0xFFFFFFFF,)
    started.SsmQueryLocalChBlockState(0, state)
    assert list(state) == [0xFFFFFFFF, 7]
    digit = ffi.new("char[2]", b"ab")
    served.fake.handlers["SsmGet1stDtmf"] = Reply(1, (ord("5"),))
    assert started.SsmGet1stDtmf(0, digit) == 1
    assert ffi.buffer(digit)[:] == b"5b"
    version = ffi.new("struct synway_version *")
    served.fake.handlers["SsmGetDllVersion"] = (5, 4, 300, 7, 1, 2)
    started.SsmGetDllVersion(version)
    assert (version.major, version.minor, version.internal, version.build, version.release, version.feature) == (
        5, 4, 300, 7, 1, 2,
    )  # fmt: skip
    groups = ffi.new("int[3]", [9, 9, 9])
    served.fake.handlers["SsmGetConfGrpId"] = (b"\1\0\0\0\2\0\0\0",)
    started.SsmGetConfGrpId(groups)
    assert list(groups) == [1, 2, 9]


def test_outs_that_hwsim_leaves_out_stay(started, ffi, served):
    tone = ffi.new("int *", 77)
    served.fake.handlers["SsmChkSendTone"] = Reply(0)
    assert started.SsmChkSendTone(1, tone) == 0
    assert tone[0] == 77


def test_wide_and_narrow_return_values(started, served):
    served.fake.handlers.update(
        SsmGetPciSerialNo=Reply(0xFEDCBA98), SsmGetReleaseReason=Reply(0x8090), SsmGetChState=Reply(-1)
    )
    assert started.SsmGetPciSerialNo(0) == 0xFEDCBA98
    assert started.SsmGetReleaseReason(0) == 0x8090
    assert started.SsmGetChState(0) == -1


def test_texts_keep_their_bytes_in_both_directions(started, ffi, served):
    name = "三汇".encode("gbk")
    served.fake.handlers["SsmGetBoardName"] = lambda *_: Reply(len(name), (name,))
    buffer = ffi.new("char[300]")
    assert started.SsmGetBoardName(0, buffer) == len(name)
    assert ffi.string(buffer) == name
    started.SsmAppendPhoNum(0, name)
    assert os.fsencode(served.fake.args_of("SsmAppendPhoNum")[1]) == name


def test_library_owned_texts_last_until_the_next_call_of_the_same_function(started, ffi, served):
    served.fake.handlers.update(SsmGetCallerId=Reply(4, ("8001",)), SsmGetPhoNumStr=Reply(3, ("123",)))
    caller, called = started.SsmGetCallerIdA(1), started.SsmGetPhoNumStrA(1)
    assert (ffi.string(caller), ffi.string(called)) == (b"8001", b"123")
    served.fake.handlers["SsmGetCallerId"] = Reply(-1)
    assert started.SsmGetCallerIdA(1) == ffi.NULL
    served.fake.handlers["SsmGetDtmfStr"] = Reply(2000, ("1" * 2000,))
    assert ffi.string(started.SsmGetDtmfStrA(1)) == b"1" * 1023


# -- errors ------------------------------------------------------------------------------------------------------------
def test_null_pointers_are_refused_with_error_8(started, ffi, served):
    before = len(served.fake.calls)
    null = ffi.NULL
    refused = [
        started.SsmGetChHdInfo(0, null, ffi.new("int *")),
        started.SsmGetPcmLinkStatus(0, null),
        started.SsmGetBoardName(0, null),
        started.SsmGetDllVersion(null),
        started.SsmGetEventMode(1, 0, null, null),
        started.SsmGetChStateEx(0, null),
        started.SsmPlayMem(0, 6, null, 10, 0, 10),
        started.SsmRecToMem(0, 6, null, 10, 0),
        started.SsmPlayMemBlock(0, 6, null, 10, null, null),
        started.SsmRecordMemBlock(0, 6, null, 10, null, null),
        started.SsmAddToPlayMemList(null, 10, 6),
        started.SsmPlayMemList(0, null, 1),
        started.SsmPlayIndexList(0, 1, null),
        started.SsmLinkFromAllCh(0, 0, null, 1),
    ]
    assert set(refused) == {-1}
    assert started.SsmWaitForEvent(10, null) == -2
    assert started.SsmGetEvent(null) == -2
    assert started.SsmWaitForEventA(10, ffi.new("struct synway_event_ex *")) == -2
    started.SsmGetLastErrMsg(null)
    assert len(served.fake.calls) == before, "nothing of this reaches hwsim"
    assert started.SsmGetLastErrCode() == BAD_PARAMETER


def test_the_last_error_is_the_later_one_of_ours_and_hwsims(started, ffi, served):
    served.fake.handlers.update(SsmGetLastErrCode=Reply(2), SsmGetLastErrMsg=("bad channel",), SsmPickup=Reply(-1))
    started.SsmGetBoardName(0, ffi.NULL)
    assert started.SsmGetLastErrCode() == BAD_PARAMETER
    started.SsmHangup(0)
    assert started.SsmGetLastErrCode() == BAD_PARAMETER, "a call that succeeds changes nothing"
    started.SsmPickup(0)
    assert (started.SsmGetLastErrCode(), ffi.string(started.SsmGetLastErrMsgA())) == (2, b"bad channel")
    started.SsmPauseCard()
    assert started.SsmGetLastErrCode() == UNSUPPORTED
    assert b"SsmPauseCard" in ffi.string(started.SsmGetLastErrMsgA())


def test_after_the_end_of_hwsim_every_call_fails_with_error_12_until_a_new_start(started, ffi, served, folder):
    served.stop()
    assert [started.SsmGetMaxCh() for _ in range(3)] == [-1] * 3
    assert started.SsmGetLastErrCode() == SYSTEM
    assert b"connection was lost" in ffi.string(started.SsmGetLastErrMsgA())
    again = type(served)(folder)
    try:
        assert started.SsmGetMaxCh() == -1, "another simulator does not know of our start"
        assert started.SsmStartCti(b"a", b"b") == 0
        assert started.SsmGetMaxCh() == 0
        assert started.SsmCloseCti() == 0
    finally:
        again.stop()


def test_a_close_without_hwsim_closes(started, served):
    served.stop()
    assert started.SsmCloseCti() == -1
    assert started.SsmGetMaxCh() == -1
    assert started.SsmGetLastErrCode() == NOT_OPEN


# -- files -------------------------------------------------------------------------------------------------------------
def test_files_are_opened_here_and_never_truncated_here(started, served, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.wav").write_bytes(b"old")
    seen = []

    def look(_conn, args, files):
        file = files[1]
        seen.append((args, file.read(), file.errno))
        if file.fd >= 0 and args[1] == "new.wav":
            os.write(file.fd, b"written")
        return 0

    served.fake.handlers.update(SsmRecToFile=look, SsmPlayFile=look)
    started.SsmPlayFile(1, b"old.wav", -1, 0, 0xFFFFFFFF)
    started.SsmPlayFile(1, b"none.wav", 6, 2, 3)
    started.SsmPlayFile(1, b".", 6, 0, 0)
    started.SsmRecToFile(1, b"old.wav", 6, 0, 0xFFFFFFFF, 6000, 0)
    started.SsmRecToFile(1, b"new.wav", 6, 0, 1, 2, 3)
    started.SsmRecToFile(1, b"none/x.wav", 6, 0, 1, 2, 3)
    assert seen == [
        ((1, "old.wav", -1, 0, 0xFFFFFFFF), b"old", 0),
        ((1, "none.wav", 6, 2, 3), None, 2),
        ((1, ".", 6, 0, 0), None, 21),
        ((1, "old.wav", 6, 0, 0xFFFFFFFF, 6000, 0), b"old", 0),
        ((1, "new.wav", 6, 0, 1, 2, 3), b"", 0),
        ((1, "none/x.wav", 6, 0, 1, 2, 3), None, 2),
    ]
    assert (tmp_path / "new.wav").read_bytes() == b"written"
    assert (tmp_path / "old.wav").read_bytes() == b"old"


def test_descriptors_do_not_pile_up(started, tmp_path, served):
    path = tmp_path / "x.wav"
    path.write_bytes(b"x")
    started.SsmPlayFile(1, str(path).encode(), 6, 0, 1)
    served.run(lambda: None)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        started.SsmPlayFile(1, str(path).encode(), 6, 0, 1)
    served.run(lambda: None)
    assert len(os.listdir("/proc/self/fd")) == before


# -- events ------------------------------------------------------------------------------------------------------------
def test_a_parked_wait_brings_the_event(started, ffi, served):
    served.fake.handlers["SsmWaitForEvent"] = lambda *_: PARKED
    event, got = ffi.new("struct synway_event *"), []
    thread = threading.Thread(target=lambda: got.append(started.SsmWaitForEvent(200, event)))
    thread.start()
    served.reply("SsmWaitForEvent", Reply(0, (0x18, 5, 0xFFFF0002)))
    thread.join(10)
    assert (got, event.code, event.ref, event.param) == ([0], 0x18, 5, 0xFFFF0002)
    assert served.fake.args_of("SsmWaitForEvent") == (200,)
    assert served.dirt.marks == 1


def test_no_event_leaves_the_structure_alone(started, ffi, served):
    served.fake.handlers["SsmGetEvent"] = Reply(-1)
    event = ffi.new("struct synway_event *", {"code": 1, "ref": 2, "param": 3})
    assert started.SsmGetEvent(event) == -1
    assert (event.code, event.ref, event.param) == (1, 2, 3)


def test_extended_events_with_data(started, ffi, served):
    served.fake.handlers["SsmGetEventA"] = (0x45, -1, 1, 2, 3, 4, 1, b"abcdef")
    for room, data, flags, length in ((10, b"abcdef", 1, 6), (4, b"abcd", 5, 4)):
        buffer = ffi.new("char[10]")
        event = ffi.new("struct synway_event_ex *", {"buffer": buffer, "buffer_length": room, "reserved1": 99})
        assert started.SsmGetEventA(event) == 0
        assert (event.code, event.ref, event.param, event.user) == (0x45, -1, 1, 2)
        assert (event.sub_reason, event.extra, event.flags, event.data_length) == (3, 4, flags, length)
        assert ffi.buffer(buffer)[:] == data.ljust(10, b"\0")
        assert event.reserved1 == 99


def test_event_settings_go_and_come(started, ffi, served):
    setting = ffi.new("struct synway_event_setting *", {"work_mode": 1, "out_condition": 2, "out_param": 3, "user": 4})
    started.SsmSetEvent(0xFFFF, -1, 1, setting)
    assert served.fake.args_of("SsmSetEvent") == (0xFFFF, -1, 1, 1, 0, 2, 3, 4)
    started.SsmSetEvent(0x18, 3, 0, ffi.NULL)
    assert served.fake.args_of("SsmSetEvent") == (0x18, 3, 0)
    served.fake.handlers["SsmGetEventMode"] = (1, 4, 0x1234567890, 5, 6, 7)
    enable = ffi.new("unsigned short *")
    assert started.SsmGetEventMode(0x18, 3, enable, setting) == 0
    assert (enable[0], setting.work_mode, int(ffi.cast("size_t", setting.handler))) == (1, 4, 0x1234567890)
    assert (setting.out_condition, setting.out_param, setting.user) == (5, 6, 7)


def test_user_events(started, ffi, served):
    started.SsmPutUserEvent(0x1001, 2, 0xFFFFFFFF)
    assert served.fake.args_of("SsmPutUserEvent") == (0x1001, 2, 0xFFFFFFFF)
    data = ffi.new("char[]", b"data")
    event = {"code": 1, "ref": 2, "param": 3, "user": 4, "sub_reason": 5, "extra": 6, "flags": 1, "buffer": data}
    event["data_length"] = 4
    started.SsmPutUserEventA(ffi.new("struct synway_event_ex *", event))
    assert served.fake.args_of("SsmPutUserEventA") == (1, 2, 3, 4, 5, 6, 1, b"data")


# -- callbacks and memory ----------------------------------------------------------------------------------------------
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


# -- threads -----------------------------------------------------------------------------------------------------------
def test_each_thread_has_a_connection_that_ends_with_it(started, served):
    def count():
        return len(served.fake.clients[0].connections)

    assert served.run(count) == 1
    gate, going = threading.Barrier(5), threading.Event()

    def worker():
        for _ in range(50):
            started.SsmGetChState(1)
        gate.wait(10)
        going.wait(10)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.wait(10)
    assert served.run(count) == 5
    assert len(served.fake.tids["SsmGetChState"]) == 4
    going.set()
    for thread in threads:
        thread.join(10)
    served.until(lambda: count() == 1)


def test_one_parked_thread_does_not_hold_the_others(started, ffi, served):
    served.fake.handlers["SsmWaitForEvent"] = lambda *_: PARKED
    thread = threading.Thread(target=lambda: started.SsmWaitForEvent(1000, ffi.new("struct synway_event *")))
    thread.start()
    served.until(lambda: served.fake.held.get("SsmWaitForEvent"))
    assert started.SsmGetMaxCh() == 0
    served.reply("SsmWaitForEvent", Reply(-1))
    thread.join(10)
