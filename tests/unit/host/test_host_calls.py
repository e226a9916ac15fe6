"""One call from its beginning to its end, on trunks."""

import pytest
from host_rig import rig
from host_vloop import virtual

from boardd.contract import driver as d
from boardd.contract.errors import DeviceError, UnknownIdError, WrongStateError
from boardd.contract.states import AnswerEvidence, BoardState, ChannelState, SpanState
from boardd.contract.states import ChannelState as S


def facts(r, call):
    return [str(f.fact) for f in r.host.journal.unacknowledged() if f.call_id == call]


@virtual
async def test_incoming_call_from_offer_to_idle():
    async with rig() as r:
        call = await r.offered("e1a/1/1", caller="13800138000", called="95588")
        assert r.types(call.id) == ["call_offered"]
        assert facts(r, call.id) == ["begin"]
        await r.do("call.answer", call=call.id, tag="t")
        await r.settle()
        assert call.state is S.CONNECTED and call.evidence is AnswerEvidence.CONNECT and call.controller == "acd"
        r.port("e1a/1/1").far_release(17, maker_code="0x11")
        await r.settle()
        assert r.types(call.id) == ["call_offered", "call_control", "call_connected", "call_released"]
        released = r.last("call_released")
        assert (released.call.cause, released.call.cause_origin, released.call.maker_code) == (17, "far", "0x11")
        assert facts(r, call.id) == ["begin", "answer", "end"]
        assert r.port("e1a/1/1").ops("hangup")
        assert r.line("e1a/1/1").channel.state is S.IDLE
        assert r.host.calls.snapshot() == []
        with pytest.raises(UnknownIdError):
            await r.do("call.hangup", call=call.id)


@virtual
async def test_begin_is_durable_before_the_offer_is_announced():
    async with rig() as r:
        seen = []
        original = r.host.journal.append

        async def slow(kind, call):
            seen.append((str(kind), r.types(call.id)))
            return await original(kind, call)

        r.host.journal.append = slow
        await r.offered("e1a/1/1")
        assert seen == [("begin", [])]


@virtual
async def test_events_during_the_journal_write_wait_and_keep_their_order():
    async with rig() as r:
        port = r.port("e1a/1/1")
        port.offer()
        port.far_release(31)
        await r.settle()
        call = r.last("call_released").call
        assert r.types(call.id) == ["call_offered", "call_released"]
        assert port.state is S.IDLE


@virtual
async def test_the_same_release_twice_is_one():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        r.port("e1a/1/1").delays["hangup"] = 0.5
        r.port("e1a/1/1").far_release(16)
        r.port("e1a/1/1").far_release(31)
        await r.settle(2)
        assert r.types(call.id).count("call_released") == 1
        assert r.last("call_released").call.cause == 16


@virtual
async def test_hangup_by_the_controller_and_cause_of_unknown_class_member():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        await r.do("call.hangup", call=call.id, cause=33)
        await r.settle()
        released = r.last("call_released").call
        assert released.cause == 47 and released.cause_origin == "local"


@virtual
async def test_reject_gives_the_network_the_cause():
    async with rig() as r:
        call = await r.offered("e1a/1/1")
        await r.do("call.reject", call=call.id, cause=17)
        await r.settle()
        port = r.port("e1a/1/1")
        assert port.ops("reject") == [("reject", 17)] and not port.ops("hangup")
        assert port.state is S.IDLE
        again = await r.talk("e1a/1/1")
        with pytest.raises(WrongStateError):
            await r.do("call.reject", call=again.id, cause=17)


@virtual
async def test_hangup_that_the_card_refuses_is_repeated_and_alarmed():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        port = r.port("e1a/1/1")
        port.faults["hangup"] = DeviceError("no", function="SsmHangup", vendor_code=-1)
        await r.do("call.hangup", call=call.id)
        await r.settle(1.5)
        assert r.types(call.id)[-1] == "call_released"
        assert [a.code for a in r.host.alarms.standing()] == ["hangup_failed"]
        del port.faults["hangup"]
        await r.settle(5)
        assert port.state is S.IDLE and r.host.alarms.standing() == []
        assert r.line("e1a/1/1").free


@virtual
async def test_host_alerts_in_time_unless_the_controller_did():
    async with rig() as r:
        first = await r.offered("e1a/1/1")
        second = await r.offered("e1a/1/2")
        await r.do("call.alert", call=second.id)
        await r.settle(1.3)
        assert not r.port("e1a/1/1").ops("alert")
        await r.settle(0.3)
        assert len(r.port("e1a/1/1").ops("alert")) == 1
        assert len(r.port("e1a/1/2").ops("alert")) == 1
        assert first.state is S.ALERTING and first.alerted is not None
        assert r.types(first.id).count("call_alerting") == 1


@virtual
async def test_fxo_answer_waits_for_caller_id_second_ring_or_time():
    async with rig() as r:
        for opened in ("caller_id", "ring", "time"):
            port = r.port("fxo/1")
            call = await r.offered("fxo/1")
            answer = r.host.tasks.spawn(r.do("call.answer", call=call.id), "answer")
            await r.settle(1)
            assert not port.ops("answer")
            port.emit(d.RingCount("fxo/1", 1))
            port.emit(d.CallerId("fxo/1", "0571", complete=False))
            await r.settle(0.1)
            assert not port.ops("answer")
            if opened == "caller_id":
                port.emit(d.CallerId("fxo/1", "057187654321"))
            elif opened == "ring":
                port.emit(d.RingCount("fxo/1", 2))
            else:
                await r.settle(6)
            await r.settle(0.1)
            assert port.ops("answer") and answer.done()
            if opened == "caller_id":
                assert call.caller == "057187654321" and r.types(call.id).count("caller_id") == 2
            port.far_release()
            await r.settle()
            port.log.clear()


@virtual
async def test_fxo_answer_waits_for_the_ring_that_the_group_names():
    async with rig() as r:
        r.line("fxo/1").group.caller_id_rings = 3
        call = await r.offered("fxo/1")
        port = r.port("fxo/1")
        answer = r.host.tasks.spawn(r.do("call.answer", call=call.id), "answer")
        for count in (1, 2):
            port.emit(d.RingCount("fxo/1", count))
            await r.settle(0.1)
            assert not port.ops("answer")
        port.emit(d.RingCount("fxo/1", 3))
        await r.settle(0.1)
        assert port.ops("answer") and answer.done()


@virtual
async def test_fxo_caller_gives_up_while_answer_waits():
    async with rig() as r:
        call = await r.offered("fxo/1")
        answer = r.host.tasks.spawn(r.do("call.answer", call=call.id), "answer")
        await r.settle(0.1)
        r.port("fxo/1").far_release(16)
        await r.settle()
        assert isinstance(answer.exception(), WrongStateError)
        assert not r.port("fxo/1").ops("answer")


@virtual
async def test_trunk_call_ends_after_max_call_s():
    async with rig() as r:
        call = await r.talk("fxo/2")
        await r.settle(14_399)
        assert call.released is None
        await r.settle(2)
        assert r.last("call_released").call.cause == 102


@virtual
async def test_releasing_that_lasts_raises_and_clears_an_alarm():
    async with rig() as r:
        port = r.port("fxo/1")
        port.keeps_line = True
        call = await r.talk("fxo/1")
        await r.do("call.hangup", call=call.id)
        await r.settle(119)
        assert r.host.alarms.standing() == []
        await r.settle(2)
        assert [a.code for a in r.host.alarms.standing()] == ["releasing_stuck"]
        port.free()
        await r.settle()
        assert r.host.alarms.standing() == [] and r.count("alarm_cleared") == 1


@virtual
async def test_call_on_a_channel_that_becomes_unusable_or_broken_ends():
    async with rig() as r:
        one, two = await r.talk("e1a/1/1"), await r.talk("e1a/1/2")
        r.port("e1a/1/1").step(S.OUT_OF_SERVICE)
        r.port("e1a/1/1").emit(d.Usable("e1a/1/1", False, "AIS"))
        r.port("e1a/1/2").step(S.BROKEN)
        r.port("e1a/1/2").emit(d.ChannelBroken("e1a/1/2", "dsp"))
        await r.settle()
        assert r.types(one.id)[-1] == r.types(two.id)[-1] == "call_released"
        assert r.line("e1a/1/1").channel.state is S.OUT_OF_SERVICE and r.line("e1a/1/1").channel.reason == "AIS"
        assert r.line("e1a/1/2").channel.state is S.BROKEN
        assert [a.code for a in r.host.alarms.standing()] == ["channel_broken"]
        r.port("e1a/1/2").step(S.IDLE)
        r.port("e1a/1/2").emit(d.Usable("e1a/1/2", True))
        await r.settle()
        assert r.host.alarms.standing() == [] and r.line("e1a/1/2").channel.reason == ""


@virtual
async def test_why_a_channel_is_unusable_is_announced_whenever_it_becomes_known():
    """The state may be seen before the driver's event with the reason, and the reason may change while it lasts."""
    async with rig() as r:
        port, line = r.port("e1a/1/1"), r.line("e1a/1/1")
        port.step(S.OUT_OF_SERVICE)
        line.sync()
        before = r.count("channel_state")
        for reason, announced in (("suspect", 1), ("suspect", 1), ("los", 2)):
            port.emit(d.Usable("e1a/1/1", False, reason))
            await r.settle()
            assert r.count("channel_state") - before == announced
            assert r.last("channel_state").channel.reason == reason
        port.step(S.IDLE)
        line.sync()
        for event in (d.Usable("e1a/1/1", False, "far"), d.Usable("e1a/1/1", True)):  # as told before it was seen
            port.emit(event)
            await r.settle()
            assert (line.channel.state, line.channel.reason) == (S.IDLE, "")


@virtual
async def test_unexpected_events_are_counted_and_strays_hung_up():
    async with rig() as r:
        port = r.port("e1a/1/1")
        port.emit(d.Connected("e1a/1/1", AnswerEvidence.CONNECT))
        port.emit(d.Digit("e1a/1/1", "5"))
        port.emit(d.Offered("nowhere/9"))
        port.emit(d.OffHook("e1a/1/1"))
        port.emit(d.DriverEvent("e1a/1/1"))
        await r.settle()
        assert r.line("e1a/1/1").counters["late"] == 2
        assert r.host.intake.counters["unexpected_OffHook"] == 1
        assert r.host.intake.counters["unexpected_Offered"] == 1
        port.step(S.DIALING)
        port.step(S.CONNECTED)
        port.emit(d.Connected("e1a/1/1", AnswerEvidence.CONNECT))
        await r.settle()
        assert port.state is S.IDLE and r.line("e1a/1/1").counters["stray"] == 1


@virtual
async def test_line_free_with_a_call_ends_it():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        r.port("e1a/1/1").step(S.RELEASING)
        r.port("e1a/1/1").free()
        await r.settle()
        assert r.types(call.id)[-1] == "call_released"
        assert r.last("call_released").call.cause_origin == "card"


@virtual
async def test_new_offer_over_a_call_that_never_ended_ends_it_first():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        port = r.port("e1a/1/1")
        port.step(S.RELEASING)
        port.offer(caller="2")
        await r.settle()
        assert r.types(call.id)[-1] == "call_released"
        assert r.last("call_offered").call.caller == "2"
        assert r.line("e1a/1/1").call is not None and not port.ops("hangup")


@virtual
async def test_tap_call_begins_and_ends_once():
    async with rig() as r:
        port = r.port("tap/1")
        port.step(S.OBSERVED)
        port.emit(d.Observed("tap/1", "in", caller="1"))
        await r.settle()
        call = r.last("call_observed").call
        assert call.observed and call.state is S.OBSERVED and call.caller == "1"
        port.emit(d.Observed("tap/1", "in", called="95588"))
        status = await r.do("call.record", call=call.id, path=str(r.root / "x.al"))
        port.samples = 8000
        port.end_record("released")
        port.step(S.IDLE)
        port.emit(d.LineFree("tap/1"))
        await r.settle()
        assert r.types(call.id) == ["call_observed", "caller_id", "record_ended", "call_released"]
        ended = r.last("call_released").call
        assert ended.records[0].id == status["id"] and ended.records[0].samples == 8000
        assert facts(r, call.id) == ["begin", "end"]


@virtual
async def test_late_better_evidence_is_told_and_dates_the_answer():
    async with rig() as r:
        made = await r.do("call.dial", group="lines", number="10086")
        port = r.port(made["channel"])
        port.connect(AnswerEvidence.NONE)
        await r.settle()
        call = r.line(made["channel"]).call.call
        assert call.answered is None and facts(r, call.id) == ["begin"]
        port.emit(d.Connected(port.id, AnswerEvidence.REVERSAL))
        await r.settle()
        assert call.answered is not None and facts(r, call.id) == ["begin", "answer"]
        assert r.types(call.id).count("call_connected") == 2


@virtual
async def test_digits_are_kept_and_counted():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        r.port("e1a/1/1").digits("12#")
        await r.settle()
        assert call.digits == "12#" and call.digit_count == 3
        assert [e.digit for e in r.events if e.type == "digit"] == ["1", "2", "#"]


@virtual
async def test_digits_of_a_number_sent_before_the_answer_are_no_keys_of_the_caller():
    async with rig() as r:
        call = await r.offered("fxo/1")
        r.port("fxo/1").digits("A13800138000C")
        await r.settle()
        assert (call.digits, call.digit_count) == ("", 0)
        assert not [e for e in r.events if e.type == "digit"]
        assert r.line("fxo/1").counters["digits_dropped"] == 13


@virtual
async def test_stop_hangs_up_everything_and_stops_the_library():
    async with rig() as r:
        calls = [await r.talk("e1a/1/1"), await r.offered("e1a/1/2"), await r.talk("fxo/1")]
        await r.host.stop()
        assert r.driver.stopped
        for call in calls:
            assert r.types(call.id)[-1] == "call_released" and facts(r, call.id)[-1] == "end"
        assert r.host.calls.snapshot() == []


@virtual
async def test_channel_state_is_told_with_the_one_before():
    async with rig() as r:
        await r.offered("e1a/1/1")
        event = r.last("channel_state")
        assert (event.old, event.channel.state) == ("idle", ChannelState.OFFERED)
        numbers = [e.hseq for e in r.events]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@virtual
async def test_answer_on_a_tapped_line_is_told_and_the_call_stays_observed():
    async with rig() as r:
        port = r.port("tap/1")
        port.step(S.OBSERVED)
        port.emit(d.Observed("tap/1", "in"))
        port.emit(d.Connected("tap/1", AnswerEvidence.HOOK))
        await r.settle()
        call = r.last("call_connected").call
        assert call.state is S.OBSERVED and call.answered is not None and call.evidence is AnswerEvidence.HOOK
        assert facts(r, call.id) == ["begin", "answer"]
        port.far_release(16)
        port.step(S.IDLE)
        port.emit(d.LineFree("tap/1"))
        await r.settle()
        assert r.types(call.id)[-1] == "call_released"


@virtual
async def test_a_card_that_waits_for_a_hang_up_gets_it_even_without_a_call():
    async with rig() as r:
        port = r.port("e1a/1/1")
        port.step(S.RELEASING)
        port.emit(d.ReleasedByFar("e1a/1/1", 44))
        await r.settle()
        assert port.ops("hangup") and r.line("e1a/1/1").free


@virtual
async def test_what_the_driver_does_to_its_own_description_is_not_taken_for_announced():
    async with rig() as r:
        port = r.port("fxs/1")
        port.info.off_hook = True
        port.lift()
        await r.settle()
        assert r.count("hook") == 1
        port.info.line_volts = 48
        port.emit(d.LineVoltage("fxs/1", 48))
        assert r.last("channel_state").channel.line_volts == 48
        port.put_down()
        await r.settle()


@virtual
async def test_alarms_of_the_driver_spans_and_boards():
    async with rig() as r:
        r.driver.sink(d.Trouble("libfake", "library_late", True, "SsmPlay"))
        r.driver.sink(d.SpanChanged("e1a/1", SpanState.ALARM, ("AIS",), 3))
        r.driver.sink(d.BoardChanged("fxo", BoardState.BROKEN, "dsp"))
        r.driver.sink(d.SpanChanged("nowhere/1", SpanState.UP))
        standing = {(a.code, a.subject): a.text for a in r.host.alarms.standing()}
        assert standing == {
            ("library_late", "d"): "SsmPlay",
            ("span_alarm", "e1a/1"): "AIS",
            ("board_broken", "fxo"): "dsp",
        }
        assert r.last("span_state").span.raw_status == 3 and r.last("board_state").board.reason == "dsp"
        r.driver.sink(d.Trouble("libfake", "library_late", False))
        r.driver.sink(d.SpanChanged("e1a/1", SpanState.DOWN))
        assert {a.code for a in r.host.alarms.standing()} == {"span_down", "board_broken"}
        r.driver.sink(d.SpanChanged("e1a/1", SpanState.UP))
        r.driver.sink(d.BoardChanged("fxo", BoardState.RUNNING))
        assert r.host.alarms.standing() == [] and r.host.intake.counters["unexpected_SpanChanged"] == 1


@virtual
async def test_whoever_else_ends_a_call_that_has_ended_changes_nothing():
    async with rig() as r:
        await r.talk("e1a/1/1")
        live = r.line("e1a/1/1").call
        r.host.calls.release(live, 17, "local")
        r.host.calls.release(live, 41, "host")
        await r.settle()
        assert live.call.cause == 17 and r.types(live.id).count("call_released") == 1
        assert r.line("e1a/1/1").holds == 0 and r.line("e1a/1/1").free
