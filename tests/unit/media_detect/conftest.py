"""Signals come from tests/bench/lib_*.py, made from the standards' words alone, with no code of the detectors."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "bench"))

from lib_dtmf import code  # noqa: E402


def alaw_by_formula() -> np.ndarray:
    """Code -> sample, from the recommendation's words, for reading the prompts that ship."""
    i = np.arange(256) ^ 0x55
    segment, step = i >> 4 & 7, i & 15
    value = np.where(segment == 0, step * 16 + 8, (step * 16 + 264) * 2.0 ** (np.maximum(segment, 1) - 1))
    return np.where(i & 0x80, value, -value).astype(np.int16)


@pytest.fixture(scope="session")
def speech() -> np.ndarray:
    """The spoken prompts that ship, Mandarin and English, one after the other."""
    table = alaw_by_formula()
    parts = []
    for language in ("zh_CN", "en"):
        for path in sorted((ROOT / "boardd" / "scheduler" / "prompts" / language).glob("*.wav")):
            data = path.read_bytes()
            parts += [table[np.frombuffer(data[58:], np.uint8)], np.zeros(1600, np.int16)]
    return np.concatenate(parts)


@pytest.fixture(scope="session")
def tune() -> np.ndarray:
    """The ring-back tune (彩铃) of the simulator."""
    data = (ROOT / "hwsim" / "sounds" / "ring_back_tune.wav").read_bytes()
    return np.tile(alaw_by_formula()[np.frombuffer(data[58:], np.uint8)], 5)


@pytest.fixture(scope="session")
def alaw() -> Callable[[np.ndarray], bytes]:
    """Samples as A-law octets: the codes whose samples, by the formula, are nearest from above."""
    table = alaw_by_formula()
    order = np.argsort(table, kind="stable")
    return lambda samples: order[np.minimum(np.searchsorted(table[order], samples), 255)].astype(np.uint8).tobytes()


@pytest.fixture(scope="session")
def quiet() -> np.ndarray:
    """Ten seconds of a line at rest."""
    return code(np.random.default_rng(1).normal(0, 12, 80_000), "alaw")
