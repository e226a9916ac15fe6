"""What a card driver must supply, and what the host promises it.

A driver translates one maker's library into this contract and nothing else: no call ids, no leases, no journal, no
policy. The host creates one `DomainDriver` per process, calls `start`, reads the inventory, and from then on gets
`DriverEvent`s through the sink in the order in which things happened. Everything runs on the host's event loop; vendor
code runs behind `native.door`.

Public operations live on `ChannelPort`: they check capability, state and arguments and then call the driver's `_do_*`.
A driver implements `_do_*` for each capability it declares; the contract suite fails a capability that has no case.

Life of a channel as the driver must report it (`ChannelPort.step` refuses everything else, once logged and counted):

    incoming  idle -> offered (Offered) [-> alerting] -> connected -> (ReleasedByFar) -> hangup() -> releasing -> idle
    outgoing  idle -> dialing -> [proceeding] -> [alerting] -> connected | (ReleasedByFar) -> hangup() -> …
    station   idle -> seized (OffHook) … | idle -> alerting (ring()) -> connected (OffHook) … -> idle at on-hook
    tap       idle -> observed -> idle

`hangup` is legal in every state, twice, and is the only way to `idle` once a call exists.

One file although it is long: whoever writes a driver reads it from top to bottom, events, requests, channel, domain.
"""

from __future__ import annotations

import abc
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from boardd.contract.capabilities import Capability, ChannelKind, Maintenance, Tone
from boardd.contract.errors import ArgumentError, UnsupportedError, WrongStateError
from boardd.contract.numbers import plain_name, plain_number
from boardd.contract.objects import Board, Channel, Span, SwitchingProfile
from boardd.contract.states import AnswerEvidence, BoardState, ChannelState, SpanState, may_step

CONTRACT_VERSION = 1

S = ChannelState


# -- events from driver to host --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DriverEvent:
    """Root of everything a driver tells its host; `channel` is a channel id."""

    channel: str


@dataclass(frozen=True, slots=True)
class Offered(DriverEvent):
    """An incoming call; FXO calls may lack numbers. The channel is already in `offered`."""

    called: str = ""
    caller: str = ""
    caller_name: str = ""
    original_called: str = ""


@dataclass(frozen=True, slots=True)
class CallerId(DriverEvent):
    """Caller ID that came after the offer. `complete` opens the caller-ID gate even when no number was sent."""

    caller: str
    caller_name: str = ""
    complete: bool = True


@dataclass(frozen=True, slots=True)
class RingCount(DriverEvent):
    """An FXO line has rung `count` bursts since the offer (opens the caller-ID gate at two)."""

    count: int


@dataclass(frozen=True, slots=True)
class Proceeding(DriverEvent):
    """Outgoing: the network has all digits."""


@dataclass(frozen=True, slots=True)
class Alerting(DriverEvent):
    """Outgoing: the far end rings."""


@dataclass(frozen=True, slots=True)
class Connected(DriverEvent):
    """The speech path is through, known by `evidence`."""

    evidence: AnswerEvidence


@dataclass(frozen=True, slots=True)
class ReleasedByFar(DriverEvent):
    """The far end (or the card) ended the call or the attempt; the host must `hangup`. `origin` far, card or line."""

    cause: int
    maker_code: str = ""
    maker_text: str = ""
    origin: str = "far"


@dataclass(frozen=True, slots=True)
class LineFree(DriverEvent):
    """The line is free: the channel is `idle` again."""


@dataclass(frozen=True, slots=True)
class OffHook(DriverEvent):
    """A station's telephone went off-hook."""


@dataclass(frozen=True, slots=True)
class OnHook(DriverEvent):
    """A station's telephone went on-hook (a flash is reported as `Flash`, never as this)."""


@dataclass(frozen=True, slots=True)
class Flash(DriverEvent):
    """Hook flash on a station."""


@dataclass(frozen=True, slots=True)
class Digit(DriverEvent):
    """A DTMF digit (0-9 * # A-D) was heard."""

    digit: str


@dataclass(frozen=True, slots=True)
class DigitsSent(DriverEvent):
    """The `send_digits` task is done (`completed`) or was cut short."""

    completed: bool


@dataclass(frozen=True, slots=True)
class PlayAdvanced(DriverEvent):
    """The play list moved on to entry `index`."""

    index: int


@dataclass(frozen=True, slots=True)
class PlayEnded(DriverEvent):
    """The play task ended: `end`, `digit`, `voice`, `stopped`, `released` or `failed`."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordEnded(DriverEvent):
    """The record task ended: `stopped`, `released`, `limit` or `write_failed`; `samples` at 8 kHz were written."""

    reason: str
    samples: int


@dataclass(frozen=True, slots=True)
class Observed(DriverEvent):
    """A tap saw a call begin; `direction` in, out."""

    direction: str
    caller: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class Usable(DriverEvent):
    """The channel became usable (`idle`) or unusable (`out_of_service` with a reason)."""

    usable: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChannelBroken(DriverEvent):
    """The channel needs a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class LineVoltage(DriverEvent):
    """The DC voltage on an analogue line changed."""

    volts: int


@dataclass(frozen=True, slots=True)
class SpanChanged(DriverEvent):
    """A span's state changed; `channel` holds the span id."""

    state: SpanState
    alarms: tuple[str, ...] = ()
    raw_status: int | None = None


@dataclass(frozen=True, slots=True)
class BoardChanged(DriverEvent):
    """A board's state changed; `channel` holds the board id."""

    state: BoardState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TieEnded(DriverEvent):
    """The other end of a tie is gone (its process died); `channel` holds the tie's name. The host closes the tie."""


@dataclass(frozen=True, slots=True)
class Trouble(DriverEvent):
    """Something a technician should see: alarm `code` raised or cleared for subject `channel` (id or domain)."""

    code: str
    raised: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fatal(DriverEvent):
    """The library is beyond repair in this process: the host dumps stacks, ends and is started again."""

    reason: str


EventSink = Callable[[DriverEvent], None]


# -- requests ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PlayRequest:
    """Play `files` (absolute paths, A-law WAV 8 kHz mono) in order; `digit_stops`/`voice_stops` are barge-in."""

    files: tuple[str, ...]
    loop: bool = False
    digit_stops: bool = False
    voice_stops: bool = False


@dataclass(frozen=True, slots=True)
class TieEnd:
    """One end of a ring of sound between two processes (media.engine.ring): its descriptors and which side it is."""

    descriptors: tuple[int, ...]
    side: int


@dataclass(frozen=True, slots=True)
class LinkChange:
    """One directed link to make (`on`) or drop, between channel ids; either end may be the name of an open tie."""

    source: str
    sink: str
    on: bool
    gain_mb: int = 0


# -- channels ---------------------------------------------------------------------------------------------------------
_ANY = frozenset(ChannelState)
_UP = frozenset({S.CONNECTED, S.ALERTING, S.OFFERED, S.PROCEEDING, S.SEIZED, S.DIALING})
_SOUND = frozenset({S.CONNECTED, S.SEIZED, S.ALERTING, S.PROCEEDING, S.OBSERVED, S.RELEASING})

ALLOWED: dict[Capability, frozenset[ChannelState]] = {
    Capability.DIAL: frozenset({S.IDLE}),
    Capability.RING: frozenset({S.IDLE}),
    Capability.ALERT: frozenset({S.OFFERED}),
    Capability.ANSWER: frozenset({S.OFFERED, S.ALERTING}),
    Capability.REJECT: frozenset({S.OFFERED, S.ALERTING}),
    Capability.HANGUP: _ANY,
    Capability.FLASH: frozenset({S.CONNECTED}),
    Capability.TONE: _SOUND,
    Capability.SEND_DIGITS: frozenset({S.CONNECTED, S.DIALING, S.PROCEEDING}),
    Capability.DETECT_DIGITS: _UP,
    Capability.PLAY: _SOUND,
    Capability.RECORD: _SOUND | {S.IDLE},
    Capability.LINK: _SOUND,
    Capability.CONFERENCE: _SOUND,
}
"""In which states an operation may be asked for."""

_DIALABLE = frozenset("0123456789*#ABCD,")


class ChannelPort(abc.ABC):
    """One channel of a driver: state, checks, and the `_do_*` that the driver writes.

    `info` is the static description plus what the driver knows at start. `step` is the only way to change `state`.
    """

    def __init__(self, info: Channel, sink: EventSink) -> None:
        self.info = info
        self.state: ChannelState = info.state
        self._sink = sink
        self.illegal_steps: dict[str, int] = {}
        self.counters: dict[str, int] = {}
        """What the driver counts for technicians; shown with the channel's own counters."""

    @property
    def id(self) -> str:
        """The channel id."""
        return self.info.id

    def can(self, capability: Capability) -> bool:
        """Whether the channel declared the capability."""
        return capability in self.info.capabilities

    def emit(self, event: DriverEvent) -> None:
        """Hand an event to the host. Numbers and names that are none are left out and counted as `odd_texts`."""
        if isinstance(event, Offered):
            event = replace(
                event,
                called=self._number(event.called),
                caller=self._number(event.caller),
                caller_name=self._name(event.caller_name),
                original_called=self._number(event.original_called),
            )
        elif isinstance(event, CallerId):
            event = replace(event, caller=self._number(event.caller), caller_name=self._name(event.caller_name))
        self._sink(event)

    def _number(self, text: str) -> str:
        return self._plain(plain_number(text))

    def _name(self, text: str) -> str:
        return self._plain(plain_name(text))

    def _plain(self, text: str | None) -> str:
        if text is None:
            self.counters["odd_texts"] = self.counters.get("odd_texts", 0) + 1
        return text or ""

    def step(self, new: ChannelState) -> bool:
        """Go to `new` if the table allows it; otherwise count the refusal and stay. Same state is a quiet yes."""
        if new is self.state:
            return True
        if not may_step(self.state, new):
            key = f"{self.state}>{new}"
            self.illegal_steps[key] = self.illegal_steps.get(key, 0) + 1
            return False
        self.state = new
        return True

    def require(self, capability: Capability) -> None:
        """Raise UnsupportedError or WrongStateError unless the operation may be asked for now."""
        if not self.can(capability):
            raise UnsupportedError(f"{self.id} cannot {capability}", channel=self.id, operation=str(capability))
        allowed = ALLOWED[capability]
        if self.state not in allowed:
            raise WrongStateError(
                f"{self.id} is {self.state}; {capability} needs {', '.join(sorted(allowed))}",
                channel=self.id,
                operation=str(capability),
                state=str(self.state),
                allowed=sorted(allowed),
            )

    # Every operation returns when the card has accepted it; its effect is reported by an event.
    async def dial(self, number: str, caller: str = "") -> None:
        """Begin an outgoing call. Events: Proceeding, Alerting, Connected, ReleasedByFar."""
        self.require(Capability.DIAL)
        check_digits("number", number)
        if caller:
            check_digits("caller", caller)
        await self._do_dial(number, caller)

    async def ring(self, caller: str = "", caller_name: str = "") -> None:
        """Ring a station's telephone with caller ID, as far as it is one. Events: Connected(HOOK) when lifted."""
        self.require(Capability.RING)
        await self._do_ring(plain_number(caller) or "", plain_name(caller_name) or "")

    async def alert(self) -> None:
        """Tell the network that the offered call rings (ALERTING, KB 1)."""
        self.require(Capability.ALERT)
        await self._do_alert()

    async def answer(self) -> None:
        """Answer the offered call. Event: Connected."""
        self.require(Capability.ANSWER)
        await self._do_answer()

    async def reject(self, cause: int) -> None:
        """Refuse the offered call with a Q.850 cause; the channel goes to `releasing`."""
        self.require(Capability.REJECT)
        await self._do_reject(cause)

    async def hangup(self, cause: int = 16) -> None:
        """End whatever there is. Legal in every state, twice. Event: LineFree when the line is free."""
        await self._do_hangup(cause)

    async def flash(self) -> None:
        """Send a hook flash on an analogue trunk."""
        self.require(Capability.FLASH)
        await self._do_flash()

    async def tone(self, tone: Tone | None) -> None:
        """Play a supervisory tone to the line, or stop it (None)."""
        self.require(Capability.TONE)
        await self._do_tone(tone)

    async def send_digits(self, digits: str) -> None:
        """Send DTMF (0-9 * # A-D, comma = pause). Event: DigitsSent."""
        self.require(Capability.SEND_DIGITS)
        check_digits("digits", digits)
        await self._do_send_digits(digits)

    async def play(self, request: PlayRequest) -> None:
        """Begin a play task; the channel must not be playing. Events: PlayAdvanced, PlayEnded."""
        self.require(Capability.PLAY)
        if not request.files:
            raise ArgumentError("play needs at least one file", argument="files", channel=self.id)
        await self._do_play(request)

    async def stop_play(self) -> None:
        """Stop the play task, if any. Event: PlayEnded('stopped')."""
        await self._do_stop_play()

    async def record(self, path: str) -> None:
        """Record what this channel hears into `path` (raw A-law 8 kHz mono). Event: RecordEnded."""
        self.require(Capability.RECORD)
        await self._do_record(path)

    async def stop_record(self) -> None:
        """Stop the record task, if any. Event: RecordEnded('stopped')."""
        await self._do_stop_record()

    async def recorded_samples(self) -> int:
        """Samples recorded so far by the running record task, on the card's clock."""
        return await self._do_recorded_samples()

    @abc.abstractmethod
    async def _do_hangup(self, cause: int) -> None: ...

    async def _do_dial(self, number: str, caller: str) -> None:
        raise _missing(self, Capability.DIAL)

    async def _do_ring(self, caller: str, caller_name: str) -> None:
        raise _missing(self, Capability.RING)

    async def _do_alert(self) -> None:
        raise _missing(self, Capability.ALERT)

    async def _do_answer(self) -> None:
        raise _missing(self, Capability.ANSWER)

    async def _do_reject(self, cause: int) -> None:
        raise _missing(self, Capability.REJECT)

    async def _do_flash(self) -> None:
        raise _missing(self, Capability.FLASH)

    async def _do_tone(self, tone: Tone | None) -> None:
        raise _missing(self, Capability.TONE)

    async def _do_send_digits(self, digits: str) -> None:
        raise _missing(self, Capability.SEND_DIGITS)

    async def _do_play(self, request: PlayRequest) -> None:
        raise _missing(self, Capability.PLAY)

    async def _do_stop_play(self) -> None:
        raise _missing(self, Capability.PLAY)

    async def _do_record(self, path: str) -> None:
        raise _missing(self, Capability.RECORD)

    async def _do_stop_record(self) -> None:
        raise _missing(self, Capability.RECORD)

    async def _do_recorded_samples(self) -> int:
        raise _missing(self, Capability.RECORD)


def _missing(port: ChannelPort, capability: Capability) -> UnsupportedError:
    return UnsupportedError(f"{port.id} cannot {capability}", channel=port.id, operation=str(capability))


def check_digits(argument: str, digits: str) -> None:
    """Raise ArgumentError unless `digits` is 1-64 of 0-9 * # A-D and comma."""
    if not digits or len(digits) > 64 or not set(digits) <= _DIALABLE:
        raise ArgumentError(f"{argument} must be 1-64 of 0-9 * # A-D ,", argument=argument, value=digits)


# -- the domain -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Inventory:
    """What the driver found at start."""

    boards: Sequence[Board]
    spans: Sequence[Span]
    ports: Mapping[str, ChannelPort]
    switching: SwitchingProfile
    library: str = ""
    library_version: str = ""


@dataclass(frozen=True, slots=True)
class BoardNaming:
    """Configured names: serial number -> board name; `default_prefix`+serial for cards without one.

    `elsewhere`: serial numbers among them whose cards may be another domain's. They are no loss when they are not here.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    default_prefix: str = "b"
    elsewhere: Collection[str] = ()

    def name(self, serial: str) -> str:
        """The board's name."""
        return self.names.get(serial, f"{self.default_prefix}{serial}")

    def lost(self, present: Collection[str]) -> list[tuple[str, str]]:
        """(serial, name) of cards that this domain ought to have beside those `present`."""
        here = {*present, *self.elsewhere}
        return [(serial, name) for serial, name in self.names.items() if serial not in here]


class Heartbeat:
    """Counters that must move while the domain is alive; the host feeds the watchdog only if all of them did."""

    def __init__(self) -> None:
        self.beats: dict[str, int] = {}

    def beat(self, part: str) -> None:
        """`part` (door, events, engine, card) showed life."""
        self.beats[part] = self.beats.get(part, 0) + 1


class DomainDriver(abc.ABC):
    """One library instance with all cards and channels that it owns together."""

    heartbeat: Heartbeat

    @abc.abstractmethod
    async def start(self) -> Inventory:
        """Load and start the library, force every channel on-hook or clear, and report what is there.

        No event is emitted before `start` returns. Raises ConfigurationError (file, key, symbol missing),
        DeviceError (the library refused), DeadlineError.
        """

    @abc.abstractmethod
    async def stop(self) -> None:
        """Hang up everything and close the library. No event is emitted after it returns."""

    @abc.abstractmethod
    async def link(self, changes: Sequence[LinkChange]) -> None:
        """Make and drop links inside the domain; the whole list takes effect or an error names the one that failed."""

    async def open_tie(self, name: str, end: TieEnd) -> None:
        """Take part in a bridge with another domain: `name` is then a source and a sink of links, like a channel id.

        The descriptors are the driver's from here on, also when it refuses: it closes them. Event: TieEnded when the
        other end is gone. Raises UnsupportedError (no `SwitchingProfile.stream_channels`), OverloadError, DeviceError.
        """
        for descriptor in end.descriptors:
            os.close(descriptor)
        raise UnsupportedError(f"this domain has no ties to others ({name})", operation="tie")

    async def close_tie(self, name: str) -> None:  # noqa: B027 - nothing was opened
        """Drop a tie and the links that it still has; again: nothing."""

    async def maintain(self, span: str, what: Maintenance) -> None:
        """Loop an E1, take the loop back, send an error: for technicians, nobody is protected from it.

        Event: SpanChanged while it is looped. Raises UnsupportedError, UnknownIdError, DeviceError.
        """
        raise UnsupportedError(f"this domain cannot maintain {span}", span=span, operation=str(what))

    async def probe(self) -> None:  # noqa: B027 - a driver without anything cheap to ask leaves it out
        """Ask the library something cheap, so that door and card show life. Raises DeadlineError."""

    async def scan(self) -> list[dict[str, Any]]:
        """The cards that the running library reports, as JSON objects for `boardctl scan`."""
        return []


@dataclass(frozen=True, slots=True)
class DriverDescriptor:
    """What the entry point `boardd.drivers` exports; reading it loads no library.

    `factory(settings, naming, sink, channel_settings)` is an import path `module:callable`, imported only when the
    driver is used. `settings_schema` maps each accepted key of the domain's `settings` to a one-line help text.
    """

    name: str
    family: str
    maker: str
    contract_version: int
    kinds: tuple[ChannelKind, ...]
    factory: str
    settings_schema: Mapping[str, str]
    sonames: tuple[str, ...] = ()
    heartbeat_parts: tuple[str, ...] = ("door", "events")

    CURRENT: ClassVar[int] = CONTRACT_VERSION
