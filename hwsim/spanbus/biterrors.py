"""Bit errors of one direction: how many hit what in one tick of 20 ms."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

BITS_PER_TICK = 40_960
FAS_PER_TICK = 80
FAS_BITS = 7
SUBMULTIFRAMES_PER_TICK = 20
SUBMULTIFRAME_BITS = 2048
LOST_AFTER_WORDS = 3


@dataclass(frozen=True, slots=True)
class TickErrors:
    """What one tick brought."""

    bits: int = 0
    fas_bits: int = 0
    fas_words: int = 0
    crc4: int = 0
    alignment_lost: bool = False


class BitErrors:
    """Draws errors at a ratio; the same generator state gives the same errors."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._bad_in_row = 0

    def tick(self, ratio: float, crc4: bool) -> TickErrors:
        """Errors of the next 20 ms."""
        rng = self.rng
        fas_bits = fas_words = 0
        lost = False
        for _ in range(FAS_PER_TICK):
            wrong = self.count(FAS_BITS, ratio)
            fas_bits += wrong
            fas_words += wrong > 0
            self._bad_in_row = self._bad_in_row + 1 if wrong else 0
            lost = lost or self._bad_in_row >= LOST_AFTER_WORDS
        hit = 1 - math.exp(SUBMULTIFRAME_BITS * math.log1p(-ratio))
        # A CRC of four bits lets one hit of sixteen through.
        crc = sum(rng.random() < hit * 15 / 16 for _ in range(SUBMULTIFRAMES_PER_TICK)) if crc4 else 0
        bits = max(fas_bits, self.count(BITS_PER_TICK, ratio))
        return TickErrors(bits, fas_bits, fas_words, crc, lost)

    def count(self, bits: int, ratio: float) -> int:
        """How many of `bits` are wrong."""
        return sum(1 for _ in self._places(bits, ratio))

    def corrupt(self, octets: bytes, ratio: float) -> bytes:
        """The octets with their errors."""
        places = list(self._places(len(octets) * 8, ratio))
        if not places:
            return octets
        found = bytearray(octets)
        for place in places:
            found[place >> 3] ^= 0x80 >> (place & 7)
        return bytes(found)

    def _places(self, bits: int, ratio: float) -> list[int]:
        """Positions of wrong bits: distances between them are geometric."""
        if ratio <= 0:
            return []
        if ratio >= 1:
            return list(range(bits))
        scale = math.log1p(-ratio)
        places = []
        at = int(math.log(1.0 - self.rng.random()) / scale)
        while at < bits:
            places.append(at)
            at += 1 + int(math.log(1.0 - self.rng.random()) / scale)
        return places
