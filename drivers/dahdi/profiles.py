"""Profiles of E1s from the domain's settings: `pri` and `lines` for PRI, `r2` for MFC-R2."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from boardd.contract.errors import ConfigurationError
from boardd.contract.states import Direction
from boardd.contract.text import _
from boardd.signalling.mfcr2.profile import CHINA_FILE, R2Profile, load_profile
from boardd.signalling.q931.ddi import DdiPlan
from boardd.signalling.q931.profile import TIMERS, Q931Profile, RestartPolicy, Side, Switch
from drivers.dahdi.numbers import NumberTypes
from drivers.dahdi.settings import Settings, SpanKind

_SWITCHES = ("overlap_receiving", "keep_in_band", "service_messages", "logical_slots")
_WORDS: Mapping[str, type[StrEnum]] = {"switch": Switch, "restart": RestartPolicy}
_TYPES = "number_types"
_NUMBERS = ("n200", "restart_patience_ms", "library_debug")


def pri_profile(settings: Settings, span: str, kind: SpanKind, slots: tuple[int, ...]) -> Q931Profile:
    """The profile of a PRI span. Raises ConfigurationError."""
    side = Side.NETWORK if kind is SpanKind.PRI_NET else Side.USER
    profile = Q931Profile(side=side, slots=slots)
    for text, key in _texts(settings, span):
        profile = _changed(profile, text, key)
    return profile


def number_types(settings: Settings, span: str) -> NumberTypes:
    """What a PRI span does about types of number. Raises ConfigurationError."""
    found = NumberTypes.RECEIVED
    for text, key in _texts(settings, span):
        for name, value in _items(text):
            if name == _TYPES:
                found = NumberTypes(_word(key, name, value, NumberTypes))
    return found


def _texts(settings: Settings, span: str) -> list[tuple[str, str]]:
    """The rules of a span and where they stand, the later ones before the earlier ones."""
    own = [(text, f"settings.lines: {at}") for at, text in settings.lines if fnmatch.fnmatchcase(span, at)]
    return [(settings.pri, "settings.pri"), *own]


def _items(text: str) -> list[tuple[str, str]]:
    parts = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return [(name.strip(), value.strip()) for name, _equals, value in parts]


def _changed(profile: Q931Profile, text: str, key: str) -> Q931Profile:
    changes: dict[str, Any] = {}
    timers = dict(profile.timers_ms)
    for name, value in _items(text):
        if name in TIMERS:
            timers[name] = _number(key, name, value)
        elif name in _NUMBERS:
            changes[name] = _number(key, name, value)
        elif name in _SWITCHES:
            changes[name] = _yes(key, name, value)
        elif name in _WORDS:
            changes[name] = _word(key, name, value, _WORDS[name])
        elif name == "ddi":
            changes["ddi"] = DdiPlan.parse(value.split("/"))
        elif name == _TYPES:
            _word(key, name, value, NumberTypes)
        else:
            known = ", ".join(sorted((*_NUMBERS, *_SWITCHES, *_WORDS, "ddi", _TYPES, *TIMERS)))
            what = _("{key}: {name} is unknown; known are {names}")
            raise ConfigurationError(what.format(key=key, name=name, names=known), key=key)
    return replace(profile, **changes, timers_ms=timers)


def _number(key: str, name: str, value: str) -> int:
    if not value.isdigit():
        raise ConfigurationError(_("{key}: {name} must be a whole number").format(key=key, name=name), key=key)
    return int(value)


def _yes(key: str, name: str, value: str) -> bool:
    if value not in ("yes", "no"):
        raise ConfigurationError(_("{key}: {name} must be yes or no").format(key=key, name=name), key=key)
    return value == "yes"


def _word(key: str, name: str, value: str, words: type[StrEnum]) -> StrEnum:
    known = [str(word) for word in words]
    if value not in known:
        what = _("{key}: {name} must be one of {names}").format(key=key, name=name, names=", ".join(known))
        raise ConfigurationError(what, key=key)
    return words(value)


def r2_profile(settings: Settings, span: str) -> R2Profile:
    """The profile of an R2 span: the file that `r2` names for it, else China's. Raises ConfigurationError."""
    for item in filter(None, (part.strip() for part in settings.r2.split(","))):
        pattern, equals, path = item.partition("=")
        if not equals:
            pattern, path = "*", item
        if fnmatch.fnmatchcase(span, pattern.strip()):
            return load_profile(Path(path.strip()))
    return load_profile(CHINA_FILE)


def directions(settings: Settings, channels: Mapping[int, str], own: Mapping[str, Any]) -> dict[int, Direction]:
    """Whose calls each circuit carries: by `directions`, else by the channel's own section (`own`), else both."""
    found = {}
    for slot, channel in channels.items():
        section = own.get(channel)
        wanted = settings.direction_of(channel)
        found[slot] = wanted or getattr(section, "direction", None) or Direction.BOTH
    return found
