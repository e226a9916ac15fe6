"""One call of the PRI peer: its state at the user side, its timers, its voice."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from hwsim.edge.log import PeerLog
from hwsim.edge.plan import PlannedCall
from hwsim.edge.q931 import Message
from hwsim.edge.voice import Voice
from hwsim.kernel.sim import Sim, Timer
from hwsim.spanbus.channel import Channel, ChannelEvent


class State(IntEnum):
    """User-side call states, by their Q.931 numbers."""

    NULL = 0
    INITIATED = 1
    OVERLAP_SENDING = 2
    OUTGOING_PROCEEDING = 3
    DELIVERED = 4
    PRESENT = 6
    RECEIVED = 7
    CONNECT_REQUEST = 8
    INCOMING_PROCEEDING = 9
    ACTIVE = 10
    DISCONNECT_REQUEST = 11
    DISCONNECT_INDICATION = 12
    RELEASE_REQUEST = 19
    OVERLAP_RECEIVING = 25


class PriCall:
    """A call on timeslot `slot`. `ours`: we chose `reference`; `planned`: what is to be done, for calls of ours.

    `told` are the kinds of messages received, in order; `cause` the last that came; `setup` the far end's SETUP.
    """

    def __init__(self, sim: Sim, log: PeerLog, span: str, reference: int, ours: bool, slot: int) -> None:
        self.sim = sim
        self.log = log
        self.span = span
        self.reference = reference
        self.ours = ours
        self.slot = slot
        self.state = State.NULL
        self.planned: PlannedCall | None = None
        self.called = ""
        self.caller = ""
        self.digits_left = ""
        self.told: list[int] = []
        self.cause = 0
        self.connected = False
        self.over = False
        self.setup: Message | None = None
        self.voice: Voice | None = None
        self._timers: dict[str, Timer] = {}

    @property
    def key(self) -> tuple[bool, int]:
        """What tells it from other calls of the interface."""
        return (self.ours, self.reference)

    def note(self, what: str, **fields: object) -> None:
        """Write into the peer's log."""
        self.log.note(what, self.span, slot=self.slot, ours=self.ours, **fields)

    def start(self, name: str, ms: float, callback: Callable[..., None]) -> None:
        """Start a timer, or start it again; the callback gets this call."""
        self.stop(name)
        self._timers[name] = self.sim.later(ms, self._expired, name, callback)

    def stop(self, *names: str) -> None:
        """Stop these timers, or all."""
        for name in names or tuple(self._timers):
            timer = self._timers.pop(name, None)
            if timer:
                timer.cancel()

    def _expired(self, name: str, callback: Callable[..., None]) -> None:
        self._timers.pop(name, None)
        if name.startswith("T"):
            self.note("timer", name=name)
        callback(self)

    # -- sound ------------------------------------------------------------------------------------------------------
    def listen(self, channel: Channel, party: int) -> None:
        """Open the bearer."""
        if self.voice is None:
            voice = self.voice = Voice(channel, party, lambda what, fields: self.note(what, **fields))
            channel.hook = lambda _channel: _pump(voice)

    def talk(self) -> None:
        """Speak from now on."""
        if self.voice:
            self.voice.speaking = True

    def silence(self) -> None:
        """Close the bearer."""
        if self.voice:
            self.voice.channel.hook = None
            self.voice.close()
            self.voice = None


def _pump(voice: Voice) -> None:
    while voice.channel.take_event() is not ChannelEvent.NONE:
        pass
    voice.pump()
