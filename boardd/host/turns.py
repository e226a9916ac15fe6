"""Whose turn it is: what concerns the same thing goes one after the other, in the order of asking; the rest at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable


class Turns:
    """Turns over named things, such as calls. Runs on the event loop; a turn may last as long as another host takes."""

    def __init__(self) -> None:
        self._asked: list[tuple[frozenset[str], asyncio.Event]] = []

    @contextlib.asynccontextmanager
    async def of(self, *names: Iterable[str]) -> AsyncIterator[None]:
        """Wait until everybody who asked earlier for one of these names has finished, then have the turn."""
        mine, over = frozenset().union(*names), asyncio.Event()
        before = [event for others, event in self._asked if others & mine]
        entry = mine, over
        self._asked.append(entry)
        try:
            for event in before:
                await event.wait()
            yield
        finally:
            self._asked.remove(entry)
            over.set()
