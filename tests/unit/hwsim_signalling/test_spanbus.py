"""The E1 in memory: alarms and their times, clocks and slips, bit errors, line bits, frames, sound."""

import array
import math
import random
from itertools import pairwise

import pytest
from town import Phone, Town

from hwsim.core.events import Format, Kind, What
from hwsim.core.sound import alaw_decode, alaw_encode
from hwsim.line.digital import Alarm, Setup
from hwsim.spanbus.biterrors import BitErrors
from hwsim.spanbus.channel import ChannelEvent, Ready
from hwsim.spanbus.section import Clock, Clocking


def span(**options):
    return Town(circuits=0, **options)


def alarms_log(town, side):
    return [(f["t_us"], f["alarms"]) for f in town.facts("span_alarms", side=side)]


@pytest.mark.parametrize(
    ("changes", "alarm", "set_us", "clear_us"),
    [
        ({"signal": "none"}, Alarm.LOS, 125, 125),
        ({"signal": "ais"}, Alarm.AIS, 250, 250),
        ({"signal": "unframed"}, Alarm.LOF, 750, 500),
        ({"remote_alarm": True}, Alarm.RAI, 750, 750),
        ({"cas_multiframe": False}, Alarm.LMF, 4000, 2000),
    ],
)
def test_alarms_and_their_persistence(changes, alarm, set_us, clear_us):
    town = span(cas=True)
    town.run_s(0.1)
    good = {key: {"signal": "framed", "remote_alarm": False, "cas_multiframe": True}[key] for key in changes}
    town.bus.disturb(town.bus.card, **changes)
    town.run_s(0.1)
    town.bus.disturb(town.bus.card, **good)
    town.run_s(0.1)
    assert alarms_log(town, "card") == [(100_000 + set_us, [alarm]), (200_000 + clear_us, [])]


def test_a_condition_shorter_than_the_persistence_is_no_alarm():
    town = span()
    town.bus.disturb(town.bus.card, signal="none")
    town.run_s(0.0001)
    town.bus.disturb(town.bus.card, signal="framed")
    town.run_s(1)
    assert not alarms_log(town, "card")


def test_the_far_end_of_a_broken_pair_sees_rai():
    town = span()
    town.bus.disturb(town.bus.net, signal="none")
    town.run_s(0.01)
    assert town.bus.net.alarms == {Alarm.LOS} and town.bus.card.alarms == {Alarm.RAI}
    assert not town.bus.span.alarms - {Alarm.RAI}
    town.bus.disturb(town.bus.card, signal="unframed")
    town.run_s(0.01)
    assert town.bus.card.alarms == {Alarm.LOF}, "RAI cannot be seen any more"
    for end in (town.bus.net, town.bus.card):
        town.bus.disturb(end, signal="framed")
    town.run_s(0.01)
    assert not town.bus.net.alarms and not town.bus.card.alarms


def test_lost_multiframe_is_told_to_the_far_end():
    town = span(cas=True)
    town.bus.disturb(town.bus.card, cas_multiframe=False)
    town.run_s(0.01)
    assert town.bus.net.distant_multiframe_alarm and not town.bus.card.distant_multiframe_alarm


def test_integration_of_slow_framers():
    town = span()
    town.bus.card.receiver.integration_us = 2_500_000
    town.bus.disturb(town.bus.card, signal="none")
    town.run_s(2.5)
    assert not town.bus.card.alarms
    town.run_s(0.1)
    assert town.bus.card.alarms


def test_crc4_on_one_side_only():
    town = span()
    town.bus.set_crc4(town.bus.net, False)
    assert town.bus.card.crc4_aligned
    town.run_s(0.01)
    assert not town.bus.card.crc4_aligned and town.bus.net.crc4_aligned
    assert not town.bus.card.alarms
    town.bus.set_crc4(town.bus.net, True)
    assert town.bus.card.crc4_aligned


@pytest.mark.parametrize(("ppm", "slips"), [(1, 1), (50, 56), (-50, 56), (10, 11)])
def test_two_masters_slip_every_125_s_per_ppm(ppm, slips):
    town = span()
    town.bus.set_clock(town.bus.card, Clock(Clocking.INTERNAL, ppm))
    town.run_s(140.5)
    assert town.bus.card.counters.slips == slips and town.bus.net.counters.slips == slips
    frames = {f["frames"] for f in town.facts("slip", side="card")}
    assert frames == ({1} if ppm > 0 else {-1}), "the faster reader doubles, the slower loses"


def test_a_slave_does_not_slip():
    town = span()
    town.bus.set_clock(town.bus.card, Clock(Clocking.RECOVERED, 50))
    town.run_s(100)
    assert town.bus.card.counters.slips == 0 and not town.bus.timing_loop
    town.bus.set_clock(town.bus.net, Clock(Clocking.RECOVERED))
    assert town.bus.timing_loop


def test_slips_and_phase_are_kept_over_changes_of_the_clock():
    town = span()
    for _ in range(10):  # ten times a tenth of what one slip needs
        town.bus.set_clock(town.bus.card, Clock(Clocking.INTERNAL, 50))
        town.run_s(0.26)
        town.bus.set_clock(town.bus.card, Clock(Clocking.RECOVERED, 50))
        town.run_s(5)
    assert town.bus.card.counters.slips == 1


def test_error_counters_follow_the_ratio():
    town = span()
    town.bus.disturb(town.bus.card, bit_error_ratio=1e-4)
    town.run_s(59.99)
    counters = town.bus.card.counters
    assert counters.cv == pytest.approx(60 * 2_048_000 * 1e-4, rel=0.05)
    assert counters.fas == pytest.approx(60 * 4000 * 7e-4, rel=0.3)
    assert counters.crc4 == pytest.approx(60 * 1000 * (1 - math.exp(-0.2048)) * 15 / 16, rel=0.05)
    assert town.bus.net.counters.ebit == counters.crc4 and counters.ebit == 0
    assert not town.bus.card.alarms
    town.bus.disturb(town.bus.card, bit_error_ratio=0.0)
    town.run_s(5)
    assert counters.errsec == 60


def test_heavy_errors_lose_alignment():
    town = span()
    town.bus.disturb(town.bus.card, bit_error_ratio=0.2)
    town.run_s(2)
    assert town.bus.card.alarms == {Alarm.LOF} or town.facts("span_alarms", side="card")
    town.bus.disturb(town.bus.card, bit_error_ratio=0.0)
    town.run_s(1)
    assert not town.bus.card.alarms


def test_seconds_with_an_alarm_are_error_seconds():
    town = span()
    town.bus.disturb(town.bus.card, signal="none")
    town.run_s(10)
    assert town.bus.card.counters.errsec == 10


def test_places_of_errors_are_spread_evenly():
    errors = BitErrors(random.Random(1))
    wrong = sum((a ^ b).bit_count() for a, b in zip(errors.corrupt(bytes(100_000), 0.01), bytes(100_000), strict=True))
    assert wrong == pytest.approx(8000, rel=0.05)
    assert errors.corrupt(b"abc", 0.0) == b"abc" and errors.count(8, 1.0) == 8


# -- line bits ------------------------------------------------------------------------------------------------------


def test_line_bits_arrive_with_the_next_multiframe():
    town = span(cas=True)
    got = []
    channel = town.bus.card.channel(7)
    channel.hook = lambda c: got.append((town.sim.now_us, c.rx_bits, c.take_event()))
    town.run_s(0.0005)
    town.bus.net.channel(7).send_bits(0b1011)
    town.run_s(0.01)
    assert got == [(2000, 0b1011, ChannelEvent.BITS_CHANGED)]


def test_bits_within_one_multiframe_are_seen_once():
    town = span(cas=True)
    for abcd in (0b0011, 0b1011):
        town.bus.net.channel(7).send_bits(abcd)
    town.run_s(0.01)
    channel = town.bus.card.channel(7)
    assert channel.take_event() is ChannelEvent.BITS_CHANGED and channel.take_event() is ChannelEvent.NONE
    assert channel.rx_bits == 0b1011


def test_zeros_are_forbidden():
    with pytest.raises(ValueError, match="0000"):
        span(cas=True).bus.net.channel(1).send_bits(0)


def test_lost_multiframe_freezes_bits():
    town = span(cas=True)
    town.bus.net.channel(3).send_bits(0b1011)
    town.run_s(0.01)
    town.bus.disturb(town.bus.card, cas_multiframe=False)
    town.run_s(0.01)
    town.bus.net.channel(3).send_bits(0b0011)
    town.run_s(1)
    assert town.bus.card.channel(3).rx_bits == 0b1011
    town.bus.disturb(town.bus.card, cas_multiframe=True)
    town.run_s(0.01)
    assert town.bus.card.channel(3).rx_bits == 0b0011


# -- frames ---------------------------------------------------------------------------------------------------------


def d_channels(town):
    for end in (town.bus.net, town.bus.card):
        end.channel(16).open_hdlc()
    return town.bus.net.channel(16), town.bus.card.channel(16)


def test_frames_take_their_time_and_stay_in_order():
    town = span()
    net, card = d_channels(town)
    at = []
    card.hook = lambda c: at.append(town.sim.now_us)
    net.write(bytes(5))
    net.write(bytes([1]) * 13)
    town.run_s(0.1)
    assert at == [8 * 125, 8 * 125 + 16 * 125]
    assert card.read() == bytes(5) and card.read() == bytes([1]) * 13 and card.read() is None


def test_frames_are_lost_in_alarms_and_hit_by_slips_and_errors():
    town = span()
    net, card = d_channels(town)
    town.bus.disturb(town.bus.card, signal="none")
    town.run_s(0.01)
    net.write(b"lost")
    town.run_s(0.1)
    assert card.read() is None and card.take_event() is ChannelEvent.NONE
    town.bus.disturb(town.bus.card, signal="framed")
    town.run_s(0.01)
    net.write(bytes(250))
    town.run_s(0.01)
    town.bus.card.slip(1)
    town.run_s(0.1)
    assert card.read() is None and card.take_event() is ChannelEvent.ABORT
    town.bus.disturb(town.bus.card, bit_error_ratio=0.005)
    for _ in range(50):
        net.write(bytes(250))
    town.run_s(5)
    assert town.bus.card.counters.bad_fcs > 45 and card.take_event() is ChannelEvent.BAD_FCS
    assert town.bus.card.counters.aborts == 1


def test_frames_that_nobody_reads_overrun():
    town = span()
    net, card = d_channels(town)
    for _ in range(40):
        net.write(b"frame")
    town.run_s(1)
    assert town.bus.card.counters.overruns == 8 and Ready.EVENT in card.ready


# -- sound ----------------------------------------------------------------------------------------------------------


def sine(hz, seconds, level=8000):
    return alaw_encode(
        array.array("h", [round(level * math.sin(2 * math.pi * hz * n / 8000)) for n in range(round(8000 * seconds))])
    )


def test_sound_of_a_call_is_contiguous_both_ways():
    town = Town(circuits=1)
    channel = town.bus.card.channel(1)
    channel.open_sound()
    wave, heard, at = sine(1000, 2), bytearray(), 0

    def ready(c):
        nonlocal at
        while (block := c.read()) is not None:
            heard.extend(block)
        while c.ready & Ready.WRITE and at < len(wave):
            at += c.write(wave[at : at + 160])

    channel.hook = ready
    engine, far = town.sim.engine, town.sim.engine.leg_new()
    town.bus.circuits[1].connect(far)
    tape = engine.record_mem(far, 24_000, Format.ALAW, What.IN)
    engine.play_mem(far, sine(700, 2), Format.ALAW)
    town.run_s(2.5)
    assert sine(700, 2).strip(b"\xd5") in bytes(heard)
    assert wave.strip(b"\xd5") in engine.rec_read(tape)
    assert town.bus.card.counters.overruns == 0


def test_unread_sound_overruns_and_late_sound_is_not_taken():
    town = Town(circuits=1)
    channel = town.bus.card.channel(1)
    channel.open_sound(blocks=2)
    assert channel.write(bytes(1000)) == 320 and Ready.WRITE not in channel.ready
    town.run_s(0.2)
    assert town.bus.card.counters.overruns >= 7
    assert channel.write(b"") == 0
    channel.close()
    assert channel.write(b"x" * 160) == 0
    assert town.sim.engine.stats().recorders == 0


def test_ais_is_all_ones_and_loss_is_silence():
    town = Town(circuits=1)
    channel = town.bus.card.channel(1)
    channel.open_sound(blocks=50)
    town.bus.disturb(town.bus.card, signal="ais")
    town.run_s(0.1)
    channel.flush()
    town.run_s(0.1)
    assert channel.read() == b"\xff" * 160
    town.bus.disturb(town.bus.card, signal="none")
    town.run_s(0.1)
    channel.flush()
    town.run_s(0.1)
    assert set(alaw_decode(channel.read())) <= {8, -8, 0}


def test_slips_are_heard():
    town = Town(circuits=1)
    channel = town.bus.card.channel(1)
    channel.open_sound(blocks=200)
    engine, far = town.sim.engine, town.sim.engine.leg_new()
    town.bus.circuits[1].connect(far)
    engine.play_mem(far, bytes(i % 200 + 1 for i in range(16_000)), Format.ALAW)
    town.sim.later(1000, town.bus.card.slip, -1)
    town.run_s(1.9)
    sound = b"".join(iter(channel.read, None))
    sound = sound[sound.index(b"\x01\x02") :]
    steps = [b - a for a, b in pairwise(sound)]
    assert sum(step not in (1, -199) for step in steps[:8000]) == 1


def test_a_phone_hears_the_card():
    """Through the exchange: what the card writes arrives at the telephone of the call."""
    town = Town(circuits=1)
    phone = Phone(town, "13800138000", answer_ms=100)
    town.bus.circuits[1].card = Quiet()
    town.trunks[1].on_setup(Setup("13800138000", "88001000"))
    assert town.until(lambda: town.facts("call_answer"))
    town.sim.engine.tone_detect(phone.line.leg, 1000)
    heard = []
    town.sim.on_engine(phone.line.leg, heard.append)
    channel, wave = town.bus.card.channel(1), sine(1000, 0.02)
    channel.hook = lambda c: c.write(wave) if c.ready & Ready.WRITE else None
    channel.open_sound()
    town.run_s(1)
    assert any(event.kind is Kind.TONE_ON and event.a == 1000 for event in heard)


class Quiet:
    def __getattr__(self, name):
        return lambda *args: None
