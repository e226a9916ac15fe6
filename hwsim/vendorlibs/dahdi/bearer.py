"""What carries a channel: a timeslot of an E1, the sound of an analogue port, or nothing (pseudo channels).

Sound is A-law in the simulator; it moves in steps of 20 ms, at whole 20 ms of simulated time, for all channels alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hwsim.core.events import Format, What
from hwsim.kernel.sim import Sim, Timer
from hwsim.spanbus.channel import Channel, ChannelEvent, Use

TICK_US = 20_000
TICK_OCTETS = 160
RING_OCTETS = 8 * TICK_OCTETS


class Sink(Protocol):
    """The channel above a bearer."""

    def heard(self, octets: bytes) -> None:
        """Sound of one step came in (A-law)."""

    def wanted(self) -> bytes:
        """Sound for the next step: up to 160 octets of A-law, less when there is no more."""

    def got_frame(self, frame: bytes) -> None:
        """A frame came in."""

    def line_event(self, event: ChannelEvent) -> None:
        """ABORT, BAD_FCS or BITS_CHANGED on the line."""


class Bearer(Protocol):
    """One channel's way to the world. `leg` is its end of sound in the engine, None when it has none."""

    leg: int | None

    def attach(self, sink: Sink) -> None:
        """From now on this is the channel above."""

    def open_sound(self) -> None:
        """Begin to hear and to be asked for sound."""

    def open_frames(self) -> None:
        """Begin to receive frames."""

    def close(self) -> None:
        """End both."""

    def send_frame(self, frame: bytes) -> None:
        """Send a frame."""

    def send_bits(self, abcd: int) -> None:
        """Send line bits."""

    @property
    def rx_bits(self) -> int:
        """Line bits that come in."""


class Steps:
    """The 20 ms clock of bearers that have none of their own."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self._members: list[Callable[[], None]] = []
        self._timer: Timer | None = None

    def join(self, step: Callable[[], None]) -> None:
        """Call `step()` at each whole 20 ms."""
        self._members.append(step)
        if self._timer is None:
            self._next()

    def leave(self, step: Callable[[], None]) -> None:
        """Call it no more."""
        if step in self._members:
            self._members.remove(step)

    def _next(self) -> None:
        self._timer = self.sim.at((self.sim.now_us // TICK_US + 1) * TICK_US, self._step)

    def _step(self) -> None:
        for step in tuple(self._members):
            step()
        self._timer = None
        if self._members:
            self._next()


class SlotBearer:
    """A timeslot of an E1."""

    def __init__(self, slot: Channel) -> None:
        self.slot = slot
        self.leg = slot.leg
        self._sink: Sink | None = None
        slot.hook = self._hook
        slot.refill = self._refill

    def attach(self, sink: Sink) -> None:
        """See Bearer."""
        self._sink = sink

    def open_sound(self) -> None:
        """See Bearer."""
        if self.leg is not None:
            self.slot.open_sound(blocks=2)

    def open_frames(self) -> None:
        """See Bearer."""
        self.slot.open_hdlc()

    def close(self) -> None:
        """See Bearer."""
        self.slot.close()

    def send_frame(self, frame: bytes) -> None:
        """See Bearer."""
        self.slot.write(frame)

    def send_bits(self, abcd: int) -> None:
        """See Bearer. 0000 cannot be sent: it would imitate the multiframe's alignment."""
        if abcd & 0xF:
            self.slot.send_bits(abcd & 0xF)

    @property
    def rx_bits(self) -> int:
        """See Bearer."""
        return self.slot.rx_bits

    def _refill(self) -> None:
        if self._sink:
            octets = self._sink.wanted()
            if octets:
                self.slot.write(octets)

    def _hook(self, slot: Channel) -> None:
        while (event := slot.take_event()) is not ChannelEvent.NONE:
            if self._sink:
                self._sink.line_event(event)
        while (block := slot.read()) is not None:
            if self._sink and slot.use is Use.HDLC:
                self._sink.got_frame(block)
            elif self._sink:
                self._sink.heard(block)


class LegBearer:
    """The sound of an analogue port, or of a pseudo channel."""

    def __init__(self, steps: Steps, leg: int) -> None:
        self.steps = steps
        self.leg: int | None = leg
        self._leg = leg
        self._recorder = 0
        self._sink: Sink | None = None

    def attach(self, sink: Sink) -> None:
        """See Bearer."""
        self._sink = sink

    def open_sound(self) -> None:
        """See Bearer."""
        self.close()
        engine = self.steps.sim.engine
        self._recorder = engine.record_mem(self._leg, RING_OCTETS, Format.ALAW, What.IN)
        self.steps.join(self._step)

    def open_frames(self) -> None:
        """Nothing: there are no frames on such a line."""

    def close(self) -> None:
        """See Bearer."""
        if self._recorder:
            self.steps.leave(self._step)
            self.steps.sim.engine.stop(self._recorder)
            self._recorder = 0

    def send_frame(self, frame: bytes) -> None:
        """Nothing."""

    def send_bits(self, abcd: int) -> None:
        """Nothing: such a line has no bits."""

    @property
    def rx_bits(self) -> int:
        """See Bearer."""
        return 0

    def _step(self) -> None:
        engine, sink = self.steps.sim.engine, self._sink
        if sink is None:
            return
        octets = sink.wanted()
        sink.heard(engine.rec_read(self._recorder, RING_OCTETS))
        if octets:
            engine.play_mem(self._leg, octets, Format.ALAW)
