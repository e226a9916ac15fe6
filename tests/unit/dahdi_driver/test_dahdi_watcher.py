"""Descriptors that the loop reads: one failure does not make them deaf, a handler that always fails is told."""

import asyncio
import os
from collections.abc import Callable

from drivers.dahdi.watcher import IN, MOST_FAILURES, Watcher


def watched(handler: Callable[[int, int], None], turns: int = 50) -> list[int]:
    """Descriptors that were given up while something waited in a pipe; the handler gets read end and mask."""
    deaf: list[int] = []

    async def play() -> None:
        read, write = os.pipe()
        watcher = Watcher()
        watcher.on_deaf = deaf.append
        watcher.start()
        watcher.watch(read, IN, lambda mask: handler(read, mask))
        for octet in b"abc":
            os.write(write, bytes([octet]))
            for _turn in range(turns):
                await asyncio.sleep(0)
        watcher.stop()
        os.close(read)
        os.close(write)

    asyncio.run(play())
    return deaf


def test_one_bad_frame_does_not_end_the_reading() -> None:
    heard = []

    def handler(fd: int, _mask: int) -> None:
        octet = os.read(fd, 1)
        if octet == b"b":
            raise ValueError("a frame that nobody expected")
        heard.append(octet)

    assert watched(handler) == []
    assert heard == [b"a", b"c"]


def test_a_handler_that_always_fails_is_given_up_and_told() -> None:
    calls = []

    def handler(_fd: int, mask: int) -> None:
        calls.append(mask)
        raise ValueError("always")

    assert len(watched(handler)) == 1
    assert len(calls) == MOST_FAILURES
