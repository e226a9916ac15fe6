"""One call inside the exchange: a calling party, later a called party, and who learns what when.

States go one way: routing, offered, alerting, answered, ended; steps may be left out. The truth log gets `call_begin`,
`call_route`, `call_alert`, `call_answer` and `call_end`, each with the exchange's own `call` number.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from boardd.contract.causes import Cause
from hwsim.exchange.numbering import Reach
from hwsim.exchange.party import Party, TimerSet

if TYPE_CHECKING:
    from hwsim.exchange.exchange import Exchange


class CallState(IntEnum):
    """How far a call has come."""

    ROUTING = 0
    OFFERED = 1
    ALERTING = 2
    ANSWERED = 3
    ENDED = 4


class Call:
    """A call from `calling` to the number `called`."""

    def __init__(self, exchange: Exchange, call_id: int, calling: Party, called: str, caller: str) -> None:
        self.exchange = exchange
        self.sim = exchange.sim
        self.call_id = call_id
        self.calling = calling
        self.called_number = called
        self.caller_number = caller
        self.caller_name = calling.display_name
        self.called: Party | None = None
        self.state = CallState.ROUTING
        self.progress = False
        self.down: Party | None = None
        """Who is on-hook while the call stays."""
        self.announced = ""
        self.original_called = ""
        self.withheld = False
        """The caller's number is not shown."""
        self.wrong_zero = False
        self.timers = TimerSet(exchange.sim)
        calling.call = self
        self.sim.truth.note("call_begin", call=call_id, caller=caller, called=called, line=calling.name)

    @property
    def answered(self) -> bool:
        """Whether the called party has answered and nobody has hung up yet."""
        return self.state is CallState.ANSWERED

    # -- from the exchange ------------------------------------------------------------------------------------------
    def route_to(self, party: Party) -> None:
        """Offer the call to `party`, which is free."""
        self.called = party
        self.state = CallState.OFFERED
        party.call = self
        self.sim.truth.note("call_route", call=self.call_id, line=party.name)
        self.timers.start("setup", self.exchange.timers.setup_ms, self._expire, Cause.NO_USER_RESPONDING)
        self.calling.far_proceeding()
        party.offer(self)

    def fail(self, cause: int, announced: str = "") -> None:
        """Give up before anybody was offered the call; `announced` is said to the caller."""
        self.announced = announced
        self._end(cause, by="exchange")

    # -- from the called party --------------------------------------------------------------------------------------
    def called_alerting(self) -> None:
        """The called party rings."""
        if self.state >= CallState.ALERTING:
            return
        self.state = CallState.ALERTING
        self.timers.cancel("setup")
        self._ring_no_longer_than_allowed()
        self.sim.truth.note("call_alert", call=self.call_id)
        early = self.called.early_ear if self.called else 0
        if early and not self.progress:
            self.calling.far_early(early)
        elif not self.progress:
            self.calling.far_alerting()

    def called_progress(self) -> None:
        """The called side offers sound before answer (an announcement): the caller hears it instead of ring-back."""
        if self.state >= CallState.ANSWERED or self.progress:
            return
        self.progress = True
        self.timers.cancel("setup")
        self._ring_no_longer_than_allowed()
        self._through()
        self.calling.far_progress()

    def called_answered(self) -> None:
        """The called party answered: switch through."""
        if self.state >= CallState.ANSWERED or self.called is None:
            return
        self.state = CallState.ANSWERED
        self.timers.cancel()
        self.sim.truth.note("call_answer", call=self.call_id, line=self.called.name)
        self._through()
        self.calling.far_answered()

    def called_cleared(self, cause: int) -> None:
        """The called party refused, failed or hung up."""
        self._end(cause, by="called")

    # -- from the calling party -------------------------------------------------------------------------------------
    def calling_cleared(self, cause: int = Cause.NORMAL_CLEARING) -> None:
        """The calling party hung up."""
        self._end(cause, by="calling")

    # -- on-hook in an answered call --------------------------------------------------------------------------------
    def put_down(self, party: Party) -> bool:
        """`party` is on-hook. True: the call stays for the present; else it is for the party to end it."""
        if self.state is not CallState.ANSWERED or self.called is None or self.down not in (None, party):
            return False
        holding, called_went = self.called.holding, party is self.called
        if not holding.keeps(called_went):
            return False
        self.down = party
        by = "called" if called_went else "calling"
        self.sim.truth.note("call_held", call=self.call_id, line=party.name, by=by)
        if holding.wait_ms:
            self.timers.start("held", holding.wait_ms, self._end, Cause.NORMAL_CLEARING, by)
        self._tell_other(party, lifted=False)
        return True

    def lifted(self, party: Party) -> None:
        """`party`, whose on-hook did not end the call, is off-hook again."""
        if self.down is party:
            self.down = None
            self.timers.cancel("held")
            self.sim.truth.note("reanswered", line=party.name)
            self._tell_other(party, lifted=True)

    def _tell_other(self, party: Party, lifted: bool) -> None:
        other = self.other(party)
        if other:
            (other.far_lifted if lifted else other.far_put_down)()

    # -- inside -----------------------------------------------------------------------------------------------------
    def _ring_no_longer_than_allowed(self) -> None:
        timers, numbering = self.exchange.timers, self.exchange.numbering
        ms = {
            Reach.LOCAL: timers.no_answer_ms,
            Reach.NATIONAL: timers.no_answer_national_ms,
            Reach.INTERNATIONAL: timers.no_answer_international_ms,
        }[max(numbering.reach(self.caller_number), numbering.reach(self.called_number))]
        self.timers.start("no_answer", ms, self._expire, Cause.NO_ANSWER)

    def other(self, party: Party) -> Party | None:
        """The other end."""
        return self.called if party is self.calling else self.calling

    def _through(self) -> None:
        if self.called is not None:
            self.calling.through(self.called)
            self.called.through(self.calling)

    def _expire(self, cause: int) -> None:
        self._end(cause, by="exchange")

    def _end(self, cause: int, by: str) -> None:
        if self.state is CallState.ENDED:
            return
        answered = self.state is CallState.ANSWERED
        self.state = CallState.ENDED
        self.timers.cancel()
        self.exchange.forget(self)
        self.sim.truth.note("call_end", call=self.call_id, cause=int(cause), by=by, answered=answered)
        calling, called = self.calling, self.called
        calling.call = None
        calling.apart()
        calling.announced = self.announced
        if called is not None:
            called.call = None
            called.apart()
            if by != "called" or self.down is called:
                called.far_cleared(cause if answered or by == "calling" else Cause.NORMAL_CLEARING)
        if by != "calling" or self.down is calling:
            calling.far_cleared(cause)
