"""Cards that stop answering while the library runs: pulled out, without power, dead.

The maker tells it by channel only (section 9): 135 on analogue cards, 11 on digital ones, where a span that has lost
its signal shows 11 too, but with a status word. A card is gone when all of its channels say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from boardd.contract.driver import BoardChanged
from boardd.contract.objects import Board, Span
from boardd.contract.states import BoardState
from boardd.contract.text import N_, _
from drivers.synway.port import SynwayPort
from drivers.synway.session import Session, log

UNPLUGGED, UNAVAILABLE = 135, 11
UNPLUGGED_AFTER_LOOKS = 2
GONE = N_("the card does not answer: pulled out or without power")


class CardWatch:
    """Looks at the states as last known; `look` is called once per reconciliation."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._gone_ms: dict[str, int] = {}

    def look(
        self, boards: Iterable[Board], ports: Mapping[int, SynwayPort], spans: Mapping[int, Span], period_ms: int
    ) -> None:
        """Tell the host of cards that have gone or come back."""
        for board in boards:
            vendors = {port.vendor for port in ports.values() if port.info.board == board.id}
            if not vendors:
                continue
            limit_ms = self._limit_ms(board, vendors, spans, period_ms)
            self._gone_ms[board.id] = self._gone_ms.get(board.id, 0) + period_ms if limit_ms else 0
            if limit_ms and self._gone_ms[board.id] >= limit_ms and board.state is BoardState.RUNNING:
                self._tell(board, BoardState.MISSING, _(GONE))
            elif not limit_ms and board.state is BoardState.MISSING:
                self._tell(board, BoardState.RUNNING, "")

    def _limit_ms(self, board: Board, vendors: set[int], spans: Mapping[int, Span], period_ms: int) -> int:
        """After how long these states mean that the card is gone; 0: never."""
        if vendors == {UNPLUGGED}:
            return UNPLUGGED_AFTER_LOOKS * period_ms
        alarms = any(span.raw_status for span in spans.values() if span.board == board.id)
        return self.session.quirks.card_gone_s * 1000 if vendors == {UNAVAILABLE} and not alarms else 0

    def _tell(self, board: Board, state: BoardState, reason: str) -> None:
        board.state, board.reason = state, reason
        log.warning("card_changed", board=board.id, state=str(state))
        self.session.emit(BoardChanged(board.id, state, reason))
