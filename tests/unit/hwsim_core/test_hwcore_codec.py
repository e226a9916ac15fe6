"""A-law against G.711 worked out another way: by the table of decision values, not by bit arithmetic."""

from array import array

from hwsim.core.engine import Engine
from hwsim.core.events import Format, What
from hwsim.core.sound import alaw_decode, alaw_encode, pcm_of


def positive_steps() -> list[tuple[int, int, int]]:
    """(first, end, output) of the 128 positive intervals, in 13-bit units of 1/4096, from G.711 table 1a:
    a first segment of 32 steps of 2, then six of 16 steps, each twice as wide."""
    steps, at = [], 0
    for width, count in [(2, 32), *((2 << s, 16) for s in range(1, 7))]:
        for _ in range(count):
            steps.append((at, at + width, at + width // 2))
            at += width
    assert at == 4096
    return steps


def test_every_sample_gets_the_code_and_value_of_the_table():
    steps = positive_steps()
    pcm = array("h", range(-32768, 32768))
    codes = alaw_encode(pcm)
    values = alaw_decode(codes)
    expected_code, expected_value = {}, {}
    for index, (first, end, output) in enumerate(steps):
        for magnitude in range(first, end):
            expected_code[magnitude] = (0x80 | index) ^ 0x55
            expected_code[-magnitude - 1] = index ^ 0x55
            expected_value[magnitude] = output * 8
            expected_value[-magnitude - 1] = -output * 8
    for sample, code, value in zip(pcm, codes, values, strict=True):
        assert code == expected_code[sample >> 3], sample
        assert value == expected_value[sample >> 3], sample


def test_coding_again_changes_nothing():
    every = bytes(range(256))
    assert alaw_encode(alaw_decode(every)) == every


def test_known_codes():
    assert alaw_encode(array("h", [0, -1, 32767, -32768])).hex() == "d555aa2a"


def test_mulaw_known_values_and_round_trip():
    with Engine(max_legs=1) as engine:
        leg = engine.leg_new()
        every = bytes(range(256))
        engine.play_mem(leg, every, Format.MULAW)
        pcm = engine.record_mem(leg, 256, Format.PCM16, What.OUT, max_samples=256)
        mulaw = engine.record_mem(leg, 256, Format.MULAW, What.OUT, max_samples=256)
        engine.run(256)
        values = pcm_of(engine.rec_read(pcm))
        # G.711 table 2: code 0xFF is +0, 0x80 the largest, 8031 of 8159; sign in the top bit
        assert (values[0xFF], values[0x80], values[0x00], values[0x8F]) == (0, 32124, -32124, 16764)
        back = engine.rec_read(mulaw)
        assert back[:0x7F] + back[0x80:] == every[:0x7F] + every[0x80:]
        assert back[0x7F] == 0xFF  # minus zero comes back as plus zero
