"""Messages of the token socket (AF_UNIX SOCK_SEQPACKET, little-endian, one message a packet).

    process -> keeper   HELLO pid name        first message; the process then waits for its first grant
                        WATCH                 with a descriptor: the epoll set of its loop. While nothing in it is
                                              ready, no timer due and no job out, an idle process needs no grant
                        IDLE next_us worked jobs   nothing left to do; `jobs` are still in threads' hands
                        WANT                  something became ready while jobs were out: grant me again
                        SPAWNED pid / REAPED pid    (supervisor) time stands until pid's HELLO or REAPED
    keeper -> process   GRANT now_us wall_base_ms   run; simulated time is now_us, the epoch began at wall_base_ms

`next_us` is the process' next timer, -1 when it has none.
"""

from __future__ import annotations

import struct

HELLO, IDLE, WANT, SPAWNED, REAPED, GRANT, WATCH = range(1, 8)

_HELLO = struct.Struct("<BI")
_IDLE = struct.Struct("<BqBH")
_PID = struct.Struct("<BI")
_GRANT = struct.Struct("<Bqq")

MAX_PACKET = 512


def hello(pid: int, name: str) -> bytes:
    """HELLO."""
    return _HELLO.pack(HELLO, pid) + name.encode()


def read_hello(packet: bytes) -> tuple[int, str]:
    """(pid, name); raises ValueError."""
    if len(packet) < _HELLO.size or packet[0] != HELLO:
        raise ValueError("not a HELLO")
    return _HELLO.unpack_from(packet)[1], packet[_HELLO.size :].decode("utf-8", "replace")


def idle(next_us: int | None, worked: bool, jobs: int) -> bytes:
    """IDLE."""
    return _IDLE.pack(IDLE, -1 if next_us is None else next_us, worked, min(jobs, 0xFFFF))


def read_idle(packet: bytes) -> tuple[int | None, bool, int]:
    """(next_us or None, worked, jobs)."""
    _kind, next_us, worked, jobs = _IDLE.unpack(packet)
    return (None if next_us < 0 else next_us), bool(worked), jobs


def pid_message(kind: int, pid: int) -> bytes:
    """SPAWNED or REAPED."""
    return _PID.pack(kind, pid)


def read_pid(packet: bytes) -> int:
    """The pid of SPAWNED or REAPED."""
    return int(_PID.unpack(packet)[1])


def grant(now_us: int, wall_base_ms: int) -> bytes:
    """GRANT."""
    return _GRANT.pack(GRANT, now_us, wall_base_ms)


def read_grant(packet: bytes) -> tuple[int, int]:
    """(now_us, wall_base_ms)."""
    _kind, now_us, base = _GRANT.unpack(packet)
    return now_us, base
