"""Identifiers: channels are named by board, span and timeslot; calls and contacts by ULID.

A channel id is `board/span/timeslot` (timeslot 1-31) or `board/port`; the board part is the name that the configuration
binds to a card's serial number, so an id survives moving the card to another slot and editing the maker's channel map.
"""

from __future__ import annotations

import re

from ulid import ULID

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")


def valid_name(name: str) -> bool:
    """Whether `name` may name a board, domain, group, client or station: 1-32 of A-Z a-z 0-9 _ . - ."""
    return bool(_NAME.match(name))


def span_id(board: str, span: int) -> str:
    """`board/span`; spans count from 1."""
    return f"{board}/{span}"


def bearer_id(board: str, span: int, timeslot: int) -> str:
    """`board/span/timeslot`."""
    return f"{board}/{span}/{timeslot}"


def port_id(board: str, port: int) -> str:
    """`board/port`; ports count from 1."""
    return f"{board}/{port}"


class UlidSource:
    """Mints ULIDs from given wall-clock times; ids of one source sort in the order in which they were minted."""

    def __init__(self) -> None:
        self._last = 0

    def mint(self, wall_ms: int) -> str:
        """A new id whose time part is `wall_ms`, or the last id plus one when the clock stood still or went back."""
        fresh = int(ULID.from_timestamp(wall_ms))
        self._last = fresh if fresh > self._last else self._last + 1
        return str(ULID.from_int(self._last))
