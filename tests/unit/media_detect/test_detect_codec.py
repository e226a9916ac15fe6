import numpy as np
import pytest
from lib_dtmf import code

from boardd.media._native import MediaNotBuiltError, load, open_library
from boardd.media.detect.banks import What

ALAW, MULAW = 0, 1


def encode(law, samples):
    ffi, lib = load()
    out = bytearray(len(samples))
    lib.codec_encode(law, ffi.from_buffer("short[]", samples), ffi.from_buffer("unsigned char[]", out), len(samples))
    return bytes(out)


def decode(law, codes):
    ffi, lib = load()
    out = np.zeros(len(codes), np.int16)
    lib.codec_decode(law, codes, ffi.from_buffer("short[]", out), len(codes))
    return out


@pytest.mark.parametrize(("law", "name"), [(ALAW, "alaw"), (MULAW, "mulaw")])
def test_every_sample_is_quantised_as_the_formulas_say(law, name):
    samples = np.arange(-32768, 32768, dtype=np.int16)
    through = decode(law, encode(law, samples)).astype(int)
    differs = np.abs(through - code(samples.astype(float), name).astype(int))
    # At the border between two steps either is right; the mu-law coder of G.711 sees 14 bits.
    step = np.maximum(32, np.abs(samples.astype(int)) // 8)
    assert np.all(differs <= step)
    assert np.count_nonzero(differs) < 1000
    assert np.all(np.abs(through - samples) <= step)


@pytest.mark.parametrize("law", [ALAW, MULAW])
def test_codes_come_back_as_they_were(law):
    codes = bytes(range(256))
    again = encode(law, decode(law, codes))
    # mu-law has a negative zero, which nothing encodes to.
    assert [a for a, b in zip(codes, again, strict=True) if a != b] == ([] if law == ALAW else [0x7F])


def test_known_codes():
    assert encode(ALAW, np.array([8, -8, 32767, -32768], np.int16)) == bytes([0xD5, 0x55, 0xAA, 0x2A])
    assert encode(MULAW, np.array([0, 32767, -32768], np.int16)) == bytes([0xFF, 0x80, 0x00])


def test_python_and_c_name_events_alike():
    _ffi, lib = load()
    for what in What:
        assert getattr(lib, f"DET_{what.name}") == what


def test_a_library_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(MediaNotBuiltError, match=r"libmedia\.so is not built; run: python setup\.py"):
        open_library(tmp_path / "libmedia.so")


def test_a_library_of_something_else_is_refused(tmp_path):
    wrong = tmp_path / "libmedia.so"
    wrong.write_bytes(b"no library")
    with pytest.raises(MediaNotBuiltError, match="cannot be loaded"):
        open_library(wrong)
