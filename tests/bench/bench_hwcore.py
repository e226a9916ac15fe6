"""Speed of the sample engine, in multiples of real time on one core.

    python tests/bench/bench_hwcore.py [seconds of simulated time]

Prints one line per load; asserts nothing, as machines differ.
"""

import sys
import tempfile
from collections.abc import Callable
from time import perf_counter

from hwsim.core.engine import Engine, Line
from hwsim.core.events import RATE_HZ, Format, Tap, What
from hwsim.core.sound import alaw_encode, find_chirps, make_chirp, pcm_of


def speech_like(seconds: int) -> bytes:
    """A-law bytes with energy in all bands."""
    with Engine(max_legs=1, seed=7) as engine:
        leg = engine.leg_new()
        for f_hz in (130, 260, 390, 520, 1040, 1600, 2400):
            engine.tone(leg, f_hz, -2600, cadence_ms=(180 + f_hz // 9, 60))
        engine.noise(leg, -3500)
        ring = engine.record_mem(leg, seconds * RATE_HZ, Format.PCM16, What.OUT)
        engine.run(seconds * RATE_HZ)
        return alaw_encode(pcm_of(engine.rec_read(ring, 2 * seconds * RATE_HZ)))


def busy(engine: Engine, legs: int, detect: bool = True, record: bool = True, line: Line | None = None) -> None:
    """Legs in wired pairs, each with a DTMF receiver, a file playing and a recording."""
    with tempfile.TemporaryFile() as sound:
        sound.write(speech_like(10))
        sound.flush()
        ids = [engine.leg_new() for _ in range(legs)]
        for a, b in zip(ids[::2], ids[1::2], strict=True):
            engine.wire(a, b)
        for leg in ids:
            engine.play_fd(leg, sound.fileno(), Format.ALAW, loop=True)
            if line:
                engine.line_set(leg, line)
            if detect:
                engine.dtmf_detect(leg)
            if record:
                with tempfile.TemporaryFile() as recording:
                    engine.record_fd(leg, recording.fileno(), Format.ALAW, What.IN)


def tones(engine: Engine) -> None:
    """The busy load and four call progress detectors on each leg."""
    busy(engine, 120)
    for leg in legs_of(engine):
        for f_hz in (450, 950, 1100, 2100):
            engine.tone_detect(leg, f_hz)


def legs_of(engine: Engine) -> list[int]:
    """The first 120 legs of a fresh engine."""
    return [1 << 12 | index for index in range(120)]


def conference(engine: Engine) -> None:
    """Thirty legs that all hear each other over the bus."""
    busy(engine, 60)
    for a in legs_of(engine)[:30]:
        for b in legs_of(engine)[:30]:
            if a != b:
                engine.link(a, b, -600, Tap.HEARS)


def measure(name: str, seconds: int, load: Callable[[Engine], object]) -> None:
    """Runs one load and prints its speed."""
    with Engine(max_legs=1024, seed=1) as engine:
        load(engine)
        engine.run(RATE_HZ)
        engine.events()
        until = engine.now + seconds * RATE_HZ
        begin = perf_counter()
        events = 0
        while engine.now < until:
            engine.run(until)
            events += len(engine.events())
        spent = perf_counter() - begin
    sys.stdout.write(f"{name:42} {seconds / spent:9.0f} x real time, {events} events\n")


def main() -> None:
    """Runs all loads."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    line = Line(rx_loss_mb=300, noise_mb=-6500, echo_loss_mb=1500, echo_delay=24)
    measure("120 legs: DTMF receiver, play, record", seconds, lambda e: busy(e, 120))
    measure("120 legs: play, record", seconds, lambda e: busy(e, 120, detect=False))
    measure("120 legs: play", seconds, lambda e: busy(e, 120, detect=False, record=False))
    measure("120 legs: all, with loss, noise and echo", seconds, lambda e: busy(e, 120, line=line))
    measure("120 legs: all, and 4 tone detectors", seconds, tones)
    measure("60 legs: all, 870 links", seconds, conference)
    measure("1000 idle legs", seconds, lambda e: [e.leg_new() for _ in range(1000)])
    recording = make_chirp(1, 2) * 500
    begin = perf_counter()
    found = len(find_chirps(recording))
    spent = perf_counter() - begin
    searched = len(recording) // RATE_HZ
    sys.stdout.write(f"search of {searched} s: {found} chirps, {searched / spent:.0f} x real time\n")


if __name__ == "__main__":
    main()
