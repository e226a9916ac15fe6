"""`./run score echo`: the engine's echo canceller on real sound; what it takes away, and what it does to who speaks.

The engine plays prompts (recorded, synthesised in Mandarin and English) and music to a line that ends in a hybrid: what
it is told comes back, filtered and late, 15 dB weaker (10 dB where the row says so), coded in A-law both ways, over
idle noise. The last rows use the simulator's own line. The echo that is left is measured at a port that listens.

    ERLE          echo return loss enhancement while only we speak, after two seconds
    converges     until 15 dB are reached
    double talk   a caller speaks over our prompt. What is heard of him without prompt and canceller is the reference:
                  his level after the canceller against it, and the rest (everything that is not him), with and without
                  canceller
    after         ERLE of the first second of loud echo after he has spoken
    caller alone  nothing is played: level and error

Exit status 1 when a limit is missed. Needs libspeexdsp1.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import structlog

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit" / "media_engine"))

import lib_corpus
from engine_stage import BLOCK, Stage, coded, decoded
from lib_dtmf import RATE_HZ, peak

from boardd.media.engine.clips import LINEAR, Clip
from hwsim.core.engine import Engine, Line
from hwsim.core.events import Format, What

TAIL_MS = 64
SETTLED_S = 2.0
SPEECH_DBM0, CALLER_DBM0, NOISE_DBM0 = -16.0, -19.0, -65.0
LEAST_ERLE_DB, LEAST_AFTER_DB = 20.0, 8.0
LEAST_TONAL_DB = 14.0
"""Of music: long tones tell a canceller little about a line."""
MOST_CONVERGES_S, MOST_LEVEL_DB = 4.0, 1.0
LEAST_GAIN_DB = 3.0
"""In double talk: how much less there is that is not the caller than without canceller."""
Hybrid = Callable[[np.ndarray], np.ndarray]


@dataclass
class HybridPath:
    """A hybrid as an impulse response: `delay_ms`, then a decaying ring of some milliseconds; `erl_db` in all."""

    delay_ms: float
    erl_db: float
    ring_ms: float = 6.0
    seed: int = 1
    taps: np.ndarray = field(init=False)
    _past: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        count = int(self.ring_ms * 8)
        ring = rng.normal(0, 1, count) * np.exp(-np.arange(count) / (count / 4))
        ring *= 10 ** (-self.erl_db / 20) / np.sqrt(np.sum(ring**2))
        self.taps = np.concatenate([np.zeros(int(self.delay_ms * 8)), ring])
        self._past = np.zeros(len(self.taps) - 1)

    def __call__(self, told: np.ndarray) -> np.ndarray:
        whole = np.concatenate([self._past, told])
        self._past = whole[len(whole) - len(self._past) :]
        return np.convolve(whole, self.taps, "valid")


class SimulatedLine:
    """The simulator's line with a hybrid: what its card's leg says comes back to it."""

    def __init__(self, erl_db: float, delay_ms: float) -> None:
        self.engine = Engine(8, 1)
        card, far = self.engine.leg_new(), self.engine.leg_new()
        self.engine.wire(card, far)
        line = Line(noise_mb=round(NOISE_DBM0 * 100), echo_loss_mb=round(erl_db * 100), echo_delay=int(delay_ms * 8))
        self.engine.line_set(card, line)
        self.card = card
        self.recorder = self.engine.record_mem(card, 1 << 16, Format.ALAW, What.IN)

    def __call__(self, told: np.ndarray) -> np.ndarray:
        self.engine.play_mem(self.card, coded(told.astype(int).tolist()), Format.ALAW)
        until = self.engine.now + len(told)
        while self.engine.now < until:
            self.engine.run(until)
            while self.engine.next_event() is not None:
                pass
        return np.array(decoded(self.engine.rec_read(self.recorder)[: len(told)]), float)


def line_of(hybrid: Hybrid, prompt: np.ndarray, caller: np.ndarray, tail_ms: int, folder: Path) -> np.ndarray:
    """What is heard on a line while `prompt` is played to it and `caller` speaks at its end."""
    stage = Stage(folder)
    blocks = len(prompt) // BLOCK
    try:
        wire, port = stage.wire()
        ear = stage.null(capacity=(blocks + 1) * BLOCK)
        stage.engine.link(port, ear)
        if tail_ms:
            stage.engine.load_echo()
            port.echo(tail_ms)
        port.play([Clip(prompt.astype(np.int16).tobytes(), LINEAR)])
        rng = np.random.default_rng(5)
        back = np.zeros(BLOCK)
        for block in range(blocks):
            wire.say(coded(np.clip(back, -32000, 32000).astype(int).tolist()))
            stage.tick()
            told = np.array(decoded(wire.heard()), float)
            noise = rng.normal(0, peak(NOISE_DBM0) / np.sqrt(2), BLOCK)
            back = hybrid(told) + caller[block * BLOCK : (block + 1) * BLOCK] + noise
        return np.frombuffer(ear.take(blocks * BLOCK), np.int16).astype(float)
    finally:
        stage.close()


def db(sound: np.ndarray) -> float:
    """Mean power, dB."""
    return float(10 * np.log10(np.mean(sound**2) + 1e-3))


def at_level(sound: np.ndarray, dbm0: float) -> np.ndarray:
    """Its loud parts brought to a level."""
    x = sound.astype(float)
    loud = x[np.abs(x) > 300]
    return x * peak(dbm0) / np.sqrt(2) / np.sqrt(np.mean(loud**2))


def loud_parts(before: np.ndarray) -> np.ndarray:
    """Where there is an echo to speak of: blocks within 20 dB of the loudest."""
    power = np.mean(before[: len(before) // BLOCK * BLOCK].reshape(-1, BLOCK) ** 2, axis=1)
    return np.repeat(power > power.max() / 100, BLOCK)


def erle(before: np.ndarray, after: np.ndarray, where: slice) -> float:
    """How much less echo there is."""
    chosen = loud_parts(before[where])
    size = len(chosen)
    return db(before[where][:size][chosen]) - db(after[where][:size][chosen])


def first_second(before: np.ndarray, after: np.ndarray, begin: int) -> float:
    """The enhancement of the first second of loud echo from there on."""
    chosen = np.flatnonzero(loud_parts(before)[begin:])[:RATE_HZ] + begin
    return db(before[chosen]) - db(after[chosen])


def converges_s(before: np.ndarray, after: np.ndarray, least_db: float = 15.0) -> float:
    """When the enhancement of half a second first reaches so much."""
    step = RATE_HZ // 2
    for at in range(0, len(before) - step, step // 5):
        part = slice(at, at + step)
        if db(before[part]) > 40 and db(before[part]) - db(after[part]) >= least_db:
            return at / RATE_HZ
    return float("inf")


def aligned(reference: np.ndarray, heard: np.ndarray) -> tuple[float, float]:
    """Level of the reference within what is heard, and of all else there, both against the reference, dB.

    By a filter of eight milliseconds that fits best: the library takes the lowest tones away, which harms no voice.
    """
    columns = np.stack([np.roll(reference, lag) for lag in range(-2, 62)], axis=1)
    weights, *_ = np.linalg.lstsq(columns, heard, rcond=None)
    found = columns @ weights
    return db(found) - db(reference), db(heard - found) - db(reference)


def row(title: str, make: Callable[[], Hybrid], prompt: np.ndarray, caller: np.ndarray, folder: Path) -> list[str]:
    """Measure one line; print it; what was missed."""
    quiet = np.zeros(len(prompt))
    third = len(prompt) // 3
    speaks = slice(third, third + len(caller))
    over = quiet.copy()
    over[speaks] = caller
    before = line_of(make(), prompt, quiet, 0, folder)
    after = line_of(make(), prompt, quiet, TAIL_MS, folder)
    alone = line_of(make(), quiet, over, 0, folder)
    alone_on = line_of(make(), quiet, over, TAIL_MS, folder)
    double_off = line_of(make(), prompt, over, 0, folder)
    double_on = line_of(make(), prompt, over, TAIL_MS, folder)
    settled = slice(int(SETTLED_S * RATE_HZ), len(prompt))
    single = erle(before, after, settled)
    converged = converges_s(before, after)
    level, error = aligned(alone[speaks], double_on[speaks])
    _, plain = aligned(alone[speaks], double_off[speaks])
    again = first_second(before, double_on, speaks.stop + BLOCK)
    quiet_level, quiet_error = aligned(alone[speaks], alone_on[speaks])
    sys.stdout.write(
        f"{title:<44}{single:7.1f}{converged:7.1f}{level:8.1f}{error:8.1f}{plain:8.1f}{again:7.1f}"
        f"{quiet_level:8.1f}{quiet_error:8.1f}\n"
    )
    least = LEAST_TONAL_DB if title.startswith("music") else LEAST_ERLE_DB
    limits = (
        (single >= least, f"ERLE {single:.1f} dB"),
        (converged <= MOST_CONVERGES_S, f"converges after {converged:.1f} s"),
        (abs(level) <= MOST_LEVEL_DB, f"the caller's level in double talk changes by {level:.1f} dB"),
        (error <= plain - LEAST_GAIN_DB, f"in double talk the rest is {error:.1f} dB, {plain:.1f} without canceller"),
        (again >= LEAST_AFTER_DB, f"ERLE after double talk {again:.1f} dB"),
        (abs(quiet_level) <= 0.5 and quiet_error <= -40, f"a caller alone: {quiet_level:.1f} dB, {quiet_error:.1f} dB"),
    )
    return [f"{title}: {text}" for good, text in limits if not good]


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=18, help="of each prompt")
    options = parser.parse_args(arguments)
    if lib_corpus.missing():
        sys.stderr.write(f"missing: {' '.join(lib_corpus.missing())}\n")
        return 1
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    seconds = options.seconds
    sounds = {
        "recorded prompts": at_level(lib_corpus.recorded("en", seconds), SPEECH_DBM0),
        "Mandarin": at_level(lib_corpus.spoken("cmn", seconds), SPEECH_DBM0),
        "English": at_level(lib_corpus.spoken("en", seconds), SPEECH_DBM0),
        "music": at_level(next(lib_corpus.music())[1][: seconds * RATE_HZ], SPEECH_DBM0),
    }
    caller = at_level(lib_corpus.spoken("cmn", 4, 9), CALLER_DBM0)
    lines: list[tuple[str, str, Callable[[], Hybrid]]] = [
        (name, "15 dB, 4 ms", lambda: HybridPath(4, 15)) for name in sounds
    ]
    lines += [(name, "15 dB, 40 ms", lambda: HybridPath(40, 15, seed=2)) for name in ("recorded prompts", "Mandarin")]
    lines += [("recorded prompts", "10 dB, 4 ms", lambda: HybridPath(4, 10, seed=3))]
    lines += [
        ("recorded prompts", "simulator 15 dB, 4 ms", lambda: SimulatedLine(15, 4)),
        ("Mandarin", "simulator 10 dB, 20 ms", lambda: SimulatedLine(10, 20)),
    ]
    heads = ("ERLE", "conv.", "double", "rest", "without", "after", "alone", "rest")
    widths = (7, 7, 8, 8, 8, 7, 8, 8)
    head = "".join(f"{text:>{width}}" for text, width in zip(heads, widths, strict=True))
    sys.stdout.write(f"libspeexdsp in the engine, tail {TAIL_MS} ms; dB, seconds\n{'':<44}{head}\n")
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, where, make in lines:
            missed += row(f"{name}, {where}", make, sounds[name], caller, Path(folder))
    for line in missed:
        sys.stdout.write(f"  MISSED {line}\n")
    sys.stdout.write("\nmissed\n" if missed else "\nall as it should be\n")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
