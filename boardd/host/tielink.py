"""One connection between two hosts that share a bridge: small JSON packets, the first with the ends of the ring.

    borrower -> lender   {"take": token, "bridge": id, "domain": name, "controller": client, "listen": .., "speak": ..,
                          "side": 1} with the ring's descriptors
                         {"set": {"listen": .., "speak": ..}}     what of the call the bridge uses now
                         {"end": true}                            the bridge was changed or dropped on purpose
    lender -> borrower   {"ok": true} or {"error": error object}  to take and set, in order

The connection lives as long as the tie: its end of file says that the other host, or the call there, is gone.
AF_UNIX SOCK_SEQPACKET: one packet a message.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from boardd.contract.errors import BoarddError, DeadlineError, DeviceError, HostDownError, from_wire

PACKET_BYTES = 4096
MAX_DESCRIPTORS = 8
ANSWER_S = 5.0

Packet = dict[str, Any]


class TieLink:
    """Our side of a connection. `on_packet(packet, descriptors)` owns the descriptors; `on_closed()` comes once."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._answers: deque[asyncio.Future[None]] = deque()
        self.on_packet: Callable[[Packet, list[int]], None] = lambda _packet, descriptors: close_all(descriptors)
        self.on_closed: Callable[[], None] = lambda: None
        self._loop.add_reader(connection.fileno(), self._readable)

    @property
    def open(self) -> bool:
        """Whether the other host may still hear us."""
        return self._socket.fileno() >= 0

    def close(self) -> None:
        """Hang up without telling `on_closed`; again: nothing."""
        self.on_closed = lambda: None
        self._end()

    def send(self, packet: Packet, descriptors: Sequence[int] = ()) -> None:
        """Send one packet; a peer that is gone or does not read is hung up on."""
        if not self.open:
            return
        try:
            socket.send_fds(self._socket, [json.dumps(packet).encode()], descriptors)
        except OSError:
            self._loop.call_soon(self._end)

    async def ask(self, packet: Packet, descriptors: Sequence[int] = ()) -> None:
        """Send and wait for the answer. Raises what the other host answered, HostDownError, DeadlineError."""
        answer: asyncio.Future[None] = self._loop.create_future()
        self._answers.append(answer)
        self.send(packet, descriptors)
        if not self.open:
            raise _gone()
        try:
            async with asyncio.timeout(ANSWER_S):
                await answer
        except TimeoutError:
            self._end()
            raise DeadlineError(f"the other host did not answer within {ANSWER_S:.0f} s", operation="tie") from None

    def _readable(self) -> None:
        try:
            data, descriptors = _receive(self._socket)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if not data:
            close_all(descriptors)
            self._end()
            return
        try:
            packet = json.loads(data)
        except ValueError:
            packet = None
        if not isinstance(packet, dict):
            close_all(descriptors)
            self._end()
        elif "ok" in packet or "error" in packet:
            close_all(descriptors)
            self._answered(packet)
        else:
            self.on_packet(packet, descriptors)

    def _answered(self, packet: Packet) -> None:
        if not self._answers:
            return
        answer = self._answers.popleft()
        if answer.done():
            return
        error = packet.get("error")
        if isinstance(error, dict):
            answer.set_exception(_remote(error))
        else:
            answer.set_result(None)

    def _end(self) -> None:
        if not self.open:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        while self._answers:
            answer = self._answers.popleft()
            if not answer.done():
                answer.set_exception(_gone())
        self.on_closed()


def connect(path: str) -> TieLink:
    """Connect to a lender. Raises HostDownError when nobody listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise HostDownError(f"{path}: {error.strerror}; the other host is not there", path=path) from error
    return TieLink(connection)


def close_all(descriptors: Sequence[int]) -> None:
    """Close descriptors that nobody wants."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _receive(source: socket.socket) -> tuple[bytes, list[int]]:
    found = array.array("i")
    room = socket.CMSG_SPACE(MAX_DESCRIPTORS * found.itemsize)
    data, ancillary, _flags, _address = source.recvmsg(PACKET_BYTES, room, socket.MSG_CMSG_CLOEXEC)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(content[: len(content) - len(content) % found.itemsize])
    return data, list(found)


def _gone() -> HostDownError:
    return HostDownError("the other host of the bridge is gone", operation="tie")


def _remote(wire: Packet) -> BoarddError:
    try:
        return from_wire(wire)
    except TypeError:
        return DeviceError("the other host refused the tie", operation="tie")
