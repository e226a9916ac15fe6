"""HDLC frames between a program and a timeslot: the check sequence, and sending one after the other at 64 kbit/s."""

from __future__ import annotations

from collections.abc import Callable

from hwsim.kernel.sim import Sim, Timer
from hwsim.vendorlibs.dahdi.blocks import Sending
from hwsim.vendorlibs.dahdi.file import OpenFile

OCTET_US = 125
FCS_OCTETS = 2
FLAG_OCTETS = 1


def _table() -> tuple[int, ...]:
    values = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
        values.append(value)
    return tuple(values)


_FCS = _table()


def with_fcs(frame: bytes) -> bytes:
    """The frame with its check sequence behind it (ISO 3309, low octet first)."""
    value = 0xFFFF
    for octet in frame:
        value = value >> 8 ^ _FCS[(value ^ octet) & 0xFF]
    return frame + (value ^ 0xFFFF).to_bytes(2, "little")


class FrameSender:
    """Takes frames out of the program's blocks, each when the line is free; a block is free when its frame is sent."""

    def __init__(self, sim: Sim, send: Callable[[bytes], None]) -> None:
        self.sim = sim
        self._send = send
        self._sending: Sending | None = None
        self._file: OpenFile | None = None
        self._timer: Timer | None = None

    def start(self, sending: Sending, file: OpenFile) -> None:
        """Send what is written to this file."""
        self.stop()
        self._sending, self._file = sending, file

    def stop(self) -> None:
        """Send nothing more."""
        self.drop()
        self._sending = self._file = None

    def drop(self) -> None:
        """The blocks were emptied."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def more(self) -> None:
        """Something may have been written."""
        if self._timer is not None or self._sending is None:
            return
        frame = self._sending.frame()
        if frame is None:
            return
        payload = frame[:-FCS_OCTETS]
        if payload:
            self._send(payload)
        self._timer = self.sim.at(self.sim.now_us + (len(frame) + FLAG_OCTETS) * OCTET_US, self._sent)

    def _sent(self) -> None:
        self._timer = None
        if self._file:
            self._file.take_block()
        self.more()
