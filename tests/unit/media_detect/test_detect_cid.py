"""FSK caller ID: the fact sheet's vectors, lines at their limits, spoilt messages, a peer's modulator."""

import ctypes
import ctypes.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lib_cid import fsk, mdmf, sdmf

from boardd.media.detect.banks import Bank, FeedError, Kind, What
from boardd.media.detect.caller_id import CallerMessage, Problem, State, parse, read_message

VECTORS = {
    "04123039333031323234363039353535313231 3251": CallerMessage(True, "6095551212", date="09301224"),
    "0413313030313233353930313038383838363636 360b": CallerMessage(True, "01088886666", date="10012359"),
    "801701083130303132333539020b313338303031333830303096": CallerMessage(True, "13800138000", date="10012359"),
    "800d01083130303132333539040150 80": CallerMessage(True, "", absent="P", date="10012359"),
}
MESSAGE = bytes.fromhex("801701083130303132333539020b313338303031333830303096")


def hear(*sounds, options=None):
    """The messages on each lane."""
    found = [[] for _ in sounds]
    with Bank(Kind.CID, len(sounds)) as bank:
        for lane in range(len(sounds)):
            bank.set(lane, options)
        for event in bank.stream(sounds):
            assert event.what is What.CID_MESSAGE
            found[event.lane].append(read_message(bank, event))
    return found


@pytest.mark.parametrize("text", VECTORS)
def test_vectors(text):
    raw, wanted = bytes.fromhex(text.replace(" ", "")), VECTORS[text]
    (heard,) = hear(fsk(raw))[0]
    assert heard.raw == raw and not heard.problems
    for name in ("good", "number", "name", "absent", "date"):
        assert getattr(heard, name) == getattr(wanted, name)
    assert heard.level_dbm0 == pytest.approx(-13.5, abs=1)


LINES = {
    "as sent": {},
    "mu-law": {"law": "mulaw"},
    "weak": {"level_dbm0": -36},
    "weak and noisy": {"level_dbm0": -36, "snr_db": 20},
    "loud": {"level_dbm0": -5},
    "S/N 12 dB": {"snr_db": 12},
    "1 % fast": {"mark_hz": 1212, "space_hz": 2222, "baud": 1212},
    "1 % slow": {"mark_hz": 1188, "space_hz": 2178, "baud": 1188},
    "space 10 dB down": {"twist_db": 10},
    "mark 6 dB down": {"twist_db": -6},
    "call waiting: 80 marks, no seizure": {"seizure_bits": 0, "mark_bits": 80},
    "marks between bytes": {"stuff_bits": 9},
}


@pytest.mark.parametrize("name", LINES)
def test_lines(name):
    sounds = [fsk(MESSAGE, seed=seed, **LINES[name]) for seed in range(8)]
    assert [[m.raw for m in lane if m.good] for lane in hear(*sounds)] == [[MESSAGE]] * 8


def test_v23_by_its_options():
    options = {"mark_hz": 1300.0, "space_hz": 2100.0}
    (heard,) = hear(fsk(MESSAGE, mark_hz=1300, space_hz=2100), options=options)[0]
    assert heard.good and heard.raw == MESSAGE


@settings(max_examples=30, deadline=None)
@given(place=st.integers(0, len(MESSAGE) * 8 - 1))
def test_any_wrong_bit_is_no_number(place):
    raw = bytearray(MESSAGE)
    raw[place // 8] ^= 1 << place % 8
    for heard in hear(fsk(bytes(raw)))[0]:
        assert not heard.good


def test_a_wrong_checksum_says_so_and_shows_what_was_read():
    raw = bytearray(MESSAGE)
    raw[-2] ^= 1
    (heard,) = hear(fsk(bytes(raw)))[0]
    assert (heard.good, heard.state) == (False, State.BAD_CHECKSUM)
    assert Problem.CHECKSUM in heard.problems and heard.number == "13800138001"


def test_a_message_that_breaks_off_says_so():
    sound = fsk(MESSAGE)
    cut = np.concatenate((sound[: len(sound) - 4000 - 700], np.zeros(4000, np.int16)))
    (heard,) = hear(cut)[0]
    assert (heard.good, heard.state) == (False, State.BROKEN) and Problem.BROKEN in heard.problems
    assert MESSAGE.startswith(heard.raw)


def test_a_repeat_is_heard_too():
    sound = fsk(MESSAGE, lead=100)
    assert [m.raw for m in hear(np.concatenate((sound, sound)))[0]] == [MESSAGE, MESSAGE]


def test_speech_and_tunes_are_no_messages(speech, tune):
    assert hear(speech, tune) == [[], []]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", Problem.LENGTH),
        (bytes([0x80, 5, 1, 8, 49, 49]), Problem.LENGTH),
        (mdmf((1, b"99991234")), Problem.DATE),
        (mdmf((2, b"138\x01")), Problem.CHARACTERS),
        (sdmf(b"0101", b""), Problem.DATE),
        (bytes([0x55, 1, 7, (-0x55 - 8) % 256]), Problem.TYPE),
    ],
)
def test_contents_that_make_no_sense_are_named(raw, problem):
    assert problem in parse(raw).problems


@given(raw=st.binary(max_size=60))
def test_no_bytes_are_too_strange(raw):
    heard = parse(raw)
    assert heard.number.isprintable() and heard.name.isprintable()
    assert heard.good is False or sum(raw) % 256 == 0


def test_names_in_gb2312():
    raw = mdmf((1, b"10012359"), (2, b"88886666"), (7, "张三".encode("gb2312")))
    assert hear(fsk(raw))[0][0].name == "张三"


@pytest.mark.parametrize("baud", [0.0, 100.0, 9600.0, float("nan")])
def test_speeds_that_cannot_be_are_refused(baud):
    with Bank(Kind.CID, 1) as bank, pytest.raises(FeedError):
        bank.set(0, {"baud": baud})


def test_a_peer_s_modulator():
    """libspandsp sends, we listen: CLASS is Bell 202."""
    try:
        lib = ctypes.CDLL("libspandsp.so.2")
    except OSError:
        pytest.skip("libspandsp is not installed")
    lib.adsi_tx_init.restype = ctypes.c_void_p
    state = ctypes.c_void_p(lib.adsi_tx_init(None, 1))
    message = ctypes.create_string_buffer(256)

    def add(length, kind, text):
        return lib.adsi_add_field(state, message, length, ctypes.c_uint8(kind), text, len(text) if text else 0)

    length = add(-1, 0x80, None)
    length = add(length, 0x01, b"10012359")
    length = add(length, 0x02, b"13800138000")
    assert lib.adsi_tx_put_message(state, message, length) > 0
    sound = np.zeros(24_000, np.int16)
    count = lib.adsi_tx(state, sound.ctypes.data_as(ctypes.c_void_p), len(sound))
    assert 4000 < count <= len(sound)
    (heard,) = hear(np.concatenate((np.zeros(800, np.int16), sound, np.zeros(1600, np.int16))))[0]
    assert heard.good and heard.number == "13800138000" and heard.date == "10012359"
