"""The boards of a started domain: ports and E1s opened, lost when a card is pulled, opened again when it is back."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from boardd.contract.capabilities import ChannelKind, Maintenance
from boardd.contract.driver import BoardChanged, SpanChanged, Usable
from boardd.contract.errors import BoarddError, ConfigurationError, UnknownIdError
from boardd.contract.objects import Board, Channel, Span
from boardd.contract.states import BoardState, ChannelState, SpanState
from boardd.contract.text import _
from boardd.native.door import DeadlineClass
from drivers.dahdi._codes import Alarm, Law, Maint, Signalling
from drivers.dahdi._errors import DahdiError
from drivers.dahdi._native import Native
from drivers.dahdi.bearer import BearerPort, R2BearerPort
from drivers.dahdi.fxo import FxoPort
from drivers.dahdi.fxs import FxsPort
from drivers.dahdi.inventory import Found, FoundSpan, d_channel
from drivers.dahdi.parts import Parts
from drivers.dahdi.port import REMOVED, RESTING, DahdiPort
from drivers.dahdi.pri import PriTrunk
from drivers.dahdi.profiles import directions, number_types, pri_profile, r2_profile
from drivers.dahdi.r2 import R2Trunk
from drivers.dahdi.session import log
from drivers.dahdi.settings import SpanKind
from drivers.dahdi.trunk import Trunk

IN_USE = "in use by another program"
MAINTENANCE = {
    Maintenance.NONE: Maint.NONE,
    Maintenance.LOCAL_LOOP: Maint.LOCALLOOP,
    Maintenance.LINE_LOOP: Maint.NETWORKLINELOOP,
    Maintenance.PAYLOAD_LOOP: Maint.NETWORKPAYLOADLOOP,
    Maintenance.LOOP_UP: Maint.LOOPUP,
    Maintenance.LOOP_DOWN: Maint.LOOPDOWN,
    Maintenance.FAS_ERROR: Maint.FAS_DEFECT,
    Maintenance.MULTIFRAME_ERROR: Maint.MULTI_DEFECT,
    Maintenance.CRC_ERROR: Maint.CRC_DEFECT,
    Maintenance.CAS_ERROR: Maint.CAS_DEFECT,
    Maintenance.PRBS_ERROR: Maint.PRBS_DEFECT,
    Maintenance.BIPOLAR_ERROR: Maint.BIPOLAR_DEFECT,
    Maintenance.CLEAR_COUNTERS: Maint.RESET_COUNTERS,
}


class Cards:
    """Ports by channel id, E1s by span id, boards by id."""

    def __init__(self, parts: Parts, channel_settings: Mapping[str, Any]) -> None:
        self._parts = parts
        self._session = parts.session
        self._own = channel_settings
        self.boards: dict[str, Board] = {}
        self.ports: dict[str, DahdiPort] = {}
        self.trunks: dict[str, Trunk] = {}
        self.alarms: dict[str, Alarm] = {}
        """Of channels, as they were when the inventory was read."""

    # -- building -----------------------------------------------------------------------------------------------------
    def build(self, found: Found) -> None:
        """Ports and E1s of an inventory, nothing opened yet. Raises ConfigurationError."""
        self.boards = found.boards
        for span in found.spans:
            for params in span.channels.values():
                channel = found.channels.get(params.channel)
                if channel is not None:
                    self.ports[channel.id] = self._port(span, channel)
                    self.alarms[channel.id] = params.alarms
        for span in found.spans:
            if span.e1 is not None and span.kind is not SpanKind.NONE:
                self.trunks[span.e1.id] = self._trunk(span, span.e1)

    def _port(self, span: FoundSpan, channel: Channel) -> DahdiPort:
        settings = self._session.settings
        port: DahdiPort
        if channel.kind is ChannelKind.FXO:
            port = FxoPort(channel, self._parts, settings.fxo_of(channel.id))
        elif channel.kind is ChannelKind.FXS:
            port = FxsPort(channel, self._parts, settings.fxs_of(channel.id))
        elif span.kind is SpanKind.R2:
            port = R2BearerPort(channel, self._parts)
        else:
            port = BearerPort(channel, self._parts)
        port.on_removed = lambda: self.removed(channel.board)
        return port

    def _trunk(self, span: FoundSpan, e1: Span) -> Trunk:
        settings = self._session.settings
        ports = {
            port.slot: port for port in self.ports.values() if isinstance(port, BearerPort) and port.info.span == e1.id
        }
        trunk: Trunk
        if span.kind is SpanKind.R2:
            self._check_bits(span, e1)
            ways = directions(settings, {slot: port.id for slot, port in ports.items()}, self._own)
            trunk = R2Trunk(self._parts, e1, ports, ways, r2_profile(settings, e1.id))
        else:
            signalling = d_channel(span)
            if signalling is None:
                what = _("{span}: no D channel is configured; system.conf needs dchan={number} for it")
                first = min(p.channel for p in span.channels.values())
                raise ConfigurationError(what.format(span=e1.id, number=first + 15), span=e1.id)
            profile = pri_profile(settings, e1.id, span.kind, tuple(sorted(ports)))
            types = number_types(settings, e1.id)
            trunk = PriTrunk(self._parts, e1, ports, signalling.channel, profile, types)
        board = span.board
        trunk.on_removed = lambda: self.removed(board)
        return trunk

    def _check_bits(self, span: FoundSpan, e1: Span) -> None:
        wrong = [p.channel for p in span.channels.values() if p.signalling == Signalling.CLEAR]
        if wrong:
            what = _("{span} is to speak R2, but channel {number} has no line bits; system.conf needs cas= for it")
            raise ConfigurationError(what.format(span=e1.id, number=wrong[0]), span=e1.id)

    # -- opening ------------------------------------------------------------------------------------------------------
    async def open(self, board: str) -> None:
        """Open the board's channels and what its E1s need. Raises DahdiError when the card is gone meanwhile."""
        ports = [port for port in self.ports.values() if port.info.board == board]
        native = self._session.native
        opened = await self._session.run(
            "open channels", lambda: [_open(port, native) for port in ports], deadline=DeadlineClass.START_STOP
        )
        for port, result in zip(ports, opened, strict=True):
            if not isinstance(result, DahdiError):
                port.attach(*result)
        for port, result in zip(ports, opened, strict=True):
            if isinstance(result, DahdiError):
                self._not_opened(port, result)
        try:
            for trunk in self._trunks_of(board):
                await trunk.open()
        except BoarddError:
            # Whoever tries again must not find the channels busy with ourselves.
            for trunk in self._trunks_of(board):
                trunk.close()
            for port in ports:
                port.detach()
            raise

    def _not_opened(self, port: DahdiPort, error: DahdiError) -> None:
        log.error("channel_not_opened", channel=port.id, number=port.number, error=error.message)
        reason = IN_USE if error.errno == errno.EBUSY else error.message
        if self.boards[port.info.board].state is BoardState.RUNNING:
            port.announced(ChannelState.BROKEN, reason)
        else:
            port.info.reason = reason
            self._session.emit(Usable(port.id, False, reason))

    async def open_again(self, port: DahdiPort) -> None:
        """A channel that could not be opened: perhaps whoever had it has gone. Raises what the door raises."""
        try:
            opened = await self._session.run("open channel", port.open, self._session.native)
        except DahdiError:
            return
        if port.attached or port.state not in RESTING or self.boards[port.info.board].state is not BoardState.RUNNING:
            self._session.order("close", self._session.native.close, opened[0])
            return
        log.info("channel_opened", channel=port.id, number=port.number)
        port.attach(*opened)
        port.info.reason = ""
        port.resume(self.alarms.get(port.id, Alarm.NONE))
        if isinstance(port, BearerPort) and port.info.span in self.trunks:
            self.trunks[port.info.span].slot_back(port.slot)

    async def begin(self, board: str) -> None:
        """The channels are open: let ports and E1s begin."""
        for port in self.ports.values():
            if port.info.board == board and port.attached:
                port.begin(self.alarms.get(port.id, Alarm.NONE))
        for trunk in self._trunks_of(board):
            status = await self._session.run(
                "SPANSTAT", self._session.native.span_status, self._session.ctl, trunk.span.pcm
            )
            trunk.start(status.alarms if status is not None else Alarm.RED)

    def _trunks_of(self, board: str) -> list[Trunk]:
        return [trunk for trunk in self.trunks.values() if trunk.span.board == board]

    # -- maintenance --------------------------------------------------------------------------------------------------
    async def maintain(self, span: str, what: Maintenance) -> None:
        """Loop an E1 or send an error on it. Raises UnknownIdError, DahdiError."""
        trunk = self.trunks.get(span)
        if trunk is None:
            raise UnknownIdError(f"no span {span} in this domain", span=span)
        session = self._session
        await session.run("MAINT", session.native.maintain, session.ctl, trunk.span.pcm, MAINTENANCE[what])
        trunk.looped(what)

    # -- a card that goes and comes -----------------------------------------------------------------------------------
    def removed(self, board: str) -> None:
        """The card was pulled out: its calls end, its channels are out of service."""
        known = self.boards[board]
        if known.state is not BoardState.RUNNING:
            return
        log.error("board_removed", board=board, serial=known.serial)
        known.state, known.reason = BoardState.MISSING, REMOVED
        for trunk in self._trunks_of(board):
            trunk.close()
            trunk.span.state, trunk.span.alarms = SpanState.DOWN, []
            self._session.emit(SpanChanged(trunk.span.id, SpanState.DOWN))
        for port in self.ports.values():
            if port.info.board == board and port.attached:
                port.lost()
        self._session.emit(BoardChanged(board, BoardState.MISSING, REMOVED))

    async def try_return(self, found: Found) -> None:
        """An inventory was read again: open the boards that are back with all the channels that they had."""
        for board, known in self.boards.items():
            if known.state is not BoardState.MISSING or board not in found.boards:
                continue
            if found.boards[board].state is not BoardState.RUNNING:
                continue
            try:
                await self._return(board, found)
            except (DahdiError, ConfigurationError) as error:
                log.warning("board_not_back", board=board, error=error.message)

    async def _return(self, board: str, found: Found) -> None:
        numbers = {channel.id: channel.maker_channel for channel in found.channels.values() if channel.board == board}
        mine = {port.id: port for port in self.ports.values() if port.info.board == board}
        if not mine or set(numbers) != set(mine):
            raise DahdiError("inventory", errno.ENODEV, board=board)
        for channel, port in mine.items():
            port.number = port.info.maker_channel = numbers[channel]
            port.info.reason = ""
        for span in found.spans:
            if span.e1 is not None and span.e1.id in self.trunks:
                old = self.trunks[span.e1.id].span
                old.pcm = span.e1.pcm
                self.trunks[old.id] = self._trunk(span, old)
        await self.open(board)
        known = self.boards[board]
        known.state, known.reason = BoardState.RUNNING, ""
        self._session.emit(BoardChanged(board, BoardState.RUNNING))
        for port in (port for port in mine.values() if port.attached):
            port.resume(self.alarms.get(port.id, Alarm.NONE))
        for trunk in self._trunks_of(board):
            trunk.start(Alarm.NONE)
        log.info("board_back", board=board)

    # -- ending -------------------------------------------------------------------------------------------------------
    def close(self) -> None:
        """Close everything."""
        for trunk in self.trunks.values():
            trunk.close()
        for port in self.ports.values():
            port.detach()


def _open(port: DahdiPort, native: Native) -> tuple[int, Law] | DahdiError:
    try:
        return port.open(native)
    except DahdiError as error:
        return error
