"""A span as the kernel shows it: alarms with their hold times, counters, configuration, maintenance.

E1s of cards take alarms from the receiver at the card's end of the bus; dynamic spans have their own (`dynamic.py`);
spans of analogue cards have none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from errno import ENOSYS
from typing import TYPE_CHECKING

from hwsim.kernel.sim import Sim, Timer
from hwsim.line.digital import Alarm
from hwsim.spanbus.counters import Counters
from hwsim.spanbus.end import SpanEnd
from hwsim.spanbus.loops import Loop
from hwsim.spanbus.section import Clock, Clocking
from hwsim.vendorlibs.dahdi.abi import SPAN_STATUS, AlarmBit, Law, LineBit, Maint, text
from hwsim.vendorlibs.dahdi.debounce import Debounced
from hwsim.vendorlibs.dahdi.personality import Personality

if TYPE_CHECKING:
    from hwsim.vendorlibs.dahdi.channel import DahdiChannel

HELD = {
    Alarm.LOS: AlarmBit.RED | AlarmBit.LOS,
    Alarm.LOF: AlarmBit.RED | AlarmBit.LFA,
    Alarm.AIS: AlarmBit.BLUE,
    Alarm.RAI: AlarmBit.YELLOW,
}
LOOPS = {
    Maint.NONE: Loop.NONE,
    Maint.LOCALLOOP: Loop.LOCAL,
    Maint.NETWORKLINELOOP: Loop.LINE,
    Maint.NETWORKPAYLOADLOOP: Loop.PAYLOAD,
}
DEFECTS = {
    Maint.FAS_DEFECT: ("fas", "fe"),
    Maint.MULTI_DEFECT: (),
    Maint.CRC_DEFECT: ("crc4",),
    Maint.CAS_DEFECT: (),
    Maint.PRBS_DEFECT: (),
    Maint.BIPOLAR_DEFECT: ("bpv", "cv"),
}
"""What the far end counts of one inserted error; nothing is counted of the others."""


@dataclass(frozen=True, slots=True)
class Device:
    """The card that a span belongs to, as sysfs and SPANSTAT show it. `hardware_id` stays with the card."""

    node: str
    manufacturer: str
    type: str
    location: str
    hardware_id: str


class KernelSpan:
    """One span. `kind` is its type: E1, FXS, FXO, ANALOG_MIXED, DYNAMIC."""

    def __init__(
        self, sim: Sim, number: int, name: str, description: str, kind: str, device: Device, persona: Personality
    ) -> None:
        self.sim = sim
        self.number = number
        self.name = name
        self.description = description
        self.kind = kind
        self.device = device
        self.persona = persona
        self.channels: list[DahdiChannel] = []
        self.law = Law.MULAW
        self.line = 0
        self.capable = 0
        self.sync = 0
        self.irq_misses = 0
        self.alarms = AlarmBit.NONE
        self.alarmed = False
        """Whether programs were told of an alarm last."""
        self.neighbour_bits = persona.neighbour_bits
        self.on_alarms: Callable[[KernelSpan], None] = lambda _span: None

    def first_channel(self) -> int:
        """The number of its first channel."""
        return self.channels[0].number if self.channels else 0

    def bits_changed(self, channel: DahdiChannel) -> None:
        """Line bits of a channel came in. Some drivers let them show in the channel before it, too."""
        channel.got_bits(self._received(channel.position))
        if self.neighbour_bits and channel.position > 1:
            before = self.channels[channel.position - 2]
            before.got_bits(self._received(before.position))

    def _received(self, position: int) -> int:
        """Bits as the driver reads them: sixteen at a time, four channels, with too wide a mask."""
        bits = self.channels[position - 1].bearer.rx_bits
        if self.neighbour_bits and position % 4 and position < len(self.channels):
            bits |= self.channels[position].bearer.rx_bits << 4
        return bits

    def counters(self) -> Counters:
        """What its receiver has counted."""
        return Counters()

    def configure(self, line: int, sync: int) -> int:
        """SPANCONFIG: 0 or -errno."""
        self.line, self.sync = line, sync
        return 0

    def maintain(self, command: int) -> int:
        """MAINT: 0 or -errno."""
        return -ENOSYS

    def stop(self) -> None:
        """The span is taken away."""

    def set_alarms(self, alarms: AlarmBit) -> None:
        """Alarms of the span from now on; the channels' programs hear of the first and of the end of the last."""
        self.alarms = alarms
        self.on_alarms(self)
        if bool(alarms) != self.alarmed:
            self.alarmed = bool(alarms)
            for channel in self.channels:
                channel.set_alarms(alarms)

    def status(self, spans: int, sync_source: int) -> bytes:
        """What SPANSTAT gives."""
        seen, device = self.counters(), self.device
        return SPAN_STATUS.pack(
            self.number,
            text(self.name, 20),
            text(self.description, 40),
            *(int(self.alarms), 0, 0),
            *(seen.bpv, seen.crc4, seen.ebit, seen.fas),
            *(seen.fe, seen.cv, 0, 0, seen.errsec),
            *(self.irq_misses, sync_source),
            *(sum(channel.sig != 0 for channel in self.channels), len(self.channels), spans),
            *(0, self.line),
            text("0 db (CSU)/0-133 feet (DSX-1)", 40),
            *(text(word, 40) for word in (device.location, device.manufacturer, device.type)),
            *(0, self.capable),
            text(self.kind, 6),
        )


class E1Span(KernelSpan):
    """An E1 of a card, above the card's end of its bus."""

    def __init__(
        self, sim: Sim, number: int, name: str, description: str, device: Device, persona: Personality, end: SpanEnd
    ) -> None:
        super().__init__(sim, number, name, description, "E1", device, persona)
        self.end = end
        self.law = Law.ALAW
        self.capable = LineBit.CCS | LineBit.HDB3 | LineBit.CRC4
        self.line = LineBit.HDB3 | (LineBit.CRC4 if end.crc4 else 0) | (0 if end.bus.cas else LineBit.CCS)
        self.sync = 1 if end.clock.clocking is Clocking.RECOVERED else 0
        self._cleared = Counters()
        self._settle: Timer | None = None
        self._loop = Maint.NONE
        self._held = {alarm: Debounced(sim, False, self._wait_ms(alarm), lambda _on: self._look()) for alarm in HELD}
        end.on_alarms.append(self._seen)
        self._seen(end.alarms)

    def counters(self) -> Counters:
        """See KernelSpan: since the last reset."""
        now, then = self.end.counters, self._cleared
        return Counters(**{name: getattr(now, name) - getattr(then, name) for name in Counters.__slots__})

    def configure(self, line: int, sync: int) -> int:
        """See KernelSpan: framing and clock of the card's end follow."""
        super().configure(line, sync)
        self.end.bus.set_crc4(self.end, bool(line & LineBit.CRC4))
        clocking = Clocking.RECOVERED if sync else Clocking.INTERNAL
        self.end.bus.set_clock(self.end, Clock(clocking, self.end.clock.offset_ppm))
        return 0

    def maintain(self, command: int) -> int:
        """See KernelSpan."""
        if command in LOOPS:
            self._loop = Maint(command)
            self.end.bus.set_loop(self.end, LOOPS[self._loop])
            self._look()
            return 0
        if command in DEFECTS:
            target = self.end if self._loop is Maint.LOCALLOOP else self.end.far
            if target.receives:
                for name in DEFECTS[Maint(command)]:
                    setattr(target.counters, name, getattr(target.counters, name) + 1)
            return 0
        if command == Maint.RESET_COUNTERS:
            now = self.end.counters
            self._cleared = Counters(**{name: getattr(now, name) for name in Counters.__slots__})
            return 0
        return -ENOSYS

    def stop(self) -> None:
        """See KernelSpan."""
        if self._seen in self.end.on_alarms:
            self.end.on_alarms.remove(self._seen)
        self.end.bus.set_loop(self.end, Loop.NONE)

    # -- alarms -------------------------------------------------------------------------------------------------------
    def _wait_ms(self, alarm: Alarm) -> _Wait:
        return _Wait(self.persona.yellow_ms if alarm is Alarm.RAI else self.persona.alarm_ms)

    def _seen(self, alarms: frozenset[Alarm]) -> None:
        for alarm, held in self._held.items():
            held.see(alarm in alarms)
        self._look()

    def _look(self) -> None:
        alarms = AlarmBit.NONE
        for alarm, held in self._held.items():
            if held.value:
                alarms |= HELD[alarm]
        if alarms & AlarmBit.RED and Alarm.LMF in self.end.alarms:
            alarms |= AlarmBit.LMFA
        carrier = alarms & (AlarmBit.RED | AlarmBit.BLUE)
        had = self.alarms & (AlarmBit.RED | AlarmBit.BLUE)
        if had and not carrier and self.persona.settle_ms:
            if self._settle:
                self._settle.cancel()
            self._settle = self.sim.later(self.persona.settle_ms, self._settled)
        if self._settle and self._settle.active:
            alarms |= AlarmBit.RECOVER
        if self._loop is not Maint.NONE:
            alarms |= AlarmBit.LOOPBACK
        if alarms != self.alarms:
            self.set_alarms(alarms)

    def _settled(self) -> None:
        self._settle = None
        self._look()


class _Wait:
    """How long an alarm must last; its end counts at once."""

    def __init__(self, set_ms: int) -> None:
        self.set_ms = set_ms

    def __call__(self, on: bool) -> int:
        return self.set_ms if on else 0


def sync_source(spans: Sequence[KernelSpan]) -> int:
    """The number of the span that the machine takes its clock from; 0: none."""
    wanted = [span for span in spans if span.sync and not span.alarms]
    return min(wanted, key=lambda span: (span.sync, span.number)).number if wanted else 0
