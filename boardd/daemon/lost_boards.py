"""Boards of the configuration that no domain has, where several domains might: no host can tell that by itself.

A board whose section names a domain, or that can only be the only domain's, is missed by its host. Looked for whenever
a host has told what it owns, once all domains run.
"""

from __future__ import annotations

from boardd import clock
from boardd.config.site import Site
from boardd.contract.objects import Severity
from boardd.contract.states import BoardState
from boardd.contract.text import _
from boardd.daemon.registry import Registry

CODE = "board_missing"


class LostBoards:
    """One alarm for each, over when a domain has the board."""

    def __init__(self, site: Site, registry: Registry) -> None:
        self._names = [board.name for board in site.boards if not board.domain and len(site.domains) > 1]
        self._registry = registry

    def look(self) -> None:
        """Compare the configuration with what there is."""
        mirror = self._registry.mirror
        if not self._registry.whole:
            return
        at = clock.instant()
        for name in self._names:
            if name not in mirror.boards:
                text = _("no domain has board {name}: pulled out, without power, or another serial number")
                self._registry.raise_alarm(CODE, name, at, Severity.CRITICAL, text.format(name=name))
            elif (CODE, name) in mirror.alarms and mirror.boards[name].state is not BoardState.MISSING:
                self._registry.clear_alarm(CODE, name, at)
