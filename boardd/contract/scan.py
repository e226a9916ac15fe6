"""The cards that a running library reports, as `boardctl scan` shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from boardd.contract.objects import Board, Channel, Span


def scanned(boards: Iterable[Board], spans: Iterable[Span], channels: Sequence[Channel]) -> list[dict[str, Any]]:
    """One JSON object for each board: what it is, its span ids, and how many channels of each kind."""
    spans = list(spans)
    return [
        {
            "board": board.id,
            "model": board.model,
            "serial": board.serial,
            "number": board.number,
            "state": str(board.state),
            "spans": [span.id for span in spans if span.board == board.id],
            "channels": dict(Counter(str(channel.kind) for channel in channels if channel.board == board.id)),
        }
        for board in boards
    ]
