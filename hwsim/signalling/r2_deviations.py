"""What an exchange in China does and the library cannot: its sound is replaced on the way to the line.

The library says itself which signal it is sending, and in which group; so what is replaced is exactly that signal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hwsim.signalling.r2_profile import R2Profile
from hwsim.signalling.r2_signals import BACKWARD_HZ, FORWARD_HZ, PERIOD_BLOCKS, SILENT_BLOCK, signal

END_OF_CALLER = ord("F")
GROUP_OF_KA, SENDING_CATEGORY = b"Forward Group III", b"Category Transmitted"
"""The library has one category, which it sends as KA and as KD."""
AFTER_CALLED = (b"Category Request Transmitted", b"Change To Group II Request Transmitted")
"""Sending A6 or A3, which answer the last called digit."""


class Deviations:
    """Of one line: `chan` and `index` are the library's and its door's. `endless`: no end of the caller's number."""

    def __init__(self, lib: Any, ffi: Any, chan: Any, index: int, profile: R2Profile) -> None:
        self.endless = False
        self._lib, self._ffi, self._chan, self._index = lib, ffi, chan, index
        self._profile = profile
        self._blocks = 0

    def wanted(self, block: bytes) -> bytes:
        """What goes to the line instead of 20 ms of the library's sound."""
        sending = self._lib.openr2_chan_get_tx_mf_signal(self._chan)
        if self.endless and sending == END_OF_CALLER:
            return SILENT_BLOCK
        if self._sends_ka():
            return self._own(self._profile.ka, FORWARD_HZ)
        refusal = self._refusal()
        return self._own(refusal, BACKWARD_HZ) if refusal else block

    def _sends_ka(self) -> bool:
        return (
            self._profile.ka != self._profile.kd
            and self._string(self._lib.openr2_chan_get_mf_group_string) == GROUP_OF_KA
            and self._string(self._lib.openr2_chan_get_mf_state_string) == SENDING_CATEGORY
        )

    def _refusal(self) -> int:
        """A4 or A5 after the last digit of a called number that is refused at once."""
        refused = self._profile.refused_in_a
        if not refused or self._string(self._lib.openr2_chan_get_mf_state_string) not in AFTER_CALLED:
            return 0
        called = self._ffi.string(self._lib.hwr2_called(self._index)).decode("ascii")
        return next((refusal for prefix, refusal in refused.items() if called.startswith(prefix)), 0)

    def _own(self, number: int, frequencies: tuple[int, ...]) -> bytes:
        self._blocks += 1
        return signal(number, frequencies)[self._blocks % PERIOD_BLOCKS]

    def _string(self, function: Callable[[Any], Any]) -> bytes:
        return bytes(self._ffi.string(function(self._chan)))
