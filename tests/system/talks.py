"""Who heard whom and when, from the truth recordings alone: numbered chirps at both ends, music beside its file."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from site_run import ROOT, SiteRun, chirps, wav_sides

from hwsim.core.sound import alaw_decode

US = 125
"""Of a sample."""
FLIGHT_US = 500_000
"""What may still be on its way when somebody hangs up: no tie declares as much."""
NEWS_US = 700_000
"""From a chirp to the next one of somebody who talks, at most, with flight."""
MUSIC = ROOT / "boardd" / "scheduler" / "prompts" / "common" / "music.wav"


def line_domain(line: str) -> str:
    """The switching domain of a line of our cards."""
    return "dahdi" if line.startswith("dah/") else "synway"


@dataclass(frozen=True)
class Heard:
    """One chirp in what somebody heard."""

    at_us: int
    party: int
    number: int


@dataclass
class Stay:
    """Somebody's time on a line: one truth recording, with what was heard in it."""

    person: str
    party: int
    line: str
    file: Path
    begin_us: int
    end_us: int

    @cached_property
    def sides(self) -> tuple[bytes, bytes]:
        return wav_sides(self.file)

    @cached_property
    def heard(self) -> list[Heard]:
        return [Heard(self.begin_us + c.start_sample * US, c.party, c.number) for c in chirps(self.sides[0])]

    def on_at(self, at_us: int) -> bool:
        return self.begin_us < at_us < self.end_us

    def sound(self, from_us: int, to_us: int) -> np.ndarray[Any, Any]:
        """What was heard, as numbers."""
        first, last = ((t - self.begin_us) // US for t in (from_us, to_us))
        return np.array(alaw_decode(self.sides[0][max(0, first) : last]), dtype=np.float64)


@dataclass(frozen=True)
class Talk:
    """`hearer` hears `speaker`."""

    speaker: Stay
    hearer: Stay

    @property
    def crosses(self) -> bool:
        return line_domain(self.speaker.line) != line_domain(self.hearer.line)

    @property
    def names(self) -> str:
        return f"{self.hearer.person} ({self.hearer.line}) hears {self.speaker.person} ({self.speaker.line})"


class Talks:
    """All stays of a run."""

    def __init__(self, run: SiteRun) -> None:
        self.run = run
        lines = {c["person"]: c["line"] for c in run.contacts if c["line"]}
        parties = {f["person"]: f["party"] for f in run.of("script_begin")} | {
            f["person"]: f["party"] for f in run.of("person")
        }
        ends = {f["file"]: f["samples"] for f in run.of("recorded")}
        self.said: dict[str, list[tuple[int, int]]] = {}
        for fact in run.of("chirp"):
            self.said.setdefault(fact["person"], []).append((fact["t_us"], fact["number"]))
        self.stays = [
            Stay(
                f["person"],
                parties[f["person"]],
                lines.get(f["person"], f["line"]),
                run.folder / "truth" / "voices" / f["file"],
                f["start_us"],
                f["start_us"] + ends[f["file"]] * US,
            )
            for f in run.of("recording")
            if f["file"] in ends and f["person"] in parties and (f["person"] in lines or "/" in f["line"])
        ]

    def at(self, at_us: int) -> list[Talk]:
        """Who hears whom just before a moment."""
        found = []
        for hearer in self.stays:
            if not hearer.on_at(at_us):
                continue
            parties = {h.party for h in hearer.heard if at_us - NEWS_US <= h.at_us < at_us}
            for speaker in self.stays:
                if speaker is not hearer and speaker.party in parties and speaker.on_at(at_us):
                    found.append(Talk(speaker, hearer))
        return found

    def spoken(self, stay: Stay, from_us: int, to_us: int) -> list[tuple[int, int]]:
        """Chirps of somebody: (time, number)."""
        said = self.said.get(stay.person, [])
        return said[bisect.bisect_left(said, (from_us, 0)) : bisect.bisect_left(said, (to_us, 0))]

    def delays_us(self, talk: Talk, from_us: int, to_us: int) -> list[int]:
        """Of each chirp said in that time while both were there. Raises AssertionError for one that was not heard."""
        to_us = min(to_us, talk.speaker.end_us - FLIGHT_US, talk.hearer.end_us - FLIGHT_US)
        mine = [h for h in talk.hearer.heard if h.party == talk.speaker.party and h.at_us >= talk.speaker.begin_us]
        heard = {h.number: h.at_us for h in mine if h.at_us >= from_us}
        first = min((h.number for h in mine), default=0)
        found = []
        for at_us, number in self.spoken(talk.speaker, from_us, to_us):
            if number < first:
                continue  # before they were together
            there = heard.get(number)
            assert there is not None, f"{talk.names}: chirp {number} said at {at_us} us was not heard"
            found.append(there - at_us)
        return found

    def whole(self, talk: Talk, from_us: int, to_us: int, gap_ms: int = 20) -> int:
        """Everything was heard in step; how many chirps that were. Raises AssertionError."""
        delays = self.delays_us(talk, from_us, to_us)
        if delays:
            jitter = max(delays) - min(delays)
            assert jitter <= gap_ms * 1000, f"{talk.names}: out of step by {jitter} us: {delays}"
        return len(delays)

    def silence_us(self, talk: Talk, from_us: int, to_us: int) -> int:
        """The longest time without a chirp of the speaker, between two that were heard."""
        mine = [h.at_us for h in talk.hearer.heard if h.party == talk.speaker.party and from_us <= h.at_us < to_us]
        return max((b - a for a, b in itertools.pairwise(mine)), default=to_us - from_us)


@dataclass(frozen=True)
class Music:
    """Music that somebody hears: where in its file, and how loud, found in `template` and followed from there."""

    stay: Stay
    begin_us: int
    offset: int
    scale: float

    TEMPLATE_US = 2_500_000
    REACH_US = TEMPLATE_US + 100_000
    """How long before a moment it must have begun to be found."""
    WINDOW = 160

    @classmethod
    def before(cls, stay: Stay, at_us: int) -> Music | None:
        """The music before a moment; None when it is something else."""
        begin_us = at_us - cls.REACH_US
        if stay.begin_us > begin_us:
            return None
        sound = stay.sound(begin_us, begin_us + cls.TEMPLATE_US)
        source = _music()
        round_trip = np.fft.irfft(np.fft.rfft(source) * np.conj(np.fft.rfft(sound, len(source))), len(source))
        offset = int(np.argmax(round_trip))
        match = _of_music(offset, len(sound))
        power = float(match @ match)
        scale = float(sound @ match) / power if power else 0.0
        alike = float(sound @ match) / max(1.0, float(np.sqrt((sound @ sound) * power)))
        return cls(stay, begin_us, offset, scale) if alike > 0.98 else None

    def begins_anew(self, to_us: int) -> bool:
        """Whether the file ends before a moment. A Synway card is told to play it again when its service finds that."""
        return self.offset + (to_us - self.begin_us) // US >= len(_music())

    def gap_ms(self, from_us: int, to_us: int) -> int:
        """The longest time in which the music is not what its file says it should be."""
        sound = self.stay.sound(self.begin_us, min(to_us, self.stay.end_us))
        should = _of_music(self.offset, len(sound)) * self.scale
        longest = now = 0
        for at in range((from_us - self.begin_us) // US, len(sound) - self.WINDOW + 1, self.WINDOW // 4):
            part, want = sound[at : at + self.WINDOW], should[at : at + self.WINDOW]
            wrong = float((part - want) @ (part - want)) > 0.5 * float(want @ want) + 1e4
            now = now + 1 if wrong else 0
            longest = max(longest, now)
        return longest * self.WINDOW // 4 // 8


_SOURCE: list[np.ndarray[Any, Any]] = []


def _music() -> np.ndarray[Any, Any]:
    if not _SOURCE:
        data = MUSIC.read_bytes()
        at = data.index(b"data") + 8
        _SOURCE.append(np.array(alaw_decode(data[at:]), dtype=np.float64))
    return _SOURCE[0]


def _of_music(offset: int, count: int) -> np.ndarray[Any, Any]:
    source = _music()
    return source[(offset + np.arange(count)) % len(source)]
