"""This process' end of the token socket: hello, grants, idle reports."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from boardd.clock import wire
from boardd.contract.errors import ConfigurationError


class TokenSource:
    """Time as granted by the simulator. Held by one TokenLoop; clocks may be read from any thread."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.now_us = 0
        self.wall_base_ms = 0
        self.busy_probes: list[Callable[[], int]] = []

    @classmethod
    def connect(cls, setting: str, name: str) -> TokenSource:
        """Connect as `setting` (`token:PATH`) says and introduce this process as `name`."""
        kind, _, path = setting.partition(":")
        if kind != "token" or not path:
            raise ConfigurationError(f"BOARDD_CLOCK={setting}: expected token:PATH", variable="BOARDD_CLOCK")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            sock.connect(path)
            sock.send(wire.hello(os.getpid(), name))
        except OSError as error:
            sock.close()
            raise ConfigurationError(
                f"BOARDD_CLOCK={setting}: {error.strerror}; start the simulator first", variable="BOARDD_CLOCK"
            ) from error
        return cls(sock)

    def wall_ms(self) -> int:
        """See Source."""
        return self.wall_base_ms + self.now_us // 1000

    def mono_ms(self) -> int:
        """See Source."""
        return self.now_us // 1000

    def jobs(self) -> int:
        """Jobs in the hands of our threads now."""
        count = 0
        for probe in self.busy_probes:
            count += probe()
        return count

    def show_readiness(self, epoll_fd: int) -> None:
        """Let the simulator see whether anything is ready in our loop's epoll set, so that it need not ask us."""
        socket.send_fds(self.sock, [bytes([wire.WATCH])], [epoll_fd])

    def wait_grant(self) -> None:
        """Block until the simulator grants the token. Raises SystemExit when the simulator is gone."""
        try:
            packet = self.sock.recv(wire.MAX_PACKET)
        except OSError:
            packet = b""
        if not packet:
            raise SystemExit("the simulator that kept the time is gone")
        self.now_us, self.wall_base_ms = wire.read_grant(packet)

    def report_idle(self, next_us: int | None, worked: bool, jobs: int) -> None:
        """Give the token back."""
        self._send(wire.idle(next_us, worked, jobs))

    def want(self) -> None:
        """Ask for the token because a job came back."""
        self._send(bytes([wire.WANT]))

    def tell_spawned(self, pid: int) -> None:
        """See clock.child_spawned."""
        self._send(wire.pid_message(wire.SPAWNED, pid))

    def tell_reaped(self, pid: int) -> None:
        """See clock.child_reaped."""
        self._send(wire.pid_message(wire.REAPED, pid))

    def close(self) -> None:
        """Leave the lockstep."""
        self.sock.close()

    def _send(self, packet: bytes) -> None:
        try:
            self.sock.send(packet)
        except OSError as error:
            raise SystemExit("the simulator that kept the time is gone") from error
