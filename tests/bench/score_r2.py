"""`./run score r2`: 200 MFC-R2 calls by boardd's DAHDI driver on one-way circuits, each judged from the line.

Calls: fifteen circuits carry calls to us, fifteen calls of ours. One end is the simulated exchange with libopenr2
behind it and people's telephones, a process of its own; the other boardd's driver on the simulated I/O library:
channels, line bits, registers, engine. Of each call line bits and sound of both sides are taken down, and the
independent checker of the tests reads numbers, categories and outcome from them; these, what the driver told, and the
exchange's truth log must all say the same. Every call must end once, every circuit be idle afterwards.

Directions: some circuits are set up as ours although the exchange seizes them, of some the exchange does not see a
seizure. Exactly those must be named, each by its own code, and every other call must come about.

Exit status 1 when anything is missed; `--calls N` for another number of calls, `--seed N` for other calls.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parent))

from lib_dahdi_far import far_process, with_driver
from lib_r2_driver import R2Card, WrongCard
from lib_r2_plan import INWARD, OUTWARD, R2Call, files, rounds, wrong_circuits

CALLS = 200
FAR = Path(__file__).with_name("lib_r2_far.py")


def run(folder: Path, seed: int, calls: int, card: R2Card, directions: str, count: int) -> dict[str, Any]:
    """One run of the driver against the exchange; what the far side found, and its truth log."""
    site, profile = files(seed, folder)
    settings = {"r2": str(profile), "directions": directions}
    with far_process(folder, FAR, site, folder, seed, calls) as far:
        with_driver(far, {"R2-1": "r2"}, settings, card, lambda driver, found: card.play(driver, found, count))
    found: dict[str, Any] = json.loads((folder / "far.json").read_text())
    found["facts"] = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    return found


def judge_calls(folder: Path, seed: int, calls: int) -> tuple[int, list[str]]:
    """How many calls the checker has read, and what was wrong."""
    plan = rounds(calls, seed)
    everything = [call for now in plan for call in now]
    card = R2Card(everything)
    found = run(folder, seed, calls, card, "r2/1/1-15=in, r2/1/17-31=out", len(plan))
    wrong = [*found["problems"], *card.differences(), *against_truth(everything, found["facts"])]
    return int(found["judged"]), wrong


def against_truth(calls: Sequence[R2Call], facts: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What the exchange knows of each call other than planned."""
    begun = {fact["caller"]: fact["call"] for fact in facts if fact["what"] == "call_begin"}
    begun |= {fact["called"]: fact["call"] for fact in facts if fact["what"] == "call_begin"}
    ends = {fact["call"]: fact for fact in facts if fact["what"] == "call_end"}
    for call in calls:
        end = ends.get(begun.get(call.caller if call.inward else call.called, 0))
        if end is None:
            if call.kb != 5 or call.inward:  # A number that does not exist makes no call at the exchange.
                yield f"{call.caller} -> {call.called}: the exchange has no end of it"
            continue
        by = {"caller": "calling", "called": "called"}[call.ends]
        if (end["answered"], end["cause"]) != (call.answered, call.cause) or (call.answered and end["by"] != by):
            yield f"{call.caller} -> {call.called}: at the exchange {end['cause']} by {end['by']}, {end['answered']}"


def judge_directions(folder: Path, seed: int) -> tuple[str, list[str]]:
    """Circuits that are set up wrongly; what was named, and what was wrong."""
    wrong = wrong_circuits(seed)
    ways = [f"r2/1/{slot}={'out' if slot in wrong.seized else 'in'}" for slot in INWARD]
    card = WrongCard()
    run(folder, seed, 0, card, ", ".join([*ways, "r2/1/17-31=out"]), 1)
    wanted = {("r2_wrong_direction", slot) for slot in wrong.seized}
    wanted |= {("r2_no_seizure_ack", slot) for slot in wrong.deaf}
    misses = [f"not named: {code} on timeslot {slot}" for code, slot in sorted(wanted - card.troubles)]
    misses += [f"named without reason: {code} on timeslot {slot}" for code, slot in sorted(card.troubles - wanted)]
    bad = wrong.seized | wrong.deaf
    misses += [f"no call on timeslot {slot}" for slot in sorted({*INWARD, *OUTWARD} - bad - card.good())]
    misses += [f"a call on timeslot {slot}" for slot in sorted(card.good() & bad)]
    text = ", ".join(f"{slot} {code}" for code, slot in sorted(card.troubles, key=lambda pair: pair[1]))
    return text, misses + card.stray


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as scratch:
        judged, wrong = judge_calls(Path(scratch) / "calls", options.seed, options.calls)
        named, misses = judge_directions(Path(scratch) / "directions", options.seed)
    sys.stdout.write(f"calls read from the line: {judged} of {options.calls}, wrong: {len(wrong)}\n")
    sys.stdout.write(f"circuits of wrong direction or without acknowledgement, named: {named}\n")
    problems = wrong + misses + ([] if judged == options.calls else ["calls were not judged"])
    for problem in problems[:30]:
        sys.stdout.write(f"  MISSED {problem}\n")
    sys.stdout.write("\nmissed\n" if problems else "\nall as it should be\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
