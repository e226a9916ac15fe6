"""Tone learning: what a recording teaches, and that the lesson is right."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from lib_listen import listen
from lib_progress import Line, cadence, line_of, make, silence

from boardd.media.detect.learn import Doubt, LearnError, learn, learn_file
from boardd.media.detect.profiles import CHINA
from boardd.media.detect.soundfile import read_sound
from boardd.media.detect.sounds import Sound
from boardd.media.wav import WavError

FIELD = Line("busy", 420, (190, 200), -18, 20, jitter_ms=23, drift_hz=26, seconds=30, seed=7)
"""Facts 1.4: the exchange that kept every port busy."""


def test_the_field_case_is_learned_and_then_recognised():
    learned = learn(make(FIELD)[0], Sound.BUSY, "busy_here")
    assert learned.confidence > 0.6 and learned.cycles > 60
    assert learned.f_hz.low == pytest.approx(394, abs=3) and learned.f_hz.high == pytest.approx(446, abs=3)
    ((on, off),) = learned.tone.cadence
    assert 140 < on.low < 167 and 213 < on.high < 245 and 150 < off.low < 177 and 223 < off.high < 255
    assert learned.level_dbm0 == pytest.approx(-18, abs=0.5)
    profile = learned.profile("here")
    again = [
        make(replace(FIELD, seed=seed, level_dbm0=level, snr_db=15, seconds=6))[0]
        for seed, level in ((1, -30), (2, -10))
    ]
    for before, after in zip(listen(again, CHINA), listen(again, profile), strict=True):
        assert Sound.BUSY not in {c.verdict.sound for c in before}
        assert {c.verdict.sound for c in after} - {Sound.SOUND, Sound.SILENCE} == {Sound.BUSY}
    # The plan still holds for everything else.
    plan = {tone: cadence(tone, 8) for tone in ("congestion", "ring_back", "special_dial_tone", "dial_tone")}
    for tone, came in zip(plan, listen([line_of(x) for x in plan.values()], profile), strict=True):
        assert {c.verdict.sound for c in came} - {Sound.SILENCE} == {tone}


@pytest.mark.parametrize(
    ("cadence_ms", "places"),
    [((250, 250), 1), ((210, 210, 210, 210, 210, 210, 630, 210), 4), ((500, 500), 1), ((100, 100, 400, 400), 2)],
)
def test_cadences_of_several_places(cadence_ms, places):
    learned = learn(make(Line("busy", 450, cadence_ms, -20, 20, seconds=20))[0], Sound.BUSY, "x")
    assert len(learned.tone.cadence) == places and learned.confidence > 0.8
    sent = [cadence_ms[i : i + 2] for i in range(0, len(cadence_ms), 2)]
    assert any(
        all(
            on in w[0] and off in w[1]
            for (on, off), w in zip(sent[turn:] + sent[:turn], learned.tone.cadence, strict=True)
        )
        for turn in range(places)
    )


def test_a_continuous_tone():
    learned = learn(make(Line("dial_tone", 400, (), -15, 25, seconds=12))[0], Sound.DIAL_TONE, "dial_here")
    assert learned.tone.cadence == () and learned.f_hz.middle == pytest.approx(400, abs=1)


def test_speech_before_the_tone_is_left_out(speech):
    sound = line_of(speech[:80_000].astype(float), silence(0.5), cadence("busy", 12, -20))
    learned = learn(sound, Sound.BUSY, "x")
    assert learned.tone.cadence[0][0].middle == pytest.approx(350, abs=8)
    assert Doubt.OTHER_SOUND not in learned.doubts or learned.confidence < 1


def test_a_faint_tone_after_loud_speech_is_learned(speech):
    loud = np.clip(speech[:32_000].astype(float) * 3, -32768, 32767)
    learned = learn(line_of(loud, silence(0.5), cadence("busy", 12, -20)), Sound.BUSY, "x")
    assert learned.tone.cadence[0][0].middle == pytest.approx(350, abs=8)
    assert learned.f_hz.middle == pytest.approx(450, abs=2)


def test_doubts_have_names():
    short = learn(make(Line("busy", 450, (250, 250), seconds=2.4))[0], Sound.BUSY, "x")
    assert Doubt.FEW_CYCLES in short.doubts and short.confidence < 0.85
    other = learn(make(Line("busy", 450, (700, 700), seconds=15))[0], Sound.BUSY, "x")
    assert Doubt.LIKE_ANOTHER in other.doubts and other.like == ("congestion",) and other.confidence <= 0.5


def test_nothing_to_learn_says_what_was_there(speech, quiet):
    with pytest.raises(LearnError, match="no tone"):
        learn(quiet, Sound.BUSY, "x")
    with pytest.raises(LearnError, match=r"no (regular )?tone"):
        learn(speech, Sound.BUSY, "x")
    with pytest.raises(LearnError, match=r"no regular tone: 1 bursts of 450 Hz, on 35[0-9] ms"):
        learn(line_of(silence(0.5), cadence("busy", 0.5), silence(1)), Sound.BUSY, "x")
    with pytest.raises(LearnError):
        learn(b"", Sound.BUSY, "x")


def wave(path, data, kind, bits, channels=1, rate=8000):
    header = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_recordings_of_all_kinds(tmp_path):
    sound = make(replace(FIELD, law="linear", seconds=12))[0]
    stereo = np.stack((np.zeros_like(sound), sound), 1).tobytes()
    (tmp_path / "raw.pcm").write_bytes(sound.tobytes())
    files = [
        (wave(tmp_path / "a.wav", sound.tobytes(), 1, 16), {}),
        (wave(tmp_path / "b.wav", stereo, 1, 16, 2), {"channel": 1}),
        (tmp_path / "raw.pcm", {"raw": "pcm16"}),
    ]
    found = {learn_file(path, Sound.BUSY, "x", **more).tone for path, more in files}
    assert len(found) == 1
    alaw = wave(tmp_path / "c.wav", bytes([0xD5, 0x55]) * 4000, 6, 8, 2)
    assert [set(channel) for channel in read_sound(alaw)] == [{8}, {-8}]
    (tmp_path / "raw.al").write_bytes(bytes([0xD5] * 160))
    assert set(read_sound(tmp_path / "raw.al")[0]) == {8}


def test_recordings_of_another_kind_are_refused(tmp_path):
    with pytest.raises(WavError, match="44100 Hz"):
        read_sound(wave(tmp_path / "a.wav", b"\0" * 100, 1, 16, rate=44100))
    with pytest.raises(WavError, match="format 1 with 24 bits"):
        read_sound(wave(tmp_path / "b.wav", b"\0" * 96, 1, 24))
    with pytest.raises(OSError):
        read_sound(tmp_path / "none.wav")
