"""Names in the configuration that no channel has: a slip that nobody would notice until somebody dials.

Looked for whenever a host has told what it owns, once all domains run. While a board is missing its channels are, too,
and nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import structlog

from boardd import clock
from boardd.config.site import Site, matches
from boardd.config.yamlfile import nearest_word
from boardd.contract.objects import Severity
from boardd.contract.states import BoardState
from boardd.contract.text import _
from boardd.daemon.lost_boards import CODE as BOARD_MISSING
from boardd.daemon.registry import Registry

log = structlog.get_logger()

CODE = "name_unknown"
KIND = "kind:"
"""Patterns that begin so are wishes, not names: a site may have none of that kind."""


class UnknownNames:
    """One alarm for each place of the configuration; over when every name there has a channel."""

    def __init__(self, site: Site, registry: Registry) -> None:
        self._site = site
        self._registry = registry

    def look(self) -> None:
        """Compare the configuration with what there is."""
        mirror = self._registry.mirror
        lost = any(board.state is BoardState.MISSING for board in mirror.boards.values())
        if lost or not self._registry.whole or any(code == BOARD_MISSING for code, _subject in mirror.alarms):
            return
        found = dict(self._unknown())
        at = clock.instant()
        for code, subject in list(mirror.alarms):
            if code == CODE and subject not in found:
                self._registry.clear_alarm(CODE, subject, at)
        for subject, text in found.items():
            if (CODE, subject) not in mirror.alarms:
                log.warning(CODE, place=subject, text=text)
            self._registry.raise_alarm(CODE, subject, at, Severity.WARNING, text)

    def _unknown(self) -> Iterator[tuple[str, str]]:
        """(place, text)."""
        channels = list(self._registry.mirror.channels.values())
        for name, group in self._site.groups.items():
            names = [pattern for pattern in group.channels if not pattern.startswith(KIND)]
            lost = [pattern for pattern in names if not any(matches(pattern, channel) for channel in channels)]
            if lost:
                yield f"groups.{name}", _text(lost, self._registry.mirror.channels)
        lost = [name for name in self._site.channels if name not in self._registry.mirror.channels]
        if lost:
            yield "channels", _text(lost, self._registry.mirror.channels)


def _text(lost: list[str], known: Iterable[str]) -> str:
    near = nearest_word(lost[0], known)
    if near:
        return _("there is no channel {names}; the nearest is {near}").format(names=", ".join(lost), near=near)
    return _("there is no channel {names}").format(names=", ".join(lost))
