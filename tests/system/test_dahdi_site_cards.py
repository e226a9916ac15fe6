"""Cards that are missing at start, are pulled out of the running machine, come back: who is named, and who goes on."""

from __future__ import annotations

from typing import Any

import pytest
from dahdi_site import DELAY_MS, NO1, PRI, REVERSES, agent_at, agents, check_chirps, own_ear, run, site, spoken, stream

from hwsim.scenario.runner_site import SiteOutcome

pytestmark = pytest.mark.timeout(300)
PULLED_S, BACK_S = 42.0, 54.0
ABSENT_UNTIL_S = 20.0
KILLED_S = 62.0
BACK_WITHIN_US = 4_000_000
"""The inventory is read every two seconds; then channels are opened and the E1 comes up."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> SiteOutcome:
    """The No.1 card is missing until the host starts again; the PRI card is pulled in a call, and put back."""
    day = site(
        **agents(3, "uniform 23..26"),
        callers=[
            stream("early", NO1, [12]),
            stream("cut", PRI, [24], "patient"),
            stream("stays", REVERSES, [20], "patient"),
            stream("meanwhile", PRI, [45]),
            stream("again", PRI, [66]),
            stream("found", NO1, [64]),
        ],
        end={"idle_s": 3},
    )
    faults = [
        {"at_s": 0, "what": "card_missing", "where": "no1", "for_s": ABSENT_UNTIL_S},
        {"at_s": PULLED_S, "what": "card_pulled", "where": "pri", "for_s": BACK_S - PULLED_S},
        {"at_s": KILLED_S, "what": "process_kill", "where": "host-dahdi"},
    ]
    return run(tmp_path_factory.mktemp("cards"), day, 3, faults)


def contact(done: SiteOutcome, stream_name: str) -> dict[str, Any]:
    return next(c for c in done.contacts if c["person"] == f"{stream_name}/1")


def alarms(done: SiteOutcome, code: str, subject: str) -> list[tuple[str, int]]:
    """(raised or cleared, microseconds)."""
    return [
        (e["type"].removeprefix("alarm_"), e["t_us"])
        for e in done.events
        if e["type"].startswith("alarm_") and (e["alarm"]["code"], e["alarm"]["subject"]) == (code, subject)
    ]


def test_a_card_that_is_missing_at_start_is_named_until_it_is_found(done: SiteOutcome) -> None:
    (raised, began_us), (cleared, ended_us) = alarms(done, "board_missing", "no1")
    assert (raised, cleared) == ("raised", "cleared")
    assert began_us < 2_000_000
    assert KILLED_S * 1e6 < ended_us <= KILLED_S * 1e6 + BACK_WITHIN_US
    assert contact(done, "early")["records"] == 0
    found = contact(done, "found")
    assert found["line"].startswith("no1/") and found["agent"] and found["digits_heard"] == found["digits_sent"] == "1"


def test_a_pulled_card_is_named_until_it_is_back(done: SiteOutcome) -> None:
    (raised, began_us), (cleared, ended_us) = alarms(done, "board_missing", "pri")
    assert (raised, cleared) == ("raised", "cleared")
    assert PULLED_S * 1e6 <= began_us <= PULLED_S * 1e6 + 100_000
    assert BACK_S * 1e6 <= ended_us <= BACK_S * 1e6 + BACK_WITHIN_US
    (_raised, down_us), (_cleared, up_us) = alarms(done, "span_down", "pri/1")
    assert down_us - began_us < 100_000 and 0 <= up_us - ended_us <= BACK_WITHIN_US


def test_nobody_else_is_accused(done: SiteOutcome) -> None:
    subjects = {e["alarm"]["subject"] for e in done.events if e["type"] == "alarm_raised"}
    assert subjects <= {"no1", "no1/1", "pri", "pri/1", "dahdi", "host@dahdi"}, subjects


def test_its_calls_end_and_the_others_go_on(done: SiteOutcome) -> None:
    cut, stays = contact(done, "cut"), contact(done, "stays")
    assert (cut["records"], cut["cause"], cut["outcome"]) == (1, 41, "talked")
    record = next(r for r in done.records if r["id"] == cut["id"])
    assert record["ended"]["wall_ms"] - done.result["wall_base_ms"] == pytest.approx(PULLED_S * 1000, abs=100)
    assert (stays["records"], stays["cause"], stays["coverage"]) == (1, 16, pytest.approx(1.0, abs=0.005))
    agent = agent_at(done, stays["station"])
    ((start_us, heard),) = own_ear(done, stays["person"])
    check_chirps(heard, agent["party"], spoken(done, agent["person"]), start_us, 0, DELAY_MS)
    assert any(start_us + chirp.start_sample * 125 > PULLED_S * 1e6 for chirp in heard)


def test_the_card_serves_again(done: SiteOutcome) -> None:
    assert contact(done, "meanwhile")["records"] == 0
    again = contact(done, "again")
    assert again["agent"] and again["digits_heard"] == again["digits_sent"] == "1" and again["cause"] == 16
    assert done.settled and not done.stuck()
