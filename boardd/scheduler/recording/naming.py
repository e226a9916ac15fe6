"""Names of recordings: YYYYMMDD/HHMMSS_trunk_ext_number_dir_contactid.wav, in the site's local time."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from boardd.scheduler.config import SchedulerConfig
from boardd.scheduler.contacts.closing import principal
from boardd.scheduler.contacts.model import Contact, ContactKind
from boardd.scheduler.hours import zone_of

_UNSAFE = re.compile(r"[^0-9A-Za-z*+.-]+")
_DIRECTIONS = {ContactKind.INBOUND: "in", ContactKind.OUTBOUND: "out"}


def recording_path(config: SchedulerConfig, contact: Contact) -> Path:
    """The file for a contact, relative to the recordings directory."""
    zone = zone_of(config.sections.timezone) or dt.UTC
    local = dt.datetime.fromtimestamp(contact.began.wall_ms / 1000, zone)
    number = contact.caller if contact.kind is ContactKind.INBOUND else contact.called
    parts = (
        local.strftime("%H%M%S"),
        _word(principal(contact).channel or contact.line),
        _word(contact.station or contact.caller),
        _word(number),
        _DIRECTIONS.get(contact.kind, "int"),
        contact.id,
    )
    return Path(local.strftime("%Y%m%d")) / ("_".join(parts) + ".wav")


def _word(text: str) -> str:
    return _UNSAFE.sub("-", text)[:40] or "none"
