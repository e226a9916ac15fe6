"""The far end of a PRI: one Q.931 stack on the D channel, thirty bearers of the exchange behind it.

It is the network, or with `Node.USER` the user: a PBX behind a card that plays the network.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from boardd.contract.causes import Cause
from hwsim.exchange.party import TimerSet
from hwsim.kernel.sim import Sim
from hwsim.line.digital import Alarm
from hwsim.signalling.pri_circuit import Phase, PriCircuit
from hwsim.signalling.pri_profile import PriProfile
from hwsim.signalling.pri_stack import PriStack
from hwsim.signalling.q931_events import ALL_CHANNELS, Node, PriEvent, PriEventKind
from hwsim.spanbus.alarms import LOSING
from hwsim.spanbus.bus import SpanBus
from hwsim.spanbus.capture import PcapFile
from hwsim.spanbus.channel import Channel, Ready

DISC = {Node.NETWORK: bytes.fromhex("020153"), Node.USER: bytes.fromhex("000153")}
"""Q.921 DISC with poll bit from either side (SAPI 0, TEI 0)."""
STOPPING = LOSING | {Alarm.RAI}
"""Alarms with which the exchange begins no calls."""
SABME, DM = b"\x7f", b"\x1f"
"""With poll and final bit."""


class PriNetwork:
    """Attaches a stack of side `node` to `bus.net`. Bearers are offered to the exchange while the data link is up.

    Raises ConfigurationError when libpri is not installed.
    """

    def __init__(self, sim: Sim, bus: SpanBus, profile: PriProfile | None = None, node: Node = Node.NETWORK) -> None:
        self.sim = sim
        self.bus = bus
        self.node = node
        self.profile = profile or PriProfile()
        self.link_up = False
        self._alarmed = False
        self._restarting: deque[int] = deque()
        self._timers = TimerSet(sim)
        self.closed = False
        self.circuits = {slot: PriCircuit(self, circuit) for slot, circuit in bus.circuits.items()}
        self._calls: dict[int, PriCircuit] = {}
        self._d_channel = bus.net.channel(bus.signalling_slot)
        self._d_channel.open_hdlc()
        self._d_channel.hook = self._receive
        self._captures: list[PcapFile] = []
        self.stack = self._new_stack()
        bus.net.on_alarms.append(self._alarms)

    # -- for scenarios and technicians ------------------------------------------------------------------------------
    def capture(self, path: Path) -> PcapFile:
        """Write every D-channel frame of both directions into a pcap file, until it is closed."""
        file = PcapFile(path)
        self.bus.frame_taps.append(lambda at_us, _side, frame: file.write(at_us, frame))
        self._captures.append(file)
        return file

    def restart_exchange(self, silent_ms: float = 0.0) -> None:
        """The carrier's signalling unit restarts: DISC, its calls are forgotten, then SABME from a new stack."""
        self._send(DISC[self.node])
        self.stack.close()
        self._link(False)
        for circuit in self.circuits.values():
            circuit.forget(Cause.TEMPORARY_FAILURE)
        self._calls.clear()
        self.sim.later(silent_ms, self._come_back)

    def close_link(self) -> None:
        """Take the D channel out of service: DISC, then DM to whoever asks. Calls stay (T309); no new ones."""
        if not self.closed:
            self._send(DISC[self.node])
            self.closed = True
            self.stack.receive(DISC[Node.USER if self.node is Node.NETWORK else Node.NETWORK])

    def open_link(self) -> None:
        """Take it back into service: the stack, which has not ceased to ask, is heard again (SABME)."""
        self.closed = False

    def restart_channel(self, slot: int) -> None:
        """RESTART of one bearer; a call on it is over."""
        self.circuits[slot].restart()

    def close(self) -> None:
        """Fall silent, complete captures."""
        self.stack.close()
        for file in self._captures:
            file.close()

    # -- from the bearers -------------------------------------------------------------------------------------------
    def adopt(self, call: int, circuit: PriCircuit) -> None:
        """Deliver the events of a call to its bearer."""
        self._calls[call] = circuit

    def drop(self, call: int) -> None:
        """A call is over."""
        self._calls.pop(call, None)

    def look_at(self, circuit: PriCircuit) -> None:
        """Offer a free bearer to the exchange, or take it away, as the data link is."""
        if circuit.phase is Phase.FREE:
            circuit.circuit.card = circuit if self.link_up and not self._alarmed else None

    # -- inside -----------------------------------------------------------------------------------------------------
    def _new_stack(self) -> PriStack:
        stack = PriStack(self.sim, self.node, self._send, self._on_event)
        for name, ms in self.profile.timers.items():
            stack.set_timer(name, ms)
        return stack

    def _come_back(self) -> None:
        self.stack = self._new_stack()

    def _send(self, frame: bytes) -> None:
        if not self.closed:
            self._d_channel.write(frame)

    def _receive(self, channel: Channel) -> None:
        while channel.ready & Ready.EVENT:
            channel.take_event()
        while (frame := channel.read()) is not None:
            if not self.closed:
                self.stack.receive(frame)
            elif frame[2:3] == SABME:
                channel.write(frame[:2] + DM)  # a response has the address of the command that it answers

    def _on_event(self, event: PriEvent) -> None:
        if event.kind is PriEventKind.DCHAN_UP:
            self._link(True)
        elif event.kind is PriEventKind.DCHAN_DOWN:
            self._link(False)
        elif event.kind is PriEventKind.RESTART:
            for circuit in self._meant(event.slot):
                circuit.restarted()
        elif event.kind is PriEventKind.RESTART_ACK:
            for circuit in self._meant(event.slot):
                circuit.maintained()
            self._restart_next()
        elif event.kind is PriEventKind.RING:
            self._incoming(event)
        elif event.call in self._calls:
            self._calls[event.call].on_event(event)
        elif event.kind in (PriEventKind.HANGUP, PriEventKind.HANGUP_REQ):
            self.stack.hangup(event.call, event.cause)

    def _meant(self, slot: int) -> list[PriCircuit]:
        if slot == ALL_CHANNELS or slot not in self.circuits:
            return list(self.circuits.values()) if slot == ALL_CHANNELS else []
        return [self.circuits[slot]]

    def _incoming(self, event: PriEvent) -> None:
        """A SETUP of the card. A bearer that both have seized in the same moment is the network's (facts 3.6)."""
        circuit = self.circuits.get(event.slot)
        if circuit and self.node is Node.USER and circuit.phase is Phase.OURS:
            circuit.circuit.note("card", "glare", called=event.called)
            circuit.give_way()
        if circuit is None or not circuit.available:
            if circuit and circuit.phase is Phase.OURS:
                circuit.circuit.note("net", "glare", called=event.called)
            circuit = self._other() if event.flexible else None
        if circuit is None:
            self.stack.hangup(event.call, Cause.CHANNEL_UNAVAILABLE)
            return
        self.adopt(event.call, circuit)
        circuit.incoming(event)

    def _other(self) -> PriCircuit | None:
        return next((c for c in reversed(self.circuits.values()) if c.available), None)

    def _link(self, up: bool) -> None:
        if up == self.link_up:
            return
        self.link_up = up
        self.sim.truth.note("d_channel", span=self.bus.name, up=up)
        for circuit in self.circuits.values():
            self.look_at(circuit)
        if up and self.profile.restarts:
            self._restarting = deque(slot for slot, circuit in self.circuits.items() if circuit.phase is Phase.FREE)
            self._restart_next()

    def _restart_next(self) -> None:
        """One bearer after the other: a global call reference carries one RESTART at a time."""
        if self._restarting:
            self.circuits[self._restarting.popleft()].restart()

    def _alarms(self, alarms: frozenset[Alarm]) -> None:
        """Layer 1 at this end: no new calls at once, those there are cleared after a while (facts 3.2)."""
        self._alarmed = bool(alarms & STOPPING)
        for circuit in self.circuits.values():
            self.look_at(circuit)
        if not alarms & LOSING:
            self._timers.cancel("hold")
        elif not self._timers.running("hold"):
            self._timers.start("hold", self.profile.alarm_hold_ms, self._lost)

    def _lost(self) -> None:
        for circuit in self.circuits.values():
            circuit.span_lost()
