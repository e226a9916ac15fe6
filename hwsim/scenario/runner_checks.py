"""Judges a finished run by the checks of its scenario: texts against patterns, counts and times against ranges."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hwsim.scenario.runner_header import ExpectSection, Range, Source

Thing = Mapping[str, Any]
SHOWN = 3


class Outcome(Protocol):
    """What a finished run left behind."""

    def things(self, source: Source) -> Sequence[Thing]:
        """What a source holds, in the order of time."""

    def stuck(self) -> str:
        """What has not come to an end, in words; empty: everything has."""


def failures(done: Outcome, expect: Sequence[ExpectSection]) -> list[str]:
    """What does not hold, in words; empty when the run is as expected. Nothing may ever be stuck."""
    found = []
    if stuck := done.stuck():
        found.append(f"not settled, stuck: {stuck}")
    for check in expect:
        what = _check(done, check)
        if what:
            found.append(f"{check.meaning or _name(check.source, check.match)}: {what}")
    return found


def _check(done: Outcome, check: ExpectSection) -> str:
    things = done.things(check.source)
    matching = [thing for thing in things if matches(thing, check.match)]
    wanted = check.count or ("" if check.each else "1..")
    if wanted and not Range(wanted).holds(len(matching)):
        return f"{len(matching)} of {len(things)} match, expected {wanted}{_samples(matching, check)}"
    if check.each and not matching:
        return f"none of {len(things)} matches"
    for thing in matching:
        wrong = [key for key, pattern in check.each.items() if not fits(_field(thing, key), pattern)]
        if wrong:
            values = ", ".join(f"{key} is {text(_field(thing, key)) or 'empty'}" for key in wrong)
            return f"{values}; expected {', '.join(f'{key} {check.each[key]}' for key in wrong)}"
    return _time(done, check, matching)


def _time(done: Outcome, check: ExpectSection, matching: Sequence[Thing]) -> str:
    if check.after is None:
        return ""
    before = [t for t in done.things(check.after.source) if matches(t, check.after.match)]
    if not before:
        return f"nothing to measure from: {_name(check.after.source, check.after.match)}"
    began_us = before[0]["t_us"]
    later = [thing["t_us"] for thing in matching if thing["t_us"] >= began_us]
    if not later:
        return "it did not come afterwards"
    after_s = (later[0] - began_us) / 1e6
    return "" if Range(check.within_s).holds(after_s) else f"came after {after_s:.3f} s, expected {check.within_s} s"


def matches(thing: Thing, wanted: Mapping[str, str]) -> bool:
    """Whether all fields fit."""
    return all(fits(_field(thing, key), pattern) for key, pattern in wanted.items())


def fits(value: Any, pattern: str) -> bool:
    """Whether a value fits a pattern: text with `*`, `a|b`, a range of numbers, `!` in front for not."""
    if pattern.startswith("!"):
        return not fits(value, pattern[1:])
    return any(_fits_one(value, part) for part in pattern.split("|"))


def _fits_one(value: Any, pattern: str) -> bool:
    if ".." in pattern and isinstance(value, int | float) and not isinstance(value, bool):
        return Range(pattern).holds(value)
    return fnmatch.fnmatchcase(text(value), pattern)


def text(value: Any) -> str:
    """A value as checks see it: nothing is empty, truth is yes or no, lists are their items."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(text(item) for item in value)
    return str(value)


def _field(thing: Thing, path: str) -> Any:
    value: Any = thing
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _name(source: Source, wanted: Mapping[str, str]) -> str:
    return f"{source}: {', '.join(f'{key} {value}' for key, value in wanted.items()) or 'any'}"


def _samples(matching: Sequence[Thing], check: ExpectSection) -> str:
    times = [f"{thing['t_us'] / 1e6:.3f} s" for thing in matching[:SHOWN] if "t_us" in thing]
    return f" (at {', '.join(times)})" if times else ""
