"""Tells the hosts which controllers are there: at once when that changes, and every second in any case.

A host counts from the last time that it read a client's name; when LEASE_LAPSE_MS have passed it applies the orphan
treatment to that client's calls. So a daemon that dies, a client that dies and a client that hangs look alike to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from boardd.api.board_schema import LEASE_RENEW_MS, LeaseGrantParams
from boardd.daemon.claims import Claims


class Leases:
    """Runs from `start` to `stop`; `send(grant)` reaches every connected host."""

    def __init__(self, send: Callable[[LeaseGrantParams], None]) -> None:
        self._send = send
        self._claims: Claims | None = None
        self._told: LeaseGrantParams | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self, claims: Claims) -> None:
        """Begin."""
        self._claims = claims
        self.check()

    def stop(self) -> None:
        """Say nothing more."""
        self._claims = None
        if self._timer is not None:
            self._timer.cancel()

    def repeat(self) -> None:
        """Say it now, whether or not it is new: a host has just come, or a second has passed."""
        self._told = None
        self.check()

    def check(self) -> None:
        """Say it if it is new."""
        if self._claims is None:
            return
        grant = LeaseGrantParams(clients=self._claims.present_clients(), claims=self._claims.holders())
        if grant == self._told:
            return
        self._told = grant
        self._send(grant)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(LEASE_RENEW_MS / 1000, self.repeat)
