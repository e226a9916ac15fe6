"""Whole contacts on the boards' double: menu, queue, talk, ring no answer, features, internal and outside calls."""

import pytest
from scheduler_loop import run
from scheduler_rig import Site

from boardd.contract.errors import HostDownError, UnsupportedError
from boardd.contract.objects import Domain
from boardd.contract.states import AnswerEvidence, BoardState, ChannelState
from boardd.media.wav import read_info
from boardd.scheduler.agents.state import AgentStatus
from boardd.scheduler.contacts.model import ContactState


def test_welcome_menu_queue_agent_record(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        call = site.world.offer("13800138000")
        await site.settle(2.5)
        assert site.world.names(call)[:2] == ["welcome", "menu"]
        await site.settle(1)
        site.world.digits(call, "1")
        await site.settle(0.1)
        contact = site.contact_of(call)
        assert contact.state is ContactState.QUEUED
        assert site.agent("1001").status is AgentStatus.RINGING
        assert site.world.on("801").caller == "13800138000"
        assert site.world.on("801").tag == contact.id
        await site.settle(3)
        site.world.lift("801")
        await site.settle(0.1)
        assert contact.state is ContactState.CONNECTING
        assert site.world.names(call)[-6:] == [
            "agent_number",
            "digit_1",
            "digit_0",
            "digit_0",
            "digit_1",
            "at_your_service",
        ]
        await site.settle(5)
        assert contact.state is ContactState.TALKING
        await site.settle(30)
        site.world.put_down("801")
        await site.settle(0.1)
        assert contact.state is ContactState.FAREWELL
        assert site.agent("1001").status is AgentStatus.WRAP_UP
        await site.settle(11)
        assert site.agent("1001").status is AgentStatus.READY
        record = await site.record_of(call)
        assert record.contact == contact.id
        assert record.caller == "13800138000"
        assert record.queue == "sales"
        assert record.agent == "1001"
        assert record.station == "801"
        assert record.digits == "1"
        assert record.cause == 16
        assert record.outcome == "talked"
        assert 3000 <= record.wait_ms <= 3200
        assert 30_000 <= record.talk_ms <= 35_500
        assert len(record.calls) == 2
        await site.settle(10)
        record = await site.record_of(call)
        assert record.recording_state == "done"
        assert record.coverage == 1.0
        assert record.gaps == []
        info = read_info(tmp_path / "recordings" / record.recording)
        assert (info.format, info.channels) == (6, 2)
        assert abs(info.duration_ms - record.talk_ms) < 200
        name = (tmp_path / "recordings" / record.recording).name
        assert name == f"100000_t-1-1_801_13800138000_in_{contact.id}.wav"
        assert list((tmp_path / "recordings" / ".raw").iterdir()) == []
        assert site.world.facts == {}
        assert len(await site.records()) == 1
        await site.stop()

    run(main)


def test_recording_is_started_before_the_bridge_and_stopped_after_it(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        await site.in_queue()
        site.world.lift("801")
        await site.settle(10)
        methods = [method for method, _params in site.world.log]
        assert methods.index("call.record") < methods.index("bridge.create")
        assert methods.count("call.record") == 2
        site.world.put_down("801")
        await site.settle(0.1)
        methods = [method for method, _params in site.world.log]
        assert methods.index("call.stop_record") > methods.index("bridge.create")
        await site.stop()

    run(main)


def test_caller_hangs_up_while_the_agent_rings(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        turn = site.agent("1001").turn
        call = await site.in_queue()
        assert site.agent("1001").status is AgentStatus.RINGING
        site.world.release(call)
        await site.settle(0.2)
        assert site.world.on("801") is None
        assert site.agent("1001").status is AgentStatus.READY
        assert site.agent("1001").turn == turn
        record = await site.record_of(call)
        assert record.outcome == "abandoned_queue"
        assert record.talk_ms == 0
        assert record.coverage is None
        await site.stop()

    run(main)


def test_ring_no_answer_goes_to_the_next_agent_and_keeps_the_place(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801", a1002="802")
        call = await site.in_queue()
        place = site.contact_of(call).place
        entered = place.entered
        assert place.agent == "1001"
        await site.settle(15.2)
        assert site.agent("1001").status is AgentStatus.NOT_READY
        assert site.agent("1001").reason == "no_answer"
        assert site.agent("1002").status is AgentStatus.RINGING
        assert site.contact_of(call).place.entered == entered
        site.world.lift("802")
        await site.settle(6)
        site.world.release(call)
        await site.settle(0.3)
        record = await site.record_of(call)
        assert record.agent == "1002"
        assert 15_000 < record.wait_ms < 16_000
        await site.stop()

    run(main)


def test_station_that_cannot_be_rung_rests_then_is_not_ready(tmp_path):
    async def main():
        site = Site(tmp_path)
        site.world.ring_fails.add("801")
        await site.start()
        await site.agents_ready(a1001="801")
        call = await site.in_queue()
        assert site.agent("1001").status is AgentStatus.READY
        await site.settle(8)
        assert site.agent("1001").status is AgentStatus.NOT_READY
        assert site.agent("1001").reason == "station_fault"
        assert site.contact_of(call).state is ContactState.QUEUED
        await site.stop()

    run(main)


def test_an_agents_host_that_dies_while_it_is_connected_costs_the_caller_nothing(tmp_path):
    async def main():
        site = Site(tmp_path)
        site.world.truth.domains["d2"] = Domain(name="d2", driver="fake", connected=True, state=BoardState.RUNNING)
        site.world.at("801").domain = "d2"
        await site.start()
        await site.agents_ready(a1001="801")
        call = await site.in_queue()
        await site.settle(2)
        site.world.lift("801")
        await site.settle(0.1)
        assert site.contact_of(call).state is ContactState.CONNECTING
        site.world.client.mirror.domains["d2"].connected = False
        site.world.refuse["bridge.create"] = HostDownError("the host of domain d2 is not connected")
        await site.settle(4.5)
        contact = site.contact_of(call)
        assert (contact.state, contact.agent, contact.place.agent) == (ContactState.QUEUED, "", "")
        assert site.agent("1001").status is AgentStatus.READY
        assert site.world.names(call)[-1] == "music"
        del site.world.refuse["bridge.create"]
        site.world.client.mirror.domains["d2"].connected = True
        await site.settle(3)
        site.world.lift("801")
        await site.settle(6)
        assert contact.state is ContactState.TALKING
        site.world.put_down("801")
        await site.settle(20)
        (record,) = (await site.records()).values()
        assert (record.outcome, record.agent, record.cause, record.recording_state) == ("talked", "1001", 16, "done")
        assert record.wait_ms > 5000, "both waits"
        assert record.coverage == 1.0
        await site.stop()

    run(main)


def test_a_bridge_that_is_refused_for_any_other_reason_ends_the_contact(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        call = await site.in_queue()
        await site.settle(2)
        site.world.refuse["bridge.create"] = UnsupportedError("no ties")
        site.world.lift("801")
        await site.settle(10)
        record = await site.record_of(call)
        assert (record.outcome, record.cause) == ("failed", 47)
        await site.stop()

    run(main)


def test_waiting_too_long_takes_the_way_of_on_timeout(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = await site.in_queue(digit="2")
        assert site.world.names(call)[-1] in ("queue_wait", "music")
        await site.settle(50)
        assert site.world.names(call)[-1] == "music"
        await site.settle(11)
        assert site.world.names(call)[-1] == "goodbye"
        await site.settle(3)
        record = await site.record_of(call)
        assert (record.outcome, record.wait_ms) == ("no_answer", 60_000)
        await site.stop()

    run(main)


def test_agent_who_becomes_ready_is_offered_the_oldest_contact_at_once(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        first = await site.in_queue("111", digit="2")
        second = await site.in_queue("222", digit="1")
        third = await site.in_queue("333", digit="1")
        site.scheduler.roster.login("1002", "802")
        site.scheduler.roster.ready("1002")
        await site.settle(0.05)
        assert site.world.on("802").caller == "111"
        site.world.lift("802")
        await site.settle(0.2)
        site.world.put_down("802")
        await site.settle(0.2)
        assert site.world.on("802").caller == "222"
        assert site.contact_of(third).place.agent == ""
        assert site.contact_of(first) is None and site.contact_of(second) is not None
        await site.stop()

    run(main)


def test_digits_typed_during_a_prompt_with_barge_in_are_all_read(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.offer()
        await site.settle(0.3)
        site.world.digits(call, "1")
        await site.settle(0.2)
        contact = site.contact_of(call)
        assert contact.state is ContactState.QUEUED
        assert contact.queue == "sales"
        assert contact.position.used == 1
        assert "menu" not in site.world.names(call)
        await site.stop()

    run(main)


def test_wrong_and_missing_digits(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.offer()
        await site.settle(3)
        site.world.digits(call, "7")
        await site.settle(0.1)
        assert site.world.names(call)[-2:] == ["invalid", "menu"]
        await site.settle(9.5)
        await site.settle(5)
        assert site.world.names(call)[-1] == "goodbye"
        await site.settle(3)
        record = await site.record_of(call)
        assert record.outcome == "self_service"
        assert record.digits == "7"
        await site.stop()

    run(main)


def test_feature_codes(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()

        async def dial(extension, digits):
            call = site.world.station_dials(extension, digits)
            await site.settle(3)
            return site.world.names(call)

        assert await dial("802", "*111002#") == ["logged_in"]
        assert site.agent("1002").status is AgentStatus.NOT_READY
        assert site.agent("1002").station == "802"
        assert await dial("802", "*13") == ["ready"]
        assert site.agent("1002").status is AgentStatus.READY
        assert await dial("802", "*14") == ["not_ready"]
        assert site.agent("1002").status is AgentStatus.NOT_READY
        assert await dial("803", "*111002#") == ["logged_in"]
        assert site.agent("1002").station == "803"
        assert await dial("802", "*111009#") == ["refused"]
        assert await dial("802", "*111001#") == ["refused"]
        assert await dial("802", "*13") == ["refused"]
        assert await dial("801", "*11") == ["logged_in"]
        assert site.agent("1001").status is AgentStatus.NOT_READY
        assert await dial("803", "*12") == ["logged_out"]
        assert site.agent("1002").status is AgentStatus.LOGGED_OUT
        kinds = {record.kind for record in (await site.records()).values()}
        assert kinds == {"feature"}
        await site.stop()

    run(main)


def test_login_asks_for_the_number(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.station_dials("802", "*11")
        await site.settle(0.2)
        assert site.world.names(call) == ["enter_agent"]
        site.world.digits(call, "1002#")
        await site.settle(0.2)
        assert site.world.names(call)[-1] == "logged_in"
        assert site.agent("1002").station == "802"
        await site.stop()

    run(main)


def test_internal_call_occupies_the_agents_and_is_recorded_as_internal(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801", a1002="802")
        call = site.world.station_dials("801", "802")
        await site.settle(0.2)
        assert site.agent("1001").status is AgentStatus.TALKING
        assert site.agent("1002").status is AgentStatus.TALKING
        assert site.world.on("802").caller == "801"
        site.world.lift("802")
        await site.settle(10)
        assert len(site.world.truth.bridges) == 1
        site.world.put_down("802")
        await site.settle(0.3)
        assert site.world.on("801") is None
        assert site.agent("1001").status is AgentStatus.READY
        assert site.agent("1002").status is AgentStatus.READY
        record = await site.record_of(call)
        assert (record.kind, record.caller, record.called) == ("internal", "801", "802")
        assert 9_900 < record.talk_ms < 10_100
        assert record.recording_state == "none"
        await site.stop()

    run(main)


@pytest.mark.parametrize(
    ("cause", "prompt"), [(17, "busy"), (1, "unallocated"), (19, "no_answer"), (34, "unreachable")]
)
def test_outside_call_that_fails_tells_the_station_why(tmp_path, cause, prompt):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.station_dials("801", "902188886666")
        await site.settle(0.2)
        out = next(c for c in site.world.truth.calls.values() if c.group == "trunks")
        assert out.called == "02188886666"
        site.world.release(out.id, cause)
        await site.settle(0.2)
        assert site.world.names(call) == [prompt]
        await site.settle(5)
        record = await site.record_of(call)
        assert (record.kind, record.cause, record.called) == ("outbound", cause, "02188886666")
        await site.stop()

    run(main)


def test_outside_call_lets_the_station_hear_the_line_and_counts_talk_from_the_answer(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.station_dials("801", "902188886666")
        await site.settle(0.2)
        out = next(c for c in site.world.truth.calls.values() if c.group == "trunks")
        site.world.progress(out.id, ChannelState.ALERTING)
        await site.settle(5)
        assert len(site.world.truth.bridges) == 1
        site.world.connect(out, AnswerEvidence.CONNECT)
        await site.settle(20)
        site.world.release(out.id)
        await site.settle(5)
        record = await site.record_of(call)
        assert 19_900 < record.talk_ms < 20_100
        assert record.answer_evidence == "connect"
        assert record.direction == "out"
        assert record.coverage == 1.0
        await site.stop()

    run(main)


def test_transfer_from_a_flow(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = await site.in_queue(digit="0")
        assert site.world.on("803") is not None
        await site.settle(20.5)
        assert site.world.on("803") is None
        assert site.world.names(call)[-1] == "goodbye"
        other = await site.in_queue(digit="0")
        site.world.lift("803")
        await site.settle(5)
        site.world.release(other)
        await site.settle(0.3)
        assert site.world.on("803") is None
        record = await site.record_of(other)
        assert (record.outcome, record.station) == ("talked", "803")
        await site.stop()

    run(main)


def test_call_nobody_claimed_gets_its_own_record(tmp_path):
    async def main():
        site = Site(tmp_path)
        call = site.world.offer()
        site.world.release(call, 16)
        await site.start()
        records = await site.records()
        assert list(records) == [call]
        assert records[call].kind == "unclaimed"
        assert records[call].contact == ""
        assert site.world.facts == {}
        await site.stop()

    run(main)


def test_number_without_route_is_refused(tmp_path):
    async def main():
        from scheduler_rig import DEMO

        site = Site(tmp_path, DEMO.replace('called: "*"', 'called: "8*"'))
        await site.start()
        call = site.world.offer(called="999")
        await site.settle(0.3)
        record = await site.record_of(call)
        assert (record.cause, record.outcome) == (1, "failed")
        await site.stop()

    run(main)
