"""Tells the hosts whose leases hold: at once when that changes, and every second in any case.

A host that does not see a client's name any more applies the orphan treatment to that client's calls; a host that
hears nothing for 2 s does so for all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from boardd import clock
from boardd.api.board_schema import LEASE_RENEW_MS
from boardd.daemon.claims import Claims


class Leases:
    """Runs from `start` to `stop`; `send(clients)` reaches every connected host."""

    def __init__(self, send: Callable[[list[str]], None]) -> None:
        self._send = send
        self._claims: Claims | None = None
        self._told: list[str] = []
        self._told_ms = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, claims: Claims) -> None:
        """Begin."""
        self._claims = claims
        self._tell(force=True)

    def stop(self) -> None:
        """Say nothing more."""
        self._claims = None
        if self._timer is not None:
            self._timer.cancel()

    def current(self) -> list[str]:
        """Controllers whose leases hold now."""
        return self._claims.live_clients() if self._claims is not None else []

    def check(self) -> None:
        """Claims have changed."""
        self._tell(force=False)

    def _tell(self, *, force: bool) -> None:
        if self._claims is None:
            return
        now_ms = clock.mono_ms()
        clients = self._claims.live_clients()
        if force or clients != self._told or now_ms - self._told_ms >= LEASE_RENEW_MS:
            self._told, self._told_ms = clients, now_ms
            self._send(clients)
        self._arm(now_ms)

    def _arm(self, now_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._claims is None:
            return
        due_ms = self._told_ms + LEASE_RENEW_MS
        lapse_ms = self._claims.next_lapse_ms()
        if lapse_ms is not None:
            due_ms = min(due_ms, lapse_ms)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0, due_ms - now_ms) / 1000, self.check)
