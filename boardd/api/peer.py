"""Who is on the other end of a Unix socket: process, user, all of its groups."""

from __future__ import annotations

import grp
import os
import pwd
import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_UCRED = struct.Struct("3i")
_GID = struct.Struct("I")
SO_PEERGROUPS = 59
"""Linux 4.13: the supplementary groups that the peer had when it connected; Python has no name for it."""
_GETSOCKOPT_LIMIT_BYTES = 1024
"""Python's own limit for getsockopt: 256 groups."""
_STATUS_GROUPS = re.compile(r"^Groups:[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end, as the kernel saw it when it connected."""

    pid: int
    uid: int
    groups: frozenset[str]
    """Names of its primary and supplementary groups and of those the user database gives its user."""

    @property
    def own(self) -> bool:
        """Whether it is root or runs as our own user."""
        return self.uid in (0, os.geteuid())


def peer_of(sock: socket.socket) -> Peer:
    """The peer of a connected Unix socket. Raises OSError when the kernel does not tell."""
    pid, uid, gid = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    gids = {gid} | _session_gids(sock, pid) | _database_gids(uid, gid)
    return Peer(pid=pid, uid=uid, groups=frozenset(_names(gids)))


def _session_gids(sock: socket.socket, pid: int) -> set[int]:
    """Groups of the peer's process. /proc is asked only when the socket does not tell: a pid may be used again."""
    try:
        packed = sock.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, _GETSOCKOPT_LIMIT_BYTES)
    except OSError:
        return _proc_gids(Path(f"/proc/{pid}/status"))
    return {int(gid) for (gid,) in _GID.iter_unpack(packed)}


def _proc_gids(status: Path) -> set[int]:
    try:
        found = _STATUS_GROUPS.search(status.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return set()
    return {int(word) for word in found.group(1).split()} if found else set()


def _database_gids(uid: int, gid: int) -> set[int]:
    """Groups that the user database gives the user now, so that a technician need not log in again."""
    try:
        return set(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    except (KeyError, OSError):
        return set()


def _names(gids: set[int]) -> list[str]:
    names = []
    for gid in sorted(gids):
        try:
            names.append(grp.getgrgid(gid).gr_name)
        except KeyError:
            continue
    return names
