"""Sounds that ship with the simulator: what people say when they answer, announcements, a ring-back tune.

ORIGIN.md says where each comes from.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
GREETINGS = ("greeting_1", "greeting_2", "greeting_3")
RING_BACK_TUNE = "ring_back_tune"


def sound(name: str) -> Path:
    """The file of a sound. Raises FileNotFoundError."""
    path = FOLDER / f"{name}.wav"
    if not path.is_file():
        raise FileNotFoundError(path)
    return path
