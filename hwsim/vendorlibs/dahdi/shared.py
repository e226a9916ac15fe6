"""The page of memory that an open file shares with the program that has it open (`page.h`)."""

from __future__ import annotations

import mmap
import os
from enum import IntEnum, IntFlag

PAGE_BYTES = 4096


class Field(IntEnum):
    """Fields by place; `page.h` says what they are."""

    NUMBER = 0
    KIND = 1
    DEAD = 2
    FLAGS = 3
    EVENTS = 4
    RX_SENT = 5
    RX_TAKEN = 6
    RX_FLUSHED = 7
    TX_PUT = 8
    TX_TAKEN = 9
    BLOCK_SIZE = 10
    BLOCK_COUNT = 11
    RX_BITS = 12
    CONFIG = 13


class Kind(IntEnum):
    """What was opened."""

    CTL = 1
    CHANNEL = 2
    TIMER = 3
    UNSPECIFIED = 4
    """/dev/dahdi/channel before a channel was named."""


class Flag(IntFlag):
    """Field FLAGS."""

    LINEAR = 1
    MULAW = 2
    KICK = 4
    LOCKSTEP = 8


class SharedPage:
    """One page. Numbers are 32 bits and wrap; each is written by one side only."""

    def __init__(self, number: int, kind: Kind) -> None:
        self.fd = os.memfd_create("dahdi", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, PAGE_BYTES)
        self._map = mmap.mmap(self.fd, PAGE_BYTES)
        self.fields = memoryview(self._map).cast("I")
        self.fields[Field.NUMBER] = number
        self.fields[Field.KIND] = kind

    def add(self, field: Field, count: int = 1) -> None:
        """Count up."""
        self.fields[field] = (self.fields[field] + count) & 0xFFFFFFFF

    def distance(self, ahead: Field, behind: Field) -> int:
        """How far one counter is ahead of another; a program that wrote nonsense makes it 0 or huge, never negative."""
        return (self.fields[ahead] - self.fields[behind]) & 0xFFFFFFFF

    @property
    def rx_waiting(self) -> int:
        """Blocks that the program has not read."""
        return self.distance(Field.RX_SENT, Field.RX_TAKEN)

    @property
    def tx_waiting(self) -> int:
        """Blocks that the program has written and that are not sent."""
        return self.distance(Field.TX_PUT, Field.TX_TAKEN)

    def flag(self, flag: Flag, on: bool) -> None:
        """Set or clear a flag."""
        flags = self.fields[Field.FLAGS]
        self.fields[Field.FLAGS] = flags | flag if on else flags & ~flag

    def close(self) -> None:
        """Let go of our half."""
        self.fields.release()
        self._map.close()
        os.close(self.fd)
