"""Faults by command, schedule and probability: when they come, where, and what is refused."""

from __future__ import annotations

import itertools

import pytest
from worldkit import Machine, facts, make_sim, run_s

from boardd.config.yamlfile import ConfigProblemsError
from hwsim.scenario.faults import AtRandom, FaultError, FaultRegistry
from hwsim.scenario.file import Scenario
from hwsim.scenario.world import World

SITE = """
site: test
exchange: {{groups: [{{name: lines, numbers: ["88002000"], lines: [1/0-7]}}]}}
faults:
{faults}
"""


def world_of(*faults: str, seed: int = 1) -> World:
    sim = make_sim(seed)
    text = SITE.format(faults="\n".join(f"  - {fault}" for fault in faults))
    world = World(sim, Machine.build(sim), Scenario.parse(text, "site.yaml"))
    world.start()
    return world


def struck(world: World, kind: str) -> list[tuple[float, str]]:
    return [(f["t_us"] / 1e6, f["where"]) for f in facts(world.sim, "fault", kind=kind)]


def test_at_random_times_and_places():
    world = world_of("{what: cut_pair, where: 1/0-7, per_hour: 60, for_s: 5, until_s: 36000}")
    run_s(world.sim, 36_000)
    times = struck(world, "cut_pair")
    assert 520 <= len(times) <= 680, "600 on average"
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(times)]
    assert 50 < sum(gaps) / len(gaps) < 70
    assert {where for _, where in times} == {f"1/{n}" for n in range(8)}
    overs = facts(world.sim, "fault_over", kind="cut_pair")
    assert len(overs) == len(times) and all(line.pair == "good" for line in world.machine.analog_lines.values())
    run_s(world.sim, 36_000)
    assert struck(world, "cut_pair") == times, "until_s has passed"


def test_another_fault_changes_nothing_in_the_times_of_the_first():
    one = world_of("{what: no_power, where: 1/0, per_hour: 30, for_s: 1}")
    two = world_of(
        "{what: noise, where: 1/1|1/2, per_hour: 90, for_s: 1}", "{what: no_power, where: 1/0, per_hour: 30, for_s: 1}"
    )
    for world in (one, two):
        run_s(world.sim, 3600)
    assert struck(one, "no_power") == struck(two, "no_power") != []
    assert {where for _, where in struck(two, "noise")} == {"1/1", "1/2"}
    other = world_of("{what: no_power, where: 1/0, per_hour: 30, for_s: 1}", seed=2)
    run_s(other.sim, 3600)
    assert struck(other, "no_power") != struck(one, "no_power")


def test_random_ones_begin_when_they_should_and_can_be_ended():
    world = world_of("{what: mute, where: 'kind:e1', per_hour: 600, from_s: 100, for_s: 1}")
    world.machine.of_kind = lambda _kind: ["0/1/1"]
    run_s(world.sim, 99)
    assert struck(world, "mute") == []
    run_s(world.sim, 200)
    assert len(struck(world, "mute")) > 10
    (plan,) = facts(world.sim, "fault_at_random")
    assert (plan["kind"], plan["per_hour"], plan["where"]) == ("mute", 600, "0/1/1")
    world.faults.end(plan["fault"])
    before = len(struck(world, "mute"))
    run_s(world.sim, 200)
    assert len(struck(world, "mute")) == before


def test_one_that_makes_no_sense_at_its_time_is_noted_and_the_next_one_comes():
    world = world_of("{what: no_power, where: 1/0|1/12, per_hour: 120}")
    run_s(world.sim, 600)
    assert facts(world.sim, "fault_refused", where="1/12") and struck(world, "no_power")


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("{what: noise, where: 1/0}", "site.yaml:5: faults[0]: give either at_s (when) or per_hour (at random)"),
        ("{what: noise, where: 1/0, at_s: 1, per_hour: 5}", "site.yaml:5: faults[0]: give either at_s"),
        (
            "{what: noise, where: 1/0, at_s: 1, until_s: 5}",
            "site.yaml:5: faults[0]: from_s and until_s belong to per_hour",
        ),
        ("{what: noise, where: 1/0, at_s: -1}", "site.yaml:5: faults[0].at_s: must not be negative"),
        (
            "{what: noise, where: 1/0, at_s: 1, args: {dbm: -20}}",
            "site.yaml:5: faults[0].args: noise has no argument dbm",
        ),
        (
            "{what: nois, where: 1/0, at_s: 1}",
            "site.yaml:5: faults[0].what: there is no fault nois (did you mean noise?)",
        ),
    ],
)
def test_wrong_lines_of_the_timetable(fault, problem):
    with pytest.raises(ConfigProblemsError) as caught:
        world_of(fault)
    assert str(caught.value.problems[0]).startswith(problem)


def test_by_command():
    sim = make_sim()
    faults = FaultRegistry(sim)
    hits: list[str] = []
    faults.register("hit", lambda where, _args: hits.append(where))
    number = faults.inject_at_random(AtRandom(faults, "hit", ["a", "b"], {}, None, 3600))
    run_s(sim, 60)
    assert len(hits) > 30 and set(hits) == {"a", "b"}
    faults.end(number)
    assert number not in faults.active
    with pytest.raises(FaultError, match="per_hour"):
        faults.inject_at_random(AtRandom(faults, "hit", ["a"], {}, None, 0))
    with pytest.raises(FaultError, match="no fault hitt"):
        faults.inject_at_random(AtRandom(faults, "hitt", ["a"], {}, None, 1))
