"""What a station's dialled digits mean: a feature code, an extension, a flow, a number outside."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from boardd.scheduler.config import SchedulerConfig
from boardd.scheduler.config.sections import OutsideSection


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature code: what to do (login, logout, ready, not_ready) and the digits after it."""

    action: str
    argument: str


@dataclass(frozen=True, slots=True)
class Extension:
    """Another station."""

    extension: str


@dataclass(frozen=True, slots=True)
class IntoFlow:
    """A number that a route sends into a flow."""

    flow: str


@dataclass(frozen=True, slots=True)
class Outside:
    """A number to be dialled through a trunk group."""

    number: str
    section: OutsideSection


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No such number."""


Meaning = Feature | Extension | IntoFlow | Outside | Nowhere


def meaning(config: SchedulerConfig, group: str, digits: str, extensions: Collection[str]) -> Meaning:
    """What `digits`, dialled at a station of channel group `group`, mean."""
    codes = config.sections.feature_codes.codes()
    for code in sorted(codes, key=len, reverse=True):
        if digits.startswith(code):
            return Feature(codes[code], digits[len(code) :].rstrip("#"))
    if digits in extensions:
        return Extension(digits)
    own_routes = [r for r in config.sections.routes if r.group != "*" and r.fits(group, digits)]
    if own_routes:
        return IntoFlow(own_routes[0].flow)
    for section in sorted(config.sections.stations.outside, key=lambda s: len(s.prefix), reverse=True):
        if digits.startswith(section.prefix) and len(digits) > len(section.prefix):
            number = digits[len(section.prefix) :] if section.strip else digits
            return Outside(number.rstrip("#"), section)
    return Nowhere()
