"""Every rule and timer of an analogue line as data (rule R1), with the China PSTN as default.

`parse` reads `name=value, name=value` of the settings; units are in the names. Sources: facts 1.3-1.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


class _Parsed:
    """`parse` for the profiles below."""

    @classmethod
    def parse(cls, text: str, base: Self | None = None, key: str = "profile") -> Self:
        """`base` (default: all defaults) with the changes of `text`. Raises ConfigurationError naming `key`."""
        start = base if base is not None else cls()
        known: Mapping[str, Any] = {f.name: getattr(start, f.name) for f in fields(start)}  # type: ignore[arg-type]
        changes: dict[str, Any] = {}
        for item in filter(None, (part.strip() for part in text.split(","))):
            name, _equals, value = (part.strip() for part in item.partition("="))
            if name not in known:
                raise ConfigurationError(
                    _("{key}: {name} is unknown; known are {names}").format(
                        key=key, name=name, names=", ".join(sorted(known))
                    ),
                    key=key,
                )
            changes[name] = _value(key, name, value, known[name])
        return replace(start, **changes)  # type: ignore[type-var]


def _value(key: str, name: str, value: str, default: object) -> int | bool | str:
    if isinstance(default, bool):
        if value.lower() in (*_YES, *_NO):
            return value.lower() in _YES
        raise ConfigurationError(_("{key}: {name} must be yes or no").format(key=key, name=name), key=key)
    if isinstance(default, int):
        if value.isdigit():
            return int(value)
        raise ConfigurationError(_("{key}: {name} must be a whole number").format(key=key, name=name), key=key)
    return value


@dataclass(frozen=True, slots=True)
class FxoProfile(_Parsed):
    """One exchange line."""

    # -- the pair (1.3) --
    no_battery_mv: int = 3_000
    """Below: unplugged, or shorted by a telephone beside us."""
    in_use_mv: int = 18_000
    """Below, while we are on-hook: another telephone on the pair is off-hook."""
    line_settle_ms: int = 1_000
    """How long a condition of the pair must last to count."""
    # -- ringing (1.3, 7.4) --
    min_ring_ms: int = 100
    """Shorter ringing is thunder or a relay; 0 where the card debounces itself."""
    ring_gap_ms: int = 600
    """Bursts closer than this are one ring (distinctive cadences)."""
    ring_end_ms: int = 6_000
    """No ring for so long: the caller gave up."""
    rings_to_offer: int = 1
    """2 for sites with ghost rings."""
    # -- caller ID (1.6, 1.7, R5) --
    caller_id: bool = True
    caller_id_rings: int = 2
    """At this ring nobody waits for the number any more; one ring later after a spoilt one (it is repeated)."""
    dtmf_keep_ms: int = 6_000
    """Digits heard so long before the first ring are the number."""
    dtmf_pause_ms: int = 1_000
    """So long without a digit: the number is complete, also without its stop digit."""
    # -- seizing and dialling (1.5, 1.8) --
    wait_dial_tone: bool = True
    dial_tone_ms: int = 5_000
    """Without dial tone for so long the line is marked."""
    blind_dial_ms: int = 1_500
    """When dial tone is not waited for: from off-hook to the first digit."""
    dial_delay_ms: int = 200
    """From the recognised dial tone to the first digit."""
    pulse: bool = False
    """Dial by loop breaks instead of DTMF."""
    comma_ms: int = 1_000
    send_limit_ms: int = 40_000
    """Longest time that the card may take to send the digits."""
    # -- answer (1.4, R3) --
    answer_by_voice: bool = True
    reversal_settle_ms: int = 400
    """A reversal counts when it has lasted so long; glitches of 300 ms are seen."""
    reversal_quiet_ms: int = 600
    """Reversals so soon after our own hook change are the exchange's, not an answer."""
    reversal_gap_ms: int = 600
    """The second reversal ends the call only so long after the first."""
    ring_back_gone_ms: int = 7_000
    """Ring-back tone stopped for so long, and nothing else: somebody has answered in silence."""
    no_progress_ms: int = 60_000
    """Neither tone nor voice after dialling."""
    no_answer_ms: int = 180_000
    """Longer than any exchange rings (1.5: 60 to 120 s)."""
    announcement_answer_ms: int = 25_000
    """Speech or music for so long without a tone of failure: somebody may be talking (彩铃 hides the answer)."""
    announcement_silence_ms: int = 10_000
    """Silence after an announcement, unanswered: the call has failed."""
    # -- the end (1.4, R4) --
    hang_up_on_reversal: bool = True
    hang_up_on_battery_drop: bool = True
    hang_up_on_tone: bool = True
    battery_drop_ms: int = 400
    """Loop current away for so long is a disconnect (CPC is 500 ms); shorter breaks are switching."""
    silence_ms: int = 900_000
    """Not a sound from the far end for so long; 0: never (7.4: stuck ports)."""
    max_call_ms: int = 0
    """0: the host's limit of the channel group is enough."""
    guard_ms: int = 1_000
    """On-hook time before the next seizure; exchanges need up to 1 s to notice."""
    hook_limit_ms: int = 3_000
    """Longest time that the card may take to change the hook."""
    flash_ms: int = 500


@dataclass(frozen=True, slots=True)
class StationProfile(_Parsed):
    """One telephone (1.8)."""

    flash_min_ms: int = 80
    """Shorter openings are dial pulses or bounce."""
    flash_max_ms: int = 700
    """Longer openings are on-hook; 1000 for the habits of PBXs."""
    pulse_min_ms: int = 30
    pulse_max_ms: int = 95
    """A break of this length is a dial pulse while a digit is being dialled (8 a second at 2.5:1 is 89 ms)."""
    pulse_digit_ms: int = 250
    """A make of this length ends the digit."""
    pulses: bool = True
    """Whether telephones may dial by pulses; without, any opening from `flash_min_ms` on is a flash."""
    ring_on_ms: int = 1_000
    ring_off_ms: int = 4_000
    caller_id: bool = True
    caller_id_delay_ms: int = 600
    """From the end of the first ring to the number: >= 500 ms; it must end >= 200 ms before the second ring (1.6)."""
