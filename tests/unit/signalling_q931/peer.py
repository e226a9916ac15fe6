"""The far end of a PRI, user or network, written from facts 3.6 and Q.931's state tables.

It answers as its `Manners` say, keeps each call in a Q.931 state, and notes in `wrong` every message that the span
under test may not send in that state. Shares no code with the span or the simulator.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from peer_link import LinkEnd

SETUP, SETUP_ACK, PROCEEDING, PROGRESS, ALERTING, CONNECT, CONNECT_ACK = 0x05, 0x0D, 0x02, 0x03, 0x01, 0x07, 0x0F
DISCONNECT, RELEASE, RELEASE_COMPLETE, INFORMATION = 0x45, 0x4D, 0x5A, 0x7B
RESTART, RESTART_ACK, STATUS, STATUS_ENQUIRY, NOTIFY = 0x46, 0x4E, 0x7D, 0x75, 0x6E
BEARER, CAUSE, STATE, CHANNEL, PI, CALLING, CALLED, REDIRECTING, RESTART_IND = (
    *(0x04, 0x08, 0x14, 0x18, 0x1E, 0x6C, 0x70, 0x74, 0x79),
)
COMPLETE = 0xA1
SERVICE, SERVICE_ACK = 0x0F, 0x07
SLOTS = (*range(1, 16), *range(17, 32))

# What may arrive in which state (state of the peer: 1 call initiated, 2 overlap sending, 3 outgoing proceeding,
# 4 delivered, 6 call present, 7 received, 8 connect request, 9 incoming proceeding, 10 active, 25 overlap receiving).
# 6, 7, 9, 25 are calls that the peer began; 1, 2, 3, 4 those of the span. In 11, 12, 19 anything may have crossed.
ANY_CLEARING = {DISCONNECT, RELEASE, RELEASE_COMPLETE}
# SETUP comes again (T303) when our answers were lost with the link.
LEGAL = {
    1: {SETUP} | ANY_CLEARING,
    2: {SETUP, INFORMATION} | ANY_CLEARING,
    3: {SETUP} | ANY_CLEARING,
    4: {SETUP} | ANY_CLEARING,
    6: {SETUP_ACK, PROCEEDING, RELEASE_COMPLETE},
    25: {PROCEEDING, PROGRESS, ALERTING, CONNECT} | ANY_CLEARING,
    9: {PROGRESS, ALERTING, CONNECT} | ANY_CLEARING,
    7: {PROGRESS, CONNECT} | ANY_CLEARING,
    8: {CONNECT_ACK} | ANY_CLEARING,
    10: {CONNECT_ACK, NOTIFY, INFORMATION} | ANY_CLEARING,
}
ALWAYS = {STATUS, STATUS_ENQUIRY}
CROSSING = {11, 12, 19}


@dataclass(frozen=True)
class Msg:
    """A Q.931 message. `flag`: from the side that did not choose the reference."""

    kind: int
    reference: int
    flag: bool
    ies: tuple = ()
    pd: int = 0x08

    def get(self, code):
        return next((value for c, value in self.ies if c == code), None)

    def octets(self):
        out = bytes([self.pd, 2, self.reference >> 8 | (0x80 if self.flag else 0), self.reference & 0xFF, self.kind])
        for code, value in self.ies:
            out += bytes([code]) if code & 0x80 else bytes([code, len(value)]) + value
        return out

    @classmethod
    def parse(cls, octets):
        ies, rest = [], octets[5:]
        while rest:
            if rest[0] & 0x80:
                ies.append((rest[0], b""))
                rest = rest[1:]
                continue
            if len(rest) < 2 or len(rest) < 2 + rest[1]:
                raise ValueError(f"element runs over the end: {octets.hex()}")
            ies.append((rest[0], rest[2 : 2 + rest[1]]))
            rest = rest[2 + rest[1] :]
        if octets[1] != 2:
            raise ValueError(f"call reference of {octets[1]} octets")
        return cls(octets[4], (octets[2] & 0x7F) << 8 | octets[3], bool(octets[2] & 0x80), tuple(ies), octets[0])


def cause_ie(cause, location=0):
    return (CAUSE, bytes([0x80 | location, 0x80 | cause]))


def channel_ie(slot, exclusive=True):
    return (CHANNEL, bytes([0xA9 if exclusive else 0xA1, 0x83, 0x80 | slot]))


@dataclass
class Manners:
    """How the peer treats a call of the span. Times in ms after SETUP; None: not at all."""

    proceed: bool = True
    refuse: int | None = None
    alert_ms: float | None = 100.0
    answer_ms: float | None = 300.0
    hang_up_ms: float | None = None
    cause: int = 16
    in_band_ms: float | None = None
    """DISCONNECT with an announcement so long before RELEASE."""
    digits: int = 0
    """Overlap: so many digits make a number."""
    move_to: int | None = None
    progress_cause: int | None = None
    silent_release: bool = False


@dataclass
class PeerCall:
    reference: int
    mine: bool
    slot: int
    state: int
    called: str = ""
    caller: bytes = b""
    setup: Msg | None = None
    manners: Manners = field(default_factory=Manners)
    got: list = field(default_factory=list)
    cause: int | None = None
    """The first cause that the span gave."""
    answered: bool = False
    over: bool = False
    lost: bool = False
    """Given up because of glare or a lost link: no word from the span is due."""
    timers: list = field(default_factory=list)


class Peer:
    """See the module text. `finished` are the calls that are over, in order."""

    def __init__(self, clock, send, *, network, manners=None, t309_ms=90_000, answers_restart=True):
        self.clock, self.network, self.t309_ms = clock, network, t309_ms
        self.manners = manners or Manners
        self.answers_restart = answers_restart
        self.calls, self.finished, self.wrong = {}, [], []
        self.restarted, self.restart_acks, self.services, self.strays = [], [], [], []
        self.next_reference = 1
        self.link = LinkEnd(clock, send, network=network, got=self._got, state=self._state)
        self.receive = self.link.receive

    # -- what a test asks for ---------------------------------------------------------------------------------------
    def dial(self, slot, called, caller=b"\x21\x8313800138000", complete=True, exclusive=True, extra=(), **manners):
        call = PeerCall(self.next_reference, True, slot, 6, called, manners=Manners(**manners))
        self.next_reference = self.next_reference % 0x7FFF + 1
        ies = [(BEARER, b"\x90\x90\xa3")]
        if slot is not None:
            ies.append(channel_ie(slot, exclusive))
        ies += extra
        if caller:
            ies.append((CALLING, caller))
        ies.append((CALLED, b"\x81" + called.encode()))
        if complete:
            ies.append((COMPLETE, b""))
        self.calls[True, call.reference] = call
        self._say(call, SETUP, *ies)
        return call

    def more(self, call, digits, complete=False):
        self._say(call, INFORMATION, (CALLED, b"\x81" + digits.encode()), *([(COMPLETE, b"")] if complete else []))

    def hang_up(self, call, cause=16, in_band_ms=None):
        if call.over or call.state in CROSSING:
            return
        if not self.link.up:
            self._lost(call)
            return
        ies = [cause_ie(cause, 2)]
        if in_band_ms is not None:
            ies.append((PI, b"\x82\x88"))
            self._later(call, in_band_ms, lambda: self._say(call, RELEASE, cause_ie(cause, 2), state=19))
        self._say(call, DISCONNECT, *ies, state=11)

    def restart(self, *slots):
        """RESTART of these slots, or of the whole interface."""
        ies = [(RESTART_IND, b"\x80" if slots else b"\x87")]
        if slots:
            ies.insert(0, channel_ie(slots[0]))
        for call in list(self.calls.values()):
            if not slots or call.slot in slots:
                self._end(call)
        self.link.send(Msg(RESTART, 0, False, tuple(ies)).octets())

    def service(self, slot, status):
        """SERVICE: 0 in service, 2 out of service."""
        ies = ((0x01, bytes([0xC0 | status])), channel_ie(slot))
        self.link.send(Msg(SERVICE, 0, False, ies, pd=0x03).octets())

    def raw(self, octets):
        """Any octets as a message."""
        self.link.send(octets)

    def free_slot(self):
        busy = {call.slot for call in self.calls.values()}
        return next(slot for slot in reversed(SLOTS) if slot not in busy)

    # -- sending ----------------------------------------------------------------------------------------------------
    def _say(self, call, kind, *ies, state=None):
        if call.over:
            return
        if state is not None:
            call.state = state
        self.link.send(Msg(kind, call.reference, not call.mine, tuple(ies)).octets())

    def _later(self, call, ms, action):
        def run():
            if not call.over:
                action()

        call.timers.append(self.clock.later(ms, run))

    # -- receiving --------------------------------------------------------------------------------------------------
    def _got(self, octets):
        try:
            msg = Msg.parse(octets)
        except (ValueError, IndexError) as error:
            self.wrong.append(str(error))
            return
        if msg.pd == 0x03:
            self._maintenance(msg)
        elif msg.reference == 0:
            self._global(msg)
        else:
            self._of_call(msg)

    def _maintenance(self, msg):
        self.services.append((msg.kind, msg.get(0x01), msg.get(CHANNEL)))
        if msg.kind == SERVICE:
            self.link.send(Msg(SERVICE_ACK, 0, True, msg.ies, pd=0x03).octets())

    def _global(self, msg):
        if msg.kind == RESTART:
            slot = msg.get(CHANNEL)[2] & 0x7F
            self.restarted.append(slot)
            if not self.answers_restart:
                return
            for call in list(self.calls.values()):
                if call.slot == slot:
                    self._end(call)
            self.link.send(Msg(RESTART_ACK, 0, True, msg.ies).octets())
        elif msg.kind == RESTART_ACK:
            self.restart_acks.append(msg.get(CHANNEL))
        elif msg.kind not in ALWAYS:
            self.wrong.append(f"message {msg.kind:#x} with the global call reference")

    def _of_call(self, msg):
        call = self.calls.get((msg.flag, msg.reference))
        if call is None:
            self._unknown(msg)
            return
        call.got.append(msg.kind)
        if call.cause is None and msg.get(CAUSE) and msg.kind in ANY_CLEARING:
            call.cause = msg.get(CAUSE)[-1] & 0x7F
        if msg.kind not in ALWAYS and call.state not in CROSSING and msg.kind not in LEGAL[call.state]:
            self.wrong.append(f"message {msg.kind:#x} in state {call.state}; before: {[hex(k) for k in call.got]}")
        self._step(call, msg)

    def _unknown(self, msg):
        if msg.kind == SETUP and not msg.flag:
            self._offered(msg)
        elif msg.kind == STATUS and msg.get(STATE) and msg.get(STATE)[0] & 0x3F:
            self._answer_stray(msg, RELEASE_COMPLETE, cause_ie(101))
        elif msg.kind == STATUS_ENQUIRY:
            self._answer_stray(msg, STATUS, cause_ie(30), (STATE, b"\x00"))
        elif msg.kind not in (RELEASE_COMPLETE, STATUS):
            self.strays.append(msg.kind)
            self._answer_stray(msg, RELEASE_COMPLETE, cause_ie(81))

    def _answer_stray(self, msg, kind, *ies):
        self.link.send(Msg(kind, msg.reference, not msg.flag, ies).octets())

    def _offered(self, msg):
        for code in (BEARER, CHANNEL, CALLED):
            if msg.get(code) is None:
                self.wrong.append(f"SETUP without element {code:#x}")
                return
        slot, exclusive = msg.get(CHANNEL)[2] & 0x7F, bool(msg.get(CHANNEL)[0] & 0x08)
        manners = self.manners()
        call = PeerCall(msg.reference, False, slot, 1, setup=msg, manners=manners)
        call.called = msg.get(CALLED)[1:].decode()
        call.caller = msg.get(CALLING) or b""
        holder = next((c for c in self.calls.values() if c.slot == slot), None)
        self.calls[False, call.reference] = call
        if holder is not None and holder.mine and holder.state == 6 and not self.network:
            holder.lost = True  # glare: the network's call is served
        elif holder is not None:
            if exclusive:
                self._say(call, RELEASE_COMPLETE, cause_ie(44))
                self._end(call)
                return
            call.slot = self.free_slot()
        if manners.move_to is not None:
            call.slot = manners.move_to
        if manners.refuse is not None:
            self._say(call, RELEASE_COMPLETE, cause_ie(manners.refuse))
            self._end(call)
        elif not manners.proceed:
            pass
        elif manners.digits and len(call.called) < manners.digits:
            self._say(call, SETUP_ACK, channel_ie(call.slot), (PI, b"\x82\x88"), state=2)
        else:
            self._take(call)

    def _take(self, call):
        manners = call.manners
        self._say(call, PROCEEDING, channel_ie(call.slot), state=3)
        if manners.progress_cause is not None:
            self._say(call, PROGRESS, cause_ie(manners.progress_cause, 2), (PI, b"\x82\x88"))
        if manners.alert_ms is not None:
            self._later(call, manners.alert_ms, lambda: self._alert(call))
        if manners.answer_ms is not None:
            self._later(call, manners.answer_ms, lambda: self._answer(call))
        if manners.hang_up_ms is not None:
            self._later(call, manners.hang_up_ms, lambda: self.hang_up(call, manners.cause, manners.in_band_ms))

    def _alert(self, call):
        if call.state == 3:
            self._say(call, ALERTING, (PI, b"\x82\x88"), state=4)

    def _answer(self, call):
        if call.state in (3, 4):
            call.answered = True
            self._say(call, CONNECT, channel_ie(call.slot), state=10 if self.network else 8)

    def _step(self, call, msg):
        kind = msg.kind
        if kind == STATUS:
            if msg.get(STATE) and not msg.get(STATE)[0] & 0x3F:
                self._end(call)
            return
        if kind == STATUS_ENQUIRY:
            self._say(call, STATUS, cause_ie(30), (STATE, bytes([call.state])))
            return
        if kind == RELEASE_COMPLETE:
            self._end(call)
        elif kind == RELEASE:
            if call.state != 19:
                self._say(call, RELEASE_COMPLETE)
            self._end(call)
        elif kind == DISCONNECT:
            if call.state != 19 and not call.manners.silent_release:
                self._say(call, RELEASE, cause_ie(call.cause or 16), state=19)
                self._later(call, 8000, lambda: self._end(call))
            elif call.manners.silent_release:
                call.state = 12
        elif call.state in CROSSING:
            return
        elif call.mine:
            self._progress_of_mine(call, msg)
        elif kind == INFORMATION and call.state == 2:
            call.called += msg.get(CALLED)[1:].decode()
            if len(call.called) >= call.manners.digits:
                self._take(call)
        elif kind == CONNECT_ACK:
            call.state = 10

    def _progress_of_mine(self, call, msg):
        steps = {SETUP_ACK: 25, PROCEEDING: 9, ALERTING: 7, CONNECT: 10}
        if msg.get(CHANNEL) and msg.kind in (SETUP_ACK, PROCEEDING, ALERTING, CONNECT):
            call.slot = msg.get(CHANNEL)[2] & 0x7F
        if msg.kind in steps:
            call.state = steps[msg.kind]
        if msg.kind == CONNECT:
            call.answered = True
            self._say(call, CONNECT_ACK)
            if call.manners.hang_up_ms is not None:
                self._later(call, call.manners.hang_up_ms, lambda: self.hang_up(call, call.manners.cause))

    def _end(self, call):
        if call.over:
            return
        call.over, call.state = True, 0
        for timer in call.timers:
            timer.cancel()
        self.calls.pop((call.mine, call.reference), None)
        self.finished.append(call)

    # -- the link ---------------------------------------------------------------------------------------------------
    def _state(self, up):
        for call in list(self.calls.values()):
            if not up:
                if call.state == 10:
                    self._later(call, self.t309_ms, lambda call=call: self._lost(call))
                else:
                    self._lost(call)
            elif call.state == 10:
                for timer in call.timers:
                    timer.cancel()
                self._say(call, STATUS, cause_ie(31), (STATE, b"\x0a"))
                if call.manners.hang_up_ms is not None:
                    self._later(call, call.manners.hang_up_ms, lambda call=call: self.hang_up(call, call.manners.cause))

    def _lost(self, call):
        call.lost = True
        self._end(call)
