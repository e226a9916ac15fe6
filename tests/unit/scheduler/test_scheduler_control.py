"""scheduler.sock over a real socket, and the scheduler on a real board server's protocol."""

import msgspec
import pytest
from scheduler_loop import run
from scheduler_rig import Site

from boardd.api import scheduler_schema as schema
from boardd.api.board_schema import HelloParams, HelloResult, Nothing
from boardd.api.connection import open_connection
from boardd.api.rights import GroupRights
from boardd.api.server import Server
from boardd.contract.errors import ArgumentError, UnknownIdError, WrongStateError


class Ears:
    def __init__(self):
        self.notes = []

    def opened(self, connection):
        pass

    def closed(self, connection):
        pass

    def request(self, connection, method, params):
        raise AssertionError(method)

    def notification(self, connection, method, params):
        assert method == "event"
        self.notes.append(msgspec.json.decode(params, type=schema.ChangeNote))


def served(tmp_path, scenario):
    async def main():
        site = Site(tmp_path)
        await site.start()
        server = Server(tmp_path / "s.sock", schema.METHODS, site.scheduler.control, GroupRights())
        await server.start()
        ears = Ears()
        connection = await open_connection(str(tmp_path / "s.sock"), ears)

        async def ask(method, params=None, **fields):
            entry = schema.METHODS[method]
            return await connection.request(method, params or entry.params(**fields), entry.result)

        try:
            await scenario(site, ask, ears)
        finally:
            connection.close()
            await server.stop()
            await site.stop()

    run(main)


def test_agents_queues_contacts_records(tmp_path):
    async def scenario(site, ask, ears):
        hello = await ask("hello", HelloParams(client="test"))
        assert isinstance(hello, HelloResult)
        assert (await ask("subscribe", Nothing())).contacts == []
        info = await ask("agent.login", agent="1002", station="802")
        assert (info.status, info.station, info.name) == ("not_ready", "802", "李四")
        call = await site.in_queue(digit="2")
        queues = {queue.queue: queue for queue in await ask("queues")}
        assert queues["support"].waiting[0].position == 1
        assert (queues["support"].logged_in, queues["support"].ready) == (1, 0)
        assert (await ask("agent.ready", agent="1002")).status == "ready"
        await site.settle(0.1)
        site.world.lift("802")
        await site.settle(1)
        (contact,) = await ask("contacts")
        assert (contact.state, contact.agent, contact.caller) == ("talking", "1002", "13800138000")
        assert [info.role for info in contact.calls] == ["caller", "agent"]
        assert (await ask("contact", contact=contact.id)).recording
        status = await ask("status")
        assert (status.contacts, status.waiting, status.alarms) == (1, 0, [])
        assert status.claims == ["stations", "trunks"]
        assert (await ask("agent.not_ready", agent="1002", reason="meal")).after == "not_ready"
        await ask("agent.hangup", agent="1002")
        await site.settle(3)
        agents = {info.agent: info for info in await ask("agents")}
        assert (agents["1002"].status, agents["1002"].reason) == ("not_ready", "meal")
        (record,) = await ask("records", number="8000")
        assert (record.contact, record.agent) == (contact.id, "1002")
        assert (await ask("record", id=contact.id)).calls == [call, record.calls[1]]
        assert await ask("records", number="999") == []
        events = await ask("agent.events", agent="1002")
        assert [event.new for event in reversed(events)] == [
            *("not_ready", "ready", "reserved", "ringing", "talking", "not_ready")
        ]
        states = [note.contact.state for note in ears.notes if note.contact is not None]
        assert states[0] == "answering"
        assert states[-1] == "closed"
        assert [note.record.id for note in ears.notes if note.record is not None] == [contact.id]

    served(tmp_path, scenario)


def test_refusals(tmp_path):
    async def scenario(_site, ask, _ears):
        with pytest.raises(UnknownIdError):
            await ask("agent.ready", agent="7")
        with pytest.raises(WrongStateError):
            await ask("agent.ready", agent="1001")
        with pytest.raises(UnknownIdError):
            await ask("contact", contact="x")
        with pytest.raises(UnknownIdError):
            await ask("record", id="x")
        with pytest.raises(ArgumentError):
            await ask("records", limit=0)
        with pytest.raises(ArgumentError):
            await ask("agent.login", agent="1001", station="809")
        await ask("agent.login", agent="1002", station="803")
        with pytest.raises(UnknownIdError):
            await ask("agent.hangup", agent="1002")

    served(tmp_path, scenario)


def test_contact_hangup(tmp_path):
    async def scenario(site, ask, _ears):
        call = await site.in_queue()
        await ask("contact.hangup", contact=site.contact_of(call).id)
        await site.settle(0.5)
        assert call not in site.world.truth.calls
        assert await ask("contacts") == []

    served(tmp_path, scenario)
