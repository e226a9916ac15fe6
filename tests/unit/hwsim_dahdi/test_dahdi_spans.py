"""E1s of the simulated kernel: alarms, counters, loops, frames, line bits. The test is the far end, at the bus."""

import pytest
from dahdibench import Bench
from diokit import POLLIN, refused

from hwsim.spanbus.section import Clocking
from hwsim.vendorlibs.dahdi.cards import CardPlan, CardSignalling, E1Plan
from hwsim.vendorlibs.dahdi.models import MODELS
from hwsim.vendorlibs.dahdi.personality import personality

R2 = E1Plan(CardSignalling.R2, crc4=False)
PERSONAS = {"quick": {"alarm_ms": 0, "yellow_ms": 0, "settle_ms": 0}}


@pytest.fixture
def bench(tmp_path, request):
    plans = [CardPlan("e1", MODELS["TE220"], "SN-E1", [E1Plan(), R2])]
    persona = personality(*getattr(request, "param", ("default",)))
    made = Bench(tmp_path, plans, persona)
    yield made
    made.close()


@pytest.fixture
def bus(bench):
    return bench.machine.buses["e1/1"]


@pytest.fixture
def cas(bench):
    return bench.machine.buses["e1/2"]


@pytest.fixture
def dchan(bench):
    """The D channel of span 1."""
    fd = bench.dio.channel(16)
    bench.dio.buffers(fd, 32, 1024)
    bench.run(50)
    bench.dio.events(fd)
    return fd


def status(bench, span=1):
    dio = bench.dio
    ctl = dio.open("ctl")
    found = dio.with_struct(ctl, dio.SPANSTAT, "span_status", span=span)
    dio.close(ctl)
    return found


def events_during(bench, fd, ms, step=10):
    found, began = [], bench.sim.now_us
    for _ in range(0, ms, step):
        bench.run(step)
        found += [((bench.sim.now_us - began) // 1000, event) for event in bench.dio.events(fd)]
    return found


def maintain(bench, command, span=1):
    dio = bench.dio
    ctl = dio.open("ctl")
    try:
        dio.with_struct(ctl, dio.MAINT, "maintenance", span=span, command=command)
    finally:
        dio.close(ctl)


# -- what is there ----------------------------------------------------------------------------------------------------
def test_channels_as_a_configured_system_has_them(bench):
    dio = bench.dio
    ctl = dio.open("ctl")
    found = {}
    for number in range(1, 63):
        params = dio.with_struct(ctl, dio.GET_PARAMS, "params", channel=number)
        assert params.span == (1 if number < 32 else 2)
        assert params.position == (number - 1) % 31 + 1
        assert dio.text(params.name) == f"TE2/0/{params.span}/{params.position}"
        found.setdefault(params.signalling, []).append(number)
    dio.close(ctl)
    assert found[dio.SIG_HDLCFCS] == [16]
    assert found[dio.SIG_CLEAR] == [n for n in range(1, 32) if n != 16]
    assert found[dio.SIG_NONE] == [47]
    assert found[dio.SIG_CAS] == [n for n in range(32, 63) if n != 47]
    assert refused(dio.channel, 47) == "ENXIO"
    assert refused(dio.configure, 47, dio.SIG_CLEAR) == "EINVAL"


def test_status_of_a_span(bench):
    span = status(bench)
    dio = bench.dio
    assert (span.channels, span.configured_channels, span.spans, span.alarms) == (31, 31, 2, 0)
    assert span.line == dio.LINE_CCS | dio.LINE_HDB3 | dio.LINE_CRC4
    assert (dio.text(span.type), dio.text(span.manufacturer), dio.text(span.device_type)) == ("E1", "Digium", "TE220")
    assert span.sync_source == 1
    assert status(bench, 2).line == dio.LINE_HDB3


def test_files_of_the_kernel(bench, tmp_path):
    from hwsim.vendorlibs.dahdi.sysfs import SysTree

    bench.do(lambda: bench.kernel.show(SysTree(tmp_path)))
    devices = tmp_path / "sys/bus/dahdi_devices/devices"
    (device,) = devices.iterdir()
    assert (device / "hardware_id").read_text() == "SN-E1\n"
    assert (device / "dahdi_spantype").read_text() == "1:E1\n2:E1\n"
    spans = tmp_path / "sys/bus/dahdi_spans/devices"
    assert sorted(path.name for path in spans.iterdir()) == ["span-1", "span-2"]
    assert (spans / "span-2/basechan").read_text() == "32\n"
    assert (spans / "span-2").resolve().parent == device.resolve()
    bench.do(lambda: bench.machine.buses["e1/1"].disturb(bench.machine.buses["e1/1"].card, signal="none"))
    bench.run(2600)
    assert (spans / "span-1/alarms").read_text() == "0x108\n"
    bench.do(lambda: bench.machine.card("e1").plug(False))
    assert list(devices.iterdir()) == []


# -- alarms -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "mask", "ms"),
    [
        ({"signal": "none"}, "RED LOS", 2500),
        ({"signal": "unframed"}, "RED LFA", 2500),
        ({"signal": "ais"}, "BLUE", 2500),
        ({"remote_alarm": True}, "YELLOW", 500),
    ],
)
def test_alarms_and_their_hold_times(bench, bus, dchan, change, mask, ms):
    dio = bench.dio
    bits = sum(getattr(dio, f"ALARM_{word}") for word in mask.split())
    bench.do(lambda: bus.disturb(bus.card, **change))
    assert events_during(bench, dchan, 3000) == [(ms + 10, dio.EVENT_ALARM)]
    assert status(bench).alarms == bits
    assert dio.with_struct(dchan, dio.GET_PARAMS, "params").alarms == bits
    bench.do(lambda: bus.disturb(bus.card, signal="framed", remote_alarm=False))
    if "YELLOW" in mask:
        assert events_during(bench, dchan, 1000) == [(10, dio.EVENT_NOALARM)]
    else:
        bench.run(100)
        assert status(bench).alarms == dio.ALARM_RECOVER
        assert events_during(bench, dchan, 6000) == [(4910, dio.EVENT_NOALARM)]
    assert status(bench).alarms == 0


def test_short_breaks_are_no_alarm(bench, bus, dchan):
    bench.do(lambda: bus.disturb(bus.card, signal="none"))
    bench.run(2000)
    bench.do(lambda: bus.disturb(bus.card, signal="framed"))
    assert [event for _at, event in events_during(bench, dchan, 3000)] == []


def test_an_alarm_that_comes_back_while_recovering(bench, bus, dchan):
    dio = bench.dio
    bench.do(lambda: bus.disturb(bus.card, signal="none"))
    bench.run(3000)
    bench.do(lambda: bus.disturb(bus.card, signal="framed"))
    bench.run(1000)
    bench.do(lambda: bus.disturb(bus.card, signal="none"))
    bench.run(5000)
    assert status(bench).alarms == dio.ALARM_RED | dio.ALARM_LOS
    assert dio.events(dchan) == [dio.EVENT_ALARM], "one alarm: it was never over"


def test_every_open_channel_hears_of_it(bench, bus):
    dio = bench.dio
    fds = [dio.channel(number) for number in (1, 5, 31, 16)]
    bench.do(lambda: bus.disturb(bus.card, signal="ais"))
    bench.run(2600)
    assert [dio.events(fd) for fd in fds] == [[dio.EVENT_ALARM]] * 4
    for fd in fds:
        dio.close(fd)


def test_counters_and_their_reset(bench, bus):
    bench.do(lambda: bus.disturb(bus.card, bit_error_ratio=1e-4))
    bench.run(3000)
    span = status(bench)
    assert span.cv > 0 and span.bpv > 0 and span.crc4 > 0 and span.fas > 0 and span.errored_s >= 2
    bench.do(lambda: bus.disturb(bus.card, bit_error_ratio=0.0))
    bench.run(1000)
    maintain(bench, bench.dio.RESET_COUNTERS)
    span = status(bench)
    assert [span.cv, span.bpv, span.crc4, span.fas, span.fe, span.ebit, span.errored_s] == [0] * 7


def test_framing_and_clock_follow_the_configuration(bench, bus):
    dio = bench.dio
    ctl = dio.open("ctl")
    line = dio.LINE_CCS | dio.LINE_HDB3
    dio.with_struct(ctl, dio.SPANCONFIG, "line_config", span=1, line=line, sync=0)
    assert not bus.card.crc4 and bus.card.clock.clocking is Clocking.INTERNAL
    dio.with_struct(ctl, dio.SPANCONFIG, "line_config", name=b"TE2/0/1", line=line | dio.LINE_CRC4, sync=1)
    assert bus.card.crc4 and bus.card.clock.clocking is Clocking.RECOVERED
    assert refused(lambda: dio.with_struct(ctl, dio.SPANCONFIG, "line_config", span=9)) == "EINVAL"
    dio.close(ctl)


# -- frames -----------------------------------------------------------------------------------------------------------
def far_frames(bench, channel):
    frames = []
    while (frame := bench.do(channel.read)) is not None:
        frames.append(frame)
    return frames


def test_frames_with_the_far_end(bench, bus, dchan):
    dio = bench.dio
    far = bus.net.channel(16)
    bench.do(far.open_hdlc)
    dio.write(dchan, b"to the network??")
    bench.do(lambda: far.write(b"to the card"))
    bench.run(50)
    assert far_frames(bench, far) == [b"to the network"]
    assert dio.read(dchan)[:-2] == b"to the card"


def test_damaged_frames_are_events(bench, bus, dchan):
    dio = bench.dio
    far = bus.net.channel(16)
    bench.do(far.open_hdlc)
    bench.do(lambda: bus.disturb(bus.card, bit_error_ratio=0.01))
    bench.do(lambda: far.write(bytes(200)))
    bench.run(15)
    bench.do(lambda: bus.card.slip(1))
    bench.do(lambda: bus.disturb(bus.card, bit_error_ratio=0.0))
    bench.run(100)
    bench.do(lambda: far.write(bytes(20)))
    bench.run(20)
    assert set(dio.events(dchan)) <= {dio.EVENT_ABORT, dio.EVENT_BADFCS} and len(dio.read(dchan)) == 22


def test_no_frames_while_the_span_is_dead(bench, bus, dchan):
    dio = bench.dio
    far = bus.net.channel(16)
    bench.do(far.open_hdlc)
    bench.do(lambda: bus.disturb(bus.card, signal="none"))
    bench.do(lambda: far.write(bytes(20)))
    bench.run(200)
    assert dio.events(dchan) == []
    assert refused(dio.read, dchan) == "EAGAIN"


# -- line bits --------------------------------------------------------------------------------------------------------
def test_line_bits_with_the_far_end(bench, cas):
    dio = bench.dio
    fd = dio.channel(32)
    bench.run(10)
    assert cas.net.channel(1).rx_bits == 0b1101, "idle bits until the program says otherwise"
    dio.ioctl(fd, dio.SETTXBITS, 0b1011)
    bench.do(lambda: cas.net.channel(1).send_bits(0b1011))
    bench.run(10)
    assert cas.net.channel(1).rx_bits == 0b1011
    assert dio.events(fd) == [dio.EVENT_BITSCHANGED]
    assert dio.ioctl(fd, dio.GETRXBITS) == 0b1011
    bench.do(lambda: cas.disturb(cas.card, cas_multiframe=False))
    bench.run(20)
    bench.do(lambda: cas.net.channel(1).send_bits(0b0011))
    bench.run(100)
    assert dio.events(fd) == [] and dio.ioctl(fd, dio.GETRXBITS) == 0b1011, "frozen without multiframe"
    bench.do(lambda: cas.disturb(cas.card, cas_multiframe=True))
    bench.run(20)
    assert dio.events(fd) == [dio.EVENT_BITSCHANGED] and dio.ioctl(fd, dio.GETRXBITS) == 0b0011
    dio.ioctl(fd, dio.SETSIGFREEZE, 1)
    bench.do(lambda: cas.net.channel(1).send_bits(0b1011))
    bench.run(10)
    assert dio.events(fd) == [] and dio.ioctl(fd, dio.GETSIGFREEZE) == 1
    dio.close(fd)
    bench.run(10)
    assert cas.net.channel(1).rx_bits == 0b1101


@pytest.mark.parametrize("bench", [("fork",)], indirect=True)
def test_some_drivers_show_the_neighbours_bits(bench, cas):
    dio = bench.dio
    fd = dio.channel(32)
    bench.do(lambda: (cas.net.channel(1).send_bits(0b1001), cas.net.channel(2).send_bits(0b0110)))
    bench.run(10)
    assert dio.ioctl(fd, dio.GETRXBITS) == 0b0110_1001
    dio.events(fd)
    bench.do(lambda: cas.net.channel(2).send_bits(0b0001))
    bench.run(10)
    assert dio.events(fd) == [dio.EVENT_BITSCHANGED]
    assert dio.ioctl(fd, dio.GETRXBITS) & 0xF == 0b1001
    dio.close(fd)


# -- loops and inserted errors ----------------------------------------------------------------------------------------
def tone_at(bench, leg):
    return bench.do(lambda: bench.sim.engine.level(leg)).rx_mb > -2000


@pytest.mark.parametrize("bench", [("default", PERSONAS["quick"])], indirect=True)
def test_local_loop(bench, bus, dchan):
    """The card hears itself: frames, sound, bits; a dead cable is no alarm; LOOPBACK is an alarm of its own."""
    dio = bench.dio
    voice = dio.channel(1)
    dio.buffers(voice, 4, 160)
    dio.ioctl(voice, dio.SETLAW, dio.LAW_ALAW)
    dio.ioctl(voice, dio.AUDIOMODE, 1)
    bench.do(lambda: bus.disturb(bus.card, signal="none"))
    bench.run(100)
    assert status(bench).alarms == dio.ALARM_RED | dio.ALARM_LOS
    maintain(bench, dio.MAINT_LOCALLOOP)
    bench.run(100)
    assert status(bench).alarms == dio.ALARM_LOOPBACK
    dio.events(dchan), dio.events(voice)
    dio.write(dchan, b"who is there??")
    dio.ioctl(voice, dio.FLUSH, 7)
    dio.write(voice, bytes(range(80, 240)))
    bench.run(60)
    assert dio.poll({dchan: POLLIN}) and dio.read(dchan)[:-2] == b"who is there"
    heard = b"".join(dio.read(voice) for _ in range(3))
    assert bytes(range(80, 240)) in heard
    maintain(bench, dio.MAINT_NONE)
    bench.run(100)
    assert status(bench).alarms == dio.ALARM_RED | dio.ALARM_LOS
    dio.close(voice)


def test_local_loop_of_line_bits(bench, cas):
    dio = bench.dio
    fd = dio.channel(35)
    maintain(bench, dio.MAINT_LOCALLOOP, 2)
    bench.run(10)
    dio.ioctl(fd, dio.SETTXBITS, 0b0101)
    bench.run(10)
    assert dio.ioctl(fd, dio.GETRXBITS) == 0b0101
    assert cas.net.channel(4).rx_bits == 0b0101, "the line gets it, too"
    dio.close(fd)


@pytest.mark.parametrize("command", ["MAINT_NETWORKLINELOOP", "MAINT_NETWORKPAYLOADLOOP"])
def test_loops_towards_the_network(bench, bus, dchan, command):
    """The far end hears itself, and nothing of the card."""
    dio, engine = bench.dio, bench.sim.engine
    far = bus.net.channel(16)
    bench.do(far.open_hdlc)
    circuit = bus.circuits[1]
    maintain(bench, getattr(dio, command))
    bench.run(10)
    bench.do(lambda: far.write(b"echo"))
    dio.ioctl(dchan, dio.FLUSH, 7)
    dio.write(dchan, b"not heard??")
    bench.do(lambda: engine.tone(circuit.net_leg, 800, -1000))
    bench.run(400)
    assert far_frames(bench, far) == [b"echo"]
    assert tone_at(bench, circuit.net_leg)
    maintain(bench, dio.MAINT_NONE)
    bench.run(400)
    assert not tone_at(bench, circuit.net_leg)
    dio.ioctl(dchan, dio.FLUSH, 7)
    dio.write(dchan, b"heard again??")
    bench.run(50)
    assert far_frames(bench, far) == [b"heard again"]


@pytest.mark.parametrize(
    ("command", "counters"),
    [("FAS_DEFECT", ("fas", "fe")), ("CRC_DEFECT", ("crc4",)), ("BIPOLAR_DEFECT", ("bpv", "cv")), ("CAS_DEFECT", ())],
)
def test_inserted_errors_are_counted_by_whoever_receives_them(bench, bus, command, counters):
    dio = bench.dio
    maintain(bench, getattr(dio, f"MAINT_{command}"))
    assert {name for name in bus.net.counters.__slots__ if getattr(bus.net.counters, name)} == set(counters)
    maintain(bench, dio.MAINT_LOCALLOOP)
    maintain(bench, getattr(dio, f"MAINT_{command}"))
    assert {name for name in bus.card.counters.__slots__ if getattr(bus.card.counters, name)} == set(counters)


def test_maintenance_that_an_e1_has_not(bench):
    dio = bench.dio
    assert refused(maintain, bench, dio.MAINT_LOOPUP) == "ENOSYS"
    assert refused(maintain, bench, dio.MAINT_ALARM_SIM) == "ENOSYS"
    assert refused(maintain, bench, 77) == "ENOSYS"
    assert refused(maintain, bench, dio.MAINT_NONE, 9) == "EINVAL"


def test_a_card_with_e1_is_pulled(bench, bus, dchan):
    dio = bench.dio
    bench.do(lambda: bench.machine.card("e1").plug(False))
    bench.run(100)
    assert refused(dio.read, dchan) == "ENODEV"
    assert refused(status, bench) == "EINVAL"
    assert bus.net.alarms, "the far end sees that it is gone"
    dio.close(dchan)
    bench.do(lambda: bench.machine.card("e1").plug(True))
    bench.run(100)
    assert status(bench).alarms == 0
    fd = dio.channel(16)
    far = bus.net.channel(16)
    bench.do(far.open_hdlc)
    bench.do(lambda: far.write(b"welcome back"))
    bench.run(50)
    assert dio.read(fd)[:-2] == b"welcome back"
    dio.close(fd)
