"""The catalogue of scenarios (facts 8): those that are due pass, at full speed here and in real time with --deep."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from click.testing import CliRunner

from hwsim.cli.main import cli
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner import CAPABILITIES, How, Report, Verdict, capabilities, missing, numbered, run_scenario
from hwsim.scenario.runner_header import Runner

PATHS = numbered()
NAMES = [path.stem for path in PATHS]
WAITING = {f"{number:02d}" for number in range(18, 26)}
AT_THE_EDGE = {"10", "12", "13", "14", "15", "16", "17"}
ONE_WORLD = threading.Lock()
"""The signalling libraries have one clock per process: scenarios at the edge run one at a time."""


def run(path, folder, speed="max"):
    if Scenario.load(path).header.run.by is Runner.EDGE:
        with ONE_WORLD:
            return run_scenario(path, How(folder, speed))
    return run_scenario(path, How(folder, speed))


def wanted(session):
    """The scenarios that the tests which were chosen are about."""
    items = (item for item in session.items if item.path == Path(__file__) and hasattr(item, "callspec"))
    named = {item.callspec.params.get("path") for item in items}
    return [path for path in PATHS if path in named]


@pytest.fixture(scope="module")
def reports(request, tmp_path_factory):
    """Every scenario at full speed, two at a time: a site keeps one processor busy."""
    folder = tmp_path_factory.mktemp("scenarios")
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda path: run(path, folder), wanted(request.session))
        return {report.name: report for report in made}


def test_the_catalogue_is_complete():
    """Every number once through boardd; those of E1s with signalling by the host at the simulator's edge, too."""
    edge = [path.stem for path in PATHS if Scenario.load(path).header.run.by is Runner.EDGE]
    assert [name[:2] for name in NAMES if name not in edge] == [f"{number:02d}" for number in range(1, 26)]
    assert edge == [f"{name}_edge" for name in NAMES if name[:2] in AT_THE_EDGE and not name.endswith("_edge")]
    for path in PATHS:
        scenario = Scenario.load(path)
        assert scenario.header.needs and scenario.header.expect, path.name
        assert all(check.meaning for check in scenario.header.expect), path.name


def test_which_are_due():
    """Where packages may be installed, all but those that wait for a driver or a machine that can break so."""
    due = {path.stem[:2] for path in PATHS if not missing(Scenario.load(path))}
    if os.environ.get("CI") or {"q931_net", "r2_net"} <= capabilities():
        assert due == {name[:2] for name in NAMES} - WAITING
    assert not due & WAITING


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
@pytest.mark.timeout(300)
def test_what_is_due_passes_and_nothing_else_says_so(reports, path):
    report, lacking = reports[path.stem], missing(Scenario.load(path))
    if lacking:
        assert report.verdict is Verdict.NOT_YET
        assert report.why == tuple(f"needs {need}: {CAPABILITIES[need]}" for need in lacking)
    else:
        assert report.verdict is Verdict.PASSED, "\n".join(report.why)
        assert report.outcome and report.simulated_s > 30


def in_real_time(path, folder):
    return run_scenario(path, How(folder, "1"))


@pytest.fixture(scope="module")
def live(request, tmp_path_factory):
    """The report of a scenario in real time, for whoever asks: a test waits for its own, not for all of them.

    From the first question on every scenario that is due runs, three at a time, each in a process of its own. Those
    whose sound and signalling is boardd's come after them, one by one: they need the processor within a block or two.
    """
    folder = tmp_path_factory.mktemp("live")
    due = [path for path in wanted(request.session) if not missing(Scenario.load(path))]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, context) as pool, ProcessPoolExecutor(1, context) as alone:
        running = {
            path: pool.submit(in_real_time, path, folder)
            for path in due
            if "dahdi" not in Scenario.load(path).header.needs
        }

        def report(path):
            if path in running:
                return running[path].result()
            wait(running.values())
            return alone.submit(in_real_time, path, folder).result()

        yield report


@pytest.mark.deep
@pytest.mark.real_time
@pytest.mark.parametrize("path", PATHS, ids=NAMES)
@pytest.mark.timeout(3600)
def test_the_same_in_real_time(reports, live, path):
    if missing(Scenario.load(path)):
        pytest.skip("not yet")
    report = live(path)
    assert report.verdict is Verdict.PASSED, "\n".join(report.why)
    assert report.outcome == reports[path.stem].outcome


def test_what_is_due_and_not_run_has_failed(tmp_path):
    edge = next(path for path in PATHS if Scenario.load(path).header.run.by is Runner.EDGE)
    if missing(Scenario.load(edge)):
        pytest.skip("not due here")
    report = run_scenario(edge, How(tmp_path), runners={})
    assert report.verdict is Verdict.FAILED and "nothing runs it (edge)" in report.why[0]


def test_a_scenario_that_expects_nothing_has_failed(tmp_path):
    path = tmp_path / "nothing.yaml"
    path.write_text("needs: []\nrun: {by: edge}\nend: {after_s: 1}\n", encoding="utf-8")
    report = run_scenario(path, How(tmp_path / "run"))
    assert report == Report("nothing", Verdict.FAILED, ("it expects nothing, so it proves nothing",))


DUE = """
needs: [q931_net]
machine: {cards: [{name: e1a, model: TE110P, spans: [{signalling: pri_user}]}]}
exchange:
  groups: [{name: e1, numbers: [88001000-88001099], circuits: ["e1a/1/*"], digits_sent: 4}]
scripts:
  customer: {steps: [{do: dial}, {do: wait_for, sound: person}, {do: speak, s: 3}, {do: hang_up}]}
callers: [{name: day, called: {"88001000": 1}, scripts: {customer: 1}, at_s: [5]}]
end: {after_s: %s}
run: {by: edge, peer: {answer_s: %s}}
expect: [{is: answered, in: peer, match: {what: connected}, count: 1}]
"""


@pytest.mark.parametrize(
    ("end_s", "answer_s", "why"),
    [
        (30, 2, None),
        (30, 100, "answered: 0 of 2 match, expected 1"),
        (9, 2, "not settled, stuck: e1a/1/1 call 1 e1a/1/1"),
    ],
)
def test_what_does_not_hold_is_told(tmp_path, end_s, answer_s, why):
    path = tmp_path / "one.yaml"
    path.write_text(DUE % (end_s, answer_s), encoding="utf-8")
    if missing(Scenario.load(path)):
        pytest.skip("not due here")
    report = run(path, tmp_path / "run")
    assert report.verdict is (Verdict.FAILED if why else Verdict.PASSED), report.why
    if why:
        assert any(text.startswith(why) for text in report.why), report.why


def hwsim(*words):
    """The command, in this process: status and output."""
    done = CliRunner().invoke(cli, ["scenario", *map(str, words)], env={"LANGUAGE": "en"})
    return done.exit_code, (done.output or str(done.exception)).strip() or str(done.exception)


def test_a_throttled_run_is_the_same(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text(DUE % (20, 2), encoding="utf-8")
    if missing(Scenario.load(path)):
        pytest.skip("not due here")
    runs = [run(path, tmp_path / speed, speed) for speed in ("max", "20")]
    assert runs[0].outcome == runs[1].outcome and len(runs[0].outcome) > 20


def test_a_circuit_that_is_not_there_is_told_with_its_line(tmp_path):
    path = tmp_path / "wrong.yaml"
    text = (DUE % (9, 2)).replace("{answer_s: 2}", "{calls: [{at_s: 1, circuit: e1b/1/1, called: x}]}")
    path.write_text(text, encoding="utf-8")
    status, said = hwsim("check", path)
    assert status and "there is no circuit e1b/1/1 whose card leaves signalling to the host" in said
    assert said.startswith(f"{path}:10: run.peer.calls[0].circuit: ")


def test_list_and_check():
    status, said = hwsim("list")
    rows = {line.split()[0]: line for line in said.splitlines()}
    assert not status and set(NAMES) <= set(rows) and {"demo", "one_pc"} <= set(rows)
    assert "modem(!)" in rows["18_modem_silent"] and rows["18_modem_silent"].endswith("not yet")
    assert rows["01_nominal_line"].endswith("due")
    for path in PATHS:
        lacking = missing(Scenario.load(path))
        wanted = f"good; not yet to be run: needs {', '.join(lacking)}" if lacking else "good"
        assert hwsim("check", path) == (0, f"{path}: {wanted}")


def test_planned_faults_are_only_for_those_who_need_them(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("faults: [{at_s: 1, what: clock_set}]\n", encoding="utf-8")
    status, said = hwsim("check", path)
    assert status and f"{path}:1: faults[0].what: there is no fault clock_set" in said
