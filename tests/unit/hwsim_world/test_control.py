"""The side door over a real socket, polled by the kernel's own loop."""

import contextlib
import json
import socket
from pathlib import Path

import pytest
from small_pbx import SmallPbx
from worldkit import Machine, facts, make_sim, run_s

from hwsim.control.commands import Commands
from hwsim.control.control import MAX_REQUEST_BYTES, ControlServer
from hwsim.control.world_commands import WorldCommands
from hwsim.kernel.loop import Loop
from hwsim.scenario.file import Scenario
from hwsim.scenario.world import World

DEMO = Path(__file__).with_name("demo_site.yaml")


class Door:
    def __init__(self, folder):
        self.sim = make_sim()
        machine = Machine.build(self.sim)
        self.world = World(self.sim, machine, Scenario.load(DEMO))
        SmallPbx(machine)
        self.loop, self.commands, self.stopped = Loop(), Commands(), []
        self.server = ControlServer(self.loop, self.commands, folder / "control.sock")
        self.world_commands = WorldCommands(self.world, folder, lambda: self.stopped.append(True))
        self.world_commands.register(self.commands)
        self.client = self.connect()

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(self.server.path))
        client.setblocking(False)
        self.loop.poll(1)
        return client

    def raw(self, data, client=None):
        client = client or self.client
        sent, answer = 0, b""
        while sent < len(data):
            with contextlib.suppress(BlockingIOError):
                sent += client.send(data[sent:])
            self.loop.poll(0)
        while not answer.endswith(b"\n"):
            self.loop.poll(0)
            try:
                part = client.recv(1 << 16)
            except BlockingIOError:
                continue
            if not part:
                return None
            answer += part
        return [json.loads(line) for line in answer.splitlines()]

    def ask(self, command, **args):
        (reply,) = self.raw(json.dumps({"id": 7, "command": command, "args": args}).encode() + b"\n")
        assert reply["id"] == 7
        return reply["result"] if reply["ok"] else reply["error"]

    def close(self):
        self.client.close()
        self.server.close()
        self.loop.close()
        self.sim.engine.close()


@pytest.fixture
def door(tmp_path):
    made = Door(tmp_path)
    yield made
    made.close()


def test_status_people_lines(door):
    run_s(door.sim, 2)
    status = door.ask("status")
    assert (status["site"], status["now_us"], status["seed"]) == ("演示站点", 2_000_000, 1)
    assert [p["person"] for p in door.ask("people")][:2] == ["张三", "李四"]
    assert door.ask("lines")[0] == {
        "line": "1/0", "off_hook": False, "ringing": False, "reversed": False, "pair": "good", "volts": 48,
        "exchange": "idle",
    }  # fmt: skip
    assert "station" in door.ask("help")


def test_station_by_hand(door):
    assert door.ask("station", station="801", act="dial", digits="1")["code"] == "refused"
    assert door.ask("station", station="801", act="lift")["off_hook"]
    run_s(door.sim, 3)
    assert door.ask("people")[0]["tone"] == "dial"
    door.ask("station", station="张三", act="dial", digits="123")
    run_s(door.sim, 2)
    assert [f["digit"] for f in facts(door.sim, "digit_sent", person="张三")] == list("123")
    door.ask("station", station="1/8", act="flash", ms=200)
    run_s(door.sim, 1)
    assert door.ask("station", station="801", act="hang_up")["off_hook"] is False
    assert door.ask("station", station="899", act="lift")["code"] == "bad_argument"
    assert door.ask("station", station="801", act="jump")["code"] == "bad_argument"


def test_dial_and_listen_and_truth(door, tmp_path):
    assert door.ask("listen", line="0/1/1")["file"] == str(tmp_path / "listen-001-0_1_1.wav")
    assert door.ask("listen", line="0/1/1")["code"] == "refused"
    name = door.ask("dial", **{"from": "13800000001", "to": "88001000"})["person"]
    assert door.ask("dial", **{"from": "13800000001", "to": "88001000"})["code"] == "refused"
    run_s(door.sim, 10)
    done = door.ask("listen", line="0/1/1", on=False)
    assert done["samples"] == 80_000
    assert (tmp_path / done["file"]).stat().st_size == 44 + 160_000
    found = door.ask("truth", what="call_answer")
    assert found["facts"] == facts(door.sim, "call_answer") and found["facts"]
    assert door.ask("truth", since=found["next"]) == {"facts": [], "next": found["next"]}
    assert len(door.ask("truth", limit=3)["facts"]) == 3
    assert door.ask("truth", match={"person": name})["facts"][0]["what"] == "caller_begin"
    assert door.ask("callers")["callers"][0]["line"] == "0/1/1"


def test_faults(door):
    assert "cut_pair" in door.ask("faults")["kinds"]
    number = door.ask("fault", kind="cut_pair", where="1/0")["fault"]
    assert door.ask("lines")[0]["volts"] == 0
    assert door.ask("faults")["active"] == [{"fault": number, "kind": "cut_pair", "where": "1/0"}]
    door.ask("fault_end", fault=number)
    assert door.ask("lines")[0]["volts"] == 48
    assert "did you mean cut_pair?" in door.ask("fault", kind="cut_pare", where="1/0")["message"]
    glitch = door.ask("fault", kind="reversal_glitch", where="1/0")["fault"]
    assert door.ask("fault_end", fault=glitch)["code"] == "refused"
    assert "there is no fault number 99" in door.ask("fault_end", fault=99)["message"]
    assert "needs a place" in door.ask("fault", kind="cut_pair")["message"]
    assert "there is no kind fxx" in door.ask("fault", kind="cut_pair", where="kind:fxx", per_hour=3)["message"]


@pytest.mark.parametrize(
    ("lang", "message"),
    [
        ("zh_CN", "没有 cut 这种故障"),
        ("en", "there is no fault cut"),
        ("xx", "there is no fault cut"),
        (3, "there is no"),
    ],
)
def test_messages_are_in_the_language_of_who_asks(door, lang, message):
    request = {"id": 1, "lang": lang, "command": "fault", "args": {"kind": "cut", "where": "1/0"}}
    (reply,) = door.raw(json.dumps(request).encode() + b"\n")
    assert reply["error"]["message"].startswith(message)
    assert door.ask("fault", kind="cut", where="1/0")["message"].startswith("there is no fault"), "only this once"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello", "bad_request"),
        (b"[1]", "bad_request"),
        (b"\xff\xfe", "bad_request"),
        (b'{"command": 3}', "bad_request"),
        (b'{"command": "status", "args": []}', "bad_request"),
        (b'{"command": "statu"}', "unknown_command"),
        (b'{"command": "truth", "args": {"since": "x"}}', "bad_argument"),
        (b'{"command": "truth", "args": {"since": NaN}}', "bad_argument"),
        (b'{"command": "truth", "args": {"since": 1e999}}', "bad_argument"),
        (b'{"command": "truth", "args": {"limit": 0.5}}', "bad_argument"),
        (b'{"command": "fault", "args": {"kind": "noise", "where": "1/0", "args": {"dbm0": "x"}}}', "bad_argument"),
        (b'{"command": "dial", "args": {"from": "1", "to": "x"}}', "bad_argument"),
        (b'{"command": "listen", "args": {}}', "bad_argument"),
        (b'{"command": "listen", "args": {"line": "9/9"}}', "bad_argument"),
        (b"[" * 100_000, "bad_request"),
    ],
)
def test_bad_input_gets_a_typed_error_and_the_connection_stays(door, line, code):
    (reply,) = door.raw(line + b"\n")
    assert reply["ok"] is False and reply["error"]["code"] == code
    assert door.ask("status")["now_us"] == 0


def test_a_mistake_in_a_command_is_answered_too(door):
    door.commands.register("broken", lambda args: 1 // 0)
    assert door.ask("broken")["code"] == "internal"
    assert door.ask("status")["seed"] == 1


def test_a_line_too_long_is_discarded_and_the_connection_stays(door):
    (reply,) = door.raw(b"x" * (MAX_REQUEST_BYTES + 100_000))
    assert reply["error"]["code"] == "bad_request"
    door.raw_tail = door.client.send(b"yyy\n")
    assert door.ask("status")["now_us"] == 0


def test_requests_in_pieces_and_in_bunches(door):
    door.client.send(b'{"id": 1, "comm')
    door.loop.poll(0)
    replies = door.raw(b'and": "status"}\n{"id": 2, "command": "help"}\n')
    assert [r["id"] for r in replies] == [1, 2]


def test_a_client_that_does_not_read_is_disconnected_and_others_are_not(door):
    other = door.connect()
    for number in range(5000):
        door.sim.truth.note("padding", text="x" * 200, number=number)
    request = b'{"command": "truth"}\n'
    with pytest.raises(OSError):
        for _ in range(1000):
            other.send(request)
            door.loop.poll(0)
    other.close()
    assert door.ask("status")["now_us"] == 0


def test_clients_come_and_go_and_stop_stops(door):
    door.connect().close()
    door.loop.poll(1)
    door.ask("stop")
    assert door.stopped == [True]
