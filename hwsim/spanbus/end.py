"""One end of an E1 in memory: its receiver, its clock, its counters and its 31 channels.

A card's library attaches to the `card` end, the network's signalling to the `net` end. Bearer sound of the card end is
real: what it writes is heard by whoever the exchange has connected, what it reads is what they say. Errors and slips of
both directions are applied at the card end, so that the world behind the exchange stays ideal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hwsim.kernel.sim import Sim
from hwsim.line.digital import Alarm
from hwsim.spanbus.alarms import LOSING, Receiver
from hwsim.spanbus.biterrors import BitErrors
from hwsim.spanbus.channel import Channel, ChannelEvent
from hwsim.spanbus.counters import Counters
from hwsim.spanbus.hdlc import HdlcPath
from hwsim.spanbus.loops import Loop, hearers
from hwsim.spanbus.section import Clock, Section, Signal
from hwsim.spanbus.slips import SlipBuffer

if TYPE_CHECKING:
    from hwsim.spanbus.bus import SpanBus

CRC4_LOST_US = 8_000
FREEZING = LOSING | {Alarm.LMF}
ALL_ONES = 0xFF

AlarmsHook = Callable[[frozenset[Alarm]], None]


class SpanEnd:
    """The end called `side` (`net` or `card`) of `bus`. `legs`: the sound of each bearer slot at this end."""

    def __init__(self, bus: SpanBus, side: str, legs: Mapping[int, int], clock: Clock) -> None:
        self.bus = bus
        self.sim: Sim = bus.sim
        self.side = side
        self.name = f"{bus.name}:{side}"
        self.clock = clock
        self.crc4 = bus.crc4
        self.counters = Counters()
        self.section = Section(crc4=bus.crc4)
        """What arrives here; change it with `SpanBus.disturb`."""
        self.loop = Loop.NONE
        """Change it with `SpanBus.set_loop`."""
        self.channels = {slot: Channel(self, slot, legs.get(slot)) for slot in range(1, 32)}
        self.on_alarms: list[AlarmsHook] = []
        self.receiver = Receiver(self.sim, self._alarms_changed)
        self.slips = SlipBuffer(self.sim, self.slip)
        self.errors = BitErrors(self.sim.rng(f"spanbus/{self.name}"))
        self._paths: dict[int, HdlcPath] = {}
        self._late_bits: set[int] = set()
        self._bits_due = False
        self._no_crc4_since_us: int | None = None
        self._misaligned = False
        self._error_in_second = False
        self._second_running = False

    # -- state ------------------------------------------------------------------------------------------------------
    @property
    def alarms(self) -> frozenset[Alarm]:
        """Alarms that this end's receiver has now."""
        return self.receiver.alarms

    @property
    def far(self) -> SpanEnd:
        """The other end."""
        return self.bus.card if self is self.bus.net else self.bus.net

    @property
    def receives(self) -> bool:
        """Whether timeslots come in."""
        return (self.section.carries or self.loop is Loop.LOCAL) and not self.alarms & LOSING

    @property
    def crc4_aligned(self) -> bool:
        """CRC-4 multiframe alignment; without CRC-4 at this end always true."""
        since = self._no_crc4_since_us
        return not self.crc4 or since is None or self.sim.now_us - since < CRC4_LOST_US

    @property
    def distant_multiframe_alarm(self) -> bool:
        """The far end says that it has lost our CAS multiframe."""
        return self.receives and Alarm.LMF in self.far.alarms

    def channel(self, slot: int) -> Channel:
        """The channel of a timeslot, 1 to 31."""
        return self.channels[slot]

    # -- from the bus -----------------------------------------------------------------------------------------------
    def observe(self) -> None:
        """Look again at what arrives."""
        section, found = self.section, set()
        if self.loop is Loop.LOCAL:
            section = Section(crc4=self.crc4)
        if section.signal is Signal.NONE:
            found.add(Alarm.LOS)
        elif section.signal is Signal.AIS:
            found.add(Alarm.AIS)
        elif section.signal is Signal.UNFRAMED or self._misaligned:
            found.add(Alarm.LOF)
        else:
            alarmed = self.far.alarms & LOSING and self.far.loop is not Loop.LINE
            if self.loop is not Loop.LOCAL and (section.remote_alarm or alarmed):
                found.add(Alarm.RAI)
            if self.bus.cas and not section.cas_multiframe:
                found.add(Alarm.LMF)
        if not section.carries:
            for path in self._paths.values():
                path.hit()
        no_crc4 = self.crc4 and not (section.carries and section.crc4)
        self._no_crc4_since_us = (self._no_crc4_since_us or self.sim.now_us) if no_crc4 else None
        self.receiver.observe(frozenset(found))
        self.far.bits_with_next_multiframe()

    def tick(self) -> None:
        """20 ms have passed: errors and sound."""
        ratio = self.section.bit_error_ratio
        if ratio > 0 and self.section.carries:
            self._draw_errors(ratio)
        elif self._misaligned:
            self._misaligned = False
            self.observe()
        for channel in self.channels.values():
            channel.tick()

    @property
    def busy(self) -> bool:
        """Whether this end needs a tick."""
        return self.section.bit_error_ratio > 0 or self._misaligned or any(c.recording for c in self.channels.values())

    def tick_wanted(self) -> None:
        """A channel was opened."""
        self.bus.tick_wanted()

    # -- line bits --------------------------------------------------------------------------------------------------
    def bits_sent(self, slot: int) -> None:
        """A channel of this end changed its bits: they leave with the next multiframe."""
        self.bus.saw_bits(self, slot)
        self._late_bits.add(slot)
        self.bits_with_next_multiframe()

    def bits_with_next_multiframe(self) -> None:
        """Send what the far end has not got yet."""
        if self._late_bits and not self._bits_due:
            self._bits_due = True
            period_us = 2_000
            self.sim.at((self.sim.now_us // period_us + 1) * period_us, self._multiframe)

    def all_bits_late(self) -> None:
        """Send every timeslot's bits again."""
        if self.bus.cas:
            self._late_bits.update(slot for slot in self.channels if slot != self.bus.signalling_slot)
            self.bits_with_next_multiframe()

    def _multiframe(self) -> None:
        self._bits_due = False
        self.deliver_bits()

    def deliver_bits(self) -> None:
        """Hand over line bits; a receiver that has lost alignment keeps what it had."""
        for hearer in hearers(self):
            section = Section() if hearer is self and self.loop is Loop.LOCAL else hearer.section
            if not (hearer.receives and section.signalling_slot and section.cas_multiframe) or hearer.alarms & FREEZING:
                return
            for slot in sorted(self._late_bits):
                if hearer.channels[slot].rx_bits != self.channels[slot].tx_bits:
                    hearer.channels[slot].got_bits(self.channels[slot].tx_bits)
        self._late_bits.clear()

    # -- frames -----------------------------------------------------------------------------------------------------
    def send_frame(self, slot: int, frame: bytes) -> None:
        """Send an HDLC frame to the far end."""
        self.bus.saw_frame(self, slot, frame)
        for hearer in hearers(self):
            hearer.path(slot).send(frame)

    def path(self, slot: int) -> HdlcPath:
        """The way of frames into this end."""
        if slot not in self._paths:

            def arrived(frame: bytes, hit: bool) -> None:
                self._frame_arrived(slot, frame, hit)

            self._paths[slot] = HdlcPath(self.sim, arrived)
        return self._paths[slot]

    def _frame_arrived(self, slot: int, frame: bytes, hit: bool) -> None:
        channel = self.channels[slot]
        if not self.receives or (slot == self.bus.signalling_slot and not self.section.signalling_slot):
            return
        if hit:
            self.counters.aborts += 1
            self._mark_error()
            channel.note(ChannelEvent.ABORT)
        elif self.errors.count((len(frame) + 2) * 8, self.section.bit_error_ratio):
            self.counters.bad_fcs += 1
            channel.note(ChannelEvent.BAD_FCS)
        else:
            channel.got_frame(frame)

    # -- sound ------------------------------------------------------------------------------------------------------
    def received_sound(self, sound: bytes) -> bytes:
        """What the way in makes of sound."""
        if self is self.bus.net:
            return sound
        if Alarm.AIS in self.alarms:
            return bytes([ALL_ONES]) * len(sound)
        return self.errors.corrupt(sound, self.section.bit_error_ratio)

    def sent_sound(self, sound: bytes) -> bytes:
        """What the way out makes of sound."""
        if self is self.bus.net:
            return sound
        return self.far.errors.corrupt(sound, self.far.section.bit_error_ratio) if self.far.receives else b""

    def loop_sound(self, on: bool) -> None:
        """What comes in is sent back, or no more. (A local loop is made by each channel for itself.)"""
        engine = self.sim.engine
        for channel in self.channels.values():
            if channel.leg is not None:
                (engine.link if on else engine.unlink)(channel.leg, channel.leg)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _alarms_changed(self, alarms: frozenset[Alarm]) -> None:
        self.sim.truth.note("span_alarms", span=self.bus.name, side=self.side, alarms=sorted(alarms))
        if alarms:
            self._mark_error()
        event = ChannelEvent.ALARM if alarms else ChannelEvent.NO_ALARM
        for channel in self.channels.values():
            if channel.hook:
                channel.note(event)
        self.bus.alarms_changed(self)
        for hook in tuple(self.on_alarms):
            hook(alarms)
        self.far.bits_with_next_multiframe()

    def slip(self, frames: int) -> None:
        """A frame of 125 us is lost (-1) or doubled (+1) in this end's elastic store."""
        self.counters.slips += 1
        self._mark_error()
        self.sim.truth.note("slip", span=self.bus.name, side=self.side, frames=frames)
        for path in self._paths.values():
            path.hit()
        for channel in self.bus.card.channels.values():
            if self is self.bus.card:
                channel.slip_in(frames)
            else:
                channel.slip_out(frames)

    def _draw_errors(self, ratio: float) -> None:
        found = self.errors.tick(ratio, self.crc4 and self.section.crc4)
        counters = self.counters
        counters.cv += found.bits
        counters.bpv += found.bits
        counters.fe += found.fas_bits
        counters.fas += found.fas_words
        counters.crc4 += found.crc4
        if self.crc4 and self.far.crc4 and self.far.receives:
            self.far.counters.ebit += found.crc4
        if found.bits:
            self._mark_error()
        if found.alignment_lost != self._misaligned:
            self._misaligned = found.alignment_lost
            self.observe()

    def _mark_error(self) -> None:
        self._error_in_second = True
        if not self._second_running:
            self._second_running = True
            self.sim.at((self.sim.now_us // 1_000_000 + 1) * 1_000_000, self._second)

    def _second(self) -> None:
        if self._error_in_second or self.alarms & LOSING:
            self.counters.errsec += 1
        self._error_in_second = False
        self._second_running = bool(self.alarms & LOSING)
        if self._second_running:
            self.sim.later(1000, self._second)
