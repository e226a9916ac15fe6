"""Names of lines and circuits: `1/0`, ranges in the last part (`1/0-7`), `0/1/*`, and all of a kind (`kind:fxo`)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from boardd.contract.text import _

_PATTERN = re.compile(r"(?P<stem>.+)/(?:(?P<all>\*)|(?P<first>\d+)(?:-(?P<last>\d+))?)")


KINDS = ("fxo", "fxs", "tap", "e1")
_KIND = "kind:"


def kind_of(pattern: str) -> str | None:
    """The kind that `kind:fxo` and its like ask for, None for names. Raises ValueError for an unknown kind."""
    if not pattern.startswith(_KIND):
        return None
    kind = pattern.removeprefix(_KIND)
    if kind not in KINDS:
        raise ValueError(_("there is no kind {kind} (kinds: {words})").format(kind=kind, words=", ".join(KINDS)))
    return kind


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sort key: numbers inside names count as numbers."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part)


def expand(pattern: str, known: Iterable[str]) -> list[str]:
    """The known names that a pattern means, in natural order. Raises ValueError when one is missing."""
    known = list(known)
    if pattern in known:
        return [pattern]
    match = _PATTERN.fullmatch(pattern)
    if not match:
        raise ValueError(_("there is no {name}").format(name=pattern))
    stem = match["stem"]
    if match["all"]:
        found = [name for name in known if name.rpartition("/")[0] == stem]
        if not found:
            raise ValueError(_("there is nothing under {stem}/").format(stem=stem))
        return sorted(found, key=natural)
    last = int(match["last"] or match["first"])
    wanted = [f"{stem}/{number}" for number in range(int(match["first"]), last + 1)]
    # Timeslot 16 of a span carries signalling: a range across it simply leaves it out.
    spare = f"{stem}/16" if "/" in stem and match["last"] else None
    missing = [name for name in wanted if name not in known and name != spare]
    if missing or not wanted:
        raise ValueError(_("there is no {name}").format(name=missing[0] if missing else pattern))
    return [name for name in wanted if name in known]
