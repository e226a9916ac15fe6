"""Faults that strike processes: kill, stop, continue. They model crashes, hangs and a machine under load."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Mapping

from boardd.contract.text import _
from hwsim.kernel.keeper import Keeper
from hwsim.scenario.faults import FaultError, FaultRegistry

FATAL = frozenset(
    {signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS}
)
"""What ends any process: a kill, and what faults in native code raise."""


def signal_of(args: Mapping[str, str], default: str) -> signal.Signals:
    """The signal named by `signal`. Raises FaultError."""
    name = args.get("signal", default).upper().removeprefix("SIG")
    try:
        return signal.Signals[f"SIG{name}"]
    except KeyError:
        raise FaultError(_("there is no signal {name}").format(name=name)) from None


class ProcessFaults:
    """`process_kill` (SIGKILL, or the signal in `signal`) and `process_stop` (SIGSTOP until the fault ends).

    `where` names the process: daemon, scheduler, supervisor, host-DOMAIN (their clock names). `pid_of` finds it; in
    lockstep the keeper of the token must know, because time stands still while the dead are buried.
    """

    def __init__(self, pid_of: Callable[[str], int | None], keeper: Keeper | None) -> None:
        self._pid_of = pid_of
        self._keeper = keeper

    def register(self, faults: FaultRegistry) -> None:
        """Make the kinds known."""
        faults.register("process_kill", self._kill)
        faults.register("process_stop", self._stop)

    def _pid(self, where: str) -> int:
        pid = self._pid_of(where)
        if pid is None:
            raise FaultError(_("no process {where} is running under the simulator").format(where=where))
        return pid

    def _kill(self, where: str, args: Mapping[str, str]) -> None:
        self.strike(self._pid(where), signal_of(args, "KILL"))

    def strike(self, pid: int, number: int) -> None:
        """Send a signal to a process of the simulation; time stands until one that dies of it has been buried."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            if self._keeper and number in FATAL:
                self._keeper.killed(pid)

    def _stop(self, where: str, args: Mapping[str, str]) -> Callable[[], None]:
        pid = self._pid(where)
        os.kill(pid, signal.SIGSTOP)
        if self._keeper:
            self._keeper.suspend(pid, True)

        def go_on() -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            if self._keeper:
                self._keeper.suspend(pid, False)

        return go_on
