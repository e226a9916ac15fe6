"""Who ends an answered call by going on-hook (复原方式): the first, the calling party, the called party, or the last.

`first` is what calls have today (互不控制); with `calling` (主叫控制) a called telephone may be put down for a moment;
`called` (被叫控制) is for emergency services, which keep their caller; `last` needs both on-hook.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReleaseRule(StrEnum):
    """Whose on-hook ends the call."""

    FIRST = "first"
    CALLING = "calling"
    CALLED = "called"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Holding:
    """How the calls of a called party end. `wait_ms`: how long one who was put down may lift again and still has the
    call, also where the rule alone would end it; 0: no limit where the rule keeps the call, else not at all."""

    rule: ReleaseRule = ReleaseRule.FIRST
    wait_ms: float = 0.0

    def keeps(self, called_went: bool) -> bool:
        """Whether the call stays when the called party (else the calling one) goes on-hook."""
        keepers = (ReleaseRule.CALLING, ReleaseRule.LAST) if called_went else (ReleaseRule.CALLED, ReleaseRule.LAST)
        return self.rule in keepers or (called_went and self.wait_ms > 0)


FIRST = Holding()
