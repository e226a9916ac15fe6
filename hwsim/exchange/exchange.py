"""The exchange itself: numbers to destinations, calls, and the lines and circuits that hang on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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

REFUSAL_CAUSES = {
    SubscriberState.BUSY: Cause.USER_BUSY,
    SubscriberState.POWER_OFF: Cause.SUBSCRIBER_ABSENT,
    SubscriberState.REJECTS: Cause.CALL_REJECTED,
}

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
        self._refusals: list[tuple[NumberRange, SubscriberState]] = []
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

    def add_refusal(self, numbers: NumberRange, state: SubscriberState) -> None:
        """Give a range of numbers to subscribers who can never be reached, for the reason of `state`."""
        canonical = NumberRange(self.numbering.canonical(numbers.first), self.numbering.canonical(numbers.last))
        self._learn(canonical)
        self._refusals.append((canonical, state))

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
    def originate(self, calling: Party, called: str, caller: str) -> Call:
        """A party has dialled: the call is routed after the exchange's routing time."""
        self._call_count += 1
        number = self.numbering.canonical(called)
        call = Call(self, self._call_count, calling, number, self.numbering.canonical(caller))
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
        destination = self._destination(call.called_number)
        if isinstance(destination, Party):
            call.route_to(destination)
        else:
            call.fail(destination)

    def _destination(self, number: str) -> Party | Cause:
        direct = self._direct.get(number)
        if direct:
            return direct if direct.free else Cause.USER_BUSY
        for group in self.groups:
            if any(number in n for n in group.numbers):
                return group.choose() or _all_busy(group)
        subscriber = self.subscribers.get(number) or self._make(number)
        if not isinstance(subscriber, SubscriberLine):
            return subscriber
        if subscriber.free:
            return subscriber
        return REFUSAL_CAUSES.get(subscriber.subscriber_state, Cause.USER_BUSY)

    def _make(self, number: str) -> SubscriberLine | Cause:
        for numbers, state in self._refusals:
            if number in numbers:
                return REFUSAL_CAUSES[state]
        for numbers, make in self._on_demand:
            if number in numbers:
                return make(number) or Cause.TEMPORARY_FAILURE
        return Cause.UNALLOCATED


def _all_busy(group: HuntGroup) -> Cause:
    """Busy analogue lines make their number busy; a full E1 route is congestion."""
    if all(isinstance(member, LineCircuit) for member in group.members):
        return Cause.USER_BUSY
    return Cause.NO_CIRCUIT
