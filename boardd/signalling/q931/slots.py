"""The bearers of one span: who has them, and why they may be unusable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from boardd.signalling.span import Blocked, BlockReason, SpanEvent, Unblocked

RESERVED = -1
"""In `Slot.call`: a call is about to get the slot."""


@dataclass
class Slot:
    """One timeslot. `call` is the number of the call on it, 0: free. `dirty`: the far end may still have a call here.

    `told` is what the owner of the span believes: the reason of the last Blocked, None after Unblocked.
    """

    slot: int
    call: int = 0
    far: bool = False
    ours: bool = False
    restarting: bool = False
    stuck: bool = False
    dirty: bool = False
    told: BlockReason | None = BlockReason.LINK


class SlotTable:
    """All slots in use. A slot with a call on it is told nothing; what holds by then is told after Released."""

    def __init__(self, slots: Iterable[int], emit: Callable[[SpanEvent], None]) -> None:
        self._slots = {slot: Slot(slot) for slot in slots}
        self._emit = emit
        self.link_up = False

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots.values())

    def get(self, slot: int) -> Slot | None:
        """The slot, if it is one of ours."""
        return self._slots.get(slot)

    def __getitem__(self, slot: int) -> Slot:
        return self._slots[slot]

    def reason(self, slot: Slot) -> BlockReason | None:
        """Why the slot cannot take calls: the first that holds."""
        if not self.link_up:
            return BlockReason.LINK
        held = (
            (slot.far, BlockReason.FAR),
            (slot.ours, BlockReason.OURS),
            (slot.restarting, BlockReason.RESTARTING),
            (slot.stuck, BlockReason.STUCK),
        )
        return next((reason for on, reason in held if on), None)

    def free(self, slot: Slot) -> bool:
        """Whether a call may begin here."""
        return not slot.call and self.reason(slot) is None

    def first_free(self) -> Slot | None:
        """A slot for a call that may come on any, from the top: carriers hunt from the bottom."""
        return next((slot for slot in reversed(self._slots.values()) if self.free(slot)), None)

    def refresh(self, slot: Slot) -> None:
        """Tell what has changed."""
        reason = self.reason(slot)
        if slot.call or reason is slot.told:
            return
        slot.told = reason
        self._emit(Unblocked(slot.slot) if reason is None else Blocked(slot.slot, reason))

    def refresh_all(self) -> None:
        """See `refresh`."""
        for slot in self:
            self.refresh(slot)
