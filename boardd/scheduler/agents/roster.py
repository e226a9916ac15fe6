"""All agents: their states, the only place that changes them, and who has been idle longest.

Every change is put into the store together with an agent event, before anything that follows from it happens outside.
Nothing here waits, so that choosing an agent and reserving it is one step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec
import structlog

from boardd import clock
from boardd.contract.errors import ArgumentError, ConfigurationError, UnknownIdError, WrongStateError
from boardd.scheduler.agents.state import ENGAGED, FREE, AgentState, AgentStatus
from boardd.scheduler.config import SchedulerConfig
from boardd.scheduler.records.database import AgentEvent
from boardd.scheduler.records.store import Store

log = structlog.get_logger()

COOL_DOWN_S = 2.0
"""Pause before a station that could not be rung is tried again."""
FAILURE_LIMIT = 3
STATION_FAULT = "station_fault"
LOGIN = "login"


class Roster:
    """See the module text. `on_change(state)` is called after every change."""

    def __init__(self, config: SchedulerConfig, store: Store, on_change: Callable[[AgentState], None]) -> None:
        self._config = config
        self._store = store
        self._on_change = on_change
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._resting: dict[str, asyncio.TimerHandle] = {}
        self._last_turn = 0
        self.agents: dict[str, AgentState] = {
            number: AgentState(agent=number, name=section.name, station=section.station)
            for number, section in config.sections.agents.items()
        }

    def load(self, stored: dict[str, bytes]) -> None:
        """Take over what the store knows; agents that are no longer configured are left out."""
        for number, body in stored.items():
            section = self._config.sections.agents.get(number)
            if section is None:
                continue
            try:
                state = msgspec.json.decode(body, type=AgentState)
            except msgspec.MsgspecError as error:
                log.error("agent_state_unreadable", agent=number, error=str(error))
                continue
            state.name = section.name
            state.station = section.station or state.station
            self.agents[number] = state
            self._last_turn = max(self._last_turn, state.turn)
            if state.status is AgentStatus.WRAP_UP:
                left_ms = state.wrap_up_until_mono_ms - clock.mono_ms()
                self._arm(number, min(max(0, left_ms), self._longest_wrap_up_ms()) / 1000)

    def reconcile(self, held: Iterable[tuple[str, str]]) -> None:
        """After a restart: let go of agents that no open contact (agent, contact id) holds any more."""
        holding = set(held)
        for number, state in self.agents.items():
            if state.status in ENGAGED and (number, state.contact) not in holding:
                self._let_go(state)

    def reconcile_contact(self, contact: str) -> None:
        """Let go of agents that a contact still holds when it is closed."""
        for state in self.agents.values():
            if state.contact == contact and state.status in ENGAGED:
                self._let_go(state)

    def _let_go(self, state: AgentState) -> None:
        if state.status is AgentStatus.TALKING:
            self.release(state.agent, state.contact, 0.0)
        else:
            self.give_back(state.agent, state.contact)

    def close(self) -> None:
        """Stop all timers."""
        for timer in (*self._timers.values(), *self._resting.values()):
            timer.cancel()

    # -- looking ------------------------------------------------------------------------------------------------------
    def get(self, agent: str) -> AgentState:
        """An agent's state. Raises UnknownIdError."""
        if agent not in self.agents:
            raise UnknownIdError(f"there is no agent {agent}", agent=agent)
        return self.agents[agent]

    def at_station(self, extension: str) -> AgentState | None:
        """The agent who is logged in at a station."""
        for state in self.agents.values():
            if extension and state.station == extension and state.status is not AgentStatus.LOGGED_OUT:
                return state
        return None

    def resident(self, extension: str) -> str:
        """The agent who by configuration always works at a station, or empty."""
        agents = self._config.sections.agents.items()
        return next((number for number, section in agents if extension and section.station == extension), "")

    def staffed(self, queue: str) -> bool:
        """Whether anybody who serves the queue is logged in."""
        return any(
            state.status is not AgentStatus.LOGGED_OUT and self._config.serves(number, queue)
            for number, state in self.agents.items()
        )

    def longest_idle(self, queue: str, reachable: Callable[[str], bool]) -> str:
        """The ready agent of the queue who has been idle longest and whose station can be rung, or empty."""
        candidates = [
            (state.turn, number)
            for number, state in self.agents.items()
            if state.status is AgentStatus.READY
            and number not in self._resting
            and self._config.serves(number, queue)
            and reachable(state.station)
        ]
        return min(candidates)[1] if candidates else ""

    # -- what agents do -----------------------------------------------------------------------------------------------
    def login(self, agent: str, extension: str = "") -> AgentState:
        """Log in at a station (the agent's own when none is given). Raises CallerError kinds, ConfigurationError."""
        state = self.get(agent)
        fixed = self._config.sections.agents[agent].station
        extension = extension or fixed
        if not extension:
            raise ConfigurationError(f"agent {agent} has no station; name one", agent=agent)
        if fixed and extension != fixed:
            raise ArgumentError(f"agent {agent} works at station {fixed} only", argument="station")
        other = self.at_station(extension)
        if other is not None and other.agent != agent:
            raise WrongStateError(f"agent {other.agent} is logged in at station {extension}", agent=other.agent)
        if state.status is not AgentStatus.LOGGED_OUT and state.station == extension:
            return state
        if state.status in ENGAGED:
            raise WrongStateError(f"agent {agent} is {state.status}", operation="login", state=str(state.status))
        if self._config.sections.login_ready:
            return self._become_ready(state, station=extension)
        return self._change(state, AgentStatus.NOT_READY, reason=LOGIN, station=extension)

    def logout(self, agent: str) -> AgentState:
        """Log out, or after the present call."""
        state = self.get(agent)
        if state.status in ENGAGED:
            return self._later(state, AgentStatus.LOGGED_OUT)
        fixed = self._config.sections.agents[agent].station
        return self._change(state, AgentStatus.LOGGED_OUT, station=fixed)

    def ready(self, agent: str) -> AgentState:
        """Become ready, or after the present call. Raises WrongStateError when logged out."""
        state = self._logged_in(agent, "ready")
        if state.status in ENGAGED:
            return self._later(state, AgentStatus.READY)
        return state if state.status is AgentStatus.READY else self._become_ready(state)

    def not_ready(self, agent: str, reason: str = "") -> AgentState:
        """Become not ready, or after the present call. Raises WrongStateError when logged out."""
        state = self._logged_in(agent, "not_ready")
        if state.status in ENGAGED:
            return self._later(state, AgentStatus.NOT_READY, reason)
        return self._change(state, AgentStatus.NOT_READY, reason=reason)

    # -- what contacts do with agents ---------------------------------------------------------------------------------
    def reserve(self, agent: str, contact: str) -> None:
        """A waiting contact is given to a ready agent."""
        self._change(self.get(agent), AgentStatus.RESERVED, contact=contact)

    def rings(self, agent: str, contact: str) -> None:
        """The agent's station rings for the contact that reserved it."""
        state = self.get(agent)
        if state.contact == contact and state.status is AgentStatus.RESERVED:
            self._change(state, AgentStatus.RINGING, contact=contact)

    def talks(self, agent: str, contact: str) -> None:
        """The agent has answered, or makes a call of its own (then it returns to where it was)."""
        state = self.get(agent)
        if state.contact and state.contact != contact:
            return
        if state.status in FREE:
            state.after = AgentStatus.READY if state.status is AgentStatus.WRAP_UP else state.status
            state.after_reason = state.reason
        if state.status is not AgentStatus.LOGGED_OUT:
            state.failures = 0
            self._change(state, AgentStatus.TALKING, contact=contact)

    def give_back(self, agent: str, contact: str) -> None:
        """The contact ended before the agent answered: the agent keeps its place among the idle ones."""
        state = self.get(agent)
        if state.contact == contact and state.status in ENGAGED:
            self._go_after(state, keep_turn=True)

    def did_not_answer(self, agent: str, contact: str, reason: str) -> None:
        """The station rang in vain: the agent becomes not ready."""
        state = self.get(agent)
        if state.contact == contact and state.status in ENGAGED:
            after = state.after
            state.after = AgentStatus.READY
            if after is AgentStatus.LOGGED_OUT:
                self._change(state, AgentStatus.LOGGED_OUT, station=self._config.sections.agents[agent].station)
            else:
                self._change(state, AgentStatus.NOT_READY, reason=reason)

    def could_not_ring(self, agent: str, contact: str) -> None:
        """The station could not be rung: the agent rests a moment; after three times it is not ready."""
        state = self.get(agent)
        if state.contact != contact or state.status not in ENGAGED:
            return
        state.failures += 1
        if state.failures >= FAILURE_LIMIT:
            state.failures = 0
            self.did_not_answer(agent, contact, STATION_FAULT)
            return
        loop = asyncio.get_running_loop()
        self._resting[agent] = loop.call_later(COOL_DOWN_S, self._rested, agent)
        self._go_after(state, keep_turn=True)

    def release(self, agent: str, contact: str, wrap_up_s: float) -> None:
        """The conversation is over: after-call work, then whatever the agent asked for."""
        state = self.get(agent)
        if state.contact != contact or state.status not in ENGAGED:
            return
        if wrap_up_s > 0 and state.after is AgentStatus.READY:
            state.wrap_up_until_mono_ms = clock.mono_ms() + round(wrap_up_s * 1000)
            self._change(state, AgentStatus.WRAP_UP)
            self._arm(agent, wrap_up_s)
        else:
            self._go_after(state, keep_turn=False)

    # -- inside -------------------------------------------------------------------------------------------------------
    def _logged_in(self, agent: str, operation: str) -> AgentState:
        state = self.get(agent)
        if state.status is AgentStatus.LOGGED_OUT:
            raise WrongStateError(f"agent {agent} is not logged in", operation=operation, state=str(state.status))
        return state

    def _later(self, state: AgentState, status: AgentStatus, reason: str = "") -> AgentState:
        state.after, state.after_reason = status, reason
        self._store.put_agent(state.agent, msgspec.json.encode(state), None)
        self._on_change(state)
        return state

    def _go_after(self, state: AgentState, keep_turn: bool) -> None:
        after, reason = state.after, state.after_reason
        state.after, state.after_reason = AgentStatus.READY, ""
        if after is AgentStatus.READY:
            self._become_ready(state, keep_turn=keep_turn)
        elif after is AgentStatus.LOGGED_OUT:
            self._change(state, after, station=self._config.sections.agents[state.agent].station)
        else:
            self._change(state, AgentStatus.NOT_READY, reason=reason)

    def _become_ready(self, state: AgentState, station: str | None = None, keep_turn: bool = False) -> AgentState:
        if not keep_turn or not state.turn:
            self._last_turn += 1
            state.turn = self._last_turn
        return self._change(state, AgentStatus.READY, station=station)

    def _change(
        self, state: AgentState, status: AgentStatus, *, reason: str = "", contact: str = "", station: str | None = None
    ) -> AgentState:
        if (timer := self._timers.pop(state.agent, None)) is not None:
            timer.cancel()
        old, old_contact = state.status, state.contact
        state.status, state.reason, state.contact = status, reason, contact
        state.since = now = clock.instant()
        if station is not None:
            state.station = station
        if status in (AgentStatus.LOGGED_OUT, AgentStatus.READY, AgentStatus.NOT_READY):
            state.after, state.after_reason = AgentStatus.READY, ""
        event = AgentEvent(
            agent=state.agent,
            wall_ms=now.wall_ms,
            mono_ms=now.mono_ms,
            old=str(old),
            new=str(status),
            reason=reason,
            station=state.station,
            contact_id=contact or old_contact,
        )
        self._store.put_agent(state.agent, msgspec.json.encode(state), event)
        log.info("agent", agent=state.agent, old=str(old), new=str(status), reason=reason, contact=contact)
        self._on_change(state)
        return state

    def _arm(self, agent: str, wait_s: float) -> None:
        self._timers[agent] = asyncio.get_running_loop().call_later(wait_s, self._wrapped_up, agent)

    def _wrapped_up(self, agent: str) -> None:
        self._timers.pop(agent, None)
        state = self.agents[agent]
        if state.status is AgentStatus.WRAP_UP:
            self._become_ready(state)

    def _rested(self, agent: str) -> None:
        self._resting.pop(agent, None)
        self._on_change(self.agents[agent])

    def _longest_wrap_up_ms(self) -> int:
        return round(1000 * max((q.wrap_up_s for q in self._config.sections.queues.values()), default=0.0))
