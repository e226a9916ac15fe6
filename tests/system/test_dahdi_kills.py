"""kill -9 of the host of DAHDI cards in the middle of calls, at seeded instants in each phase (failure table)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import kill_plan
import pytest
from dahdi_site import DELAY_MS, NO1, PLAIN, PRI, REVERSES, agents, check_chirps, run, site, spoken, stream
from site_run import chirps, wav_sides

from hwsim.scenario.runner_site import SiteOutcome

pytestmark = pytest.mark.timeout(300)
SEED = 11
CALLED = (PRI, NO1, REVERSES, PLAIN)
CALLERS = 10
FROM_S, EVERY_S = 12.0, 7.0
KILLS: tuple[tuple[float, float, dict[int, str]], ...] = (
    (23.0, 24.0, {0: "queue", 1: "ringing"}),
    (35.5, 36.5, {2: "ivr", 3: "ringing"}),
    (56.0, 57.5, {4: "talk", 5: "ivr", 6: "ringing"}),
)
"""From, to (s), and where the callers are then; the first `ringing` is the registers of No.1 at work."""
READY_US = 3_000_000
"""From the death of the host until every line can be used: 0.5 s until it is started again, and 2 s more (failure
table); here the exchange resets its circuits at once."""
DIED = 41
LOST_US = 1_000_000
"""Of a recording, at most."""


def day() -> dict[str, Any]:
    """A caller every seven seconds, over each kind of line in turn."""
    callers = [stream(f"c{n:02d}", CALLED[n % len(CALLED)], [FROM_S + EVERY_S * n], key="1") for n in range(CALLERS)]
    return site(**agents(4, "uniform 9..14"), callers=callers, end={"idle_s": 15})


def faults(kills: list[int]) -> list[dict[str, Any]]:
    return [{"at_s": at_us / 1e6, "what": "process_kill", "where": "host-dahdi"} for at_us in kills]


def instants() -> list[int]:
    """Seeded, in microseconds."""
    rng = random.Random(f"{SEED}/dahdi")
    return [round(rng.uniform(low, high) * 1e6) for low, high, _where in KILLS]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> SiteOutcome:
    done = run(tmp_path_factory.mktemp("killed"), day(), SEED, faults(instants()))
    assert len(done.of("fault", kind="process_kill")) == len(KILLS) == len(done.of("dahdi_attached")) - 1
    return done


def _us(done: SiteOutcome, at: dict[str, Any]) -> int:
    return (int(at["wall_ms"]) - int(done.result["wall_base_ms"])) * 1000


def test_each_kill_struck_callers_where_it_should(killed: SiteOutcome) -> None:
    """By the truth log of the run itself."""
    for (_low, _high, where), at_us in zip(KILLS, instants(), strict=True):
        for number, phase in where.items():
            contact = next(c for c in killed.contacts if c["person"] == f"c{number:02d}/1")
            assert _phase_at(killed, contact, at_us) == phase, (number, at_us)


def _phase_at(done: SiteOutcome, contact: dict[str, Any], at_us: int) -> str:
    call = next(f["call"] for f in done.of("call_begin") if f["caller"] == contact["caller"])
    moments = [
        _first(done.of("call_route", call=call)),
        _first(done.of("call_answer", call=call)),
        _first(done.of("digit_sent", person=contact["person"])),
        _first(done.of("heard_person", person=contact["person"])),
        _first(done.of("call_end", call=call)),
    ]
    return ("", "ringing", "ivr", "queue", "talk", "release")[sum(t_us <= at_us for t_us in moments)]


def _first(facts: list[dict[str, Any]]) -> int:
    return int(facts[0]["t_us"]) if facts else 1 << 62


def test_every_call_has_one_record_with_the_cause_of_its_end(killed: SiteOutcome) -> None:
    check_records(killed, instants())
    assert any(c["cause"] == DIED and c["agent"] for c in killed.contacts)


def check_records(killed: SiteOutcome, kills: list[int]) -> None:
    """41 for those that the host took with it, 16 for all others; nobody is left over."""
    assert killed.settled and not killed.stuck()
    for contact in killed.contacts:
        if not contact["records"]:
            assert _never_offered(killed, contact, kills), contact
            continue
        assert contact["records"] == 1, contact
        record = next(r for r in killed.records if r["id"] == contact["id"])
        began_us, ended_us = _us(killed, record["began"]), _us(killed, record["ended"])
        struck = any(began_us <= at_us <= ended_us for at_us in kills)
        assert (contact["cause"] == DIED) is struck, (contact, began_us, ended_us)
        assert contact["cause"] in (DIED, 16), contact


def _never_offered(done: SiteOutcome, contact: dict[str, Any], kills: list[int]) -> bool:
    """By the truth log: the host died while the registers of No.1 were at work, or a line had only begun to ring, or
    the circuits were not ready again."""
    call = next(f["call"] for f in done.of("call_begin") if f["caller"] == contact["caller"])
    if done.of("call_answer", call=call):
        return False
    begun_us = next(f["t_us"] for f in done.of("call_begin", call=call))
    ended_us = next(f["t_us"] for f in done.of("call_end", call=call))
    return any(begun_us - READY_US <= at_us <= ended_us for at_us in kills)


def test_lines_are_usable_again_in_time(killed: SiteOutcome) -> None:
    """Every channel leaves `out_of_service` within the bound; the telephones may be lifted by then."""
    for at_us in instants():
        seen = [
            (event["t_us"], event["channel"])
            for event in killed.events
            if event["t_us"] >= at_us - 1000 and isinstance(event.get("channel"), dict)
        ]
        gone = {channel["id"] for t_us, channel in seen if t_us < at_us + 1000 and channel.get("reason") == "host_down"}
        assert len(gone) == 30 + 30 + 3 + 8
        back: dict[str, int] = {}
        for t_us, channel in seen:
            if channel["state"] != "out_of_service":
                back.setdefault(channel["id"], t_us)
                assert not channel.get("reason"), channel
        assert set(back) >= gone
        assert max(back[channel] for channel in gone) - at_us <= READY_US


def test_exchange_lines_are_put_on_hook_before_they_are_used(killed: SiteOutcome) -> None:
    struck = 0
    for at_us in instants():
        for line in ("ana/1", "ana/2", "ana/3"):
            before = [f["off_hook"] for f in killed.of("hook", line=line) if f["t_us"] < at_us]
            if before and before[-1]:
                struck += 1
                after = next(f for f in killed.of("hook", line=line) if f["t_us"] >= at_us)
                assert not after["off_hook"] and after["t_us"] - at_us <= READY_US, after
    assert struck


def test_alarms_say_which_host_died_and_are_cleared(killed: SiteOutcome) -> None:
    for code in ("host_down", "host_died"):
        raised = [e["alarm"] for e in killed.events if e["type"] == "alarm_raised" and e["alarm"]["code"] == code]
        assert len(raised) == (len(KILLS) if code == "host_down" else len(raised)) and raised
        assert all("dahdi" in alarm["subject"] for alarm in raised)
    cleared = [e for e in killed.events if e["type"] == "alarm_cleared" and e["alarm"]["code"] == "host_down"]
    assert len(cleared) == len(KILLS)


def test_agents_stay_logged_in_and_the_next_callers_reach_them(killed: SiteOutcome) -> None:
    assert len(killed.of("agent_log_in")) == 4
    kills = instants()
    served = 0
    for contact in killed.contacts:
        begun_us = next(f["t_us"] for f in killed.of("caller_begin", person=contact["person"]))
        ended_us = next(f["t_us"] for f in killed.of("script_end", person=contact["person"]))
        if not any(begun_us - READY_US <= at_us <= ended_us + 1_000_000 for at_us in kills):
            served += 1
            assert contact["agent"] and contact["outcome"] == "talked", contact
            assert contact["digits_heard"] == contact["digits_sent"] != "", contact
    assert served >= 3


def test_recordings_outlive_the_host(killed: SiteOutcome) -> None:
    """Of a struck conversation at most the last second is missing, and all is whole before."""
    seen = 0
    for contact in killed.contacts:
        if contact["cause"] == DIED and contact["recording"]:
            seen += 1
            lost_us = (1 - contact["coverage"]) * contact["talk_s"] * 1e6
            assert lost_us <= LOST_US, contact
            left, _right = wav_sides(Path(contact["recording"]))
            found = chirps(left)
            if found:
                said = spoken(killed, contact["person"])
                check_chirps(found, contact["party"], said, contact["recording_start_us"], 0, DELAY_MS)
    assert seen


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> SiteOutcome:
    """The same day undisturbed: where the phases are."""
    done = run(tmp_path_factory.mktemp("calm"), day(), SEED)
    assert done.settled and all(c["agent"] for c in done.contacts)
    return done


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(20))
def test_single_kills(number: int, calm: SiteOutcome, tmp_path: Path) -> None:
    """Twenty seeded instants, one kill per run."""
    _phase, at_us = kill_plan.instants(calm, 20, f"single/{SEED}", apart_us=0)[number]
    done = run(tmp_path, day(), SEED, faults([at_us]))
    assert len(done.of("dahdi_attached")) == 2
    check_records(done, [at_us])
