"""Engine calls that must not mind that a source or recorder has just ended by itself (the event is on its way)."""

from __future__ import annotations

from contextlib import suppress

from hwsim.core.engine import Engine, StaleIdError


def stop_quietly(engine: Engine, number: int) -> None:
    """Stop a source, detector or recorder if it is still there."""
    if number:
        with suppress(StaleIdError):
            engine.stop(number)


def samples_of(engine: Engine, number: int) -> int | None:
    """Samples that a source has played or a recorder recorded; None when it has ended."""
    try:
        return engine.position(number).samples if number else None
    except StaleIdError:
        return None
