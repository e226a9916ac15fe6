"""Sends caller ID into a line as sound: what an exchange or a station port does while the telephone is on-hook."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from hwsim.core.engine import StaleIdError
from hwsim.core.events import Event, Kind, Reason
from hwsim.kernel.sim import Sim
from hwsim.line.caller_id import CallerId, mdmf, sdmf

LEVEL_DBM0 = -13.5
DTMF_ON_MS = 70
DTMF_OFF_MS = 70


class CallerIdSender:
    """Sends from `leg`, one transmission at a time; each completed one is noted as `caller_id` in the truth log."""

    def __init__(self, sim: Sim, line: str, leg: int) -> None:
        self.sim = sim
        self.line = line
        self.leg = leg
        self._source = 0
        self._facts: dict[str, object] = {}
        self._done: Callable[[], None] | None = None

    def fsk(self, caller: CallerId, *, simple: bool = False, good: bool = True, dbm0: float = LEVEL_DBM0) -> None:
        """Send a Bell 202 message, SDMF when `simple`, else MDMF; `good` False: with a wrong checksum."""
        message = sdmf(caller) if simple else mdmf(caller)
        if not good:
            message = message[:-1] + bytes([message[-1] ^ 0x01])
        source = self.sim.engine.fsk(self.leg, message, level_mb=round(dbm0 * 100))
        self._begin(source, {"number": caller.number, "name": caller.name, "form": "fsk", "good": good})

    def dtmf(self, digits: str, number: str, done: Callable[[], None] | None = None) -> None:
        """Send a row of digits; `done()` is called after the last one."""
        source = self.sim.engine.dtmf(self.leg, digits, on_ms=DTMF_ON_MS, off_ms=DTMF_OFF_MS)
        self._begin(source, {"number": number, "name": "", "form": "dtmf", "good": True}, done)

    def stop(self) -> None:
        """Break off; what is not complete is not noted."""
        source, self._source, self._done = self._source, 0, None
        if source:
            self.sim.off_engine(self.leg, self._sound)
            with suppress(StaleIdError):
                self.sim.engine.stop(source)

    def _begin(self, source: int, facts: dict[str, object], done: Callable[[], None] | None = None) -> None:
        self.stop()
        self._source, self._facts, self._done = source, facts, done
        self.sim.on_engine(self.leg, self._sound)

    def _sound(self, event: Event) -> None:
        if event.id != self._source or event.kind not in (Kind.PLAY_END, Kind.DTMF_SENT) or event.a != Reason.ENDED:
            return
        self._source, done, self._done = 0, self._done, None
        self.sim.off_engine(self.leg, self._sound)
        self.sim.truth.note("caller_id", line=self.line, **self._facts)
        if done:
            done()
