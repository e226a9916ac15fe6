"""An open file: its socket, the shared page, blocks each way, and events that wait.

The socket's other end is with the program. Towards it go blocks (u16 length, u16 0, octets) and one octet out of band
while events wait, which makes POLLPRI. From it come blocks of one size (`socket.h`); they stay in the socket until they
are sent, so that POLLOUT says whether another one fits.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections import deque
from collections.abc import Callable

from hwsim.kernel.sim import Sim
from hwsim.vendorlibs.dahdi.abi import Mux
from hwsim.vendorlibs.dahdi.shared import Field, Flag, Kind, SharedPage
from hwsim.vendorlibs.rpc import Client

MAX_EVENTS = 63
HEADER = struct.Struct("<HH")
MAX_MESSAGE = HEADER.size + 8192


class OpenFile:
    """One open file. `changed(file)` is called when something that a program may wait for has become true."""

    def __init__(self, sim: Sim, number: int, kind: Kind, client: Client, changed: Callable[[OpenFile], None]) -> None:
        self.sim = sim
        self.number = number
        self.client = client
        self.page = SharedPage(number, kind)
        self.nonblock = False
        self.closed = False
        self.events: deque[int] = deque()
        self.sock, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        self._changed = changed
        self._marked = False

    def hand_over(self) -> tuple[int, int]:
        """Descriptors of the program's socket and the page, for the program; to be closed once they are sent."""
        return self._theirs.detach(), os.dup(self.page.fd)

    @property
    def kind(self) -> Kind:
        """What is open."""
        return Kind(self.page.fields[Field.KIND])

    # -- events -------------------------------------------------------------------------------------------------------
    def note(self, event: int) -> None:
        """Queue an event; when the queue is full it is lost."""
        if len(self.events) < MAX_EVENTS and not self.closed:
            self.events.append(event)
            self.pending(len(self.events))

    def take_event(self) -> int:
        """The oldest event, or 0."""
        event = self.events.popleft() if self.events else 0
        self.pending(len(self.events))
        return event

    def pending(self, count: int) -> None:
        """So many events wait now."""
        self.page.fields[Field.EVENTS] = count
        self.mark()
        if count:
            self._changed(self)

    def mark(self) -> None:
        """Put the mark of waiting events into the socket if it is not there."""
        if self.page.fields[Field.EVENTS] and not self._marked and not self.closed:
            self._marked = self._send(b"!", socket.MSG_OOB)

    def mark_taken(self) -> None:
        """The program took the mark out."""
        self._marked = False

    # -- blocks -------------------------------------------------------------------------------------------------------
    def set_buffers(self, size: int, count: int) -> None:
        """So many blocks of so many octets each way, all empty."""
        self.flush_tx()
        self.flush_rx()
        self.page.fields[Field.BLOCK_SIZE] = size
        self.page.fields[Field.BLOCK_COUNT] = count
        self.page.add(Field.CONFIG)

    @property
    def block_size(self) -> int:
        """Octets of a block."""
        return self.page.fields[Field.BLOCK_SIZE]

    @property
    def block_count(self) -> int:
        """Blocks each way."""
        return self.page.fields[Field.BLOCK_COUNT]

    @property
    def rx_full(self) -> bool:
        """Whether the program must read before anything can be delivered."""
        return self.page.rx_waiting >= self.block_count

    def deliver(self, octets: bytes) -> None:
        """A block for the program to read. The caller has looked at `rx_full`."""
        if not self.closed and self._send(HEADER.pack(len(octets), 0) + octets):
            self.page.add(Field.RX_SENT)
            self._changed(self)

    def flush_rx(self) -> None:
        """What was not read is gone; the program's side throws it away."""
        self.page.fields[Field.RX_FLUSHED] = self.page.fields[Field.RX_SENT]

    def peek_block(self) -> bytes | None:
        """The oldest block that the program wrote; it stays, and counts, until `take_block`."""
        return self._block(socket.MSG_PEEK)

    def take_block(self) -> bytes | None:
        """The oldest block that the program wrote; there is room for another from now on."""
        block = self._block(0)
        if block is not None:
            self.page.add(Field.TX_TAKEN)
            self._changed(self)
        return block

    def _block(self, flags: int) -> bytes | None:
        if not self.page.tx_waiting or self.closed:
            return None
        try:
            message = self.sock.recv(HEADER.size + self.block_size, flags)
        except OSError:
            return None
        if len(message) < HEADER.size:
            return None
        length = HEADER.unpack_from(message)[0]
        return message[HEADER.size : HEADER.size + length]

    def flush_tx(self) -> None:
        """What was not sent is gone."""
        with contextlib.suppress(OSError):
            while self.sock.recv(MAX_MESSAGE):
                pass
        self.page.fields[Field.TX_TAKEN] = self.page.fields[Field.TX_PUT]

    # -- readiness ----------------------------------------------------------------------------------------------------
    @property
    def ready(self) -> Mux:
        """What IOMUX would say."""
        page, found = self.page, Mux(0)
        if page.rx_waiting:
            found |= Mux.READ
        if page.tx_waiting < self.block_count:
            found |= Mux.WRITE
        if not page.tx_waiting:
            found |= Mux.WRITEEMPTY
        if page.fields[Field.EVENTS]:
            found |= Mux.SIGEVENT
        return found

    # -- the end ------------------------------------------------------------------------------------------------------
    def kill(self, error: int) -> None:
        """The channel is gone: every call ends in this error."""
        self.page.fields[Field.DEAD] = error
        self._changed(self)

    def hang_up(self) -> None:
        """Nothing comes through the socket any more: poll says so."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        if not self.closed:
            self.closed = True
            self.sock.close()
            self._theirs.close()
            self.page.close()

    def flag(self, flag: Flag, on: bool) -> None:
        """Tell the program's side something about the channel."""
        self.page.flag(flag, on)

    def _send(self, octets: bytes, flags: int = 0) -> bool:
        try:
            sent = self.sock.send(octets, flags | socket.MSG_NOSIGNAL) == len(octets)
        except OSError:
            return False
        self.sim.mark_dirty()
        return sent
