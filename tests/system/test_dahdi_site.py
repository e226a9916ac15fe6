"""A whole site with DAHDI cards alone: simulator, boardd's host, daemon, scheduler; judged from truth log and sound.

Callers come over ISDN, No.1 and exchange lines, hear the menu, press keys, wait, talk to agents at telephones of the
cards; people at telephones call out over each kind of line, with every way in which that can end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dahdi_site import (
    BUSY,
    DELAY_MS,
    FRIENDS,
    NO1,
    NOBODY,
    PLAIN,
    PRI,
    REVERSES,
    UNKNOWN,
    agent_at,
    agents,
    check_chirps,
    outcome,
    own_ear,
    run,
    site,
    spoken,
    story,
    stream,
)
from site_run import chirps, wav_sides

from hwsim.cli.demo import prepare
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner_site import SiteOutcome

pytestmark = pytest.mark.timeout(300)
CALLS_OUT: dict[str, tuple[tuple[str, int, str], ...]] = {
    "9": ((f"{FRIENDS}9", 16, "connect"), (BUSY, 17, "none"), (UNKNOWN, 1, "none"), (f"{NOBODY}9", 19, "none")),
    "7": ((f"{FRIENDS}7", 16, "r2_answer"), (BUSY, 17, "none"), (UNKNOWN, 1, "none")),
    "6": ((f"{FRIENDS}6", 16, "reversal"), (BUSY, 17, "none"), (UNKNOWN, 1, "none")),
    "5": ((f"{FRIENDS}5", 16, "voice"), (BUSY, 17, "none")),
}
"""What each of four people dials, one after the other: number, cause, evidence of answer."""
LINES = {"9": "pri/", "7": "no1/", "6": "ana/", "5": "ana/3"}


def calls_out(first_digit: str) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    for number, cause, _evidence in CALLS_OUT[first_digit]:
        steps.append({"do": "dial", "number": first_digit + number})
        if cause == 16:
            steps += [{"do": "wait_for", "sound": "person", "timeout_s": 40}, {"do": "speak", "s": 5}]
        else:
            steps.append({"do": "wait_for", "sound": "clear", "timeout_s": 60, "otherwise": "continue"})
            steps.append({"do": "wait", "s": 4})
        steps += [{"do": "hang_up"}, {"do": "wait", "s": 4}]
    return {"steps": steps, "hang_up_when_cleared": "no", "longest_s": 300}


def day() -> dict[str, Any]:
    seats = agents(3, "uniform 9..14")
    for n, digit in enumerate(CALLS_OUT):
        seats["people"].append(
            {
                "name": f"out{digit}",
                "line": f"ana/{13 + n}",
                "station": str(8005 + n),
                "script": f"out{digit}",
                "at_s": 7,
            }
        )
    return site(
        **seats,
        scripts={f"out{digit}": calls_out(digit) for digit in CALLS_OUT},
        callers=[
            stream("pri", PRI, [12, 15], key="1"),
            stream("no1", NO1, [13, 18], key="2"),
            stream("fsk", REVERSES, [66], key="0"),
            stream("dtmf", PLAIN, [68], key="1"),
            stream("stays", PRI, [67], "patient", key="2"),
        ],
        end={"after_s": 104},
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> SiteOutcome:
    return run(tmp_path_factory.mktemp("dahdi"), day())


def test_every_caller_reaches_an_agent_with_one_record_and_the_right_digits(done: SiteOutcome) -> None:
    assert done.settled and not done.stuck()
    assert len(done.contacts) == 7
    for contact in done.contacts:
        assert contact["records"] == 1, contact
        assert contact["digits_sent"] and contact["digits_heard"] == contact["digits_sent"], contact
        assert contact["agent"] and contact["outcome"] == "talked", contact
        assert contact["coverage"] == pytest.approx(1.0, abs=0.005), contact


def test_the_records_of_callers_say_what_is_true(done: SiteOutcome) -> None:
    """Caller, called, line and cause are the exchange's; lines without DDI have no called number."""
    ends = {f["call"]: f for f in done.of("call_end")}
    routes = {f["call"]: f["line"] for f in done.of("call_route")}
    incoming = {c["caller"]: c["call"] for c in done.of("call_begin") if c["call"] in routes and not _ours(c["line"])}
    records = {r["caller"]: r for r in done.records if r["kind"] == "inbound"}
    assert set(records) == set(incoming)
    for caller, record in records.items():
        call = incoming[caller]
        assert record["line"] == routes[call]
        assert record["cause"] == ends[call]["cause"]
        assert record["called"] == (
            "" if record["line"].startswith("ana/") else PRI[-4:] if record["line"].startswith("pri/") else NO1[-4:]
        )
    assert {f["by"] for call, f in ends.items() if call in incoming.values()} == {"calling", "called"}


def _ours(line: str) -> bool:
    return line.startswith(("pri/", "no1/", "ana/"))


def test_calls_out_end_with_the_cause_of_the_exchange(done: SiteOutcome) -> None:
    ends = {f["call"]: f for f in done.of("call_end")}
    begun = {(f["line"].split("/")[0], f["called"]): ends[f["call"]] for f in done.of("call_begin") if _ours(f["line"])}
    for n, (digit, calls) in enumerate(CALLS_OUT.items()):
        mine = [r for r in done.records if r["kind"] == "outbound" and r["caller"] == str(8005 + n)]
        assert sorted(r["called"] for r in mine) == sorted(number for number, _cause, _evidence in calls)
        for number, cause, evidence in calls:
            record = next(r for r in mine if r["called"] == number)
            assert record["line"].startswith(LINES[digit]), record
            assert (record["cause"], record["answer_evidence"]) == (cause, evidence), record
            assert record["outcome"] == ("talked" if cause == 16 and evidence != "none" else record["outcome"])
            truth = begun[LINES[digit].split("/")[0], number]
            assert truth["answered"] is (evidence != "none"), (record, truth)
            assert truth["cause"] == cause, (record, truth)


def test_both_hear_each_other_and_nobody_else(done: SiteOutcome) -> None:
    """In what the two telephones heard: all chirps of the other, as late as the site may be, and nobody else's."""
    for contact in done.contacts:
        agent = agent_at(done, contact["station"])
        caller_said, agent_said = spoken(done, contact["person"]), spoken(done, agent["person"])
        ((start_us, heard),) = own_ear(done, contact["person"])
        check_chirps(heard, agent["party"], agent_said, start_us, 0, DELAY_MS)
        began_us = start_us + heard[0].start_sample * 125
        ear = next(e for e in reversed(own_ear(done, agent["person"])) if e[0] <= began_us)
        check_chirps(ear[1], contact["party"], caller_said, ear[0], 0, DELAY_MS)
        assert {c.number for c in ear[1]} >= _until_the_end(done, contact, caller_said), contact["person"]


def _until_the_end(done: SiteOutcome, contact: dict[str, Any], said: dict[int, int]) -> set[int]:
    """The caller's chirps that were said while both were connected, the last half second left out."""
    hung_up = min(f["t_us"] for f in done.of("on_hook", person=contact["person"]))
    agent = agent_at(done, contact["station"])
    lifted = max(f["t_us"] for f in done.of("off_hook", person=agent["person"]) if f["t_us"] < hung_up)
    gone = [f["t_us"] for f in done.of("on_hook", person=agent["person"]) if f["t_us"] > lifted]
    until = min([hung_up, *gone]) - 500_000
    return {number for number, t_us in said.items() if lifted + 500_000 <= t_us <= until}


def test_people_who_call_out_hear_and_are_heard(done: SiteOutcome) -> None:
    for n, (digit, calls) in enumerate(CALLS_OUT.items()):
        number = calls[0][0]
        friend = next(f for f in done.of("script_begin", line=number, script="friend"))
        mine = next(f for f in done.of("script_begin", person=f"out{digit}"))
        (ear,) = own_ear(done, friend["person"])
        check_chirps(ear[1], mine["party"], spoken(done, f"out{digit}"), ear[0], 0, DELAY_MS)
        heard = next(e for e in own_ear(done, f"out{digit}") if e[1])
        check_chirps(heard[1], friend["party"], spoken(done, friend["person"]), heard[0], 0, DELAY_MS)
        record = next(r for r in done.records if r["caller"] == str(8005 + n) and r["called"] == number)
        left, right = _sides(done, record)
        assert {c.party for c in left} == {mine["party"]} and {c.party for c in right} == {friend["party"]}


def _sides(done: SiteOutcome, record: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    left, right = wav_sides(done.folder / "recordings" / record["recording"])
    return chirps(left), chirps(right)


def test_recordings_have_each_party_on_its_side(done: SiteOutcome) -> None:
    """The caller left, the agent right, every chirp of the conversation, within a block of when it was said."""
    for contact in done.contacts:
        agent = agent_at(done, contact["station"])
        left, right = (chirps(side) for side in wav_sides(Path(contact["recording"])))
        start_us = contact["recording_start_us"]
        caller_said = spoken(done, contact["person"])
        check_chirps(left, contact["party"], caller_said, start_us, 0, DELAY_MS)
        check_chirps(right, agent["party"], spoken(done, agent["person"]), start_us, 0, DELAY_MS)
        assert {c.number for c in left} >= _until_the_end(done, contact, caller_said), contact["person"]


def test_same_seed_same_truth(done: SiteOutcome, tmp_path: Path) -> None:
    """To the microsecond, and the same records."""
    again = run(tmp_path, day())
    assert story(again) == story(done)
    assert outcome(again) == outcome(done)


def test_no_alarm_and_nothing_counted_wrong(done: SiteOutcome) -> None:
    assert not [e for e in done.events if e["type"] == "alarm_raised"]
    for channel in done.channels:
        wrong = {k: v for k, v in channel.get("counters", {}).items() if k.startswith("illegal") and v}
        assert not wrong, (channel["id"], wrong)


def test_the_demo_has_a_machine_with_dahdi_cards(tmp_path: Path) -> None:
    space = prepare(tmp_path / "demo", None, None, "dahdi", 3)
    assert '"driver": "dahdi"' in (space.folder / "boardd.yaml").read_text(encoding="utf-8")
    loaded = Scenario.load(space.site)
    assert [stream.count for stream in loaded.file.callers] == [3] and loaded.file.site == "demo on DAHDI cards"


@pytest.mark.deep
def test_the_demo_on_dahdi_cards(tmp_path: Path) -> None:
    command = ["demo", "--cards", "dahdi", "--plain", "--calls", "1", "--speed", "max", "--dir", str(tmp_path / "demo")]
    command += ["--json", str(tmp_path / "out.json")]
    ended = subprocess.run([sys.executable, "-m", "hwsim", *command], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (contact,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["contacts"]
    assert contact["records"] == 1 and contact["agent"] and contact["digits_heard"] == contact["digits_sent"] != ""
