"""How recordings end: unknown busy tones are measured, everything else is left alone."""

import pytest
from lib_progress import Line, cadence, line_of, make, silence

from boardd.media.detect.ending import ending_tone, tone_of


@pytest.mark.parametrize(
    ("hertz", "times", "seconds"),
    [(420, (200, 200), 2.4), (450, (250, 250), 6), (450, (350, 350), 12), (620, (150, 450), 3.2), (450, (700, 700), 9)],
)
def test_a_busy_tone_at_the_end_is_measured(speech, hertz, times, seconds):
    tone = make(Line("busy", hertz, times, -15, seconds=seconds))[0]
    found = tone_of(
        line_of(speech[:16_000].astype(float), silence(0.3), tone.astype(float))[-8 * int(seconds * 1000) :]
    )
    assert found is not None
    assert found.f_hz == pytest.approx(hertz, abs=5)
    assert (found.on_ms, found.off_ms) == (
        (pytest.approx(times[0], abs=10),),
        (pytest.approx(times[1], abs=10),),
    )
    assert str(found).startswith(f"{found.f_hz:.0f} Hz, on {found.on_ms[0]} ms, off {found.off_ms[0]} ms")


def test_only_what_lasts_to_the_end_counts(speech):
    over = line_of(cadence("busy", 3, -15), speech[:80_000].astype(float))
    assert tone_of(over[-80_000:]) is None and tone_of(over[-24_000:]) is None


@pytest.mark.parametrize("times", [(1000, 4000), (400, 4000), (400, 10_000), ()])
def test_tones_that_end_nothing_are_none(times):
    assert tone_of(make(Line("other", 450, times, seconds=20))[0]) is None


def test_speech_and_silence_are_none(speech, quiet):
    assert tone_of(speech[:80_000]) is None and tone_of(quiet) is None and tone_of(speech[:0]) is None


def test_a_file_is_searched_at_its_end_only(tmp_path, speech, alaw):
    path = tmp_path / "leg.alaw"
    path.write_bytes(alaw(line_of(speech[:240_000].astype(float), cadence("busy", 4, -15))))
    found = ending_tone(path)
    assert found is not None and found.on_ms == (pytest.approx(350, abs=10),)
    path.write_bytes(b"")
    assert ending_tone(path) is None
    with pytest.raises(OSError):
        ending_tone(tmp_path / "none.alaw")
