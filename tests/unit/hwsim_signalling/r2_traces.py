"""Takes R2Town's calls down for the checker, and spoils them."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace

from r2_checker import BACKWARD_HZ, FORWARD_HZ, PAIRS, Trace

from hwsim.core.events import Format, What
from hwsim.core.sound import alaw_decode, alaw_encode

RING_S = 14
SILENCE = 0xD5


class Tape:
    """Everything on one timeslot from now on. `trace(forward)`: since the beginning, as the checker wants it."""

    def __init__(self, town, slot, ring_s=RING_S):
        self.town, self.slot = town, slot
        self.start_us = town.sim.now_us
        self.leg = town.bus.circuits[slot].card_leg
        self.recorder = town.sim.engine.record_mem(self.leg, ring_s * 8000, Format.ALAW, What.STEREO)
        self.bits = []
        town.bus.bits_taps.append(self._bits)

    def _bits(self, at_us, side, slot, abcd):
        if slot == self.slot:
            self.bits.append((at_us, side, abcd))

    def trace(self, forward):
        engine = self.town.sim.engine
        sound = engine.rec_read(self.recorder)
        engine.stop(self.recorder)
        self.town.bus.bits_taps.remove(self._bits)
        net, card = sound[0::2], sound[1::2]
        bits = [
            ((at - self.start_us) / 1000, "forward" if side == forward else "backward", b) for at, side, b in self.bits
        ]
        return Trace(bits, *((net, card) if forward == "net" else (card, net)))


def tone(hz, level_dbm0, samples):
    peak = [32768 * 10 ** ((level - 3.14) / 20) for level in level_dbm0]
    wave = [
        sum(p * math.sin(2 * math.pi * f * n / 8000) for p, f in zip(peak, hz, strict=True)) for n in range(samples)
    ]
    return alaw_encode(array("h", [round(max(-32000, min(32000, v))) for v in wave]))


def pair(number, forward=True):
    frequencies = FORWARD_HZ if forward else BACKWARD_HZ
    return [frequencies[i] for i in PAIRS[number - 1]]


def put(sound, from_ms, to_ms, what=None):
    """Replace a stretch: by silence, or by `what(samples)`."""
    a, b = round(from_ms * 8), round(to_ms * 8)
    return sound[:a] + (what(b - a) if what else bytes([SILENCE]) * (b - a)) + sound[b:]


def gain(sound, db):
    factor = 10 ** (db / 20)
    return alaw_encode(array("h", [round(v * factor) for v in alaw_decode(sound)]))


def with_bits(trace, change):
    return replace(trace, bits=change(list(trace.bits)))
