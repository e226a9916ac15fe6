"""Groups and channels of the configuration that no card has: an alarm that names them, and ends when they are there."""

from daemonkit import FakeHost, client_of, daemon_at, site_of
from virtualtime import run, until

from boardd.config.site import ChannelSection, GroupSection
from boardd.contract.objects import Severity
from boardd.contract.states import BoardState

CODE = "name_unknown"


def site(tmp_path, **groups):
    made = site_of(tmp_path)
    made.groups = {name: GroupSection(channels=patterns) for name, patterns in groups.items()}
    return made


def alarms(client):
    return {subject: alarm.text for (code, subject), alarm in client.mirror.alarms.items() if code == CODE}


def test_a_slip_in_a_group_is_named_with_the_nearest_channel_once_every_domain_runs(tmp_path):
    async def main():
        mine = site(tmp_path, e1=["a/1/*", "a/11/3"], all=["*"], phones=["kind:fxs"])
        mine.channels = {"b/1/2": ChannelSection(), "b/1/22": ChannelSection()}
        async with daemon_at(mine), client_of(mine) as client:
            await FakeHost(mine).connect()
            await until(lambda: client.mirror.domains["a"].connected)
            assert not alarms(client), "the other domain may have it"
            await FakeHost(mine, name="b").connect()
            await until(lambda: alarms(client))
            found = alarms(client)
            assert set(found) == {"groups.e1", "channels"}
            text = found["groups.e1"]
            assert "a/11/3" in text and "a/1/3" in text and "a/1/*" not in text
            assert "b/1/22" in found["channels"]
            assert {a.severity for (c, _s), a in client.mirror.alarms.items() if c == CODE} == {Severity.WARNING}

    run(main)


def test_it_ends_when_a_host_comes_back_with_the_channel(tmp_path):
    async def main():
        mine = site(tmp_path, e1=["a/1/5"])
        async with daemon_at(mine), client_of(mine) as client:
            await FakeHost(mine, name="b").connect()
            host = await FakeHost(mine).connect()
            await until(lambda: alarms(client))
            await host.leave()
            await FakeHost(mine, incarnation="2", channels=5).connect()
            await until(lambda: not alarms(client))

    run(main)


def test_nothing_is_said_while_a_library_starts_or_a_board_is_missing(tmp_path):
    async def main():
        mine = site(tmp_path, e1=["a/1/5"])
        async with daemon_at(mine), client_of(mine) as client:
            await FakeHost(mine, name="b").connect()
            host = FakeHost(mine)
            host.domain.state = BoardState.STARTING
            await host.connect()
            await until(lambda: client.mirror.domains["a"].connected)
            assert not alarms(client)
            await host.leave()
            pulled = FakeHost(mine, incarnation="2")
            whole = pulled.snapshot()
            whole.boards[0].state = BoardState.MISSING
            pulled.snapshot = lambda: whole
            await pulled.connect()
            await until(lambda: client.mirror.domains["a"].incarnation == "2")
            assert not alarms(client)

    run(main)
