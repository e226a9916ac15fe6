"""A bounded queue between the connection and a program's `async for`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from boardd.contract.errors import BoarddError, OverloadError

T = TypeVar("T")
LIMIT = 10_000


class Stream(AsyncIterator[T], Generic[T]):
    """Items in order, from the moment the stream was made until it is closed.

    A program that falls LIMIT items behind gets OverloadError once, in place of what it missed; `Client.snapshot` then
    tells it where things stand.
    """

    def __init__(self, on_close: Callable[[Stream[T]], None]) -> None:
        self._items: deque[T] = deque()
        self._ready = asyncio.Event()
        self._on_close = on_close
        self._missed = 0
        self._closed = False
        self._failure: BoarddError | None = None

    def put(self, item: T) -> None:
        """Add an item (called by the client)."""
        if len(self._items) >= LIMIT:
            self._missed += len(self._items)
            self._items.clear()
        self._items.append(item)
        self._ready.set()

    def fail(self, error: BoarddError | None) -> None:
        """No more items; `error` is raised after those that wait."""
        self._closed, self._failure = True, error
        self._ready.set()

    def close(self) -> None:
        """Stop listening."""
        self.fail(None)
        self._items.clear()
        self._on_close(self)

    def __aiter__(self) -> Stream[T]:
        return self

    async def __anext__(self) -> T:
        while not self._items and not self._closed:
            self._ready.clear()
            await self._ready.wait()
        if self._missed:
            missed, self._missed = self._missed, 0
            raise OverloadError(f"{missed} items were missed: read faster", reason="too_slow", missed=missed)
        if self._items:
            return self._items.popleft()
        if self._failure is not None:
            raise self._failure
        raise StopAsyncIteration
