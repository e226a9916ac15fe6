"""The user side of a PRI, written from facts 3.5 and 3.6 alone: it shares nothing with the simulator's stack.

`Link` is Q.921 for SAPI 0, TEI 0, modulo 128; `Cpe` puts Q.931 calls on it. Both work on a Channel of the card end.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

T200_MS, N200, T203_MS, WINDOW = 1000, 3, 10_000, 7
SABME, UA, DISC, DM = 0x6F, 0x63, 0x43, 0x0F
POLL = 0x10

SETUP, SETUP_ACK, PROCEEDING, PROGRESS, ALERTING, CONNECT, CONNECT_ACK = 0x05, 0x0D, 0x02, 0x03, 0x01, 0x07, 0x0F
DISCONNECT, RELEASE, RELEASE_COMPLETE, RESTART, RESTART_ACK, INFORMATION = 0x45, 0x4D, 0x5A, 0x46, 0x4E, 0x7B
STATUS, STATUS_ENQUIRY = 0x7D, 0x75
BEARER, CAUSE, CHANNEL, PI, CALLING, CALLED, COMPLETE = 0x04, 0x08, 0x18, 0x1E, 0x6C, 0x70, 0xA1


class Link:
    """The data link: `send(message)` whole Q.931 messages; `got(message)` and `state(up)` are called."""

    def __init__(self, sim, channel, got, state):
        self.sim, self.channel, self.got, self.state = sim, channel, got, state
        self.up = self.dead = False
        self.vs = self.va = self.vr = 0
        self.queue, self.sent = deque(), deque()
        self.tries, self.timer = 0, None
        self.ups = 0
        channel.open_hdlc()
        channel.hook = self._readable
        sim.later(500, self.establish)

    def establish(self):
        if self.up:
            return
        self.tries = 0
        self._command(SABME | POLL)
        self._start(T200_MS, self._retry_sabme)

    def send(self, message):
        self.queue.append(message)
        self._push()

    def _retry_sabme(self):
        if not self.up:
            self.tries += 1
            self._command(SABME | POLL)
            self._start(T200_MS, self._retry_sabme)

    def _command(self, control):
        self._out(bytes([0x00, 0x01, control]))

    def _response(self, control):
        self._out(bytes([0x02, 0x01, control]))

    def _out(self, frame):
        if not self.dead:
            self.channel.write(frame)

    def _start(self, ms, what):
        if self.timer:
            self.timer.cancel()
        self.timer = self.sim.later(ms, what)

    def _push(self):
        while self.up and self.queue and len(self.sent) < WINDOW:
            message = self.queue.popleft()
            self.sent.append(message)
            self._out(bytes([0x00, 0x01, self.vs << 1, self.vr << 1]) + message)
            self.vs = (self.vs + 1) % 128
            self.tries = 0
            self._start(T200_MS, self._enquire)

    def _enquire(self):
        if not self.up:
            return
        if self.tries >= N200:
            self._down()
            self.establish()
            return
        self.tries += 1
        self._out(bytes([0x00, 0x01, 0x01, self.vr << 1 | 1]))
        self._start(T200_MS, self._enquire)

    def _readable(self, channel):
        while channel.take_event():
            pass
        while (frame := channel.read()) is not None:
            if not self.dead:
                self._frame(frame)

    def _frame(self, frame):
        assert frame[1] == 0x01, frame.hex()
        command = frame[0] == 0x02
        assert command or frame[0] == 0x00, frame.hex()
        control = frame[2]
        if control & 3 == 3:
            self._unnumbered(control, command)
        elif not self.up:
            return
        elif control & 1:
            self._supervisory(control, frame[3], command)
        else:
            self._information(frame)

    def _unnumbered(self, control, command):
        kind = control & ~POLL
        if kind == SABME and command:
            self._response(UA | (control & POLL))
            self._down()
            self._reset()
        elif kind == UA and not self.up:
            self._reset()
        elif kind == DISC and command:
            self._response(UA | (control & POLL))
            self._down()
            self._start(T200_MS, self.establish)
        elif kind == DM:
            self._down()
            self._start(T200_MS, self.establish)

    def _reset(self):
        self.vs = self.va = self.vr = 0
        self.queue.extendleft(reversed(self.sent))
        self.sent.clear()
        self.up = True
        self.ups += 1
        self._start(T203_MS, self._enquire)
        self.state(True)
        self._push()

    def _down(self):
        if self.up:
            self.up = False
            self.queue.clear()
            self.sent.clear()
            self.state(False)

    def _supervisory(self, control, octet, command):
        self._acknowledge(octet >> 1)
        if command and octet & 1:
            self._out(bytes([0x02, 0x01, 0x01, self.vr << 1 | 1]))
        if (not command and octet & 1) or control == 0x09:
            outstanding, self.vs = list(self.sent), self.va
            self.sent.clear()
            self.queue.extendleft(reversed(outstanding))
            self.tries = 0
            self._start(T203_MS, self._enquire)
            self._push()

    def _information(self, frame):
        ns, nr, poll = frame[2] >> 1, frame[3] >> 1, frame[3] & 1
        self._acknowledge(nr)
        if ns != self.vr:
            self._out(bytes([0x02, 0x01, 0x09, self.vr << 1 | poll]))
            return
        self.vr = (self.vr + 1) % 128
        self._out(bytes([0x02, 0x01, 0x01, self.vr << 1 | poll]))
        self.got(frame[4:])

    def _acknowledge(self, nr):
        while self.va != nr and self.sent:
            self.sent.popleft()
            self.va = (self.va + 1) % 128
        if not self.sent:
            self._start(T203_MS, self._enquire)
        self._push()


@dataclass(frozen=True)
class Message:
    """One Q.931 message. `flag`: sent by the side that did not choose the call reference."""

    kind: int
    reference: int
    flag: bool
    elements: tuple[tuple[int, bytes], ...] = ()

    def get(self, element):
        return next((value for code, value in self.elements if code == element), None)

    def encode(self):
        head = bytes([0x08, 0x02, self.reference >> 8 | (0x80 if self.flag else 0), self.reference & 0xFF, self.kind])
        return head + b"".join(bytes([code]) if code & 0x80 else bytes([code, len(v)]) + v for code, v in self.elements)

    @classmethod
    def decode(cls, octets):
        assert octets[0] == 0x08 and octets[1] == 2, octets.hex()
        reference = (octets[2] & 0x7F) << 8 | octets[3]
        elements, rest = [], octets[5:]
        while rest:
            if rest[0] & 0x80:
                elements.append((rest[0], b""))
                rest = rest[1:]
            else:
                size = rest[1]
                assert len(rest) >= 2 + size, octets.hex()
                elements.append((rest[0], rest[2 : 2 + size]))
                rest = rest[2 + size :]
        return cls(octets[4], reference, bool(octets[2] & 0x80), tuple(elements))


def cause_element(cause):
    return (CAUSE, bytes([0x80, 0x80 | cause]))


def channel_element(slot, exclusive=True):
    return (CHANNEL, bytes([0xA9 if exclusive else 0xA1, 0x83, 0x80 | slot]))


@dataclass
class Leg:
    """One call of the CPE. `told` are the kinds of messages received, in order."""

    reference: int
    ours: bool
    slot: int
    told: list[int] = field(default_factory=list)
    digits: str = ""
    caller: bytes = b""
    called: bytes = b""
    cause: int | None = None
    connected: bool = False
    over: bool = False
    setup: Message | None = None


class Cpe:
    """A small PBX: answers after `answer_ms` (None: only alerts) or refuses; collects `needs_digits` in overlap."""

    def __init__(self, sim, channel, answer_ms=500, refuse=None, needs_digits=0, hold_ms=None):
        self.sim, self.answer_ms, self.refuse = sim, answer_ms, refuse
        self.needs_digits, self.hold_ms = needs_digits, hold_ms
        self.legs, self.finished, self.restarts = {}, [], []
        self.next_reference = 1
        self.link = Link(sim, channel, self._got, lambda up: None)

    def dial(self, slot, called, caller="", complete=True, exclusive=True, on_connect=None):
        leg = Leg(self.next_reference, True, slot)
        self.next_reference = self.next_reference % 0x7FFF + 1
        self.legs[True, leg.reference] = leg
        elements = [(BEARER, b"\x90\x90\xa3"), channel_element(slot, exclusive)]
        if caller:
            elements.append((CALLING, b"\x01\x80" + caller.encode()))
        elements.append((CALLED, b"\x81" + called.encode()))
        if complete:
            elements.append((COMPLETE, b""))
        leg.on_connect = on_connect
        self._send(leg, SETUP, *elements)
        return leg

    def more(self, leg, digits):
        self._send(leg, INFORMATION, (CALLED, b"\x81" + digits.encode()))

    def hang_up(self, leg, cause=16):
        if not leg.over:
            self._send(leg, DISCONNECT, cause_element(cause))

    def _send(self, leg, kind, *elements):
        self.link.send(Message(kind, leg.reference, not leg.ours, tuple(elements)).encode())

    def _got(self, octets):
        message = Message.decode(octets)
        if message.reference == 0:
            self._global(message)
            return
        ours = message.flag
        leg = self.legs.get((ours, message.reference))
        if message.kind == SETUP and leg is None:
            leg = Leg(message.reference, False, message.get(CHANNEL)[2] & 0x7F, setup=message)
            self.legs[False, message.reference] = leg
        if leg is None:
            return
        leg.told.append(message.kind)
        if message.get(CAUSE):
            leg.cause = message.get(CAUSE)[-1] & 0x7F
        if message.get(CHANNEL):
            leg.slot = message.get(CHANNEL)[2] & 0x7F
        self._on(leg, message)

    def _global(self, message):
        if message.kind == RESTART:
            self.restarts.append(message)
            self.link.send(Message(RESTART_ACK, 0, True, message.elements).encode())

    def _on(self, leg, message):
        kind = message.kind
        if kind == SETUP:
            self._offered(leg, message)
        elif kind == INFORMATION:
            leg.digits += message.get(CALLED)[1:].decode()
            self._enough(leg)
        elif kind == CONNECT:
            leg.connected = True
            self._send(leg, CONNECT_ACK)
            if leg.on_connect:
                leg.on_connect(leg)
        elif kind == DISCONNECT:
            self._send(leg, RELEASE, cause_element(leg.cause or 16))
        elif kind == RELEASE:
            self._send(leg, RELEASE_COMPLETE)
            self._end(leg)
        elif kind == RELEASE_COMPLETE:
            self._end(leg)

    def _offered(self, leg, message):
        leg.called, leg.caller = message.get(CALLED) or b"", message.get(CALLING) or b""
        leg.digits = leg.called[1:].decode()
        if self.refuse is not None:
            self._send(leg, RELEASE_COMPLETE, cause_element(self.refuse))
            self._end(leg)
        elif message.get(COMPLETE) is None:
            self._send(leg, SETUP_ACK, channel_element(leg.slot))
            self._enough(leg)
        else:
            self._take(leg)

    def _enough(self, leg):
        if self.needs_digits and len(leg.digits) == self.needs_digits:
            self._take(leg)

    def _take(self, leg):
        self._send(leg, PROCEEDING, channel_element(leg.slot))
        self._send(leg, ALERTING)
        if self.answer_ms is not None:
            self.sim.later(self.answer_ms, self._answer, leg)

    def _answer(self, leg):
        if not leg.over and DISCONNECT not in leg.told:
            self._send(leg, CONNECT, channel_element(leg.slot))
            leg.connected = True
            if self.hold_ms is not None:
                self.sim.later(self.hold_ms, self.hang_up, leg)

    def _end(self, leg):
        leg.over = True
        self.legs.pop((leg.ours, leg.reference), None)
        self.finished.append(leg)
