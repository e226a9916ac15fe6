"""Answers by voice, tunes, announcements, failed calls. Speech is the prompts that ship."""

import numpy as np
import pytest
from lib_listen import listen
from lib_progress import at_level, cadence, line_of, rings, silence

from boardd.media.detect.sounds import Sound, VoiceReasons, explain


def sounds(came):
    return {c.verdict.sound for c in came}


@pytest.fixture(scope="module")
def hello(speech):
    """Some 0.6 s of a voice."""
    loud = np.flatnonzero(np.abs(speech.astype(int)) > 1500)[0]
    return at_level(speech[loud : loud + 5000], -16)


@pytest.fixture(scope="module")
def notice(speech):
    """Six seconds of a voice that does not pause for long."""
    words = speech[np.abs(np.convolve(np.abs(speech.astype(float)), np.ones(800) / 800, "same")) > 60]
    return at_level(words[:48_000], -16)


def test_a_person_says_hello_after_ring_back_and_waits(hello):
    came = listen([line_of(rings(2, 1.2), hello, silence(3))])[0]
    assert sounds(came) >= {Sound.RING_BACK, Sound.ANSWER}
    answer = next(c for c in came if c.verdict.sound is Sound.ANSWER)
    reasons = answer.verdict.reasons
    assert isinstance(reasons, VoiceReasons)
    assert reasons.rule == "short_utterance_after_ring_back" and reasons.rings >= 1
    assert Sound.RING_BACK in reasons.after and sum(reasons.bursts_ms) > 300 and reasons.pauses_ms[-1] >= 800
    assert explain(answer.verdict)
    # 0.7 + 1 + 4 + 1 + 1.2 s of ringing, the word, the pause, and no more.
    assert answer.sample / 8000 < 7.9 + len(hello) / 8000 + 1.2


def test_a_quiet_person_after_loud_ring_back(hello):
    came = listen([line_of(rings(2, 1.2, -7), at_level(hello.astype(np.int16), -27), silence(3))])[0]
    assert Sound.ANSWER in sounds(came)


def test_a_quick_person_answers_after_one_ring(hello):
    came = listen([line_of(rings(1, 0.8), hello, silence(3))])[0]
    assert Sound.ANSWER in sounds(came) and Sound.RING_BACK not in sounds(came)


def test_who_lifts_in_the_middle_of_a_ring_speaks_into_its_tone(hello):
    """The tone ends where the voice begins: it is no part of what is said, however long that is."""
    said = np.concatenate([hello[:4800]] * 4)
    came = listen([line_of(rings(1, 4.0), rings(1, 0.0)[-8000:], said, silence(3))])[0]
    answer = next(c for c in came if c.verdict.sound is Sound.ANSWER)
    assert 2000 < sum(answer.verdict.reasons.bursts_ms) <= 2500


def test_who_speaks_just_before_it_rings_on_has_not_answered(hello):
    came = listen([line_of(rings(1, 3.1), hello[:3000], rings(3))])[0]
    assert Sound.ANSWER not in sounds(came)


def test_without_ring_back_a_voice_is_no_answer(hello):
    came = listen([line_of(silence(2), hello, silence(3))])[0]
    assert Sound.ANSWER not in sounds(came) and Sound.SOUND in sounds(came)


def test_an_announcement_after_ring_back_is_neither_answer_nor_busy(notice):
    came = listen([line_of(rings(2, 1.2), notice, silence(2))])[0]
    assert Sound.ANNOUNCEMENT in sounds(came)
    assert not sounds(came) & {Sound.ANSWER, Sound.BUSY}
    assert not any(c.verdict.failed_call for c in came)


def test_a_tune_is_neither_answer_nor_busy(tune):
    came = listen([line_of(silence(1), at_level(tune, -15), silence(3))])[0]
    assert not sounds(came) & {Sound.ANSWER, Sound.BUSY, Sound.RING_BACK, Sound.DIAL_TONE}


def test_a_tune_with_a_note_like_ring_back_hides_no_answer(tune, hello):
    music = at_level(tune, -15)
    came = listen([line_of(silence(1), music[:16_000], cadence("dial_tone", 1), music[:16_000], hello, silence(3))])[0]
    assert not sounds(came) & {Sound.ANSWER, Sound.RING_BACK}


def test_announcement_then_busy_tone_has_failed_and_says_what_was_before(notice):
    came = listen([line_of(silence(1), notice, silence(0.5), cadence("busy", 5))])[0]
    busy = next(c.verdict for c in came if c.verdict.sound is Sound.BUSY)
    assert busy.failed_call and Sound.ANNOUNCEMENT in busy.reasons.after


def test_announcement_then_silence_has_failed(notice):
    came = listen([line_of(silence(1), notice, silence(12))])[0]
    failed = [c.verdict for c in came if c.verdict.failed_call]
    assert [v.sound for v in failed] == [Sound.SILENCE]
    assert failed[0].reasons.rule == "silence_after_announcement"
    assert failed[0].reasons.pauses_ms[0] >= 10_000


def test_silence_after_an_answer_has_not_failed(hello, notice):
    came = listen([line_of(rings(2, 1.2), hello, silence(2), notice, silence(13))])[0]
    assert Sound.ANSWER in sounds(came) and not any(c.verdict.failed_call for c in came)


def test_silence_is_told_once(quiet):
    came = listen([quiet])[0]
    assert [c.verdict.sound for c in came] == [Sound.SILENCE]
    assert came[0].sample / 8000 == pytest.approx(2, abs=0.1)


def test_ring_back_tones_are_counted():
    came = listen([line_of(rings(4))])[0]
    assert [c.verdict.reasons.cycles for c in came if c.verdict.sound is Sound.RING_BACK] == [1, 2, 3, 4]
    assert not sounds(came) & {Sound.ANSWER, Sound.SOUND, Sound.ANNOUNCEMENT}
