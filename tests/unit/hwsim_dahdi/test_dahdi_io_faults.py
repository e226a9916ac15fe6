"""Faults below the I/O library, by the words that scenarios use: each shows its effect to the program."""

import pytest
from dahdibench import Bench, make_pair
from diokit import refused

from hwsim.scenario.faults import FaultError, FaultRegistry
from hwsim.vendorlibs.dahdi.cards import CardPlan, CardSignalling, E1Plan
from hwsim.vendorlibs.dahdi.io_fault_words import register_io_faults
from hwsim.vendorlibs.dahdi.models import MODELS


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path, [CardPlan("ana", MODELS["TDM410P"], "SN1", ports="OS--")])
    made.faults = FaultRegistry(made.sim)
    register_io_faults(made.faults, made.library)
    yield made
    made.close()


@pytest.fixture
def rig(bench):
    made = make_pair(bench)
    yield made
    made.close_all()


def inject(bench, kind, where, for_s=None, **args):
    return bench.do(lambda: bench.faults.inject(kind, where, args, for_s))


def test_a_request_fails(bench):
    dio = bench.dio
    fd = dio.channel(1)
    inject(bench, "ioctl_error", "HOOK", errno="ENODEV", times="2")
    assert [refused(dio.ioctl, fd, dio.HOOK, 1) for _ in range(3)] == ["ENODEV", "ENODEV", None]
    assert bench.machine.analog_lines["ana/1"].loop_closed
    inject(bench, "ioctl_error", "CHANNO", channel="2")
    assert refused(dio.ioctl, fd, dio.CHANNO) is None
    other = dio.channel(2)
    assert [refused(dio.ioctl, other, dio.CHANNO) for _ in range(2)] == ["EIO", None]
    inject(bench, "ioctl_error", "SPECIFY", errno="ENOMEM")
    assert refused(dio.channel, 1) == "ENOMEM"
    dio.close(fd)
    dio.close(other)


@pytest.mark.parametrize("where", ["1", "ana/1"])
def test_a_channel_that_cannot_be_opened(bench, where):
    dio = bench.dio
    number = inject(bench, "channel_open_error", where, errno="ENXIO")
    assert refused(dio.channel, 1) == "ENXIO" == refused(dio.open, "1")
    bench.do(lambda: bench.faults.end(number))
    dio.close(dio.channel(1))


def test_a_stalled_channel_gives_nothing_to_read(rig):
    bench, dio = rig.bench, rig.dio
    _a, b = rig.sound(1)
    rig.sleep(60)
    dio.ioctl(b, dio.FLUSH, 7)
    inject(bench, "read_stall", str(rig.far(1)), for_s=1)
    rig.sleep(500)
    assert not dio.poll({b: 1}) and refused(dio.read, b) == "EAGAIN"
    rig.sleep(520)
    assert len(dio.read(b)) == 160


def test_late_blocks(rig):
    bench, dio = rig.bench, rig.dio
    _a, b = rig.sound(1, 32)
    number = inject(bench, "blocks_late", str(rig.far(1)), ms="200")
    dio.ioctl(b, dio.FLUSH, 7)
    rig.sleep(190)
    assert refused(dio.read, b) == "EAGAIN"
    rig.sleep(60)
    assert len(dio.read(b)) == 160
    bench.do(lambda: bench.faults.end(number))
    dio.ioctl(b, dio.FLUSH, 7)
    rig.sleep(20)
    assert len(dio.read(b)) == 160


@pytest.mark.parametrize(
    ("args", "at_once", "later"),
    [
        ({"how": "lost"}, [], []),
        ({"how": "doubled", "event": "13"}, [13, 13], []),
        ({"how": "late", "ms": "300"}, [], [13]),
        ({"how": "false", "event": "POLARITY", "times": "2"}, [17, 17, 13], []),
    ],
)
def test_odd_events(rig, args, at_once, later):
    bench, dio = rig.bench, rig.dio
    a, b = rig.pair(1, dio.SIG_CAS, idle_bits=13)
    rig.sleep(10)
    dio.events(b)
    inject(bench, "channel_event", str(rig.far(1)), **{"event": "BITSCHANGED", **args})
    dio.ioctl(a, dio.SETTXBITS, 3)
    rig.sleep(10)
    assert dio.ioctl(b, dio.GETRXBITS) & 15 == 3
    assert dio.events(b) == at_once
    rig.sleep(500)
    assert dio.events(b) == later
    dio.ioctl(a, dio.SETTXBITS, 1)
    rig.sleep(10)
    assert dio.events(b) == [13], "only so many"


def test_missed_interrupts_are_counted(bench):
    dio = bench.dio
    inject(bench, "irq_missed", "1", count="7")
    ctl = dio.open("ctl")
    assert dio.with_struct(ctl, dio.SPANSTAT, "span_status", span=1).irq_misses == 7
    dio.close(ctl)


@pytest.mark.parametrize(
    ("kind", "where", "args", "word"),
    [
        ("ioctl_error", "HOOKS", {}, "HOOKS"),
        ("ioctl_error", "HOOK", {"errno": "EWHAT"}, "EWHAT"),
        ("ioctl_error", "HOOK", {"channel": "77"}, "77"),
        ("ioctl_error", "HOOK", {"times": "many"}, "many"),
        ("channel_open_error", "one", {}, "one"),
        ("read_stall", "99", {}, "99"),
        ("blocks_late", "1", {"ms": "-3"}, "-3"),
        ("channel_event", "1", {"event": "BANG"}, "BANG"),
        ("channel_event", "1", {"event": "1", "how": "odd"}, "lost"),
        ("channel_event", "1", {}, "event"),
        ("irq_missed", "9", {}, "9"),
    ],
)
def test_faults_that_make_no_sense(bench, kind, where, args, word):
    with pytest.raises(FaultError, match=word):
        inject(bench, kind, where, **args)


@pytest.mark.parametrize("where", ["", "x", "ana/5", "ana/0", "pri/1", "ana/x", "0x1"])
def test_a_channel_that_is_not_there(bench, where):
    with pytest.raises(FaultError):
        inject(bench, "read_stall", where)


@pytest.mark.parametrize("where", ["", "9", "pri", "ana/2", "ana/1/1"])
def test_a_span_that_is_not_there(bench, where):
    with pytest.raises(FaultError):
        inject(bench, "irq_missed", where)


def test_names_of_e1s_and_their_timeslots(tmp_path):
    e1 = E1Plan(CardSignalling.R2)
    cards = [CardPlan("ana", MODELS["TDM410P"], "SN1", ports="OS--"), CardPlan("e", MODELS["TE210P"], "SN2", (e1, e1))]
    made = Bench(tmp_path, cards)
    machine = made.machine
    assert [machine.number_of(name) for name in ("ana/2", "e/1/1", "e/1/16", "e/2/31")] == [2, 5, 20, 66]
    assert [machine.span_named(name).number for name in ("ana", "ana/1", "e/1", "e/2")] == [1, 1, 2, 3]
    with pytest.raises(KeyError, match="there is no e"):
        machine.span_named("e")
    made.close()
