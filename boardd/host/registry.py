"""What the domain has: boards, spans, lines; names, groups and extensions come from the configuration."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from boardd import clock
from boardd.config.site import Site
from boardd.contract.driver import BoardChanged, ChannelPort, Inventory, SpanChanged
from boardd.contract.errors import UnknownIdError
from boardd.contract.events import EventType
from boardd.contract.ids import UlidSource
from boardd.contract.objects import Board, Channel, Domain, Span
from boardd.contract.states import BoardState, SpanState
from boardd.host.alarms import Alarms
from boardd.host.line import Line
from boardd.host.outlet import Outlet


class Registry:
    """The domain's own picture of its hardware."""

    def __init__(self, domain: str, driver: str, site: Site, outlet: Outlet, alarms: Alarms) -> None:
        self._site = site
        self._outlet = outlet
        self._alarms = alarms
        incarnation = UlidSource().mint(clock.wall_ms())
        self.domain = Domain(name=domain, driver=driver, incarnation=incarnation, connected=True)
        self.boards: dict[str, Board] = {}
        self.spans: dict[str, Span] = {}
        self.lines: dict[str, Line] = {}

    def load(self, inventory: Inventory) -> None:
        """Take over what the driver found at start."""
        self.boards = {board.id: board for board in inventory.boards}
        for board in inventory.boards:
            board.domain = self.domain.name
        self.spans = {span.id: span for span in inventory.spans}
        self.lines = {port.id: self._line(port) for port in inventory.ports.values()}
        self.domain.switching = inventory.switching
        self.domain.library = inventory.library
        self.domain.library_version = inventory.library_version
        for board in self.boards.values():
            self._board_alarm(board)
        for span in self.spans.values():
            self._span_alarm(span)

    def _line(self, port: ChannelPort) -> Line:
        channel = msgspec.structs.replace(port.info)
        section = self._site.channel(channel.id)
        channel.domain = self.domain.name
        channel.group = self._site.group_of(channel)
        group = self._site.group(channel.group)
        channel.label, channel.extension = section.label, section.extension
        channel.direction = section.direction or group.direction
        channel.always_off_hook = section.always_off_hook
        channel.state = port.state
        return Line(channel, port, group, self._outlet, self._alarms)

    # -- looking up ---------------------------------------------------------------------------------------------------
    def line(self, channel_id: str) -> Line:
        """Raises UnknownIdError."""
        line = self.lines.get(channel_id)
        if line is None:
            raise UnknownIdError(f"no channel {channel_id} in domain {self.domain.name}", channel=channel_id)
        return line

    def in_group(self, group: str) -> Iterator[Line]:
        """The lines of a channel group, in the order of the inventory."""
        return (line for line in self.lines.values() if line.channel.group == group)

    def station(self, extension: str) -> Line | None:
        """The station with this extension, if it is in this domain."""
        for line in self.lines.values():
            if line.is_station and extension and line.channel.extension == extension:
                return line
        return None

    def subject(self, name: str) -> str:
        """What a driver's alarm is about: a board, span or channel, or else the domain as a whole."""
        known = name in self.boards or name in self.spans or name in self.lines
        return name if known else self.domain.name

    def channels(self) -> list[Channel]:
        """All channels as announced."""
        return [line.channel for line in self.lines.values()]

    # -- changes ------------------------------------------------------------------------------------------------------
    def set_domain(self, state: BoardState, reason: str = "") -> None:
        """Announce the domain's state; `broken` raises the alarm."""
        self.domain.state, self.domain.reason = state, reason
        if state is BoardState.BROKEN:
            self._alarms.set("domain_broken", self.domain.name, reason)
        else:
            self._alarms.clear("domain_broken", self.domain.name)
        self._outlet.publish(EventType.DOMAIN, host=self.domain, text=str(state))

    def board_changed(self, event: BoardChanged) -> bool:
        """Apply a driver's event; False when there is no such board."""
        board = self.boards.get(event.channel)
        if board is None:
            return False
        board.state, board.reason = event.state, event.reason
        self._outlet.publish(EventType.BOARD_STATE, board=board)
        self._board_alarm(board)
        return True

    def span_changed(self, event: SpanChanged) -> bool:
        """Apply a driver's event; False when there is no such span."""
        span = self.spans.get(event.channel)
        if span is None:
            return False
        span.state, span.alarms, span.raw_status = event.state, list(event.alarms), event.raw_status
        span.changed = clock.instant()
        self._outlet.publish(EventType.SPAN_STATE, span=span)
        self._span_alarm(span)
        return True

    def _board_alarm(self, board: Board) -> None:
        for state, code in ((BoardState.BROKEN, "board_broken"), (BoardState.MISSING, "board_missing")):
            if board.state is state:
                self._alarms.set(code, board.id, board.reason)
            else:
                self._alarms.clear(code, board.id)

    def _span_alarm(self, span: Span) -> None:
        for state, code in ((SpanState.ALARM, "span_alarm"), (SpanState.DOWN, "span_down")):
            if span.state is state:
                self._alarms.set(code, span.id, " ".join(span.alarms))
            else:
                self._alarms.clear(code, span.id)
