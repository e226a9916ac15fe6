"""`./run score r2`: 200 MFC-R2 calls on one-way circuits, each judged from the line; circuits of wrong direction named.

Calls: fifteen circuits carry calls to us, fifteen calls of ours. The far end is the simulated exchange with libopenr2
behind it. Of each call line bits and sound of both sides are taken down, and the independent checker of the tests
reads numbers, categories and outcome from them; these, what boardd's span told, and the exchange's truth log must all
say the same. Every call must end once, every circuit be idle afterwards.

Directions: some circuits are set up as ours although the exchange seizes them, some are not set up at the exchange at
all. Exactly those must be named, each by its own code, and every other call must come about.

Exit status 1 when anything is missed; `--calls N` for another number of calls.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit" / "hwsim_signalling"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit" / "signalling_mfcr2"))

from mfcr2_card import Site
from r2_checker import BadTraceError, Verdict, check
from r2_traces import Tape
from town import Phone, Town

from boardd.contract.states import Direction
from boardd.signalling.mfcr2.profile import parse_profile
from boardd.signalling.span import Connected, Disconnected, Incoming, Released, Trouble
from hwsim.exchange.numbering import NumberRange
from hwsim.signalling.r2_network import R2Network
from hwsim.signalling.r2_profile import KbMap, R2Profile

CALLS = 200
INWARD = (*range(1, 16),)
OUTWARD = (*range(17, 32),)
ROUND_S = 12
PROFILE = 'called: {lengths: {"": 4}}'
EXCHANGE = R2Profile(kb=KbMap.LOCAL, ka=2, in_only=frozenset(INWARD), out_only=frozenset(OUTWARD))
"""KD 3 at both ends: busy is B4. Circuits carry calls one way only."""


REFUSALS = {f"10{n:02d}": (17, 4) if n % 2 else (1, 5) for n in range(100) if n % 8 in (4, 7)}
"""Numbers of ours whose calls we refuse: Q.850 cause, and KB after KD 3."""


@dataclass
class Expected:
    """What a call must have been, seen from the line."""

    forward: str
    called: str
    caller: str
    kb: int
    cause: int
    ka: int
    answered: bool = False
    problems: list[str] = field(default_factory=list)


class Score:
    """One town with thirty circuits; calls in rounds, one on each circuit."""

    def __init__(self, directions: dict[int, Direction], hunted: Sequence[int]) -> None:
        self.town = Town(cas=True, digits_sent=4, circuits=30)
        trunks = self.town.trunks
        self.town.exchange.groups.clear()
        numbers = [NumberRange.parse("88001000-88001099")]
        self.town.exchange.add_group("e1", [trunks[slot] for slot in hunted], numbers)
        self.network = R2Network(self.town.sim, self.town.bus, EXCHANGE)
        self.site = Site(
            self.town.sim,
            self.town.bus.card,
            list(trunks),
            parse_profile(PROFILE, "score"),
            directions,
            refuse={called: cause for called, (cause, _) in REFUSALS.items()},
        )
        self.span = self.site.span
        self.phones: dict[str, Any] = {}
        self.town.run_s(1)

    def phone(self, number: str) -> Any:
        """A telephone in the town, made at first use."""
        if number not in self.phones:
            self.phones[number] = Phone(self.town, number)
        return self.phones[number]


def inward(score: Score, index: int, number: int) -> Expected:
    """A call from the town, answered or refused; the caller hangs up."""
    caller = f"139{number:04d}{7919 * (index + 1) % 10_000:04d}"
    called = f"10{number % 100:02d}"
    phone = score.phone(caller)
    score.town.sim.later(29 * index, phone.call, f"8800{called}")
    score.town.sim.later(8500 + 53 * index, phone.hang_up)
    cause, kb = REFUSALS.get(called, (16, 1))
    return Expected("net", called, caller, kb, cause, EXCHANGE.ka, answered=kb == 1)


def outward(score: Score, slot: int, index: int, number: int) -> Expected:
    """A call of ours: answered, busy, or to a number that nobody has; we hang up."""
    caller, ka = f"8800{1000 + number % 100}", (1, 2, 3, 8, 10)[number % 5]
    called = f"137{number:04d}{104_729 * (index + 1) % 10_000:04d}"
    kb, cause = 1, 16
    if number % 5 == 4:
        called, kb, cause = f"8800{9000 + number}", 5, 1
    elif number % 7 == 3:
        phone = score.phone(called)
        phone.line.off_hook, kb, cause = True, 4, 17
    else:
        score.phone(called)

    def dial() -> None:
        call = score.site.dial(called, caller, slot, ka)
        score.town.sim.later(9000, score.span.disconnect, call)

    score.town.sim.later(37 * index, dial)
    return Expected("card", called, caller, kb, cause, ka, answered=kb == 1)


def judge(tape: Tape, expected: Expected) -> Iterator[str]:
    """What the line says other than expected."""
    try:
        verdict: Verdict = check(tape.trace(expected.forward))
    except BadTraceError as error:
        yield f"checker: {error}"
        return
    for name in ("called", "caller", "kb", "ka", "answered"):
        found = getattr(verdict, {"called": "dnis", "caller": "ani"}.get(name, name))
        if found != getattr(expected, name):
            yield f"{name} on the line is {found}, not {getattr(expected, name)}"
    if verdict.kd != 3:
        yield f"KD is {verdict.kd}"


def told(score: Score, slot: int, before: int, expected: Expected) -> Iterator[str]:
    """What the span told other than expected."""
    events = [e for e in score.site.events[before:] if getattr(e, "slot", 0) == slot and hasattr(e, "call")]
    ends = [e for e in events if isinstance(e, Released)]
    if len(ends) != 1 or events[-1] is not ends[0]:
        yield f"{len(ends)} ends in {[type(e).__name__ for e in events]}"
        return
    if ends[0].cause != expected.cause:
        yield f"cause {ends[0].cause}, not {expected.cause}"
    if any(isinstance(e, Connected) for e in events) != expected.answered:
        yield f"answered is {not expected.answered}"
    offers = [e for e in events if isinstance(e, Incoming)]
    if expected.forward == "net" and [(o.called.digits, o.caller.digits) for o in offers] != [
        (expected.called, expected.caller)
    ]:
        yield f"offered as {offers}"
    refused = [e.raw for e in events if isinstance(e, Disconnected) and e.raw.startswith("KB=")]
    if expected.forward == "card" and refused != ([] if expected.kb == 1 else [f"KB={expected.kb}"]):
        yield f"refused by {refused}"


def calls(wanted: int) -> tuple[int, list[str]]:
    """Rounds of thirty calls; how many were made, and what was wrong."""
    directions = dict.fromkeys(INWARD, Direction.IN) | dict.fromkeys(OUTWARD, Direction.OUT)
    score = Score(directions, INWARD)
    made, misses = 0, []
    while made < wanted:
        before = len(score.site.events)
        tapes = {slot: Tape(score.town, slot) for slot in (*INWARD, *OUTWARD)}
        expected: dict[int, Expected] = {}
        for index in range(15):
            if made + len(expected) < wanted:
                expected[INWARD[index]] = inward(score, index, made + len(expected))
            if made + len(expected) < wanted:
                slot = OUTWARD[index]
                expected[slot] = outward(score, slot, index, made + len(expected))
        score.town.run_s(ROUND_S)
        for slot, call in expected.items():
            found = [*judge(tapes[slot], call), *told(score, slot, before, call)]
            misses += [f"timeslot {slot}, {call.caller} -> {call.called}: {problem}" for problem in found]
        made += len(expected)
        misses += [f"timeslot {slot} is not idle" for slot in OUTWARD if not score.span.usable(slot)]
        misses += [] if score.town.idle() else ["the exchange has circuits that are not idle"]
    answers = len(list(score.town.facts("call_answer")))
    answered = len(score.site.of(Connected))
    if answers != answered:
        misses.append(f"the exchange saw {answers} answers, boardd {answered}")
    misses += [f"trouble {t.code} on timeslot {t.slot}" for t in score.site.of(Trouble)]
    return made, misses


def directions() -> tuple[str, list[str]]:
    """Circuits that are set up wrongly; what was named, and what was wrong."""
    ours_but_seized, not_there = {3, 7, 12}, {19, 26}
    table = {slot: Direction.OUT if slot in ours_but_seized else Direction.IN for slot in INWARD}
    score = Score(table | dict.fromkeys(OUTWARD, Direction.OUT), INWARD)
    for slot in not_there:
        score.network.ignore_card(slot)
    numbers = [number for n in range(100) if (number := f"10{n:02d}") not in REFUSALS]
    for index in range(len(INWARD)):
        score.town.sim.later(31 * index, score.phone(f"1390000{index:04d}").call, f"8800{numbers[index]}")
    for slot in OUTWARD:
        called = f"1370000{slot:04d}"
        score.phone(called)
        score.site.dial(called, slot=slot)
    score.town.run_s(12)
    named = {(t.code, t.slot) for t in score.site.of(Trouble, raised=True)}
    wanted = {("r2_wrong_direction", s) for s in ours_but_seized} | {("r2_no_seizure_ack", s) for s in not_there}
    misses = [f"not named: {code} on timeslot {slot}" for code, slot in sorted(wanted - named)]
    misses += [f"named without reason: {code} on timeslot {slot}" for code, slot in sorted(named - wanted)]
    good = {e.slot for e in score.site.of(Connected)}
    lacking = (set(INWARD) | set(OUTWARD)) - ours_but_seized - not_there - good
    misses += [f"no call on timeslot {slot}" for slot in sorted(lacking)]
    misses += [f"a call on timeslot {slot}" for slot in sorted(good & (ours_but_seized | not_there))]
    text = ", ".join(f"{slot} {code}" for code, slot in sorted(named, key=lambda pair: pair[1]))
    return text, misses


def main() -> int:
    """See the module text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS)
    wanted = parser.parse_args().calls
    made, misses = calls(wanted)
    named, wrong = directions()
    write = sys.stdout.write
    write(f"calls {made}, of them without a fault: {made - len({m.split(':')[0] for m in misses})}\n")
    write(f"named: {named}\n")
    for miss in (*misses, *wrong):
        write(f"MISS {miss}\n")
    return 1 if misses or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
