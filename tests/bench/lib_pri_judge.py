"""Judges a card's records by the exchange's truth log and by what tshark reads on the D channel.

A call is *touched* when anything of it happened while the link was lost: its messages may never have arrived, so only
that both ends let go of it is asked. Every other call must agree in everything.
"""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lib_pri_plan import Plan, Record

NAMES = {
    0x05: "SETUP",
    0x0D: "SETUP ACK",
    0x02: "PROCEEDING",
    0x03: "PROGRESS",
    0x01: "ALERTING",
    0x07: "CONNECT",
    0x0F: "CONNECT ACK",
    0x45: "DISCONNECT",
    0x4D: "RELEASE",
    0x5A: "RELEASE COMPLETE",
    0x7D: "STATUS",
}
ORDER = {name: place for place, name in enumerate(NAMES.values())}
GLARE = 44
RESTARTED = 41
"""Cause of calls that a RESTART ends, at both ends."""
SEVERE = "_ws.malformed || _ws.expert.severity >= 0x600000"


@dataclass
class TrueCall:
    """A call as the exchange saw it."""

    begun_us: int
    card_line: str = ""
    answered: bool = False
    cause: int = 0
    by: str = ""
    times: list[int] = field(default_factory=list)


@dataclass
class Verdict:
    """What was found. `wrong` is what speaks against the card."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def blame(self, plan: Plan, text: str) -> None:
        """Note a fault."""
        self.wrong.append(f"{plan.number} ({'in' if plan.inbound else 'out'}, {plan.kind}): {text}")


class Card(Protocol):
    """Whose records are judged."""

    records: list[Record]

    @property
    def quiet(self) -> bool:
        """No call is left and every slot may be used."""


class World(Protocol):
    """What is judged: plans, the exchange's truth, the card's records, and when something was out of order."""

    plans: list[Plan]
    facts: list[dict[str, Any]]
    circuits: list[str]
    """Names of the card's circuits."""
    busy: list[str]
    """Circuits that are not idle at the exchange in the end."""
    windows: list[tuple[int, int]]
    restarts: list[tuple[int, int]]
    card: Card
    card_is_network: bool


def of(world: World, what: str) -> Iterator[dict[str, Any]]:
    """Facts of one kind."""
    return (fact for fact in world.facts if fact["what"] == what)


def true_calls(world: World) -> dict[str, list[TrueCall]]:
    """The exchange's calls by the telephone's number."""
    known = {plan.number for plan in world.plans}
    ours = set(world.circuits)
    by_id: dict[int, TrueCall] = {}
    found: dict[str, list[TrueCall]] = defaultdict(list)
    for fact in of(world, "call_begin"):
        number = fact["caller"] if fact["caller"] in known else fact["called"]
        call = by_id[fact["call"]] = TrueCall(fact["t_us"], fact["line"] if fact["line"] in ours else "")
        call.times.append(fact["t_us"])
        found[number].append(call)
    for kind in ("call_route", "call_answer", "call_end"):
        for fact in of(world, kind):
            call = by_id[fact["call"]]
            call.times.append(fact["t_us"])
            if kind == "call_route" and fact["line"] in ours:
                call.card_line = fact["line"]
            elif kind == "call_answer":
                call.answered = True
            elif kind == "call_end":
                call.cause, call.by = fact["cause"], fact["by"]
    return found | refused_at_once(world, known - set(found))


def refused_at_once(world: World, numbers: set[str]) -> dict[str, list[TrueCall]]:
    """Calls of the card that never became calls of the exchange: their SETUP and release on the circuit."""
    found: dict[str, list[TrueCall]] = defaultdict(list)
    open_calls: dict[str, TrueCall] = {}
    for fact in of(world, "signal"):
        line = fact["line"]
        if fact["side"] == "card" and fact["message"] == "setup" and fact["called"] in numbers:
            call = open_calls[line] = TrueCall(fact["t_us"], line, times=[fact["t_us"]])
            found[fact["called"]].append(call)
        elif fact["message"] == "release" and line in open_calls:
            call = open_calls.pop(line)
            call.times.append(fact["t_us"])
            call.cause, call.by = fact["cause"], "exchange" if fact["side"] == "net" else "calling"
    return found


def judge_records(world: World) -> Verdict:
    """Records against truth."""
    verdict = Verdict()
    truth = true_calls(world)
    records: dict[str, list[Record]] = defaultdict(list)
    for record in world.card.records:
        records[record.number].append(record)
    for plan in world.plans:
        _judge(world, verdict, plan, truth.get(plan.number, []), records.get(plan.number, []))
    strangers = set(records) - {plan.number for plan in world.plans}
    verdict.wrong += [f"a record about {number!r}" for number in sorted(strangers)]
    if not world.card.quiet:
        verdict.wrong.append("the card still has calls or slots that cannot be used")
    if world.busy:
        verdict.wrong.append(f"the exchange still has calls on {', '.join(world.busy)}")
    return verdict


def _judge(world: World, verdict: Verdict, plan: Plan, truth: list[TrueCall], records: list[Record]) -> None:
    glares = [record for record in records if record.raw == "glare"]
    kept = [record for record in records if not record.again]
    verdict.counts["slot refused, tried elsewhere"] += len(records) - len(kept) - len(glares)
    for record in records:
        if record.releases != 1:
            verdict.blame(plan, f"{record.releases} releases: {record.events}")
    for record in glares:
        verdict.counts["glare"] += 1
        if record.cause != GLARE or plan.inbound or world.card_is_network:
            verdict.blame(plan, f"glare with cause {record.cause}")
    offered = [call for call in truth if call.card_line]
    if _touched(world, truth, kept):
        verdict.counts["touched by a lost link"] += 1
        return
    if plan.inbound and truth and not offered:
        verdict.counts["no free circuit at the exchange"] += 1
        if kept:
            verdict.blame(plan, "a record of a call that the exchange never offered")
        return
    if world.card_is_network and plan.glare and [call.cause for call in offered] == [GLARE] and not kept:
        verdict.counts["glare"] += 1
        return
    if len(offered) != 1 or len(kept) != 1:
        verdict.blame(plan, f"{len(offered)} calls at the exchange, {len(kept)} records")
        return
    _compare(world, verdict, plan, offered[0], kept[0])


def _compare(world: World, verdict: Verdict, plan: Plan, true: TrueCall, record: Record) -> None:
    us, far = ("called", "calling") if plan.inbound else ("calling", "called")
    by = {us: "us", far: "far", "exchange": "far"}[true.by]
    restarted = record.raw == "RESTART"
    if restarted:
        verdict.counts["ended by RESTART"] += 1
        by = "line"
        if not any(slot == record.slot for _, slot in world.restarts) or true.cause != RESTARTED:
            verdict.blame(plan, "RESTART that nobody asked for")
    checks = (
        ("inbound", plan.inbound, record.inbound),
        ("slot", int(true.card_line.rsplit("/", 1)[1]), record.slot),
        ("answered", true.answered, bool(record.answered_us)),
        ("cause", true.cause, record.cause),
        ("ended by", by, record.ended_by),
    )
    for what, want, got in checks:
        if want != got:
            verdict.blame(plan, f"{what}: truth {want}, record {got} ({record.raw}; {record.events})")
    if not restarted and plan.cause != true.cause:
        verdict.blame(plan, f"planned cause {plan.cause}, the exchange had {true.cause}")
    survived = any(record.began_us < start and end < record.ended_us for start, end in world.windows)
    verdict.counts["outlived a lost link"] += survived
    verdict.counts["equal to the truth"] += 1


def _touched(world: World, truth: list[TrueCall], records: list[Record]) -> bool:
    times = [at for call in truth for at in call.times]
    times += [at for r in records for at in (r.began_us, r.answered_us, r.ended_us) if at]
    return any(start - 50_000 <= at <= end for at in times for start, end in world.windows)


# -- on the wire -------------------------------------------------------------------------------------------------------
@dataclass
class WireCall:
    """One call reference from SETUP to RELEASE COMPLETE. `messages`: when, name."""

    from_card: bool
    caller: str
    called: str
    messages: list[tuple[float, str]] = field(default_factory=list)
    cause: int = 0


def dissect(tshark: str, path: Path, *, card_is_network: bool = False) -> list[WireCall]:
    """All calls that tshark reads in a capture, complete or not."""
    fields = ["frame.time_epoch", "lapd.address", "q931.call_ref", "q931.call_ref_flag", "q931.message_type"]
    fields += ["q931.cause_value", "q931.calling_party_number.digits", "q931.called_party_number.digits"]
    argv = [tshark, "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    for name in fields:
        argv += ["-e", name]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    running: dict[tuple[str, bool], WireCall] = {}
    found: list[WireCall] = []
    for line in lines:
        at, address, reference, flag, kind, cause, caller, called = line.split("\t")
        if not kind or int(kind, 16) not in NAMES or int(reference, 16) == 0:
            continue
        name = NAMES[int(kind, 16)]
        from_network = int(address, 16) >> 8 & 2 != 0
        from_card = from_network == card_is_network
        chosen_by_card = from_card == (flag in ("0", "False"))
        key = (reference, chosen_by_card)
        if name == "SETUP":
            running[key] = WireCall(chosen_by_card, caller, called)
            found.append(running[key])
        call = running.get(key)
        if call is None:
            continue
        call.messages.append((float(at), name))
        if not call.cause and cause and name in ("DISCONNECT", "RELEASE", "RELEASE COMPLETE"):
            call.cause = int(cause)
        if name == "RELEASE COMPLETE":
            del running[key]
    return found


def severe(tshark: str, path: Path) -> int:
    """Frames that tshark finds malformed or severely wrong."""
    argv = [tshark, "-n", "-r", str(path), "-Y", SEVERE]
    return len(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines())


def judge_wire(world: World, tshark: str, path: Path, epoch_s: int) -> Verdict:
    """The capture: nothing severe; every call outside the losses complete, in order, with the cause of its record."""
    verdict = Verdict()
    if bad := severe(tshark, path):
        verdict.wrong.append(f"tshark finds {bad} malformed or severely wrong frames")
    by_number: dict[str, list[Record]] = defaultdict(list)
    for record in world.card.records:
        by_number[record.number].append(record)
    for call in dissect(tshark, path, card_is_network=world.card_is_network):
        number = call.called if call.from_card else call.caller
        verdict.counts["calls on the wire"] += 1
        times = [round((at - epoch_s) * 1e6) for at, _ in call.messages]
        # A call that a lost link ends has no more messages: its record has the time.
        times += [record.ended_us for record in by_number[number]]
        if any(start - 50_000 <= at <= end for at in times for start, end in world.windows):
            verdict.counts["touched by a lost link"] += 1
            continue
        names = [name for _, name in call.messages]
        causes = {record.cause for record in by_number[number]}
        if any(record.raw == "RESTART" for record in by_number[number]):
            verdict.counts["ended by RESTART"] += 1
            continue
        if names[0] != "SETUP" or names[-1] != "RELEASE COMPLETE":
            verdict.wrong.append(f"{number}: {names}")
        elif [ORDER[n] for n in names] != sorted(ORDER[n] for n in names):
            verdict.wrong.append(f"{number}: out of order: {names}")
        elif world.card_is_network and not call.from_card and call.cause == GLARE and not causes:
            verdict.counts["glare"] += 1
        elif call.cause not in causes:
            verdict.wrong.append(f"{number}: cause {call.cause} on the wire, {causes} in the records")
        else:
            verdict.counts["complete"] += 1
    return verdict
