"""Device ports: bytes of a card in, bytes to a card out, in every law, also when the card or we are late."""

import errno
import math
import os
from itertools import pairwise

import pytest
from engine_stage import BLOCK, SILENCE, coded, decoded, pcm, ramp, samples

from boardd.contract.errors import ArgumentError
from boardd.media.engine.clips import ALAW, LINEAR, MULAW, Clip
from boardd.media.engine.events import ClockChanged, Hole, LineEvent, PortFailed

MULAW_SILENCE = 0xFF


def alaw(count, first=0):
    return bytes((first + 7 * i) % 256 for i in range(count))


def test_alaw_passes_from_line_to_line_unaltered(stage):
    (from_a, a), (from_b, b) = stage.wire(), stage.wire()
    stage.engine.link(a, b)
    sound = alaw(4 * BLOCK)
    from_a.say(sound)
    stage.tick(4)
    assert from_b.heard() == sound
    assert from_a.heard() == bytes([SILENCE]) * (4 * BLOCK)


def test_every_alaw_code_means_what_it_should(stage):
    wire, port = stage.wire()
    ear = stage.null()
    stage.engine.link(port, ear)
    wire.say(bytes(range(256)) + bytes(64))
    stage.tick(2)
    assert samples(ear.take(256)) == decoded(bytes(range(256)))


def test_every_linear_value_is_coded_as_it_should(stage):
    wire, port = stage.wire()
    values = list(range(-32768, 32768, 37))
    port.play([Clip(pcm(values), LINEAR)])
    stage.tick(len(values) // BLOCK + 1)
    assert wire.heard()[: len(values)] == coded(values)


def test_mulaw_and_linear_lines(stage):
    (from_a, a), (from_b, b) = stage.wire(law=MULAW), stage.wire(law=LINEAR)
    stage.engine.link(a, b)
    stage.engine.link(b, a)
    codes = bytes(range(256)) + bytes([MULAW_SILENCE]) * 64
    from_a.say(codes)
    from_b.say(pcm([0, 0, 0, 32124, -32124] + [0] * (2 * BLOCK - 5)))
    stage.tick(2)
    got = samples(from_b.heard())
    assert (got[0xFF], got[0x7F], got[0x80], got[0x00]) == (0, 0, 32124, -32124)
    assert from_a.heard()[:6] == bytes([MULAW_SILENCE] * 3 + [0x80, 0x00, MULAW_SILENCE])


def test_sound_may_come_in_any_pieces(stage):
    wire, port = stage.wire()
    ear = stage.null()
    stage.engine.link(port, ear)
    sound = alaw(3 * BLOCK)
    wire.say(sound[:1])
    stage.tick()
    wire.say(sound[1:100])
    wire.say(sound[100:])
    stage.tick(3)
    assert samples(ear.take(4 * BLOCK)) == [0] * BLOCK + decoded(sound)


def test_what_comes_late_is_a_hole_and_nothing_is_lost(stage):
    wire, port = stage.wire()
    ear = stage.null()
    stage.engine.link(port, ear)
    stage.tick(2)
    assert port.state.holes == 0, "nothing has come yet: the line has not begun"
    wire.say(alaw(BLOCK))
    stage.tick(2)
    wire.say(alaw(BLOCK, 9))
    stage.tick()
    expected = [0] * (2 * BLOCK) + decoded(alaw(BLOCK)) + [0] * BLOCK
    assert samples(ear.take(5 * BLOCK)) == expected + decoded(alaw(BLOCK, 9))
    assert port.state.holes == BLOCK
    assert stage.one(Hole).samples == BLOCK


def test_holes_are_told_at_most_once_a_second(stage):
    wire, port = stage.wire()
    wire.say(alaw(BLOCK))
    stage.tick(151)
    assert [hole.samples for hole in stage.all(Hole)] == [BLOCK, 50 * BLOCK, 50 * BLOCK]
    assert port.state.holes == 150 * BLOCK


def test_a_delay_that_a_pause_left_behind_goes_away(stage):
    wire, port = stage.wire()
    wire.say(bytes(6 * BLOCK))
    for _second in range(8):
        for _block in range(50):
            wire.say(bytes(BLOCK))
            stage.tick()
    assert port.state.dropped == 5 * BLOCK
    stage.tick(2)
    assert port.state.holes == 6 * BLOCK, "one block in hand has stayed: the first of two more ticks found it"


def test_what_is_said_is_not_delayed_by_a_time_in_which_we_stood_still(stage):
    """The card has played nothing meanwhile: a block for each that waits would stay in its buffer for ever."""
    wire, port = stage.wire(prefill=1)
    ear, lib, handle = stage.null(), stage.engine.lib, stage.engine.handle
    stage.engine.link(port, ear)
    now_ns = 0
    for number in range(10):
        wire.say(alaw(BLOCK, number))
        now_ns = number * 20_000_000
        lib.me_service(handle, now_ns)
    assert len(wire.heard()) == 11 * BLOCK, "one ahead"
    ear.take(16000)
    wire.say(alaw(5 * BLOCK))  # what the card kept of two seconds
    now_ns += 2_000_000_000
    lib.me_service(handle, now_ns)
    assert len(wire.heard()) == 2 * BLOCK, "one, and again one ahead"
    assert len(ear.take(16000)) == 2 * 5 * BLOCK, "what the card kept is heard"
    for number in range(5):
        wire.say(alaw(BLOCK, number))
        now_ns += 20_000_000
        lib.me_service(handle, now_ns)
        assert len(wire.heard()) == BLOCK
    assert port.state.unsent == 4 * BLOCK


@pytest.mark.parametrize("late", range(5))
@pytest.mark.parametrize("prefill", [0, 1, 2, 3])
def test_a_late_moment_is_covered_the_next_time_and_its_delay_goes_away(stage, prefill, late):
    """A card that plays a block in each 20 ms, or nothing: how much it has, and how often it has nothing."""
    wire, port = stage.wire(prefill=prefill)
    port.play([Clip(alaw(3000 * BLOCK), ALAW)])
    lib, handle = stage.engine.lib, stage.engine.handle
    ahead, block, seen, dry = 0, 0, [], []
    for turn in range(2600):
        for _missed in range(1 + late * (turn in (20, 40, 60))):
            wire.say(alaw(BLOCK))
            if turn and ahead == 0:
                dry.append(turn)
            ahead = max(0, ahead - BLOCK)
            block += 1
        lib.me_service(handle, block * 20_000_000)
        ahead += len(wire.heard())
        seen.append(ahead // BLOCK)
    lead, needed = prefill + 1, max(prefill, late) + 1
    assert dry == [20] * (needed - lead), "once, not again"
    assert (seen[0], seen[30], seen[70], seen[1500], seen[-1]) == (lead, needed, needed, needed, lead)


def given_back(stage, sound, turns):
    """A card that plays 160 bytes in each 20 ms; a late moment puts one block ahead of it, which is given back when it
    is calm again. All that it was sent, in linear samples, and in which turns no block came.
    """
    wire, port = stage.wire()
    port.play([Clip(pcm(sound), LINEAR)])
    lib, handle = stage.engine.lib, stage.engine.handle
    block, got, left_out = 0, b"", []
    for turn in range(turns):
        for _missed in range(1 + (turn == 20)):
            wire.say(alaw(BLOCK))
            block += 1
        lib.me_service(handle, block * 20_000_000)
        new = wire.heard()
        got += new
        if not new:
            left_out.append(turn)
    assert port.state.unsent == BLOCK * len(left_out)
    return decoded(got), left_out


def test_a_delay_goes_away_in_a_pause_of_the_sound(stage):
    """The first quiet block after half a minute is left out: of the sound itself not one sample is missing."""
    tone = [round(8000 * math.sin(0.3 * n)) for n in range(1700 * BLOCK)]
    pause = range(1585 * BLOCK, 1590 * BLOCK)
    sound = [40 if n in pause else value for n, value in enumerate(tone)]
    got, left_out = given_back(stage, sound, 1650)
    assert len(left_out) == 1
    loud = [value for value in got if abs(value) > 130]
    wanted = [value for value in decoded(coded(sound)) if abs(value) > 130]
    assert loud == wanted[: len(loud)] and len(loud) > 1600 * BLOCK * 0.9


def test_a_delay_goes_away_without_a_step_where_no_pause_is(stage):
    """At most two seconds later, and the sound is never steeper than it is anywhere."""
    sound = [round(8000 * math.sin(0.05 * n)) for n in range(1800 * BLOCK)]
    got, left_out = given_back(stage, sound, 1750)
    assert len(left_out) == 1
    assert 1540 < left_out[0] <= 1680
    steepest = max(abs(b - a) for a, b in pairwise(decoded(coded(sound[: 100 * BLOCK]))))
    assert max(abs(b - a) for a, b in pairwise(got)) <= steepest


def test_a_card_that_stood_still_itself_has_played_nothing_meanwhile(stage):
    wire, port = stage.wire(prefill=2)
    lib, handle = stage.engine.lib, stage.engine.handle
    for turn in range(20):
        wire.say(alaw(BLOCK))
        lib.me_service(handle, turn * 20_000_000 + 80_000_000 * (turn >= 10))
        assert len(wire.heard()) == (3 if turn == 0 else 1) * BLOCK
    assert port.state.unsent == 0


def test_silence_is_written_ahead(stage):
    wire, port = stage.wire(prefill=3)
    port.play([Clip(alaw(BLOCK), ALAW)])
    stage.tick()
    assert wire.heard() == bytes([SILENCE]) * (3 * BLOCK) + alaw(BLOCK)


def test_a_device_that_takes_nothing_loses_sound_and_recovers_in_whole_blocks(stage):
    wire, port = stage.wire()
    full = wire.fill()
    port.play([Clip(pcm(ramp(100 * BLOCK)), LINEAR)])
    stage.tick(10)
    assert port.state.unsent == 8 * BLOCK, "two blocks wait, eight are lost"
    rest = wire.heard()
    stage.tick()
    got = rest[full:] + wire.heard()
    sound = coded(ramp(11 * BLOCK))
    assert got == sound[: 2 * BLOCK] + sound[10 * BLOCK :]


def test_end_of_file_and_errors_are_told_once(stage):
    wire, port = stage.wire()
    wire.say(alaw(BLOCK))
    stage.tick()
    wire.far.close()
    stage.tick(3)
    failed = stage.one(PortFailed)
    assert failed.port == port.number
    assert failed.errno in (0, errno.EPIPE, errno.ECONNRESET)
    assert port.state.failed
    port.run()
    assert not port.state.failed
    stage.tick()
    assert len(stage.all(PortFailed)) == 2


def test_a_port_that_is_held_is_left_alone(stage):
    wire, port = stage.wire()
    port.run(False)
    wire.say(alaw(BLOCK))
    stage.tick(3)
    assert wire.heard() == b""
    assert wire.card.recv(1000) == alaw(BLOCK)


def test_bad_options_are_refused(stage):
    with pytest.raises(ArgumentError):
        stage.wire(law=9)
    with pytest.raises(ArgumentError):
        stage.wire(prefill=8)
    with pytest.raises(ArgumentError):
        stage.wire(delay=8)


def test_the_clock_is_a_port_that_may_and_can(stage):
    lib, engine = stage.engine.lib, stage.engine
    due = engine.ffi.new("int64_t *")
    assert lib.me_clock_fd(engine.handle, due) == -1
    assert due[0] == -1, "nothing runs: nothing to do"
    stage.wire(may_drive=False)
    first, port = stage.wire()
    second, _other = stage.wire()
    assert lib.me_clock_fd(engine.handle, due) == first.card.fileno()
    first.say(bytes(BLOCK - 1))
    second.say(bytes(3 * BLOCK))
    assert lib.me_service(engine.handle, 0) == 0
    first.say(bytes(1 + BLOCK))
    assert lib.me_service(engine.handle, 20_000_000) == 2
    assert engine.stats().late_blocks == 1
    port.free()
    assert lib.me_clock_fd(engine.handle, due) == second.card.fileno()
    assert lib.me_service(engine.handle, 40_000_000) == 1
    assert lib.me_service(engine.handle, 90_000_000) == 0
    assert lib.me_clock_fd(engine.handle, due) == second.card.fileno()
    # Three blocks without a sample: a timer goes on, at the time the next one was due.
    assert lib.me_service(engine.handle, 100_000_001) == 0
    assert lib.me_clock_fd(engine.handle, due) == -1
    assert due[0] == 60_000_000
    assert lib.me_service(engine.handle, 100_000_002) == 3
    second.say(bytes(BLOCK))
    assert lib.me_service(engine.handle, 120_000_000) == 1
    assert lib.me_clock_fd(engine.handle, due) == second.card.fileno(), "it has sound again: it drives again"
    engine.take_events()
    assert [clock.port for clock in stage.all(ClockChanged)][-3:] == [_other.number, 0, _other.number]


def test_events_of_a_device_are_told_and_its_sound_goes_on(stage, fakes):
    """A device in C that answers -500 to read and write while events wait, as line drivers do."""
    lib, ffi = fakes
    device = ffi.new("fake_device *")
    port = stage.engine.device_port(
        stage.device(lib.fake_fd(device), lib.fake_read, lib.fake_write, lib.fake_ioctl, 77, 500), stage.told.append
    )
    port.run()
    device.blocks, device.events = 2, 3
    device.number[0], device.number[1], device.number[2] = 2, 18, 1
    stage.tick(2)
    assert [event.number for event in stage.all(LineEvent)] == [1, 18, 2]
    assert port.state.holes == 0
    assert (device.reads_done, device.writes_done) == (2, 2)
    assert not port.state.failed
    port.free()
    os.close(device.fd)
