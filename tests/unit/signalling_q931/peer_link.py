"""Q.921 for one D channel (SAPI 0, TEI 0, modulo 128), either side, written from facts 3.5 alone.

Shares nothing with the span under test and nothing with the simulator: no libpri, no decoder of theirs.
"""

from __future__ import annotations

from collections import deque

T200_MS, N200, T203_MS, WINDOW = 1000, 3, 10_000, 7
SABME, UA, DISC, DM = 0x6F, 0x63, 0x43, 0x0F
P = 0x10


class LinkEnd:
    """`got(message)`: a Q.931 message arrived; `state(up)`: the link went up (also again) or down."""

    def __init__(self, clock, send, *, network, got, state):
        self.clock, self._send_frame, self.got, self.state = clock, send, got, state
        self.command = b"\x02\x01" if network else b"\x00\x01"
        self.response = b"\x00\x01" if network else b"\x02\x01"
        self.up = self.deaf = False
        self.waiting, self.unacknowledged = deque(), deque()
        self.vs = self.va = self.vr = self.tries = 0
        self.rejecting = False
        self.timer = None
        self.wrong = []
        clock.later(300, self.establish)

    # -- upwards --------------------------------------------------------------------------------------------------
    def establish(self):
        if not self.up:
            self._out(self.command + bytes([SABME | P]))
            self._start(T200_MS, self.establish)

    def disconnect(self):
        """Administratively down."""
        self._out(self.command + bytes([DISC | P]))
        self._go_down()

    def send(self, message):
        if self.up:
            self.waiting.append(message)
            self._push()

    # -- downwards ------------------------------------------------------------------------------------------------
    def receive(self, frame):
        if self.deaf:
            return
        if frame[:2] not in (self.command, self.response) or len(frame) < 3:
            self.wrong.append(f"address {frame.hex()}")
            return
        is_command = frame[:2] == self.response  # the far end's command has our response's address
        control = frame[2]
        if control & 3 == 3:
            self._unnumbered(control & ~P, control & P, is_command)
        elif not self.up:
            return
        elif control & 1:
            self._supervisory(control, frame[3], is_command)
        else:
            self._numbered(frame, is_command)

    # -- inside ---------------------------------------------------------------------------------------------------
    def _out(self, frame):
        if not self.deaf:
            self._send_frame(frame)

    def _start(self, ms, action):
        if self.timer:
            self.timer.cancel()
        self.timer = self.clock.later(ms, action)

    def _unnumbered(self, kind, bit, is_command):
        if kind == SABME and is_command:
            self._out(self.response + bytes([UA | bit]))
            self._come_up(again=self.up)
        elif kind == UA and not is_command:
            if not self.up:
                self._come_up(again=False)
        elif kind == DISC and is_command:
            self._out(self.response + bytes([UA | bit]))
            self._go_down()
            self._start(T200_MS, self.establish)
        elif kind == DM and not is_command:
            self._go_down()
            self._start(T200_MS, self.establish)
        else:
            self.wrong.append(f"unnumbered {kind:#x} command={is_command}")

    def _come_up(self, again):
        if again:
            self._go_down()
        self.vs = self.va = self.vr = self.tries = 0
        self.rejecting = False
        self.waiting.clear()
        self.unacknowledged.clear()
        self.up = True
        self._start(T203_MS, self._enquire)
        self.state(True)

    def _go_down(self):
        if self.up:
            self.up = False
            self.waiting.clear()
            self.unacknowledged.clear()
            self.state(False)

    def _push(self):
        while self.up and self.waiting and len(self.unacknowledged) < WINDOW:
            message = self.waiting.popleft()
            self.unacknowledged.append(message)
            self._out(self.command + bytes([self.vs << 1, self.vr << 1]) + message)
            self.vs = (self.vs + 1) % 128
            self._start(T200_MS, self._enquire)

    def _enquire(self):
        if not self.up:
            return
        if self.tries >= N200:
            self._go_down()
            self.establish()
            return
        self.tries += 1
        self._out(self.command + bytes([0x01, self.vr << 1 | 1]))
        self._start(T200_MS, self._enquire)

    def _supervisory(self, control, octet, is_command):
        if control not in (0x01, 0x05, 0x09):
            self.wrong.append(f"supervisory {control:#x}")
        self._acknowledged(octet >> 1)
        if is_command and octet & 1:
            self._out(self.response + bytes([0x01, self.vr << 1 | 1]))
        if control == 0x09 or (not is_command and octet & 1):
            self.tries = 0
            again = list(self.unacknowledged)
            self.unacknowledged.clear()
            self.vs = self.va
            self.waiting.extendleft(reversed(again))
            self._start(T203_MS, self._enquire)
            self._push()

    def _numbered(self, frame, is_command):
        if not is_command:
            self.wrong.append("I frame as a response")
        ns, nr, poll = frame[2] >> 1, frame[3] >> 1, frame[3] & 1
        self._acknowledged(nr)
        if ns == self.vr:
            self.vr = (self.vr + 1) % 128
            self.rejecting = False
            self._out(self.response + bytes([0x01, self.vr << 1 | poll]))
            self.got(frame[4:])
        elif not self.rejecting:
            self.rejecting = True
            self._out(self.response + bytes([0x09, self.vr << 1 | poll]))

    def _acknowledged(self, nr):
        if (nr - self.va) % 128 > (self.vs - self.va) % 128:
            self.wrong.append(f"N(R) {nr} outside {self.va}..{self.vs}")
            return
        while self.va != nr:
            self.unacknowledged.popleft()
            self.va = (self.va + 1) % 128
            self.tries = 0
        if not self.unacknowledged and not self.tries:
            self._start(T203_MS, self._enquire)
        self._push()
