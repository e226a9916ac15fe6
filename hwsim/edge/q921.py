"""The data link of a PRI's user side: Q.921 for SAPI 0, TEI 0, modulo 128 (facts 3.5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hwsim.kernel.sim import Sim, Timer
from hwsim.spanbus.channel import Channel, ChannelEvent

T200_MS, N200, T203_MS, WINDOW = 1000, 3, 10_000, 7
SABME, UA, DISC, DM = 0x6F, 0x63, 0x43, 0x0F
POLL = 0x10
RR, REJ = 0x01, 0x09
COMMAND, RESPONSE, TEI = 0x00, 0x02, 0x01
"""First octet of what the user sends; the network's are the other way round. Second octet: TEI 0."""
FIRST_MS = 500


class Link:
    """Carries whole Q.931 messages: `send` gets them, `got(message)` delivers them, `state(up)` tells of the link.

    Messages sent while the link is down wait; those not acknowledged when it goes down are lost, as Q.921 has it.
    """

    def __init__(self, sim: Sim, channel: Channel, got: Callable[[bytes], None], state: Callable[[bool], None]) -> None:
        self.sim = sim
        self.channel = channel
        self.up = False
        self.dead = False
        """Does nothing any more: a card that has lost its mind."""
        self.ups = 0
        self._got = got
        self._state = state
        self._vs = self._va = self._vr = 0
        self._queue: deque[bytes] = deque()
        self._sent: deque[bytes] = deque()
        self._tries = 0
        self._timer: Timer | None = None
        channel.open_hdlc()
        channel.hook = self._readable
        sim.later(FIRST_MS, self.establish)

    def establish(self) -> None:
        """Send SABME, again every T200 until somebody answers."""
        if not self.up:
            self._command(SABME | POLL)
            self._start(T200_MS, self.establish)

    def send(self, message: bytes) -> None:
        """Send a message when the window allows."""
        self._queue.append(message)
        self._push()

    # -- out --------------------------------------------------------------------------------------------------------
    def _command(self, control: int) -> None:
        self._out(bytes([COMMAND, TEI, control]))

    def _response(self, control: int) -> None:
        self._out(bytes([RESPONSE, TEI, control]))

    def _ready(self, address: int, kind: int, poll: int) -> None:
        self._out(bytes([address, TEI, kind, self._vr << 1 | poll]))

    def _out(self, frame: bytes) -> None:
        if not self.dead:
            self.channel.write(frame)

    def _start(self, ms: int, what: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self.sim.later(ms, what)

    def _push(self) -> None:
        while self.up and self._queue and len(self._sent) < WINDOW:
            message = self._queue.popleft()
            self._sent.append(message)
            self._out(bytes([COMMAND, TEI, self._vs << 1, self._vr << 1]) + message)
            self._vs = (self._vs + 1) % 128
            self._tries = 0
            self._start(T200_MS, self._enquire)

    def _enquire(self) -> None:
        if not self.up:
            return
        if self._tries >= N200:
            self._down()
            self.establish()
            return
        self._tries += 1
        self._ready(COMMAND, RR, 1)
        self._start(T200_MS, self._enquire)

    # -- in ---------------------------------------------------------------------------------------------------------
    def _readable(self, channel: Channel) -> None:
        while channel.take_event() is not ChannelEvent.NONE:
            pass
        while (frame := channel.read()) is not None:
            if not self.dead and len(frame) >= 3 and frame[1] == TEI:
                self._frame(frame)

    def _frame(self, frame: bytes) -> None:
        command, control = frame[0] == RESPONSE, frame[2]
        if control & 3 == 3:
            self._unnumbered(control, command)
        elif not self.up:
            return
        elif control & 1:
            self._supervisory(control, frame[3], command)
        else:
            self._information(frame)

    def _unnumbered(self, control: int, command: bool) -> None:
        kind = control & ~POLL
        if kind == SABME and command:
            self._response(UA | (control & POLL))
            self._down()
            self._reset()
        elif kind == UA and not command and not self.up:
            self._reset()
        elif kind == DISC and command:
            self._response(UA | (control & POLL))
            self._down()
            self._start(T200_MS, self.establish)
        elif kind == DM and not command:
            self._down()
            self._start(T200_MS, self.establish)

    def _reset(self) -> None:
        self._vs = self._va = self._vr = 0
        self._sent.clear()
        self.up = True
        self.ups += 1
        self._start(T203_MS, self._enquire)
        self._state(True)
        self._push()

    def _down(self) -> None:
        if self.up:
            self.up = False
            self._queue.clear()
            self._sent.clear()
            self._state(False)

    def _supervisory(self, control: int, octet: int, command: bool) -> None:
        self._acknowledge(octet >> 1)
        if command and octet & 1:
            self._ready(RESPONSE, RR, 1)
        if (not command and octet & 1) or control == REJ:
            outstanding, self._vs = list(self._sent), self._va
            self._sent.clear()
            self._queue.extendleft(reversed(outstanding))
            self._tries = 0
            self._start(T203_MS, self._enquire)
            self._push()

    def _information(self, frame: bytes) -> None:
        ns, nr, poll = frame[2] >> 1, frame[3] >> 1, frame[3] & 1
        self._acknowledge(nr)
        if ns != self._vr:
            self._ready(RESPONSE, REJ, poll)
            return
        self._vr = (self._vr + 1) % 128
        self._ready(RESPONSE, RR, poll)
        self._got(frame[4:])

    def _acknowledge(self, nr: int) -> None:
        while self._va != nr and self._sent:
            self._sent.popleft()
            self._va = (self._va + 1) % 128
        if not self._sent:
            self._tries = 0
            self._start(T203_MS, self._enquire)
        self._push()
