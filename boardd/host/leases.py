"""Which controllers are there: leases renewed through the daemon, lapsing LEASE_LAPSE_MS after the last word of them.

A daemon that is gone renews nothing, so its death and a controller's look the same from here. The group holders come
with the leases when the daemon tells them, else from the requests that clients make.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from boardd.api.board_schema import LEASE_LAPSE_MS
from boardd.host.timers import Timers


class Leases:
    """The clients whose leases hold, and the groups they hold."""

    def __init__(self) -> None:
        self._timers = Timers()
        self._holding: set[str] = set()
        self._groups: dict[str, str] = {}
        self._told_groups = False
        self._attended_s: dict[str, float] = {}
        self._began_s = asyncio.get_running_loop().time()
        self.on_lapse: Callable[[str], None] = lambda _client: None
        self.on_return: Callable[[str], None] = lambda _client: None

    def renew(self, clients: Iterable[str], claims: Mapping[str, str] | None = None) -> None:
        """These clients' leases hold now; `claims`: channel group -> client, when the daemon tells."""
        if claims is not None:
            self._told_groups = True
            self._groups = dict(claims)
        for client in clients:
            self._timers.start(client, LEASE_LAPSE_MS / 1000, partial(self._lapse, client))
            if client not in self._holding:
                self._holding.add(client)
                self.on_return(client)
        now_s = asyncio.get_running_loop().time()
        held = [group for group, client in self._groups.items() if client in self._holding]
        self._attended_s.update(dict.fromkeys(held, now_s))

    def learn(self, client: str, groups: Iterable[str]) -> None:
        """A client's request came with the groups that it holds."""
        if not self._told_groups:
            self._groups.update(dict.fromkeys(groups, client))

    def holds(self, client: str) -> bool:
        """Whether the client is there."""
        return client in self._holding

    def attended(self, group: str) -> bool:
        """Whether somebody is there to take offers of the group, or was so lately that he is not missed yet.

        A daemon that was restarted tells of no claims until its clients have come back.
        """
        if self._groups.get(group) in self._holding or (not self._told_groups and self._holding):
            return True
        seen_s = self._attended_s.get(group)
        return seen_s is not None and asyncio.get_running_loop().time() - seen_s < LEASE_LAPSE_MS / 1000 - 1e-6

    def grace_s(self) -> float:
        """For how long yet a missing controller is not missed, because this host has only just begun."""
        return max(0.0, self._began_s + LEASE_LAPSE_MS / 1000 - asyncio.get_running_loop().time())

    def _lapse(self, client: str) -> None:
        self._holding.discard(client)
        self.on_lapse(client)
