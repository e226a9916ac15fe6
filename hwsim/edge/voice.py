"""The peer's voice and ear on one bearer: numbered chirps out, sound and other people's chirps in."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable

from hwsim.core.events import CHIRP_SAMPLES
from hwsim.core.sound import ALAW_SILENCE, alaw_decode, alaw_encode, find_chirps, make_chirp
from hwsim.spanbus.channel import BLOCK_BYTES, Channel, Ready, Use

CHIRP_EVERY_BLOCKS = 20
LEVEL_MB = -1300
FULL_SCALE = 32768 * 10 ** (-3.14 / 20)
"""Peak of a sine of 0 dBm0."""
LOUD_DBM0 = -45.0
ON_BLOCKS = 3
OFF_BLOCKS = 40
"""20 ms each: pauses of tones and speech up to 0.8 s are part of the sound."""
LOOK_BLOCKS = 25

Noted = Callable[[str, dict[str, object]], None]


class Voice:
    """Opens `channel` for sound; its owner calls `pump` from the channel's hook.

    `noted(what, fields)`: `sound` (on, dbm0) and `heard_person` (party, once each).
    """

    def __init__(self, channel: Channel, party: int, noted: Noted) -> None:
        self.channel = channel
        self.party = party
        self.speaking = False
        self._noted = noted
        self._number = 0
        self._block = 0
        self._chirp = b""
        self._loud = self._quiet = 0
        self._sounds = False
        self._pcm: array[int] = array("h")
        self._known: set[int] = set()
        if channel.use is not Use.SOUND:
            channel.open_sound()

    def close(self) -> None:
        """Be silent and deaf."""
        self.channel.close()

    def pump(self) -> None:
        """Hear what has come and say what there is room for."""
        channel = self.channel
        while (block := channel.read()) is not None:
            self._hear(block)
        while channel.use is Use.SOUND and channel.ready & Ready.WRITE:
            channel.write(self._say())

    def _say(self) -> bytes:
        at = self._block % CHIRP_EVERY_BLOCKS
        self._block += 1
        if at == 0:
            self._number += 1
            self._chirp = alaw_encode(make_chirp(self.party, self._number, LEVEL_MB)) if self.speaking else b""
        piece = self._chirp[at * BLOCK_BYTES : (at + 1) * BLOCK_BYTES]
        return piece.ljust(BLOCK_BYTES, bytes([ALAW_SILENCE]))

    def _hear(self, block: bytes) -> None:
        pcm = alaw_decode(block)
        dbm0 = level_dbm0(pcm)
        self._loud = self._loud + 1 if dbm0 >= LOUD_DBM0 else 0
        self._quiet = self._quiet + 1 if dbm0 < LOUD_DBM0 else 0
        if not self._sounds and self._loud >= ON_BLOCKS:
            self._sounds = True
            self._noted("sound", {"on": True, "dbm0": round(dbm0, 1)})
        elif self._sounds and self._quiet >= OFF_BLOCKS:
            self._sounds = False
            self._noted("sound", {"on": False})
        self._pcm.extend(pcm)
        if len(self._pcm) >= LOOK_BLOCKS * BLOCK_BYTES + CHIRP_SAMPLES:
            self._look()

    def _look(self) -> None:
        for party in dict.fromkeys(chirp.party for chirp in find_chirps(self._pcm)):
            if party not in (0, self.party) and party not in self._known:
                self._known.add(party)
                self._noted("heard_person", {"party": party})
        del self._pcm[: -(CHIRP_SAMPLES - 1)]


def level_dbm0(pcm: array[int]) -> float:
    """Level of a block as that of a sine with the same power."""
    power = sum(sample * sample for sample in pcm) / max(1, len(pcm))
    return 10 * math.log10(max(1e-9, 2 * power) / FULL_SCALE**2)
