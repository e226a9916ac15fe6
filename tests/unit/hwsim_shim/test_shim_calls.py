"""Calls through the compiled library, in this process: arguments, outs, errors, files, events, threads."""

import os
import threading

from hwsim.vendorlibs.rpc import PARKED, Reply
from tests.tools.descriptors import open_descriptors

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
    before = open_descriptors()
    for _ in range(20):
        started.SsmPlayFile(1, str(path).encode(), 6, 0, 1)
    served.run(lambda: None)
    assert open_descriptors() == before


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
