"""`./run score erlang`: queue waits and trunk blocking against exact oracles, and the oracles against Erlang C and B.

Waiting: four E1s, agents who answer at once, no wrap-up, exponential talk, nobody gives up. For every contact the wait
in boardd's record must equal, within 200 ms, the first-come answer computed from the truth log alone. In the truth log
a contact enters the queue when the network sees the answer (the flow queues at once), and keeps an agent's telephone
from the first ringing voltage until the card sees the line free again after the receiver was put down (a hook opening
shorter than a flash is not yet an on-hook: that time belongs to the line, not to boardd).

Loss: one E1 with more calls than circuits. Each call is lost exactly when the oracle, given the truth log's arrivals
and holding times, says so; and boardd answers each of the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from lib_machine import PORTS, scratch, site
from lib_queueing import erlang_b, erlang_c, first_come_starts, lost, mean_wait, poisson_calls

from hwsim.demo.workspace import Workspace
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner_config import write_config
from hwsim.scenario.runner_site import RunningSite, SiteOutcome

WAIT_LOADS = ((5, 6, 150), (10, 12, 250), (25, 29, 400))
TALK_S = 30.0
TOLERANCE_S = 0.2
FORMULA_TOLERANCE = 0.02
ORACLE_CALLS = 1_000_000
BATCHES = 10
"""Waits are strongly correlated: a million calls at 25 E have a standard error of some 3 %, ten million of 1 %."""
LOSS_LOAD, LOSS_CIRCUITS, LOSS_CALLS = 40, 30, 300
HOLD_S = 20.0
NO_CIRCUIT = 34
FIRST_ARRIVAL_S = 20.0
RUN_LIMIT_S = 600.0
STANDBY = 0
CIRCUITS = 120


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    count: int
    worst: str
    formula: str
    good: bool


def run(text: str, folder: Path, seed: int) -> SiteOutcome:
    """Run a site to its end."""
    path = folder / "erlang.yaml"
    path.write_text(text, encoding="utf-8")
    write_config(folder / "config", Scenario.load(path))
    space = Workspace.prepare(folder / "site", folder / "config", str(path), 1)
    with RunningSite(space, seed) as running:
        running.until_over(RUN_LIMIT_S)
        return running.outcome()


def waiting_site(load: float, agents: int, calls: int) -> str:
    """Callers wait for ever; the agent ends the talk."""
    return site(
        "erlang",
        4,
        agents,
        {"log_in_at_s": "uniform 1..3", "answer_s": "0", "talk_s": f"exponential {TALK_S:g}", "reaction_s": "0"},
        scripts={"patient": {"longest_s": "7200", "steps": [{"do": "dial"}, {"do": "wait", "s": "7200"}]}},
        callers=[arrivals("patient", load / TALK_S, calls)],
        end={"idle_s": "20"},
    )


def loss_site() -> str:
    """Callers hold a circuit for a random time and hang up; nobody answers them but music."""
    return site(
        "loss",
        1,
        1,
        {"log_in_at_s": "99999"},
        scripts={
            "holder": {
                "reaction_s": "0",
                "steps": [{"do": "dial"}, {"do": "wait", "s": f"exponential {HOLD_S:g} min 1"}, {"do": "hang_up"}],
            }
        },
        callers=[arrivals("holder", LOSS_LOAD / HOLD_S, LOSS_CALLS)],
        end={"idle_s": "20"},
        exchange={
            "start": "2026-03-02 09:00",
            "timers": {"routing_s": "0"},
            "groups": [{"name": "e1", "numbers": ["88001000"], "circuits": ["e1/1/*"], "order": "cyclic"}],
        },
    )


def arrivals(script: str, per_s: float, count: int) -> dict[str, Any]:
    """A stream of callers."""
    return {
        "name": "day",
        "numbers": "13800000000-13899999999",
        "called": {"88001000": "1"},
        "scripts": {script: "1"},
        "per_hour": f"{per_s * 3600:.6f}",
        "from_s": f"{FIRST_ARRIVAL_S:g}",
        "count": str(count),
    }


# -- waiting ----------------------------------------------------------------------------------------------------------
def served(done: SiteOutcome) -> list[tuple[float, float]]:
    """(first ringing voltage, until the card sees the line free) of every agent's telephone, in order of ringing."""
    found = []
    for person in done.of("person"):
        card, _, port = person["line"].partition("/")
        channel = CIRCUITS + (int(card.removeprefix("ana")) - 1) * PORTS + int(port) - 1
        free = [f["t_us"] for f in done.of("ch_state", channel=channel) if f["new"] == STANDBY]
        at_us = -1
        for fact in done.of("ringing", line=person["line"], on=True):
            if fact["t_us"] >= at_us:
                at_us = next(t for t in free if t > fact["t_us"])
                found.append((fact["t_us"] / 1e6, (at_us - fact["t_us"]) / 1e6))
    return sorted(found)


def waiting(load: int, agents: int, calls: int, seed: int) -> Row:
    """Run one load and hold it against the oracle."""
    with scratch("erlang-") as folder:
        done = run(waiting_site(load, agents, calls), folder, seed)
    entered = {f["call"]: f["t_us"] / 1e6 for f in done.of("call_answer")}
    caller_of = {f["call"]: f["caller"] for f in done.of("call_begin")}
    queue = sorted((t, caller_of[call]) for call, t in entered.items() if caller_of[call].startswith("138"))
    services = served(done)
    waits = {c["caller"]: c["queue_wait_s"] for c in done.contacts}
    problems = [] if done.settled and done.result["stuck_channels"] == 0 else ["not settled"]
    whole = [c for c in done.contacts if c["records"] == 1]
    if not len(queue) == len(services) == len(whole) == calls:
        problems.append(f"{len(queue)} answered, {len(services)} served, {calls} called")
    calls_of_oracle = [(t, s) for (t, _caller), (_ring, s) in zip(queue, services, strict=False)]
    starts = first_come_starts(calls_of_oracle, agents)
    off = [
        abs((waits[caller] if waits[caller] is not None else -1e9) - (start - t))
        for (t, caller), start in zip(queue, starts, strict=False)
    ]
    worst = max(off, default=0.0)
    exact_mean = sum(start - t for (t, _), start in zip(queue, starts, strict=False)) / max(1, len(starts))
    formula, near = against_erlang_c(load, agents, f"C/{load}/{agents}")
    text = f"worst difference {worst * 1000:.0f} ms, mean wait {exact_mean:.1f} s" + "".join(f"; {p}" for p in problems)
    return Row(
        f"wait {load} E, {agents} agents", len(off), text, formula, not problems and worst <= TOLERANCE_S and near
    )


def against_erlang_c(load: int, agents: int, seed: str) -> tuple[str, bool]:
    """The oracle alone over many calls, against the formula."""
    waited, total_s = 0, 0.0
    for batch in range(BATCHES):
        calls = poisson_calls(load, 180.0, ORACLE_CALLS, f"{seed}/{batch}")
        waits = [start - call[0] for start, call in zip(first_come_starts(calls, agents), calls, strict=True)]
        waited += sum(wait > 0 for wait in waits)
        total_s += sum(waits)
    pw, asa = waited / (BATCHES * ORACLE_CALLS), total_s / (BATCHES * ORACLE_CALLS)
    return near(("Pw", pw, erlang_c(load, agents)), ("ASA", asa, mean_wait(load, agents, 180.0)))


def near(*figures: tuple[str, float, float]) -> tuple[str, bool]:
    """Figures of the oracle beside those of the formula."""
    good = all(abs(got - want) <= FORMULA_TOLERANCE * want for _name, got, want in figures)
    return ", ".join(f"{name} {got:.4g} = {want:.4g}" for name, got, want in figures), good


# -- loss -------------------------------------------------------------------------------------------------------------
def blocking(seed: int) -> Row:
    """Run the overload and hold every call against the oracle."""
    with scratch("erlang-") as folder:
        done = run(loss_site(), folder, seed)
    ends = {f["call"]: f for f in done.of("call_end")}
    line = {f["call"]: f["line"] for f in done.of("call_route")}
    calls = [f for f in done.of("call_begin") if f["caller"].startswith("138")]
    was_lost = [call["call"] not in line for call in calls]
    # a lost call has no holding time of its own: should the oracle let it in, that is a difference already
    spans = [(c["t_us"], ends[c["call"]]["t_us"] if c["call"] in line else c["t_us"]) for c in calls]
    told = lost([(begin / 1e6, (end - begin) / 1e6) for begin, end in spans], LOSS_CIRCUITS)
    wrong = sum(a != b for a, b in zip(was_lost, told, strict=True))
    wrong += sum(ends[c["call"]]["cause"] != NO_CIRCUIT for c in calls if c["call"] not in line)
    callers = {c["caller"] for c in calls if c["call"] in line}
    unanswered = [c for c in done.contacts if c["caller"] in callers and (c["records"] != 1 or not c["evidence"])]
    formula, close = against_erlang_b("B")
    text = f"{sum(was_lost)} lost, {wrong} differ from the oracle, {len(unanswered)} not answered by boardd"
    good = not wrong and not unanswered and len(calls) == LOSS_CALLS
    good = good and close and done.settled and done.result["stuck_channels"] == 0
    return Row(f"loss {LOSS_LOAD} E, {LOSS_CIRCUITS} circuits", len(calls), text, formula, good)


def against_erlang_b(seed: str) -> tuple[str, bool]:
    """The oracle alone over many calls, against the formula."""
    found = lost(poisson_calls(LOSS_LOAD, 180.0, ORACLE_CALLS, seed), LOSS_CIRCUITS)
    return near(("B", sum(found) / len(found), erlang_b(LOSS_LOAD, LOSS_CIRCUITS)))


def show(rows: Sequence[Row]) -> None:
    """The table."""
    for row in rows:
        sys.stdout.write(f"{'good' if row.good else 'BAD':4}  {row.name:24} {row.count:4d} calls  {row.worst}\n")
        sys.stdout.write(f"{'':36}oracle = formula: {row.formula}\n")


def main() -> int:
    """Exit status 0 when everything agrees."""
    parser = argparse.ArgumentParser(description="waiting and loss against exact oracles and Erlang's formulas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="a load such as 5, or loss")
    options = parser.parse_args()
    rows = []
    for load, agents, calls in WAIT_LOADS:
        if options.only in (None, str(load)):
            rows.append(waiting(load, agents, calls, options.seed))
            show(rows[-1:])
    if options.only in (None, "loss"):
        rows.append(blocking(options.seed))
        show(rows[-1:])
    return 0 if rows and all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
