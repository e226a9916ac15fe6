"""Ring ports: two engines on clocks of their own, in one process and in two."""

import math
import mmap
import os
import random
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_judge import Judge
from engine_stage import BLOCK, Stage, coded, decoded, pcm, ramp, samples

from boardd.contract.errors import ArgumentError, DeviceError
from boardd.media.engine.events import Hole, PeerGone
from boardd.media.engine.ring import RingEnd, make_ring
from hwsim.core.sound import find_chirps, make_chirp
from tests.tools.descriptors import open_descriptors

RATE = 8000
BLOCK_NS = 20_000_000
PEER = Path(__file__).with_name("engine_peer.py")


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> Judge:
    return Judge(tmp_path_factory.mktemp("judge"))


class Pair:
    """Two engines with a ring between them; the first's clock runs `ppm` slower, so its ticks come later and later."""

    def __init__(self, folder: Path, ppm: float = 0.0, jitter_ms: float = 0.0, **ring) -> None:
        self.first, self.second = Stage(folder), Stage(folder)
        one, two = make_ring()
        self.out = self.first.engine.ring_port(one, self.first.told.append, **ring)
        self.into = self.second.engine.ring_port(two, self.second.told.append, **ring)
        self.mouth = self.first.null(capacity=2 * RATE)
        self.ear = self.second.null(capacity=2 * RATE)
        self.first.engine.link(self.mouth, self.out)
        self.second.engine.link(self.into, self.ear)
        self.out.run()
        self.into.run()
        self.first_ns = BLOCK_NS * (1 + ppm * 1e-6)
        self._chance = random.Random(1)
        self._jitter_ns = jitter_ms * 1e6
        self.ticks = [0, 0]
        self.sound: Callable[[int], bytes] | None = None
        """What the first end says in its block of that number."""

    def late(self) -> int:
        """Nearly always a little, sometimes a lot."""
        return int(min(self._chance.expovariate(10 / self._jitter_ns), self._jitter_ns)) if self._jitter_ns else 0

    def run(self, until_ns: int) -> None:
        """Both engines' ticks in the order of time. The second's clock is half a block behind at the start."""
        engines = (self.first.engine, self.second.engine)
        while True:
            due = (self.ticks[0] * self.first_ns, self.ticks[1] * BLOCK_NS + BLOCK_NS // 2)
            side = 0 if due[0] <= due[1] else 1
            if due[side] >= until_ns:
                return
            if side == 0 and self.sound:
                self.mouth.feed(self.sound(self.ticks[0]))
            engines[side].lib.me_tick(engines[side].handle, int(due[side]) + self.late())
            self.ticks[side] += 1

    def close(self) -> None:
        self.first.close()
        self.second.close()


@pytest.fixture
def pair(tmp_path):
    made: list[Pair] = []

    def make(*args, **kwargs) -> Pair:
        made.append(Pair(tmp_path, *args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.close()


def alaw_tone(hz: float = 1000.0) -> list[bytes]:
    """Ten seconds of a tone as an A-law line delivers it, in blocks; they join without a step."""
    step = 2 * math.pi * hz / RATE
    sound = pcm(decoded(coded(round(8000 * math.sin(step * n)) for n in range(10 * RATE))))
    return [sound[at : at + 2 * BLOCK] for at in range(0, len(sound), 2 * BLOCK)]


def tone_in_every_second(pair: Pair, judge: Judge, seconds: int, hz: float = 1000.0) -> list[float]:
    """SINAD in dB of each second but the first, from A-law line to A-law line."""
    tone, levels = alaw_tone(hz), []
    pair.sound = lambda block: tone[block % len(tone)]
    for second in range(seconds):
        pair.run((second + 1) * 1_000_000_000)
        sound = pair.ear.take(2 * RATE)
        # The first second begins with silence, and with a click where the tone begins.
        if second > 0:
            levels.append(judge.tone(pcm(decoded(coded(samples(sound)))), hz)[0])
    return levels


def test_a_tone_stays_pure_with_clocks_apart(pair, judge):
    for ppm in (50, -50, 0):
        levels = tone_in_every_second(pair(ppm), judge, 30)
        assert min(levels) >= 35.0, ppm


def test_a_tone_stays_pure_when_ticks_are_late(pair, judge):
    levels = tone_in_every_second(pair(50, jitter_ms=8), judge, 60)
    assert min(levels) >= 20.0, "while the clocks are not known yet"
    assert min(levels[5:]) >= 35.0


@pytest.mark.parametrize("stood_s", [0.2, 2.0])
def test_an_engine_that_stood_still_is_heard_again_at_once(pair, stood_s):
    apart = pair()
    tone = alaw_tone()
    apart.sound = lambda block: tone[block % len(tone)]
    apart.run(1_000_000_000)
    apart.ticks[0] += round(stood_s * 1e9 / BLOCK_NS)
    until_ns = round((1 + stood_s) * 1e9)
    apart.run(until_ns + 200_000_000)
    apart.ear.take(3 * RATE)
    apart.run(until_ns + 400_000_000)
    heard = samples(apart.ear.take(2 * RATE))
    assert max(abs(sample) for sample in heard[:BLOCK]) > 7000, "200 ms after it goes on"
    assert max(abs(sample) for sample in heard[-BLOCK:]) > 7000


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_an_hour_50_ppm_apart(pair, judge):
    apart = pair(50)
    levels = tone_in_every_second(apart, judge, 3600)
    assert min(levels) >= 35.0
    assert apart.into.state.concealed == 0
    assert apart.into.state.ring_rate == pytest.approx(1 / (1 + 50e-6), abs=2e-6)


def delays_ms(pair: Pair, seconds: int) -> list[float]:
    """Of numbered chirps, by their places in both engines' samples and the two clocks' speeds."""
    got, heard = {}, b""
    quiet = pcm([0] * BLOCK)

    def chirps(block: int) -> bytes:
        second, part = divmod(block, RATE // BLOCK)
        return pcm(make_chirp(7, second)[part * BLOCK : (part + 1) * BLOCK]) if part < 6 else quiet

    pair.sound = chirps
    for second in range(seconds):
        pair.run((second + 1) * 1_000_000_000)
        heard += pair.ear.take(2 * RATE)
    for chirp in find_chirps(heard):
        got[chirp.number] = chirp.start_sample
    assert len(got) >= seconds - 2
    # A sample's time, on both sides: its place in the stream at the speed of that side's clock.
    ns = [got[n] * BLOCK_NS / BLOCK + BLOCK_NS / 2 - n * RATE * pair.first_ns / BLOCK for n in got]
    return [value / 1e6 for value in ns]


@pytest.mark.parametrize("extra", [1, 2, 3, 4, 5])
def test_ticks_too_many_cost_a_moment_not_seconds(pair, extra):
    """A card that stood still for a moment and caught up drives ticks of which the other side knows nothing."""
    two = pair()
    two.sound = lambda _number: struct.pack("<160h", *[5000] * BLOCK)
    two.run(3 * 10**9)
    two.ear.take(4 * RATE)
    engine = two.second.engine
    for _tick in range(extra):
        engine.lib.me_tick(engine.handle, two.ticks[1] * BLOCK_NS + BLOCK_NS // 2 - 1)
    two.run(6 * 10**9)
    heard = samples(two.ear.take(4 * RATE))
    silent = [abs(value) < 100 for value in heard]
    assert sum(silent) <= 0.2 * RATE and not any(silent[-2 * RATE :])
    assert two.into.state.ring_delay_ms == pytest.approx(32, abs=0.5)


@pytest.mark.parametrize("ppm", [0, 50, -50, 200])
def test_the_delay_is_constant_and_at_most_40_ms(pair, ppm):
    delays = delays_ms(pair(ppm), 90)
    assert max(delays) <= 40.0
    assert max(delays) - min(delays) <= 20.0
    settled = delays[60:]
    assert max(settled) - min(settled) < 1.0
    assert settled[-1] == pytest.approx(32, abs=2.5)


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_the_delay_of_an_hour(pair):
    delays = delays_ms(pair(50), 3600)
    assert max(delays) <= 40.0
    assert max(delays) - min(delays) <= 20.0


def test_the_delay_can_be_chosen(pair):
    assert delays_ms(pair(0, delay_ms=60), 10)[-1] == pytest.approx(60, abs=1)
    for wrong in (24, 101):
        with pytest.raises(ArgumentError):
            pair(0, delay_ms=wrong)


def test_a_peer_that_holds_its_port_is_silent_without_holes(pair):
    both = pair()
    both.run(1_000_000_000)
    both.out.run(False)
    both.run(2_000_000_000)
    both.second.engine.take_events()
    assert both.second.all(Hole) == []
    both.out.run()
    both.mouth.feed(pcm(ramp(RATE)))
    both.ear.take(2 * RATE)
    both.run(3_000_000_000)
    assert any(samples(both.ear.take(RATE)))


def test_a_peer_that_stops_ticking_leaves_holes_and_comes_back_with_the_same_delay(pair):
    both = pair()
    engine = both.second.engine
    both.mouth.feed(pcm([1000] * 2 * RATE))
    both.run(500_000_000)
    for tick in range(25, 40):
        engine.lib.me_tick(engine.handle, tick * BLOCK_NS + BLOCK_NS // 2)
    assert both.into.state.concealed >= 12 * BLOCK
    for tick in range(25, 40):
        both.first.engine.lib.me_tick(both.first.engine.handle, tick * BLOCK_NS)
    both.ticks = [40, 40]
    both.run(2_000_000_000)
    assert both.into.state.ring_delay_ms == pytest.approx(32, abs=6)
    assert set(samples(both.ear.take(2 * RATE))[-2 * BLOCK :]) == {1000}


def test_a_reader_that_was_away_loses_the_oldest(pair):
    both = pair()
    both.run(200_000_000)
    for tick in range(10, 110):
        both.first.engine.lib.me_tick(both.first.engine.handle, tick * BLOCK_NS)
    both.ticks = [110, 110]
    both.run(3_000_000_000)
    assert both.into.state.dropped >= 60 * BLOCK
    assert both.into.state.ring_delay_ms == pytest.approx(32, abs=1)


def test_a_dead_peer_is_the_end_of_a_file(tmp_path):
    """Another process, killed with SIGKILL; its engine's descriptors were handed over by a socket."""
    stage = Stage(tmp_path)
    mine, theirs = make_ring()
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = subprocess.Popen(
        [sys.executable, str(PEER), str(there.fileno())],
        pass_fds=[there.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    there.close()
    theirs.send(here)
    port = stage.engine.ring_port(mine, stage.told.append)
    ear, mouth = stage.null(), stage.null()
    stage.engine.link(port, ear)
    stage.engine.link(mouth, port)
    port.run()
    mouth.feed(pcm([4000] * 50 * BLOCK))

    def both(tick: int) -> str:
        child.stdin.write(f"{tick}\n")
        child.stdin.flush()
        line = child.stdout.readline()
        stage.engine.tick(1, tick * BLOCK_NS)
        stage.engine.take_events()
        return line

    lines = [both(tick) for tick in range(20)]
    assert set(samples(ear.take(20 * BLOCK))[-BLOCK:]) == {1000}
    assert lines[-1] == "4000 4000\n", "it hears us, too"
    assert stage.all(PeerGone) == []
    child.kill()
    child.wait()
    stage.engine.tick(3, 20 * BLOCK_NS)
    stage.engine.take_events()
    assert stage.one(PeerGone).port == port.number
    assert port.state.peer_gone
    assert not any(samples(ear.take(3 * BLOCK)))
    child.stdin.close()
    child.stdout.close()
    here.close()
    stage.close()


class TestHostilePeers:
    """The other process writes what it likes."""

    HEADER = struct.Struct("<4I")
    WAY = 64
    WAY_BYTES = 64 + 64 + 32 * 328

    def attach(self, tmp_path):
        stage = Stage(tmp_path)
        mine, theirs = make_ring()
        memory = mmap.mmap(theirs.descriptors[0], 0)
        port = stage.engine.ring_port(mine, stage.told.append)
        port.run()
        way = self.WAY + self.WAY_BYTES
        struct.pack_into("<I", memory, way + 64, 1)
        return stage, port, theirs, memory, way

    def finish(self, stage, theirs, memory):
        stage.close()
        memory.close()
        theirs.close()

    def test_a_count_that_goes_back_is_a_dead_peer(self, tmp_path):
        stage, port, theirs, memory, way = self.attach(tmp_path)
        struct.pack_into("<Q", memory, way, 5)
        stage.tick()
        struct.pack_into("<Q", memory, way, 3)
        stage.tick()
        assert stage.one(PeerGone).port == port.number
        self.finish(stage, theirs, memory)

    def test_any_bytes_are_survived(self, tmp_path):
        stage, port, theirs, memory, way = self.attach(tmp_path)
        chance = random.Random(5)
        for tick in range(300):
            place = chance.randrange(way, len(memory) - 8)
            memory[place : place + 8] = chance.randbytes(8)
            struct.pack_into("<Q", memory, way, (tick + 1) * chance.choice([1, 1, 1, 40, 10**6]))
            stage.engine.tick(1, tick * BLOCK_NS)
            if port.state.peer_gone:
                port.run(False)
                port.run(True)
        self.finish(stage, theirs, memory)

    def test_what_is_no_ring_is_refused(self, tmp_path):
        stage = Stage(tmp_path)
        for spoil in ("unsealed", "short", "magic", "closed"):
            end, other = make_ring()
            descriptors = list(end.descriptors)
            if spoil in ("unsealed", "short"):
                os.close(descriptors[0])
                descriptors[0] = os.memfd_create("x", os.MFD_ALLOW_SEALING)
                os.truncate(descriptors[0], 100 if spoil == "short" else 21440)
            elif spoil == "magic":
                memory = mmap.mmap(descriptors[0], 0)
                memory[0:4] = b"xxxx"
                memory.close()
            else:
                os.close(descriptors[0])
            before = open_descriptors()
            with pytest.raises(DeviceError):
                stage.engine.ring_port(RingEnd(descriptors, 0), stage.told.append)
            assert open_descriptors() <= before - 3
            other.close()
        stage.close()


def test_the_peer_may_drive_where_there_is_no_card(tmp_path):
    first, second = Stage(tmp_path), Stage(tmp_path)
    one, two = make_ring()
    out = first.engine.ring_port(one, first.told.append)
    into = second.engine.ring_port(two, second.told.append, drives=True)
    out.run()
    into.run()
    lib, handle = second.engine.lib, second.engine.handle
    due = second.engine.ffi.new("int64_t *")
    descriptor = lib.me_clock_fd(handle, due)
    assert descriptor >= 0
    assert lib.me_service(handle, 0) == 0
    for tick in range(5):
        first.engine.tick(1, tick * BLOCK_NS)
        assert lib.me_service(handle, tick * BLOCK_NS) == 1
    first.engine.tick(1, 100_000_000)
    first.engine.tick(1, 120_000_000)
    assert lib.me_service(handle, 120_000_000) == 2
    assert lib.me_service(handle, 300_000_000) == 0
    assert lib.me_clock_fd(handle, due) == -1, "a peer that stops drives no more"
    assert lib.me_service(handle, 300_000_000) > 0
    first.engine.tick(1, 310_000_000)
    assert lib.me_service(handle, 320_000_000) > 0
    assert lib.me_clock_fd(handle, due) == descriptor
    first.close()
    second.close()


def test_ends_are_handed_on_once(tmp_path):
    one, two = make_ring()
    assert (one.side, two.side) == (0, 1)
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.send(here)
    assert one.descriptors == ()
    got = RingEnd.receive(there)
    assert (got.side, len(got.descriptors)) == (0, 4)
    got.close()
    with pytest.raises(ArgumentError):
        got.take()
    here.send(b"\x07")
    with pytest.raises(DeviceError):
        RingEnd.receive(there)
    two.close()
    here.close()
    there.close()
