"""Which card a span is on: `/sys/bus/dahdi_devices`, where each device has a hardware id or at least a place.

    devices/pci:0000:04:08.0/   hardware_id  location  manufacturer  type  span-3/ (local_spanno)

Spans are numbered by the order in which modules came up; the device under them is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEVICES = Path("sys/bus/dahdi_devices/devices")
_SPAN = re.compile(r"^span-(\d+)$")
_NOT_NAME = re.compile(r"[^A-Za-z0-9_.]+")
LONGEST = 28
"""A board's name has at most 32 characters, a prefix included."""


@dataclass(frozen=True)
class Device:
    """One card. `key` is what a board's name is bound to: the hardware id, else the place, as characters of a name."""

    key: str
    hardware_id: str
    location: str
    manufacturer: str
    type: str
    spans: Mapping[int, int] = field(default_factory=dict)
    """DAHDI's span number -> number of the span on the card, from 1."""


def read_devices(root: Path) -> list[Device]:
    """All devices in the order of their places; none where the kernel has no such folder."""
    folder = root / DEVICES
    if not folder.is_dir():
        return []
    return [_device(entry) for entry in sorted(folder.iterdir())]


def key_of(text: str) -> str:
    """A hardware id or place as characters of a name."""
    return _NOT_NAME.sub("-", text).strip("-.")[:LONGEST]


def _device(folder: Path) -> Device:
    hardware_id = _text(folder / "hardware_id")
    spans: dict[int, int] = {}
    for entry in sorted(folder.iterdir()):
        found = _SPAN.match(entry.name)
        if found:
            spans[int(found[1])] = _number(entry / "local_spanno", len(spans) + 1)
    return Device(
        key=key_of(hardware_id) or key_of(folder.name),
        hardware_id=hardware_id,
        location=_text(folder / "location") or folder.name,
        manufacturer=_text(folder / "manufacturer"),
        type=_text(folder / "type"),
        spans=spans,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path, default: int) -> int:
    text = _text(path)
    return int(text) if text.isdigit() and int(text) > 0 else default
