"""kill -9 at seeded instants: who may end, who must go on, one record each, nothing stuck (failure table)."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
from kill_plan import instants
from site_run import ROOT, SiteRun, chirps, run_site, wav_sides

CALLS = 25
SEED = 11
VOICE_GAP_MS = 20
OFFER_US = 100_000
TARGETS: dict[str, list[str]] = {
    "host": ["host-synway"],
    "daemon": ["daemon"],
    "scheduler": ["scheduler"],
    "both": ["daemon", "scheduler"],
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's configuration with room for many kills in a row."""
    folder = tmp_path_factory.mktemp("config")
    shutil.copytree(ROOT / "config" / "demo", folder, dirs_exist_ok=True)
    path = folder / "boardd.yaml"
    path.write_text(path.read_text().replace("    driver: synway\n", "    driver: synway\n    crash_budget: 1000\n"))
    return folder


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, config: Path) -> SiteRun:
    """The same day undisturbed: where the phases are."""
    run = run_site(tmp_path_factory.mktemp("calm"), calls=CALLS, seed=SEED, config=config)
    assert run.status == 0, run.output
    return run


def killed_run(tmp_path: Path, calm: SiteRun, config: Path, target: str, plan: list[tuple[str, int]]) -> SiteRun:
    faults = [
        {"at_s": at_us / 1e6, "what": "process_kill", "where": name}
        for _phase, at_us in plan
        for name in TARGETS[target]
    ]
    run = run_site(tmp_path, calls=CALLS, seed=SEED, config=config, faults=faults)
    kills = [f for f in run.of("fault") if f["kind"] == "process_kill"]
    assert len(kills) == len(faults), (run.of("fault_refused"), plan)
    return run


def check_records(run: SiteRun) -> None:
    """Every caller whose call the card could offer has exactly one record; nothing is stuck."""
    assert run.result["stuck"] == []
    wrong = [
        (c["caller"], c["line"], c["records"])
        for c in run.contacts
        if c["line"] and c["records"] != 1 and (c["records"] or not never_offered(run, c))
    ]
    assert not wrong


def never_offered(run: SiteRun, contact: dict[str, Any]) -> bool:
    """By the truth log: the circuit was refused while the library was starting, or the host died while the card was
    still taking the call (it needs some 60 ms from SETUP until it asks the application)."""
    call = next(f["call"] for f in run.of("call_begin") if f["caller"] == contact["caller"])
    if run.of("call_answer", call=call):
        return False
    routed_us = next(f["t_us"] for f in run.of("call_route", call=call))
    ended = next(f for f in run.of("call_end", call=call))
    if ended["cause"] == 44 and ended["t_us"] == routed_us:
        return True
    return any(routed_us <= f["t_us"] <= routed_us + OFFER_US for f in run.of("library_detached"))


def circuits_busy_at_end(run: SiteRun) -> list[str]:
    """Lines that somebody left off-hook, by the truth log."""
    hook: dict[str, bool] = {}
    for fact in run.of("hook"):
        hook[fact["line"]] = fact["off_hook"]
    return [line for line, off_hook in hook.items() if off_hook]


@pytest.mark.parametrize(
    "target",
    [pytest.param("daemon", marks=pytest.mark.deep), pytest.param("scheduler", marks=pytest.mark.deep), "both"],
)
def test_conversations_go_on(target: str, tmp_path: Path, calm: SiteRun, config: Path) -> None:
    plan = instants(calm, 10, f"{SEED}/{target}", apart_us=9_000_000)
    run = killed_run(tmp_path, calm, config, target, plan)
    check_records(run)
    assert circuits_busy_at_end(run) == []
    assert not [f for f in run.of("library_detached") if f["t_us"] < run.facts[-1]["t_us"] - 60_000_000]
    for contact in run.contacts:
        if contact["agent"]:
            check_unbroken(run, contact)
            assert contact["digits_heard"] == contact["digits_sent"]
    talked = sum(1 for c in run.contacts if c["agent"])
    assert talked >= CALLS - 2, [c for c in run.contacts if not c["agent"]]


def check_unbroken(run: SiteRun, contact: dict[str, Any]) -> None:
    """In what the two telephones heard, the other's chirps follow each other without a gap over 20 ms."""
    agent = next(f for f in run.of("person") if f["station"] == contact["station"])
    spoke = [f for f in run.of("chirp", person=agent["person"])]
    recording = next(f for f in run.of("recording", person=contact["person"]))
    heard_side, _said = wav_sides(run.folder / "truth" / "voices" / recording["file"])
    heard = [c for c in chirps(heard_side) if c.party == agent["party"]]
    assert heard, contact
    starts = {f["number"]: f["t_us"] for f in spoke}
    shifts = []
    for before, after in itertools.pairwise(heard):
        assert after.number == before.number + 1, (contact["caller"], before, after)
        said_us = starts[after.number] - starts[before.number]
        shifts.append(abs((after.start_sample - before.start_sample) * 125 - said_us))
    assert max(shifts, default=0) <= VOICE_GAP_MS * 1000


def test_a_dead_host_ends_its_calls_and_nothing_else(tmp_path: Path, calm: SiteRun, config: Path) -> None:
    plan = instants(calm, 10, f"{SEED}/host", apart_us=25_000_000)
    run = killed_run(tmp_path, calm, config, "host", plan)
    check_records(run)
    assert circuits_busy_at_end(run) == []
    starts = [f["t_us"] for f in run.of("library_started")]
    assert len(starts) == len(plan) + 1
    check_lines_free_before_use(run, [at_us for _phase, at_us in plan], starts)
    agents = {f["person"] for f in run.of("agent_log_in")}
    assert len(run.of("agent_log_in")) == len(agents) == 6, "nobody had to log in again"
    last_start = starts[-1]
    later = [c for c in run.contacts if began_us(run, c) > last_start + 5_000_000]
    assert all(c["agent"] and c["digits_heard"] == c["digits_sent"] for c in later)


def began_us(run: SiteRun, contact: dict[str, Any]) -> int:
    return next(int(f["t_us"]) for f in run.of("caller_begin", person=contact["person"]))


def check_lines_free_before_use(run: SiteRun, kills_us: list[int], starts_us: list[int]) -> None:
    """Lines that were off-hook when the host died are on-hook before anything new happens on them."""
    for killed_us in kills_us:
        start_us = next(t for t in starts_us if t > killed_us)
        open_lines = set()
        for fact in run.of("hook"):
            if fact["t_us"] <= killed_us and fact["line"].startswith("ana/") and int(fact["line"][4:]) <= 8:
                (open_lines.add if fact["off_hook"] else open_lines.discard)(fact["line"])
        for line in open_lines:
            freed = [f["t_us"] for f in run.of("hook", line=line, off_hook=False) if f["t_us"] > killed_us]
            assert freed and freed[0] <= start_us + 2_000_000, line


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("number", range(20))
def test_single_kills(target: str, number: int, tmp_path: Path, calm: SiteRun, config: Path) -> None:
    """Twenty seeded instants for each process, one kill per run, then ten more callers."""
    plan = instants(calm, 20, f"single/{target}", apart_us=0)[number : number + 1]
    run = killed_run(tmp_path, calm, config, target, plan)
    check_records(run)
    assert circuits_busy_at_end(run) == []
    if target != "host":
        for contact in run.contacts:
            if contact["agent"]:
                check_unbroken(run, contact)
