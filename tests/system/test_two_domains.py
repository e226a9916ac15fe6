"""A DAHDI host beside a Synway host: talks that cross, and what a death of one of them may end (issue: only its calls).

One day of callers on the lines of both and agents at telephones of both. Everything is judged from the truth log:
chirps and music in what people really heard, ends of calls as the exchange saw them. Seeds of the long runs:
TWO_DOMAINS_SEEDS=4,5,6.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from site_run import SiteRun, chirps, run_site, wall_base, wav_sides
from talks import Music, Stay, Talk, Talks, line_domain

HERE = Path(__file__).parent / "two_domains"
HOSTS = {"host-dahdi": "dahdi", "host-synway": "synway"}
SEEDS = [int(word) for word in os.environ.get("TWO_DOMAINS_SEEDS", "1,2,3").split(",")]
GAP_MS = 20
BEFORE_US, AFTER_US = 900_000, 3_000_000
LIFTED_US, AGAIN_US = 300_000, 1_000_000
"""From lifting to hearing each other at most; from a death to music again for whoever lost an agent meanwhile."""
FIRST_S, APART_S, SPREAD_S = 58.0, 33.0, 8.0
LEASE_S = 5.0
"""So long before a kill the scheduler is frozen, when nobody shall be there to control: its lease is 2 s."""
DECLARED_MS = {("synway", "dahdi"): 180 + 80, ("dahdi", "synway"): 40 + 304}
"""What the drivers declare: out of the speaker's domain and into the hearer's."""


def day(folder: Path, seed: int, faults: list[dict[str, Any]], calls: int) -> SiteRun:
    site = (HERE / "site.yaml").read_text(encoding="utf-8")
    return run_site(folder, calls=calls, seed=seed, config=HERE, site=site, faults=faults, timeout_s=400)


def kills(seed: int, targets: list[str], alone: int = -1) -> list[dict[str, Any]]:
    """One seeded instant for each target, apart enough for everybody to be back; before number `alone` the scheduler is
    frozen.
    """
    rng = random.Random(seed)
    found: list[dict[str, Any]] = []
    for number, target in enumerate(targets):
        at_s = round(FIRST_S + number * APART_S + rng.uniform(0, SPREAD_S), 3)
        if number == alone:
            stop = {"at_s": at_s - LEASE_S, "what": "process_stop", "where": "scheduler", "for_s": LEASE_S + 4}
            found.append(stop)
        found.append({"at_s": at_s, "what": "process_kill", "where": target})
    return found


class Judge:
    """What the kills of a run came to. `seen` counts what was there to be judged, so that nothing passes by default."""

    def __init__(self, run: SiteRun) -> None:
        self.run = run
        self.talks = Talks(run)
        self.seen: Counter[str] = Counter()

    def host_death(self, fault: dict[str, Any], controlled: bool = True) -> None:
        at_us, dead = fault["t_us"], HOSTS[fault["where"]]
        survivors: list[Stay] = []
        for talk in self.talks.at(at_us):
            sides = {line_domain(talk.speaker.line), line_domain(talk.hearer.line)}
            if dead not in sides:
                self.seen["talks within the other"] += 1
                self.talks.whole(talk, at_us - BEFORE_US, at_us + AFTER_US, GAP_MS)
            elif talk.crosses and line_domain(talk.hearer.line) != dead:
                self.seen["talks across"] += 1
                survivors.append(talk.hearer)
        for stay in survivors:
            self.left_alone(stay, at_us, controlled)
        self.prompts(at_us, dead)
        self.nobody_else(at_us, dead, survivors)
        self.own_calls(at_us, dead)

    def left_alone(self, stay: Stay, at_us: int, controlled: bool) -> None:
        """The peer's host is dead: a caller hears goodbye (nobody controls: is released), an agent busy tone."""
        if "/" in stay.person:  # a caller
            end = self.call_end(stay)
            assert end["cause"] == 16, (stay.person, end)
            if end["by"] == "calling":
                return
            gone_us = end["t_us"] - at_us
            bound = (400_000, 12_000_000) if controlled else (0, 1_500_000)
            assert bound[0] <= gone_us <= bound[1], (stay.person, gone_us, controlled)
            return
        busy = [f for f in self.run.of("heard_tone", person=stay.person, tone="busy") if f["t_us"] > at_us]
        down = [f for f in self.run.of("on_hook", person=stay.person) if f["t_us"] > at_us]
        assert down, stay.person
        told = bool(busy) and busy[0]["t_us"] - at_us < 5_000_000
        assert told or down[0]["t_us"] - at_us < 1_000_000, stay.person

    def prompts(self, at_us: int, dead: str) -> None:
        """Whoever waits with music on a line of the other domain hears it go on. Who was just being put through to an
        agent of the dead host has none at that moment, but again within a second.
        """
        between = self.put_through(at_us, dead)
        for stay in self.talks.stays:
            if line_domain(stay.line) == dead or not stay.on_at(at_us) or stay.end_us < at_us + AFTER_US:
                continue
            met = self.run.of("heard_person", person=stay.person)
            if any(at_us <= f["t_us"] <= at_us + 2 * AFTER_US for f in met):
                continue  # its turn came just then
            music = Music.before(stay, at_us)
            to_us = at_us + AFTER_US // 2
            if music and (line_domain(stay.line) == "dahdi" or not music.begins_anew(to_us)):
                self.seen["music"] += 1
                gap_ms = music.gap_ms(at_us - 200_000, to_us)
                if gap_ms > GAP_MS and stay.person in between:
                    assert Music.before(stay, at_us + AGAIN_US + Music.REACH_US), f"{stay.person} waits in silence"
                else:
                    assert gap_ms <= GAP_MS, f"{stay.person} on {stay.line}: music is gone for {gap_ms} ms"

    def put_through(self, at_us: int, dead: str) -> set[str]:
        """Callers whose agent, at a telephone of the dead host, had lifted right before. Who that is only boardd's log
        can tell: the agent's last contact.
        """
        lines = {f["code"][3:7]: f["line"] for f in self.run.of("agent_log_in")}
        lifted = {f["line"] for f in self.run.of("off_hook", ringing=True) if 0 <= at_us - f["t_us"] < LIFTED_US}
        until_ms = wall_base(self.run) + at_us / 1000
        last: dict[str, str] = {}
        for entry in map(json.loads, self.run.log().splitlines()):
            wall_ms = datetime.fromisoformat(entry["at"]).timestamp() * 1000
            if entry["event"] == "agent" and wall_ms <= until_ms:
                last[entry["agent"]] = entry["contact"]
        wanted = {
            contact
            for agent, contact in last.items()
            if lines.get(agent) in lifted and line_domain(lines[agent]) == dead
        }
        return {contact["person"] for contact in self.run.contacts if contact["id"] in wanted}

    def nobody_else(self, at_us: int, dead: str, survivors: list[Stay]) -> None:
        """On lines of the other domain we ended nobody's call but those left alone, and those whose agent hung up."""
        for stay in self.talks.stays:
            if "/" not in stay.person or line_domain(stay.line) == dead or stay in survivors or not stay.on_at(at_us):
                continue
            end = self.call_end(stay)
            if end["by"] == "called" and at_us <= end["t_us"] <= at_us + AFTER_US:
                before = [f for f in self.run.of("on_hook") if end["t_us"] - 12_000_000 <= f["t_us"] <= end["t_us"]]
                assert any(f["t_us"] < at_us for f in before), f"{stay.person} on {stay.line} lost its call: {end}"

    def own_calls(self, at_us: int, dead: str) -> None:
        """Calls of the dead host end, as soon as its lines are clear; who still rang is there for the next life."""
        answered = {f["call"]: f["t_us"] for f in self.run.of("call_answer")}
        for stay in self.talks.stays:
            if "/" in stay.person and line_domain(stay.line) == dead and stay.on_at(at_us):
                end = self.call_end(stay)
                if answered.get(end["call"], at_us) < at_us:
                    self.seen["calls of the dead"] += 1
                    assert end["t_us"] <= at_us + 15_000_000, (stay.person, stay.line)

    def goes_on(self, at_us: int, after_us: int = AFTER_US) -> None:
        """Nothing happened to anybody who talked."""
        for talk in self.talks.at(at_us):
            self.seen["talks across" if talk.crosses else "talks within"] += 1
            self.talks.whole(talk, at_us - BEFORE_US, at_us + after_us, GAP_MS)

    def call_end(self, stay: Stay) -> dict[str, Any]:
        caller = next(f["caller"] for f in self.run.of("caller_begin", person=stay.person))
        call = next(f["call"] for f in self.run.of("call_begin") if f["caller"].endswith(caller))
        return next(f for f in self.run.of("call_end", call=call))

    def records(self) -> None:
        """Everybody whose call was answered has exactly one record; nothing is stuck."""
        assert self.run.result["stuck"] == []
        answered = {f["call"] for f in self.run.of("call_answer")}
        begun = {f["caller"]: f["call"] for f in self.run.of("call_begin")}
        wrong = [
            (c["caller"], c["line"], c["records"])
            for c in self.run.contacts
            if c["line"] and c["records"] != 1 and (c["records"] or begun.get(c["caller"]) in answered)
        ]
        assert not wrong


def struck(run: SiteRun, kind: str) -> list[dict[str, Any]]:
    assert not run.of("fault_refused"), run.of("fault_refused")
    return run.of("fault", kind=kind)


@pytest.mark.timeout(420)
def test_a_dead_host_ends_its_calls_and_leaves_the_others_to_play_on(tmp_path: Path) -> None:
    """Three instants; at the last one nobody controls, so the other leg gets what the host was told for that."""
    run = day(tmp_path, 5, kills(5, ["host-dahdi", "host-synway", "host-dahdi"], alone=2), calls=34)
    judge = Judge(run)
    deaths = struck(run, "process_kill")
    assert len(deaths) == 3
    for number, death in enumerate(deaths):
        judge.host_death(death, controlled=number != 2)
    judge.records()
    wanted = {"talks across": 3, "talks within the other": 2, "calls of the dead": 3, "music": 1}
    assert all(judge.seen[what] >= count for what, count in wanted.items()), judge.seen
    talks_that_cross(judge, {f["t_us"] for f in deaths})


def talks_that_cross(judge: Judge, deaths_us: set[int]) -> None:
    """Talks that no death touched: delay as declared and steady, and recordings with both people in them, complete."""
    run, found = judge.run, Counter[tuple[str, str]]()
    for contact in run.contacts:
        stays = [s for s in judge.talks.stays if s.person == contact["person"]]
        if not contact["agent"] or not stays or any(stays[0].on_at(t) for t in deaths_us):
            continue
        assert contact["coverage"] == 1.0 and not contact["gaps"], contact
        station = next(f for f in run.of("person", station=contact["station"]))
        party = {"left": contact["party"], "right": station["party"]}
        for side, sound in zip(("left", "right"), wav_sides(Path(contact["recording"])), strict=True):
            numbers = [c.number for c in chirps(sound) if c.party == party[side]]
            assert len(numbers) > 5 and numbers == list(range(numbers[0], numbers[-1] + 1)), (contact["caller"], side)
        for talk in both(judge.talks, stays[0], station["person"]):
            delays = judge.talks.delays_us(talk, talk.hearer.begin_us, talk.hearer.end_us)
            way = (line_domain(talk.speaker.line), line_domain(talk.hearer.line))
            found[way] += len(delays)
            if talk.crosses:
                assert delays and max(delays) <= DECLARED_MS[way] * 1000, (talk.names, max(delays))
            assert max(delays) - min(delays) <= GAP_MS * 1000, (talk.names, min(delays), max(delays))
    assert all(found[way] > 30 for way in DECLARED_MS), found


def both(talks: Talks, caller: Stay, agent: str) -> list[Talk]:
    """A caller and the agent's stay in which they talked, both ways."""
    met = next(h.at_us for h in caller.heard if h.party in {s.party for s in talks.stays if s.person == agent})
    other = next(s for s in talks.stays if s.person == agent and s.on_at(met))
    return [Talk(caller, other), Talk(other, caller)]


@pytest.mark.timeout(420)
def test_daemon_and_scheduler_die_and_a_host_stands_still(tmp_path: Path) -> None:
    """Talks across go on and are found again; a host that stands still is silent and hurts nobody else."""
    rng = random.Random(7)
    names = ("daemon", "scheduler", "host-dahdi", "host-synway")
    at_s = {name: round(60 + 13 * n + rng.uniform(0, 5), 3) for n, name in enumerate(names)}
    faults: list[dict[str, Any]] = [
        *({"at_s": at_s[name], "what": "process_kill", "where": name} for name in names[:2]),
        *({"at_s": at_s[name], "what": "process_stop", "where": name, "for_s": 2.0} for name in names[2:]),
    ]
    run = day(tmp_path, 8, faults, calls=28)
    judge = Judge(run)
    for death in struck(run, "process_kill"):
        judge.goes_on(death["t_us"])
    assert judge.seen["talks across"] >= 4 and judge.seen["talks within"] >= 2, judge.seen
    for stop in struck(run, "process_stop"):
        stands_still(judge, stop["t_us"], HOSTS[stop["where"]])
    judge.records()
    agents = Counter(f["person"] for f in run.of("agent_log_in"))
    assert len(agents) == 6 and set(agents.values()) == {1}, "nobody had to log in again"
    assert judge.seen["beside"] >= 2 and judge.seen["across a host that stood still"] >= 4, judge.seen


def stands_still(judge: Judge, at_us: int, domain: str) -> None:
    """Two seconds without the host: the other domain plays on; talks across are back half a second after it is."""
    for talk in judge.talks.at(at_us):
        if domain not in (line_domain(talk.speaker.line), line_domain(talk.hearer.line)):
            judge.seen["beside"] += 1
            judge.talks.whole(talk, at_us - BEFORE_US, at_us + AFTER_US, GAP_MS)
        elif talk.crosses:
            judge.seen["across a host that stood still"] += 1
            judge.talks.whole(talk, at_us + 2_500_000, at_us + 6_000_000, GAP_MS)
            delays = judge.talks.delays_us(talk, at_us + 2_500_000, at_us + 6_000_000)
            way = (line_domain(talk.speaker.line), line_domain(talk.hearer.line))
            assert max(delays, default=0) <= DECLARED_MS[way] * 1000, (talk.names, delays)
    judge.prompts(at_us, domain)


@pytest.mark.deep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("target", list(HOSTS))
@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("seed", SEEDS)
def test_twenty_deaths(seed: int, number: int, target: str, tmp_path: Path) -> None:
    """Twenty seeded instants for each host, four in a run."""
    plan = kills(seed * 1000 + number, [target] * 4)
    run = day(tmp_path, seed * 100 + number, plan, calls=45)
    judge = Judge(run)
    deaths = struck(run, "process_kill")
    assert len(deaths) == 4
    for death in deaths:
        judge.host_death(death)
    judge.records()
    assert judge.seen["calls of the dead"] and judge.seen["talks across"], judge.seen
