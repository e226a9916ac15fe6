"""The domain's settings: which library, how spans are signalled, profiles of lines. All values are text.

spans    e1a/1=pri_cpe, e1a/2=r2, e1b/*=pri_net, e1c/1=none     default: r2 where line bits are configured, else pri_cpe
fxo fxs  name=value, …                                     rules of all exchange lines, of all telephones
directions  e1a/1/1-15=out, e1a/1/17-31=in                   whose calls R2 circuits carry; default: both
tones    an/8 busy=420:200/200; an/9 busy=/etc/boardd/busy.wav   tones of exchanges that deviate (`tones.py`)
lines    an/1 guard_ms=1500 pulse=yes; an/* caller_id=no      rules of single lines, by channel id or pattern
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from boardd.contract.errors import ConfigurationError
from boardd.contract.states import Direction
from boardd.contract.text import _
from boardd.media.engine.drive import PRIORITY
from boardd.native.door import DEADLINES_MS, DeadlineClass
from boardd.signalling.analog import FxoProfile, StationProfile
from drivers.dahdi._native import LIBRARY

BLOCKS_MIN, BLOCKS_MAX = 3, 16


class SpanKind(StrEnum):
    """How an E1 is signalled."""

    PRI_CPE = "pri_cpe"
    PRI_NET = "pri_net"
    R2 = "r2"
    NONE = "none"


class Echo(StrEnum):
    """Who cancels echo: the kernel where it can and else the engine, one of both, or nobody."""

    AUTO = "auto"
    KERNEL = "kernel"
    ENGINE = "engine"
    OFF = "off"


class Bridging(StrEnum):
    """Who carries the sound between two channels: always the engine, or the kernel while nothing needs the engine."""

    ENGINE = "engine"
    KERNEL = "kernel"


@dataclass(frozen=True)
class Settings:
    """See `parse`."""

    library: Path = LIBRARY
    spans: tuple[tuple[str, SpanKind], ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    directions: tuple[tuple[str, Direction], ...] = ()
    fxo: FxoProfile = field(default_factory=FxoProfile)
    fxs: StationProfile = field(default_factory=StationProfile)
    pri: str = ""
    r2: str = ""
    tones: str = ""
    echo: Echo = Echo.AUTO
    echo_tail_ms: int = 64
    bridging: Bridging = Bridging.ENGINE
    blocks: int = 8
    prefill: int = 2
    priority: int = PRIORITY
    max_channels: int = 512
    reconcile_ms: int = 2_000
    deadlines_ms: Mapping[DeadlineClass, int] = field(default_factory=lambda: dict(DEADLINES_MS))
    stuck_after_ms: int = 10_000

    def span_kind(self, span: str) -> SpanKind | None:
        """What the settings say of a span id; None: nothing."""
        return next((kind for pattern, kind in self.spans if fnmatch.fnmatchcase(span, pattern)), None)

    def direction_of(self, channel: str) -> Direction | None:
        """What the settings say of a circuit; None: nothing."""
        return next((way for pattern, way in self.directions if fnmatch.fnmatchcase(channel, pattern)), None)

    def fxo_of(self, channel: str) -> FxoProfile:
        """The rules of an exchange line. Raises ConfigurationError."""
        profile = self.fxo
        for pattern, text in self._lines_of(channel):
            profile = FxoProfile.parse(text, profile, f"settings.lines: {pattern}")
        return profile

    def fxs_of(self, channel: str) -> StationProfile:
        """The rules of a telephone. Raises ConfigurationError."""
        profile = self.fxs
        for pattern, text in self._lines_of(channel):
            profile = StationProfile.parse(text, profile, f"settings.lines: {pattern}")
        return profile

    def _lines_of(self, channel: str) -> list[tuple[str, str]]:
        return [(pattern, text) for pattern, text in self.lines if fnmatch.fnmatchcase(channel, pattern)]

    @classmethod
    def parse(cls, settings: Mapping[str, str]) -> Settings:
        """From the domain's `settings`. Raises ConfigurationError naming the key."""
        texts = {key: str(value).strip() for key, value in settings.items() if str(value).strip()}
        return cls(
            library=_path(texts, "library", LIBRARY),
            spans=_spans(texts.get("spans", "")),
            lines=_lines(texts.get("lines", "")),
            directions=_directions(texts.get("directions", "")),
            fxo=FxoProfile.parse(texts.get("fxo", ""), key="settings.fxo"),
            fxs=StationProfile.parse(texts.get("fxs", ""), key="settings.fxs"),
            pri=texts.get("pri", ""),
            r2=texts.get("r2", ""),
            tones=texts.get("tones", ""),
            echo=Echo(_word(texts, "echo", Echo.AUTO, list(Echo))),
            echo_tail_ms=_number(texts, "echo_tail_ms", 64, 8, 256),
            bridging=Bridging(_word(texts, "bridging", Bridging.ENGINE, list(Bridging))),
            blocks=_number(texts, "blocks", 8, BLOCKS_MIN, BLOCKS_MAX),
            prefill=_number(texts, "prefill", 2, 0, 7),
            priority=_number(texts, "priority", PRIORITY, 0, 99),
            max_channels=_number(texts, "max_channels", 512, 1, 960),
            reconcile_ms=_number(texts, "reconcile_ms", 2_000, 100, 60_000),
            deadlines_ms={
                DeadlineClass.COMMAND: _number(texts, "command_ms", DEADLINES_MS[DeadlineClass.COMMAND], 1, 600_000),
                DeadlineClass.FILE: _number(texts, "file_ms", DEADLINES_MS[DeadlineClass.FILE], 1, 600_000),
                DeadlineClass.START_STOP: _number(
                    texts, "start_stop_ms", DEADLINES_MS[DeadlineClass.START_STOP], 1, 600_000
                ),
            },
            stuck_after_ms=_number(texts, "stuck_after_ms", 10_000, 1, 600_000),
        )


def _number(texts: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    text = texts.get(key, str(default))
    if not text.isdigit() or not least <= int(text) <= most:
        what = _("settings.{key} must be a whole number from {least} to {most}, not {text}")
        raise ConfigurationError(what.format(key=key, least=least, most=most, text=text), key=key)
    return int(text)


def _word(texts: Mapping[str, str], key: str, default: str, known: list[str]) -> str:
    text = texts.get(key, default)
    if text not in known:
        what = _("settings.{key}: {text} is unknown; known are {names}")
        raise ConfigurationError(what.format(key=key, text=text, names=", ".join(known)), key=key)
    return text


def _path(texts: Mapping[str, str], key: str, default: Path) -> Path:
    text = os.path.expanduser(os.path.expandvars(texts.get(key, str(default))))
    if "$" in text:
        raise ConfigurationError(_("settings.{key}: {text}: variable not set").format(key=key, text=text), key=key)
    if not Path(text).is_absolute():
        raise ConfigurationError(
            _("settings.{key}: {text} must be an absolute path").format(key=key, text=text), key=key
        )
    return Path(text)


def _spans(text: str) -> tuple[tuple[str, SpanKind], ...]:
    found = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        span, equals, kind = (part.strip() for part in item.partition("="))
        if not equals or kind not in set(SpanKind):
            what = _("settings.spans: {item}: expected SPAN=KIND; kinds are {names}")
            raise ConfigurationError(what.format(item=item, names=", ".join(SpanKind)), key="spans")
        found.append((span, SpanKind(kind)))
    return tuple(found)


def _directions(text: str) -> tuple[tuple[str, Direction], ...]:
    """Circuits by pattern; the last part may be a range of timeslots."""
    found: list[tuple[str, Direction]] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        circuits, equals, way = (part.strip() for part in item.partition("="))
        if not equals or way not in set(Direction):
            what = _("settings.directions: {item}: expected CIRCUITS=DIRECTION; directions are {names}")
            raise ConfigurationError(what.format(item=item, names=", ".join(Direction)), key="directions")
        head, _slash, last = circuits.rpartition("/")
        first, dash, end = last.partition("-")
        if dash and first.isdigit() and end.isdigit():
            slots = [str(slot) for slot in range(int(first), int(end) + 1)]
        else:
            slots = [last]
        found += [(f"{head}/{slot}", Direction(way)) for slot in slots]
    return tuple(found)


def _lines(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for item in filter(None, (part.strip() for part in text.split(";"))):
        pattern, _space, rules = item.partition(" ")
        if not rules.strip():
            what = _("settings.lines: {item}: expected LINE name=value …")
            raise ConfigurationError(what.format(item=item), key="lines")
        found.append((pattern, ", ".join(rules.replace(",", " ").split())))
    return tuple(found)
