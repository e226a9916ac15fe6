"""What a run came to: the store's records beside the simulator's truth, one object per caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FREE_STATES = ("idle", "out_of_service")
SLACK_US = 20_000
"""Two clocks rounded to milliseconds, and a card that takes a moment to tell."""


def stuck_channels(channels: Sequence[Mapping[str, Any]]) -> list[str]:
    """Channels that are neither free nor out of service though everybody has hung up."""
    return [str(c["id"]) for c in channels if c["state"] not in FREE_STATES]


def result(
    callers: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    channels: Sequence[Mapping[str, Any]],
    recordings: Path,
    run: Mapping[str, Any],
    digits: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The document that `--json` writes; `digits` are the truth log's `digit_sent` facts.

    `contacts` has one object per contact, in the callers' order of arrival: usually one per caller; a caller whose line
    still rang when a killed host came back is a second contact, as it is for boardd. `records` counts what the store
    holds for it (1 when all is well). Times are seconds. `recording_start_us` is the simulated time of the recording's
    first sample.
    """
    contacts = []
    for caller in callers:
        groups = _contacts_of(_of_caller(caller, records, run)) or [[]]
        for group in groups:
            sent = caller["digits_sent"] if len(groups) == 1 else _digits_between(caller, group, run, digits)
            contacts.append({**_contact(caller, group, recordings, run), "digits_sent": sent})
    stuck = stuck_channels(channels)
    return {
        **run,
        "offered": len(callers),
        "answered": sum(1 for c in contacts if c["agent"]),
        "stuck_channels": len(stuck),
        "stuck": stuck,
        "contacts": contacts,
    }


def _of_caller(
    caller: Mapping[str, Any], records: Sequence[Mapping[str, Any]], run: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """The records of calls on the caller's line that began while the caller was there.

    A line carries one call at a time, so line and time say which call it was; the number may be unknown to boardd.
    """
    if not caller["line"]:
        return []
    until_us = caller["ended_us"] or 1 << 62
    found = []
    for record in records:
        began_us = (record["began"]["wall_ms"] - run["wall_base_ms"]) * 1000
        if record["line"] == caller["line"] and caller["began_us"] - SLACK_US <= began_us <= until_us + SLACK_US:
            found.append(record)
    return found


def _contacts_of(records: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Records on one line in groups that overlap in time: a group of more than one is a doubled record."""
    groups: list[list[Mapping[str, Any]]] = []
    until_ms = -1
    for record in sorted(records, key=lambda r: int(r["began"]["wall_ms"])):
        if not groups or record["began"]["wall_ms"] >= until_ms:
            groups.append([])
        groups[-1].append(record)
        until_ms = max(until_ms, record["ended"]["wall_ms"])
    return groups


def _digits_between(
    caller: Mapping[str, Any],
    group: Sequence[Mapping[str, Any]],
    run: Mapping[str, Any],
    digits: Sequence[Mapping[str, Any]],
) -> str:
    begin_us = (group[0]["began"]["wall_ms"] - run["wall_base_ms"]) * 1000
    end_us = (group[0]["ended"]["wall_ms"] - run["wall_base_ms"]) * 1000
    mine = (d for d in digits if d["person"] == caller["person"] and begin_us <= d["t_us"] < end_us)
    return "".join(str(d["digit"]) for d in mine)


def _contact(
    caller: Mapping[str, Any], records: Sequence[Mapping[str, Any]], recordings: Path, run: Mapping[str, Any]
) -> dict[str, Any]:
    record = records[0] if records else {}
    path = str(record.get("recording") or "")
    start = record.get("recording_began")
    return {
        "id": record.get("id", ""),
        "person": caller["person"],
        "party": caller["party"],
        "caller": caller["caller"],
        "called": caller["called"],
        "line": caller["line"],
        "digits_sent": caller["digits_sent"],
        "digits_heard": record.get("digits", ""),
        "queue_wait_s": _seconds(record.get("wait_ms")),
        "agent": record.get("agent", ""),
        "station": record.get("station", ""),
        "talk_s": _seconds(record.get("talk_ms")),
        "recording": str(recordings / path) if path else "",
        "recording_start_us": None if start is None else (start["wall_ms"] - run["wall_base_ms"]) * 1000,
        "coverage": record.get("coverage"),
        "gaps": record.get("gaps", []),
        "records": len(records),
        "outcome": record.get("outcome", ""),
        "cause": record.get("cause"),
        "evidence": record.get("answer_evidence", ""),
    }


def _seconds(milliseconds: object) -> float | None:
    return None if not isinstance(milliseconds, int | float) else milliseconds / 1000


def summary_lines(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures that the summary shows, as (name, value)."""
    contacts = document["contacts"]
    waits = [c["queue_wait_s"] for c in contacts if c["queue_wait_s"] is not None and c["agent"]]
    causes = Counter(str(c["cause"]) for c in contacts)
    heard = sum(1 for c in contacts if c["digits_sent"] == c["digits_heard"])
    doubled = sum(1 for c in contacts if c["records"] != 1)
    return [
        ("offered", str(document["offered"])),
        ("answered", str(document["answered"])),
        ("mean_wait", f"{sum(waits) / len(waits):.1f} s" if waits else "-"),
        ("digits_equal", f"{heard}/{len(contacts)}"),
        ("records_wrong", str(doubled)),
        ("stuck_channels", str(document["stuck_channels"])),
        ("causes", ", ".join(f"{cause}: {count}" for cause, count in sorted(causes.items()))),
    ]
