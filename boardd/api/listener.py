"""Takes a Unix socket path for ourselves: lock, stale file removal, mode and group."""

from __future__ import annotations

import fcntl
import grp
import os
import socket
import stat
from pathlib import Path

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

PATH_LIMIT_BYTES = 107
"""sun_path of Linux, less its terminating zero."""
BACKLOG = 64


class Listener:
    """A listening socket at `path`, held until `close`.

    A lock file beside it decides between two processes that start at the same time. A socket file nobody listens at
    is removed; one that somebody listens at, or a file that is no socket, raises ConfigurationError.
    """

    def __init__(self, path: Path, mode: int, group: str = "") -> None:
        if len(os.fsencode(path)) > PATH_LIMIT_BYTES:
            text = _("{path}: a socket path may have {limit} bytes; choose a shorter runtime_dir")
            raise ConfigurationError(text.format(path=path, limit=PATH_LIMIT_BYTES), path=str(path))
        self.path = path
        self._lock = -1
        try:
            self._lock = _lock(path)
            _remove_stale(path)
            self.socket = _bind(path, mode, group)
        except OSError as error:
            self._unlock()
            raise ConfigurationError(f"{path}: {error.strerror}", path=str(path)) from error
        except ConfigurationError:
            self._unlock()
            raise
        self._inode = path.stat().st_ino

    def close(self) -> None:
        """Stop listening; removes the socket file if it is still ours."""
        self.socket.close()
        try:
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()
        except OSError:
            pass
        self._unlock()

    def _unlock(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _taken(path: Path) -> ConfigurationError:
    text = _("{path}: another process of boardd is running here; stop it or choose another runtime_dir")
    return ConfigurationError(text.format(path=path), path=str(path))


def _lock(path: Path) -> int:
    fd = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise _taken(path) from error
    return fd


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        text = _("{path}: is in the way (not a socket); remove it")
        raise ConfigurationError(text.format(path=path), path=str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except BlockingIOError:
            pass
    raise _taken(path)


def _bind(path: Path, mode: int, group: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        if group:
            os.chown(path, -1, _gid(group))
        path.chmod(mode)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _gid(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        text = _("there is no Unix group {group} (rights.socket_group)")
        raise ConfigurationError(text.format(group=group), group=group) from None
