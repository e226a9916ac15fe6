"""Business hours: weekday ranges, holidays, and working days that make up for holidays (调休)."""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property
from zoneinfo import ZoneInfo

from boardd.config.schema import Section
from boardd.config.yamlfile import Node, Problem
from boardd.contract.text import _

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE = re.compile(r"^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$")
_DAY_MIN = 24 * 60


class HoursSection(Section, dict=True):
    """Ranges such as `9:00-12:00` by weekday; a range whose end is not after its beginning runs past midnight.

    `holidays` lists dates (2026-10-01) or spans of dates (2026-10-01..2026-10-07) on which nothing of the weekday
    table holds; `workdays` gives single dates their own ranges and wins over both.
    """

    mon: list[str] = []
    tue: list[str] = []
    wed: list[str] = []
    thu: list[str] = []
    fri: list[str] = []
    sat: list[str] = []
    sun: list[str] = []
    holidays: list[str] = []
    workdays: dict[str, list[str]] = {}

    def problems(self, node: Node) -> list[Problem]:
        """Every range and date must be readable."""
        found: list[Problem] = []
        tables = [(day, getattr(self, day)) for day in WEEKDAYS]
        tables += [(f"workdays.{date}", ranges) for date, ranges in self.workdays.items()]
        for name, ranges in tables:
            for text in ranges:
                if parse_range(text) is None:
                    found.append(node.problem(_("{day}: {text} is not a time range like 9:00-18:00").format(
                        day=name, text=text)))  # fmt: skip
        for text in (*self.holidays, *self.workdays):
            if parse_dates(text) is None:
                found.append(node.problem(_("{text} is not a date like 2026-10-01").format(text=text)))
        return found

    @cached_property
    def _closed_dates(self) -> frozenset[dt.date]:
        dates: set[dt.date] = set()
        for text in self.holidays:
            first, last = parse_dates(text) or (dt.date.max, dt.date.min)
            while first <= last:
                dates.add(first)
                first += dt.timedelta(days=1)
        return frozenset(dates)

    def is_open(self, wall_ms: int, zone: dt.tzinfo) -> bool:
        """Whether the moment `wall_ms` (Unix milliseconds) is inside business hours in `zone`."""
        local = dt.datetime.fromtimestamp(wall_ms / 1000, zone)
        minute = local.hour * 60 + local.minute
        today, yesterday = local.date(), local.date() - dt.timedelta(days=1)
        return any(a <= minute < b for a, b in self._ranges(today)) or any(
            minute < b - _DAY_MIN for _a, b in self._ranges(yesterday)
        )

    def _ranges(self, date: dt.date) -> list[tuple[int, int]]:
        own = self.workdays.get(date.isoformat())
        if own is None:
            own = [] if date in self._closed_dates else getattr(self, WEEKDAYS[date.weekday()])
        return [found for text in own if (found := parse_range(text)) is not None]


def parse_range(text: str) -> tuple[int, int] | None:
    """Minutes of the day (from, to) of `9:00-18:00`; `to` is past 1440 when the range runs past midnight."""
    match = _RANGE.match(text.strip())
    if match is None:
        return None
    h1, m1, h2, m2 = (int(part) for part in match.groups())
    if m1 > 59 or m2 > 59 or h1 * 60 + m1 >= _DAY_MIN or h2 * 60 + m2 > _DAY_MIN:
        return None
    first, last = h1 * 60 + m1, h2 * 60 + m2
    return (first, last) if last > first else (first, last + _DAY_MIN)


def parse_dates(text: str) -> tuple[dt.date, dt.date] | None:
    """First and last date of `2026-10-01` or `2026-10-01..2026-10-07`; at most one year."""
    first_text, _dots, last_text = text.partition("..")
    try:
        first = dt.date.fromisoformat(first_text.strip())
        last = dt.date.fromisoformat(last_text.strip()) if last_text else first
    except ValueError:
        return None
    return (first, last) if dt.timedelta(0) <= last - first <= dt.timedelta(days=366) else None


def zone_of(name: str) -> dt.tzinfo | None:
    """The time zone of that name, or None when this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None
