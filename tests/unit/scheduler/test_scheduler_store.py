"""The store: facts once, acknowledged after commit, disk full, newer files, records once."""

import pytest
from scheduler_loop import run
from scheduler_rig import Site

from boardd.contract.errors import ConfigurationError
from boardd.contract.objects import Call, Fact, FactKind, Instant
from boardd.contract.states import ChannelState, Direction
from boardd.scheduler.records.database import ContactRow, Database
from boardd.scheduler.records.record import Record
from boardd.scheduler.records.store import Store

AT = Instant(wall_ms=1, mono_ms=1)


def fact(call_id, kind=FactKind.END, tag=""):
    call = Call(
        id=call_id, domain="d", channel="t/1", direction=Direction.IN, state=ChannelState.IDLE, tag=tag, began=AT
    )
    return Fact(host="d", call_id=call_id, fact=kind, at=AT, call=call)


async def all_records(store):
    return await store.read(
        lambda db: db.records(from_wall_ms=0, to_wall_ms=0, number="", agent="", queue="", limit=99, offset=0)
    )


def test_facts_are_stored_once_and_reported_after_the_commit(tmp_path):
    async def main():
        stored = []
        store = Store(tmp_path / "a.db", stored.extend)
        await store.open()
        for _ in range(3):
            store.put_fact(fact("c1"))
            store.put_fact(fact("c1", FactKind.BEGIN))
            assert await store.save()
        assert len(stored) == 6
        assert set(stored) == {("d", "c1", "end"), ("d", "c1", "begin")}
        assert [r.id for r in await all_records(store)] == ["c1"]
        await store.close()

    run(main)


def test_claimed_and_tagged_calls_make_no_record_of_their_own(tmp_path):
    async def main():
        store = Store(tmp_path / "a.db", lambda _keys: None)
        await store.open()
        store.put_contact(ContactRow("contact1", "ivr", 1, b"{}", (("c1", "caller"),)))
        await store.save()
        for one in (fact("c1"), fact("c2", tag="contact1"), fact("c3", tag="nobody")):
            store.put_fact(one)
        await store.save()
        assert [r.id for r in await all_records(store)] == ["c3"]
        await store.close()

    run(main)


def test_the_first_record_of_a_contact_is_the_only_one(tmp_path):
    async def main():
        store = Store(tmp_path / "a.db", lambda _keys: None)
        await store.open()
        for outcome in ("first", "second"):
            store.put_record(Record(id="x", contact="x", outcome=outcome))
            await store.save()
        assert [r.outcome for r in await all_records(store)] == ["first"]
        await store.close()

    run(main)


def test_pragmas_hold_on_every_connection(tmp_path):
    database = Database(tmp_path / "a.db")
    with database._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA user_version").scalar_one() == 1
    database.close()


def test_file_of_a_newer_boardd_is_refused(tmp_path):
    database = Database(tmp_path / "a.db")
    with database._engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA user_version=99")
    database.close()
    with pytest.raises(ConfigurationError, match="newer"):
        Database(tmp_path / "a.db")


def test_records_by_time_number_agent_queue(tmp_path):
    async def main():
        store = Store(tmp_path / "a.db", lambda _keys: None)
        await store.open()
        for i in range(10):
            began = Instant(wall_ms=i * 100, mono_ms=0)
            store.put_record(
                Record(id=str(i), contact=str(i), caller=f"05718888{i}", agent=str(i % 2), queue="q", began=began)
            )
        await store.save()

        async def ids(**wanted):
            wish = {
                "from_wall_ms": 0,
                "to_wall_ms": 0,
                "number": "",
                "agent": "",
                "queue": "",
                "limit": 99,
                "offset": 0,
            }
            return [r.id for r in await store.read(lambda db: db.records(**{**wish, **wanted}))]

        assert await ids(from_wall_ms=300, to_wall_ms=500) == ["4", "3"]
        assert await ids(number="88883") == ["3"]
        assert await ids(agent="1", limit=2, offset=1) == ["7", "5"]
        assert await ids(queue="other") == []
        await store.close()

    run(main)


def test_disk_full_acknowledges_nothing_stops_no_call_and_recovers(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        await site.agents_ready(a1001="801")
        database = site.scheduler.store._database

        def pages(connection, limit):
            with connection._engine.connect() as open_connection:
                used = open_connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                open_connection.exec_driver_sql(f"PRAGMA max_page_count={limit or used}")

        await site.scheduler.store.read(lambda db: pages(db, 0))
        assert database is site.scheduler.store._database
        done = []
        for i in range(8):
            call = await site.in_queue(str(i))
            site.world.lift("801")
            await site.settle(5)
            assert len(site.world.truth.bridges) == 1
            site.world.release(call)
            await site.settle(11)
            done.append(call)
        assert "full" in site.scheduler.store.failure
        assert [a.code for a in site.scheduler.alarms()] == ["store"]
        waiting = {key[1] for key in site.world.facts}
        assert waiting
        assert len(await site.records()) < 8
        acked = set(site.scheduler.boards.acked)
        assert not any(key in acked for key in site.world.facts)
        await site.scheduler.store.read(lambda db: pages(db, 1_000_000))
        await site.settle(5)
        assert site.scheduler.store.failure == ""
        assert site.world.facts == {}
        for call in done:
            assert (await site.record_of(call)).outcome == "talked"
        assert len(await site.records()) == 8
        await site.stop()

    run(main)
