"""The scheduler killed at any instant: callers, places, conversations, records survive it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scheduler_loop import run
from scheduler_rig import Site

from boardd.api import board_schema as schema
from boardd.contract.objects import Call
from boardd.scheduler.agents.state import AgentStatus
from boardd.scheduler.contacts.model import ContactState


def test_bridged_contact_goes_on(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        call = await site.in_queue()
        site.world.lift("801")
        await site.settle(10)
        contact = site.contact_of(call).id
        await site.restart(away_s=20)
        assert site.contact_of(call).id == contact
        assert site.contact_of(call).state is ContactState.TALKING
        assert site.agent("1001").status is AgentStatus.TALKING
        assert len(site.world.truth.bridges) == 1
        await site.settle(10)
        site.world.release(call)
        await site.settle(12)
        assert site.agent("1001").status is AgentStatus.READY
        record = await site.record_of(call)
        assert 34_000 < record.talk_ms < 41_000
        assert record.recording_state == "done"
        assert record.coverage == 1.0
        assert len(await site.records()) == 1
        await site.stop()

    run(main)


def test_conversation_that_ended_while_the_scheduler_was_away(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        call = await site.in_queue()
        site.world.lift("801")
        await site.settle(10)
        agent_call = site.world.on("801").id
        await site.kill()
        site.world.release(call)
        site.world.release(agent_call)
        await site.settle(30)
        await site.start()
        await site.settle(15)
        records = await site.records()
        assert len(records) == 1
        record = await site.record_of(call)
        assert set(record.calls) == {call, agent_call}
        assert record.outcome == "talked"
        assert record.talk_ms < 11_000
        assert record.recording_state == "done"
        assert site.agent("1001").status is AgentStatus.READY
        assert site.world.facts == {}
        assert site.contacts() == []
        await site.stop()

    run(main)


def test_caller_in_the_menu_is_taken_up_at_its_node_and_digits_pressed_meanwhile_count(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.offer()
        await site.settle(3)
        contact = site.contact_of(call).id
        await site.kill()
        await site.settle(2)
        site.world.digits(call, "2")
        await site.start()
        assert site.contact_of(call).id == contact
        assert site.contact_of(call).state is ContactState.QUEUED
        assert site.contact_of(call).queue == "support"
        await site.stop()

    run(main)


def test_menu_prompt_is_repeated_after_a_restart(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.offer()
        await site.settle(3)
        await site.restart()
        assert site.world.names(call) == ["welcome", "menu", "menu"]
        site.world.digits(call, "1")
        await site.settle(0.2)
        assert site.contact_of(call).queue == "sales"
        await site.stop()

    run(main)


def test_queue_places_are_kept_in_order(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        calls = [await site.in_queue(str(i)) for i in range(3)]
        entered = [site.contact_of(call).place.entered for call in calls]
        await site.restart(away_s=5)
        assert [site.contact_of(call).place.entered for call in calls] == entered
        assert site.world.names(calls[0])[-1] == "music"
        late = await site.in_queue("late")
        order = []
        await site.agents_ready(a1001="801")
        for _ in range(4):
            order.append(site.world.on("801").caller)
            site.world.lift("801")
            await site.settle(5)
            site.world.release(site.contact_of(site.world.on("801").id).first.call)
            await site.settle(11)
        assert order == ["0", "1", "2", "late"]
        record = await site.record_of(calls[0])
        assert record.wait_ms > 5000
        assert await site.record_of(late)
        await site.stop()

    run(main)


def test_ringing_agent_goes_on_ringing(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        call = await site.in_queue()
        ringing = site.world.on("801").id
        await site.restart(away_s=3)
        assert site.world.on("801").id == ringing
        assert site.agent("1001").status is AgentStatus.RINGING
        site.world.lift("801")
        await site.settle(6)
        assert site.contact_of(call).state is ContactState.TALKING
        await site.stop()

    run(main)


def test_agent_lifted_the_handset_while_the_scheduler_was_away(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        call = await site.in_queue()
        await site.kill()
        await site.settle(1)
        site.world.lift("801")
        await site.settle(1)
        await site.start()
        await site.settle(6)
        assert site.contact_of(call).state is ContactState.TALKING
        assert len(site.world.truth.bridges) == 1
        await site.stop()

    run(main)


def test_killed_between_dial_and_its_answer_does_not_ring_twice(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        boards = site.scheduler.boards
        original = boards.call

        async def call_and_lose(method, params, kind):
            result = await original(method, params, kind)
            if method == "call.dial":
                site.world.client = None
                await original("call.hang", params, kind)
            return result

        boards.call = call_and_lose
        call = await site.in_queue()
        ringing = site.world.on("801").id
        await site.restart()
        assert site.world.on("801").id == ringing
        assert [leg.call for leg in site.contact_of(call).legs] == [call, ringing]
        dials = [params for method, params in site.world.log if method == "call.dial"]
        assert len({params.key for params in dials}) == 1
        await site.stop()

    run(main)


def test_caller_gone_while_away_is_closed_once_from_facts(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = await site.in_queue()
        await site.kill()
        site.world.release(call, 16)
        await site.start()
        await site.settle(1)
        records = await site.records()
        assert len(records) == 1
        assert (await site.record_of(call)).outcome == "abandoned_queue"
        for _ in range(3):
            await site.restart()
        assert await site.records() == records
        await site.stop()

    run(main)


def test_facts_sent_again_make_no_second_record(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.offer()
        await site.settle(1)
        kept = dict(site.world.facts)
        site.world.release(call)
        await site.settle(0.2)
        for _ in range(3):
            await site.restart()
            site.world.facts.update(kept)
            site.scheduler.boards.resend_facts()
            await site.settle(0.5)
        assert len(await site.records()) == 1
        await site.stop()

    run(main)


def test_call_lost_without_any_fact_is_closed_by_the_sweep(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = await site.in_queue()
        await site.kill()
        del site.world.truth.calls[call]
        await site.start()
        await site.settle(50)
        assert site.contact_of(call) is not None
        await site.settle(20)
        assert site.contact_of(call) is None
        assert (await site.record_of(call)).cause == 41
        await site.stop()

    run(main)


def test_stray_outgoing_call_is_hung_up(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        params = schema.DialParams(channel="s/1", tag="01ZZZZZZZZZZZZZZZZZZZZZZZZ")
        await site.scheduler.boards.call("call.dial", params, Call)
        assert site.world.on("801") is not None
        await site.settle(20)
        assert site.world.on("801") is None
        await site.stop()

    run(main)


def test_offer_that_came_while_away_is_taken(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.kill()
        call = site.world.offer()
        await site.settle(1)
        await site.start()
        await site.settle(1)
        assert site.contact_of(call).state is ContactState.IVR
        await site.stop()

    run(main)


def test_wrap_up_and_not_ready_survive(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801", a1002="802")
        site.scheduler.roster.not_ready("1002", "meal")
        call = await site.in_queue()
        site.world.lift("801")
        await site.settle(5)
        site.world.release(call)
        await site.settle(1)
        assert site.agent("1001").status is AgentStatus.WRAP_UP
        await site.restart(away_s=2)
        assert site.agent("1001").status is AgentStatus.WRAP_UP
        assert (site.agent("1002").status, site.agent("1002").reason) == (AgentStatus.NOT_READY, "meal")
        await site.settle(8)
        assert site.agent("1001").status is AgentStatus.READY
        await site.stop()

    run(main)


def test_agent_reserved_for_a_contact_that_does_not_know_it_yet(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = await site.in_queue()
        site.scheduler.distributor.match = lambda: None
        await site.agents_ready(a1001="801")
        site.scheduler.roster.reserve("1001", site.contact_of(call).id)
        await site.scheduler.store.save()
        await site.restart()
        assert site.agent("1001").status is AgentStatus.RINGING
        assert site.contact_of(call).place.agent == "1001"
        await site.stop()

    run(main)


def test_agent_granted_to_a_caller_who_leaves_in_the_same_moment_keeps_its_turn(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = await site.in_queue()
        site.scheduler.roster.login("1001")
        await site.settle(0.1)
        site.world.release(call)
        site.scheduler.roster.ready("1001")
        turn = site.agent("1001").turn
        site.scheduler.distributor.match()
        assert site.agent("1001").status is AgentStatus.RESERVED
        await site.settle(0.5)
        assert (site.agent("1001").status, site.agent("1001").turn) == (AgentStatus.READY, turn)
        assert site.world.on("801") is None
        await site.stop()

    run(main)


_ACTS = ("offer", "digit", "lift", "caller_off", "agent_off", "kill", "kill_now", "wait", "wait_long", "dial_out")


@pytest.mark.parametrize("orphan", [True, False])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(st.tuples(st.sampled_from(_ACTS), st.integers(0, 9)), min_size=3, max_size=25))
def test_any_sequence_with_kills_ends_clean(tmp_path_factory, orphan, plan):
    """Whatever happens: one record per contact, every call in exactly one record, nobody stuck."""

    async def main():
        site = Site(tmp_path_factory.mktemp("site"))
        world = site.world
        await site.start()
        await site.agents_ready(a1001="801", a1002="802")
        seen = []
        for act, n in plan:
            inbound = [c for c in world.truth.calls.values() if c.direction == "in" and c.group == "trunks"]
            if act == "offer" and len(inbound) < 5:
                seen.append(world.offer(str(n)))
            elif act == "digit" and inbound:
                world.digits(inbound[n % len(inbound)].id, str(n % 4))
            elif act == "lift":
                for extension in ("801", "802", "803"):
                    call = world.on(extension)
                    if call is not None and call.direction == "out" and call.state == "alerting":
                        world.lift(extension)
            elif act == "caller_off" and inbound:
                world.release(inbound[n % len(inbound)].id)
            elif act == "agent_off":
                call = world.on(("801", "802", "803")[n % 3])
                if call is not None and call.state == "connected":
                    world.release(call.id)
            elif act == "dial_out" and world.at("803").state == "idle":
                seen.append(world.station_dials("803", ("9123", "801", "*12", "555")[n % 4]))
            elif act == "kill":
                await site.kill(orphan)
                await site.settle(n / 2)
                await site.start()
            elif act == "kill_now":
                await site.settle(n / 500)
                await site.kill(orphan)
                await site.settle(0.5)
                await site.start()
            elif act == "wait":
                await site.settle(n / 3)
            elif act == "wait_long":
                await site.settle(n * 5)
        for call in list(world.truth.calls.values()):
            if call.id in world.truth.calls and call.direction == "in":
                world.release(call.id)
        await site.settle(120)
        assert world.truth.calls == {}
        assert world.truth.bridges == {}
        assert world.facts == {}
        assert site.contacts() == []
        assert site.scheduler.distributor.waiting("sales") == []
        assert {s.status for s in site.scheduler.roster.agents.values()} <= {
            AgentStatus.READY,
            AgentStatus.NOT_READY,
            AgentStatus.LOGGED_OUT,
        }
        records = list((await site.records()).values())
        in_records = [call for record in records for call in record.calls]
        assert len(in_records) == len(set(in_records))
        assert set(seen) <= set(in_records)
        assert len({record.contact for record in records if record.contact}) == sum(1 for r in records if r.contact)
        assert all(record.recording_state != "pending" for record in records)
        await site.stop()

    run(main)
