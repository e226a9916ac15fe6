"""Analogue ports of the simulated kernel: FXO at an exchange line, FXS with a telephone. The test is the other end."""

import ctypes
import ctypes.util

import pytest
from dahdibench import Bench
from diokit import refused

from hwsim.core.events import Kind
from hwsim.vendorlibs.dahdi.cards import CardPlan
from hwsim.vendorlibs.dahdi.models import MODELS
from hwsim.vendorlibs.dahdi.personality import personality


class Office:
    """The exchange at the far end of an FXO port."""

    def __init__(self, bench, line):
        self.bench, self.line, self.loops = bench, line, []
        line.office = self
        bench.do(lambda: bench.sim.engine.dtmf_detect(line.office_leg))
        self.digits = ""
        bench.do(lambda: bench.sim.on_engine(line.office_leg, self._heard))

    def on_loop(self, closed):
        self.loops.append((self.bench.sim.now_us // 1000, closed))

    def _heard(self, event):
        if event.kind is Kind.DTMF_ON:
            self.digits += event.digit


class Telephone:
    """The set at an FXS port."""

    def __init__(self, bench, line):
        self.bench, self.line, self.rings, self.volts = bench, line, [], []
        line.set = self

    def on_ringing(self, on):
        self.rings.append((self.bench.sim.now_us // 1000, on))

    def on_polarity(self, reversed_):
        pass

    def on_voltage(self, volts):
        self.volts.append((self.bench.sim.now_us // 1000, volts))

    def hook(self, off):
        self.bench.do(lambda: self.line.close_loop(off))


@pytest.fixture
def bench(tmp_path, request):
    persona = personality(getattr(request, "param", "default"))
    made = Bench(tmp_path, [CardPlan("ana", MODELS["TDM410P"], "SN1", ports="OS--")], persona)
    yield made
    made.close()


@pytest.fixture
def fxo(bench):
    fd = bench.dio.channel(1)
    bench.dio.buffers(fd, 4, 160)
    bench.run(2500)
    assert bench.dio.events(fd) == []
    return fd


@pytest.fixture
def fxs(bench):
    fd = bench.dio.channel(2)
    bench.dio.buffers(fd, 4, 160)
    bench.run(20)
    return fd


@pytest.fixture
def office(bench):
    return Office(bench, bench.machine.analog_lines["ana/1"])


@pytest.fixture
def telephone(bench):
    return Telephone(bench, bench.machine.analog_lines["ana/2"])


def events_during(bench, fd, ms):
    """[(ms, event)] of so long a time."""
    found, began = [], bench.sim.now_us
    for _ in range(ms):
        bench.run(1)
        found += [((bench.sim.now_us - began) // 1000, event) for event in bench.dio.events(fd)]
    return found


# -- exchange lines ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bench", "seen_ms", "over_ms"), [("default", 60, 178), ("slow", 200, 306)], indirect=["bench"]
)
def test_ringing(bench, fxo, office, seen_ms, over_ms):
    dio = bench.dio
    bench.do(lambda: office.line.ring(True))
    assert events_during(bench, fxo, 1000) == [(seen_ms, dio.EVENT_RINGBEGIN)]
    bench.do(lambda: office.line.ring(False))
    assert events_during(bench, fxo, 1000) == [(over_ms, dio.EVENT_RINGOFFHOOK)]


def test_ringing_that_is_too_weak_or_too_short(bench, fxo, office):
    office.line.ring_loss_v = 80
    bench.do(lambda: office.line.ring(True))
    assert events_during(bench, fxo, 500) == []
    bench.do(lambda: office.line.ring(False))
    office.line.ring_loss_v = 0
    bench.do(lambda: office.line.ring(True))
    bench.run(40)
    bench.do(lambda: office.line.ring(False))
    assert events_during(bench, fxo, 500) == []


def test_hook_follows_the_program(bench, fxo, office):
    dio = bench.dio
    for what, closed in ((dio.OFFHOOK, True), (dio.ONHOOK, False), (dio.OFFHOOK, True)):
        dio.ioctl(fxo, dio.HOOK, what)
        assert office.line.loop_closed is closed
    dio.close(fxo)
    assert not office.line.loop_closed


def test_the_exchange_takes_the_feed_away(bench, fxo, office):
    """Off-hook: on-hook event after the debounce, then the channel's alarm; both end when the feed is back."""
    dio = bench.dio
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    bench.run(1000)
    bench.do(lambda: office.line.feed(False))
    assert events_during(bench, fxo, 2000) == [(64, dio.EVENT_ONHOOK), (1000, dio.EVENT_ALARM)]
    assert dio.with_struct(fxo, dio.GET_PARAMS, "params").alarms == dio.ALARM_RED
    bench.do(lambda: office.line.feed(True))
    assert events_during(bench, fxo, 2000) == [(1000, dio.EVENT_NOALARM)]
    assert dio.with_struct(fxo, dio.GET_PARAMS, "params").rx_offhook


def test_a_cut_pair_and_a_glitch(bench, fxo, office):
    dio = bench.dio
    bench.do(lambda: office.line.cut(True))
    bench.run(40)
    bench.do(lambda: office.line.cut(False))
    assert events_during(bench, fxo, 2000) == []
    bench.do(lambda: office.line.cut(True))
    assert events_during(bench, fxo, 2000) == [(1000, dio.EVENT_ALARM)]
    assert not dio.with_struct(fxo, dio.GET_PARAMS, "params").rx_offhook


def test_polarity(bench, fxo, office):
    dio = bench.dio
    bench.do(lambda: office.line.reverse(True))
    assert events_during(bench, fxo, 200) == [(64, dio.EVENT_POLARITY)]
    bench.do(lambda: office.line.reverse(False))
    bench.run(50)
    bench.do(lambda: office.line.reverse(True))
    assert events_during(bench, fxo, 200) == []


def test_flash_opens_the_loop_for_its_time(bench, fxo, office):
    dio = bench.dio
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    bench.run(700)
    office.loops.clear()
    assert refused(dio.ioctl, fxo, dio.HOOK, dio.FLASH) == "EINPROGRESS"
    assert events_during(bench, fxo, 900) == [(800, dio.EVENT_HOOKCOMPLETE)]
    (opened, _), (closed, _) = office.loops
    assert closed - opened == 750
    params = dio.with_struct(fxo, dio.GET_PARAMS, "params")
    params.flash_ms = 100
    dio.checked(dio.lib.dio_ioctl(fxo, dio.SET_PARAMS, params))
    office.loops.clear()
    assert refused(dio.ioctl, fxo, dio.HOOK, dio.FLASH) == "EINPROGRESS"
    bench.run(300)
    assert office.loops[1][0] - office.loops[0][0] == 100


def test_dialling_by_tone_and_by_pulses(bench, fxo, office):
    dio = bench.dio
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    bench.run(700)
    dio.with_struct(fxo, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"T13W800*#")
    assert events_during(bench, fxo, 2300) == [(2100 - 200, dio.EVENT_DIALCOMPLETE)]
    assert office.digits == "13800*#"
    office.loops.clear()
    dio.with_struct(fxo, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"P20")
    got = events_during(bench, fxo, 4000)
    assert [event for _ms, event in got] == [dio.EVENT_DIALCOMPLETE]
    opened = [at for at, closed in office.loops if not closed]
    shut = [at for at, closed in office.loops if closed]
    assert len(opened) == len(shut) == 12
    assert {b - a for a, b in zip(opened, shut, strict=True)} == {50}
    assert opened[2] - shut[1] == 50 + 750


@pytest.mark.parametrize("bench", ["default", "fork"], indirect=True)
def test_sound_both_ways_in_the_law_of_the_card(bench, fxo, office):
    """A tone of the exchange arrives; what the program writes is heard there. mu-law, or A-law with `alawoverride`."""
    dio, engine = bench.dio, bench.sim.engine
    law = dio.with_struct(fxo, dio.GET_PARAMS, "params").law
    assert law == (dio.LAW_MULAW if bench.kernel.persona.analog_law == 1 else dio.LAW_ALAW)
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    dio.ioctl(fxo, dio.SETLINEAR, 1)
    bench.do(lambda: engine.tone(office.line.office_leg, 440, -1000))
    bench.run(200)
    dio.ioctl(fxo, dio.FLUSH, 7)
    bench.run(60)
    samples = memoryview(dio.read(fxo)).cast("h")
    peak = max(map(abs, samples))
    assert 0.8 * 7218 < peak < 1.2 * 7218
    for _ in range(6):
        square = (8000 if n // 4 % 2 else -8000 for n in range(160))
        dio.write(fxo, b"".join(value.to_bytes(2, "little", signed=True) for value in square))
        bench.run(20)
    assert bench.do(lambda: engine.level(office.line.office_leg)).rx_mb > -1500


# -- telephones -------------------------------------------------------------------------------------------------------
def test_a_telephone_is_lifted_flashed_and_put_down(bench, fxs, telephone):
    dio = bench.dio
    telephone.hook(True)
    assert events_during(bench, fxs, 100) == [(8, dio.EVENT_RINGOFFHOOK)]
    assert dio.with_struct(fxs, dio.GET_PARAMS, "params").rx_offhook
    dio.ioctl(fxs, dio.HOOK, dio.OFFHOOK)
    bench.run(700)
    telephone.hook(False)
    bench.run(300)
    telephone.hook(True)
    assert events_during(bench, fxs, 100) == [(8, dio.EVENT_WINKFLASH)]
    telephone.hook(False)
    assert events_during(bench, fxs, 2000) == [(1258, dio.EVENT_ONHOOK)]
    params = dio.with_struct(fxs, dio.GET_PARAMS, "params")
    params.rxflash_ms = 700
    dio.checked(dio.lib.dio_ioctl(fxs, dio.SET_PARAMS, params))
    telephone.hook(True)
    bench.run(100)
    dio.events(fxs)
    telephone.hook(False)
    assert events_during(bench, fxs, 2000) == [(708, dio.EVENT_ONHOOK)]


def test_pulses_of_a_dial(bench, fxs, telephone):
    dio = bench.dio
    telephone.hook(True)
    bench.run(1000)
    dio.events(fxs)
    for digit in (3, 10):
        for _ in range(digit):
            telephone.hook(False)
            bench.run(60)
            telephone.hook(True)
            bench.run(40)
        got = [event for _ms, event in events_during(bench, fxs, 700)]
        assert got == [dio.EVENT_PULSE_START, dio.EVENT_PULSEDIGIT + ord(str(digit % 10))]


def test_pulse_start_comes_with_the_first(bench, fxs, telephone):
    dio = bench.dio
    telephone.hook(True)
    bench.run(1000)
    dio.events(fxs)
    telephone.hook(False)
    bench.run(60)
    telephone.hook(True)
    assert events_during(bench, fxs, 400) == [(8, dio.EVENT_PULSE_START), (258, dio.EVENT_PULSEDIGIT + ord("1"))]


def test_ringing_has_the_cadence_of_the_zone_and_stops_when_lifted(bench, fxs, telephone):
    dio = bench.dio
    assert refused(dio.ioctl, fxs, dio.HOOK, dio.RING) == "EINPROGRESS"
    assert events_during(bench, fxs, 5500) == [(1000, dio.EVENT_RINGEROFF), (5000, dio.EVENT_RINGERON)]
    assert [on for _at, on in telephone.rings] == [True, False, True]
    assert telephone.rings[2][0] - telephone.rings[0][0] == 5000
    telephone.hook(True)
    bench.run(10)
    assert not telephone.line.ringing
    assert dio.events(fxs) == [dio.EVENT_RINGOFFHOOK]
    dio.ioctl(fxs, dio.HOOK, dio.OFFHOOK)
    bench.run(6000)
    assert not telephone.line.ringing


def test_the_zone_has_the_number_that_programs_know(bench, fxs):
    """Programs ask by the number that `cn` has in the table of tone zones, which libtonezone knows where it is."""
    dio = bench.dio
    dio.ioctl(fxs, dio.SETTONEZONE, 33)
    assert refused(dio.ioctl, fxs, dio.SETTONEZONE, 86) == "ENODATA"
    zones = ctypes.util.find_library("tonezone")
    if zones:
        library = ctypes.CDLL(zones)
        library.tone_zone_find.restype = ctypes.POINTER(ctypes.c_int)
        assert library.tone_zone_find(b"cn")[0] == 33


def test_another_cadence(bench, fxs, telephone):
    dio = bench.dio
    dio.with_struct(fxs, dio.SETCADENCE, "ring_cadence", ms=[400, 200, 400, 3000])
    refused(dio.ioctl, fxs, dio.HOOK, dio.RING)
    bench.run(4500)
    began = telephone.rings[0][0]
    assert [at - began for at, _on in telephone.rings] == [0, 400, 600, 1000, 4000, 4400]
    dio.ioctl(fxs, dio.HOOK, dio.RINGOFF)
    assert not telephone.line.ringing


def test_hanging_up_on_a_lifted_telephone_drops_the_feed(bench, fxs, telephone):
    dio = bench.dio
    telephone.hook(True)
    bench.run(100)
    dio.ioctl(fxs, dio.HOOK, dio.OFFHOOK)
    bench.run(700)
    telephone.volts.clear()
    dio.ioctl(fxs, dio.HOOK, dio.ONHOOK)
    bench.run(1000)
    (gone, none), (back, volts) = telephone.volts
    assert (none, volts > 0, back - gone) == (0, True, 500)


def test_polarity_of_a_station(bench, fxs, telephone):
    dio = bench.dio
    dio.ioctl(fxs, dio.SETPOLARITY, 1)
    assert telephone.line.reversed
    dio.ioctl(fxs, dio.SETPOLARITY, 0)
    assert not telephone.line.reversed
    refused(dio.ioctl, fxs, dio.HOOK, dio.RING)
    assert refused(dio.ioctl, fxs, dio.SETPOLARITY, 1) == "EINVAL"
    assert refused(dio.ioctl, fxs, dio.ONHOOKTRANSFER, 4000) is None
    assert refused(dio.ioctl, fxs, dio.VMWI, 1) is None


def test_what_the_other_kind_of_port_refuses(bench, fxo):
    dio = bench.dio
    for request in (dio.SETPOLARITY, dio.ONHOOKTRANSFER, dio.VMWI):
        assert refused(dio.ioctl, fxo, request, 1) == "EINVAL"
    assert refused(dio.ioctl, fxo, dio.TONEDETECT, 1) == "ENOSYS"
    assert refused(lambda: dio.with_struct(fxo, dio.SET_HWGAIN, "hw_gain", tenth_db=-35, tx=1)) is None
    assert refused(dio.configure, 1, dio.SIG_FXOKS) == "EINVAL"
    assert refused(dio.configure, 1, dio.SIG_CAS) == "EINVAL"


# -- the card ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("bench", "hint"), [("default", False), ("fork", True)], indirect=["bench"])
def test_a_card_is_pulled_and_put_back(bench, fxo, hint):
    dio = bench.dio
    card = bench.machine.card("ana")
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    bench.do(lambda: card.plug(False))
    if hint:
        assert refused(dio.read, fxo) == "ENODEV"
        assert dio.poll({fxo: 2})
        assert dio.event(fxo) == dio.EVENT_REMOVED
    assert refused(dio.read, fxo) == "ENODEV" == refused(dio.write, fxo, b"x")
    assert refused(dio.ioctl, fxo, dio.GETEVENT) == "ENODEV" == refused(dio.ioctl, fxo, dio.CHANNO)
    assert dio.poll({fxo: 1}) == {fxo: 17}, "poll says that it has hung up"
    assert refused(dio.channel, 1) == "EINVAL"
    assert refused(dio.open, "1") == "ENOENT"
    assert not bench.machine.analog_lines["ana/1"].loop_closed
    dio.close(fxo)
    bench.do(lambda: card.plug(True))
    fd = dio.channel(1)
    dio.ioctl(fd, dio.HOOK, dio.OFFHOOK)
    assert bench.machine.analog_lines["ana/1"].loop_closed
    bench.run(100)
    assert dio.with_struct(fd, dio.GET_PARAMS, "params").rx_offhook
    dio.close(fd)


def test_a_card_that_is_missing_when_the_first_program_comes(bench):
    """Modules look for cards when they are loaded: `card_missing` before any program."""
    card = bench.machine.card("ana")
    bench.do(lambda: setattr(card, "fitted", False))
    assert refused(bench.dio.channel, 1) in ("EINVAL", "ENXIO")
    bench.do(lambda: setattr(card, "fitted", True))
    assert refused(bench.dio.channel, 1) in ("EINVAL", "ENXIO"), "not before they are loaded again"
