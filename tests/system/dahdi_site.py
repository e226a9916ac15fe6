"""A site whose cards are all DAHDI's: PRI, No.1, exchange lines, telephones; callers, agents, people who call out."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from site_run import chirps, wav_sides

from hwsim.scenario.runner import capabilities
from hwsim.scenario.runner_site import SiteOutcome
from hwsim.scenario.runner_sites import start_site

PRI, NO1, REVERSES, PLAIN = "88001000", "88003000", "88002000", "88002500"
FRIENDS, BUSY, UNKNOWN, NOBODY = "1390000000", "13911110000", "13922220000", "1391111000"
"""Numbers of people elsewhere; friends and nobody have one digit more."""
DELAY_MS = 100
"""Mouth to ear: a block from the card, one in the engine, two that wait in the card, and the card's own."""
BLOCK_MS = 20
LIMIT_S = 280
"""Real seconds for a run, however busy the machine is; simulated time does not mind."""

CARDS: list[dict[str, Any]] = [
    {"name": "pri", "model": "TE110P", "serial": "PRI-1", "spans": [{"signalling": "pri_user"}]},
    {"name": "no1", "model": "TE122", "serial": "NO1-1", "spans": [{"signalling": "r2"}]},
    {"name": "ana", "model": "TDM2400P", "serial": "ANA-1", "ports": "OOO-----SSSSSSSS--------"},
]
GROUPS: list[dict[str, Any]] = [
    {"name": "pri", "numbers": [f"{PRI}-88001099"], "circuits": ["pri/1/*"], "digits_sent": 4},
    {"name": "no1", "numbers": [f"{NO1}-88003099"], "circuits": ["no1/1/*"], "digits_sent": 4},
    {"name": "lines", "numbers": [REVERSES], "lines": ["ana/1-2"], "line": {"caller_id": "fsk", "reversal": "yes"}},
    {"name": "plain", "numbers": [PLAIN], "lines": ["ana/3"], "line": {"caller_id": "dtmf"}},
]
SCRIPTS: dict[str, Any] = {
    "menu": {
        "steps": [
            {"do": "dial"},
            {"do": "wait_for", "sound": "answer", "timeout_s": 40},
            {"do": "choose", "when": "silence", "after_s": 12},
            {"do": "wait_for", "sound": "person", "timeout_s": 120},
            {"do": "speak", "s": 8},
            {"do": "hang_up"},
        ]
    },
    "patient": {
        "steps": [
            {"do": "dial"},
            {"do": "wait_for", "sound": "answer", "timeout_s": 40},
            {"do": "choose", "when": "silence", "after_s": 12},
            {"do": "wait_for", "sound": "person", "timeout_s": 120},
            {"do": "speak", "s": 60},
        ]
    },
    "friend": {
        "steps": [
            {"do": "answer", "after_s": 3},
            {"do": "wait", "s": 3.5},
            {"do": "speak", "s": 5},
            {"do": "wait", "s": 60},
        ]
    },
}
IVR: dict[str, Any] = {
    "main": {
        "start": "welcome",
        "nodes": {
            "welcome": {"kind": "play", "prompts": ["welcome"], "next": "menu", "barge_in": "yes"},
            "menu": {
                "kind": "menu",
                "prompts": ["menu"],
                "choices": {"1": "all", "2": "all", "0": "all"},
                "retries": "1",
                "timeout_s": "6",
                "on_timeout": "bye",
                "on_invalid": "bye",
            },
            "all": {"kind": "queue", "queue": "all", "on_timeout": "bye"},
            "bye": {"kind": "goodbye", "prompts": ["goodbye"]},
        },
    }
}


def agents(count: int, talk_s: str) -> dict[str, Any]:
    """`agents` and `people` of so many seats at ana/9, ana/10 …"""
    people = [
        {
            "name": f"agent{n + 1}",
            "line": f"ana/{9 + n}",
            "station": str(8001 + n),
            "agent": "desk",
            "log_in": f"*11{1001 + n}#",
        }
        for n in range(count)
    ]
    return {
        "agents": {"desk": {"log_in_at_s": "uniform 3..6", "answer_s": "uniform 1.5..3", "talk_s": talk_s}},
        "people": people,
    }


def stream(name: str, called: str, at_s: list[float], script: str = "menu", key: str = "1") -> dict[str, Any]:
    """A stream of callers who press one key."""
    return {
        "name": name,
        "called": {called: 1},
        "scripts": {script: 1},
        "choices": {key: 1},
        "at_s": at_s,
    }


def site(**parts: Any) -> dict[str, Any]:
    """The whole file; `parts` are its other keys."""
    return {
        "site": "DAHDI cards",
        "machine": {"cards": CARDS},
        "exchange": {
            "start": "2026-03-02 09:00",
            "timers": {"no_answer_s": 12},
            "groups": GROUPS,
            "subscribers": [
                {"numbers": "13900000000-13900009999", "script": "friend"},
                {"numbers": BUSY, "state": "busy"},
                {"numbers": f"{NOBODY}1-{NOBODY}9"},
            ],
        },
        "scripts": {**SCRIPTS, **parts.pop("scripts", {})},
        "run": {
            "boardd": {
                # Chirps begin with the same sweep: an adaptive canceller takes one person for the echo of the other.
                "domains": {"dahdi": {"crash_budget": "1000", "settings": {"echo": "kernel"}}},
                "groups": {
                    "e1": {"channels": ["pri/1/*"]},
                    "no1": {"channels": ["no1/1/*"], "direction": "both", "unattended": "answer_hold"},
                    "fxo": {"channels": ["ana/1", "ana/2"]},
                    "plain": {"channels": ["ana/3"]},
                },
                "station": {
                    "numbers": [
                        {"match": r"80\d\d"},
                        {"match": r"\*11\d{4}#?"},
                        {"match": r"[5679](1\d{10}|[2-8]\d{7})"},
                    ]
                },
            },
            "scheduler": {
                "flows": IVR,
                "queues": {"all": {"ring_s": "15", "wrap_up_s": "2", "max_wait_s": "300"}},
                "stations": {
                    "outside": [
                        {"prefix": "9", "group": "e1"},
                        {"prefix": "7", "group": "no1"},
                        {"prefix": "6", "group": "fxo"},
                        {"prefix": "5", "group": "plain"},
                    ]
                },
            },
        },
        **parts,
    }


def run(folder: Path, tree: dict[str, Any], seed: int = 1, faults: list[dict[str, Any]] | None = None) -> SiteOutcome:
    """Run a site to its end at full speed. Its far ends need libpri and libopenr2, its driver libpri."""
    if lacking := {"q931_net", "r2_net", "dahdi"} - capabilities():
        # Where packages may be installed their absence is a failure, not an excuse.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not there: {', '.join(sorted(lacking))}")
    folder.mkdir(parents=True, exist_ok=True)
    running = start_site(folder, tree, faults=faults or [], seed=seed, speed="max")
    try:
        return running.finish(LIMIT_S)
    except Exception as error:
        raise AssertionError(f"{error}\n{running.logs()}") from error
    finally:
        running.stop()


def story(done: SiteOutcome) -> list[dict[str, Any]]:
    """All that happened until the scenario was over, without numbers of processes."""
    whats = [fact["what"] for fact in done.facts]
    return [fact for fact in done.facts[: whats.index("world_end")] if "pid" not in fact]


SAME = (
    "kind",
    "caller",
    "called",
    "line",
    "digits",
    "agent",
    "outcome",
    "cause",
    "answer_evidence",
    "wait_ms",
    "talk_ms",
)


def outcome(done: SiteOutcome) -> list[tuple[Any, ...]]:
    """What each record says, in order of its beginning."""
    records = sorted(done.records, key=lambda r: (r["began"]["mono_ms"], r["line"]))
    return [tuple(record[key] for key in SAME) for record in records]


# -- who was heard, by chirps alone -----------------------------------------------------------------------------------
def spoken(done: SiteOutcome, person: str) -> dict[int, int]:
    """Chirp number -> microseconds of its first sample, for what this person said."""
    return {f["number"]: f["t_us"] for f in done.of("chirp", person=person)}


def agent_at(done: SiteOutcome, station: str) -> dict[str, Any]:
    """The fact `person` of a seat."""
    return next(f for f in done.of("person") if f["station"] == station)


def own_ear(done: SiteOutcome, person: str) -> list[tuple[int, list[Any]]]:
    """What the telephone let the person hear: for each time off-hook, when its first sample was, and the chirps."""
    found = []
    for fact in done.of("recording", person=person):
        left, _right = wav_sides(done.folder / "truth" / "voices" / fact["file"])
        found.append((int(fact["start_us"]), chirps(left)))
    return found


def check_chirps(
    found: list[Any], party: int, said: dict[int, int], start_us: int, least_ms: int, most_ms: int
) -> None:
    """All are this party's, none missing between the first and the last, each as late as the first, to a block."""
    assert found, f"nothing of party {party}"
    assert {c.party for c in found} == {party}
    for before, after in itertools.pairwise(found):
        assert after.number == before.number + 1, (party, before, after)
    late_ms = [(start_us + c.start_sample * 125 - said[c.number]) / 1000 for c in found]
    assert least_ms <= min(late_ms) and max(late_ms) <= most_ms, (party, min(late_ms), max(late_ms))
    assert max(late_ms) - min(late_ms) <= BLOCK_MS, (party, min(late_ms), max(late_ms))
