"""`./run score dtmf`: every limit of the DTMF receiver with its result beside libspandsp's on the same sound.

The sound is made by lib_dtmf.py from Q.23 and Q.24, coded as on a line, with seeded phases and places in the block. An
accepting limit wants every digit exactly once and in order; a refusing one wants none. Exit status 1 when ours misses
one, 2 when sound to talk off with is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import lib_corpus
import numpy as np
from lib_dtmf import Line, align, make
from lib_peers import spandsp_dtmf

from boardd.media.detect.banks import Bank, Kind, What

TALK_S = 900
LANE_S = 60


@dataclass
class Row:
    """A limit and the lines that try it."""

    limit: str
    want: str
    lines: list[Line]


def both(limit: str, want: str, *lines: Line) -> Row:
    """A limit whose lines are tried in both laws."""
    return Row(
        limit,
        want,
        [
            replace(line, name=f"{limit} {i} {law}", law=law)
            for i, line in enumerate(lines)
            for law in ("alaw", "mulaw")
        ],
    )


def rows() -> Iterator[Row]:
    """All limits but talk-off and echo."""
    line = Line("", "all")
    burst = replace(line, on_ms=24, off_ms=76)
    yield both(
        "24 ms bursts",
        "none",
        burst,
        replace(burst, off_ms=40),
        replace(burst, low_dbm0=0, high_dbm0=0),
        replace(burst, low_dbm0=-25, high_dbm0=-25),
        burst.both(0.015),
        burst.both(-0.015),
        replace(burst, low_dbm0=-10, high_dbm0=-6),
        replace(burst, tones=((450, -15),)),
        replace(burst, snr_db=15),
    )
    short = replace(line, on_ms=40, off_ms=40)
    yield both(
        "40 ms digits, 40 ms pauses",
        "all",
        short,
        replace(short, repeat=True),
        replace(short, off_ms=60),
        replace(short, low_dbm0=0, high_dbm0=0),
        replace(short, low_dbm0=-25, high_dbm0=-25),
        short.both(0.015),
        short.both(-0.015),
        replace(short, low_dbm0=-6, high_dbm0=-14),
        replace(short, low_dbm0=-10, high_dbm0=-6),
        replace(short, snr_db=15),
    )
    yield both("30 ms pauses between equal digits", "all", replace(line, off_ms=30, repeat=True))
    yield both(
        "10 ms break, anywhere in the digit",
        "all",
        *(replace(line, on_ms=on, off_ms=60, break_ms=10) for on in (50, 60, 90, 150)),
        *(replace(line, on_ms=50, off_ms=60, break_ms=10, break_at=at).both(0.015) for at in (0.05, 0.25, 0.5, 0.95)),
        replace(line, on_ms=90, off_ms=60, break_ms=10, break_at=0.5),
    )
    for part in (0.015, 0.018):
        yield both(
            f"+-{100 * part:.1f} % on both tones",
            "all",
            line.both(part),
            line.both(-part),
            replace(line, low_offset=part, high_offset=-part),
            replace(line, low_offset=-part, high_offset=part),
            replace(line, low_offset=part),
            replace(line, high_offset=-part),
        )
    yield both(
        "+-3.5 % on one tone or both",
        "none",
        *(line.both(part) for part in (0.035, -0.035)),
        *(replace(line, low_offset=part) for part in (0.035, -0.035)),
        *(replace(line, high_offset=part) for part in (0.035, -0.035)),
        replace(line, low_offset=0.035, snr_db=15),
    )
    yield both(
        "twist: high 4 dB above low",
        "all",
        *(replace(line, low_dbm0=level - 4, high_dbm0=level) for level in (-3, -10, -21)),
    )
    yield both(
        "twist: high 8 dB below low",
        "all",
        *(replace(line, low_dbm0=level + 8, high_dbm0=level) for level in (-8, -14, -25)),
    )
    yield both("0 to -25 dBm0 each", "all", *(replace(line, low_dbm0=d, high_dbm0=d) for d in (0, -3, -10, -20, -25)))
    yield both("-31 dBm0 each", "none", *(replace(line, low_dbm0=d, high_dbm0=d) for d in (-31, -35, -55)))
    for dial in (-15, -10, -5):
        yield both(
            f"under dial tone of {dial} dBm0",
            "all",
            *(replace(line, tones=((f_hz, dial),)) for f_hz in (425, 450, 475)),
            *(replace(line, tones=((450, dial),), low_dbm0=d, high_dbm0=d) for d in (-5, -18)),
        )
        cut = replace(line, digits=32, off_ms=600, tones=((450, dial),), tones_ms=250)
        yield both(
            f"dial tone of {dial} dBm0 cut off in the digit",
            "all",
            *(replace(cut, tones_cut=part) for part in (0.02, 0.25, 0.5, 0.75, 0.98)),
        )
    yield both(
        "digits with twist under 475 Hz of -13 dBm0",
        "all",
        replace(line, on_ms=60, off_ms=60, tones=((475, -13),), low_dbm0=-8, high_dbm0=-16),
    )
    yield both("under 350 + 440 Hz of -13 dBm0", "all", replace(line, tones=((350, -13), (440, -13))))
    for snr in (24, 18, 15, 12):
        yield both(f"S/N {snr} dB", "all", replace(line, snr_db=snr), line.both(0.015 if snr > 12 else 0))


def prompt_rows(prompts: dict[str, np.ndarray]) -> Iterator[tuple[Row, np.ndarray]]:
    """Digits during playback, the echo 15 dB below what is played, at once, after 4 ms, after 40 ms."""
    for name, prompt in prompts.items():
        for level, digits in ((-20, (-10, -25)), (-15, (-10, -20)), (-12, (-5, -15))):
            lines = [
                replace(
                    Line("", "all"), low_dbm0=d, high_dbm0=d, on_ms=60, off_ms=60, prompt_dbm0=level, prompt_delay=delay
                )
                for d in digits
                for delay in (0, 32, 320)
            ]
            low = " and ".join(str(d) for d in digits)
            yield both(f"{name} prompt {level} dBm0, digits {low}", "all", *lines), prompt


def heard(sounds: list[np.ndarray], sent: list[np.ndarray | None] | None = None) -> list[str]:
    """What our bank hears, all at once."""
    digits = [""] * len(sounds)
    with Bank(Kind.DTMF, len(sounds)) as bank:
        for event in bank.stream(sounds, sent):
            if event.what is What.DTMF_ON:
                digits[event.lane] += chr(event.code)
    return digits


@dataclass
class Told:
    """Digits sent, heard in order, missed and extra, over the lines of a limit."""

    sent: int = 0
    hits: int = 0
    extra: int = 0

    def add(self, sent: str, got: str, want: str) -> None:
        hits, _missed, extra = align(sent, got) if want == "all" else (0, 0, len(got))
        self.sent += len(sent)
        self.hits += hits
        self.extra += extra

    def kept(self, want: str) -> bool:
        return self.extra == 0 and (want != "all" or self.hits == self.sent)

    def text(self, want: str) -> str:
        if want == "all":
            return f"{self.hits}/{self.sent}" + (f" +{self.extra}" if self.extra else "")
        return f"{self.extra}/{self.sent}" if self.sent else str(self.extra)


def show(limit: str, want: str, ours: str, kept: bool, peer: str) -> None:
    """One row of the table."""
    sys.stdout.write(f"{limit:44} {want:5} {ours:16} {'kept' if kept else 'MISSED':7} {peer}\n")
    sys.stdout.flush()


def try_rows(made: list[tuple[Row, np.ndarray | None]]) -> bool:
    """True when every limit is kept."""
    lines = [(row, *make(line, prompt)) for row, prompt in made for line in row.lines]
    got = heard([sound for _row, _digits, sound, _sent in lines], [sent for *_rest, sent in lines])
    kept = True
    for row, _prompt in made:
        ours, peer, peer_there = Told(), Told(), True
        for (other, digits, sound, _sent), found in zip(lines, got, strict=True):
            if other is not row:
                continue
            ours.add(digits, found, row.want)
            theirs = spandsp_dtmf(sound)
            peer_there = peer_there and theirs is not None
            peer.add(digits, theirs or "", row.want)
        kept &= ours.kept(row.want)
        show(row.limit, row.want, ours.text(row.want), ours.kept(row.want), peer.text(row.want) if peer_there else "-")
    return kept


def pieces(sound: np.ndarray) -> list[np.ndarray]:
    """A minute a lane."""
    size = LANE_S * 8000
    return [sound[at : at + size] for at in range(0, len(sound), size)]


def talk_off(sources: dict[str, np.ndarray], loud: float) -> bool:
    """No digit in anything of it. At its own level, or louder."""
    kept = True
    for name, sound in sources.items():
        louder = np.clip(sound.astype(float) * loud, -32768, 32767).astype(np.int16)
        ours = sum(map(len, heard(pieces(louder))))
        theirs = spandsp_dtmf(louder)
        minutes = len(sound) / 8000 / 60
        level = "" if loud == 1 else f", {20 * np.log10(loud):+.0f} dB"
        kept &= ours == 0
        show(
            f"talk-off: {name}, {minutes:.0f} min{level}",
            "none",
            str(ours),
            ours == 0,
            "-" if theirs is None else str(len(theirs)),
        )
    return kept


def own_echo(sources: dict[str, np.ndarray]) -> bool:
    """What we play, digits too, comes back 15 dB below and is nobody's key."""
    kept = True
    digits = make(Line("own digits", "none", on_ms=100, off_ms=100, low_dbm0=-9, high_dbm0=-7))[1]
    for name, sound in {**sources, "our own digits": digits}.items():
        sent = pieces(sound)
        for delay in (0, 160):
            echo = [(np.concatenate((np.zeros(delay), s))[: len(s)] * 10 ** (-15 / 20)).astype(np.int16) for s in sent]
            ours = sum(map(len, heard(echo, list(sent))))
            theirs = [spandsp_dtmf(sound) for sound in echo]
            peer = "-" if None in theirs else str(sum(len(t or "") for t in theirs))
            kept &= ours == 0
            show(f"echo of {name} after {delay // 8} ms", "none", str(ours), ours == 0, peer)
    return kept


def main() -> int:
    """Print the table; see the module for the exit status."""
    parser = argparse.ArgumentParser(description="DTMF receiver against its limits")
    parser.add_argument("--talk-s", type=float, default=TALK_S, help=f"seconds of each kind of speech ({TALK_S})")
    options = parser.parse_args()
    if lib_corpus.missing():
        sys.stderr.write(f"missing: {' '.join(lib_corpus.missing())}\n")
        return 2
    sys.stdout.write(f"{'limit':44} {'want':5} {'boardd':16} {'':7} libspandsp\n")
    speech = {
        "recorded English": lib_corpus.recorded("en", options.talk_s),
        "Mandarin": lib_corpus.spoken("cmn", options.talk_s),
        "English": lib_corpus.spoken("en", options.talk_s),
    }
    music = {name: sound for name, sound in lib_corpus.music()}
    tunes = np.concatenate([lib_corpus.tune(30, seed) for seed in range(20)])
    talk = {**speech, "music on hold": np.concatenate(list(music.values())), "ring-back tunes": tunes}
    kept = try_rows([(row, None) for row in rows()])
    prompts = {
        "English": speech["recorded English"],
        "Mandarin": speech["Mandarin"],
        "music": next(iter(music.values())),
    }
    kept &= try_rows(list(prompt_rows(prompts)))
    kept &= own_echo({name: sound[: 300 * 8000] for name, sound in talk.items()})
    kept &= talk_off(talk, 1)
    kept &= talk_off(talk, 2)
    sys.stdout.write("all limits kept\n" if kept else "limits missed\n")
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
