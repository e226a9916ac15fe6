"""Facts of DAHDI's drivers that differ between cards and versions, or that nobody has published, as named switches.

Times are milliseconds. The defaults are the kernel's own core and Digium's drivers with the settings for China
(others.md section 3, telephony.md 1.3); where a real kernel was asked (native.md A, B) it agrees with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from boardd.contract.text import _
from hwsim.vendorlibs.dahdi.abi import Law


class Removal(StrEnum):
    """What a program sees of a card that is pulled out."""

    GONE = "gone"
    """Every call ends in ENODEV from then on."""
    HINT = "hint"
    """Event REMOVED; the file can still be asked for events until it is closed."""


@dataclass(frozen=True, slots=True)
class Personality:
    """One field per uncertain fact."""

    neighbour_bits: bool = False
    """The next channel's line bits show in the high nibble of received bits, and raise BITSCHANGED (dynamic spans)."""
    alarm_ms: int = 2500
    """LOS, LOF and AIS must last so long."""
    yellow_ms: int = 500
    settle_ms: int = 5000
    """RECOVER stands so long after the last of them."""
    idle_bits: int = 0b1101
    """What CAS channels send that no program has open, unless CHANCONFIG says otherwise."""
    analog_law: Law = Law.MULAW
    """Of analogue cards (`alawoverride`)."""
    ring_volts: int = 15
    ring_ms: int = 60
    """Ringing is seen so long after it began."""
    ring_end_ms: int = 128
    """Ringing is over after so long without."""
    battery_volts: int = 3
    battery_ms: int = 64
    """Feed lost or back is seen after so long."""
    battery_alarm_ms: int = 1000
    """The channel's red alarm comes or goes so long after the feed."""
    polarity_ms: int = 64
    hook_ms: int = 8
    """A telephone's hook is seen after so long."""
    removal: Removal = Removal.GONE
    zone_loaded: bool = True
    """The zone `cn` is loaded, as a configured system has it."""


SETS: Mapping[str, Personality] = {
    "default": Personality(),
    "fork": Personality(
        neighbour_bits=True,
        alarm_ms=0,
        yellow_ms=0,
        ring_end_ms=64,
        analog_law=Law.ALAW,
        removal=Removal.HINT,
        idle_bits=0b1011,
    ),
    "slow": Personality(
        ring_ms=200, ring_end_ms=256, battery_ms=256, battery_alarm_ms=3000, polarity_ms=256, hook_ms=40, alarm_ms=5000
    ),
}
"""Sets that differ in all that matters: a driver must work with each."""


def from_site(given: object) -> Personality:
    """What a site file says: the name of a set, or fields, and a set's name under `set`. Raises ValueError."""
    if isinstance(given, str):
        return personality(given)
    if not isinstance(given, Mapping):
        raise ValueError(_("a personality is a name, or a mapping (key: value)"))
    changes = {str(key): value for key, value in given.items()}
    return personality(str(changes.pop("set", "default")), changes)


def personality(name: str, changes: Mapping[str, object] | None = None) -> Personality:
    """A set with changes. Raises ValueError for a set or field that there is not, or a value that does not fit."""
    if name not in SETS:
        raise ValueError(
            _("there is no personality {name} (there are {words})").format(name=name, words=", ".join(SETS))
        )
    found = SETS[name]
    known = {field.name: getattr(found, field.name) for field in fields(Personality)}
    values: dict[str, object] = {}
    for key, value in (changes or {}).items():
        if key not in known:
            raise ValueError(_("a personality has no {key} (it has {words})").format(key=key, words=", ".join(known)))
        values[key] = _fit(key, value, known[key])
    return replace(found, **values)  # type: ignore[arg-type]


def _fit(key: str, value: object, now: object) -> object:
    """The value as the field's type; scalars of site files are text."""
    if isinstance(now, bool):
        words = {"yes": True, "true": True, "no": False, "false": False}
        if isinstance(value, bool):
            return value
        if str(value) in words:
            return words[str(value)]
        raise ValueError(_("{key}: {value} is not yes or no").format(key=key, value=value))
    if isinstance(now, Law):
        if str(value).upper() in ("ALAW", "MULAW"):
            return Law[str(value).upper()]
        raise ValueError(_("{key}: {value} is not alaw or mulaw").format(key=key, value=value))
    if isinstance(now, Removal):
        if str(value) in list(Removal):
            return Removal(str(value))
        raise ValueError(_("{key}: {value} is not {words}").format(key=key, value=value, words=" or ".join(Removal)))
    text = str(value)
    if not text.isdecimal() or int(text) > 3_600_000:
        raise ValueError(_("{key}: {value} is not a whole number from 0 to 3600000").format(key=key, value=value))
    return int(text)
