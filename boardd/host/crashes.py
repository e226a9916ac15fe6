"""The host counts its own crashes on disk, and stops loading the library when too many came too fast.

A start that was not followed by a clean stop is a crash, unless the machine was rebooted in between: pulling the plug
is the normal way to switch an appliance off. Times are monotonic, so setting the clock does not matter.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from boardd.contract.text import N_, _

NO_WORD = N_("it crashed or was killed; its log has more")
"""Why a process ended that could not say so itself."""


class Ledger(msgspec.Struct, kw_only=True):
    """The file: when the runs began that did not end cleanly, whether one is under way now, and why it has to end."""

    boot_id: str = ""
    running_since_ms: int | None = None
    crashes_ms: list[int] = []
    dying_of: str = ""


class Crashes:
    """Reads and writes the ledger; `path` lies in the domain's state directory."""

    def __init__(self, path: Path, boot_id: str, budget: int, window_s: int) -> None:
        self._path = path
        self._boot_id = boot_id
        self._budget = budget
        self._window_ms = window_s * 1000
        self._ledger = Ledger(boot_id=boot_id)
        self.died_of = ""
        """Why the run before this one ended, when it did not end as it should."""

    def begin(self, now_ms: int) -> bool:
        """Note a start at monotonic `now_ms`; False when the budget is spent: the library must not be loaded."""
        ledger = self._read()
        if ledger.boot_id != self._boot_id:
            ledger = Ledger(boot_id=self._boot_id)
        if ledger.running_since_ms is not None:
            ledger.crashes_ms.append(now_ms)
            self.died_of = ledger.dying_of or _(NO_WORD)
        ledger.dying_of = ""
        ledger.crashes_ms = [t for t in ledger.crashes_ms if 0 <= now_ms - t <= self._window_ms]
        spent = len(ledger.crashes_ms) >= self._budget
        ledger.running_since_ms = None if spent else now_ms
        self._ledger = ledger
        self._write()
        return not spent

    @property
    def recent(self) -> int:
        """Crashes within the window at the last start."""
        return len(self._ledger.crashes_ms)

    def dying(self, reason: str) -> None:
        """The process is about to end because of `reason`: the next one will tell."""
        self._ledger.dying_of = reason
        self._write()

    def end(self) -> None:
        """The process ends as it should."""
        self._ledger.running_since_ms = None
        self._write()

    def reset(self, now_ms: int) -> None:
        """A technician asked for another try: forget all crashes; the library is being loaded from `now_ms`."""
        self._ledger = Ledger(boot_id=self._boot_id, running_since_ms=now_ms)
        self._write()

    def _read(self) -> Ledger:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Ledger)
        except (OSError, msgspec.MsgspecError):
            return Ledger(boot_id=self._boot_id)

    def _write(self) -> None:
        """Replace the file; a disk that refuses costs us the count, never the service."""
        fresh = self._path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(self._ledger))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
