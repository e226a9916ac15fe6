"""`tones` of the settings: by hand, learned, and wrong."""

import math
from pathlib import Path

import pytest

from boardd.contract.errors import ConfigurationError
from boardd.media.detect.profiles import CHINA
from boardd.media.detect.sounds import Sound
from drivers.dahdi.tones import tone_profiles

LINES = ("an/1", "an/8", "an/12")


def test_lines_that_nobody_speaks_of_have_the_plans_tones() -> None:
    assert tone_profiles("", LINES) == {}
    assert set(tone_profiles("an/8 busy=420:200/200", LINES)) == {"an/8"}


def test_tones_by_hand_stand_before_the_plans() -> None:
    found = tone_profiles("an/* busy=420:200/200; an/8 dial_tone=425 ring_back=425:1000/3000", LINES)
    busy = found["an/1"].tones[0]
    assert busy.sound is Sound.BUSY and 420 in busy.f_hz and 450 not in busy.f_hz
    assert busy.cycles == 3 and 200 in busy.cadence[0][0] and 350 not in busy.cadence[0][1]
    assert set(CHINA.tones) < set(found["an/1"].tones)
    own = [tone for tone in found["an/8"].tones if tone.origin == "settings"]
    assert [(tone.sound, len(tone.cadence), tone.cycles) for tone in own] == [
        (Sound.BUSY, 1, 3),
        (Sound.DIAL_TONE, 0, 3),
        (Sound.RING_BACK, 1, 1),
    ]


def alaw(value: float) -> int:
    """ITU-T G.711 of a sample, full scale 1."""
    size = min(4095, int(abs(value) * 4096))
    segment = max(0, size.bit_length() - 5)
    step = size >> max(1, segment) & 15
    return ((0x80 if value >= 0 else 0) | segment << 4 | step) ^ 0x55


def test_a_tone_is_learned_from_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "busy.alaw"
    on, off = 8 * 250, 8 * 310
    tone = bytes(alaw(0.2 * math.sin(2 * math.pi * 425 * n / 8000)) for n in range(on))
    path.write_bytes((tone + bytes([0xD5]) * off) * 8)
    found = tone_profiles(f"an/8 busy={path}", LINES)["an/8"].tones[0]
    assert found.sound is Sound.BUSY and 425 in found.f_hz
    assert 250 in found.cadence[0][0] and 310 in found.cadence[0][1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("an/8", "expected LINE"),
        ("an/8 busy", "expected TONE="),
        ("an/8 hallo=420", "tones are dial_tone"),
        ("an/8 busy=quick", "expected HZ"),
        ("an/8 busy=20:200/200", "expected HZ"),
        ("an/8 busy=420:200", "pairs of on and off"),
        ("an/8 busy=420:200/0", "pairs of on and off"),
        ("an/8 busy=/none/busy.wav", "/none/busy.wav: No such file"),
        ("an/8 busy=600 howler=1500 dial_tone=2000 congestion=2500", "frequency bands"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        tone_profiles(text, LINES)
    assert words in error.value.message and "\n" not in error.value.message


def test_a_recording_without_a_tone_is_named(tmp_path: Path) -> None:
    path = tmp_path / "quiet.alaw"
    path.write_bytes(bytes([0xD5]) * 16_000)
    with pytest.raises(ConfigurationError, match=r"quiet\.alaw: no tone in this recording"):
        tone_profiles(f"an/8 busy={path}", LINES)
