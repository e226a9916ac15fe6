"""One child process: spawned by us, or found running because it outlived the supervisor before us.

A lock file per role decides. The supervisor takes the lock and hands the open file to the child, which keeps it for
its life: while the lock is held the role is running, whoever started it. The next supervisor finds the child as the
process that has the lock file open; nothing that could be out of date is written anywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from boardd import clock
from boardd.supervise.role import Role


class Process:
    """A running child. `on_end(code)`: exit code, minus the signal's number, or None when it is not our child."""

    def __init__(self, pid: int, popen: subprocess.Popen[bytes] | None, on_end: Callable[[int | None], None]) -> None:
        self.pid = pid
        self.adopted = popen is None
        self._popen = popen
        self._on_end = on_end
        self._pidfd = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._ended)

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing when the child has ended."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def leave(self) -> None:
        """Watch it no longer; it goes on running."""
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if self._popen is not None:
            # It is not waited for any more, on purpose; without a code Popen would complain of that.
            self._popen.returncode = self._popen.returncode or 0

    def _ended(self) -> None:
        code = self._popen.wait() if self._popen is not None else None
        self.leave()
        clock.child_reaped(self.pid)
        self._on_end(code)


def spawn(role: Role, lock: Path, notify: Path, watchdog_s: float, on_end: Callable[[int | None], None]) -> Process:
    """Start the role's child, or take over the one that runs.

    Raises OSError when it cannot be started, or when the one that runs has just ended.
    """
    lock_fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Process(_holder(lock_fd), None, on_end)
        popen = subprocess.Popen(
            role.argv,
            stdin=subprocess.DEVNULL,
            env=_environment(role, notify, watchdog_s),
            start_new_session=True,
            pass_fds=(lock_fd,),
        )
        clock.child_spawned(popen.pid)
        return Process(popen.pid, popen, on_end)
    finally:
        os.close(lock_fd)


def _holder(lock_fd: int) -> int:
    """The child that has the lock file open: the leader of its own session, not us. Raises ProcessLookupError."""
    wanted = os.fstat(lock_fd)
    for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        pid = int(entry.name)
        if pid != os.getpid() and _has_open(entry, (wanted.st_dev, wanted.st_ino)) and _leads_session(pid):
            return pid
    raise ProcessLookupError("the process that holds the role's lock has just ended or is not ours")


def _has_open(process: Path, file: tuple[int, int]) -> bool:
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:
        return False
    for descriptor in descriptors:
        try:
            found = descriptor.stat()
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == file:
            return True
    return False


def _leads_session(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except OSError:
        return False


def _environment(role: Role, notify: Path, watchdog_s: float) -> Mapping[str, str]:
    environment = {key: value for key, value in os.environ.items() if key != "WATCHDOG_PID"}
    environment |= role.environment
    environment["NOTIFY_SOCKET"] = str(notify)
    environment["WATCHDOG_USEC"] = str(round(watchdog_s * 1e6))
    if clock.simulated():
        environment["PYTHONHASHSEED"] = "0"
    return environment
