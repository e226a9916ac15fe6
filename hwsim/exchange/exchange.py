"""The exchange itself: numbers to destinations, calls, and the lines and circuits that hang on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from boardd.contract.causes import Cause
from hwsim.exchange.announcer import Announcement
from hwsim.exchange.call import Call
from hwsim.exchange.hunt import HuntGroup, HuntOrder
from hwsim.exchange.line_circuit import LineCircuit, LineOptions
from hwsim.exchange.numbering import NumberingPlan, NumberRange
from hwsim.exchange.party import Party
from hwsim.exchange.span_watch import SpanWatch
from hwsim.exchange.subscriber_line import SubscriberLine, SubscriberState
from hwsim.exchange.timers import ExchangeTimers
from hwsim.exchange.tones import CHINA, TonePlan
from hwsim.exchange.trunk_circuit import CircuitOptions, TrunkCircuit
from hwsim.kernel.sim import Sim
from hwsim.line.analog import AnalogLine
from hwsim.line.digital import Circuit, Span
from hwsim.line.keypad import GOOD, Keypad

DEFAULT_START = datetime(2024, 3, 1, 9, 0)
CALLER = re.compile(r"\+?[0-9*#A-D ()-]{0,32}")

REFUSAL_CAUSES = {
    SubscriberState.BUSY: Cause.USER_BUSY,
    SubscriberState.POWER_OFF: Cause.SUBSCRIBER_ABSENT,
    SubscriberState.REJECTS: Cause.CALL_REJECTED,
    SubscriberState.NO_SERVICE: Cause.SUBSCRIBER_ABSENT,
    SubscriberState.UNREACHABLE: Cause.DESTINATION_OUT_OF_ORDER,
    SubscriberState.SUSPENDED: Cause.CALL_REJECTED,
    SubscriberState.CHANGED: Cause.NUMBER_CHANGED,
    SubscriberState.BARRED: Cause.CALL_REJECTED,
}
SAID = {SubscriberState.REJECTS: "busy", SubscriberState.UNREACHABLE: "failed"}
"""Announcements whose names are not those of the states."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A number that cannot be reached: why, and what the network says about it (empty: its tone)."""

    cause: Cause
    said: str = ""


class ServiceShown(StrEnum):
    """What arrives as the called number (facts 3.7)."""

    REAL = "real"
    """The number that it leads to; nothing of the service number."""
    SERVICE = "service"
    """The service number itself."""
    REDIRECTING = "redirecting"
    """The real one, and the service number as the one first called."""


@dataclass(frozen=True, slots=True)
class ServiceNumber:
    """A number (400, 95) that leads to another one. `shown`: which of the two the called site sees."""

    leads_to: str
    shown: ServiceShown


NumberMaker = Callable[[str], SubscriberLine | None]


@dataclass(frozen=True)
class ExchangeOptions:
    """What distinguishes one exchange from another. `start` is the site's local time at simulated time zero."""

    numbering: NumberingPlan = field(default_factory=NumberingPlan)
    tones: TonePlan = field(default_factory=lambda: CHINA)
    timers: ExchangeTimers = field(default_factory=ExchangeTimers)
    announcements: Mapping[int, Announcement] = field(default_factory=dict)
    start: datetime = DEFAULT_START


class Exchange:
    """One local exchange. All methods are called in the simulation's thread."""

    def __init__(self, sim: Sim, options: ExchangeOptions | None = None) -> None:
        options = options or ExchangeOptions()
        self.sim = sim
        self.numbering = options.numbering
        self.tones = options.tones
        self.timers = options.timers
        self.announcements = options.announcements
        self.start = options.start
        self.keypad: Keypad = GOOD
        self.groups: list[HuntGroup] = []
        self.lines: dict[str, LineCircuit] = {}
        self.circuits: dict[str, TrunkCircuit] = {}
        self.subscribers: dict[str, SubscriberLine] = {}
        self.calls: dict[int, Call] = {}
        self._direct: dict[str, Party] = {}
        self._refusals: list[tuple[NumberRange, Refused]] = []
        self._services: dict[str, ServiceNumber] = {}
        self._on_demand: list[tuple[NumberRange, NumberMaker]] = []
        self._spans: dict[str, SpanWatch] = {}
        self._call_count = 0

    # -- building ---------------------------------------------------------------------------------------------------
    def add_line(self, line: AnalogLine, options: LineOptions | None = None, *, direct: bool = True) -> LineCircuit:
        """Hang an analogue line (with an FXO port at its other end) on the exchange.

        `direct`: its number reaches this line and no other; else the number is only shown to those it calls.
        """
        circuit = LineCircuit(self, line, options or LineOptions())
        self.lines[line.name] = circuit
        if circuit.number and direct:
            self._direct[self.numbering.canonical(circuit.number)] = circuit
        return circuit

    def add_circuit(self, span: Span, circuit: Circuit, options: CircuitOptions | None = None) -> TrunkCircuit:
        """Hang one timeslot of a span on the exchange."""
        trunk = TrunkCircuit(self, span, circuit, options or CircuitOptions())
        self.circuits[circuit.name] = trunk
        if span.name not in self._spans:
            self._spans[span.name] = SpanWatch(self.sim, span, self.timers.span_hold_ms)
        self._spans[span.name].circuits.append(trunk)
        return trunk

    def add_group(
        self,
        name: str,
        members: Sequence[Party],
        numbers: Sequence[NumberRange],
        order: HuntOrder = HuntOrder.SEQUENTIAL,
    ) -> HuntGroup:
        """Make numbers lead to members."""
        canonical = [NumberRange(self.numbering.canonical(n.first), self.numbering.canonical(n.last)) for n in numbers]
        for number in canonical:
            self._learn(number)
        group = HuntGroup(name, members, canonical, order)
        self.groups.append(group)
        return group

    def add_subscriber(self, number: str, state: SubscriberState = SubscriberState.NORMAL) -> SubscriberLine:
        """Give a number of the exchange to a subscriber; the same number again is the same subscriber."""
        number = self.numbering.canonical(number)
        if number not in self.subscribers:
            self._learn(NumberRange(number, number))
            self.subscribers[number] = SubscriberLine(self, number, state)
        return self.subscribers[number]

    def add_service_number(self, number: str, service: ServiceNumber) -> None:
        """Let a number lead to another one."""
        number = self.numbering.canonical(number)
        self._learn(NumberRange(number, number))
        self._services[number] = service

    def add_refusal(self, numbers: NumberRange, state: SubscriberState, announced: bool = False) -> None:
        """Give a range of numbers to subscribers who can never be reached, for the reason of `state`; `announced`: it
        is said, whatever this exchange has for the cause."""
        canonical = NumberRange(self.numbering.canonical(numbers.first), self.numbering.canonical(numbers.last))
        self._learn(canonical)
        said = SAID.get(state, str(state)) if announced else ""
        self._refusals.append((canonical, Refused(REFUSAL_CAUSES[state], said)))

    def remove_subscriber(self, number: str) -> None:
        """Take a subscriber away for good; the number is unallocated (or made on demand) from now on."""
        subscriber = self.subscribers.pop(self.numbering.canonical(number), None)
        if subscriber:
            subscriber.close()

    def add_on_demand(self, numbers: NumberRange, make: NumberMaker) -> None:
        """Let `make(number)` create the subscribers of a range when they are called; None: the network is too busy."""
        canonical = NumberRange(self.numbering.canonical(numbers.first), self.numbering.canonical(numbers.last))
        self._learn(canonical)
        self._on_demand.append((canonical, make))

    # -- calls ------------------------------------------------------------------------------------------------------
    def originate(self, calling: Party, called: str, caller: str, *, withheld: bool = False) -> Call:
        """A party has dialled: the call is routed after the exchange's routing time. A `caller` that is no number is
        not passed on: a program may send anything."""
        self._call_count += 1
        caller = caller if CALLER.fullmatch(caller) else ""
        number = self.numbering.canonical(called)
        call = Call(self, self._call_count, calling, number, self.numbering.canonical(caller))
        call.withheld = withheld
        call.wrong_zero = self.numbering.wrong_zero(called)
        self.calls[call.call_id] = call
        call.timers.start("route", self.timers.routing_ms, self._route, call)
        return call

    def forget(self, call: Call) -> None:
        """A call has ended."""
        self.calls.pop(call.call_id, None)

    def belongs_to(self, party: Party, number: str) -> bool:
        """Whether `number` is one of the numbers under which `party` itself is reached."""
        canonical = self.numbering.canonical(number)
        if party.number and canonical == self.numbering.canonical(party.number):
            return True
        return any(party in group.members and any(canonical in n for n in group.numbers) for group in self.groups)

    def date(self) -> str:
        """The site's date and time now, as caller ID sends it: MMDDHHMM."""
        return f"{self.start + timedelta(microseconds=self.sim.now_us):%m%d%H%M}"

    # -- inside -----------------------------------------------------------------------------------------------------
    def _learn(self, numbers: NumberRange) -> None:
        """Short numbers have no shape of their own: the analysis must know them."""
        if len(numbers.first) < 7 and numbers.first == numbers.last:
            self.numbering.add_short(numbers.first)

    def _route(self, call: Call) -> None:
        if call.wrong_zero:
            call.fail(Cause.INVALID_NUMBER_FORMAT, "wrong_zero")
            return
        destination = self._destination(self._service(call))
        if isinstance(destination, Party):
            call.route_to(destination)
        else:
            call.fail(destination.cause, destination.said)

    def _service(self, call: Call) -> str:
        """The number to look for; what the called side is shown is noted in the call."""
        service = self._services.get(call.called_number)
        if service is None:
            return call.called_number
        real = self.numbering.canonical(service.leads_to)
        if service.shown is not ServiceShown.SERVICE:
            call.original_called = call.called_number if service.shown is ServiceShown.REDIRECTING else ""
            call.called_number = real
        return real

    def _destination(self, number: str) -> Party | Refused:
        direct = self._direct.get(number)
        if direct:
            return direct if direct.free else Refused(Cause.USER_BUSY)
        for group in self.groups:
            if any(number in n for n in group.numbers):
                return group.choose() or _all_busy(group)
        subscriber = self.subscribers.get(number) or self._make(number)
        if not isinstance(subscriber, SubscriberLine):
            return subscriber
        if subscriber.free:
            return subscriber
        return Refused(REFUSAL_CAUSES.get(subscriber.subscriber_state, Cause.USER_BUSY))

    def _make(self, number: str) -> SubscriberLine | Refused:
        for numbers, refused in self._refusals:
            if number in numbers:
                return refused
        for numbers, make in self._on_demand:
            if number in numbers:
                return make(number) or Refused(Cause.TEMPORARY_FAILURE)
        return Refused(Cause.UNALLOCATED)


def _all_busy(group: HuntGroup) -> Refused:
    """Busy analogue lines make their number busy; a full E1 route is congestion."""
    if all(isinstance(member, LineCircuit) for member in group.members):
        return Refused(Cause.USER_BUSY)
    return Refused(Cause.NO_CIRCUIT)
