"""The message codec: exact bytes, widths, and refusal of everything else."""

import contextlib
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.vendorlibs import wire
from hwsim.vendorlibs.wire import File, WireError


def text(value: bytes) -> bytes:
    return struct.pack("<H", len(value)) + value


def call_packet(args: bytes, count: int, outs: bytes = b"") -> bytes:
    return b"\x02" + struct.pack("<I", 7) + text(b"SsmX") + bytes([count]) + args + bytes([len(outs)]) + outs


CALL = call_packet(
    b"i" + struct.pack("<i", -5)
    + b"I" + struct.pack("<I", 0xFFFFFFFF)
    + b"H" + struct.pack("<H", 9)
    + b"B" + b"\x80"
    + b"q" + struct.pack("<q", -1)
    + b"s" + text(b"123\xb2")
    + b"n"
    + b"b" + struct.pack("<I", 3) + b"a\0b"
    + b"f" + text(b"/x.wav") + struct.pack("<i", 2),
    9,
    b"iS".replace(b"S", b"s"),
)  # fmt: skip


def test_a_call_is_read_exactly():
    call = wire.read_call(CALL)
    assert (call.number, call.name, call.outs) == (7, "SsmX", "is")
    assert call.args == (-5, 0xFFFFFFFF, 9, 0x80, -1, "123\udcb2", None, b"a\0b", "/x.wav")
    assert call.files == {8: File("/x.wav", -1, 2)}


@pytest.mark.parametrize("cut", range(1, len(CALL)))
def test_a_call_that_is_cut_off_is_refused(cut):
    with pytest.raises(WireError):
        wire.read_call(CALL[:cut])


def test_bytes_after_the_end_unknown_types_and_lost_descriptors_are_refused():
    for packet in (CALL + b"\0", call_packet(b"z", 1), call_packet(b"", 0, b"x")):
        with pytest.raises(WireError):
            wire.read_call(packet)
    with pytest.raises(WireError):
        wire.read_call(call_packet(b"f" + text(b"/x") + struct.pack("<i", 0), 1))
    with pytest.raises(WireError):
        wire.read_call(call_packet(b"", 0), [99])


@given(st.binary(max_size=200))
def test_noise_never_raises_anything_else(noise):
    for read in (wire.read_call, wire.read_hello):
        with contextlib.suppress(WireError):
            read(noise)


def test_outs_have_the_width_of_their_cell():
    packet = wire.reply(3, -1, "iIHBqsb", (0xFFFFFFFF, -1, 0x12345, 0x1FF, 1 << 63, "8", b"x"))
    assert packet == (
        b"\x04" + struct.pack("<IqB", 3, -1, 7)
        + b"i" + struct.pack("<i", -1)
        + b"I" + struct.pack("<I", 0xFFFFFFFF)
        + b"H" + struct.pack("<H", 0x2345)
        + b"B" + b"\xff"
        + b"q" + struct.pack("<q", -(1 << 63))
        + b"s" + text(b"8")
        + b"b" + struct.pack("<I", 1) + b"x"
    )  # fmt: skip


def test_outs_that_are_missing_are_left_alone():
    assert wire.reply(1, 0, "is", (None,)) == b"\x04" + struct.pack("<IqB", 1, 0, 2) + b"nn"


@pytest.mark.parametrize("outs", [(1, 2), ("text",), (b"x" * 70000,)])
def test_outs_that_do_not_fit_are_refused(outs):
    with pytest.raises(WireError):
        wire.reply(1, 0, "b" if isinstance(outs[0], bytes) else "i", outs)


def test_a_text_with_a_nul_is_refused():
    with pytest.raises(WireError):
        wire.reply(1, 0, "s", ("a\0b",))


def test_a_file_is_read_whole_taken_once_and_closed(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"0123456789" * 20000)
    file = File(str(path), os.open(path, os.O_RDONLY))
    assert file.read() == path.read_bytes()
    fd = file.take()
    assert (file.fd, file.take()) == (-1, -1)
    os.close(fd)
    file = File(str(path), fd := os.open(path, os.O_RDONLY))
    file.close()
    with pytest.raises(OSError):
        os.fstat(fd)
    assert File("x", errno=2).read() is None
