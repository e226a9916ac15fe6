"""A town whose exchange has one PRI to a card: what is to happen, a card that does its part, and its records.

The exchange, its Q.931 stack and its truth log are the simulator's. The card is whatever implements `dial`, keeps
`records` and follows the plans of calls that come in; `SpanCard` is boardd's Q931Span with nothing around it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit" / "hwsim_signalling"))

from lib_pri_far import FarSide
from lib_pri_plan import LOSS_TIMERS, OUR_NUMBER, UNAVAILABLE, Plan, Record, decoys, plans
from town import Town

from boardd.contract.errors import WrongStateError
from boardd.signalling.q931.profile import Q931Profile, Side
from boardd.signalling.q931.span import Q931Span
from boardd.signalling.span import (
    CallEvent,
    CallRequest,
    Connected,
    Disconnected,
    Incoming,
    Number,
    Origin,
    Released,
    SpanEvent,
)
from hwsim.signalling.pri_network import PriNetwork
from hwsim.signalling.pri_profile import PriProfile
from hwsim.signalling.q931_events import Node

DELAY_MS = 9.0
"""A D-channel frame on a card: 40 octets at 64 kbit/s, and the buffers. Without it nothing could ever cross."""


class SimClock:
    """Simulated time as a span's clock."""

    def __init__(self, sim) -> None:
        self._sim = sim

    def now_us(self) -> int:
        """See SpanClock."""
        return self._sim.now_us

    def at_us(self, due_us: int, action: Callable[[], None]):
        """See SpanClock."""
        return self._sim.at(due_us, action)


class SpanCard:
    """Q931Span at the card end of the span bus."""

    def __init__(self, town: Town, by_number: dict[str, Plan], side: Side) -> None:
        self.town, self.sim, self.plans = town, town.sim, by_number
        self.records: list[Record] = []
        self.troubles: list[str] = []
        self._open: dict[int, Record] = {}
        self._order = list(reversed(town.trunks))
        """Slots, the least recently used one first."""
        self._channel = town.bus.card.channel(16)
        self._channel.open_hdlc()
        self._channel.hook = self._readable
        profile = Q931Profile(side=side, timers_ms=LOSS_TIMERS)
        self.span = Q931Span("9/1", profile, SimClock(self.sim), self._send, self._told)

    # -- frames -----------------------------------------------------------------------------------------------------
    def _send(self, frame: bytes) -> None:
        self.sim.later(DELAY_MS, self._channel.write, frame)

    def _readable(self, channel) -> None:
        while channel.take_event():
            pass
        while (frame := channel.read()) is not None:
            self.sim.later(DELAY_MS, self.span.receive, frame)

    # -- what people want -------------------------------------------------------------------------------------------
    def dial(self, plan: Plan, slot: int | None = None) -> bool:
        """Call a telephone on `slot`, or on the free one that was used least recently; False: none is free."""
        for wanted in [slot] if slot is not None else list(self._order):
            try:
                call = self.span.setup(CallRequest(wanted, Number(plan.number), Number(OUR_NUMBER)))
            except WrongStateError:
                continue
            self._order.remove(wanted)
            self._order.append(wanted)
            self._open[call] = Record(plan.number, False, wanted, self.sim.now_us)
            self.records.append(self._open[call])
            if plan.kind == "we give up":
                self.sim.later(plan.talk_ms, self._end, call, 16)
            return True
        return False

    def dial_until_free(self, plan: Plan) -> None:
        """As people do: try until there is a line."""
        if not self.dial(plan):
            self.sim.later(500, self.dial_until_free, plan)

    def believes_free(self, slot: int) -> bool:
        """Whether the card would dial on the slot now."""
        return self.span.usable(slot)

    def restart(self, slot: int) -> None:
        """Bring a slot to idle at both ends."""
        self.span.restart(slot)

    @property
    def quiet(self) -> bool:
        """No call is left and every slot may be used."""
        return not self._open and all(self.span.usable(slot) for slot in self.town.trunks)

    # -- what the span tells ----------------------------------------------------------------------------------------
    def _told(self, event: SpanEvent) -> None:
        if type(event).__name__ == "Trouble":
            self.troubles.append(event.code)
        if not isinstance(event, CallEvent):
            return
        if isinstance(event, Incoming):
            self._open[event.call] = Record(event.caller.digits, True, event.slot, self.sim.now_us)
            self.records.append(self._open[event.call])
        record = self._open[event.call]
        record.slot = event.slot
        record.events.append(type(event).__name__)
        if isinstance(event, Incoming):
            self._treat(event)
        elif isinstance(event, Connected):
            self._connected(event, record)
        elif isinstance(event, Disconnected):
            by = "far" if event.origin is Origin.FAR else "line"
            self._note_end(record, event.cause, by, event.raw)
        elif isinstance(event, Released):
            record.releases += 1
            self._note_end(record, event.cause, "line", "")
            del self._open[event.call]
            record.again = not record.inbound and not record.answered_us and record.cause == UNAVAILABLE
            if record.again:
                self.sim.later(1, self.dial_until_free, self.plans[record.number])

    def _treat(self, event: Incoming) -> None:
        plan = self.plans[event.caller.digits]
        if plan.kind == "refused":
            self._end(event.call, plan.cause)
            return
        self.span.alerting(event.call)
        if plan.kind != "caller gives up":
            self.sim.later(plan.answer_ms, self.span.connect, event.call)

    def _connected(self, event: Connected, record: Record) -> None:
        record.answered_us = self.sim.now_us
        plan = self.plans[record.number]
        if plan.kind == "answered, we end":
            self.sim.later(plan.talk_ms, self._end, event.call, 16)

    def _end(self, call: int, cause: int) -> None:
        record = self._open.get(call)
        if record is not None and not record.ended_by:
            self._note_end(record, cause, "us", "")
            self.span.disconnect(call, cause)

    def _note_end(self, record: Record, cause: int, by: str, raw: str) -> None:
        if not record.ended_by:
            record.cause, record.ended_by, record.raw, record.ended_us = int(cause), by, raw, self.sim.now_us


class World:
    """Town, exchange with libpri at its end, card, and what goes wrong between them."""

    def __init__(
        self,
        calls: int,
        seed: int,
        capture: Path,
        card: Callable[..., SpanCard] = SpanCard,
        side: Side = Side.USER,
        every_ms: float = 400.0,
    ) -> None:
        self.town = Town(digits_sent=4, seed=seed)
        self.sim = self.town.sim
        self.plans = plans(calls, seed, every_ms)
        self.restarts: list[tuple[int, int]] = []
        node = Node.NETWORK if side is Side.USER else Node.USER
        self.network = PriNetwork(self.sim, self.town.bus, PriProfile(timers=LOSS_TIMERS), node)
        self.network.capture(capture)
        self.card = card(self.town, {plan.number: plan for plan in self.plans}, side)
        self.card_is_network = side is Side.NETWORK
        self._decoys = decoys(self.plans)
        self.far = FarSide(self.sim, self.town.exchange, self.network, self.plans, self._glare)
        self.far.link_up = lambda: self.network.link_up and self.card.span.link_up
        self.windows = self.far.windows
        self.lose_link = self.far.lose_link
        for plan in self.plans:
            if plan in self._decoys:
                self.sim.later(self.last_ms + 300 * self._decoys.index(plan), self._dial_decoy, plan)
            elif not plan.inbound:
                self.sim.later(plan.at_ms, self.card.dial_until_free, plan)

    @property
    def last_ms(self) -> float:
        """When the last call begins."""
        return self.plans[-1].at_ms

    def run(self) -> None:
        """Everything to its end."""
        self.town.run_s(self.last_ms / 1000 + 20)
        for _ in range(120):
            if self.card.quiet and self.town.idle():
                break
            self.town.run_s(5)
        self.network.close()

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The truth log."""
        return self.sim.truth.facts

    @property
    def circuits(self) -> list[str]:
        """Names of the card's circuits."""
        return [trunk.name for trunk in self.town.trunks.values()]

    @property
    def busy(self) -> list[str]:
        """Circuits at the exchange that are not idle."""
        return [] if self.town.idle() else self.circuits

    # -- troubles ---------------------------------------------------------------------------------------------------
    def restart_busy_slot(self, at_ms: float) -> None:
        """Somebody restarts a slot on which people talk."""
        self.sim.later(at_ms, self._restart_one)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _dial_decoy(self, plan: Plan) -> None:
        """There were fewer occasions for glare than decoys."""
        if plan in self._decoys:
            self._decoys.remove(plan)
            self.card.dial_until_free(plan)

    def _glare(self, slot: int) -> None:
        """The exchange's SETUP leaves: in the same moment we dial on that very slot."""
        if self._decoys and self.card.believes_free(slot):
            self.card.dial(self._decoys.pop(), slot)

    def _restart_one(self) -> None:
        talking = [r for r in self.card.records if r.answered_us and not r.ended_by]
        if talking:
            slot = talking[-1].slot
            self.restarts.append((self.sim.now_us, slot))
            self.card.restart(slot)
        else:
            self.sim.later(200, self._restart_one)
