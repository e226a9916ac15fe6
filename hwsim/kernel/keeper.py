"""The keeper of the token: decides which process runs and when time may move.

Participants connect to the token socket (`boardd.clock.wire` has the messages). `settle` runs rounds in a fixed order
until a whole round reports no work; then `next_deadline_us` says how far time may move. Time also stands between a
process' end and the moment it is reaped, and between a process' start and its hello.

A process that would find nothing to do is left out: it reported idle, no timer of its own is due, no job of its threads
is out but those that the simulator parks, and its loop's epoll set (which it has shown us) holds nothing ready. That is
looked at in its turn, so the order in which things happen is that of asking everybody.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from boardd.clock import wire
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import Sim

PATIENCE_S = 30.0
"""Real seconds: on a machine with much other work a program takes ten to start."""
POLL_S = 0.05


class VendorCalls(Protocol):
    """What the keeper must know of calls into simulated libraries (`vendorlibs.rpc.RpcServer`)."""

    def parked(self, pid: int) -> int:
        """Calls of the process that the simulator holds on purpose."""

    def settled(self, pid: int) -> bool:
        """Whether every event thread of the process is back in its wait with nothing unread."""


class TokenStuckError(Exception):
    """A process held the token for too long; the text names it and shows its stacks."""


class Readiness:
    """The epoll set of a participant's loop, seen from outside. Owns `fd`, a duplicate of the participant's."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    @property
    def any(self) -> bool:
        """Whether something in it is ready."""
        return bool(self._poll.poll(0))

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)


@dataclass
class Participant:
    """One process in lockstep."""

    sock: socket.socket
    pid: int = 0
    name: str = ""
    deadline_us: int | None = 0
    worked: bool = False
    jobs: int = 0
    idle: bool = False
    wants: bool = False
    gone: bool = False
    readiness: Readiness | None = None


class Keeper:
    """Token server. `now_real_s` is the machine's monotonic clock, used only to notice a stuck holder."""

    def __init__(self, loop: Loop, sim: Sim, path: Path, wall_base_ms: int, now_real_s: Callable[[], float]) -> None:
        self.loop = loop
        self.sim = sim
        self.wall_base_ms = wall_base_ms
        self.vendor_calls: list[VendorCalls] = []
        self.grants = 0
        self._now_real_s = now_real_s
        self._participants: list[Participant] = []
        self._unborn: set[int] = set()
        self._unreaped: set[int] = set()
        self._suspended: set[int] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen(16)
        self._listener.setblocking(False)
        loop.add_reader(self._listener.fileno(), self._accept)

    # -- what the drive asks ------------------------------------------------------------------------------------------
    @property
    def empty(self) -> bool:
        """Whether nobody takes part (yet or any more)."""
        return not self._participants and not self._unborn

    def names(self) -> list[str]:
        """Names of the participants, in the order in which they run."""
        return [p.name for p in self._participants]

    def pid_of(self, name: str) -> int | None:
        """The pid of the participant called `name`."""
        return next((p.pid for p in self._participants if p.name == name and not p.gone), None)

    def next_deadline_us(self) -> int | None:
        """The earliest timer of any participant."""
        deadlines = [p.deadline_us for p in self._participants if p.deadline_us is not None and self._runs(p)]
        return min(deadlines, default=None)

    def killed(self, pid: int) -> None:
        """Process `pid` has just been killed on purpose: time stands until it has been reaped."""
        if any(p.pid == pid for p in self._participants) and self.pid_of("supervisor") not in (None, pid):
            self._unreaped.add(pid)
        self._suspended.discard(pid)
        self.sim.mark_dirty()

    def suspend(self, pid: int, suspended: bool) -> None:
        """Process `pid` has been stopped (SIGSTOP) or goes on: a stopped one is left out of the rounds."""
        (self._suspended.add if suspended else self._suspended.discard)(pid)
        self.sim.mark_dirty()

    def _runs(self, participant: Participant) -> bool:
        return participant.pid not in self._suspended

    def due(self) -> bool:
        """Whether some participant's timer is due now."""
        deadline = self.next_deadline_us()
        return deadline is not None and deadline <= self.sim.now_us

    def settle(self) -> None:
        """Let everybody run, in order, until a full round reports no work and nobody is being born or buried."""
        while True:
            self.sim.dirty = False
            worked = False
            for participant in tuple(self._participants):
                if self._runs(participant):
                    worked |= self._run(participant)
            if self._unborn or self._unreaped:
                self._wait_births_and_deaths()
            elif not worked and not self.sim.dirty:
                return

    def _is_due(self, participant: Participant) -> bool:
        return participant.deadline_us is not None and participant.deadline_us <= self.sim.now_us

    # -- one participant ----------------------------------------------------------------------------------------------
    def _run(self, participant: Participant) -> bool:
        self._await(lambda: participant.gone or self._settled(participant.pid), participant)
        if participant.gone:
            return True
        if self._rests(participant):
            return False
        participant.worked = False
        self._grant(participant)
        self._await(lambda: participant.gone or self._accepts(participant), participant)
        return participant.worked or participant.gone

    def _rests(self, participant: Participant) -> bool:
        """Whether the process would give the token back at once."""
        if participant.readiness is None or participant.wants or not self._accepts(participant):
            return False
        return not self._is_due(participant) and not participant.readiness.any

    def _grant(self, participant: Participant) -> None:
        participant.idle = participant.wants = False
        self.grants += 1
        try:
            participant.sock.send(wire.grant(self.sim.now_us, self.wall_base_ms))
        except OSError:
            self._bury(participant)

    def _accepts(self, participant: Participant) -> bool:
        if not participant.idle or not self._settled(participant.pid):
            return False
        return participant.jobs <= sum(calls.parked(participant.pid) for calls in self.vendor_calls)

    def _settled(self, pid: int) -> bool:
        return all(calls.settled(pid) for calls in self.vendor_calls)

    def _await(self, done: Callable[[], bool], participant: Participant) -> None:
        if done():
            return
        began_s = self._now_real_s()
        while not done():
            self.loop.poll(POLL_S)
            if self._now_real_s() - began_s > PATIENCE_S and not done():
                raise TokenStuckError(self._describe(participant))

    def _wait_births_and_deaths(self) -> None:
        began_s = self._now_real_s()
        while self._unborn and not self._unreaped:
            self.loop.poll(POLL_S)
            if self._now_real_s() - began_s > PATIENCE_S:
                raise TokenStuckError(f"children {sorted(self._unborn)} were started but said no hello")
        if self._unreaped:
            self.loop.poll(0.001)

    def _describe(self, participant: Participant) -> str:
        calls = [f"settled={c.settled(participant.pid)} parked={c.parked(participant.pid)}" for c in self.vendor_calls]
        lines = [
            f"{participant.name} (pid {participant.pid}) has held the token for {PATIENCE_S:.0f} real seconds:"
            f" idle={participant.idle} jobs={participant.jobs} {' '.join(calls)}",
            *_stacks(participant.pid),
        ]
        return "\n".join(lines)

    # -- the socket ---------------------------------------------------------------------------------------------------
    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except BlockingIOError:
            return
        sock.setblocking(False)
        participant = Participant(sock)
        self.loop.add_reader(sock.fileno(), lambda: self._read(participant))

    def _read(self, participant: Participant) -> None:
        while not participant.gone:
            try:
                packet = self._receive(participant)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._bury(participant)
                return
            self._take(participant, packet)

    def _receive(self, participant: Participant) -> bytes:
        """One packet; the loop's epoll set comes with one of the first ones."""
        if participant.readiness is not None:
            return participant.sock.recv(wire.MAX_PACKET)
        packet, fds, _flags, _address = socket.recv_fds(participant.sock, wire.MAX_PACKET, 1, socket.MSG_CMSG_CLOEXEC)
        for fd in fds:
            participant.readiness = Readiness(fd)
        return packet

    def _take(self, participant: Participant, packet: bytes) -> None:
        kind = packet[0]
        if kind == wire.HELLO:
            participant.pid, participant.name = wire.read_hello(packet)
            self._unborn.discard(participant.pid)
            self._participants.append(participant)
            self._participants.sort(key=lambda p: p.name)
            self.sim.mark_dirty()
        elif kind == wire.IDLE:
            participant.deadline_us, worked, participant.jobs = wire.read_idle(packet)
            participant.worked |= worked
            participant.idle = True
        elif kind == wire.WANT:
            participant.worked = participant.wants = True
            if participant.idle and not self._accepts(participant):
                self._grant(participant)
            else:
                self.sim.mark_dirty()
        elif kind == wire.SPAWNED:
            self._unborn.add(wire.read_pid(packet))
        elif kind == wire.REAPED:
            pid = wire.read_pid(packet)
            self._unborn.discard(pid)
            self._unreaped.discard(pid)
            self._suspended.discard(pid)
            self.sim.mark_dirty()

    def _bury(self, participant: Participant) -> None:
        if participant.gone:
            return
        participant.gone = True
        self.loop.remove_reader(participant.sock.fileno())
        participant.sock.close()
        if participant.readiness:
            participant.readiness.close()
        self._suspended.discard(participant.pid)
        if participant in self._participants:
            self._participants.remove(participant)
            if participant.name != "supervisor" and self.pid_of("supervisor") is not None:
                self._unreaped.add(participant.pid)
            if participant.name == "supervisor":
                self._unborn.clear()
                self._unreaped.clear()
        self.sim.mark_dirty()

    def close(self) -> None:
        """Let everybody go."""
        self.loop.remove_reader(self._listener.fileno())
        self._listener.close()
        for participant in list(self._participants):
            self._bury(participant)


def _stacks(pid: int) -> list[str]:
    found = []
    tasks = Path(f"/proc/{pid}/task")
    for task in sorted(tasks.iterdir()) if tasks.exists() else ():
        try:
            found.append(f"  thread {task.name} {(task / 'comm').read_text().strip()}: {(task / 'wchan').read_text()}")
        except OSError:
            continue
    try:
        os.kill(pid, 0)
    except OSError:
        found.append("  (the process does not exist any more)")
    return found
