"""A small telephone system at the user side of a PRI (facts 3.2, 3.5, 3.6): answers, refuses, dials, hears, waits.

What it notes (`what`, always with `span`; calls with `slot` and `ours`): `link` (up), `restart`, `call_in` (called,
caller), `call_out` (called), `digits`, `told` (message, progress, cause), `connected`, `timer` (name), `sound` (on,
dbm0), `heard_person` (party), `enquired` (after a lost link), `refused_here` (why), `over` (cause, answered).
"""

from __future__ import annotations

from hwsim.edge import q931
from hwsim.edge.log import PeerLog
from hwsim.edge.plan import PeerPlan, PlannedCall
from hwsim.edge.pri_call import PriCall, State
from hwsim.edge.q921 import Link
from hwsim.edge.q931 import IN_BAND, Element, Kind, Message
from hwsim.kernel.sim import Sim
from hwsim.line.digital import BEARER_SLOTS, Alarm
from hwsim.spanbus.bus import SpanBus

D_SLOT = 16
T302_MS, T303_MS, T304_MS, T305_MS, T308_MS = 15_000, 4_000, 30_000, 30_000, 4_000
T309_MS, T310_MS, T313_MS, T322_MS = 90_000, 60_000, 4_000, 4_000
ANNOUNCEMENT_MS = 32_000
"""How long it listens to a DISCONNECT with in-band information: the network's T306 is 30 s."""
LOSING = frozenset({Alarm.LOS, Alarm.LOF, Alarm.AIS, Alarm.RAI})
"""Alarms with which it makes no calls."""

NORMAL, NO_RESPONSE, UNAVAILABLE, TEMPORARY = 16, 18, 44, 41
INCOMPLETE, ENQUIRED, UNKNOWN_REFERENCE, EXPIRED = 28, 30, 81, 102


class PriPeer:
    """Works on the card's end of `bus` as `plan` says and writes into `log`. `calls` by (ours, reference)."""

    def __init__(self, sim: Sim, log: PeerLog, bus: SpanBus, plan: PeerPlan | None = None) -> None:
        self.sim = sim
        self.log = log
        self.bus = bus
        self.plan = plan or PeerPlan()
        self.calls: dict[tuple[bool, int], PriCall] = {}
        self.finished: list[PriCall] = []
        self.restarts: list[Message] = []
        self._reference = 0
        self.link = Link(sim, bus.card.channel(D_SLOT), self._got, self._link)
        for planned in self.plan.calls:
            if planned.span == bus.name:
                sim.later(planned.at_ms, self._dial, planned)

    # -- calls of ours ----------------------------------------------------------------------------------------------
    def _dial(self, planned: PlannedCall) -> None:
        self.dial(planned)

    def dial(self, planned: PlannedCall, *, exclusive: bool = True) -> PriCall | None:
        """Make a call; None when there is no link, an alarm, or no bearer."""
        slot = self._bearer(planned.slot)
        why = "link" if not self.link.up else "alarm" if self.bus.card.alarms & LOSING else "" if slot else "bearers"
        if why or slot is None:
            self.log.note("refused_here", self.bus.name, called=planned.called, why=why)
            return None
        self._reference = self._reference % 0x7FFF + 1
        call = PriCall(self.sim, self.log, self.bus.name, self._reference, True, slot)
        call.planned, call.called, call.caller = planned, planned.called, planned.caller
        self.calls[call.key] = call
        first = planned.called[: planned.first] if planned.first else planned.called
        call.digits_left = planned.called[len(first) :]
        call.note("call_out", called=planned.called)
        self._setup(call, first, exclusive=exclusive)
        return call

    def in_use(self) -> list[str]:
        """Circuits with a call."""
        return [f"{self.bus.name}/{call.slot}" for call in self.calls.values()]

    def more(self, call: PriCall, digits: str) -> None:
        """INFORMATION."""
        self._send(call, Kind.INFORMATION, q931.called(digits))

    def hang_up(self, call: PriCall, cause: int = NORMAL) -> None:
        """DISCONNECT."""
        if call.over or call.state in (State.DISCONNECT_REQUEST, State.RELEASE_REQUEST):
            return
        if call.state is State.DISCONNECT_INDICATION:
            self._release(call, cause)
            return
        call.stop()
        call.state = State.DISCONNECT_REQUEST
        self._send(call, Kind.DISCONNECT, q931.cause(cause))
        call.start("T305", T305_MS, lambda call: self._release(call, EXPIRED))

    def _setup(self, call: PriCall, first: str, *, exclusive: bool, repeated: bool = False) -> None:
        elements = [q931.bearer(), q931.channel(call.slot, exclusive)]
        if call.caller:
            elements.append(q931.caller(call.caller))
        elements.append(q931.called(first))
        if not call.digits_left:
            elements.append(q931.complete())
        call.state = State.INITIATED
        self._send(call, Kind.SETUP, *elements)

        def again(call: PriCall) -> None:
            if repeated:
                call.cause = NO_RESPONSE
                self._send(call, Kind.RELEASE_COMPLETE, q931.cause(EXPIRED))
                self._end(call)
            else:
                self._setup(call, first, exclusive=exclusive, repeated=True)

        call.start("T303", T303_MS, again)

    def _bearer(self, wanted: int) -> int | None:
        """The bearer that was asked for, or the free one with the highest number."""
        used = {call.slot for call in self.calls.values()}
        free = [slot for slot in (wanted, *reversed(BEARER_SLOTS)) if slot in BEARER_SLOTS and slot not in used]
        return free[0] if free else None

    # -- messages ---------------------------------------------------------------------------------------------------
    def _send(self, call: PriCall, kind: Kind, *elements: q931.Piece) -> None:
        self.link.send(Message(kind, call.reference, not call.ours, elements).encode())

    def _got(self, octets: bytes) -> None:
        message = Message.decode(octets)
        if message.reference == 0:
            self._global(message)
            return
        call = self.calls.get((message.flag, message.reference))
        if call is None and message.kind == Kind.SETUP and not message.flag:
            self._offered(message)
        elif call is None:
            self._stranger(message)
        else:
            call.told.append(message.kind)
            call.cause = message.cause or call.cause
            call.slot = message.slot or call.slot
            self._message(call, message)

    def _message(self, call: PriCall, message: Message) -> None:
        kind = message.kind
        if kind not in (Kind.INFORMATION, Kind.STATUS, Kind.STATUS_ENQUIRY):
            name = Kind(kind).name.lower() if kind in tuple(Kind) else f"{kind:02x}"
            call.note("told", message=name, progress=list(message.progress), cause=message.cause)
        if IN_BAND in message.progress:
            call.listen(self.bus.card.channel(call.slot), self.plan.party)
        match kind:
            case Kind.SETUP_ACK:
                self._overlap_sending(call)
            case Kind.PROCEEDING:
                call.stop("T303", "T304")
                call.state = State.OUTGOING_PROCEEDING
                call.start("T310", T310_MS, lambda call: self.hang_up(call, EXPIRED))
            case Kind.PROGRESS:
                call.stop("T310")
            case Kind.ALERTING:
                call.stop("T303", "T304", "T310")
                call.state = State.DELIVERED
            case Kind.CONNECT:
                self._connected(call)
            case Kind.CONNECT_ACK:
                call.stop("T313")
                self._active(call)
            case Kind.INFORMATION:
                self._digits(call, message.number(Element.CALLED), message.get(Element.COMPLETE) is not None)
            case Kind.DISCONNECT:
                self._disconnected(call, message)
            case Kind.RELEASE:
                self._send(call, Kind.RELEASE_COMPLETE)
                self._end(call)
            case Kind.RELEASE_COMPLETE:
                self._end(call)
                if call.planned and call.told == [Kind.RELEASE_COMPLETE] and call.cause == UNAVAILABLE:
                    self.dial(call.planned)  # the network had seized the same bearer: ours goes on another
            case Kind.STATUS:
                self._status(call, message)
            case Kind.STATUS_ENQUIRY:
                self._send(call, Kind.STATUS, q931.cause(ENQUIRED), q931.call_state(call.state))

    def _stranger(self, message: Message) -> None:
        """A message for a call that we do not have."""
        if message.kind in (Kind.RELEASE_COMPLETE, Kind.STATUS):
            return
        answer = Message(Kind.RELEASE_COMPLETE, message.reference, not message.flag, (q931.cause(UNKNOWN_REFERENCE),))
        self.link.send(answer.encode())

    def _global(self, message: Message) -> None:
        if message.kind != Kind.RESTART:
            return
        self.restarts.append(message)
        self.log.note("restart", self.bus.name, slot=message.slot)
        for call in list(self.calls.values()):
            if message.slot in (0, call.slot):
                call.cause = TEMPORARY
                self._end(call)
        self.link.send(Message(Kind.RESTART_ACK, 0, True, message.elements).encode())

    # -- outgoing ---------------------------------------------------------------------------------------------------
    def _overlap_sending(self, call: PriCall) -> None:
        call.stop("T303")
        call.state = State.OVERLAP_SENDING
        call.start("T304", T304_MS, lambda call: self.hang_up(call, EXPIRED))
        if call.digits_left and call.planned:
            call.start("gap", call.planned.gap_ms, self._next_digit)

    def _next_digit(self, call: PriCall) -> None:
        if call.state is State.OVERLAP_SENDING and call.digits_left and call.planned:
            digit, call.digits_left = call.digits_left[0], call.digits_left[1:]
            call.note("digits", digits=digit)
            self.more(call, digit)
            call.start("T304", T304_MS, lambda call: self.hang_up(call, EXPIRED))
            call.start("gap", call.planned.gap_ms, self._next_digit)

    def _connected(self, call: PriCall) -> None:
        call.stop()
        self._send(call, Kind.CONNECT_ACK)
        self._active(call)
        if call.planned and call.planned.hang_up_ms is not None:
            call.start("hang_up", call.planned.hang_up_ms, self.hang_up)

    # -- incoming ---------------------------------------------------------------------------------------------------
    def _offered(self, message: Message) -> None:
        call = PriCall(self.sim, self.log, self.bus.name, message.reference, False, message.slot)
        call.told.append(message.kind)
        call.setup = message
        call.called, call.caller = message.number(Element.CALLED), message.number(Element.CALLER)
        self.calls[call.key] = call
        call.state = State.PRESENT
        call.note("call_in", called=call.called, caller=call.caller)
        if self.plan.refuse:
            call.cause = self.plan.refuse
            self._send(call, Kind.RELEASE_COMPLETE, q931.cause(self.plan.refuse))
            self._end(call)
        elif any(other.slot == call.slot and other.state is State.ACTIVE for other in self.calls.values()):
            call.cause = UNAVAILABLE
            self._send(call, Kind.RELEASE_COMPLETE, q931.cause(UNAVAILABLE))
            self._end(call)
        elif message.get(Element.COMPLETE) is None and len(call.called) != self.plan.digits:
            call.state = State.OVERLAP_RECEIVING
            self._send(call, Kind.SETUP_ACK, q931.channel(call.slot))
            call.start("T302", T302_MS, self._no_more_digits)
        else:
            self._take(call)

    def _digits(self, call: PriCall, digits: str, is_last: bool) -> None:
        if call.state is not State.OVERLAP_RECEIVING:
            return
        call.called += digits
        call.note("digits", digits=digits)
        if is_last or len(call.called) == self.plan.digits:
            self._take(call)
        else:
            call.start("T302", T302_MS, self._no_more_digits)

    def _no_more_digits(self, call: PriCall) -> None:
        if self.plan.digits:
            self.hang_up(call, INCOMPLETE)
        else:
            self._take(call)

    def _take(self, call: PriCall) -> None:
        call.stop("T302")
        self._send(call, Kind.PROCEEDING, q931.channel(call.slot))
        self._send(call, Kind.ALERTING)
        call.state = State.RECEIVED
        if self.plan.answer_ms is not None:
            call.start("answer", self.plan.answer_ms, self._answer)

    def _answer(self, call: PriCall) -> None:
        if call.state is State.RECEIVED:
            call.state = State.CONNECT_REQUEST
            self._send(call, Kind.CONNECT, q931.channel(call.slot))
            call.start("T313", T313_MS, lambda call: self.hang_up(call, EXPIRED))

    def _active(self, call: PriCall) -> None:
        if call.connected:
            return
        call.connected = True
        call.state = State.ACTIVE
        call.note("connected")
        call.listen(self.bus.card.channel(call.slot), self.plan.party)
        call.talk()
        if not call.ours and self.plan.talk_ms is not None:
            call.start("hang_up", self.plan.talk_ms, self.hang_up)

    # -- clearing ---------------------------------------------------------------------------------------------------
    def _disconnected(self, call: PriCall, message: Message) -> None:
        """DISCONNECT; with in-band information we listen to it first, and answer the network's RELEASE."""
        call.stop()
        if call.state is State.DISCONNECT_REQUEST or IN_BAND not in message.progress:
            self._release(call, call.cause or NORMAL)
            return
        call.state = State.DISCONNECT_INDICATION
        call.start("announcement", ANNOUNCEMENT_MS, lambda call: self._release(call, NORMAL))

    def _release(self, call: PriCall, cause: int, *, repeated: bool = False) -> None:
        call.stop()
        call.silence()
        call.state = State.RELEASE_REQUEST
        self._send(call, Kind.RELEASE, q931.cause(cause))

        def again(call: PriCall) -> None:
            if repeated:
                self._end(call)
            else:
                self._release(call, cause, repeated=True)

        call.start("T308", T308_MS, again)

    def _end(self, call: PriCall) -> None:
        call.stop()
        call.silence()
        call.over = True
        call.state = State.NULL
        self.calls.pop(call.key, None)
        self.finished.append(call)
        call.note("over", cause=call.cause or NORMAL, answered=call.connected)

    # -- the link ---------------------------------------------------------------------------------------------------
    def _link(self, up: bool) -> None:
        self.log.note("link", self.bus.name, up=up)
        for call in list(self.calls.values()):
            if up and call.state is State.ACTIVE:
                call.stop("T309")
                call.note("enquired")
                self._send(call, Kind.STATUS_ENQUIRY)
                call.start("T322", T322_MS, self._lost)
            elif not up and call.state is State.ACTIVE:
                call.start("T309", T309_MS, self._lost)
            elif not up:
                call.cause = TEMPORARY
                self._end(call)

    def _status(self, call: PriCall, message: Message) -> None:
        state = message.get(Element.CALL_STATE)
        call.stop("T322")
        if state and state[0] & 0x3F == State.NULL:
            self._end(call)

    def _lost(self, call: PriCall) -> None:
        call.cause = TEMPORARY
        self._end(call)
