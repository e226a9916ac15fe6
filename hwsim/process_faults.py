"""Faults that strike processes: kill, stop, continue. They model crashes, hangs and a machine under load."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

from hwsim.scenario.faults import FaultError, FaultRegistry


class ProcessFaults:
    """`process_kill` (SIGKILL, or the signal in `signal`) and `process_stop` (SIGSTOP until the fault ends).

    `where` names the process: boardd, scheduler, host@DOMAIN. `pid_of` finds it.
    """

    def __init__(self, pid_of: Callable[[str], int | None]) -> None:
        self._pid_of = pid_of

    def register(self, faults: FaultRegistry) -> None:
        """Make the kinds known."""
        faults.register("process_kill", self._kill)
        faults.register("process_stop", self._stop)

    def _pid(self, where: str) -> int:
        pid = self._pid_of(where)
        if pid is None:
            raise FaultError(f"no process {where} is running under the simulator")
        return pid

    def _kill(self, where: str, args: Mapping[str, str]) -> None:
        name = args.get("signal", "KILL").upper().removeprefix("SIG")
        try:
            number = signal.Signals[f"SIG{name}"]
        except KeyError:
            raise FaultError(f"there is no signal {name}") from None
        os.kill(self._pid(where), number)

    def _stop(self, where: str, args: Mapping[str, str]) -> Callable[[], None]:
        pid = self._pid(where)
        os.kill(pid, signal.SIGSTOP)
        return lambda: os.kill(pid, signal.SIGCONT)
