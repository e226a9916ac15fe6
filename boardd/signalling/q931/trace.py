"""The last messages of a span as a ladder of lines, and a capture file.

    12:03:04.512 -> SETUP  ref 3  ts 5!  called 1055  caller 13800138000
    12:03:04.530 <- CALL PROCEEDING  ref 3  ts 5!

`->` is sent, `<-` received; `ts 5!` an exclusive channel, `ref 3*` an answer to the side that chose the reference.
Frames are kept as they are and read only when somebody looks; acknowledgements (RR) are counted, not kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from boardd import clock as boardd_clock
from boardd.contract.causes import cause_text
from boardd.contract.text import _
from boardd.signalling.q931.frames import Element, Frame, Message, MessageType, read_frame
from boardd.signalling.q931.pcap import PcapWriter
from boardd.signalling.q931.terms import frame_name, location_name, message_name, progress_name
from boardd.signalling.timing import SpanClock

log = structlog.get_logger("signalling.q931")

KEPT = 500
_RR = 0x01


@dataclass(frozen=True, slots=True)
class Entry:
    """One frame: when (span clock, microseconds), which way, what."""

    at_us: int
    sent: bool
    octets: bytes


class Trace:
    """See the module text."""

    def __init__(self, name: str, clock: SpanClock, kept: int = KEPT) -> None:
        self.name = name
        self.entries: deque[Entry] = deque(maxlen=kept)
        self.acknowledgements = 0
        self._clock = clock
        self._pcap: PcapWriter | None = None

    def note(self, octets: bytes, *, sent: bool) -> None:
        """A frame was sent or received."""
        at_us = self._clock.now_us()
        self._write(at_us, octets)
        if len(octets) > 2 and octets[2] == _RR:
            self.acknowledgements += 1
            return
        self.entries.append(Entry(at_us, sent, octets))

    def lines(self, last: int = KEPT, language: str = "en") -> list[str]:
        """The last so many frames, oldest first, in the process' language; cause texts in `language` (en, zh_CN)."""
        return [self._line(entry, language) for entry in list(self.entries)[-last:]]

    def capture(self, path: Path) -> None:
        """Write all frames into a pcap file from now on. Raises OSError when it cannot be made."""
        self.close()
        self._pcap = PcapWriter(path)

    def close(self) -> None:
        """Complete the capture, if there is one."""
        if self._pcap is not None:
            self._pcap.close()
            self._pcap = None

    # -- inside -----------------------------------------------------------------------------------------------------
    def _wall_us(self, at_us: int) -> int:
        return boardd_clock.wall_ms() * 1000 - (self._clock.now_us() - at_us)

    def _write(self, at_us: int, octets: bytes) -> None:
        pcap = self._pcap
        if pcap is None:
            return
        try:
            pcap.write(self._wall_us(at_us), octets)
        except OSError as error:
            log.warning("pri_capture_ended", span=self.name, path=str(pcap.path), reason=str(error))
            self.close()

    def _line(self, entry: Entry, language: str) -> str:
        at = datetime.fromtimestamp(self._wall_us(entry.at_us) / 1e6, UTC).astimezone()
        arrow = "->" if entry.sent else "<-"
        return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d} {arrow} {describe(read_frame(entry.octets), language)}"


def describe(frame: Frame, language: str = "en") -> str:
    """One frame in words."""
    if frame.message is None:
        return _("empty frame") if frame.kind in ("I", "UI") else frame_name(frame.kind)
    return "  ".join([message_name(frame.message), *_details(frame.message, language)])


def _details(message: Message, language: str) -> list[str]:
    found = []
    if message.reference or message.kind not in (MessageType.RESTART, MessageType.RESTART_ACK):
        found.append(_("ref {number}").format(number=f"{message.reference}{'*' if message.flag else ''}"))
    if message.slot is not None:
        found.append(_("ts {number}").format(number=f"{message.slot}{'!' if message.exclusive else ''}"))
    if (restart := message.get(Element.RESTART)) is not None:
        whole = bool(restart) and restart[0] & 7 in (6, 7)
        found.append(_("whole interface") if whole else _("named channel"))
    found += _numbers(message)
    if message.get(Element.SENDING_COMPLETE) is not None:
        found.append(_("number complete"))
    found += [_("progress: {what}").format(what=progress_name(p)) for p in sorted(message.progress)]
    if (cause := message.cause) is not None:
        text = cause_text(cause.value, language)
        found.append(
            _("cause {number} {text} ({location})").format(
                number=cause.value, text=text, location=location_name(cause.location)
            )
        )
    if (state := message.get(Element.CALL_STATE)) is not None and state:
        found.append(_("state {number}").format(number=state[0] & 0x3F))
    if not message.intact:
        found.append(_("(malformed)"))
    return found


def _numbers(message: Message) -> list[str]:
    """Called, caller, redirecting number: digits after octets 3 and 3a."""
    found = []
    for element, text in (
        (Element.CALLED, _("called {number}")),
        (Element.CALLING, _("caller {number}")),
        (Element.REDIRECTING, _("redirected from {number}")),
        (Element.KEYPAD, _("keypad {number}")),
    ):
        content = message.get(element)
        if content is None:
            continue
        at = 0
        if element is not Element.KEYPAD:
            while at < len(content) and not content[at] & 0x80:
                at += 1
            at += 1
        digits = content[at:].decode("latin-1")
        hidden = element is Element.CALLING and at > 1 and content[1] & 0x60 == 0x20
        found.append(text.format(number=digits or "-") + (_(" (withheld)") if hidden else ""))
    return found
