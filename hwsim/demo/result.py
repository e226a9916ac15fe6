"""What a run came to: the store's records beside the simulator's truth, one object per caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FREE_STATES = ("idle", "out_of_service")


def stuck_channels(channels: Sequence[Mapping[str, Any]]) -> list[str]:
    """Channels that are neither free nor out of service though everybody has hung up."""
    return [str(c["id"]) for c in channels if c["state"] not in FREE_STATES]


def result(
    callers: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    channels: Sequence[Mapping[str, Any]],
    recordings: Path,
    run: Mapping[str, Any],
) -> dict[str, Any]:
    """The document that `--json` writes.

    `contacts` has one object per caller of the simulated world, in order of arrival; `records` counts what the store
    holds for that caller's call (1 when all is well). Times are seconds. `recording_start_us` is the simulated time of
    the recording's first sample.
    """
    by_call = _by_call(records)
    contacts = [_contact(caller, by_call.get(_key(caller), []), recordings, run) for caller in callers]
    stuck = stuck_channels(channels)
    return {
        **run,
        "offered": len(callers),
        "answered": sum(1 for c in contacts if c["agent"]),
        "stuck_channels": len(stuck),
        "stuck": stuck,
        "contacts": contacts,
    }


def _key(caller: Mapping[str, Any]) -> tuple[str, str]:
    return str(caller["caller"]), str(caller["line"] or "")


def _by_call(records: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for record in records:
        found.setdefault((str(record["caller"]), str(record["line"])), []).append(record)
    return found


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
