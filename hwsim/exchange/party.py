"""What the exchange needs from each of its ends: E1 circuits, analogue lines and subscribers of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hwsim.core.engine import Engine, StaleIdError
from hwsim.exchange.release import FIRST, Holding
from hwsim.exchange.tones import ToneKind, TonePlan
from hwsim.kernel.sim import Sim, Timer

if TYPE_CHECKING:
    from hwsim.exchange.call import Call


def stop_sound(engine: Engine, source: int) -> None:
    """Stop a sound that may have ended by itself."""
    with suppress(StaleIdError):
        engine.stop(source)


class TonePlayer:
    """The tones of one leg: at most one at a time; noted in the truth log when it changes."""

    def __init__(self, sim: Sim, line: str, leg: int, plan: TonePlan) -> None:
        self.sim = sim
        self.line = line
        self.leg = leg
        self.plan = plan
        self.kind: ToneKind | None = None
        self._source = 0

    def play(self, kind: ToneKind) -> None:
        """Play `kind` until told otherwise; nothing happens when it is already playing."""
        if kind is self.kind:
            return
        self._stop_source()
        self.kind = kind
        self._source = self.plan[kind].start(self.sim.engine, self.leg)
        self.sim.truth.note("tone", line=self.line, tone=str(kind))

    def silence(self) -> None:
        """Stop the tone."""
        if self.kind is not None:
            self._stop_source()
            self.kind = None
            self.sim.truth.note("tone", line=self.line, tone=None)

    def _stop_source(self) -> None:
        if self._source:
            stop_sound(self.sim.engine, self._source)
            self._source = 0


class TimerSet:
    """Named timers of one object: starting a name again restarts it."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self._timers: dict[str, Timer] = {}

    def start(self, name: str, delay_ms: float, callback: Callable[..., None], *args: Any) -> None:
        """Call `callback(*args)` after `delay_ms` unless cancelled or restarted before."""
        self.cancel(name)
        self._timers[name] = self.sim.later(delay_ms, callback, *args)

    def running(self, name: str) -> bool:
        """Whether this timer is still to come."""
        return name in self._timers and self._timers[name].active

    def cancel(self, *names: str) -> None:
        """Drop these timers; all when none is named."""
        for name in names or tuple(self._timers):
            timer = self._timers.pop(name, None)
            if timer:
                timer.cancel()


class Party(ABC):
    """One end of calls. As caller it is told how its call goes on; as called party it is offered calls.

    `ear` is the leg of whoever is at the far end of this party's wire, that is what a through-connection connects.
    `display_name` is shown to those whom the party calls, where caller ID has room for it. `early_ear` is the leg that
    callers hear while this party rings, when it has a ring-back of its own (彩铃); 0: the exchange's tone.
    """

    def __init__(self, sim: Sim, name: str, ear: int) -> None:
        self.sim = sim
        self.name = name
        self.ear = ear
        self.call: Call | None = None
        self.display_name = ""
        self.early_ear = 0
        self.announced = ""
        """The announcement of the call that has just failed (a name of hwsim.sounds), when it has one of its own."""
        self.timers = TimerSet(sim)

    @property
    @abstractmethod
    def number(self) -> str:
        """The number by which this party is known to others."""

    @property
    @abstractmethod
    def free(self) -> bool:
        """Whether a call can be offered now."""

    # -- as called party --------------------------------------------------------------------------------------------
    @abstractmethod
    def offer(self, call: Call) -> None:
        """Ring (or send SETUP); goes on with `call.alerting`, `call.answered` or `call.called_cleared`."""

    # -- as calling party -------------------------------------------------------------------------------------------
    def far_proceeding(self) -> None:  # noqa: B027 - most ends are not told
        """The number is complete, the call is being routed."""

    @abstractmethod
    def far_alerting(self) -> None:
        """The called party rings: ring-back is heard."""

    def far_early(self, ear: int) -> None:
        """The called party rings and plays something instead of ring-back into the leg `ear`."""
        self.far_alerting()

    def far_progress(self) -> None:  # noqa: B027 - most ends just hear it
        """Sound from the called side is switched through before answer."""

    @abstractmethod
    def far_answered(self) -> None:
        """The called party answered."""

    # -- both -------------------------------------------------------------------------------------------------------
    @property
    def holding(self) -> Holding:
        """How calls to this party end."""
        return FIRST

    def far_put_down(self) -> None:  # noqa: B027 - most ends are not told
        """The other side is on-hook, and the call stays for the present."""

    def far_lifted(self) -> None:  # noqa: B027
        """It has lifted again."""

    @abstractmethod
    def far_cleared(self, cause: int) -> None:
        """The call is over for this party: the other side or the exchange ended it with this Q.850 cause."""

    @abstractmethod
    def through(self, other: Party) -> None:
        """Switch the sound through to the other party."""

    @abstractmethod
    def apart(self) -> None:
        """Back to the exchange's own tones (silence until one is played)."""
