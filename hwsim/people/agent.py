"""An agent (座席) at a station: logs in by dialling, answers when rung, talks, puts the receiver down."""

from __future__ import annotations

from dataclasses import dataclass, field

from hwsim.people.draw import Draw
from hwsim.people.person import Person
from hwsim.people.process import Acts, Pause, Until
from hwsim.people.steps import Dial, Errand, GaveUpError

HEADSET_QUIET_MS = 3_000.0


@dataclass(frozen=True, slots=True)
class AgentHabits:
    """How an agent works. Probabilities are 0 to 1; the agent's own random stream decides."""

    log_in: str = ""
    """Digits dialled at the start of work (empty: none)."""
    log_in_at: Draw = field(default_factory=lambda: Draw.uniform(1, 5))
    log_in_hold: Draw = field(default_factory=lambda: Draw.fixed(3))
    """How long the agent listens after dialling the log-in code."""
    log_out: str = ""
    log_out_at: Draw | None = None
    answer: Draw = field(default_factory=lambda: Draw.uniform(1.5, 5))
    ignore_ring: float = 0.0
    """Probability that a ring is left unanswered."""
    talk: Draw = field(default_factory=lambda: Draw.exponential(60, most=600))
    """From answering until this agent ends the talk, unless the far end does before."""
    reaction: Draw = field(default_factory=lambda: Draw.uniform(0.3, 1.5))
    """From hearing the busy tone to putting the receiver down."""
    headset: bool = False
    """Always off-hook (长摘机): calls come as voices in the ear, never as a bell."""


def working_day(person: Person, habits: AgentHabits) -> Acts:
    """Everything an agent does, for ever (or until the time to log out)."""
    yield Pause(habits.log_in_at.milliseconds(person.rng))
    if habits.log_in:
        yield from _dial_code(person, habits, habits.log_in, "agent_log_in", stay=habits.headset)
    elif habits.headset:
        person.lift()
    end_us = None
    if habits.log_out_at:
        end_us = person.sim.now_us + round(habits.log_out_at.milliseconds(person.rng) * 1000)
    serve = _headset_call if habits.headset else _bell_call
    while end_us is None or person.sim.now_us < end_us:
        left_ms = None if end_us is None else (end_us - person.sim.now_us) / 1000
        yield from serve(person, habits, left_ms)
    if person.handset.off_hook:
        person.hang_up()
    if habits.log_out:
        yield from _dial_code(person, habits, habits.log_out, "agent_log_out", stay=False)


def _dial_code(person: Person, habits: AgentHabits, code: str, what: str, stay: bool) -> Acts:
    try:
        yield from Dial(code).run(person, Errand())
        yield Until(person.hears_clear, habits.log_in_hold.milliseconds(person.rng))
        person.note(what, code=code)
    except GaveUpError:
        person.note("no_dial_tone")
    if not stay:
        person.hang_up()


def _bell_call(person: Person, habits: AgentHabits, left_ms: float | None) -> Acts:

    def rings() -> bool:
        return person.handset.ringing

    yield Until(rings, left_ms)
    if not rings():
        return
    if person.rng.random() < habits.ignore_ring:
        person.note("ring_ignored")
        yield Until(lambda: not rings())
        return
    yield Until(lambda: not rings(), habits.answer.milliseconds(person.rng))
    if not rings():
        person.note("ring_missed")
        return
    person.answer()
    yield from _talk(person, habits)
    person.hang_up()


def _talk(person: Person, habits: AgentHabits) -> Acts:
    person.mouth.speak()
    yield Until(person.hears_clear, habits.talk.milliseconds(person.rng))
    person.mouth.silence()
    if person.hears_clear():
        yield Pause(habits.reaction.milliseconds(person.rng))


def _headset_call(person: Person, habits: AgentHabits, left_ms: float | None) -> Acts:
    """Talk while a person is heard; the call is over for a headset when nobody has spoken for some time."""
    began_us = person.sim.now_us

    def hears_now() -> bool:
        last_us = person.last_person_us
        return last_us is not None and last_us >= began_us

    yield Until(hears_now, left_ms)
    if not hears_now():
        return
    person.mouth.speak()
    while person.last_person_us is not None:
        quiet_ms = (person.sim.now_us - person.last_person_us) / 1000
        if quiet_ms >= HEADSET_QUIET_MS or person.hears_clear():
            break
        yield Until(person.hears_clear, HEADSET_QUIET_MS - quiet_ms)
    person.mouth.silence()
    person.heard_parties.clear()
    yield Pause(1)
