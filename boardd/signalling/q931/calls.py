"""The calls of one span."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """How far a call is. The library keeps the protocol's states; these say which commands make sense."""

    DIALING = "dialing"
    """Outgoing: SETUP sent, or more digits wanted."""
    OFFERED = "offered"
    """Incoming: no answer to SETUP sent yet."""
    COLLECTING = "collecting"
    """Incoming: SETUP ACKNOWLEDGE sent, digits may follow."""
    PROCEEDING = "proceeding"
    ALERTING = "alerting"
    ANSWERING = "answering"
    """Incoming, user side: CONNECT sent, its acknowledgement awaited."""
    CONNECTED = "connected"
    LISTENING = "listening"
    """The far end disconnected with an announcement; nothing was sent yet."""
    CLEARING = "clearing"
    """DISCONNECT or RELEASE sent."""


@dataclass
class Call:
    """One call. `handle` is the library's, `channel` goes back to it as it is, `cause` is the first that was given."""

    number: int
    handle: int
    slot: int
    channel: int
    outgoing: bool
    phase: Phase
    reference: int = 0
    """As it stands in the far end's messages, flag bit included; 0: not known yet."""
    called: str = ""
    complete: bool = True
    exclusive: bool = True
    """Outgoing: it was asked for this slot and no other."""
    waiting_digits: str = ""
    """Digits that wait for SETUP ACKNOWLEDGE."""
    acknowledged: bool = False
    cause: int | None = None
    told_end: bool = False
    """Disconnected was told, or `disconnect` was called: nothing but Released follows."""
    silent: bool = False
    """Its end has been told and its slot is another call's, whatever the far end still says about it."""
    doubtful: bool = False
    """The link was lost since the far end last spoke of the call: it may have forgotten it."""

    @property
    def over(self) -> bool:
        """No command but none makes sense any more."""
        return self.phase is Phase.CLEARING or self.silent


class CallTable:
    """Calls by our number and by the library's handle. Numbers grow and are never used twice."""

    def __init__(self) -> None:
        self._by_number: dict[int, Call] = {}
        self._by_handle: dict[int, Call] = {}
        self._last = 0

    def add(self, handle: int, slot: int, channel: int, *, outgoing: bool, phase: Phase) -> Call:
        """A new call."""
        self._last += 1
        call = Call(self._last, handle, slot, channel, outgoing, phase)
        self._by_number[call.number] = call
        self._by_handle[handle] = call
        return call

    def remove(self, call: Call) -> None:
        """The library has forgotten the call; its handle may come back as another's."""
        self._by_number.pop(call.number, None)
        if self._by_handle.get(call.handle) is call:
            del self._by_handle[call.handle]

    def by_number(self, number: int) -> Call | None:
        """The call of this number, if it is not over for good."""
        return self._by_number.get(number)

    def by_handle(self, handle: int) -> Call | None:
        """The call behind the library's handle."""
        return self._by_handle.get(handle)

    def by_reference(self, reference: int) -> Call | None:
        """The call of this reference, as it stands in the far end's messages."""
        return next((call for call in self._by_number.values() if call.reference == reference), None)

    def spoken_of(self, reference: int) -> None:
        """The far end has sent a message about the call with this reference."""
        for call in self._by_number.values():
            if call.reference == reference:
                call.doubtful = False

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._by_number.values()))

    def __len__(self) -> int:
        return len(self._by_number)
