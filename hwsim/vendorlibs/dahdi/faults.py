"""What can break below the I/O library: requests that fail, channels that fall silent, blocks that come late, events
that are lost, doubled or late, interrupts that a card misses. Cards that are pulled out are the machine's (`cards.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from errno import EIO
from typing import TYPE_CHECKING

from boardd.contract.text import _
from hwsim.vendorlibs.dahdi.channel import DahdiChannel, OddEvent

if TYPE_CHECKING:
    from hwsim.vendorlibs.dahdi.kernel import Kernel


@dataclass
class BadRequest:
    """The next `times` requests of this number fail. `channel` None: of any."""

    request: int
    channel: int | None
    error: int
    times: int


class Faults:
    """The knobs."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._bad: list[BadRequest] = []
        self._bad_opens: dict[int, int] = {}

    def _channel(self, number: int) -> DahdiChannel:
        channel = self.kernel.channel(number)
        if channel is None:
            raise KeyError(_("there is no channel {number}").format(number=number))
        return channel

    # -- setting ------------------------------------------------------------------------------------------------------
    def fail_request(self, request: int, channel: int | None, error: int = EIO, times: int = 1) -> None:
        """The next requests of this number fail with this errno."""
        if channel is not None:
            self._channel(channel)
        self._bad.append(BadRequest(request, channel, error, times))

    def fail_open(self, channel: int, error: int) -> None:
        """Opening the channel fails; 0: no more."""
        self._channel(channel)
        self._bad_opens[channel] = error

    def stall(self, channel: int, stalled: bool) -> None:
        """Nothing that comes in on the channel reaches its program."""
        self._channel(channel).stalled = stalled

    def break_sound(self, channel: int, error: int) -> None:
        """Whatever the program asks of the open channel ends in this errno; 0: no more."""
        file = self._channel(channel).file
        if file is None:
            raise KeyError(f"channel {channel} is not open")
        file.kill(error)

    def delay_blocks(self, channel: int, ms: int) -> None:
        """What comes in on the channel reaches its program so much later; 0: no more."""
        self._channel(channel).late_ms = ms

    def odd_event(self, channel: int, odd: OddEvent) -> None:
        """Events are lost, doubled or late."""
        self._channel(channel).odd_events.append(odd)

    def spurious(self, channel: int, event: int, count: int) -> None:
        """Events that nothing has caused."""
        for _time in range(count):
            self._channel(channel).raise_event(event)

    def miss_interrupts(self, span: int, count: int) -> None:
        """The span's card counts interrupts that it missed."""
        found = self.kernel.span(span)
        if found is None:
            raise KeyError(_("there is no span {where}").format(where=span))
        found.irq_misses += count

    # -- asked by the library -----------------------------------------------------------------------------------------
    def open_error(self, channel: DahdiChannel) -> int:
        """The errno of opening, or 0."""
        return self._bad_opens.get(channel.number, 0)

    def answer(self, channel: DahdiChannel | None, request: int) -> tuple[int, bytes] | None:
        """What a request must answer instead of the truth."""
        for bad in self._bad:
            if bad.request == request and (bad.channel is None or (channel and channel.number == bad.channel)):
                bad.times -= 1
                if bad.times <= 0:
                    self._bad.remove(bad)
                return -bad.error, b""
        return None
