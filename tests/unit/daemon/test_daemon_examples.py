"""The example programs of docs/ do what they say, against a host that only speaks the protocol."""

import asyncio
import sys
from pathlib import Path

import pytest
from daemonkit import FakeHost, client_of, daemon_at, site_of
from virtualtime import run, until

from boardd.contract.events import EventType
from boardd.contract.objects import Bridge, Call, Link, PlayStatus
from boardd.contract.states import ChannelState, Direction

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "docs" / "examples"))

import answer_and_play
import click_to_dial


class Acting(FakeHost):
    """Carries out what it is asked, as far as the examples need it."""

    busy = False

    def request(self, connection, method, params):
        super().request(connection, method, params)
        origin = self.asked[-1]
        return getattr(self, "do_" + origin.method.replace(".", "_"))(origin.params)

    def change(self, call_id, kind, **fields):
        call = self.calls[call_id]
        for name, value in fields.items():
            setattr(call, name, value)
        self.tell(kind, call=call)

    def do_call_answer(self, params):
        self.change(params["call"], EventType.CALL_CONNECTED, state=ChannelState.CONNECTED)

    def do_call_play(self, params):
        play = PlayStatus(id="P1", files=params["files"])
        asyncio.get_running_loop().call_later(3, self.played, params["call"])
        return play

    def played(self, call_id):
        if call_id in self.calls:
            ended = PlayStatus(id="P1", files=[], ended="end")
            self.change(call_id, EventType.PLAY_ENDED, play=ended)

    def do_call_hangup(self, params):
        self.release(params["call"], params.get("cause", 16))

    def do_call_dial(self, params):
        call_id = f"D{len(self.asked)}"
        channel = params.get("channel") or f"{self.name}/1/4"
        call = Call(id=call_id, domain=self.name, channel=channel, direction=Direction.OUT, state=ChannelState.ALERTING)
        self.calls[call_id] = call
        self.tell(EventType.CALL_ALERTING, call=call)
        loop = asyncio.get_running_loop()
        if self.busy and params.get("group"):
            loop.call_later(1, self.release, call_id, 17)
        else:
            answered = {"state": ChannelState.CONNECTED}
            loop.call_later(2, lambda: self.change(call_id, EventType.CALL_CONNECTED, **answered))
        return call

    def do_bridge_create(self, params):
        links = [Link(**link) for link in params["links"]]
        bridge = Bridge(id="B1", domain=self.name, links=links)
        self.tell(EventType.BRIDGE_CREATED, bridge=bridge)
        asyncio.get_running_loop().call_later(60, self.release, links[1].source)
        return bridge


def test_answer_and_play(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon, client_of(site, "announcer") as boards:
            host = await Acting(site).connect()
            host.offer("C1", 1)
            await until(lambda: "C1" in boards.mirror.calls)
            announcer = answer_and_play.Announcer(boards, "trunks", Path("/srv/welcome.wav"))
            serving = asyncio.ensure_future(announcer.run())
            await until(lambda: announcer.ended == 1)
            host.offer("C2", 2)
            host.offer("C3", 3)
            await until(lambda: sum(o.method == "call.play" for o in host.asked) == 3)
            # One caller does not wait for the end.
            host.release("C3")
            await until(lambda: announcer.ended == 3)
            await until(lambda: not daemon.registry.mirror.calls)
            hung_up = [o.params["call"] for o in host.asked if o.method == "call.hangup"]
            assert hung_up == ["C1", "C2"]
            assert host.asked[0].params["orphan"] == {"max_s": 20}
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await host.leave()

    run(main)


@pytest.mark.parametrize("busy", [False, True])
def test_click_to_dial(tmp_path, busy):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as boards:
            host = Acting(site)
            host.busy = busy
            host.channels["a/1/2"].group = "stations"
            host.channels["a/1/2"].extension = "801"
            await host.connect()
            work = click_to_dial.dial_for(boards, "801", "02161234567", stations="stations", trunks="trunks")
            if busy:
                with pytest.raises(click_to_dial.NotAnsweredError, match="17"):
                    await work
            else:
                await work
            assert host.calls == {}
            methods = [o.method for o in host.asked]
            assert methods[:2] == ["call.dial", "call.dial"]
            assert ("bridge.create" in methods) is not busy
            assert host.asked[0].params["channel"] == "a/1/2"
            await host.leave()

    run(main)
