"""Judged by a receiver written here from the facts: zero crossings give the frequency, bits are read mid-way."""

import array
import math
from typing import Any

import cffi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardd.signalling.analog.caller_id import FskMessage
from boardd.signalling.analog.caller_id_message import read_message
from boardd.signalling.analog.caller_id_message import write_message as message
from boardd.signalling.analog.caller_id_sound import sound


def test_the_vector_of_the_facts() -> None:
    assert message("13800138000", "", "10012359").hex(" ") == (
        "80 17 01 08 31 30 30 31 32 33 35 39 02 0b 31 33 38 30 30 31 33 38 30 30 30 96"
    )


def test_no_number_and_a_name() -> None:
    assert message("", "", "10012359")[12:15] == b"\x04\x01O"
    named = message("8001", "张三", "10012359")
    assert named[18:24] == b"\x07\x04" + "张三".encode("gbk") and sum(named) & 0xFF == 0
    assert len(message("1" * 99, "x" * 99, "10012359")) < 120


def test_a_long_name_is_cut_between_characters() -> None:
    assert read_message(message("8001", "A" + "张" * 30, "10012359")).name == "A" + "张" * 24


VECTORS = [
    ("04 12 30 39 33 30 31 32 32 34 36 30 39 35 35 35 31 32 31 32 51", FskMessage(True, "6095551212")),
    ("04 13 31 30 30 31 32 33 35 39 30 31 30 38 38 38 38 36 36 36 36 0b", FskMessage(True, "01088886666")),
    ("80 17 01 08 31 30 30 31 32 33 35 39 02 0b 31 33 38 30 30 31 33 38 30 30 30 96", FskMessage(True, "13800138000")),
    ("80 0d 01 08 31 30 30 31 32 33 35 39 04 01 50 80", FskMessage(True, absent="P")),
]


@pytest.mark.parametrize(("octets", "said"), VECTORS)
def test_vectors_are_read(octets: str, said: FskMessage) -> None:
    assert read_message(bytes.fromhex(octets)) == said


def test_what_is_no_message_is_not_good() -> None:
    good = message("13800138000", "张三", "10012359")
    assert read_message(good) == FskMessage(True, "13800138000", "张三")
    for spoilt in (b"", good[:-1], good + b"0", bytes([good[0] ^ 1]) + good[1:], good[:9] + b"x" + good[10:]):
        assert not read_message(spoilt).good
    short = bytes([0x80, 3, 2, 9, 0x31])
    assert not read_message(short + bytes([-sum(short) & 0xFF])).good


@given(octets=st.binary(max_size=60))
def test_any_octets_are_read_without_an_error(octets: bytes) -> None:
    assert read_message(octets).good in (True, False)


def read(samples: "array.array[int]") -> bytes:
    """Marks and spaces by correlation with both tones over one bit (two thirds of a bit are enough)."""

    def power(start: float, hz: float) -> float:
        first, last = int(start), int(start + 8000 / 1200)
        re = sum(samples[n] * math.cos(2 * math.pi * hz * n / 8000) for n in range(first, last))
        im = sum(samples[n] * math.sin(2 * math.pi * hz * n / 8000) for n in range(first, last))
        return re * re + im * im

    count = int(len(samples) / (8000 / 1200))
    bits = [int(power(k * 8000 / 1200, 1200) > power(k * 8000 / 1200, 2200)) for k in range(count)]
    text = "".join(map(str, bits))
    assert text.startswith("01" * 140)
    position = text.index("1" * 150) + 150
    octets = b""
    while (start := text.find("0", position)) >= 0 and start + 10 <= len(text):
        assert text[start + 9] == "1", "stop bit"
        octets += bytes([int(text[start + 1 : start + 9][::-1], 2)])
        position = start + 10
    return octets


def test_it_can_be_read() -> None:
    octets = message("02088886666", "王五", "03021405")
    samples = array.array("h", sound(octets))
    assert read(samples) == octets
    assert 0.45 < len(samples) / 8000 < 1.2 and max(samples) == pytest.approx(22826 * 10 ** (-13.5 / 20), abs=30)


def spandsp() -> tuple[cffi.FFI, Any]:
    ffi = cffi.FFI()
    ffi.cdef(
        "typedef void (*put_msg)(void *user, const unsigned char *message, int length);"
        "void *adsi_rx_init(void *s, int standard, put_msg f, void *user);"
        "int adsi_rx(void *s, const short *samples, int count); int adsi_rx_free(void *s);"
    )
    try:
        return ffi, ffi.dlopen("libspandsp.so.2")
    except OSError:
        pytest.skip("needs libspandsp2")


def test_a_modem_of_others_understands_it() -> None:
    ffi, library = spandsp()
    heard: list[bytes] = []
    take = ffi.callback("put_msg", lambda _user, octets, length: heard.append(bytes(ffi.buffer(octets, length))))
    bell_202 = 1
    receiver = library.adsi_rx_init(ffi.NULL, bell_202, take, ffi.NULL)
    octets = message("13800138000", "张三", "10012359")
    samples = bytes(3200) + sound(octets) + bytes(3200)
    library.adsi_rx(receiver, ffi.from_buffer("short[]", samples), len(samples) // 2)
    library.adsi_rx_free(receiver)
    assert heard == [octets[:-1]] or heard == [octets], heard
