"""DAHDI cards in the simulated machine: what a library for them is put on.

Nothing here knows what calls or ioctls a library has. A library takes one end of each object below and owns that end:

- `DahdiMachine.cards`: `DahdiCard` in slot order: `model` (kernel module, PCI identity), `serial`, `pci_address`.
  `fitted` False: not there at the next start. `plugged` False: pulled out now; `on_plugged` is told of both.
- `DahdiCard.spans`: `DahdiSpan`, what the kernel's driver shows as a span: an E1, or all ports of an analogue card.
  `number` and `first_channel` (from 1) count over the whole machine as DAHDI does; `name` is the driver's; `channels`
  is 31, or the number of sockets. `DahdiMachine.channel(n)` finds the span and the position on it of channel n.
- `DahdiSpan.bus` (E1): a `hwsim.spanbus.bus.SpanBus`. The library has the card's end, `bus.card`: `channel(1..31)` with
  sound, HDLC frames, line bits, events and readiness (`hwsim.spanbus.channel.Channel`); `alarms` and `on_alarms`, what
  the card's receiver sees and who is told; `counters`, `crc4_aligned`, `distant_multiframe_alarm`. What the driver
  configures it tells the bus: `bus.set_clock(bus.card, Clock(...))`, `bus.set_crc4(bus.card, ...)`.
- `DahdiSpan.ports` (analogue): `DahdiPort` per socket with its `AnalogLine` (None: empty). FXO: the card is the set:
  `line.set`, `line.close_loop`, its sound on `line.set_leg`. FXS: the card is the office: `line.office`, `line.ring`,
  `line.reverse`, its sound on `line.office_leg`.

Hardware outlives libraries: line bits, hooks and open channels stay as they are until somebody changes them.

The far ends (Q.931 or MFC-R2, the exchange behind them) are put on by `DahdiMachine.connect`, which raises
ConfigurationError when libpri or libopenr2 is needed and not installed. Building a machine needs neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from boardd.contract.text import _
from hwsim.kernel.sim import Sim
from hwsim.line.analog import AnalogLine
from hwsim.line.digital import Span
from hwsim.signalling.pri_network import PriNetwork
from hwsim.signalling.pri_profile import PriProfile
from hwsim.signalling.q931_events import Node
from hwsim.signalling.r2_network import R2Network
from hwsim.signalling.r2_profile import R2Profile
from hwsim.spanbus.bus import SpanBus
from hwsim.spanbus.section import Clock, Clocking
from hwsim.vendorlibs.dahdi.models import Model

SLOTS = 31


class CardSignalling(StrEnum):
    """What the host has to speak on an E1, as the card's own role; the simulator is the other side."""

    PRI_USER = "pri_user"
    """A carrier's PRI: the simulator is the network."""
    PRI_NET = "pri_net"
    """A PBX behind our card: the simulator is the user."""
    R2 = "r2"
    """No.1 signalling (MFC-R2 China)."""


class PortKind(StrEnum):
    """What is in a socket of an analogue card."""

    FXO = "fxo"
    FXS = "fxs"
    EMPTY = "empty"


MODULES = {"O": PortKind.FXO, "S": PortKind.FXS, "-": PortKind.EMPTY}


@dataclass(frozen=True, slots=True)
class E1Plan:
    """How one E1 is set up by whoever is at its far end; the card's own clock and CRC-4 are its driver's affair.

    `far_master`: the far end takes its clock from its own oscillator (a carrier always does). `far_ppm` and `card_ppm`
    are how far the two oscillators are off.
    """

    signalling: CardSignalling = CardSignalling.PRI_USER
    crc4: bool = True
    far_master: bool = True
    far_ppm: float = 0.0
    card_ppm: float = 0.0
    pri: PriProfile = field(default_factory=PriProfile)
    r2: R2Profile = field(default_factory=R2Profile)


@dataclass(frozen=True, slots=True)
class CardPlan:
    """One card as the site file has it: `spans` of an E1 card, `ports` (letters O, S, -) of an analogue one."""

    name: str
    model: Model
    serial: str
    spans: Sequence[E1Plan] = ()
    ports: str = ""


@dataclass
class DahdiPort:
    """One socket; `number` from 1."""

    number: int
    kind: PortKind
    line: AnalogLine | None = None


@dataclass
class DahdiSpan:
    """An E1 (`bus`) or the ports of an analogue card (`ports`), as DAHDI shows it."""

    number: int
    first_channel: int
    name: str
    bus: SpanBus | None = None
    plan: E1Plan | None = None
    ports: list[DahdiPort] = field(default_factory=list)
    far: PriNetwork | R2Network | None = None
    """Who is at the other end of the E1, once the machine is connected."""

    @property
    def channels(self) -> int:
        """How many channels it has, timeslot 16 included."""
        return SLOTS if self.bus else len(self.ports)


@dataclass
class DahdiCard:
    """A card in its slot. `number` counts the cards of its kernel module from 0, as names of spans do."""

    name: str
    model: Model
    serial: str
    pci_address: str
    number: int
    spans: list[DahdiSpan] = field(default_factory=list)
    fitted: bool = True
    plugged: bool = True
    on_plugged: list[Callable[[bool], None]] = field(default_factory=list)
    """Told when the card is pulled out of the running machine, or put back."""

    def plug(self, on: bool) -> None:
        """Pull the card out, or put it back: the far ends lose its signal, loops open, telephones lose their feed."""
        if on == self.plugged:
            return
        self.plugged = on
        for span in self.spans:
            if span.bus:
                span.bus.disturb(span.bus.net, signal="framed" if on else "none")
            for port in span.ports:
                if port.line and port.kind is PortKind.FXO:
                    port.line.close_loop(False)
                elif port.line:
                    port.line.feed(on)
        for told in tuple(self.on_plugged):
            told(on)


class DahdiMachine:
    """The DAHDI cards of the simulated PC and the lines that the exchange side connects to.

    `analog_lines` by `<card>/<port>`, `spans` and `buses` by `<card>/<span>` (from 1); circuits are named
    `<card>/<span>/<timeslot>`.
    """

    def __init__(self, sim: Sim, plans: Sequence[CardPlan] = ()) -> None:
        self.sim = sim
        self.cards: list[DahdiCard] = []
        self.analog_lines: dict[str, AnalogLine] = {}
        self.spans: dict[str, Span] = {}
        self.buses: dict[str, SpanBus] = {}
        self._of_module: Counter[str] = Counter()
        self._next_channel = 1
        for plan in plans:
            self._add(plan)

    def all_spans(self) -> Iterator[DahdiSpan]:
        """Spans in DAHDI's order."""
        for card in self.cards:
            yield from card.spans

    def channel(self, number: int) -> tuple[DahdiSpan, int]:
        """The span of a DAHDI channel number and the position on it, from 1. Raises KeyError."""
        for span in self.all_spans():
            if span.first_channel <= number < span.first_channel + span.channels:
                return span, number - span.first_channel + 1
        raise KeyError(number)

    def span_named(self, name: str) -> DahdiSpan:
        """The span `<card>/<span>`, or the only one of an analogue card by the card's name. Raises KeyError, a text."""
        card, _slash, number = name.partition("/")
        spans = self.card(card).spans
        if number.isdecimal() and 1 <= int(number[:9]) <= len(spans):
            return spans[int(number) - 1]
        if number or len(spans) != 1:
            raise KeyError(_("there is no {name}").format(name=name))
        return spans[0]

    def number_of(self, name: str) -> int:
        """DAHDI's number of the channel `<card>/<port>` or `<card>/<span>/<timeslot>`. Raises KeyError with a text."""
        place, _slash, number = name.rpartition("/")
        span = self.span_named(place)
        if not number.isdecimal() or not 1 <= int(number[:9]) <= span.channels:
            raise KeyError(_("there is no {name}").format(name=name))
        return span.first_channel + int(number) - 1

    def card(self, name: str) -> DahdiCard:
        """The card of this name. Raises KeyError with a text."""
        for card in self.cards:
            if card.name == name:
                return card
        raise KeyError(_("there is no card {name}").format(name=name))

    def of_kind(self, kind: str) -> list[str]:
        """Names of all lines at ports of a kind (`fxo`, `fxs`), or of all circuits of E1s (`e1`)."""
        if kind == "e1":
            return [circuit.name for span in self.spans.values() for circuit in span.circuits.values()]
        ports = [port for span in self.all_spans() for port in span.ports if port.kind == kind]
        return [port.line.name for port in ports if port.line]

    def connect(self) -> None:
        """Put the far ends on the E1s. Raises ConfigurationError when a signalling library is not installed."""
        for span in self.all_spans():
            if span.bus is None or span.plan is None or span.far is not None:
                continue
            match span.plan.signalling:
                case CardSignalling.R2:
                    span.far = R2Network(self.sim, span.bus, span.plan.r2)
                case CardSignalling.PRI_USER:
                    span.far = PriNetwork(self.sim, span.bus, span.plan.pri)
                case CardSignalling.PRI_NET:
                    span.far = PriNetwork(self.sim, span.bus, span.plan.pri, Node.USER)

    # -- building -----------------------------------------------------------------------------------------------------
    def _add(self, plan: CardPlan) -> None:
        slot = len(self.cards)
        number = self._of_module[plan.model.module]
        self._of_module[plan.model.module] += 1
        card = DahdiCard(plan.name, plan.model, plan.serial, f"0000:{slot + 3:02x}:08.0", number)
        self.cards.append(card)
        if plan.model.analog:
            card.spans.append(self._analog_span(card, plan.ports))
        for index, e1 in enumerate(plan.spans):
            card.spans.append(self._e1_span(card, index + 1, e1))

    def _place(self, card: DahdiCard, index: int, channels: int) -> tuple[int, int, str]:
        """Span number, first channel, name of the next span."""
        number = sum(1 for _ in self.all_spans()) + 1
        first, self._next_channel = self._next_channel, self._next_channel + channels
        name = card.model.span_name.format(ports=card.model.spans, card=card.number, span=index)
        return number, first, name

    def _e1_span(self, card: DahdiCard, index: int, plan: E1Plan) -> DahdiSpan:
        bus = SpanBus(self.sim, f"{card.name}/{index}", cas=plan.signalling is CardSignalling.R2, crc4=plan.crc4)
        far = Clocking.INTERNAL if plan.far_master else Clocking.RECOVERED
        bus.net.clock = Clock(far, plan.far_ppm)
        bus.card.clock = Clock(Clocking.RECOVERED if plan.far_master else Clocking.INTERNAL, plan.card_ppm)
        self.buses[bus.name] = bus
        self.spans[bus.name] = bus.span
        return DahdiSpan(*self._place(card, index, SLOTS), bus, plan)

    def _analog_span(self, card: DahdiCard, letters: str) -> DahdiSpan:
        ports = []
        for number, letter in enumerate(letters.ljust(card.model.ports, "-"), 1):
            kind = MODULES[letter]
            line = None if kind is PortKind.EMPTY else AnalogLine(self.sim, f"{card.name}/{number}")
            if line:
                self.analog_lines[line.name] = line
            ports.append(DahdiPort(number, kind, line))
        return DahdiSpan(*self._place(card, 1, len(ports)), ports=ports)
