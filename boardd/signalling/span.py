"""Commands and events of an E1 whose signalling runs on the host: one vocabulary for PRI and MFC-R2.

A *call* is a positive number that the span gives out; it grows and is never used twice. A *slot* is a timeslot
(1-15, 17-31). Life of a call, in events:

    incoming  Incoming [MoreDigits …] [Connected] [Disconnected] Released
    outgoing  setup() [MoreDigitsWanted] [Proceeding] [Alerting] [Progress …] [Connected] [Disconnected] Released

Every call that was offered or set up ends in exactly one Released; the slot is free from then on, not before. A slot
that takes no calls is `Blocked`; a new span has all its slots blocked (link). Slots with a call are not spoken of.
Disconnected (at most one) says that the other side, or the line, ended the call. Unless it is `in_band`, the span
completes the clearing by itself; when it is, an announcement can be heard until `disconnect` is called or the
protocol's own timer has run. After `disconnect` no event but Released follows.

Everything happens on one thread (the event loop's). Events may be delivered from within a command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

ALL_SLOTS = (*range(1, 16), *range(17, 32))
"""Bearers of an E1 whose slot 16 has the signalling."""


# -- numbers ----------------------------------------------------------------------------------------------------------
class NumberKind(StrEnum):
    """Type of number (Q.931 octet 3 bits 7-5). R2 knows only `unknown`."""

    UNKNOWN = "unknown"
    INTERNATIONAL = "international"
    NATIONAL = "national"
    NETWORK = "network"
    SUBSCRIBER = "subscriber"
    ABBREVIATED = "abbreviated"


class Presentation(StrEnum):
    """Whether a caller's number may be shown."""

    ALLOWED = "allowed"
    RESTRICTED = "restricted"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands on the line: nothing stripped, nothing added (normalising is the trunk group's profile).

    `plan` is the numbering plan (0 unknown, 1 E.164, 9 private), `screening` Q.931's screening indicator 0-3.
    """

    digits: str = ""
    kind: NumberKind = NumberKind.UNKNOWN
    plan: int = 1
    presentation: Presentation = Presentation.ALLOWED
    screening: int = 0


# -- commands ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CallRequest:
    """An outgoing call on `slot`.

    `complete` False: more digits follow by `more_digits` (PRI overlap sending). `exclusive` False: the far end may
    choose another slot, which the first event then names. `speech`: bearer capability speech instead of 3.1 kHz audio.
    `category`: R2 caller category (KA), 0 = the profile's. `name` is the caller's name where the protocol carries one.
    """

    slot: int
    called: Number
    caller: Number = Number()
    redirecting: Number = Number()
    complete: bool = True
    exclusive: bool = True
    speech: bool = False
    category: int = 0
    name: str = ""


class TrunkSpan(Protocol):
    """What a driver asks of a span. A command for a call that is over, or that makes no sense in the call's state, does
    nothing and returns False: the far end may have been quicker."""

    def setup(self, request: CallRequest) -> int:
        """Begin an outgoing call; its number. Raises WrongStateError when the slot is not free or the link is down."""

    def more_digits(self, call: int, digits: str, *, complete: bool = False) -> bool:
        """Outgoing, overlap: more digits of the called number; `complete`: these are the last."""

    def proceeding(self, call: int) -> bool:
        """Incoming: the number is complete, or needs no more digits."""

    def alerting(self, call: int, *, in_band: bool = True) -> bool:
        """Incoming: ringing; `in_band`: we send the tone ourselves."""

    def progress(self, call: int, cause: int = 0) -> bool:
        """Incoming: what we send can be heard before the answer; `cause` (0: none) says why it will not come."""

    def connect(self, call: int) -> bool:
        """Incoming: answer."""

    def disconnect(self, call: int, cause: int = 16) -> bool:
        """End the call, in any state; again is False."""

    def restart(self, slot: int | None) -> None:
        """Bring a slot, or all (None), back to idle at both ends; calls there end with cause 41."""

    def service(self, slot: int, *, in_service: bool) -> None:
        """Take a slot out of service for new calls, or back, and tell the far end where the protocol can."""

    def usable(self, slot: int) -> bool:
        """Whether `setup` may be asked for on this slot now."""

    def close(self) -> None:
        """Stop at once, without a word to the far end; no event follows."""


# -- events -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Root of everything a span tells."""


@dataclass(frozen=True, slots=True)
class LinkUp(SpanEvent):
    """The signalling link works: Q.921 established, or the R2 multiframe is there."""


@dataclass(frozen=True, slots=True)
class LinkDown(SpanEvent):
    """The signalling link is lost. Calls go on for the profile's time."""


@dataclass(frozen=True, slots=True)
class SlotEvent(SpanEvent):
    """Something about a slot; no call."""

    slot: int


@dataclass(frozen=True, slots=True)
class ChannelRestarted(SlotEvent):
    """The slot was brought back to idle; `by_far`: the far end asked for it."""

    by_far: bool


class BlockReason(StrEnum):
    """Why a slot cannot take calls (`Blocked.reason`)."""

    LINK = "link"
    """The signalling link is down."""
    FAR = "far"
    """The far end took it out of service (SERVICE, R2 blocking)."""
    OURS = "ours"
    """`service` took it out."""
    RESTARTING = "restarting"
    """A restart was sent and not acknowledged yet."""
    STUCK = "stuck"
    """The far end did not complete the release; a restart is needed."""
    SUSPECT = "suspect"
    """R2: the last seizure was not acknowledged; tried again later."""


@dataclass(frozen=True, slots=True)
class Blocked(SlotEvent):
    """A free slot takes no calls any more, or the reason changed: the first that holds, in BlockReason's order."""

    reason: BlockReason


@dataclass(frozen=True, slots=True)
class Unblocked(SlotEvent):
    """The slot is usable again."""


@dataclass(frozen=True, slots=True)
class Trouble(SpanEvent):
    """Something a technician must see. `code` is stable, `text` is for people (translated), `slot` 0: the whole span.

    `raised` False: what was raised under this code and slot is over. Events of a moment have only the raise.
    """

    code: str
    text: str
    slot: int = 0
    raised: bool = True


@dataclass(frozen=True, slots=True)
class CallEvent(SlotEvent):
    """Something about a call."""

    call: int


@dataclass(frozen=True, slots=True)
class Incoming(CallEvent):
    """A call is offered. `complete` False: more digits may follow; `proceeding` ends their collection.

    `original_called` is the number first dialled when the call was redirected; `category` R2's KA, else 0.
    """

    called: Number
    caller: Number = Number()
    redirecting: Number = Number()
    original_called: Number = Number()
    complete: bool = True
    speech: bool = False
    category: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class MoreDigits(CallEvent):
    """Incoming, overlap: `digits` more, `called` in all so far. `complete`: no more will come (the caller said so, or
    the inter-digit time has passed)."""

    digits: str
    called: str
    complete: bool = False


@dataclass(frozen=True, slots=True)
class MoreDigitsWanted(CallEvent):
    """Outgoing: the far end waits for more digits (SETUP ACKNOWLEDGE); `in_band`: its dial tone can be heard."""

    in_band: bool = False


@dataclass(frozen=True, slots=True)
class Proceeding(CallEvent):
    """Outgoing: the far end has all digits; `in_band`: something can be heard."""

    in_band: bool = False


@dataclass(frozen=True, slots=True)
class Alerting(CallEvent):
    """Outgoing: the far end rings; `in_band`: its ringing tone can be heard."""

    in_band: bool = False


@dataclass(frozen=True, slots=True)
class Progress(CallEvent):
    """Outgoing: tones or an announcement can be heard before the answer; `cause` (0: none) says why."""

    in_band: bool = True
    cause: int = 0


@dataclass(frozen=True, slots=True)
class Connected(CallEvent):
    """The call is through: outgoing answered, or our answer was taken."""


class Origin(StrEnum):
    """Who ended a call."""

    FAR = "far"
    """The far end said so."""
    LINE = "line"
    """Nobody did: link lost too long, no response, restart, protocol error."""
    GLARE = "glare"
    """Both ends took the slot at once; the far end's call is served."""


@dataclass(frozen=True, slots=True)
class Disconnected(CallEvent):
    """The call was ended, not by us. `cause` is a Q.850 number; `raw` what stood on the line, for technicians."""

    cause: int
    raw: str = ""
    origin: Origin = Origin.FAR
    in_band: bool = False


@dataclass(frozen=True, slots=True)
class Released(CallEvent):
    """The slot is free; last event of the call. `cause` is the first cause that either side gave."""

    cause: int


SpanSink = Callable[[SpanEvent], None]
