"""A board of the configuration that no domain has: an alarm by the daemon, as no host can know that alone."""

from daemonkit import FakeHost, client_of, daemon_at, site_of
from virtualtime import run, until

from boardd.config.site import BoardSection, GroupSection
from boardd.contract.objects import Severity

CODE = "board_missing"


def site(tmp_path, *boards, domains=("a", "b")):
    made = site_of(tmp_path, domains)
    made.boards = list(boards)
    return made


def missing(client):
    return {subject: alarm for (code, subject), alarm in client.mirror.alarms.items() if code == CODE}


def test_it_is_missed_once_every_domain_has_told_what_it_has(tmp_path):
    async def main():
        mine = site(tmp_path, BoardSection("1", "a"), BoardSection("2", "b"), BoardSection("3", "gone"))
        async with daemon_at(mine), client_of(mine) as client:
            await FakeHost(mine).connect()
            await until(lambda: client.mirror.domains["a"].connected)
            assert not missing(client), "the other domain may have it"
            await FakeHost(mine, name="b").connect()
            await until(lambda: missing(client))
            assert set(missing(client)) == {"gone"}
            alarm = missing(client)["gone"]
            assert alarm.severity is Severity.CRITICAL and "gone" in alarm.text

    run(main)


def test_its_channels_are_not_taken_for_slips_in_the_configuration(tmp_path):
    async def main():
        mine = site(tmp_path, BoardSection("3", "gone"))
        mine.groups = {"e1": GroupSection(channels=["gone/1/*"])}
        async with daemon_at(mine), client_of(mine) as client:
            await FakeHost(mine).connect()
            await FakeHost(mine, name="b").connect()
            await until(lambda: missing(client))
            assert {code for code, _subject in client.mirror.alarms} == {CODE}

    run(main)


def test_it_is_over_when_a_host_comes_with_it(tmp_path):
    async def main():
        mine = site(tmp_path, BoardSection("3", "gone"))
        async with daemon_at(mine), client_of(mine) as client:
            await FakeHost(mine, name="b").connect()
            host = await FakeHost(mine).connect()
            await until(lambda: missing(client))
            await host.leave()
            found = FakeHost(mine, incarnation="2")
            whole = found.snapshot()
            whole.boards[0].id = whole.spans[0].board = "gone"
            for channel in whole.channels:
                channel.board = "gone"
            found.snapshot = lambda: whole
            await found.connect()
            await until(lambda: not missing(client))

    run(main)


def test_boards_that_a_host_misses_itself_are_left_to_it(tmp_path):
    async def main():
        mine = site(tmp_path, BoardSection("3", "gone", domain="a"))
        alone = site(tmp_path / "alone", BoardSection("3", "gone"), domains=("a",))
        for one in (mine, alone):
            async with daemon_at(one), client_of(one) as client:
                for name in one.domains:
                    await FakeHost(one, name=name).connect()
                await until(lambda: all(d.connected for d in client.mirror.domains.values()))
                assert not missing(client)

    run(main)
