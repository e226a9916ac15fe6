"""A far end written from the facts alone (4.1 to 4.3): it follows scripts, good and bad; the checker's ear is its ear.

A script is a generator. It yields what it waits for - a number of ms, or a condition - and goes on when that has come.
"""

from r2_checker import BACKWARD_HZ, FORWARD_HZ, LINEAR, signal
from r2_traces import pair, tone

from hwsim.spanbus.channel import ChannelEvent, Ready

IDLE, SEIZED, ACK, ANSWER, BLOCKED = 0b1011, 0b0011, 0b1111, 0b0111, 0b1111
BLOCK = 160
SILENCE = bytes([0xD5]) * BLOCK
LEVEL_DBM0 = -10


class TimeoutInScriptError(Exception):
    """What the script waited for did not come within its time."""


class Peer:
    """One timeslot of the network's end. `forward`: it speaks forward signals (it has seized, or will)."""

    def __init__(self, sim, bus, slot, *, forward, bits=IDLE):
        self.sim, self.forward = sim, forward
        self.channel = bus.net.channel(slot)
        self.bus, self.slot = bus, slot
        self.heard, self.tone, self.said, self.got = 0, 0, [], []
        self.error, self.running, self.result = None, None, None
        self._waits, self._since_us, self._phase = None, 0, 0
        self._wave = None
        self.hole = None
        """This block of each of its tones (0: the first) is silence: it was late."""
        self.late_blocks = 0
        """So many 20 ms lie between what arrives and what it hears. Line bits are at once."""
        self.edges = []
        """Line bits as they changed; a far end may look at nothing else."""
        self._queue = []
        self.channel.hook = self._ready
        bus.circuits[slot].switch_register(True)
        self.channel.open_sound()
        self.channel.send_bits(bits)

    # -- words of scripts ---------------------------------------------------------------------------------------------
    def bits(self, abcd):
        self.channel.send_bits(abcd)

    def sees(self, abcd):
        return lambda: self.channel.rx_bits == abcd

    def send(self, number):
        """Begin a tone, 0: silence."""
        self.tone = number
        self._wave = tone(pair(number, self.forward), (LEVEL_DBM0, LEVEL_DBM0), 8000) if number else None
        self._phase = 0
        if number:
            self.said.append(number)

    def ask(self, number):
        """Forward: one compelled cycle; the backward signal."""
        self.send(number)
        yield lambda: self.heard
        answer = self.heard
        self.got.append(answer)
        self.send(0)
        yield lambda: not self.heard
        return answer

    def reply(self, number):
        """Backward: one compelled cycle; the forward signal. `number` may be a function of it."""
        yield lambda: self.heard
        forward = self.heard
        self.got.append(forward)
        self.send(number(forward) if callable(number) else number)
        yield lambda: not self.heard
        self.send(0)
        return forward

    def pulse(self, number, ms=160):
        """Backward, without a forward signal."""
        self.send(number)
        yield ms
        self.send(0)

    def seize(self):
        """Seizure and acknowledgement."""
        self.bits(SEIZED)
        yield self.sees(ACK)

    def acknowledge(self):
        """Wait for a seizure, acknowledge it."""
        yield self.sees(SEIZED)
        self.bits(ACK)

    def collect(self, called, caller=True, kb=1, kd=None):
        """Backward: the whole exchange; (called, ka, caller, kd)."""
        number = ""
        while len(number) < called:
            last = len(number) == called - 1
            digit = yield from self.reply((6 if caller else 3) if last else 1)
            number += str(digit % 10)
        ka, ani = 0, ""
        if caller:
            ka = yield from self.reply(1)
            while (digit := (yield from self.reply(lambda n: 3 if n == 15 else 1))) != 15:
                ani += str(digit % 10)
        kd = yield from self.reply(kb)
        return number, ka, ani, kd

    def tell(self, called, ka=1, caller="", kd=3, end=True):
        """Forward: answer what is asked until KB; that."""
        at = 0
        asked = yield from self.ask(int(called[0]) or 10)
        while asked == 1 and at + 1 < len(called):
            at += 1
            asked = yield from self.ask(int(called[at]) or 10)
        if asked == 1:
            asked = yield from self.pulsed()
        if asked == 6:
            asked = yield from self.ask(ka)
            for digit in caller:
                if asked == 1:
                    asked = yield from self.ask(int(digit) or 10)
            if asked == 1:
                asked = (yield from self.ask(15)) if end else (yield from self.pulsed())
        if asked == 3:
            return (yield from self.ask(kd))
        return asked

    def pulsed(self):
        """Forward: a backward signal without our asking."""
        yield lambda: self.heard
        number = self.heard
        self.got.append(number)
        yield lambda: not self.heard
        return number

    # -- running ------------------------------------------------------------------------------------------------------
    def run(self, script):
        """Follow a script; its outcome is in `result`, what broke in `error`."""
        self.running, self.error, self.result = script, None, None
        self._resume()

    @property
    def done(self):
        return self.running is None

    def _resume(self):
        while self.running is not None:
            if callable(self._waits) and not self._waits():
                return
            if isinstance(self._waits, int | float) and self.sim.now_us < self._since_us + self._waits * 1000:
                return
            try:
                self._waits, self._since_us = next(self.running), self.sim.now_us
            except StopIteration as end:
                self.running, self._waits, self.result = None, None, end.value
                return
            if isinstance(self._waits, int | float):
                self.sim.later(self._waits, self._resume)

    def _ready(self, channel):
        while channel.ready & Ready.EVENT:
            if channel.take_event() is ChannelEvent.BITS_CHANGED:
                self.edges.append(channel.rx_bits)
                self._resume()
        while (arrived := channel.read()) is not None:
            self._queue.append(arrived)
            block = self._queue.pop(0) if len(self._queue) > self.late_blocks else SILENCE
            found = 0
            if block != SILENCE:
                found = signal([LINEAR[o] for o in block], BACKWARD_HZ if self.forward else FORWARD_HZ)
            if found is not None:
                self.heard = found
            if self.running is not None:
                self._resume()
            channel.write(self._block())

    def _block(self):
        if not self._wave:
            return SILENCE
        at = self._phase % 8000
        self._phase += BLOCK
        late = self.hole is not None and self._phase == BLOCK * (self.hole + 1)
        return SILENCE if late else self._wave[at : at + BLOCK]
