"""Serves the calls of simulated libraries' C shims (`wire` has the messages). Runs in hwsim's one thread, never blocks.

Each thread of a program has a connection of its own; the connections of one process make a `Client`. A call goes to
the `VendorLibrary` behind the socket, which answers at once or parks it and answers later with `Connection.reply`. For
token lockstep the server knows of every process how many calls are parked on purpose and whether each of its event
threads is back in its wait.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from hwsim.vendorlibs import wire
from hwsim.vendorlibs.wire import File, Value, WireError

__all__ = ["PARKED", "Client", "Connection", "File", "Parked", "Reply", "RpcServer", "VendorLibrary"]

_PEER = struct.Struct("3i")
_INT = struct.Struct("i")
_log = structlog.get_logger("hwsim.rpc")


class Parked(Enum):
    """The type of PARKED."""

    PARKED = "parked"


PARKED: Final = Parked.PARKED
"""What `VendorLibrary.call` returns when `Connection.reply` will complete the call later."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The C function's return value, then the values for its out-parameters in the order of the C signature.

    An out that is missing or None leaves the caller's memory as it is. Texts may be str or bytes. Descriptors are sent
    with the answer, for a shim that expects them, and closed here.
    """

    ret: int = 0
    outs: tuple[Value, ...] = ()
    fds: tuple[int, ...] = ()


class VendorLibrary(Protocol):
    """The behaviour of one maker's library.

    `args` are the in-arguments in the order of the C parameters, outs left out: int, str or bytes (None for NULL). A
    path argument is its text, and `files` has the opened file under the same position. A function that the behaviour
    does not know must be answered like the maker's library answers what a card cannot do.
    """

    @property
    def waits(self) -> frozenset[str]:
        """Functions in which a thread waits for events or for work of the shim; they do not count as parked calls."""

    def attached(self, client: Client) -> None:
        """A process has made its first connection."""

    def call(self, conn: Connection, name: str, args: tuple[Value, ...], files: dict[int, File]) -> Reply | Parked:
        """Carry out one call. Files that are not `take`n are closed once the call is answered."""

    def detached(self, client: Client) -> None:
        """The last connection of a process has closed: it ended, died or was killed. Parked calls are forgotten."""


class Readers(Protocol):
    """The part of the simulator's loop that the server needs."""

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        """Call `callback()` whenever `fd` is readable."""

    def remove_reader(self, fd: int) -> None:
        """Forget `fd`."""


class Clockwork(Protocol):
    """The part of `kernel.sim.Sim` that the server needs."""

    def mark_dirty(self) -> None:
        """A process that waited has got mail."""


@dataclass(eq=False)
class Client:
    """One process that uses the library. `session` belongs to the behaviour."""

    pid: int
    uid: int
    gid: int
    name: str
    layout: int
    connections: list[Connection] = field(default_factory=list)
    session: Any = None


@dataclass(eq=False)
class Connection:
    """One thread of a program. `waiter`: it is an event thread, so it must return to its wait to be settled."""

    server: RpcServer
    sock: socket.socket
    client: Client | None = None
    tid: int = 0
    waiter: bool = False
    closed: bool = False
    _call: wire.Call | None = None
    _held: bool = False
    _input: select.poll = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._input = _input_of(self.sock)

    @property
    def parked(self) -> bool:
        """Whether hwsim holds the thread's call on purpose."""
        return self._call is not None and self._held

    @property
    def waiting(self) -> bool:
        """Whether the thread is parked in a wait for events."""
        return self.parked and self._call is not None and self.server.is_wait(self._call.name)

    @property
    def unread(self) -> bool:
        """Whether the thread has sent something that has not been served."""
        return bool(self._input.poll(0))

    def reply(self, reply: Reply) -> None:
        """Answer the call that is in progress. Nothing happens when the thread has gone away meanwhile."""
        call = self._call
        if call is None or self.closed:
            _close_all(reply.fds)
            return
        if self._held:
            self.server.sim.mark_dirty()
        self._call = None
        for file in call.files.values():
            file.close()
        if self.server.is_wait(call.name):
            self.waiter = reply.ret == 0 or (self.waiter and self._held)
        self._held = False
        self.server.send(self, call, reply)

    def begin(self, call: wire.Call) -> None:
        """The server has read a call."""
        self._call, self._held = call, False

    def hold(self) -> None:
        """The behaviour has parked the call (unless it was answered before it was parked)."""
        if self._call is not None:
            self._held = True
            self.waiter = self.waiter or self.server.is_wait(self._call.name)

    def forget(self) -> None:
        """Drop a call that will never be answered."""
        if self._call is not None:
            for file in self._call.files.values():
                file.close()
        self._call, self._held = None, False


class RpcServer:
    """One maker's library for all processes. `loop` calls back on readable descriptors, `sim` is told of mail sent.

    `failures` counts calls in which the behaviour raised an exception; each is logged and costs the caller its
    connection.
    """

    def __init__(
        self, loop: Readers, sim: Clockwork, path: Path, library: VendorLibrary, *, name: str = "synway"
    ) -> None:
        self.loop = loop
        self.sim = sim
        self.path = path
        self.library = library
        self.name = name
        self.failures = 0
        self._clients: dict[int, Client] = {}
        self._strangers: list[Connection] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._listener.setblocking(False)
        self._knocking = _input_of(self._listener)
        loop.add_reader(self._listener.fileno(), self._accept)

    # -- lockstep -----------------------------------------------------------------------------------------------------
    def pids(self) -> list[int]:
        """Processes that use the library, in the order in which they came."""
        return list(self._clients)

    def parked(self, pid: int) -> int:
        """How many calls of the process are held on purpose, waits for events not counted."""
        client = self._clients.get(pid)
        return sum(conn.parked and not conn.waiting for conn in client.connections) if client else 0

    def settled(self, pid: int) -> bool:
        """Whether every event thread of the process is back in its wait and nothing it sent is unread.

        One that is held on purpose, in a call that it made from a callback, cannot do anything either.
        A connection that has not been accepted may be anybody's, so nobody is settled until it has.
        """
        if self._knocking.poll(0) or any(conn.unread for conn in self._strangers):
            return False
        client = self._clients.get(pid)
        if client is None:
            return True
        return all((conn.parked or not conn.waiter) and not conn.unread for conn in client.connections)

    def is_wait(self, name: str) -> bool:
        """Whether a function waits for events."""
        return name in self.library.waits

    # -- connections --------------------------------------------------------------------------------------------------
    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        sock.setblocking(False)
        conn = Connection(self, sock)
        self._strangers.append(conn)
        self.loop.add_reader(sock.fileno(), lambda: self._readable(conn))

    def _readable(self, conn: Connection) -> None:
        try:
            packet, fds, flags = _receive(conn.sock)
        except BlockingIOError:
            return
        except OSError:
            self._close(conn)
            return
        if not packet:
            _close_all(fds)
            self._close(conn)
            return
        try:
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise WireError("packet too long or too many descriptors")
            self._take(conn, packet, fds)
        except WireError as error:
            _close_all(fds)
            self._drop(conn, str(error))

    def _drop(self, conn: Connection, why: str) -> None:
        client = conn.client
        _log.error("rpc_connection_dropped", library=self.name, pid=client.pid if client else 0, reason=why)
        self._close(conn)

    def _take(self, conn: Connection, packet: bytes, fds: list[int]) -> None:
        if conn.client is None:
            self._hello(conn, wire.read_hello(packet))
            if fds:
                raise WireError("descriptors with a HELLO")
        elif packet[0] == wire.CALL:
            if conn.parked:
                raise WireError("a call while another is outstanding")
            self._call(conn, wire.read_call(packet, fds))
        elif packet == bytes([wire.CLOSED]) and not fds:
            for other in conn.client.connections:
                other.waiter = False
        else:
            raise WireError(f"unknown message kind {packet[0]}")

    def _hello(self, conn: Connection, hello: wire.Hello) -> None:
        if hello.protocol != wire.PROTOCOL or hello.library != self.name:
            raise WireError(f"{hello.library} protocol {hello.protocol}, this is {self.name} protocol {wire.PROTOCOL}")
        pid, uid, gid = _PEER.unpack(conn.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        self._strangers.remove(conn)
        client = self._clients.get(pid)
        if client is None:
            client = self._clients[pid] = Client(pid, uid, gid, hello.program, hello.layout)
        conn.client, conn.tid, conn.waiter = client, hello.tid, bool(hello.role)
        client.connections.append(conn)
        if len(client.connections) == 1:
            self.library.attached(client)

    def _call(self, conn: Connection, call: wire.Call) -> None:
        conn.begin(call)
        try:
            answer = self.library.call(conn, call.name, call.args, call.files)
        except Exception:
            self.failures += 1
            _log.exception("vendor_call_failed", library=self.name, function=call.name, args=call.args)
            self._close(conn)
            return
        if isinstance(answer, Reply):
            conn.reply(answer)
        else:
            conn.hold()

    def send(self, conn: Connection, call: wire.Call, reply: Reply) -> None:
        """Send the answer to a call (for `Connection.reply`)."""
        try:
            packet = wire.reply(call.number, reply.ret, call.outs, reply.outs)
            if reply.fds:
                socket.send_fds(conn.sock, [packet], reply.fds, socket.MSG_NOSIGNAL)
            else:
                conn.sock.send(packet, socket.MSG_NOSIGNAL)
        except WireError as error:
            self.failures += 1
            self._drop(conn, f"answer to {call.name}: {error}")
        except OSError:
            self._close(conn)
        finally:
            _close_all(reply.fds)

    def _close(self, conn: Connection) -> None:
        if conn.closed:
            return
        conn.closed = True
        conn.forget()
        self.loop.remove_reader(conn.sock.fileno())
        conn.sock.close()
        if conn.client is None:
            self._strangers.remove(conn)
            return
        conn.client.connections.remove(conn)
        if not conn.client.connections:
            del self._clients[conn.client.pid]
            self.library.detached(conn.client)

    def close(self) -> None:
        """Close the socket and all connections; every program then sees error 12 in its next call."""
        self.loop.remove_reader(self._listener.fileno())
        self._listener.close()
        self.path.unlink(missing_ok=True)
        for conn in [*self._strangers, *(c for client in list(self._clients.values()) for c in client.connections)]:
            self._close(conn)


def _input_of(sock: socket.socket) -> select.poll:
    """Whether something waits to be read or accepted. (`select.select` would stop working at descriptor 1024.)"""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll


def _receive(sock: socket.socket) -> tuple[bytes, list[int], int]:
    """One packet, its descriptors and the message flags. `socket.recv_fds` would leave the descriptors inheritable."""
    space = socket.CMSG_SPACE(_INT.size * wire.MAX_FDS)
    packet, control, flags, _ = sock.recvmsg(wire.MAX_PACKET + 1, space, socket.MSG_CMSG_CLOEXEC)
    fds: list[int] = []
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.extend(fd for (fd,) in _INT.iter_unpack(data[: len(data) // _INT.size * _INT.size]))
    return packet, fds, flags


def _close_all(fds: Iterable[int]) -> None:
    for fd in fds:
        with contextlib.suppress(OSError):
            socket.close(fd)
