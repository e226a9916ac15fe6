"""Reading frames, the ladder, and the capture file."""

import struct
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_of_tests import PeerSite

from boardd.contract.text import set_language
from boardd.signalling.q931.frames import Element, MessageType, read_frame, read_message
from boardd.signalling.q931.octets import number_of, octet3, octet3a
from boardd.signalling.q931.pcap import PcapWriter
from boardd.signalling.q931.trace import describe
from boardd.signalling.span import Number, NumberKind, Presentation

SETUP = bytes.fromhex("02010000080200010504039090a31803a983816c0d218331333830303133383030307005a138303031a1")


def test_a_setup():
    frame = read_frame(SETUP)
    message = frame.message
    assert (frame.kind, frame.ns, frame.nr, frame.poll) == ("I", 0, 0, False)
    assert (message.kind, message.reference, message.flag, message.intact) == (MessageType.SETUP, 1, False, True)
    assert message.slot == 1 and message.exclusive and message.cause is None
    assert message.get(Element.CALLED) == b"\xa18001"
    assert message.get(Element.SENDING_COMPLETE) == b""


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        ("00017f", "SABME"),
        ("020173", "UA"),
        ("020153", "DISC"),
        ("00011f", "DM"),
        ("00010101", "RR"),
        ("00010500", "RNR"),
        ("00010900", "REJ"),
        ("0001ff", "?"),
        ("0001", "?"),
        ("000101", "?"),
        ("", "?"),
    ],
)
def test_frames_without_a_message(octets, kind):
    frame = read_frame(bytes.fromhex(octets))
    assert frame.kind == kind and frame.message is None
    assert describe(frame)


def test_causes():
    def cause(octets):
        return read_message(bytes.fromhex("0802800145") + octets).cause

    plain = cause(bytes.fromhex("08028290"))
    assert (plain.value, plain.location, plain.coding, plain.diagnostics) == (16, 2, 0, b"")
    assert cause(bytes.fromhex("0804849101ff")).diagnostics == b"\x01\xff"
    assert cause(bytes.fromhex("0803028091")).value == 17  # octet 3a is there
    assert cause(bytes.fromhex("0802e2ac")).coding == 3
    assert cause(bytes.fromhex("080182")) is None and cause(b"") is None


def test_channels():
    def slot(octets):
        return read_message(bytes.fromhex("0802800102") + bytes.fromhex(octets)).slot

    assert slot("1803a98391") == 17
    assert slot("1804e9818391") == 17  # interface identifier explicit
    assert slot("1801a3") is None and slot("1803a993ff") is None and slot("1802a983") is None and slot("") is None


def test_codesets_and_progress():
    message = read_message(bytes.fromhex("08020001071e0282881e0282819e 01 01 0096 02 01 aa28 01 41"))
    assert message.progress == {8, 1}
    assert [(codeset, code) for codeset, code, _ in message.elements] == [
        (0, 0x1E),
        (0, 0x1E),
        (6, 1),
        (6, 2),
        (6, 0x28),
    ]


def test_a_message_that_ends_too_early():
    message = read_message(bytes.fromhex("08020001051803a983"))
    assert not message.intact and message.elements == ()
    assert "(malformed)" in describe(read_frame(b"\x02\x01\x00\x00" + bytes.fromhex("08020001051803a983")))


@given(st.binary(max_size=40))
def test_nothing_makes_the_reader_or_the_ladder_fail(octets):
    assert isinstance(describe(read_frame(octets)), str)
    assert isinstance(describe(read_frame(SETUP[:9] + octets), "zh_CN"), str)


@pytest.mark.parametrize("kind", list(NumberKind))
@pytest.mark.parametrize("presentation", list(Presentation))
def test_octets_of_numbers(kind, presentation):
    number = Number("123", kind, 9, presentation, 2)
    assert number_of("123", octet3(number), octet3a(number)) == number


def test_reserved_types_of_number_are_unknown():
    assert number_of("1", 0x51).kind is NumberKind.UNKNOWN and number_of("1", 0x71).plan == 1


# -- trace -------------------------------------------------------------------------------------------------------------
def a_call():
    site = PeerSite()
    site.span.trace.entries.clear()
    call, _ = site.connected_in(5)
    site.span.disconnect(call, 17)
    site.run(0.2)
    return site


def rungs(lines):
    return [line.split(" ", 1)[1] for line in lines]


def test_the_ladder_of_a_call():
    lines = rungs(a_call().span.trace.lines())
    assert lines == [
        "<- SETUP  ref 1  ts 5!  called 1055  caller 13800138000  number complete",
        "-> CALL PROCEEDING  ref 1*  ts 5!",
        "-> CONNECT  ref 1*  ts 5!",
        "<- CONNECT ACKNOWLEDGE  ref 1",
        "-> DISCONNECT  ref 1*  cause 17 user busy (private network, local user)",
        "<- RELEASE  ref 1  cause 17 user busy (user)",
        "-> RELEASE COMPLETE  ref 1*  cause 17 user busy (private network, local user)",
    ]


def test_the_ladder_in_chinese():
    set_language("zh_CN")
    lines = rungs(a_call().span.trace.lines(language="zh_CN"))
    assert lines[0] == "<- SETUP 建立  呼叫参考 1  时隙 5!  被叫 1055  主叫 13800138000  号码发完"
    assert lines[4] == "-> DISCONNECT 拆线  呼叫参考 1*  原因 17 用户忙 (本地用户侧专网)"


def test_the_ladder_is_bounded_and_keeps_no_acknowledgements():
    site = PeerSite()
    for _ in range(60):
        call = site.connected_out(3)
        site.span.disconnect(call)
        site.run(0.1)
    assert len(site.span.trace.entries) == 500 and site.span.trace.acknowledgements > 400
    assert not any(" RR" in line for line in site.span.trace.lines())
    assert len(site.span.trace.lines(10)) == 10


def test_a_withheld_number_is_marked():
    site = PeerSite()
    site.peer.dial(2, "1055", caller=b"\x01\xa387654321")
    site.run(0.1)
    assert "caller 87654321 (withheld)" in "\n".join(site.span.trace.lines())


# -- capture -----------------------------------------------------------------------------------------------------------
def test_capture_is_what_the_wire_carried(tmp_path, tshark):
    site = PeerSite()
    begin = len(site.wire.seen)
    site.span.capture(tmp_path / "d.pcap")
    call = site.connected_out(5)
    site.span.disconnect(call)
    site.run(1)
    site.span.close()
    octets = (tmp_path / "d.pcap").read_bytes()
    assert struct.unpack("<IHHiIII", octets[:24]) == (0xA1B2C3D4, 2, 4, 0, 0, 65535, 203)
    frames, at = [], 24
    while at < len(octets):
        size = struct.unpack_from("<I", octets, at + 8)[0]
        frames.append(octets[at + 16 : at + 16 + size])
        at += 16 + size
    assert sorted(frames) == sorted(f for _, _, f in site.wire.seen[begin:])
    argv = [tshark, "-n", "-r", str(tmp_path / "d.pcap"), "-Y", "q931.message_type == 0x05"]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert "SETUP" in shown and len(shown.splitlines()) == 1


def test_a_capture_whose_disk_is_full_ends_and_the_span_goes_on(tmp_path, monkeypatch):
    site = PeerSite()
    site.span.capture(tmp_path / "d.pcap")

    def full(self, wall_us, frame):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PcapWriter, "write", full)
    assert site.connected_out(5)
    monkeypatch.undo()
    site.span.disconnect(1)
    site.run(1)
    assert (tmp_path / "d.pcap").stat().st_size == 24


def test_a_second_capture_completes_the_first(tmp_path):
    site = PeerSite()
    site.span.capture(tmp_path / "a.pcap")
    site.run(11)
    site.span.capture(tmp_path / "b.pcap")
    size = (tmp_path / "a.pcap").stat().st_size
    site.run(11)
    assert (tmp_path / "a.pcap").stat().st_size == size > 24
    with pytest.raises(OSError, match="No such file"):
        site.span.capture(tmp_path / "nowhere" / "c.pcap")
