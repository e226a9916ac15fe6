"""call, agents, contacts, records, reset: what a technician does."""

import json
import signal

from plant import CALL

from boardd.contract.errors import BrokenError, DeviceError, HostDownError


def asked(plant):
    return [(origin.method, origin.params) for origin in plant.host.asked]


def test_dial_on_a_group(ctl, plant):
    answer = ctl("call", "dial", "e1", "13800138000", "--caller", "88001000")
    assert (answer.code, answer.err) == (0, "")
    assert f"call {CALL} on e1a/1/1" in answer.out
    (method, params) = asked(plant)[0]
    assert method == "call.dial" and params["group"] == "e1" and params["number"] == "13800138000"
    assert params["caller"] == "88001000" and params["orphan"] == {"cause": 16}
    assert not plant.daemon.claims.all(), "the claim is given back"


def test_dial_rings_a_station(ctl, plant):
    answer = ctl("call", "dial", "8001", "--json")
    assert answer.json["channel"] == "ana/9" and answer.json["called"] == ""
    assert asked(plant)[0][1]["channel"] == "ana/9"


def test_dial_follows_until_the_end(process, plant):
    child = process("call", "dial", "#0", "13800138000", "--follow", "--json")
    assert json.loads(child.stdout.readline())["id"] == CALL
    plant.do(plant.host.release, CALL)
    out, err = child.communicate(timeout=20)
    assert [json.loads(line)["type"] for line in out.splitlines()][-1] == "call_released"
    assert (child.returncode, err) == (0, b"")


def test_interrupting_a_followed_call_hangs_it_up(process, plant):
    child = process("call", "dial", "#0", "13800138000", "--follow")
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=20)
    assert child.returncode == 130 and err == b""
    assert "call.hangup" in [method for method, _params in asked(plant)]


def test_answer_by_the_end_of_the_id_and_by_channel(ctl, plant):
    plant.do(plant.host.offer)
    assert ctl("call", "answer", "ca11").code == 0
    assert ctl("call", "answer", "pcm0/2").code == 0
    assert [method for method, _params in asked(plant)] == ["call.answer"] * 2
    assert {params["call"] for _method, params in asked(plant)} == {CALL}


def test_hangup_needs_no_claim_for_an_administrator(ctl, plant):
    plant.do(plant.host.offer)
    answer = ctl("call", "hangup", "#1", "--cause", "21", "--json")
    assert answer.json == {"call": CALL, "channel": "e1a/1/2"}
    assert asked(plant)[0] == ("call.hangup", {"call": CALL, "cause": 21, **_key(plant)})


def _key(plant):
    return {"key": plant.host.asked[0].params["key"]}


def test_unknown_calls(ctl, plant):
    answer = ctl("call", "hangup", "01J0000000000000000000CA12")
    assert answer.code == 1 and "there is no call" in answer.err
    assert "there is no call on channel e1a/1/1" in ctl("call", "answer", "#0").err


def test_a_word_that_fits_several_channels(ctl, plant):
    for channel in plant.host.channels.values():
        channel.label = "line"
    plant.stop_daemon()
    plant.start_daemon()
    answer = ctl("call", "dial", "line", "1")
    assert answer.code == 2 and "e1a/1/1, e1a/1/2" in answer.err


def test_refusals_by_the_host(ctl, plant):
    for error, code in (
        (HostDownError("gone", domain="synway"), 3),
        (BrokenError("crashed too often", reason="crashes"), 4),
        (DeviceError("SsmAutoDial failed: 0x23", function="SsmAutoDial"), 1),
    ):
        plant.host.refusal = error
        answer = ctl("call", "dial", "#0", "1")
        assert answer.code == code, error
        assert error.message in answer.err and "Traceback" not in answer.err


def test_errors_are_explained_in_chinese(ctl, plant):
    plant.host.refusal = DeviceError("SsmAutoDial failed: 0x23")
    answer = ctl("--lang", "zh_CN", "call", "dial", "#0", "1")
    assert "板卡或其驱动库拒绝" in answer.err and "SsmAutoDial" in answer.err


def test_reset(ctl, plant):
    assert ctl("reset", "synway").code == 0
    assert asked(plant) == [("board.reset", {"domain": "synway"})]


def test_a_span_is_looped(ctl, plant):
    assert "e1a/1: local_loop" in ctl("span", "e1a/1", "local_loop").out
    ((method, params),) = asked(plant)
    assert (method, params["span"], params["what"]) == ("span.maintain", "e1a/1", "local_loop")
    wrong = ctl("span", "e1a/9", "none")
    assert wrong.code != 0 and "e1a/1" in wrong.err
    assert ctl("span", "e1a/1", "somersault").code == 2


def test_agents(ctl, plant):
    out = ctl("agents").out
    assert "1001" in out and "王芳" in out and "ready" in out and "sales" in out
    found = ctl("agents", "--json").json
    assert [a["agent"] for a in found] == ["1001", "1002"] and found[1]["station"] == ""


def test_an_agent_logs_in(ctl, plant):
    answer = ctl("agents", "login", "1002", "8002")
    assert answer.code == 0 and "8002" in answer.out
    (method, params) = plant.service.asked[-1]
    assert (method, params.agent, params.station) == ("agent.login", "1002", "8002")


def test_agents_leave_come_and_hang_up(ctl, plant):
    for arguments, method in (
        (("logout", "1001"), "agent.logout"),
        (("ready", "1001"), "agent.ready"),
        (("hangup", "1001"), "agent.hangup"),
    ):
        answer = ctl("agents", *arguments)
        assert answer.code == 0, answer.err
        assert plant.service.asked[-1][0] == method


def test_a_change_that_is_refused(ctl, plant):
    answer = ctl("agents", "not-ready", "1002", "lunch")
    assert answer.code == 1 and "not possible in this state" in answer.err
    assert plant.service.asked[-1][1].reason == "lunch"


def test_contacts_and_queues(ctl, plant):
    out = ctl("contacts").out
    assert "main.sales" in out and "caller=e1a/1/2" in out and "longest wait (s)" in out and " 9" in out
    found = ctl("contacts", "--json").json
    assert found["contacts"][0]["state"] == "queued" and found["queues"][0]["ready"] == 1


def test_a_contact_is_ended_by_the_end_of_its_id(ctl, plant):
    assert ctl("contacts", "hangup", "c0nta").code == 0
    assert plant.service.asked[-1][1].contact == plant.service.contact.id
    assert "there is no contact" in ctl("contacts", "hangup", "zzzzz").err


def test_records(ctl, plant):
    out = ctl("records", "--number", "1234", "--agent", "1001", "--from", "2026-03-01", "--to", "2026-03-02 09:00").out
    assert "12.3" in out and "61.2" in out and "16 normal call clearing" in out and "1.0000" in out
    params = plant.service.asked[-1][1]
    assert (params.number, params.agent, params.queue, params.limit) == ("1234", "1001", "", 20)
    assert params.to_wall_ms - params.from_wall_ms == 33 * 3600 * 1000
    assert ctl("records", "--json").json[0]["gaps"] == [{"side": "left", "from_ms": 0, "to_ms": 20}]


def test_one_record(ctl, plant):
    out = ctl("records", plant.service.record.id).out
    assert "left:0-20ms" in out and "menu=1" in out and "61.250" in out
    assert ctl("records", plant.service.record.id, "--json").json["cause"] == 16
    answer = ctl("records", "nothing")
    assert answer.code == 1 and "there is no record" in answer.err


def test_without_a_scheduler(ctl, idle_plant):
    idle_plant.start_daemon()
    for verb in ("agents", "contacts", "records"):
        answer = ctl(verb)
        assert answer.code == 3 and "scheduler.sock" in answer.err
