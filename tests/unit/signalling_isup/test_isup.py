"""ISUP on libss7, two ends: calls, causes, resets, blocking, losses; what is not there is said."""

import json
import random
import struct
import subprocess
import sys

import pytest
from isup_pair import Pair

from boardd.contract.causes import Cause
from boardd.contract.errors import ConfigurationError, WrongStateError
from boardd.signalling.isup import _native
from boardd.signalling.isup.options import IsupOptions
from boardd.signalling.span import (
    Alerting,
    Blocked,
    BlockReason,
    ChannelRestarted,
    Connected,
    Disconnected,
    Incoming,
    LinkDown,
    LinkUp,
    MoreDigits,
    NumberKind,
    Origin,
    Presentation,
    Released,
    Trouble,
)

ISUP_IAM, ISUP_TYPE, NATURE_OF_CONNECTION, CHECK_REQUIRED = 1, 10, 11, 0x04


@pytest.fixture
def pair(libss7, request):
    made = Pair(**getattr(request, "param", {}))
    yield made
    made.close()


@pytest.fixture
def up(pair):
    assert pair.up()
    for end in (pair.a, pair.b):
        end.events.clear()
    return pair


@pytest.mark.parametrize("pair", [{"bus": False}, {"bus": True}], indirect=True)
def test_link_comes_up_and_circuits_are_reset(pair):
    assert pair.up()
    for end in (pair.a, pair.b):
        assert len(end.of(LinkUp)) == 1
        assert {e.slot for e in end.of(ChannelRestarted, by_far=False)} == set(end.span.circuits)
        assert {e.slot for e in end.of(ChannelRestarted, by_far=True)} == set(end.span.circuits)
        assert not end.of(Trouble)


@pytest.mark.parametrize("pair", [{"bus": False}, {"bus": True}], indirect=True)
def test_call_and_release_both_ways(up):
    for caller, called in ((up.a, up.b), (up.b, up.a)):
        for far_hangs_up in (False, True):
            call = caller.dial(slot=7)
            assert up.until(lambda c=caller, n=call: c.of(Connected, call=n))
            offer = called.of(Incoming)[-1]
            assert (offer.slot, offer.called.digits, offer.called.kind) == (7, "8001", NumberKind.NATIONAL)
            assert (offer.caller.digits, offer.caller.kind, offer.caller.screening) == (
                "13800138000",
                NumberKind.SUBSCRIBER,
                3,
            )
            assert offer.complete and offer.category == 10
            end, other, number = (called, caller, offer.call) if far_hangs_up else (caller, called, call)
            assert end.span.disconnect(number, 16) and not end.span.disconnect(number)
            assert up.until(lambda a=caller, b=called: a.span.usable(7) and b.span.usable(7))
            assert other.of(Disconnected)[-1].cause == 16 and other.of(Disconnected)[-1].raw == "REL 16"
            assert caller.life(call)[:3] == ["Proceeding", "Alerting", "Connected"]
            assert [e.life(n).count("Released") for e, n in ((caller, call), (called, offer.call))] == [1, 1]


@pytest.mark.parametrize("cause", [17, 1, 21, 34])
def test_refusal(up, cause):
    up.b.answer_ms = None
    call = up.a.dial()
    assert up.until(lambda: up.b.of(Incoming))
    up.b.span.disconnect(up.b.of(Incoming)[0].call, cause)
    assert up.until(lambda: up.a.of(Released))
    assert up.a.life(call) == ["Disconnected", "Released"] and up.a.of(Released)[0].cause == cause
    assert up.until(lambda: up.b.of(Released)) and up.b.of(Released)[0].cause == cause
    assert not up.a.of(Alerting)


def test_restricted_number(up):
    up.a.dial(shown=Presentation.RESTRICTED)
    assert up.until(lambda: up.b.of(Incoming))
    assert up.b.of(Incoming)[0].caller.presentation is Presentation.RESTRICTED


def test_progress_before_the_answer(up):
    up.b.answer_ms = None
    call = up.a.dial()
    assert up.until(lambda: up.b.of(Incoming))
    offered = up.b.of(Incoming)[0].call
    assert up.b.span.progress(offered)
    up.run_s(0.2)
    assert up.a.life(call) == ["Proceeding", "Progress"]
    assert up.b.span.connect(offered) and not up.b.span.connect(offered)
    assert up.until(lambda: up.a.of(Connected, call=call))


@pytest.mark.parametrize("pair", [{"gap_ms": 4000}], indirect=True)
def test_number_without_end_is_complete_after_a_time(up):
    """The library always sends the end of pulsing (F); it is made a digit on its way."""
    up.b.answer_ms = None
    up.change = lambda side, frame: frame.replace(b"\x08\x10\x0f", b"\x08\x10\x05")
    up.a.dial()
    assert up.until(lambda: up.b.of(Incoming))
    assert not up.b.of(Incoming)[0].complete
    up.run_s(3.5)
    assert not up.b.of(MoreDigits)
    up.run_s(1)
    assert up.b.of(MoreDigits)[0].complete and up.b.of(MoreDigits)[0].called == "80015"


def test_circuit_reset_ends_the_call_at_both_ends(up):
    call = up.a.dial()
    assert up.until(lambda: up.a.of(Connected))
    up.a.span.restart(5)
    assert up.until(lambda: up.a.span.usable(5) and up.b.span.usable(5))
    assert up.a.life(call)[-2:] == ["Disconnected", "Released"] and up.a.of(Disconnected)[0].origin is Origin.LINE
    assert up.b.life()[-2:] == ["Disconnected", "Released"] and up.b.of(Disconnected)[0].raw == "RSC"
    assert up.b.of(ChannelRestarted, slot=5, by_far=True) and up.a.of(ChannelRestarted, slot=5, by_far=False)
    assert up.b.of(Disconnected)[0].cause == Cause.TEMPORARY_FAILURE


def test_group_reset_ends_all_calls(up):
    for slot in (1, 15, 17, 31):
        up.a.dial(slot=slot)
    assert up.until(lambda: len(up.a.of(Connected)) == 4)
    up.b.span.restart(None)
    assert up.up()
    assert len(up.a.of(Released)) == len(up.b.of(Released)) == 4
    assert {e.raw for e in up.a.of(Disconnected)} == {"GRS"}


def test_blocking_by_one_end(up):
    up.b.span.service(9, in_service=False)
    up.run_s(0.5)
    assert up.a.of(Blocked, slot=9)[0].reason is BlockReason.FAR
    assert up.b.of(Blocked, slot=9)[0].reason is BlockReason.OURS
    with pytest.raises(WrongStateError, match="not free"):
        up.a.dial(slot=9)
    up.b.span.service(9, in_service=True)
    up.run_s(0.5)
    assert up.a.span.usable(9) and up.b.span.usable(9)


def test_both_ends_seize_one_circuit(up):
    calls = [up.a.dial(slot=3), up.b.dial(slot=3)]
    assert up.until(lambda: up.a.of(Connected) or up.b.of(Connected), 10)
    up.run_s(2)
    assert len(up.a.of(Incoming)) + len(up.b.of(Incoming)) == 1
    loser = up.a if up.a.of(Incoming) else up.b
    lost = calls[0] if loser is up.a else calls[1]
    assert loser.life(lost) == ["Disconnected", "Released"]
    assert loser.of(Disconnected, call=lost)[0].cause == Cause.CHANNEL_UNAVAILABLE


def test_no_address_complete(up):
    """T7: the far end takes the call and says nothing."""
    up.b.answer_ms = None
    call = up.a.dial()
    assert up.until(lambda: up.a.of(Disconnected, call=call), 60)
    assert up.a.of(Disconnected)[0].origin is Origin.LINE
    assert up.until(lambda: up.a.span.usable(5) and up.b.span.usable(5), 60)
    assert up.a.life(call) == ["Disconnected", "Released"] and up.b.life() == ["Incoming", "Disconnected", "Released"]


def test_link_is_cut_and_comes_back(up):
    up.a.dial()
    assert up.until(lambda: up.a.of(Connected))
    up.change = lambda side, frame: None
    for end in (up.a, up.b):
        end.span.alarm(True)
    assert up.until(lambda: up.a.of(LinkDown) and up.b.of(LinkDown), 30)
    assert not up.a.span.usable(9) and up.a.of(Blocked, slot=9)[0].reason is BlockReason.LINK
    up.change = None
    for end in (up.a, up.b):
        end.span.alarm(False)
    assert up.up()
    assert len(up.a.of(Released)) == len(up.b.of(Released)) == 1


def test_continuity_check_is_refused_and_said(up):
    """The library cannot ask for one, so the indicator of an IAM is changed on its way."""

    def change(side, frame):
        if len(frame) > NATURE_OF_CONNECTION and frame[ISUP_TYPE] == ISUP_IAM:
            frame = frame[:NATURE_OF_CONNECTION] + bytes([frame[NATURE_OF_CONNECTION] | CHECK_REQUIRED]) + frame[12:]
        return frame

    up.change = change
    call = up.a.dial()
    assert up.until(lambda: up.a.of(Released, call=call), 10)
    assert [t.code for t in up.b.of(Trouble)] == ["isup_continuity"] and not up.b.of(Incoming)
    assert up.a.of(Disconnected)[0].cause == Cause.RESOURCE_UNAVAILABLE
    assert up.until(lambda: up.b.span.usable(5))


def test_garbage_is_no_reason_to_fall(up):
    for frame in (b"", b"\x00", b"\xff" * 3, b"\x00" * 300, bytes(range(256)), b"\x80\x80\x3f" + b"\x85" * 63):
        up.a.span.receive(frame)
    up.run_s(2)
    call = up.a.dial()
    assert up.until(lambda: up.a.of(Connected, call=call), 60)


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_messages_end_nothing_but_their_calls(up, seed):
    """Contents changed at random on the way; afterwards everything can be used again after a restart."""
    draw = random.Random(seed)

    def change(side, frame):
        if len(frame) > 6 and draw.random() < 0.5:
            spoilt = bytearray(frame)
            spoilt[draw.randrange(3, len(spoilt))] = draw.randrange(256)
            frame = bytes(spoilt)
        return frame

    up.change = change
    for _ in range(6):
        for end in (up.a, up.b):
            for slot in (1, 2, 3):
                if end.span.usable(slot):
                    end.dial(slot=slot)
        up.run_s(2)
    up.change = None
    up.run_s(60)
    for end in (up.a, up.b):
        end.span.restart(None)
    assert up.up()
    for end in (up.a, up.b):
        numbers = {e.call for e in end.events if hasattr(e, "call")}
        assert all(end.life(number).count("Released") == 1 for number in numbers)


def test_acknowledgements_of_what_was_never_sent_restart_the_link(up):
    up.a.span.receive(b"\x40\xff\x00")
    assert not up.a.of(LinkDown)
    for _ in range(3):
        up.a.span.receive(b"\x40\xff\x00")
    assert up.until(lambda: up.a.of(LinkDown), 10)
    assert up.up()


@pytest.mark.parametrize("code", [1_834_756, 1 << 14, -1, 1 << 24])
def test_chinese_point_codes_are_refused_with_the_reason(code):
    with pytest.raises(ConfigurationError, match="24-bit" if 0 <= code < 1 << 24 else "no point code"):
        IsupOptions(code, 2, 2)


def test_absent_library_is_a_configuration_error(tmp_path):
    out = tmp_path / "libisup.so"
    sources = [str(_native.FOLDER / "native" / f"isup_{part}.c") for part in ("link", "call")]
    flags = ["gcc", "-shared", "-fPIC", *sources, "-o", str(out), "-Wl,--filter,libnobody.so.9"]
    subprocess.run(flags, check=True)
    with pytest.raises(ConfigurationError, match=r"libss7-2\.0.*apt-get install libss7-2\.0"):
        _native.open_native(out)
    with pytest.raises(ConfigurationError, match="not built"):
        _native.open_native(tmp_path / "no.so")


def test_nothing_is_loaded_at_import():
    code = "import sys, boardd.signalling.isup.span; sys.exit('ss7' in open('/proc/self/maps').read())"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_library_that_is_there_already_is_refused(libss7):
    code = (
        "import ctypes; ctypes.CDLL('libss7.so.2.0');"
        "from isup_pair import Pair; Pair()"
    )  # fmt: skip
    folder = str(__import__("pathlib").Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{folder!r}, '.'];" + code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "another part of this process loaded it first" in done.stderr


def test_tshark_reads_the_same(up, tshark_path, tmp_path):
    """What is on the line, by somebody who shares nothing with the library."""
    up.frames.clear()
    up.a.dial("8001", "13800138000", slot=5)
    assert up.until(lambda: up.a.of(Connected))
    up.a.span.disconnect(1 + max(e.call for e in up.a.of(Connected)) - 1, 17)
    assert up.until(lambda: up.a.of(Released))
    path = tmp_path / "link.pcap"
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 140))
        for at_us, _side, frame in up.frames:
            file.write(struct.pack("<IIII", at_us // 1_000_000, at_us % 1_000_000, len(frame), len(frame)) + frame)
    fields = ["isup.message_type", "isup.cic", "mtp3.opc", "mtp3.dpc", "e164.called_party_number.digits",
              "e164.calling_party_number.digits", "q931.cause_value", "isup.cause_indicator"]  # fmt: skip
    arguments = [tshark_path, "-r", str(path), "-Y", "isup", "-T", "json", *(x for f in fields for x in ("-e", f))]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    found = [packet["_source"]["layers"] for packet in json.loads(done.stdout)]
    kinds = [int(layers["isup.message_type"][0], 0) for layers in found]
    assert kinds == [0x01, 0x06, 0x2C, 0x09, 0x0C, 0x10], "IAM ACM CPG ANM REL RLC"
    assert all(layers["isup.cic"] == ["37"] for layers in found)
    assert found[0]["mtp3.opc"] == ["1"] and found[0]["mtp3.dpc"] == ["2"]
    assert found[0]["e164.called_party_number.digits"][0].rstrip("F") in ("8001", "8001#")
    assert found[0]["e164.calling_party_number.digits"] == ["13800138000"]
