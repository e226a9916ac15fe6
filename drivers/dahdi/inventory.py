"""What the running kernel has: boards by hardware id or place, spans, channels with their ids, boards that are missing.

A channel's id comes from its card and its place on it, never from DAHDI's running numbers, which follow the order in
which modules were loaded: `board/span/timeslot` on E1s, `board/port` for exchange lines and telephones.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field

from boardd.contract.capabilities import ChannelKind
from boardd.contract.driver import BoardNaming
from boardd.contract.ids import bearer_id, port_id, span_id
from boardd.contract.objects import Board, Channel, Span
from boardd.contract.states import BoardState, ChannelState, SpanState
from drivers.dahdi._codes import D_CHANNELS, FXO_PORTS, FXS_PORTS, Signalling
from drivers.dahdi._errors import DahdiError
from drivers.dahdi._native import Native, Params, SpanStatus
from drivers.dahdi.settings import Settings, SpanKind
from drivers.dahdi.sysfs import Device, key_of, read_devices

FAMILY = "dahdi"
MOST_SPANS = 128
LARGEST_HOLE = 256
NOT_FOUND = "not found by DAHDI"
_BEARERS = (Signalling.CLEAR, Signalling.CAS)


@dataclass
class FoundSpan:
    """A span with its channels by position. `e1` None: no timeslots, only ports."""

    status: SpanStatus
    board: str
    number: int
    """On the card, from 1."""
    channels: dict[int, Params] = field(default_factory=dict)
    e1: Span | None = None
    kind: SpanKind = SpanKind.NONE
    first_port: int = 0
    """Ports of the card on spans before this one."""


@dataclass
class Found:
    """The inventory. `missing` are boards that the site names; `unused` counts channels by signalling not driven."""

    boards: dict[str, Board] = field(default_factory=dict)
    spans: list[FoundSpan] = field(default_factory=list)
    channels: dict[int, Channel] = field(default_factory=dict)
    """By DAHDI's channel number."""
    missing: list[str] = field(default_factory=list)
    unused: dict[str, int] = field(default_factory=dict)

    def span_of(self, number: int) -> FoundSpan:
        """The span of DAHDI's number. Raises KeyError."""
        return next(span for span in self.spans if span.status.number == number)


def read_inventory(native: Native, ctl: int, naming: BoardNaming, settings: Settings) -> Found:
    """Ask the kernel; on the door thread. Raises DahdiError."""
    found = Found()
    devices = read_devices(native.root())
    params = _all_params(native, ctl)
    for status in _spans(native, ctl):
        board, number = _place(found, devices, status, naming)
        channels = {p.position: p for p in params if p.span == status.number}
        span = FoundSpan(status, board, number, channels)
        span.first_port = sum(len(s.channels) for s in found.spans if s.board == board and s.e1 is None)
        found.spans.append(span)
        _name_channels(found, span, settings)
    _add_missing(found, naming)
    return found


def _spans(native: Native, ctl: int) -> list[SpanStatus]:
    """Span numbers may have holes: a card that was pulled out leaves one."""
    found: list[SpanStatus] = []
    for number in range(1, MOST_SPANS + 1):
        status = native.span_status(ctl, number)
        if status is not None:
            found.append(status)
    return found


def _all_params(native: Native, ctl: int) -> list[Params]:
    """All channels, by numbers from 1; a hole is a card that was pulled out, a very large one the end."""
    found: list[Params] = []
    number = last = 1
    while number - last <= LARGEST_HOLE:
        try:
            found.append(native.params(ctl, number))
            last = number
        except DahdiError as error:
            if not error.gone and error.errno != errno.EINVAL:
                raise
        number += 1
    return found


def _place(found: Found, devices: list[Device], status: SpanStatus, naming: BoardNaming) -> tuple[str, int]:
    """Board id and number of the span on it; the board is entered."""
    device = next((d for d in devices if status.number in d.spans), None)
    if device is None:
        device = Device(
            key_of(status.location) or key_of(status.name),
            "",
            status.location,
            status.manufacturer,
            status.device_type,
            {status.number: 1},
        )
    board = naming.name(device.key)
    if board not in found.boards:
        found.boards[board] = Board(
            id=board,
            domain="",
            family=FAMILY,
            maker=device.manufacturer or status.manufacturer,
            model=device.type or status.device_type or status.description,
            serial=device.key,
            number=status.number,
            state=BoardState.RUNNING,
        )
    return board, device.spans[status.number]


def _name_channels(found: Found, span: FoundSpan, settings: Settings) -> None:
    timeslots = [p for p in span.channels.values() if p.signalling in _BEARERS]
    if timeslots:
        span.kind = _kind(span, settings)
        span.e1 = Span(
            id=span_id(span.board, span.number),
            board=span.board,
            number=span.number,
            pcm=span.status.number,
            signalling=str(span.kind),
            state=SpanState.DOWN,
        )
    for position, params in sorted(span.channels.items()):
        channel = _channel(span, position, params)
        if channel is not None:
            found.channels[params.channel] = channel
        elif params.signalling not in D_CHANNELS and (span.e1 is None or span.kind is not SpanKind.NONE):
            name = _word(params.signalling)
            found.unused[name] = found.unused.get(name, 0) + 1


def _kind(span: FoundSpan, settings: Settings) -> SpanKind:
    wanted = settings.span_kind(span_id(span.board, span.number))
    if wanted is not None:
        return wanted
    by_bits = any(params.signalling == Signalling.CAS for params in span.channels.values())
    return SpanKind.R2 if by_bits else SpanKind.PRI_CPE


def _channel(span: FoundSpan, position: int, params: Params) -> Channel | None:
    if params.signalling in FXO_PORTS or params.signalling in FXS_PORTS:
        port = span.first_port + position
        return Channel(
            id=port_id(span.board, port),
            domain="",
            board=span.board,
            kind=ChannelKind.FXO if params.signalling in FXO_PORTS else ChannelKind.FXS,
            maker_channel=params.channel,
            state=ChannelState.OUT_OF_SERVICE,
            port=port,
            signalling=_word(params.signalling),
        )
    if params.signalling in _BEARERS and span.e1 is not None and span.kind is not SpanKind.NONE:
        return Channel(
            id=bearer_id(span.board, span.number, position),
            domain="",
            board=span.board,
            kind=ChannelKind.E1_BEARER,
            maker_channel=params.channel,
            state=ChannelState.OUT_OF_SERVICE,
            span=span.e1.id,
            timeslot=position,
            signalling=str(span.kind),
        )
    return None


def _word(signalling: int) -> str:
    known = {int(s): s.name.lower() for s in Signalling}
    return known.get(signalling, f"{signalling:#x}")


def _add_missing(found: Found, naming: BoardNaming) -> None:
    """Cards that the site names but the kernel does not have."""
    present = {board.serial for board in found.boards.values()}
    for serial, name in naming.lost(present):
        found.missing.append(name)
        found.boards[name] = absent(name, serial)


def absent(name: str, serial: str) -> Board:
    """A board that is not there."""
    return Board(
        id=name,
        domain="",
        family=FAMILY,
        model="",
        serial=serial,
        number=-1,
        state=BoardState.MISSING,
        reason=NOT_FOUND,
    )


def d_channel(span: FoundSpan) -> Params | None:
    """The span's signalling channel, where it has one."""
    return next((p for p in span.channels.values() if p.signalling in D_CHANNELS), None)
