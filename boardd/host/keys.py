"""Idempotency keys: the same request asked twice within a minute is done once and answered twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from boardd.api.board_schema import KEY_MEMORY_MS
from boardd.contract.errors import ArgumentError

Asked = tuple[str, str]


class KeyMemory:
    """Answers (results and errors) by (client, key), kept for KEY_MEMORY_MS after they were given."""

    def __init__(self) -> None:
        self._answers: dict[Asked, tuple[str, asyncio.Future[Any]]] = {}

    def __len__(self) -> int:
        return len(self._answers)

    async def once(self, client: str, key: str, method: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """The answer of `work`, run only if this client's `key` is new; an empty key always runs it.

        Raises what `work` raised, and ArgumentError when the key was used for another method.
        """
        if not key:
            return await work()
        loop = asyncio.get_running_loop()
        known = self._answers.get((client, key))
        if known is not None:
            if known[0] != method:
                raise ArgumentError(f"key {key} was used for {known[0]}", argument="key", value=key)
            return await asyncio.shield(known[1])
        answer: asyncio.Future[Any] = loop.create_future()
        self._answers[(client, key)] = (method, answer)
        try:
            answer.set_result(await work())
        except asyncio.CancelledError:
            self._answers.pop((client, key), None)
            answer.cancel()
            raise
        except Exception as error:
            answer.set_exception(error)
            answer.exception()
        loop.call_later(KEY_MEMORY_MS / 1000, self._answers.pop, (client, key), None)
        return answer.result()
