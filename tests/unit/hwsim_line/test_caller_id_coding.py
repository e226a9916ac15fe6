"""Caller ID as bytes and digits: the vectors of the facts both ways, and every form of DTMF in use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.line.caller_id import CallerId, decode, decode_dtmf, mdmf, sdmf, with_checksum

VECTORS = [
    (
        sdmf,
        CallerId("6095551212", date="09301224"),
        "04 12 30 39 33 30 31 32 32 34 36 30 39 35 35 35 31 32 31 32 51",
    ),
    (
        sdmf,
        CallerId("01088886666", date="10012359"),
        "04 13 31 30 30 31 32 33 35 39 30 31 30 38 38 38 38 36 36 36 36 0b",
    ),
    (
        mdmf,
        CallerId("13800138000", date="10012359"),
        "80 17 01 08 31 30 30 31 32 33 35 39 02 0b 31 33 38 30 30 31 33 38 30 30 30 96",
    ),
    (mdmf, CallerId(absent="P", date="10012359"), "80 0d 01 08 31 30 30 31 32 33 35 39 04 01 50 80"),
]


@pytest.mark.parametrize(("encode", "caller", "vector"), VECTORS)
def test_vectors_both_ways(encode, caller, vector):
    message = bytes.fromhex(vector)
    assert encode(caller) == message
    assert decode(message) == caller


def test_names_are_gbk():
    message = mdmf(CallerId("13800138000", "张三", "10012359"))
    assert "张三".encode("gbk") in message and sum(message) % 256 == 0
    assert decode(message).name == "张三"


def test_absent_number_in_a_simple_message():
    assert decode(sdmf(CallerId(date="10012359"))) == CallerId(date="10012359", absent="O")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x80",
        bytes.fromhex(VECTORS[2][2])[:-1] + b"\x97",
        bytes.fromhex(VECTORS[2][2])[:-2],
        with_checksum(b"\x81\x00"),
        with_checksum(b"\x80\x03\x02\x0b1"),
    ],
)
def test_what_is_no_caller_id_is_refused(message):
    with pytest.raises(ValueError, match=r"length|checksum|no caller ID|parameter"):
        decode(message)


def test_what_cannot_be_sent_is_refused():
    with pytest.raises(ValueError, match="date"):
        sdmf(CallerId("1"))
    with pytest.raises(ValueError, match="255"):
        mdmf(CallerId("1", "张" * 200))


@pytest.mark.parametrize(
    ("digits", "caller"),
    [
        ("D13800138000C", CallerId("13800138000")),
        ("A13800138000#", CallerId("13800138000")),
        ("A13800138000C", CallerId("13800138000")),
        ("13800138000C", CallerId("13800138000")),
        ("13800138000", CallerId("13800138000")),
        ("A13800138000D01088886666B1C", CallerId("13800138000")),
        ("B00", CallerId(absent="O")),
        ("B00C", CallerId(absent="O")),
        ("B10C", CallerId(absent="P")),
        ("D1#", CallerId(absent="P")),
        ("D2#", CallerId(absent="O")),
        ("D3#", CallerId(absent="O")),
        ("DC", None),
        ("***", None),
    ],
)
def test_forms_of_dtmf(digits, caller):
    assert decode_dtmf(digits) == caller


DIGITS = st.text("0123456789", min_size=1, max_size=20)


@given(DIGITS, st.text("张三丰ABC 李", max_size=10), st.sampled_from(["", "10012359"]))
def test_whatever_is_coded_is_decoded(number, name, date):
    caller = CallerId(number, name, date)
    assert decode(mdmf(caller)) == caller


@given(st.binary(max_size=40))
def test_noise_is_refused_or_decoded_but_never_breaks_anything(body):
    for message in (body, with_checksum(body), with_checksum(bytes([0x80, len(body)]) + body)):
        try:
            decode(message)
        except ValueError:
            continue


@given(st.text("0123456789ABCD*#", max_size=30))
def test_any_row_of_digits_is_a_number_or_none(digits):
    caller = decode_dtmf(digits)
    assert caller is None or caller.number.isdigit() or caller.absent in ("O", "P")
