"""What was on one circuit during one call: line signals and register signals, one line each, in the words of the trade.

+0.000 s  →  占用 0011
+0.044 s  ←  占用证实 1111
+0.060 s  →  前向 I-8 (1500+1860 Hz) 数字 8, 160 ms
+0.140 s  ←  后向 A1 (1140+1020 Hz) 发下一位, 140 ms, -8.9/-9.1 dBm0
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from boardd.contract.text import N_, _
from boardd.signalling.mfcr2.signals import (
    MEANING_TEXTS,
    Meaning,
    Role,
    digit_of,
    frequencies,
    ka_text,
    kc_text,
    kd_text,
)

LONGEST = 400
"""Lines of one ladder; a call that would need more repeats itself."""


class Word(Enum):
    """What a line signal is in the call, or what happened besides; the value is the text."""

    SEIZURE = N_("seizure")
    SEIZURE_ACK = N_("seizure acknowledged")
    ANSWER = N_("answer")
    REANSWER = N_("answer again")
    CLEAR_BACK = N_("clear back")
    CLEAR_FORWARD = N_("clear forward")
    RELEASE_GUARD = N_("release guard")
    FORCED_RELEASE = N_("forced release")
    PULSE = N_("metering pulse")
    DOUBLE_SEIZURE = N_("double seizure")
    WRONG_DIRECTION = N_("seizure against the direction")
    OTHER_LINE = N_("line signal out of place")
    FOREIGN = N_("line bits of another country")
    FROZEN = N_("line signals frozen")
    THAWED = N_("line signals again")
    NO_ACK = N_("no seizure acknowledgement")
    REGISTER_IN = N_("register on")
    REGISTER_OUT = N_("register off")
    TIMEOUT = N_("time-out")
    FAILED = N_("failed")
    NO_RELEASE = N_("no release guard")
    NO_CLEAR_FORWARD = N_("no clear forward")
    KB_GUARD = N_("nobody decided, KB sent")


class Way(Enum):
    """Who sent it."""

    OURS = "→"
    THEIRS = "←"
    NONE = "·"


class Entry(Protocol):
    """A line of a ladder."""

    at_us: int
    way: Way

    def text(self) -> str:
        """The line without its time and arrow."""


@dataclass(slots=True)
class LineEntry:
    """A line signal, or something that happened (`abcd` None). `detail` is already in the reader's language."""

    at_us: int
    way: Way
    word: Word
    abcd: int | None = None
    detail: str = ""

    def text(self) -> str:
        """See Entry."""
        bits = "" if self.abcd is None else f" {self.abcd:04b}"
        return _(self.word.value) + bits + (f": {self.detail}" if self.detail else "")


@dataclass(slots=True)
class ToneEntry:
    """A register signal. `end_us` None while it lasts."""

    at_us: int
    way: Way
    number: int
    forward: bool
    role: Role
    meaning: Meaning | None = None
    end_us: int | None = None
    levels_dbm0: tuple[float, float] | None = None
    pulse: bool = False

    def text(self) -> str:
        """See Entry."""
        low, high = sorted(frequencies(self.number, forward=self.forward))
        name = self._name()
        parts = [f"{name} ({low}+{high} Hz)" + (f" {said}" if (said := self._says()) else "")]
        if self.pulse:
            parts.append(_("pulse"))
        if self.end_us is not None:
            parts.append(f"{(self.end_us - self.at_us) / 1000:.0f} ms")
        if self.levels_dbm0:
            parts.append(f"{self.levels_dbm0[0]:.1f}/{self.levels_dbm0[1]:.1f} dBm0")
        return ", ".join(parts)

    def _name(self) -> str:
        if self.role is Role.KA:
            return f"KA={self.number}"
        if self.role is Role.KD:
            return f"KD={self.number}"
        if self.role is Role.KB:
            return f"KB={self.number}"
        if self.role is Role.CONTROL:
            return f"KC={self.number}"
        if self.forward:
            return _("forward I-{number}").format(number=self.number)
        return _("backward A{number}").format(number=self.number)

    def _says(self) -> str:
        if self.role in (Role.DIGIT, Role.CALLER_DIGIT):
            what = _("digit {digit}") if self.role is Role.DIGIT else _("caller's digit {digit}")
            return what.format(digit=digit_of(self.number))
        if self.role is Role.CALLER_END:
            return _("end of caller's number")
        if self.role is Role.KA:
            return ka_text(self.number)
        if self.role is Role.KD:
            return kd_text(self.number)
        if self.role is Role.CONTROL:
            return kc_text(self.number)
        return _(MEANING_TEXTS[self.meaning]) if self.meaning else ""


@dataclass(slots=True)
class Ladder:
    """The lines of one call, oldest first; `since_us` is its time zero. `cut` lines did not fit."""

    since_us: int
    entries: list[LineEntry | ToneEntry] = field(default_factory=list)
    cut: int = 0

    def add(self, entry: LineEntry | ToneEntry) -> None:
        """One line more."""
        if len(self.entries) < LONGEST:
            self.entries.append(entry)
        else:
            self.cut += 1

    def lines(self) -> list[str]:
        """For people, in their language."""
        shown = [f"{(e.at_us - self.since_us) / 1e6:+9.3f} s  {e.way.value}  {e.text()}" for e in self.entries]
        if self.cut:
            shown.append(_("({count} more lines)").format(count=self.cut))
        return shown


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call that did not come about, or broke, with its ladder. `call` 0: it was never announced."""

    slot: int
    call: int
    outgoing: bool
    called: str
    caller: str
    reason: str
    cause: int
    ladder: Ladder

    def lines(self) -> list[str]:
        """For people: what it was, then the ladder."""
        what = _("outgoing call") if self.outgoing else _("incoming call")
        head = _("timeslot {slot}: {what} {caller} -> {called}: {reason} (cause {cause})").format(
            slot=self.slot,
            what=what,
            caller=self.caller or "-",
            called=self.called or "-",
            reason=self.reason,
            cause=self.cause,
        )
        return [head, *self.ladder.lines()]
