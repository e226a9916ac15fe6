"""Caller ID on the line, judged by receivers that share nothing with the simulator."""

import pytest
from peers import Spandsp, multimon_digits

from hwsim.core.engine import Engine
from hwsim.core.events import Format, What
from hwsim.core.sound import pcm_of
from hwsim.exchange.exchange import Exchange
from hwsim.exchange.line_circuit import LineOptions
from hwsim.exchange.ringer import CallerIdForm, RingOptions
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.line.analog import AnalogLine
from hwsim.line.caller_id import CallerId, decode, mdmf, sdmf
from hwsim.line.caller_id_receiver import CallerIdReceiver


class Street:
    """One line of an exchange with somebody who calls it, and a recording of what its set end hears."""

    def __init__(self, **ring):
        self.sim = Sim(Engine(64, 1), TruthLog(), 1)
        self.exchange = Exchange(self.sim)
        self.line = AnalogLine(self.sim, "1/0")
        self.exchange.add_line(self.line, LineOptions(number="88002000", ring=RingOptions(**ring)))
        self.caller = self.exchange.add_subscriber("13800138000")

    def ring(self, seconds):
        """What the set hears while it is called and rings."""
        engine = self.sim.engine
        recorder = engine.record_mem(self.line.set_leg, round(seconds * 8000), Format.PCM16, What.IN)
        self.caller.lift()
        self.caller.dial("88002000")
        self.sim.advance_to(round(seconds * 1e6))
        return pcm_of(engine.rec_read(recorder))


@pytest.fixture
def street():
    made = []

    def build(**ring):
        made.append(Street(**ring))
        return made[-1]

    yield build
    for one in made:
        one.sim.engine.close()


@pytest.mark.parametrize("form", [CallerIdForm.FSK, CallerIdForm.SDMF])
def test_the_exchanges_fsk_is_read_by_spandsp(street, form):
    pcm = street(caller_id=form).ring(8)
    caller = CallerId("13800138000", date="03010900")
    encode = sdmf if form is CallerIdForm.SDMF else mdmf
    assert Spandsp().receive(pcm) == [encode(caller)[:-1]]


def test_spandsp_too_hears_only_the_repeat_of_a_spoilt_message(street):
    pcm = street(bad_checksum_first=True).ring(11)
    assert len(Spandsp().receive(pcm)) == 1
    assert Spandsp().receive(pcm[: 5 * 8000]) == []


@pytest.mark.parametrize(
    ("start", "stop", "digits"),
    [("D", "C", "D13800138000C"), ("A", "#", "A13800138000#"), ("", "C", "13800138000C")],
)
@pytest.mark.parametrize("form", [CallerIdForm.DTMF, CallerIdForm.DTMF_AFTER_RING])
def test_the_exchanges_dtmf_is_read_by_multimon(street, start, stop, digits, form):
    pcm = street(caller_id=form, dtmf_start=start, dtmf_stop=stop).ring(5)
    assert multimon_digits(pcm) == digits


def test_messages_made_by_spandsp_are_received():
    with Engine(16, 1) as engine:
        sim = Sim(engine, TruthLog(), 1)
        here, there = engine.leg_new(), engine.leg_new()
        engine.wire(here, there)
        got = []
        CallerIdReceiver(sim, there, lambda caller, form: got.append((caller, form))).open()
        fields = [(0x01, b"10012359"), (0x02, b"13800138000"), (0x07, "张三".encode("gbk"))]
        pcm = Spandsp().send(0x80, fields, 8000)
        engine.play_mem(here, pcm.tobytes(), Format.PCM16)
        sim.advance_to(1_500_000)
    assert got == [(CallerId("13800138000", "张三", "10012359"), "fsk")]


VECTORS = {
    "04 12 30 39 33 30 31 32 32 34 36 30 39 35 35 35 31 32 31 32 51": [(0, b"09301224"), (0, b"6095551212")],
    "04 13 31 30 30 31 32 33 35 39 30 31 30 38 38 38 38 36 36 36 36 0b": [(0, b"10012359"), (0, b"01088886666")],
    "80 17 01 08 31 30 30 31 32 33 35 39 02 0b 31 33 38 30 30 31 33 38 30 30 30 96": [
        (0x01, b"10012359"),
        (0x02, b"13800138000"),
    ],
    "80 0d 01 08 31 30 30 31 32 33 35 39 04 01 50 80": [(0x01, b"10012359"), (0x04, b"P")],
}
"""The facts' vectors (1.6), and what spandsp is given to make the same; fields of a simple message have no type."""


@pytest.mark.parametrize("vector", VECTORS)
def test_spandsp_makes_the_bytes_of_the_facts(vector):
    """Fields, checksum and modulation are the library's; our receiver reads the facts' bytes."""
    with Engine(16, 1) as engine:
        here, there = engine.leg_new(), engine.leg_new()
        engine.wire(here, there)
        receiver = engine.fsk_detect(there)
        message = bytes.fromhex(vector)
        engine.play_mem(here, Spandsp().send(message[0], VECTORS[vector], 8000).tobytes(), Format.PCM16)
        engine.run(9000)
        assert engine.fsk_read(receiver) == message
        decode(engine.fsk_read(receiver))


@pytest.mark.parametrize("vector", VECTORS)
def test_spandsp_reads_the_bytes_of_the_facts(vector):
    """The other way: our modulation of the facts' bytes, found whole (it hands them out without the checksum)."""
    with Engine(16, 1) as engine:
        here, there = engine.leg_new(), engine.leg_new()
        engine.wire(here, there)
        ring = engine.record_mem(there, 12_000, Format.PCM16, What.IN)
        engine.fsk(here, bytes.fromhex(vector))
        while engine.now < 12_000:
            engine.run(12_000)
            engine.events()
        assert Spandsp().receive(pcm_of(engine.rec_read(ring))) == [bytes.fromhex(vector)[:-1]]
