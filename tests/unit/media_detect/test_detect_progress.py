"""Call progress by cadence; `./run score progress` has facts 1.2 in full."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lib_dtmf import Line as DtmfLine
from lib_dtmf import make as make_dtmf
from lib_listen import listen
from lib_progress import PLAN, Line, acceptance, cadence, line_of, make, silence

from boardd.media.detect.banks import Bank, Kind, What
from boardd.media.detect.profiles import CHINA, ProfileError, Tone, ToneProfile, Window, around
from boardd.media.detect.profiles import cadence as times
from boardd.media.detect.sounds import FAILURES, Fault, Sound, ToneReasons, explain

SEGMENT_TONE = 1


def told(came):
    return [c.verdict.sound for c in came if isinstance(c.verdict.reasons, ToneReasons)]


@pytest.mark.parametrize("tone", PLAN)
def test_each_tone_is_told_as_itself_and_nothing_else(tone):
    lines = acceptance(tone)[::5]
    made = [make(line) for line in lines]
    for line, (_sound, begin), came in zip(lines, made, listen([m[0] for m in made]), strict=True):
        assert set(told(came)) == {tone}, line.name
        if tone == "busy":
            first = next(c for c in came if c.verdict.sound is Sound.BUSY)
            assert (first.sample - begin) / 8 <= 2500, line.name


@settings(max_examples=25, deadline=None)
@given(
    tone=st.sampled_from(["busy", "congestion", "special_dial_tone", "unobtainable"]),
    off_hz=st.floats(-25, 25),
    part=st.floats(0.9, 1.1),
    level=st.floats(-30, -5),
    snr=st.floats(15, 40),
    inside=st.booleans(),
    seed=st.integers(0, 1 << 20),
)
def test_within_tolerances_a_tone_is_itself(tone, off_hz, part, level, snr, inside, seed):
    f_hz, on_off = PLAN[tone]
    line = Line(tone, f_hz + off_hz, tuple(ms * part for ms in on_off), level, snr, seconds=8, seed=seed)
    came = listen([make(replace(line, begin_in_cadence=inside))[0]])[0]
    assert set(told(came)) == {tone}


@pytest.mark.parametrize(("tone", "cut_ms"), [("busy", 40), ("busy", 80), ("special_dial_tone", 70)])
def test_a_tone_whose_first_beep_was_cut_is_itself(tone, cut_ms):
    on_off = PLAN[tone][1]
    came = listen([line_of(silence(0.5), cadence(tone, 8)[cut_ms * 8 :])])[0]
    assert set(told(came)) == {tone}
    assert next(c.sample for c in came if told([c])) / 8 <= 500 - cut_ms + 5 * sum(on_off)


@pytest.mark.parametrize("level", [-10, -20, -25])
def test_a_faint_busy_tone_right_after_loud_speech_is_heard_in_time(speech, level):
    """Vowels have moments of a tone of 450 Hz; what comes after them is not quiet because it is fainter."""
    lines = []
    for piece in range(8):
        said = speech[piece * 24_000 : piece * 24_000 + 24_000].astype(float)
        vowel = 4000 * np.sin(2 * np.pi * 450 * np.arange(480) / 8000)
        lines.append(line_of(said, vowel, silence(0.3), cadence("busy", 6, level)))
    for came in listen(lines):
        assert next(c.sample for c in came if told([c]) == [Sound.BUSY]) / 8 <= 3000 + 60 + 300 + 2500


def test_a_verdict_carries_its_reasons():
    came = listen([make(Line("busy", 440, (360, 340), -14, 20))[0]])[0]
    first = next(c.verdict for c in came if c.verdict.sound is Sound.BUSY)
    reasons = first.reasons
    assert (reasons.entry, reasons.profile, reasons.cycles) == ("busy", "china", 3)
    assert reasons.f_hz == pytest.approx(440, abs=1)
    assert reasons.level_dbm0 == pytest.approx(-14, abs=0.5)
    assert reasons.on_ms == pytest.approx((360, 360, 360), abs=6)
    assert reasons.off_ms == pytest.approx((340, 340), abs=6)
    assert {r.entry for r in reasons.refused} == {tone.name for tone in CHINA.tones} - {"busy"}
    why = {r.entry: r for r in reasons.refused}
    assert why["congestion"].fault is Fault.ON and why["congestion"].measured == pytest.approx(360, abs=6)
    assert why["howler"].fault is Fault.FREQUENCY
    assert why["dial_tone"].fault is Fault.LENGTH
    assert len(explain(first)) == len(CHINA.tones)
    # Each further cycle is told again.
    assert [c.verdict.reasons.cycles for c in came if c.verdict.sound is Sound.BUSY][:3] == [3, 4, 5]


def test_segments_measure_to_a_few_milliseconds():
    sound, begin = make(Line("busy", 450, (350, 350), -20, 15, seconds=6))
    with Bank(Kind.PROGRESS, 1) as bank:
        tones = [e for e in bank.run([sound]) if e.what is What.SEGMENT and e.code == SEGMENT_TONE]
    assert len(tones) >= 7
    for i, tone in enumerate(tones):
        ms, level, f_hz, purity = tone.values
        assert tone.at == pytest.approx(begin + i * 700 * 8, abs=50)
        assert ms == pytest.approx(350, abs=6)
        assert level == pytest.approx(-20, abs=0.3)
        assert f_hz == pytest.approx(450, abs=1)
        assert 0.9 < purity < 1


@pytest.mark.parametrize("profile", [CHINA, CHINA.with_cycles(4)])
def test_speech_music_and_digits_are_never_the_end_of_a_call(profile, speech, tune):
    digits = [make_dtmf(DtmfLine(f"{on}", "all", digits=48, on_ms=on, off_ms=on))[1] for on in (350, 100)]
    for in_call in (True, False):
        for came in listen([speech, tune, *digits], profile, in_call=in_call):
            assert not set(told(came)) & {*FAILURES, Sound.DIAL_TONE, Sound.SPECIAL_DIAL_TONE}


def test_other_sound_in_the_pauses_is_a_veto(speech):
    busy = cadence("busy", 10)
    talk = speech[20_000:100_000].astype(float)
    assert Sound.BUSY in told(listen([line_of(busy)])[0])
    # Music that has 450 Hz in its rhythm, or a person who talks into it.
    assert not told(listen([line_of(np.where(busy == 0, talk[: len(busy)] * 2, busy))])[0])


def test_a_tone_that_is_not_even_is_no_machine():
    irregular = [
        line_of(*(np.concatenate((cadence("dial_tone", s), silence(0.35))) for s in ons)) for ons in ((0.30, 0.40) * 6,)
    ]
    assert not set(told(listen(irregular)[0])) & set(FAILURES)


def test_more_cycles_are_waited_for_when_asked():
    sound, begin = make(Line("busy", 450, (350, 350)))
    first = next(c for c in listen([sound], CHINA.with_cycles(6))[0] if c.verdict.sound is Sound.BUSY)
    assert first.verdict.reasons.cycles == 6
    assert (first.sample - begin) / 8 == pytest.approx(5 * 700 + 350, abs=60)


def test_dial_tone_in_a_call_must_last():
    sound = line_of(cadence("dial_tone", 4), silence(1), cadence("dial_tone", 7))
    assert told(listen([sound])[0]) == ["dial_tone", "dial_tone"]
    assert told(listen([sound], in_call=True)[0]) == ["dial_tone"]


def test_a_held_note_that_fades_is_no_dial_tone():
    t = np.arange(4 * 8000) / 8000
    assert told(listen([line_of(cadence("dial_tone", 4) * np.exp(-0.7 * t))])[0]) == []


def test_a_howler_grows_louder_in_steps():
    t = np.arange(10 * 8000) / 8000
    steps = 10 ** (np.minimum(np.floor(t / 1.2), 5) * 3 / 20)
    assert told(listen([line_of(cadence("howler", 10, -20) * steps)])[0])[0] == Sound.HOWLER


def test_a_deviating_tone_from_a_profile():
    here = CHINA.with_tones("here", Tone("busy", Sound.BUSY, Window(410, 440), times(190, 200), even=False))
    sound, _begin = make(Line("busy", 425, (195, 195), -20, 15))
    assert told(listen([sound])[0]) == []
    came = listen([sound], here)[0]
    assert set(told(came)) == {"busy"} and came[-1].verdict.reasons.profile == "here"


def test_bands_of_a_profile_cover_its_tones_and_are_few():
    for middle, half in CHINA.bands():
        assert half <= 50 and middle > 300
    for tone in CHINA.tones:
        for f_hz in (tone.f_hz.low, tone.f_hz.middle, tone.f_hz.high):
            assert any(abs(f_hz - middle) <= half for middle, half in CHINA.bands())
    many = tuple(Tone(str(f), Sound.NOTICE, Window(f, f + 10)) for f in (400, 600, 800, 1000, 1200))
    with pytest.raises(ProfileError, match="5 frequency bands, at most 4"):
        ToneProfile("many", many).bands()


@pytest.mark.parametrize("bad", [(), (350,), (350, 0), (350, -1)])
def test_a_cadence_of_nothing_is_refused(bad):
    with pytest.raises(ProfileError, match="pairs of on and off"):
        times(*bad)


def test_windows_are_wide_enough_for_ten_per_cent():
    assert 315 in around(350) and 385 in around(350) and 450 not in around(350)


def test_a_new_call_forgets_the_last():
    sound, _begin = make(Line("busy", 450, (350, 350), seconds=2))
    from boardd.media.detect.listener import Listener

    listener, came = Listener(), []
    with Bank(Kind.PROGRESS, 1) as bank:
        bank.set(0, CHINA.options())
        for _ in range(4):
            for measured in bank.run([sound]):
                came += listener.take(measured)
            listener.clear()
            bank.reset(0)
    assert not came
