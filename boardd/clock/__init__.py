"""The only place of boardd that asks for time.

Two sources: the machine's clocks, and, when the environment names a token socket, the simulator's time. In token
lockstep one process runs at a time; `docs/decisions/0003-token-lockstep.md` says why and `token` how. Code outside
uses `wall_ms`, `mono_ms`, `instant`, asyncio's own timers on the loop that `run` makes, and nothing else.

    BOARDD_CLOCK=token:/path/to/socket   follow the simulator; unset: the machine's clocks
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from boardd.clock.loop import TokenLoop
from boardd.clock.source import RealSource, Source
from boardd.clock.token import TokenSource
from boardd.contract.objects import Instant

T = TypeVar("T")

ENVIRONMENT = "BOARDD_CLOCK"
_source: Source = RealSource()


def wall_ms() -> int:
    """Milliseconds since the Unix epoch; may jump when somebody sets the clock."""
    return _source.wall_ms()


def mono_ms() -> int:
    """Milliseconds that only grow; comparable within one boot (real) or one simulation."""
    return _source.mono_ms()


def instant() -> Instant:
    """This moment on both clocks."""
    return Instant(wall_ms=_source.wall_ms(), mono_ms=_source.mono_ms())


def simulated() -> bool:
    """Whether this process follows the simulator's time."""
    return isinstance(_source, TokenSource)


def run(main: Callable[[], Coroutine[Any, Any, T]], name: str) -> T:
    """Run `main()` on an event loop that follows the chosen clock. `name` orders the processes in lockstep.

    Raises ConfigurationError when BOARDD_CLOCK is malformed or nobody listens there.
    """
    global _source
    setting = os.environ.get(ENVIRONMENT, "")
    if not setting:
        return asyncio.run(main())
    source = TokenSource.connect(setting, name)
    _source = source
    try:
        with asyncio.Runner(loop_factory=lambda: TokenLoop(source)) as runner:
            return runner.run(main())
    finally:
        source.close()
        _source = RealSource()


def register_busy(probe: Callable[[], int]) -> None:
    """Lockstep: `probe()` tells how many jobs a thread of ours has in hand, so that time stands until they are done.

    The thread must post its result to the loop before its probe goes down. No effect on the machine's clocks.
    """
    if isinstance(_source, TokenSource):
        _source.busy_probes.append(probe)


def unregister_busy(probe: Callable[[], int]) -> None:
    """Undo `register_busy`."""
    if isinstance(_source, TokenSource) and probe in _source.busy_probes:
        _source.busy_probes.remove(probe)


def child_spawned(pid: int) -> None:
    """Lockstep, supervisor only: time stands from now until child `pid` says hello or is reaped."""
    if isinstance(_source, TokenSource):
        _source.tell_spawned(pid)


def child_reaped(pid: int) -> None:
    """Lockstep, supervisor only: child `pid` is gone for good."""
    if isinstance(_source, TokenSource):
        _source.tell_reaped(pid)
