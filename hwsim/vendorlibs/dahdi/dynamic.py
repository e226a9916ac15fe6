"""Dynamic spans of the driver `loc`: two spans of the machine back to back, made and taken away by DYNAMIC_CREATE and
DYNAMIC_DESTROY. The address is KEY:ID; two spans of one key are each other's far end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hwsim.kernel.sim import Sim, Timer
from hwsim.spanbus.bus import SpanBus
from hwsim.spanbus.end import SpanEnd
from hwsim.vendorlibs.dahdi.abi import AlarmBit, LineBit, Sig
from hwsim.vendorlibs.dahdi.bearer import SlotBearer
from hwsim.vendorlibs.dahdi.channel import DahdiChannel
from hwsim.vendorlibs.dahdi.personality import Personality
from hwsim.vendorlibs.dahdi.span import Device, KernelSpan
from hwsim.vendorlibs.dahdi.zones import Zones

RED_MS = 1500
MAX_CHANNELS = 31
T1_LINES = 0xF0
NOTOPEN_LINE = 0x10000
CAPABLE = Sig.EM | Sig.CLEAR | Sig.FXSLS | Sig.FXSKS | Sig.FXSGS | Sig.FXOLS | Sig.FXOKS | Sig.FXOGS | Sig.SF | Sig.CAS
HEX = "0123456789abcdefABCDEF"


@dataclass
class Cable:
    """The E1 between two spans of one key."""

    bus: SpanBus
    ends: dict[str, DynamicSpan] = field(default_factory=dict)


class LocalBearer(SlotBearer):
    """A timeslot without a line: 0000 can be sent."""

    def send_bits(self, abcd: int) -> None:
        """See Bearer."""
        if abcd & 0xF:
            super().send_bits(abcd)
        elif self.slot.tx_bits:
            self.slot.tx_bits = 0
            self.slot.end.bits_sent(self.slot.slot)


class DynamicSpan(KernelSpan):
    """One of them."""

    def __init__(
        self,
        sim: Sim,
        number: int,
        first: int,
        address: str,
        channels: int,
        end: SpanEnd,
        persona: Personality,
        zones: Zones,
    ) -> None:
        name = f"DYN/loc/{address}"
        device = Device(f"dynamic:loc:{number}", "", name, "", name)
        super().__init__(sim, number, name, f"Dynamic 'loc' span at '{address}'", "DYNAMIC", device, persona)
        self.end = end
        self.address = address
        self.capable = T1_LINES | LineBit.CCS | LineBit.HDB3 | LineBit.CRC4 | NOTOPEN_LINE
        self.neighbour_bits = True
        self._timer: Timer | None = None
        for slot in range(1, channels + 1):
            self.channels.append(
                DahdiChannel(
                    sim,
                    first + slot - 1,
                    slot,
                    f"{name}/{slot}",
                    self,
                    LocalBearer(end.channel(slot)),
                    zones,
                    capable=CAPABLE,
                )
            )

    def configure(self, line: int, sync: int) -> int:
        """See KernelSpan. Accepted, and without effect: there is no line."""
        return 0

    def joined(self, joined: bool) -> None:
        """The far end is there, or not."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self.end.bus.disturb(self.end, signal="framed" if joined else "none")
        if joined:
            self.set_alarms(AlarmBit.NONE)
        else:
            self._timer = self.sim.later(RED_MS, self.set_alarms, AlarmBit.RED)

    def stop(self) -> None:
        """See KernelSpan."""
        if self._timer:
            self._timer.cancel()


class Cables:
    """All local spans by key. Buses are kept: their ends of sound cannot be given back."""

    def __init__(self, sim: Sim, persona: Personality, zones: Zones) -> None:
        self.sim = sim
        self.persona = persona
        self.zones = zones
        self._cables: dict[str, Cable] = {}

    @staticmethod
    def valid(address: str) -> bool:
        """Whether it is an address."""
        return len(address) == 3 and address[1] == ":" and address[0] in HEX and address[2] in HEX

    def find(self, address: str) -> DynamicSpan | None:
        """The span at an address."""
        cable = self._cables.get(address[:1].lower())
        return cable.ends.get(address) if cable else None

    def create(self, address: str, channels: int, number: int, first: int) -> DynamicSpan | None:
        """A span; None when two of the key are there already."""
        key = address[0].lower()
        cable = self._cables.get(key)
        if cable is None:
            bus = SpanBus(self.sim, f"loc/{key}", cas=False, crc4=False)
            for circuit in bus.circuits.values():
                circuit.switch_register(True)
            cable = self._cables[key] = Cable(bus)
        if len(cable.ends) == 2:
            return None
        used = {span.end for span in cable.ends.values()}
        end = cable.bus.card if cable.bus.card not in used else cable.bus.net
        span = DynamicSpan(self.sim, number, first, address, channels, end, self.persona, self.zones)
        cable.ends[address] = span
        for one in cable.ends.values():
            one.joined(len(cable.ends) == 2)
        return span

    def destroy(self, span: DynamicSpan) -> None:
        """Take it away."""
        cable = self._cables[span.address[0].lower()]
        del cable.ends[span.address]
        span.stop()
        for one in cable.ends.values():
            one.joined(False)
