"""One timeslot at one end of a span, as a driver shows it: read, write, events, readiness."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, IntEnum, IntFlag
from typing import TYPE_CHECKING

from hwsim.core.events import Format, What
from hwsim.spanbus.loops import RETURNING, Loop

if TYPE_CHECKING:
    from hwsim.spanbus.end import SpanEnd

BLOCK_BYTES = 160
"""20 ms of A-law."""
RING_BLOCKS = 8
IDLE_OCTET = b"\xd5"
"""A-law silence."""


class Ready(IntFlag):
    """What can be done now: as poll() would say."""

    READ = 1
    WRITE = 2
    EVENT = 4
    """Out of the ordinary: `take_event` has something (POLLPRI)."""


class ChannelEvent(IntEnum):
    """Events of a channel, by their DAHDI numbers."""

    NONE = 0
    ALARM = 4
    NO_ALARM = 5
    ABORT = 6
    OVERRUN = 7
    BAD_FCS = 8
    BITS_CHANGED = 13


class Use(Enum):
    """What a channel is open for."""

    CLOSED = "closed"
    SOUND = "sound"
    HDLC = "hdlc"


class Channel:
    """A timeslot seen from one end.

    `hook(channel)` is called whenever `ready` may have grown. Line bits work whatever the channel is open for. Sound is
    A-law in blocks of 160 bytes; HDLC frames come and go whole, without flags, stuffing and check sequence.
    """

    def __init__(self, end: SpanEnd, slot: int, leg: int | None) -> None:
        self.end = end
        self.slot = slot
        self.leg = leg
        self.use = Use.CLOSED
        self.hook: Callable[[Channel], None] | None = None
        self.refill: Callable[[], None] | None = None
        """Called before sound of a tick is sent: a reader of blocks may write them just in time."""
        self.rx_bits = 0xF
        self.tx_bits = 0xF
        self._events: deque[ChannelEvent] = deque(maxlen=512)
        self._rx: deque[bytes] = deque()
        self._tx = bytearray()
        self._blocks = 4
        self._recorder = 0
        self._heard = bytearray()
        self._slip_in = 0
        self._slip_out = 0

    # -- opening ----------------------------------------------------------------------------------------------------
    def open_sound(self, blocks: int = 4) -> None:
        """Use the slot for sound; so many blocks are held each way. The slot must be a bearer."""
        if self.leg is None:
            raise ValueError(f"timeslot {self.slot} of {self.end.name} is not a bearer")
        self.close()
        self.use = Use.SOUND
        self._blocks = blocks
        engine = self.end.sim.engine
        self._recorder = engine.record_mem(self.leg, RING_BLOCKS * BLOCK_BYTES, Format.ALAW, What.IN)
        self.end.tick_wanted()

    def open_hdlc(self, frames: int = 32) -> None:
        """Use the slot for HDLC frames; so many are held until they are read."""
        self.close()
        self.use = Use.HDLC
        self._blocks = frames

    def close(self) -> None:
        """Use the slot for nothing; what was not read is gone."""
        if self._recorder:
            self.end.sim.engine.stop(self._recorder)
            self._recorder = 0
        self.use = Use.CLOSED
        self._rx.clear()
        self._tx.clear()
        self._heard.clear()
        self._slip_in = self._slip_out = 0

    # -- as a file --------------------------------------------------------------------------------------------------
    @property
    def ready(self) -> Ready:
        """What can be done now."""
        found = Ready(0)
        if self._rx:
            found |= Ready.READ
        if self.use is Use.HDLC or (self.use is Use.SOUND and len(self._tx) < self._blocks * BLOCK_BYTES):
            found |= Ready.WRITE
        if self._events:
            found |= Ready.EVENT
        return found

    def read(self) -> bytes | None:
        """The next block of sound or HDLC frame; None: would block."""
        return self._rx.popleft() if self._rx else None

    def write(self, octets: bytes) -> int:
        """Send sound, or one whole HDLC frame. How many octets were taken; 0: would block, or the slot is closed."""
        if self.use is Use.HDLC:
            self.end.send_frame(self.slot, bytes(octets))
            return len(octets)
        if self.use is Use.CLOSED:
            return 0
        room = self._blocks * BLOCK_BYTES - len(self._tx)
        taken = octets[:room]
        self._tx += taken
        return len(taken)

    def take_event(self) -> ChannelEvent:
        """The oldest event that was not taken."""
        return self._events.popleft() if self._events else ChannelEvent.NONE

    def flush(self, *, rx: bool = True, tx: bool = True) -> None:
        """Forget what was not read, or not sent yet."""
        if rx:
            self._rx.clear()
            self._heard.clear()
        if tx:
            self._tx.clear()

    def send_bits(self, abcd: int) -> None:
        """Set the four line bits that this end sends. 0000 is forbidden: it would imitate multiframe alignment."""
        if not 1 <= abcd <= 0xF:
            raise ValueError(f"line bits {abcd:04b}: four bits, not 0000")
        if abcd != self.tx_bits:
            self.tx_bits = abcd
            self.end.bits_sent(self.slot)

    # -- from the span ----------------------------------------------------------------------------------------------
    def got_bits(self, abcd: int) -> None:
        """The far end's bits changed."""
        self.rx_bits = abcd
        self.note(ChannelEvent.BITS_CHANGED)

    def got_frame(self, frame: bytes) -> None:
        """An HDLC frame arrived."""
        if self.use is not Use.HDLC:
            return
        if len(self._rx) >= self._blocks:
            self.end.counters.overruns += 1
            self.note(ChannelEvent.OVERRUN)
            return
        self._rx.append(frame)
        self._call()

    def note(self, event: ChannelEvent) -> None:
        """Something happened on the slot."""
        self._events.append(event)
        self._call()

    @property
    def recording(self) -> bool:
        """Whether the channel is open for sound."""
        return self.use is Use.SOUND

    def slip_in(self, frames: int) -> None:
        """A frame of 125 us was lost (-1) or doubled (+1) on the way in: so was one octet of every slot."""
        self._slip_in += frames

    def slip_out(self, frames: int) -> None:
        """The same on the way out."""
        self._slip_out += frames

    def tick(self) -> None:
        """20 ms of sound each way."""
        if self.use is not Use.SOUND or self.leg is None:
            return
        engine = self.end.sim.engine
        if self.refill:
            self.refill()
        block = bytes(self._tx[:BLOCK_BYTES])
        del self._tx[: len(block)]
        heard = self.end.received_sound(engine.rec_read(self._recorder, RING_BLOCKS * BLOCK_BYTES))
        if self.end.loop is Loop.LOCAL:
            heard = block + IDLE_OCTET * (BLOCK_BYTES - len(block))
        self._heard += _slipped(heard, self._slip_in)
        self._slip_in = 0
        while len(self._heard) >= BLOCK_BYTES:
            self._got_block(bytes(self._heard[:BLOCK_BYTES]))
            del self._heard[:BLOCK_BYTES]
        if block and self.end.loop not in RETURNING:
            if len(block) < BLOCK_BYTES:
                self.end.counters.underruns += 1
            engine.play_mem(self.leg, _slipped(self.end.sent_sound(block), self._slip_out), Format.ALAW)
            self._slip_out = 0
        self._call()

    def _got_block(self, block: bytes) -> None:
        if len(self._rx) >= self._blocks:
            self.end.counters.overruns += 1
            return
        self._rx.append(block)

    def _call(self) -> None:
        if self.hook:
            self.hook(self)


def _slipped(sound: bytes, frames: int) -> bytes:
    """The sound with its first octets lost (negative) or doubled (positive)."""
    return sound[-frames:] if frames < 0 else sound[:1] * frames + sound
