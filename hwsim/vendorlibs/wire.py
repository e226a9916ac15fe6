"""Messages between a simulated library's C shim and hwsim.

AF_UNIX SOCK_SEQPACKET, little-endian, one message a packet:

    shim -> hwsim   HELLO   u8 kind=1, u16 protocol, u32 pid, u32 tid, u8 layout, u8 role, text library, text program
                    CALL    u8 kind=2, u32 number, text function, u8 n, n arguments, u8 m, m type bytes (wanted outs)
                    CLOSED  u8 kind=3: the program has closed the library; its threads do not wait for events any more
    hwsim -> shim   REPLY   u8 kind=4, u32 number, i64 return value, u8 m, m outs

A text is u16 length and bytes (file names are byte strings of the program; Python sees them with surrogateescape). An
argument or out is a type byte and its value:

    i  i32        I  u32       H  u16      B  u8       q  i64
    s  text       b  blob: u32 length and bytes
    n  nothing: a NULL text or blob; as an out: the caller's cell stays as it is
    f  file (argument only): text path, i32 errno; errno 0: the next descriptor of the packet is the file, opened in the
       program with the program's rights and in its working directory

Descriptors travel as SCM_RIGHTS with the packet that has the `f` arguments, in their order; an answer may bring some,
too (a descriptor that stands for an open device). A connection belongs to one
thread of the program and has at most one call outstanding; `number` comes back in the reply. `layout` is 0 for the
newest structures and 1 for those of the 2007 header (fact sheet section 2): the shim converts, hwsim only logs it.
`role` is 1 for the shim's own threads, which wait for events from the start on, and 0 for threads of the program.

Two functions are not the maker's but the shim's own threads'; both wait, and a negative return value ends the thread:

    ShimNextCallback(i32 result of the last callback) -> i32 mode, i64 handler, u16 code, i32 ref, u32 param, u32 user,
        u32 sub_reason, u32 extra, u32 flags, blob data: call `handler` as event mode 2 or 5 wants it
    ShimNextWork(i32 result of the last work, blob data read) -> i32 kind, i32 token, i32 ch, u32 a, u32 b, blob data:
        work of `Work` on the memory or function of the program that it announced under `token`
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

PROTOCOL = 1
HELLO, CALL, CLOSED, REPLY = range(1, 5)
MAX_PACKET = 65536
MAX_BLOB = 32768
MAX_FDS = 4

Value = int | str | bytes | None


class Work(IntEnum):
    """What ShimNextWork asks of the data thread. The result comes as the arguments of the next ShimNextWork."""

    READ = 1  # copy `b` bytes (at most MAX_BLOB) from `a` of the memory; result: length and the data, or -1
    WRITE = 2  # copy `data` (at most MAX_BLOB) to `a` of the memory; result: length or -1
    DIGIT = 3  # call the digit handler: `ch`, digit `a` (ASCII), state `b`
    BLOCK_DONE = 4  # call the end function of a memory block, token is spent: `ch`, reason `a`, stop offset `b`
    TAP = 5  # call the live data function of a recording: `ch`, `data`


_SCALARS = {"i": struct.Struct("<i"), "I": struct.Struct("<I"), "H": struct.Struct("<H"), "B": struct.Struct("<B")}
_SCALARS["q"] = struct.Struct("<q")
_MASKS = {"i": 32, "I": 32, "H": 16, "B": 8, "q": 64}
_U8 = struct.Struct("<B")
_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_HELLO = struct.Struct("<BHIIBB")
_CALL = struct.Struct("<BI")
_REPLY = struct.Struct("<BIqB")


class WireError(Exception):
    """A packet that is not what this module describes."""


@dataclass
class File:
    """A file that the program named. `fd` is -1 and `errno` says why when the program could not open it.

    The descriptor is closed when the call has been answered, unless the behaviour takes it over with `take`.
    """

    path: str
    fd: int = -1
    errno: int = 0

    def take(self) -> int:
        """The descriptor, which the caller must close from now on; -1 when the file could not be opened."""
        fd, self.fd = self.fd, -1
        return fd

    def read(self) -> bytes | None:
        """The whole content from the start, or None when the file could not be opened or read."""
        if self.fd < 0:
            return None
        parts: list[bytes] = []
        offset = 0
        try:
            while part := os.pread(self.fd, 65536, offset):
                parts.append(part)
                offset += len(part)
        except OSError:
            return None
        return b"".join(parts)

    def close(self) -> None:
        """Close the descriptor if it is still ours."""
        if self.fd >= 0:
            os.close(self.take())


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of a connection."""

    protocol: int
    pid: int
    tid: int
    layout: int
    role: int
    library: str
    program: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `files` are the file arguments by position; in `args` they appear as their path text."""

    number: int
    name: str
    args: tuple[Value, ...]
    outs: str
    files: dict[int, File] = field(default_factory=dict)


class _Reader:
    """Walks over a packet; raises WireError at its end."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self._at = 0

    def unpack(self, layout: struct.Struct) -> tuple[int, ...]:
        try:
            values = layout.unpack_from(self._packet, self._at)
        except struct.error as error:
            raise WireError("packet too short") from error
        self._at += layout.size
        return values

    def bytes(self, length: int) -> bytes:
        if self._at + length > len(self._packet):
            raise WireError("packet too short")
        self._at += length
        return self._packet[self._at - length : self._at]

    def text(self) -> str:
        return os.fsdecode(self.bytes(self.unpack(_U16)[0]))

    def end(self) -> None:
        if self._at != len(self._packet):
            raise WireError("bytes after the end of the message")


def read_hello(packet: bytes) -> Hello:
    """HELLO; raises WireError."""
    reader = _Reader(packet)
    kind, protocol, pid, tid, layout, role = reader.unpack(_HELLO)
    if kind != HELLO:
        raise WireError("the first message is not a HELLO")
    hello = Hello(protocol, pid, tid, layout, role, reader.text(), reader.text())
    reader.end()
    return hello


def read_call(packet: bytes, fds: Sequence[int] = ()) -> Call:
    """CALL; raises WireError. The descriptors pass into the `files` of the result only when nothing is raised."""
    reader = _Reader(packet)
    _kind, number = reader.unpack(_CALL)
    name = reader.text()
    args: list[Value] = []
    files: dict[int, File] = {}
    left = list(fds)
    for position in range(reader.unpack(_U8)[0]):
        tag = chr(reader.unpack(_U8)[0])
        if tag == "f":
            file = File(reader.text(), errno=reader.unpack(_I32)[0])
            if file.errno == 0:
                if not left:
                    raise WireError("a file without its descriptor")
                file.fd = left.pop(0)
            files[position] = file
            args.append(file.path)
        else:
            args.append(_read_value(reader, tag))
    outs = "".join(map(chr, reader.bytes(reader.unpack(_U8)[0])))
    if set(outs) - set("iIHBqsb"):
        raise WireError(f"unknown out types {outs!r}")
    reader.end()
    if left:
        raise WireError("a descriptor without its file")
    return Call(number, name, tuple(args), outs, files)


def _read_value(reader: _Reader, tag: str) -> Value:
    if tag in _SCALARS:
        return reader.unpack(_SCALARS[tag])[0]
    if tag == "s":
        return reader.text()
    if tag == "b":
        return reader.bytes(reader.unpack(_U32)[0])
    if tag == "n":
        return None
    raise WireError(f"unknown argument type {tag!r}")


def reply(number: int, ret: int, types: str, outs: Sequence[Value]) -> bytes:
    """REPLY. Outs that are missing or None leave the caller's cells alone; numbers are cut to the width of their cell.

    Raises WireError for more outs than the caller wants, or one of another kind.
    """
    if len(outs) > len(types):
        raise WireError(f"{len(outs)} outs for the {len(types)} that are wanted")
    parts = [_REPLY.pack(REPLY, number, ret, len(types))]
    for position, tag in enumerate(types):
        parts.append(_value(tag, outs[position] if position < len(outs) else None))
    packet = b"".join(parts)
    if len(packet) > MAX_PACKET:
        raise WireError(f"a reply of {len(packet)} bytes")
    return packet


def _value(tag: str, value: Value) -> bytes:
    if value is None:
        return b"n"
    if tag in _SCALARS and isinstance(value, int):
        bits = _MASKS[tag]
        number = int(value) & ((1 << bits) - 1)
        if tag in "iq" and number >> (bits - 1):
            number -= 1 << bits
        return tag.encode() + _SCALARS[tag].pack(number)
    if tag == "s" and isinstance(value, str | bytes):
        return b"s" + _text(value)
    if tag == "b" and isinstance(value, bytes):
        return b"b" + _U32.pack(len(value)) + value
    raise WireError(f"{type(value).__name__} for an out of type {tag!r}")


def _text(value: str | bytes) -> bytes:
    data = os.fsencode(value) if isinstance(value, str) else value
    if len(data) > 0xFFFF or 0 in data:
        raise WireError("a text that is too long or has a NUL inside")
    return _U16.pack(len(data)) + data
