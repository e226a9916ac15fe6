"""Distribution: strict first-come, longest idle agent, against a model written in another way."""

from hypothesis import given, settings
from hypothesis import strategies as st
from scheduler_loop import run
from scheduler_rig import DEMO

from boardd.scheduler.acd.distributor import Distributor
from boardd.scheduler.agents.roster import Roster
from boardd.scheduler.agents.state import AgentStatus
from boardd.scheduler.config import read_scheduler

CONFIG = """
routes: []
flows: {f: {start: a, nodes: {a: {kind: hangup}}}}
queues:
  x: {agents: ["1", "2", "3"], wrap_up_s: 0}
  y: {agents: ["3", "4"], wrap_up_s: 0}
agents: {"1": {station: "81"}, "2": {station: "82"}, "3": {station: "83"}, "4": {station: "84"}}
"""
SERVES = {"x": ("1", "2", "3"), "y": ("3", "4")}


class NoStore:
    def put_agent(self, agent, body, event):
        pass


def make(tmp_path, grants, unreachable):
    config = read_scheduler(CONFIG, tmp_path)
    distributor = None
    roster = Roster(config, NoStore(), lambda _state: None)
    distributor = Distributor(roster, lambda ext: ext not in unreachable, lambda *pair: grants.append(pair))
    return roster, distributor


acts = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from("xy")),
    st.tuples(st.just("ready"), st.sampled_from("1234")),
    st.tuples(st.just("leave"), st.integers(0, 20)),
    st.tuples(st.just("done"), st.integers(0, 20)),
    st.tuples(st.just("refuse"), st.integers(0, 20)),
    st.tuples(st.just("phone"), st.sampled_from("1234")),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(acts, max_size=60))
def test_strict_order_and_longest_idle(tmp_path_factory, plan):
    async def main():
        grants, unreachable = [], set()
        roster, distributor = make(tmp_path_factory.getbasetemp(), grants, unreachable)
        waiting, idle, taken, number = [], [], {}, 0

        def expect():
            """The model: repeatedly the first waiting contact that any idle agent serves, to the first such agent."""
            made = []
            for contact, queue in list(waiting):
                for agent in list(idle):
                    if agent in SERVES[queue] and "8" + agent not in unreachable:
                        idle.remove(agent)
                        waiting.remove((contact, queue))
                        taken[contact] = (agent, queue)
                        made.append((contact, agent))
                        break
            return made

        for act, what in plan:
            if act == "enter":
                number += 1
                contact = f"c{number}"
                distributor.enter(contact, what, 0)
                waiting.append((contact, what))
            elif act == "ready":
                if roster.get(what).status in (AgentStatus.LOGGED_OUT, AgentStatus.NOT_READY):
                    roster.login(what)
                    roster.ready(what)
                    idle.append(what)
            elif act == "leave" and waiting:
                contact, _queue = waiting.pop(what % len(waiting))
                distributor.leave(contact)
            elif act == "done" and taken:
                contact = sorted(taken)[what % len(taken)]
                agent, _queue = taken.pop(contact)
                distributor.leave(contact)
                roster.talks(agent, contact)
                roster.release(agent, contact, 0.0)
                idle.append(agent)
            elif act == "refuse" and taken:
                contact = sorted(taken)[what % len(taken)]
                agent, queue = taken.pop(contact)
                roster.did_not_answer(agent, contact, "no_answer")
                distributor.offered(contact, False)
                waiting.append((contact, queue))
                waiting.sort(key=lambda pair: int(pair[0][1:]))
            elif act == "phone":
                unreachable ^= {"8" + what}
            grants.clear()
            distributor.match()
            assert grants == expect()
        roster.close()

    run(main)


def test_position_counts_only_the_own_queue(tmp_path):
    async def main():
        _roster, distributor = make(tmp_path, [], set())
        distributor.enter("a", "x", 0)
        distributor.enter("b", "y", 0)
        distributor.enter("c", "x", 0)
        assert [distributor.ahead(c) for c in ("a", "b", "c", "gone")] == [0, 0, 1, 0]

    run(main)


def test_old_place_is_taken_again_and_new_ones_come_after_it(tmp_path):
    async def main():
        _roster, distributor = make(tmp_path, [], set())
        distributor.enter("old", "x", 0, seq=7)
        distributor.enter("older", "x", 0, seq=3)
        distributor.enter("new", "x", 0)
        assert [place.contact for place in distributor.waiting("x")] == ["older", "old", "new"]

    run(main)


def test_demo_configuration_loads(tmp_path):
    assert read_scheduler(DEMO, tmp_path).serves("1002", "support")
