"""A program that knows the maker's interface alone answers, plays, collects, records, dials, rings, and confers."""

import re
import signal
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from strangers import FILES, SITE, build, environment, parties_in, prompt, served

pytestmark = pytest.mark.real_time
COMPLETE = re.compile(
    r"complete (?P<number>\d+) in (?P<in>\d+) caller (?P<caller>\S*) digits (?P<digits>\S+) "
    r"record (?P<record>\S+) out (?P<out>\d+) station (?P<station>\d+)"
)
FIRST_TRUNK, FIRST_STATION = 30, 38


def until(site, seconds):
    """The same machine, but nobody calls after so long, and callers are less patient."""
    return site.replace("until_s: 3153600000", f"until_s: {seconds}").replace("uniform 30..60", "uniform 10..15")


def start(machine, programs, tmp_path, sessions, mode, layout="newest"):
    (tmp_path / "records").mkdir(exist_ok=True)
    command = [programs / "everything", *FILES, prompt(tmp_path), tmp_path / "records", str(sessions), mode]
    env = environment(machine.folder, layout)
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(process, timeout_s):
    out, err = process.communicate(timeout=timeout_s)
    assert process.returncode == 0, f"{process.returncode}\n{out[-2000:]}\n{err}"
    done = [match.groupdict() for match in map(COMPLETE.match, out.splitlines()) if match]
    return done, out.splitlines()[-1]


def check(done, facts):
    """Everything that the program believes, against what the world knows."""
    stations = {f["station"]: f["party"] for f in facts if f["what"] == "person"}
    recognised = 0
    for session in done:
        callee = [f for f in facts if str(f.get("person")).startswith(f"called/1390000{int(session['number']):04d}/")]
        (speaker,) = parties_in(Path(session["record"]))
        station = stations[str(8001 + int(session["station"]) - FIRST_STATION)]
        heard = {f["party"] for f in callee if f["what"] == "heard_person"}
        # Somebody was heard, and nobody else's words; two who chirp at the same time cannot be told apart.
        assert any(f["what"] == "heard_voice" and f["on"] for f in callee), session
        assert heard <= {station, speaker}, (session, heard)
        recognised += len(heard)
        spoken = callers_by_voice(facts, speaker, session["digits"])
        assert spoken, session
        if session["caller"] and session["caller"] not in spoken:
            assert rang_before(facts, int(session["in"]), session["caller"]), session
    assert recognised >= len(done) // 2


def callers_by_voice(facts, party, digits):
    """Numbers of the callers who speak as this party and have pressed these keys."""
    people = {f["person"] for f in facts if f["what"] == "script_begin" and f["party"] == party}
    pressed = defaultdict(str)
    for fact in facts:
        if fact["what"] == "digit_sent" and fact["person"] in people:
            pressed[fact["person"]] += fact["digit"]
    return {f["caller"] for f in facts if f["what"] == "caller_begin" and pressed.get(f["person"]) == digits}


def rang_before(facts, channel, caller):
    """Whether the caller rang on this analogue trunk and went away: the card keeps his number while the line rings on
    for the next one, whose own number comes after the first ring, and the program is quicker than that."""
    calls = {f["call"] for f in facts if f["what"] == "call_begin" and f["caller"] == caller}
    line = f"card1/{channel - FIRST_TRUNK + 1}"
    routed = {f["call"] for f in facts if f["what"] == "call_route" and f["line"] == line}
    lost = {f["call"] for f in facts if f["what"] == "call_end" and not f["answered"]}
    return channel >= FIRST_TRUNK and bool(calls & routed & lost)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    return {layout: build(folder, layout) for layout in ("newest", "2007")}


def test_eight_telephones_and_nothing_is_left_behind(built, tmp_path):
    with served(tmp_path, until(SITE, 32)) as machine:
        before = machine.held()
        done, last = finished(start(machine, built["newest"], tmp_path, 8, "events"), 90)
        assert len(done) >= 8 and last.endswith("lost 0"), last
        check(done, machine.facts())
        machine.wait_quiet(60)
        assert machine.held() == before


@pytest.mark.deep
@pytest.mark.timeout(200)
@pytest.mark.parametrize(("layout", "mode"), [("newest", "poll"), ("2007", "callback"), ("2007", "events")])
def test_each_way_to_learn_what_happens(built, tmp_path, layout, mode):
    with served(tmp_path) as machine:
        done, last = finished(start(machine, built[layout], tmp_path, 16, mode, layout), 150)
        assert last.endswith("lost 0") and ("events 0" in last) == (mode == "poll"), last
        check(done, machine.facts())
        assert {int(s["in"]) < FIRST_TRUNK for s in done} == {True, False}
        assert {int(s["out"]) < FIRST_TRUNK for s in done} == {True, False}


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_two_hundred_times(built, tmp_path):
    with served(tmp_path, until(SITE, 540)) as machine:
        before = machine.held()
        done, last = finished(start(machine, built["newest"], tmp_path, 200, "events"), 700)
        assert len(done) == 200 and last.endswith("lost 0"), last
        check(done, machine.facts())
        machine.wait_quiet(300)
        assert machine.held() == before


@pytest.mark.deep
@pytest.mark.timeout(240)
def test_a_killed_program_leaves_a_machine_for_the_next(built, tmp_path):
    with served(tmp_path, until(SITE, 75)) as machine:
        before = machine.held()
        process = start(machine, built["newest"], tmp_path, 200, "callback")
        for line in process.stdout:
            if line.startswith("complete"):
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        done, last = finished(start(machine, built["newest"], tmp_path, 4, "poll"), 120)
        assert len(done) >= 4, last
        machine.wait_quiet(90)
        assert machine.held() == before
