"""One lane's listener: what the progress and voice banks measure on it, become verdicts.

Tones are told by their cadence. Speech is told apart only as far as it can be: a short utterance after real ring-back
tone, then silence, is a person who answers and waits (喂, 你好); sound that goes on for seconds is an announcement,
music or a ring-back tune (彩铃) and neither answer nor failure. Without ring-back tone before it no voice is an answer,
as a tune ends and an announcement begins in the same way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from boardd.media.detect.banks import Measured, What
from boardd.media.detect.cadence import Cadence
from boardd.media.detect.profiles import CHINA, ToneProfile
from boardd.media.detect.sounds import RATE_HZ, SILENCE_AFTER_ANNOUNCEMENT, Sound, Verdict, VoiceReasons

QUIET, TONE, OTHER = range(3)
"""Codes of a segment (det_segment)."""
OPEN = 1 << 62
"""The end of a segment that goes on."""
RING_QUIET_MS = 300.0
"""Before and after a ring-back tone that counts alone."""
EDGE_SAMPLES = 320
"""The banks find the beginning of the same sound within so many samples of each other."""
VETO_MS = 40.0
"""Other sound of this length breaks a cadence; the edges of tones are shorter."""


@dataclass(frozen=True, slots=True)
class VoiceRules:
    """When sound is what. Times in ms, spreads in dB."""

    sound_ms: float = 300
    """Sound that is no tone is told of after so long."""
    answer_min_ms: float = 80
    answer_max_ms: float = 3000
    """A person who answers says so much..."""
    answer_pause_ms: float = 800
    """...and then waits for so long."""
    utterance_pause_ms: float = 700
    """Pauses shorter than this belong to one utterance."""
    announcement_ms: float = 4000
    """An utterance of this length is none of a person who answers."""
    music_spread_db: float = 5.0
    """The level of speech moves more than that of most music."""
    silence_ms: float = 2000
    failed_silence_ms: float = 10_000
    """Silence after an announcement, unanswered: the call has failed."""
    answer_without_ring_back: bool = False


@dataclass(slots=True)
class _Utterance:
    first: int
    last: int
    bursts: list[tuple[int, int]] = field(default_factory=list)
    """(first, last sample) of the sounds in it that are no tones."""
    level_dbm0: float = -100.0
    noise_dbm0: float = -100.0
    spread_db: float = 0.0
    announced: bool = False
    told: bool = False

    @property
    def ms(self) -> float:
        return (self.last - self.first + 1) * 1000 / RATE_HZ


class _Spans:
    """When segments of one kind were; the newest may go on."""

    def __init__(self) -> None:
        self._spans: deque[tuple[int, int]] = deque(maxlen=64)

    def was(self, first: int, last: int, ended: bool) -> None:
        if self._spans and self._spans[-1][0] == first:
            self._spans.pop()
        self._spans.append((first, last if ended else OPEN))

    def after(self, first: int) -> int:
        """Where sound that seems to begin at `first` does begin, when one of them that has ended stands before it."""
        for a, b in self._spans:
            if a <= first + EDGE_SAMPLES and first < b < OPEN:
                return b + 1
        return first

    def within(self, first: int, last: int) -> int:
        """Samples of a stretch that they cover."""
        return sum(max(0, min(last, b) - max(first, a)) for a, b in self._spans)


class Listener:
    """Feed it what the two banks measured on one lane, in order of arrival; `take` answers verdicts."""

    def __init__(self, profile: ToneProfile = CHINA, rules: VoiceRules | None = None) -> None:
        self.profile = profile
        self.rules = rules or VoiceRules()
        self._cadence = Cadence(profile)
        self.clear()

    def clear(self) -> None:
        """A new call; the banks' lanes are reset with it."""
        self._cadence.clear()
        self._cadence.in_call = False
        self._segments = (_Spans(), _Spans(), _Spans())
        self._heard: list[Sound] = []
        self._rings = 0
        self._ring_tone = False
        self._quiet_before = False
        self._utterance: _Utterance | None = None

    def in_call(self) -> None:
        """The call is through: a held note of the music on hold must not be dial tone."""
        self._cadence.in_call = True

    def take_all(self, measured: Iterable[Measured]) -> Iterator[Verdict]:
        """Several, in order."""
        for one in measured:
            yield from self.take(one)

    def take(self, measured: Measured) -> list[Verdict]:
        """One event of a bank."""
        match measured.what:
            case What.SEGMENT | What.SEGMENT_STILL:
                found = self._segment(measured, measured.what is What.SEGMENT)
            case What.VOICE_ON:
                return []
            case What.VOICE_STILL | What.VOICE_OFF:
                found = self._voice(measured)
            case What.SILENCE_STILL:
                found = self._silence(measured)
            case _:
                return []
        return [replace(verdict, lane=measured.lane) for verdict in found]

    # -- tones --------------------------------------------------------------------------------------------------------
    def _segment(self, measured: Measured, ended: bool) -> list[Verdict]:
        ms, level_dbm0, f_hz, _purity = measured.values
        end = measured.at + round(ms * RATE_HZ / 1000)
        self._segments[measured.code].was(measured.at, end, ended)
        self._first_ring(measured.code, ms, f_hz, ended)
        if measured.code == OTHER:
            if ms >= VETO_MS:
                self._cadence.clear()
            return []
        if measured.code == QUIET:
            found = self._cadence.quiet(ms, ended)
        else:
            if self._utterance is not None and measured.at > self._utterance.last:
                self._utterance = None  # it rings on: whoever spoke has not answered
            found = self._cadence.tone(measured.at, ms, f_hz, level_dbm0, ended)
        if found is None:
            return []
        tone, reasons, since = found
        if tone.sound is Sound.RING_BACK:
            self._rings = max(self._rings, round(reasons.cycles))
        verdict = Verdict(tone.sound, since, end, replace(reasons, after=self._after()))
        self._remember(tone.sound)
        return [verdict]

    def _first_ring(self, code: int, ms: float, f_hz: float, ended: bool) -> None:
        """One whole ring-back tone between quiet, before any other sound: enough for who answers before its pause has
        been long enough to be sure. A tune has notes like it, but not alone.
        """
        if code == OTHER and ms >= VETO_MS:
            self._ring_tone = False
        elif code == TONE and ended:
            rings = [tone for tone in self.profile.tones if tone.sound is Sound.RING_BACK and tone.cadence]
            fits = any(f_hz in tone.f_hz and any(ms in on for on, _off in tone.cadence) for tone in rings)
            self._ring_tone = fits and self._quiet_before and not {Sound.SOUND, Sound.ANNOUNCEMENT} & set(self._heard)
        elif code == QUIET and self._ring_tone and ms >= RING_QUIET_MS:
            self._rings = max(self._rings, 1)
        if ended:
            self._quiet_before = code == QUIET and ms >= RING_QUIET_MS

    # -- voice --------------------------------------------------------------------------------------------------------
    def _is_voice(self, first: int, last: int) -> bool:
        """Not when it is a tone, or a tone and the noise about it that never paused; noise alone cannot be told."""
        tone = self._segments[TONE].within(first, last)
        return tone == 0 or self._segments[OTHER].within(first, last) > 0.5 * (last - first)

    def _begins(self, first: int, last: int) -> int:
        """Where the voice begins that seems to begin with a tone: who lifts in the middle of a ring speaks into it. The
        tone is no part of what is said; and noise about a tone is no voice.
        """
        after = self._segments[TONE].after(first)
        said = last - after
        if (
            after > first
            and said * 1000 >= VETO_MS * RATE_HZ
            and self._segments[OTHER].within(after, last) > 0.2 * said
        ):
            return after
        return first

    def _voice(self, measured: Measured) -> list[Verdict]:
        level_dbm0, ms, noise_dbm0, spread_db = measured.values
        first = measured.at if measured.what is What.VOICE_STILL else measured.at - round(ms * RATE_HZ / 1000) + 1
        last = first + round(ms * RATE_HZ / 1000) - 1
        begins = self._begins(first, last)
        if begins == first and not self._is_voice(first, last):
            return []
        first = begins
        said = self._utterance
        pause_ms = (first - said.last) * 1000 / RATE_HZ if said else 0.0
        if said is None or (pause_ms > self.rules.utterance_pause_ms and said.bursts[-1][0] != first):
            said = self._utterance = _Utterance(first, last)
        if said.bursts and said.bursts[-1][0] == first:
            said.bursts.pop()
        said.bursts.append((first, last))
        said.last = last
        said.level_dbm0, said.noise_dbm0, said.spread_db = level_dbm0, noise_dbm0, spread_db
        verdicts = []
        if not said.told and said.ms >= self.rules.sound_ms:
            said.told = True
            verdicts.append(self._said(Sound.SOUND, "sound", said, last))
        if not said.announced and said.ms >= self.rules.announcement_ms:
            said.announced = True
            rule = "music" if spread_db < self.rules.music_spread_db else "long_speech"
            verdicts.append(self._said(Sound.ANNOUNCEMENT, rule, said, last))
        return verdicts

    def _silence(self, measured: Measured) -> list[Verdict]:
        ms, noise_dbm0 = measured.values[:2]
        rules, said = self.rules, self._utterance
        now = measured.at + round(ms * RATE_HZ / 1000)
        if said is not None and ms >= rules.answer_pause_ms and self._is_answer(said):
            verdict = self._said(Sound.ANSWER, "short_utterance_after_ring_back", said, now, (ms,))
            self._utterance = None
            return [verdict]
        if Sound.ANNOUNCEMENT in self._heard and Sound.ANSWER not in self._heard and ms >= rules.failed_silence_ms:
            rule = SILENCE_AFTER_ANNOUNCEMENT
        elif ms >= rules.silence_ms and (not self._heard or self._heard[-1] is not Sound.SILENCE):
            rule = "silence"
        else:
            return []
        reasons = VoiceReasons(rule, -100.0, noise_dbm0, (), (ms,), self._rings, self._after())
        self._remember(Sound.SILENCE)
        return [Verdict(Sound.SILENCE, measured.at, now, reasons)]

    def _is_answer(self, said: _Utterance) -> bool:
        rules = self.rules
        loud_ms = sum(last - first + 1 for first, last in said.bursts) * 1000 / RATE_HZ
        return (
            (self._rings > 0 or rules.answer_without_ring_back)
            and not said.announced
            and Sound.ANSWER not in self._heard
            and loud_ms >= rules.answer_min_ms
            and said.ms <= rules.answer_max_ms
        )

    def _said(self, sound: Sound, rule: str, said: _Utterance, now: int, pauses_ms: tuple[float, ...] = ()) -> Verdict:
        bursts = tuple(round((last - first + 1) * 1000 / RATE_HZ, 1) for first, last in said.bursts)
        between = tuple(
            round((b[0] - a[1]) * 1000 / RATE_HZ, 1) for a, b in zip(said.bursts, said.bursts[1:], strict=False)
        )
        reasons = VoiceReasons(
            rule, said.level_dbm0, said.noise_dbm0, bursts, (*between, *pauses_ms), self._rings, self._after()
        )
        self._remember(sound)
        return Verdict(sound, said.first, now, reasons)

    # -- what was before ----------------------------------------------------------------------------------------------
    def _after(self) -> tuple[Sound, ...]:
        return tuple(self._heard)

    def _remember(self, sound: Sound) -> None:
        if sound in self._heard:
            self._heard.remove(sound)
        self._heard.append(sound)
