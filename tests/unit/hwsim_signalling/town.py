"""An exchange with one E1 whose card leaves signalling to the host, and telephones in the town."""

from __future__ import annotations

from hwsim.core.engine import Engine
from hwsim.edge.log import PeerLog
from hwsim.edge.plan import PeerPlan, PlannedCall
from hwsim.edge.pri_peer import PriPeer
from hwsim.edge.r2_peer import R2Peer
from hwsim.exchange.exchange import Exchange, ExchangeOptions
from hwsim.exchange.numbering import NumberRange
from hwsim.exchange.timers import ExchangeTimers
from hwsim.exchange.trunk_circuit import CircuitOptions
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.spanbus.bus import SpanBus


def make_sim(seed=1):
    return Sim(Engine(1024, seed), TruthLog(), seed)


class Phone:
    """A telephone that answers after `answer_ms` (None: never) and hangs up `talk_ms` later (None: never)."""

    def __init__(self, town, number, answer_ms=300, talk_ms=None):
        self.sim, self.answer_ms, self.talk_ms = town.sim, answer_ms, talk_ms
        self.line = town.exchange.add_subscriber(number)
        self.line.telephone = self

    def on_ringing(self, on):
        if on and self.answer_ms is not None:
            self.sim.later(self.answer_ms, self.lift)

    def lift(self):
        if self.line.ringing:
            self.line.lift()
            if self.talk_ms is not None:
                self.sim.later(self.talk_ms, self.line.hang_up)

    def call(self, number):
        self.line.off_hook = True
        self.line.dial(number)

    def hang_up(self):
        self.line.hang_up()


class Town:
    def __init__(self, *, cas=False, circuits=30, crc4=True, seed=1, timers=None, **options):
        self.sim = make_sim(seed)
        self.exchange = Exchange(self.sim, ExchangeOptions(timers=timers or ExchangeTimers()))
        self.bus = SpanBus(self.sim, "9/1", cas=cas, crc4=crc4)
        slots = list(self.bus.circuits)[:circuits]
        made = CircuitOptions(caller_number="88001000", **options)
        self.trunks = {slot: self.exchange.add_circuit(self.bus.span, self.bus.circuits[slot], made) for slot in slots}
        self.exchange.add_group("e1", list(self.trunks.values()), [NumberRange.parse("88001000-88001099")])

    def run_s(self, seconds):
        self.sim.advance_to(self.sim.now_us + round(seconds * 1_000_000))

    def until(self, condition, seconds=60.0, step_s=0.05):
        for _ in range(round(seconds / step_s)):
            if condition():
                return True
            self.run_s(step_s)
        return condition()

    def facts(self, what, **match):
        return list(self.sim.truth.of(what, **match))

    def ends(self):
        return [(f["cause"], f["by"], f["answered"]) for f in self.facts("call_end")]

    def idle(self):
        return all(t.state == "idle" and not t.circuit.busy for t in self.trunks.values())


class Pbx(PriPeer):
    """The peer at the card's end of the town's PRI, dialled by hand."""

    def __init__(self, town, **plan):
        super().__init__(town.sim, PeerLog(town.sim), town.bus, PeerPlan(**{"answer_ms": 500, **plan}))

    def call(self, slot, called, caller="", *, first=0, gap_ms=200, exclusive=True):
        planned = PlannedCall(0, self.bus.name, slot, called, caller, first, gap_ms)
        return self.dial(planned, exclusive=exclusive)


class R2Pbx(R2Peer):
    """The peer at the card's end of the town's No.1 trunk, dialled by hand."""

    def __init__(self, town, **plan):
        super().__init__(town.sim, PeerLog(town.sim), town.bus, PeerPlan(**plan), list(town.trunks))

    def call(self, slot, called, caller="", hang_up_ms=None):
        self.dial(PlannedCall(0, self.bus.name, slot, called, caller, hang_up_ms=hang_up_ms))
