"""The demo site, run to its end over a small distributor of scripted card ends."""

from pathlib import Path

import pytest
from small_pbx import SmallPbx
from worldkit import Machine, facts, make_sim, run_s

from boardd.config.yamlfile import ConfigProblemsError
from hwsim.scenario.faults import FaultError
from hwsim.scenario.file import Scenario
from hwsim.scenario.world import World

DEMO = Path(__file__).with_name("demo_site.yaml")


def run_demo(seed=1, text=None, voices=None):
    sim = make_sim(seed)
    machine = Machine.build(sim)
    scenario = Scenario.parse(text) if text else Scenario.load(DEMO)
    world = World(sim, machine, scenario, voices)
    SmallPbx(machine)
    world.start()
    for _ in range(200):
        if world.finished:
            break
        run_s(sim, 10)
    world.close()
    return world


@pytest.fixture(scope="module")
def demo():
    return run_demo()


def test_the_demo_ends_with_every_caller_accounted_for(demo):
    callers = demo.callers()
    assert demo.finished and len(callers) == 20
    assert all(c.call is not None and c.cause is not None and c.outcome for c in callers)
    assert {c.line.split("/")[0] for c in callers if c.line} == {"0", "1"}
    assert demo.people.visitors == {} and demo.exchange.calls == {}
    assert demo.exchange.subscribers == {}


def test_callers_who_pressed_a_key_talked_to_an_agent_who_heard_them(demo):
    served = [c for c in demo.callers() if c.heard_parties]
    assert len(served) > 10
    agents = {f["party"]: f["person"] for f in facts(demo.sim, "person")}
    for caller in served:
        assert caller.digits_sent == caller.choice and caller.choice in ("1", "2")
        (agent,) = caller.heard_parties
        if caller.chirps > 3:
            assert facts(demo.sim, "heard_person", person=agents[agent], party=caller.party)


def test_agents_logged_in_by_sound(demo):
    sent = {}
    for fact in facts(demo.sim, "digit_sent"):
        sent.setdefault(fact["person"], []).append(fact["digit"])
    assert "".join(sent["张三"]) == "*11801" and "".join(sent["孙八"]) == "*11806"


def test_faults_happen_at_their_time(demo):
    assert [(f["t_us"], f["kind"]) for f in facts(demo.sim, "fault")] == [
        (60_000_000, "alarm"),
        (120_000_000, "cut_pair"),
    ]
    assert [f["t_us"] for f in facts(demo.sim, "fault_over")] == [63_000_000, 180_000_000]


def test_same_seed_same_truth_other_seed_other_truth(demo):
    assert run_demo().sim.truth.facts == demo.sim.truth.facts
    assert run_demo(seed=2).sim.truth.facts != demo.sim.truth.facts


def test_callers_leave_no_leg_or_recorder_behind(demo):
    stats = demo.sim.engine.stats()
    assert stats.legs == 2 * (16 + 30)
    off_hook = [person for person in demo.people.stations.values() if person.handset.off_hook]
    assert stats.recorders == len(off_hook)


def test_recordings_do_not_change_what_happens(demo, tmp_path):
    world = run_demo(voices=tmp_path)
    kinds = ("recording", "recorded")
    assert [f for f in world.sim.truth.facts if f["what"] not in kinds] == demo.sim.truth.facts
    assert len(list(tmp_path.iterdir())) == len(facts(world.sim, "recorded")) > 20


def test_called_subscribers_appear_answer_and_leave(demo):
    sim = make_sim()
    machine = Machine.build(sim)
    world = World(sim, machine, Scenario.load(DEMO))
    line = machine.analog_lines["1/0"]
    line.close_loop(True)
    run_s(sim, 2)
    sim.engine.dtmf(line.set_leg, "13900001234")
    run_s(sim, 20)
    assert facts(sim, "call_answer") and facts(sim, "chirp")[0]["person"] == "called/13900001234/1"
    line.close_loop(False)
    run_s(sim, 10)
    assert world.people.visitors == {} and world.people.absent("13900001234")
    assert facts(sim, "script_end", outcome="cleared")


def test_fixed_arrival_times_and_end_after():
    text = """
exchange: {groups: [{name: e1, numbers: ["88001000"], circuits: ["0/1/*"]}]}
scripts: {ring: {steps: [{do: dial}, {do: wait, s: 1}]}}
callers: [{name: a, called: {"88001000": 1}, scripts: {ring: 1}, at_s: [5, 1.5, 3]}]
end: {after_s: 20}
"""
    world = run_demo(text=text)
    assert [c.began_us for c in world.callers()] == [1_500_000, 3_000_000, 5_000_000]
    assert facts(world.sim, "world_end")[0]["t_us"] == 20_000_000


def test_adding_a_person_does_not_change_what_the_callers_draw(demo):
    text = DEMO.read_text(encoding="utf-8").replace("callers:", "  - {name: 客人, line: 1/15}\n\ncallers:")
    other = run_demo(text=text)
    drawn = [(c.began_us, c.caller, c.called, c.script, c.choice) for c in demo.callers()]
    assert [(c.began_us, c.caller, c.called, c.script, c.choice) for c in other.callers()] == drawn


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("line: 1/8,", "line: 9/8,", "people[0].line: there is no analogue line 9/8"),
        ("line: 1/8,", "line: 1/0,", "people[0].line: 1/0 is taken already"),
        ("lines: [1/0-7]", "lines: [1/0-77]", "exchange.groups[1].lines: there is no 1/16"),
        ('circuits: ["0/1/*"]', 'circuits: ["0/2/*"]', "exchange.groups[0].circuits: there is nothing under 0/2/"),
        ("what: cut_pair", "what: cut_pear", "faults[1].what: there is no fault cut_pear (did you mean cut_pair?)"),
    ],
)
def test_what_the_machine_does_not_have_is_told_with_its_line(old, new, problem):
    text = DEMO.read_text(encoding="utf-8").replace(old, new)
    line = 1 + next(i for i, row in enumerate(text.splitlines()) if new in row)
    sim = make_sim()
    with pytest.raises(ConfigProblemsError) as caught:
        World(sim, Machine.build(sim), Scenario.parse(text, "site.yaml")).start()
    assert str(caught.value.problems[0]).startswith(f"site.yaml:{line}: {problem}")


def test_line_faults_begin_and_end():
    sim = make_sim()
    machine = Machine.build(sim)
    world = World(sim, machine, Scenario.load(DEMO))
    line, options = machine.analog_lines["1/0"], world.exchange.lines["1/0"]
    slow = world.faults.inject("slow_dial_tone", "1/0", {"ms": "3000"})
    dead = world.faults.inject("no_dial_tone", "1/0")
    world.faults.end(slow)
    assert options.options.dial_tone_delay_ms == 300 and options.options.dial_tone is False
    world.faults.end(dead)
    world.faults.end(dead)
    assert options.options.dial_tone is True
    world.faults.inject("lift_elsewhere", "1/0", for_s=2)
    world.faults.inject("noise", "1/0", {"dbm0": "-30"}, for_s=2)
    assert line.volts == 12 and sim.engine.line(line.set_leg).noise_mb == -3000
    run_s(sim, 3)
    assert line.volts == 48 and sim.engine.line(line.set_leg).noise_mb < -50_000
    world.faults.inject("reversal_glitch", "1/0")
    run_s(sim, 1)
    assert [f["reversed"] for f in facts(sim, "polarity")] == [True, False]
    for bad in (("noise", "1/0", {"dbm0": "loud"}), ("alarm", "0/9", {}), ("alarm", "0/1", {"alarm": "x"})):
        with pytest.raises(FaultError):
            world.faults.inject(*bad)
    with pytest.raises(FaultError):
        world.faults.inject("no_power", "1/8")


@pytest.mark.parametrize(("number", "cause"), [("88005555", 20), ("88006001", 19), ("88007000", 1)])
def test_subscribers_who_cannot_be_reached(number, cause):
    text = DEMO.read_text(encoding="utf-8").replace(
        "state: power_off}", "state: power_off}\n    - {numbers: 88006000-88006999}"
    )
    sim = make_sim()
    world = World(sim, Machine.build(sim), Scenario.parse(text))
    world.dial("13800000001", number)
    run_s(sim, 100)
    assert [f["cause"] for f in facts(sim, "call_end")] == [cause]
    assert world.people.visitors == {} and world.exchange.subscribers == {}


def test_an_announcement_is_heard_as_voice_and_then_as_tone():
    sim = make_sim()
    world = World(sim, Machine.build(sim), Scenario.load(DEMO))
    name = world.dial("13800000001", "88005555", script="impatient")
    run_s(sim, 3)
    (voice,) = facts(sim, "heard_voice", person=name)
    assert voice["on"] and facts(sim, "announcement", cause=20)
    assert not facts(sim, "heard_person", person=name)
    by_hand = world.dial("13800000002", "88005555")
    run_s(sim, 12)
    assert facts(sim, "heard_tone", person=by_hand, tone="busy")
