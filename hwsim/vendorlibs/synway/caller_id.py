"""Caller ID on trunks and taps: what the card's own receiver makes of the sound on an idle pair (10.1, 10.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.core.events import FskVerdict
from hwsim.line.caller_id import CallerId
from hwsim.line.caller_id_receiver import CallerIdReceiver
from hwsim.vendorlibs.synway.codes import Event

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.channel import Channel

KEEP_MS = 6_000
"""A number that came before the ring belongs to a ring within this time (facts 1.7)."""


class CallerIdPort:
    """The receiver of one channel; it listens while the pair is idle or rings. Bad checksums are not told anybody."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._receiver = CallerIdReceiver(
            channel.sim, channel.leg, self._received, bad=self._bad, hear_digits=channel.digits.need
        )

    def listen(self, on: bool) -> None:
        """Listen or not; nothing on a channel without a line."""
        if on:
            self._receiver.open()
        else:
            self._receiver.close()

    def keep(self) -> None:
        """The line rings: the number belongs to this call."""
        self.channel.stop_timer("caller_id")

    def _received(self, caller: CallerId, form: str) -> None:
        channel = self.channel
        if channel.unplugged:
            return
        channel.caller_id = caller.number
        channel.caller_name = caller.name
        channel.cid_ex = f"{caller.date}{caller.number or caller.absent}{caller.name}".encode("gbk", "replace")
        self._note(caller.number, form, good=True)
        channel.post(Event.E_CHG_CID_EX_BUF, len(channel.cid_ex))
        channel.post(Event.E_RCV_CALLER_ID)
        if channel.idle:
            channel.after("caller_id", KEEP_MS, self._forget)

    def _forget(self) -> None:
        if self.channel.idle:
            self.channel.forget_numbers()

    def _bad(self, verdict: FskVerdict) -> None:
        if not self.channel.unplugged:
            self._note("", "fsk", good=False)

    def _note(self, number: str, form: str, good: bool) -> None:
        channel = self.channel
        channel.sim.truth.note("caller_id_heard", channel=channel.number, number=number, form=form, good=good)
