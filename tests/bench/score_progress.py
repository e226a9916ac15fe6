"""`./run score progress`: call progress against facts 1.2 and 1.4, answers by voice, and ten hours without a hang-up.

Sound is made by lib_progress.py from the tone plan, speech and music by lib_corpus.py. Exit status 1 when anything is
missed, 2 when sound is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import lib_corpus
import lib_dtmf
import numpy as np
from lib_listen import Came, listen, listen_as
from lib_progress import PLAN, Line, acceptance, at_level, cadence, line_of, make, rings, silence

from boardd.media.detect.learn import learn
from boardd.media.detect.profiles import CHINA, ToneProfile
from boardd.media.detect.sounds import FAILURES, Sound, ToneReasons, Verdict, explain

HOURS = 10.0
BUSY_MS = 2500
LANE_S = 120
ALLOWED = {Sound.SOUND, Sound.SILENCE}
"""Said beside the tone: noise before it is sound, pauses are silence."""


def out(text: str) -> None:
    """A line of the report."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def row(what: str, result: str, kept: bool) -> bool:
    """One row of the table."""
    out(f"{what:52} {result:34} {'kept' if kept else 'MISSED'}")
    return kept


# -- the tones --------------------------------------------------------------------------------------------------------
@dataclass
class Tally:
    """What the listeners said about the lines of one tone."""

    lines: int = 0
    right: int = 0
    wrong: int = 0
    late_ms: float = 0
    ill: int = 0


def judge(lines: Sequence[Line], profile: ToneProfile) -> tuple[Tally, list[Verdict]]:
    """Each line must be told as its tone, as nothing else, with reasons that agree with how it was made."""
    made = [make(line) for line in lines]
    tally, first = Tally(len(lines)), []
    for line, (_sound, begin), came in zip(lines, made, listen([sound for sound, _ in made], profile), strict=True):
        tones = [c for c in came if c.verdict.sound == line.tone]
        tally.right += bool(tones)
        tally.wrong += sum(c.verdict.sound not in ALLOWED and c.verdict.sound != line.tone for c in came)
        if tones:
            tally.late_ms = max(tally.late_ms, (tones[0].sample - begin) / 8)
            tally.ill += not agrees(line, tones[0].verdict, profile)
            first.append(tones[0].verdict)
    return tally, first


def agrees(line: Line, verdict: Verdict, profile: ToneProfile) -> bool:
    """The reasons name what was sent: frequency, level, times; and every other entry with why it was not it."""
    reasons = verdict.reasons
    if not isinstance(reasons, ToneReasons) or reasons.profile != profile.name:
        return False
    near = abs(reasons.f_hz - line.f_hz) <= 3 + line.drift_hz and abs(reasons.level_dbm0 - line.level_dbm0) <= 1
    size = max(1, len(line.cadence_ms) // 2)
    for values, sent in ((reasons.on_ms, line.cadence_ms[::2]), (reasons.off_ms, line.cadence_ms[1::2])):
        if sent:
            limit = 10 + line.jitter_ms
            fits = any(
                all(abs(v - sent[(i + turn) % size]) <= limit for i, v in enumerate(values)) for turn in range(size)
            )
            near = near and fits
    explained = {refusal.entry for refusal in reasons.refused} | {reasons.entry}
    return near and explained == {tone.name for tone in profile.tones} and bool(explain(verdict))


def tones(profile: ToneProfile, title: str, only: Sequence[str] = tuple(PLAN)) -> bool:
    """Facts 1.2: nominal, frequency and cadence off, three levels, A-law, 15 dB S/N."""
    kept = True
    for tone in only:
        tally, _verdicts = judge(acceptance(tone), profile)
        fine = tally.right == tally.lines and tally.wrong == 0 and tally.ill == 0
        if tone == "busy":
            fine = fine and tally.late_ms <= BUSY_MS
        text = f"{tally.right}/{tally.lines}, {tally.wrong} wrong, at most {tally.late_ms:.0f} ms"
        kept &= row(f"{title}{tone}", text + (f", {tally.ill} ill explained" if tally.ill else ""), fine)
    return kept


def deviating() -> bool:
    """Facts 1.4: exchanges that do not follow the plan, learned from half a minute each."""
    exchanges = {
        "167-213/175-225 ms, 394-446 Hz": Line("busy", 420, (190, 200), jitter_ms=23, drift_hz=26),
        "250/250 ms": Line("busy", 450, (250, 250)),
        "210/210 ms x 3, 630/210 ms": Line("busy", 450, (210, 210, 210, 210, 210, 210, 630, 210)),
    }
    kept = True
    for name, line in exchanges.items():
        recording, _begin = make(replace(line, level_dbm0=-18, snr_db=25, seconds=30, seed=99))
        learned = learn(recording, Sound.BUSY, "busy_here")
        profile = learned.profile("here")
        lines = [
            replace(line, level_dbm0=level, snr_db=snr, seed=seed, seconds=8)
            for level in (-10, -25, -30)
            for snr in (None, 15.0)
            for seed in (1, 2, 3)
        ]
        unknown, _ = judge(lines, CHINA)
        tally, _ = judge(lines, profile)
        fine = tally.right == tally.lines and tally.wrong == 0 and tally.ill == 0 and unknown.right == 0
        text = f"{tally.right}/{tally.lines}, {tally.wrong} wrong, at most {tally.late_ms:.0f} ms"
        kept &= row(f"learned: {name}", f"{text} (sure {learned.confidence:.2f})", fine)
        kept &= tones(profile, "  still right: ", ("busy", "congestion", "ring_back", "special_dial_tone"))
    return kept


# -- people -----------------------------------------------------------------------------------------------------------
def calls() -> Iterator[tuple[str, np.ndarray, set[Sound], set[Sound], bool]]:
    """Calls that we make: name, what is heard, what must be told, what must not, whether the call has failed."""
    hello = [lib_corpus.say(text, "cmn+f2", 170, 50) for text in ("喂?", "喂,你好。", "你好,哪位?")]
    hello += [lib_corpus.say(text, "en+m3", 160, 50) for text in ("Hello?", "Yes, speaking.")]
    notices = {
        "unallocated": "您拨打的号码是空号,请核对后再拨。Sorry, the number you have dialled does not exist.",
        "switched off": "您好,您拨打的用户已关机,请稍后再拨。Sorry, the subscriber is switched off.",
    }
    never, busy = {Sound.ANSWER}, {Sound.BUSY}
    for i, said in enumerate(hello):
        for level in (-14, -26):
            voice = at_level(said, level)
            sound = line_of(rings(2, 1.5), voice, silence(3))
            yield f"ring-back, person {i} at {level} dBm0", sound, {Sound.RING_BACK, Sound.ANSWER}, busy, False
            yield (
                f"person {i} at {level} dBm0 without ring-back",
                line_of(silence(2), voice, silence(3)),
                set(),
                never,
                False,
            )
    for name, text in notices.items():
        voice = at_level(lib_corpus.say(text, "cmn+f2", 170, 50), -16)
        twice = (voice, silence(0.6), voice)
        yield (
            f"notice ({name}), busy tone",
            line_of(silence(2), *twice, silence(0.5), cadence("busy", 5)),
            {Sound.ANNOUNCEMENT, Sound.BUSY},
            never,
            True,
        )
        yield (
            f"notice ({name}), silence",
            line_of(silence(2), *twice, silence(13)),
            {Sound.ANNOUNCEMENT, Sound.SILENCE},
            never,
            True,
        )
        yield (
            f"ring-back, notice ({name}), busy tone",
            line_of(rings(2, 2.0), *twice, cadence("busy", 5)),
            {Sound.ANNOUNCEMENT, Sound.BUSY},
            never,
            True,
        )
    for seed in range(12):
        tune = at_level(lib_corpus.tune(25, 100 + seed), -16)
        yield f"彩铃 {seed}", line_of(silence(1.5), tune, silence(1)), set(), never | busy, False
        yield f"彩铃 {seed}, busy tone", line_of(silence(1.5), tune, cadence("busy", 5)), {Sound.BUSY}, never, True
    for tone in ("busy", "congestion", "unobtainable"):
        yield f"{tone} at once", line_of(silence(1), cadence(tone, 6)), {Sound(tone)}, never, True
    yield "ring-back for a minute", line_of(rings(12)), {Sound.RING_BACK}, never | busy, False


def people() -> bool:
    """Answers by voice are told, tunes and announcements are neither answer nor busy, failed calls are known."""
    made = list(calls())
    wrong = []
    for (name, _sound, wanted, unwanted, failed), came in zip(made, listen([c[1] for c in made]), strict=True):
        told = {c.verdict.sound for c in came}
        if wanted - told or unwanted & told or failed != any(c.verdict.failed_call for c in came):
            wrong.append(f"{name}: told {', '.join(sorted(told))}")
    for line in wrong:
        out(f"    {line}")
    return row("answers, tunes, announcements, failed calls", f"{len(made) - len(wrong)}/{len(made)}", not wrong)


# -- ten hours --------------------------------------------------------------------------------------------------------
def sources(hours: float) -> Iterator[tuple[str, np.ndarray]]:
    """Speech, music, digits and tunes. Each voice is heard at three pitches and speeds."""
    part = hours * 3600
    speech = {
        "recorded English": lib_corpus.recorded("en", 0.05 * part),
        "Mandarin": lib_corpus.spoken("cmn", 0.11 * part, 10),
        "English": lib_corpus.spoken("en", 0.05 * part, 20),
    }
    for kind, sound in speech.items():
        for speed in (1.0, 0.88, 1.13):
            yield kind, sound if speed == 1 else lib_corpus.resample(sound, int(8000 * speed))
    music = np.concatenate([sound for _name, sound in lib_corpus.music()]).astype(float)
    copies = max(1, round(0.12 * part * 8000 / len(music)))
    for i in range(copies):
        yield "music on hold", np.clip(music * 10 ** ((3 - 6 * i) / 20), -32768, 32767).astype(np.int16)
    for seed in range(int(0.17 * part / LANE_S)):
        yield "彩铃", lib_corpus.tune(LANE_S, 1000 + seed)
    for i, (on, off) in enumerate(((350, 350), (100, 100), (700, 700), (200, 300), (50, 50))):
        line = lib_dtmf.Line(f"digits {i}", "all", digits=int(0.024 * part * 1000 / (on + off)), on_ms=on, off_ms=off)
        yield "DTMF", lib_dtmf.make(line)[1]


def no_hang_up(hours: float) -> bool:
    """Not once a tone that ends a call: before it is through, and while it is, when dial tone ends it too."""
    kinds: dict[str, list[np.ndarray]] = {}
    for kind, sound in sources(hours):
        size = LANE_S * 8000
        kinds.setdefault(kind, []).extend(sound[at : at + size] for at in range(0, len(sound), size))
    kept, total = True, 0.0
    for kind, lanes in kinds.items():
        heard = sum(map(len, lanes)) / 8000 / 3600
        total += heard
        false: list[Came] = []
        for in_call, all_came in zip((False, True), listen_as(lanes, CHINA, (False, True)), strict=True):
            ends = {*FAILURES, Sound.DIAL_TONE, Sound.SPECIAL_DIAL_TONE} if in_call else set(FAILURES)
            false += [c for came in all_came for c in came if c.verdict.sound in ends]
        for c in false[:3]:
            out(f"    {explain(c.verdict)[0]}")
        kept &= row(f"no hang-up: {kind}, {heard:.2f} h", f"{len(false)} false", not false)
    return kept & row("no hang-up: all together", f"{total:.2f} h of {hours:g}", total >= 0.98 * hours)


def main() -> int:
    """Print the table; see the module for the exit status."""
    parser = argparse.ArgumentParser(description="call progress against its limits")
    parser.add_argument("--hours", type=float, default=HOURS, help=f"of speech, music, digits and tunes ({HOURS:g})")
    options = parser.parse_args()
    if lib_corpus.missing():
        sys.stderr.write(f"missing: {' '.join(lib_corpus.missing())}\n")
        return 2
    kept = tones(CHINA, "")
    kept &= deviating()
    kept &= people()
    kept &= no_hang_up(options.hours)
    _tally, verdicts = judge([Line("busy", 450, (350, 350), snr_db=15.0)], CHINA)
    out("\na verdict explains itself:")
    for line in explain(verdicts[0]):
        out(f"    {line}")
    out("all kept" if kept else "something was missed")
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
