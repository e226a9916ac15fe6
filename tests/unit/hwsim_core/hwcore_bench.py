"""Helpers of the sample engine's tests."""

import math
from array import array
from random import Random

from hwsim.core.engine import Engine
from hwsim.core.events import Event, Format, Kind, What
from hwsim.core.sound import pcm_of

MS = 8


class Bench:
    """One engine with helpers for asking what somebody heard."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def pair(self) -> tuple[int, int]:
        a, b = self.engine.leg_new(), self.engine.leg_new()
        self.engine.wire(a, b)
        return a, b

    def run(self, samples: int) -> list[Event]:
        """Runs so many samples on, through all events."""
        until = self.engine.now + samples
        seen: list[Event] = []
        while self.engine.now < until or self.engine.stats().events:
            self.engine.run(until)
            seen += self.engine.events()
        return seen

    def record(self, leg: int, samples: int, what: What = What.IN) -> "array[int]":
        """What a leg hears (or says) from now on, as 16-bit samples."""
        ring = self.engine.record_mem(leg, max(samples, 32), Format.PCM16, what, max_samples=samples)
        self.run(samples)
        pcm = pcm_of(self.engine.rec_read(ring, 2 * samples))
        self.engine.stop(ring)
        return pcm


def level_dbm0(pcm: "array[int]") -> float:
    """Level by the textbook: 0 dBm0 is a sine of peak 22826."""
    power = sum(x * x for x in pcm) / len(pcm)
    return 10 * math.log10(power / (22826**2 / 2)) if power else -math.inf


def kinds(events: list[Event], *wanted: Kind) -> list[Event]:
    return [e for e in events if e.kind in wanted]


def voice(rng: Random, samples: int) -> "array[int]":
    """Speech as a detector sees it: a gliding harmonic source through three moving formants, with fricatives."""
    pcm = array("h")
    phase = 0.0
    while len(pcm) < samples:
        length = rng.randint(400, 2400)
        pitch, glide = rng.uniform(90, 320), rng.uniform(-0.3, 0.3)
        formants = (rng.uniform(300, 900), rng.uniform(900, 2200), rng.uniform(2200, 3200))
        widths = (80, 120, 180)
        voiced = rng.random() < 0.75
        count = int(3400 / pitch)
        gains = [
            sum(1 / (1 + ((h * pitch - f) / w) ** 2) for f, w in zip(formants, widths, strict=True)) + 0.02
            for h in range(1, count + 1)
        ]
        loud = rng.uniform(500, 6000) / max(gains)
        for n in range(length):
            phase += pitch * (1 + glide * n / length) / 8000
            if voiced:
                x = sum(g * math.sin(2 * math.pi * phase * h) for h, g in enumerate(gains, 1))
            else:
                x = rng.gauss(0, 1.0)
            shape = min(1.0, n / 100, (length - n) / 100)
            pcm.append(max(-32000, min(32000, round(x * loud * shape))))
    return pcm
