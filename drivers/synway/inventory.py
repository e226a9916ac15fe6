"""What the running library has: boards by serial number, spans, channels with their ids, and boards that are missing.

Ids follow the configured board names: `board/span/timeslot` on E1 cards (span and timeslot from 1), `board/port` on
analogue cards (port from 1). Boards that the site names but the library does not have are reported as missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.driver import BoardNaming
from boardd.contract.ids import bearer_id, port_id, span_id
from boardd.contract.objects import Board, Channel, Span
from boardd.contract.states import BoardState, ChannelState, SpanState
from drivers.synway import digital, fxo, fxs, tap
from drivers.synway._codes import SIGNALLING, ChType
from drivers.synway._native import Native
from drivers.synway.port import SynwayPort
from drivers.synway.session import Session
from drivers.synway.switching import Switch

FAMILY, MAKER = "synway", "Synway"
_NO_SERIAL = (0, 0xFFFFFFFF)
_KINDS: dict[int, tuple[ChannelKind, list[Capability]]] = {
    ChType.FXO: (ChannelKind.FXO, fxo.CAPABILITIES),
    ChType.FXS: (ChannelKind.FXS, fxs.CAPABILITIES),
    ChType.TAP: (ChannelKind.TAP, tap.CAPABILITIES),
}


@dataclass
class Found:
    """The inventory. `missing` are ids of boards that ought to be there; `unknown` counts channel types not driven."""

    boards: dict[str, Board] = field(default_factory=dict)
    spans: dict[int, Span] = field(default_factory=dict)
    channels: list[tuple[Channel, int]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown: dict[int, int] = field(default_factory=dict)


def read_inventory(native: Native, naming: BoardNaming, domain: str = "") -> Found:
    """Ask the library. Runs on the door thread. Raises DeviceError when it does not answer at all."""
    lib = native.lib
    found = Found()
    names: dict[int, str] = {}
    configured = native.query(lib.SsmGetMaxCfgBoard)
    broken: list[int] = []
    for number in range(configured):
        board = _board(native, naming, number, domain)
        if board is None:
            broken.append(number)
        else:
            found.boards[board.id] = board
            names[number] = board.id
    _add_missing(found, naming, broken, domain)
    _add_spans(native, found, names)
    for ch in range(native.query(lib.SsmGetMaxCh)):
        _add_channel(native, found, names, ch, domain)
    return found


def _board(native: Native, naming: BoardNaming, number: int, domain: str) -> Board | None:
    model = native.text(native.lib.SsmGetBoardName, number)
    if not model:
        return None
    serial = native.lib.SsmGetPciSerialNo(number) & 0xFFFFFFFF
    text = f"n{number}" if serial in _NO_SERIAL else str(serial)
    return Board(
        id=naming.name(text),
        domain=domain,
        family=FAMILY,
        maker=MAKER,
        model=model,
        serial=text,
        number=number,
        state=BoardState.RUNNING,
    )


def _add_missing(found: Found, naming: BoardNaming, broken: list[int], domain: str) -> None:
    """Start succeeds although cards failed (section 4): those named but not there, and configured but not answering."""
    present = {board.serial for board in found.boards.values()}
    for serial, name in naming.lost(present):
        number = broken.pop(0) if broken else -1
        found.boards[name] = _absent(name, serial, number, domain)
        found.missing.append(name)
    for number in broken:
        name = f"{naming.default_prefix}n{number}"
        found.boards[name] = _absent(name, "", number, domain)
        found.missing.append(name)


def _absent(name: str, serial: str, number: int, domain: str) -> Board:
    return Board(
        id=name,
        domain=domain,
        family=FAMILY,
        maker=MAKER,
        model="",
        serial=serial,
        number=number,
        state=BoardState.MISSING,
        reason="not found by the library",
    )


def _add_spans(native: Native, found: Found, names: dict[int, str]) -> None:
    lib = native.lib
    for pcm in range(max(0, lib.SsmGetMaxPcm())):
        first = lib.SsmPcmTsToCh(pcm, 1)
        place = native.span_place(pcm) or _place_by_channel(native, first)
        if place is None or place[0] not in names:
            continue
        board, number = names[place[0]], place[1] + 1
        status = native.span_status(pcm)
        found.spans[pcm] = Span(
            id=span_id(board, number),
            board=board,
            number=number,
            pcm=pcm,
            signalling=SIGNALLING.get(_type(native, first), ""),
            state=span_state(status),
            alarms=span_alarms(status),
            raw_status=status,
        )


def _place_by_channel(native: Native, first: int) -> tuple[int, int] | None:
    """A library that does not tell where a span is: 30 channels of a board make one span (section 8)."""
    place = native.place(first) if first >= 0 else None
    return (place[0], place[1] // 30) if place else None


def _type(native: Native, ch: int) -> ChType:
    number = native.lib.SsmGetChType(ch) if ch >= 0 else -1
    return ChType(number) if number in set(ChType) else ChType.EMPTY


def span_state(status: int | None) -> SpanState:
    """By the maker's status word: 0 is in sync, anything else an alarm (section 8); unknown counts as up."""
    return SpanState.ALARM if status else SpanState.UP


def span_alarms(status: int | None) -> list[str]:
    """The bits are not published: one alarm that shows the word."""
    return [f"status_{status:04x}"] if status else []


def _add_channel(native: Native, found: Found, names: dict[int, str], ch: int, domain: str) -> None:
    number = native.lib.SsmGetChType(ch)
    place = native.place(ch)
    if place is None or place[0] not in names or number == ChType.EMPTY:
        return
    board = names[place[0]]
    if number in _KINDS:
        kind, capabilities = _KINDS[number]
        channel = Channel(
            id=port_id(board, place[1] + 1),
            domain=domain,
            board=board,
            kind=kind,
            maker_channel=ch,
            state=ChannelState.OUT_OF_SERVICE,
            port=place[1] + 1,
            capabilities=list(capabilities),
        )
    elif number in SIGNALLING:
        channel = _bearer(native, found, board, place[1], ch, ChType(number), domain)
    else:
        found.unknown[number] = found.unknown.get(number, 0) + 1
        return
    found.channels.append((channel, number))


def _bearer(native: Native, found: Found, board: str, board_ch: int, ch: int, kind: ChType, domain: str) -> Channel:
    at = native.timeslot(ch)
    if at is not None and at[0] in found.spans:
        span, slot = found.spans[at[0]].number, at[1]
    else:
        # No [PcmInfo] in the configuration: channels follow the timeslots 1-15 and 17-31 (section 8).
        span, index = board_ch // 30 + 1, board_ch % 30
        slot = index + 1 if index < 15 else index + 2
    return Channel(
        id=bearer_id(board, span, slot),
        domain=domain,
        board=board,
        kind=ChannelKind.E1_BEARER,
        maker_channel=ch,
        state=ChannelState.OUT_OF_SERVICE,
        span=span_id(board, span),
        timeslot=slot,
        signalling=SIGNALLING[kind],
        capabilities=list(digital.CAPABILITIES),
    )


def make_port(channel: Channel, number: int, session: Session, switch: Switch) -> SynwayPort:
    """The port for a channel of the maker's type `number`."""
    if channel.kind is ChannelKind.FXO:
        return fxo.FxoPort(channel, session, switch)
    if channel.kind is ChannelKind.FXS:
        return fxs.FxsPort(channel, session, switch)
    if channel.kind is ChannelKind.TAP:
        return tap.TapPort(channel, session, switch)
    return digital.DigitalPort(channel, session, switch, ChType(number))
