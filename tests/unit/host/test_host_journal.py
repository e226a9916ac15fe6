"""The journal file and what it promises: nothing durable is lost, nothing is invented."""

import asyncio
import random
import tempfile
from pathlib import Path

import msgspec
from host_vloop import run_virtual, virtual
from hypothesis import given, settings
from hypothesis import strategies as st

from boardd import clock
from boardd.contract.objects import Call, FactKind, Instant, RecordStatus
from boardd.contract.states import ChannelState, Direction
from boardd.host import journal as journal_module
from boardd.host.journal import Journal
from boardd.host.journalfile import HEADER_BYTES, Header, JournalFile, Kind, Record, encode_header, encode_pulse, scan
from boardd.host.tasks import Tasks


def a_call(name, **more):
    began = Instant(wall_ms=1, mono_ms=1)
    return Call(
        id=name, domain="d", channel="e1a/1/1", direction=Direction.IN, state=ChannelState.OFFERED, began=began, **more
    )


def keys(journal):
    return {(f.call_id, str(f.fact)) for f in journal.unacknowledged()}


def open_journal(path, boot="boot-1", size=1 << 16):
    return Journal(path, "d", boot, Tasks(), size)


async def started(path, **options):
    made = open_journal(path, **options)
    await made.recover(None)
    return made


# -- the file ---------------------------------------------------------------------------------------------------------
records = st.lists(st.binary(max_size=80).map(lambda b: b.replace(b"\xff\xfe", b"")), min_size=1, max_size=12)


def image(payloads):
    made = [Record(n + 1, Kind.FACT, payload) for n, payload in enumerate(payloads)]
    data = encode_header(Header(boot_id="b")).ljust(HEADER_BYTES, b"\0") + b"".join(r.encode() for r in made)
    return made, data.ljust(len(data) + 256, b"\0")


@given(records, st.data())
def test_every_record_before_a_cut_is_read_and_none_other(payloads, data):
    made, whole = image(payloads)
    cut = data.draw(st.integers(0, len(whole)))
    found = scan(whole[:cut])
    end = HEADER_BYTES
    expected = []
    for record in made:
        if end + 24 + len(record.payload) <= cut:
            expected.append(record)
        end += len(record.encode())
    assert found.records == expected


@given(records, st.integers(0, 10_000), st.integers(1, 255), st.integers(1, 40))
def test_damage_costs_only_the_records_it_touches(payloads, where, flip, length):
    made, whole = image(payloads)
    body = len(whole) - HEADER_BYTES
    at = HEADER_BYTES + where % body
    damaged = bytearray(whole)
    for n in range(at, min(at + length, len(whole))):
        damaged[n] ^= flip
    found = scan(bytes(damaged)).records
    start = HEADER_BYTES
    for record in made:
        stop = start + len(record.encode())
        if stop <= at or start >= at + length:
            assert record in found
        start = stop
    assert all(record in made for record in found)


@given(st.binary(max_size=600))
def test_a_scan_of_anything_never_raises_and_invents_nothing(noise):
    assert scan(noise).records == []
    assert scan(bytes(HEADER_BYTES) + noise).records == []


def test_leftovers_with_lower_numbers_are_ignored():
    new, old = Record(9, Kind.FACT, b"new"), Record(3, Kind.FACT, b"old")
    found = scan(bytes(HEADER_BYTES) + new.encode() + old.encode())
    assert found.records == [new]


def test_header_and_pulse(tmp_path):
    at = Instant(wall_ms=123, mono_ms=45)
    made = JournalFile.replace(tmp_path / "j", Header(boot_id="b", host="d"), [], 1 << 16)
    assert scan((tmp_path / "j").read_bytes()).pulse is None
    made.write_pulse(at)
    made.close()
    found = scan((tmp_path / "j").read_bytes())
    assert found.header == Header(boot_id="b", host="d") and found.pulse == at
    assert (tmp_path / "j").stat().st_size == 1 << 16 and len(encode_pulse(at)) == 20


# -- the journal ------------------------------------------------------------------------------------------------------
@virtual
async def test_facts_survive_and_open_calls_are_ended_with_41():
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "journal"
        first = await started(path)
        done, still = a_call("A"), a_call("B")
        still.records.append(RecordStatus(id="r", path="/x", began=Instant(wall_ms=1, mono_ms=1)))
        for kind, call in (
            (FactKind.BEGIN, done),
            (FactKind.BEGIN, still),
            (FactKind.ANSWER, still),
            (FactKind.END, done),
        ):
            assert await first.append(kind, call)
        await asyncio.sleep(7)
        await first.pulse()
        pulsed = clock.instant()
        await asyncio.sleep(3)
        second = open_journal(path)
        assert [c.id for c in second.open_calls] == ["B"] and not second.rebooted
        free = clock.instant()
        ended = await second.recover(free)
        assert [c.id for c in ended] == ["B"]
        call = ended[0]
        assert (call.cause, call.interrupted, call.released, call.line_free) == (41, False, pulsed, free)
        assert call.records[0].ended == "host_died"
        assert keys(second) == {("A", "begin"), ("A", "end"), ("B", "begin"), ("B", "answer"), ("B", "end")}
        third = await started(path)
        assert keys(third) == keys(second) and third.open_calls == []


@virtual
async def test_after_a_reboot_open_calls_are_interrupted_even_when_the_first_start_failed():
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "journal"
        first = await started(path)
        await first.append(FactKind.BEGIN, a_call("A"))
        assert open_journal(path, boot="boot-2").rebooted
        second = open_journal(path, boot="boot-2")
        ended = await second.recover(None)
        assert ended[0].interrupted and ended[0].line_free is None and ended[0].cause == 41


@virtual
async def test_acknowledged_facts_are_forgotten_but_an_open_call_is_not():
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "journal"
        first = await started(path)
        call = a_call("A")
        await first.append(FactKind.BEGIN, call)
        first.acknowledge([("d", "A", "begin"), ("d", "Z", "end")])
        await asyncio.sleep(0.1)
        assert keys(first) == set()
        second = await started(path)
        assert keys(second) == {("A", "end")}
        second.acknowledge([("d", "A", "end")])
        await asyncio.sleep(0.1)
        third = await started(path)
        assert keys(third) == set() and third.open_calls == []


@virtual
async def test_the_same_fact_twice_is_written_once():
    with tempfile.TemporaryDirectory() as root:
        first = await started(Path(root) / "journal")
        told = []
        first.on_fact = told.append
        call = a_call("A")
        await first.append(FactKind.BEGIN, call)
        await first.append(FactKind.BEGIN, call)
        assert len(told) == 1 and len(first.unacknowledged()) == 1


@virtual
async def test_a_full_file_is_replaced_by_a_fresh_one():
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "journal"
        first = await started(path, size=HEADER_BYTES + 2000)
        for n in range(40):
            call = a_call(f"C{n}")
            assert await first.append(FactKind.BEGIN, call)
            assert await first.append(FactKind.END, call)
            if n < 30:
                first.acknowledge([("d", call.id, "begin"), ("d", call.id, "end")])
        await asyncio.sleep(0.1)
        expected = {(f"C{n}", kind) for n in range(30, 40) for kind in ("begin", "end")}
        assert keys(await started(path)) == expected
        assert not path.with_suffix(".new").exists()


@virtual
async def test_full_disk_facts_wait_in_memory_and_are_written_when_there_is_room(monkeypatch):
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "journal"
        first = await started(path)
        trouble, told = [], []
        first.on_disk, first.on_fact = trouble.append, told.append

        def full(*_args):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(JournalFile, "append", full)
        monkeypatch.setattr(JournalFile, "replace", full)
        call = a_call("A")
        before = asyncio.get_running_loop().time()
        assert not await first.append(FactKind.BEGIN, call)
        assert not await first.append(FactKind.END, call)
        assert asyncio.get_running_loop().time() - before < 0.1
        assert trouble == ["No space left on device"] and len(told) == 2
        assert keys(open_journal(path)) == set()
        await asyncio.sleep(5)
        monkeypatch.undo()
        await asyncio.sleep(1.5)
        assert trouble == ["No space left on device", ""]
        assert keys(open_journal(path)) == {("A", "begin"), ("A", "end")}
        assert await first.append(FactKind.BEGIN, a_call("B"))
        assert ("B", "begin") in keys(open_journal(path))


@virtual
async def test_a_disk_that_hangs_delays_an_offer_by_a_second_at_most(monkeypatch):
    with tempfile.TemporaryDirectory() as root:
        first = await started(Path(root) / "journal")
        original = journal_module._in_thread

        async def slow(work, *args):
            await asyncio.sleep(30)
            return await original(work, *args)

        monkeypatch.setattr(journal_module, "_in_thread", slow)
        before = asyncio.get_running_loop().time()
        assert not await first.append(FactKind.BEGIN, a_call("A"))
        assert asyncio.get_running_loop().time() - before == 1.0
        await asyncio.sleep(40)
        assert keys(first) == {("A", "begin")}


@virtual
async def test_unreadable_contents_are_counted_not_fatal():
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "journal"
        path.write_bytes(random.Random(1).randbytes(20_000))
        journal = open_journal(path)
        assert journal.damaged >= 1 and journal.unacknowledged() == []
        JournalFile.replace(path, Header(boot_id="boot-1"), [Record(1, Kind.FACT, b"{}")], 8192).close()
        assert open_journal(path).damaged == 1


steps = st.lists(
    st.tuples(st.sampled_from(["begin", "answer", "end", "ack", "restart"]), st.integers(0, 3)), max_size=30
)


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(0, 10_000), st.sampled_from([HEADER_BYTES + 1500, 1 << 15]))
def test_random_lives_and_a_torn_end(script, cut, size):
    run_virtual(_random_life, script, cut, size)


async def _random_life(script, cut, size):
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "journal"
        journal = await started(path, size=size)
        written, acked, ended_calls = set(), set(), set()
        for step, n in script:
            name = f"C{n}"
            if step == "restart":
                await asyncio.sleep(0.01)
                journal = await started(path, size=size)
                for key in list(written):
                    if key[1] == "begin" and key[0] not in ended_calls:
                        written.add((key[0], "end"))
                        ended_calls.add(key[0])
            elif step == "ack":
                chosen = {key for key in written if key[0] == name}
                journal.acknowledge([("d", *key) for key in chosen])
                acked |= chosen
            elif (name, "begin") in written or step == "begin":
                if name in ended_calls:
                    continue
                assert await journal.append(FactKind(step), a_call(name))
                written.add((name, step))
                if step == "end":
                    ended_calls.add(name)
        await asyncio.sleep(0.01)
        assert keys(journal) == written - acked
        again = open_journal(path, size=size)
        assert keys(again) == written - acked
        assert {c.id for c in again.open_calls} == {k[0] for k in written if k[1] == "begin"} - ended_calls
        data = path.read_bytes()
        torn = HEADER_BYTES + cut % max(1, len(data) - HEADER_BYTES)
        path.write_bytes(data[:torn])
        assert keys(open_journal(path, size=size)) <= written


def test_facts_decode_to_what_was_written():
    call = a_call("A", caller="138", tag="x")
    fact = journal_module.Fact(host="d", call_id="A", fact=FactKind.BEGIN, at=Instant(wall_ms=1, mono_ms=2), call=call)
    assert msgspec.json.decode(msgspec.json.encode(fact), type=journal_module.Fact) == fact


@virtual
async def test_an_open_call_survives_acknowledgement_and_a_fresh_file():
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "journal"
        first = await started(path, size=HEADER_BYTES + 2000)
        await first.append(FactKind.BEGIN, a_call("OPEN"))
        first.acknowledge([("d", "OPEN", "begin")])
        for n in range(20):
            await first.append(FactKind.BEGIN, a_call(f"C{n}"))
            await first.append(FactKind.END, a_call(f"C{n}"))
            first.acknowledge([("d", f"C{n}", "begin"), ("d", f"C{n}", "end")])
        await asyncio.sleep(0.1)
        second = open_journal(path)
        assert [c.id for c in second.open_calls] == ["OPEN"] and keys(second) == set()
        await second.recover(None)
        assert keys(second) == {("OPEN", "end")}
