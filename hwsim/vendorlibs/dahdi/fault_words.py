"""Faults of E1s whose cards leave signalling to the host, and of those cards: words for scenarios and the side door."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import cast

from boardd.contract.text import _
from hwsim.line.digital import Alarm
from hwsim.scenario.faults import FaultError, FaultRegistry, Undo
from hwsim.scenario.line_faults import number
from hwsim.signalling.pri_network import PriNetwork
from hwsim.signalling.r2_network import R2Network
from hwsim.spanbus.bus import SpanBus
from hwsim.spanbus.end import SpanEnd
from hwsim.spanbus.section import Clock, Clocking, Signal
from hwsim.vendorlibs.dahdi.cards import DahdiMachine

Args = Mapping[str, str]
SIDES = ("card", "net", "both")
SIGNALS = ((Alarm.LOS, Signal.NONE), (Alarm.AIS, Signal.AIS), (Alarm.LOF, Signal.UNFRAMED))
"""What is on the cable, the strongest first."""
MAX_PPM = 200
MAX_SLIPS = 1000


class DahdiFaults:
    """Registers them for one machine. `where` is a span, a circuit or a card, as docs/simulator.md says."""

    def __init__(self, machine: DahdiMachine) -> None:
        self.machine = machine
        self._alarms: dict[SpanEnd, list[Alarm]] = defaultdict(list)

    def register(self, registry: FaultRegistry) -> None:
        """Make these kinds known, and extend those that other families have as well."""
        registry.extend("alarm", self._is_span, self.alarm)
        registry.extend("card_missing", self._is_card, self.card_missing)
        registry.extend("card_pulled", self._is_card, self.card_pulled)
        registry.extend("circuit_blocked", self._is_circuit, self.circuit_blocked)
        registry.extend("circuit_reset", self._is_circuit, self.circuit_reset)
        registry.extend("bit_errors", self._is_span, self.bit_errors)
        registry.extend("slips", self._is_span, self.slips)
        registry.extend("two_masters", self._is_span, self.two_masters)
        for kind, inject in (
            ("no_crc4", self.no_crc4),
            ("signalling_slot_cut", self.signalling_slot_cut),
            ("d_channel_down", self.d_channel_down),
            ("exchange_restart", self.exchange_restart),
            ("no_seizure_ack", self.no_seizure_ack),
            ("no_end_of_caller", self.no_end_of_caller),
        ):
            registry.register(kind, inject)

    # -- layer 1 ----------------------------------------------------------------------------------------------------
    def alarm(self, where: str, args: Args) -> Undo:
        """What arrives at the card (`side` card), at the exchange (net) or both: `alarm` los, lof, ais, rai or lmf."""
        try:
            alarm = Alarm(args.get("alarm", "los"))
        except ValueError:
            raise FaultError(_("alarm must be one of {words}").format(words=", ".join(Alarm))) from None
        ends = self._ends(where, args)
        for end in ends:
            self._alarms[end].append(alarm)
            self._lay(end)

        def undo() -> None:
            for end in ends:
                self._alarms[end].remove(alarm)
                self._lay(end)

        return undo

    def bit_errors(self, where: str, args: Args) -> Undo:
        """Bit errors of `ratio` (0.001) towards `side` (card)."""
        ratio = number(args, "ratio", 1e-3)
        if not 0 < ratio <= 0.5:
            raise FaultError(_("ratio must be more than 0 and at most 0.5"))
        return self._disturb(where, args, bit_error_ratio=ratio)

    def slips(self, where: str, args: Args) -> None:
        """`count` (10) slips at the card, one every `every_ms` (100): a frame of 125 us lost or doubled in turn."""
        bus, count, every_ms = self._bus(where), round(number(args, "count", 10)), number(args, "every_ms", 100)
        if not 1 <= count <= MAX_SLIPS or not 1 <= every_ms <= 60_000:
            raise FaultError(_("count must be 1 to {most}, every_ms 1 to 60000").format(most=MAX_SLIPS))
        for index in range(count):
            bus.sim.later(index * every_ms, bus.card.slip, 1 if index % 2 else -1)

    def two_masters(self, where: str, args: Args) -> Undo:
        """The card takes its own oscillator, `ppm` (50) off, for its clock, beside a far end that does the same."""
        bus, ppm = self._bus(where), number(args, "ppm", 50)
        if not 0 < abs(ppm) <= MAX_PPM:
            raise FaultError(_("ppm must be {least} to {most} and not 0").format(least=-MAX_PPM, most=MAX_PPM))
        before = {end: end.clock for end in (bus.card, bus.net)}
        bus.set_clock(bus.net, Clock(Clocking.INTERNAL, bus.net.clock.offset_ppm))
        bus.set_clock(bus.card, Clock(Clocking.INTERNAL, ppm))

        def undo() -> None:
            for end, clock in before.items():
                bus.set_clock(end, clock)

        return undo

    def no_crc4(self, where: str, args: Args) -> Undo:
        """The far end is set up without CRC-4."""
        bus = self._bus(where)
        before = bus.net.crc4
        bus.set_crc4(bus.net, False)
        return lambda: bus.set_crc4(bus.net, before)

    def signalling_slot_cut(self, where: str, args: Args) -> Undo:
        """Timeslot 16 is not switched through, both ways: no D channel, no line bits; voice is well."""
        return self._disturb(where, {"side": "both", **args}, signalling_slot=False)

    # -- PRI --------------------------------------------------------------------------------------------------------
    def d_channel_down(self, where: str, args: Args) -> Undo:
        """The far end takes the D channel out of service (DISC, then DM), and back (SABME). Its calls stay."""
        far = self._pri(where)
        far.close_link()
        return far.open_link

    def exchange_restart(self, where: str, args: Args) -> None:
        """The far end's signalling unit restarts: DISC, its calls are forgotten, SABME after `silent_ms` (2000)."""
        self._pri(where).restart_exchange(number(args, "silent_ms", 2000))

    def circuit_reset(self, where: str, args: Args) -> None:
        """RESTART of one bearer."""
        span, slot = self._circuit(where)
        self._pri(span).restart_channel(slot)

    # -- MFC-R2 -----------------------------------------------------------------------------------------------------
    def circuit_blocked(self, where: str, args: Args) -> Undo:
        """The far end shows blocked on an idle circuit."""
        span, slot = self._circuit(where)
        far = self._r2(span)
        if self.machine.buses[span].circuits[slot].busy:
            raise FaultError(_("{where} is in use").format(where=where))
        far.block(slot)
        return lambda: far.block(slot, False)

    def no_seizure_ack(self, where: str, args: Args) -> Undo:
        """The far end does not see the card's line signals on a circuit: its seizures stay unanswered."""
        span, slot = self._circuit(where)
        far = self._r2(span)
        far.ignore_card(slot)
        return lambda: far.ignore_card(slot, False)

    def no_end_of_caller(self, where: str, args: Args) -> Undo:
        """The far end does not say where the caller's number ends (no I-15)."""
        span, slot = self._circuit(where)
        far = self._r2(span)
        far.keep_number_open(slot)
        return lambda: far.keep_number_open(slot, False)

    # -- cards ------------------------------------------------------------------------------------------------------
    def card_missing(self, where: str, args: Args) -> Undo:
        """The card does not answer at the next start."""
        card = self.machine.card(where)
        card.fitted = False

        def undo() -> None:
            card.fitted = True

        return undo

    def card_pulled(self, where: str, args: Args) -> Undo:
        """The card is pulled out of the running machine."""
        card = self.machine.card(where)
        card.plug(False)
        return lambda: card.plug(True)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _lay(self, end: SpanEnd) -> None:
        """Put on the cable what all alarms of one receiver ask for together."""
        alarms = self._alarms[end]
        signal = next((signal for alarm, signal in SIGNALS if alarm in alarms), Signal.FRAMED)
        end.bus.disturb(end, signal=signal, remote_alarm=Alarm.RAI in alarms, cas_multiframe=Alarm.LMF not in alarms)

    def _disturb(self, where: str, args: Args, **changes: object) -> Undo:
        ends = self._ends(where, args)
        before = {end: {key: getattr(end.section, key) for key in changes} for end in ends}
        for end in ends:
            end.bus.disturb(end, **changes)

        def undo() -> None:
            for end, values in before.items():
                end.bus.disturb(end, **values)

        return undo

    def _ends(self, where: str, args: Args) -> list[SpanEnd]:
        bus, side = self._bus(where), args.get("side", "card")
        if side not in SIDES:
            raise FaultError(_("side must be one of {words}").format(words=", ".join(SIDES)))
        return [end for end in (bus.card, bus.net) if side in (end.side, "both")]

    def _is_span(self, where: str) -> bool:
        return where in self.machine.buses

    def _is_circuit(self, where: str) -> bool:
        return where.rpartition("/")[0] in self.machine.buses

    def _is_card(self, where: str) -> bool:
        return any(card.name == where for card in self.machine.cards)

    def _bus(self, where: str) -> SpanBus:
        if where not in self.machine.buses:
            raise FaultError(
                _("{where} is not a span whose card leaves signalling to the host").format(where=where or _("nothing"))
            )
        return self.machine.buses[where]

    def _circuit(self, where: str) -> tuple[str, int]:
        span, _slash, slot = where.rpartition("/")
        if not slot.isdigit() or int(slot) not in self._bus(span).circuits:
            raise FaultError(_("there is no circuit {where}").format(where=where))
        return span, int(slot)

    def _far(self, where: str, kind: type, words: str) -> object:
        self._bus(where)
        far = next(span.far for span in self.machine.all_spans() if span.bus and span.bus.name == where)
        if not isinstance(far, kind):
            raise FaultError(_("{where} is not a span of {words}").format(where=where, words=words))
        return far

    def _pri(self, where: str) -> PriNetwork:
        return cast(PriNetwork, self._far(where, PriNetwork, "PRI"))

    def _r2(self, where: str) -> R2Network:
        return cast(R2Network, self._far(where, R2Network, "No.1 signalling"))


def register_faults(registry: FaultRegistry, machine: DahdiMachine) -> None:
    """Make the faults of a machine known."""
    DahdiFaults(machine).register(registry)
