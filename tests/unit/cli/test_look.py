"""status, channels, calls, events: what a technician looks at."""

import json

import pytest
from plant import CALL
from rich.cells import cell_len

from boardd.contract.states import BoardState
from boardd.daemon.resolve import resolve_channel


def column_starts(line, words):
    return [cell_len(line[: line.index(word)]) for word in words]


def test_status_shows_everything(ctl, plant):
    answer = ctl("status")
    assert answer.code == 0, answer.err
    for word in ("synway", "5.4.3", "SHD-30A-CT/PCI", "3080001", "isdn_user", "span_alarm", "LOS", "disk full"):
        assert word in answer.out
    assert "5 channels, 0 calls" in answer.out
    assert "contacts 1, waiting 1, agents ready 1" in answer.out


def test_status_in_chinese_keeps_names_of_states(ctl, plant):
    answer = ctl("--lang", "zh_CN", "status")
    assert answer.code == 0
    assert "板卡" in answer.out and "序列号" in answer.out and "告警" in answer.out
    assert "running" in answer.out and "isdn_user" in answer.out


def test_status_json_has_every_field(ctl, plant):
    answer = ctl("status", "--json")
    assert answer.code == 0
    found = answer.json
    assert set(found) == {"status", "snapshot", "scheduler"}
    channel = next(c for c in found["snapshot"]["channels"] if c["id"] == "e1a/1/1")
    assert channel["label"] == "" and channel["call_id"] is None and channel["reason"] == ""
    assert found["scheduler"]["alarms"] == [{"code": "recording", "text": "disk full"}]


def test_status_without_a_scheduler(ctl, idle_plant):
    idle_plant.start_daemon()
    answer = ctl("status")
    assert answer.code == 0
    assert "scheduler: not running" in answer.out
    assert ctl("status", "--json").json["scheduler"] is None


def test_status_of_a_broken_board_has_its_own_exit_code(ctl, idle_plant):
    idle_plant.host.state = BoardState.BROKEN
    idle_plant.start_daemon()
    answer = ctl("status")
    assert answer.code == 4
    assert "crashes" in answer.out


def test_channels_align_with_double_width_characters(ctl, plant):
    lines = ctl("--lang", "zh_CN", "channels", "--group", "stations").out.splitlines()
    header = next(line for line in lines if "通道号" in line)
    first = next(line for line in lines if "8001" in line)
    second = next(line for line in lines if "8002" in line)
    heads = column_starts(header, ["通道号", "分机号", "标签", "状态"])
    assert heads == column_starts(first, ["#38", "8001", "前台", "idle"])
    assert heads == column_starts(second, ["#39", "8002", "Reception", "idle"])


def test_columns_without_content_are_left_out(ctl, plant):
    trunks = ctl("channels", "--group", "e1").out
    assert "PCM/slot" in trunks and "e1a/1/2" in trunks
    assert "extension" not in trunks and "volts" not in trunks


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("e1a/1/2", "e1a/1/2"),
        ("#1", "e1a/1/2"),
        ("e1a#1", "e1a/1/2"),
        ("synway#1", "e1a/1/2"),
        ("pcm0/2", "e1a/1/2"),
        ("PCM0:ts2", "e1a/1/2"),
        ("8001", "ana/9"),
        ("前台", "ana/9"),
        ("Reception desk", "ana/10"),
    ],
)
def test_a_channel_in_any_form(ctl, plant, text, channel):
    answer = ctl("channels", text, "--json")
    assert [c["id"] for c in answer.json] == [channel]
    assert resolve_channel(plant.daemon.registry.mirror, text).id == channel, "the daemon must read it alike"


def test_one_channel_shows_counters_and_abilities(ctl, plant):
    out = ctl("channels", "#0").out
    assert "calls" in out and "7" in out and "can: dial answer" in out


@pytest.mark.parametrize(
    ("arguments", "close"),
    [
        (("channels", "8003"), "8002"),
        (("channels", "e1a/1/22"), "e1a/1/2"),
        (("channels", "--group", "station"), "stations"),
        (("channels", "--state", "idel"), "idle"),
        (("reset", "sinway"), "synway"),
        (("agents", "ready", "1003"), "1001"),
    ],
)
def test_unknown_names_bring_the_nearest(ctl, plant, arguments, close):
    answer = ctl(*arguments)
    assert answer.code == 1
    assert "Did you mean" in answer.err and close in answer.err
    assert close in json.loads(ctl(*arguments, "--json").err)["data"]["nearest"]


def test_calls(ctl, plant):
    assert "Calls: none" in ctl("calls").out
    plant.do(plant.host.offer)
    assert CALL in ctl("calls").out
    (call,) = ctl("calls", "--json").json
    assert (call["state"], call["caller"], call["cause"]) == ("offered", "13900001234", None)


def test_bridges(ctl, plant):
    """A talk with somebody who listens; the treatment of whom it leaves alone."""
    assert "Bridges: none" in ctl("bridges").out
    plant.do(plant.host.bridge)
    (line,) = [row for row in ctl("bridges").out.splitlines() if "BRIDGE" in row]
    assert "e1a/1/1 ⇄ ana/9, e1a/1/1 → ana/10 (-6.0 dB)" in line
    assert "e1a/1/1: treat, ana/9: release, ana/10: release" in line and "scheduler" in line
    assert "谁听谁" in ctl("--lang", "zh_CN", "bridges").out
    (bridge,) = ctl("bridges", "--json").json
    assert [link["gain_mb"] for link in bridge["links"]] == [0, 0, -600] and bridge["domain"] == "synway"


def test_past_events(ctl, plant):
    plant.do(plant.host.offer)
    plant.do(plant.host.release, CALL)
    lines = ctl("events", "--last", "2").out.splitlines()
    assert len(lines) == 2
    assert "call_offered" in lines[0] and "idle→offered" in lines[0] and "13900001234→88001000" in lines[0]
    assert "call_released" in lines[1] and "17 user busy" in lines[1]
    chinese = ctl("--lang", "zh_CN", "events", "--last", "1").out
    assert "call_released" in chinese and "用户忙" in chinese
    everything = ctl("events", "--last", "100000", "--json").out.splitlines()
    assert [json.loads(line)["seq"] for line in everything] == list(range(1, len(everything) + 1))


def test_events_go_back_no_further_than_the_daemon_remembers(ctl, plant):
    for _round in range(3):
        plant.do(plant.host.offer)
        plant.do(plant.host.release, CALL)
    plant.daemon.events._ring.popleft()
    shown = ctl("events", "--last", "100000", "--json").out.splitlines()
    numbers = [json.loads(line)["seq"] for line in shown]
    assert numbers == list(range(numbers[0], plant.daemon.events.seq + 1)) and numbers[0] > 1


def test_followed_events_end_with_the_count(process, plant):
    child = process("events", "--follow", "--last", "0", "--count", "2", "--json")
    while plant.daemon.events.subscribers == 0:
        plant.do(lambda: None)
    plant.do(plant.host.offer)
    plant.do(plant.host.release, CALL)
    out, err = child.communicate(timeout=20)
    assert [json.loads(line)["type"] for line in out.splitlines()] == ["call_offered", "call_released"]
    assert (child.returncode, err) == (0, b"")


def test_following_ends_with_the_daemon(process, plant):
    child = process("events", "--follow", "--last", "0")
    while plant.daemon.events.subscribers == 0:
        plant.do(lambda: None)
    plant.stop_daemon()
    _out, err = child.communicate(timeout=20)
    assert child.returncode == 3
    assert b"Traceback" not in err and b"systemctl" in err


def test_a_reader_that_goes_away_is_no_error(process, plant):
    child = process("events", "--follow", "--last", "0")
    while plant.daemon.events.subscribers == 0:
        plant.do(lambda: None)
    child.stdout.close()
    plant.do(plant.host.offer)
    plant.do(plant.host.release, CALL)
    assert child.wait(20) == 0
    assert child.stderr.read() == b""
    child.stdout = None


def test_scan_shows_the_cards_of_the_hosts(ctl, plant):
    answer = ctl("scan", "--json")
    assert answer.code == 0
    assert answer.json["cards"] == plant.host.cards
    assert "SHD-30A-CT/PCI" in ctl("scan").out and "fxo=8" in ctl("scan").out


def test_scan_without_a_daemon_says_so(ctl):
    answer = ctl("scan", "--json")
    assert answer.code == 0
    assert answer.json["cards"] == [] and "daemon" in answer.json["problems"]
