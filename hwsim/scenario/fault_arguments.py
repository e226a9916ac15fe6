"""Which arguments each kind of fault takes, so that a mistyped one is refused instead of forgotten.

The table of docs/simulator.md has them with their defaults; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

_NONE: tuple[str, ...] = ()
_STRIKES = ("times", "chance")
_EVENT = ("ref", *_STRIKES)

NUMBERS = frozenset(
    {
        *("ms", "dbm0", "db", "volts", "on_ms", "off_ms", "hz", "ratio"),
        *("ppm", "count", "every_ms", "silent_ms", "times", "chance"),
    }
)
"""Arguments that are numbers, whatever the fault; the faults themselves know in which range."""
LINES = frozenset(
    {
        *("cut_pair", "lift_elsewhere", "stuck_off_hook", "weak_ringing", "reversal_glitch", "noise"),
        *("no_reversal", "no_power", "no_dial_tone", "slow_dial_tone", "no_busy_tone", "bad_busy_tone"),
    }
)
LINES_AND_CIRCUITS = frozenset({"echo", "mute", "loss"})
SPANS = frozenset({"alarm", "bit_errors", "slips"})
"""Faults whose places are in the machine, so that a wrong one can be told before they come."""
PLACELESS = frozenset({"licence_expired"})
"""Faults of the whole machine."""

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    # the pair
    "cut_pair": _NONE,
    "lift_elsewhere": _NONE,
    "stuck_off_hook": _NONE,
    "weak_ringing": ("volts",),
    "reversal_glitch": ("ms",),
    "noise": ("dbm0",),
    "echo": ("db", "ms"),
    "mute": ("direction",),
    "loss": ("db",),
    # the exchange's end
    "no_reversal": _NONE,
    "no_power": _NONE,
    "no_dial_tone": _NONE,
    "slow_dial_tone": ("ms",),
    "no_busy_tone": _NONE,
    "bad_busy_tone": ("on_ms", "off_ms", "hz", "dbm0"),
    # keys
    "dtmf_short": ("ms",),
    "dtmf_twist": ("db",),
    "dtmf_break": ("ms",),
    "dtmf_low": ("dbm0",),
    # E1s
    "alarm": ("alarm", "side"),
    "bit_errors": ("ratio", "side"),
    "slips": ("count", "every_ms"),
    "two_masters": ("ppm",),
    "no_crc4": _NONE,
    "signalling_slot_cut": ("side",),
    "d_channel_down": _NONE,
    "exchange_restart": ("silent_ms",),
    "no_seizure_ack": _NONE,
    "no_end_of_caller": _NONE,
    # the maker's library
    "library_block": ("ms", *_STRIKES),
    "library_crash": ("signal", *_STRIKES),
    "library_odd_return": ("value", *_STRIKES),
    "library_garbage": _STRIKES,
    "event_lost": _EVENT,
    "event_doubled": _EVENT,
    "event_late": (*_EVENT, "ms"),
    "event_out_of_order": _EVENT,
    "event_flood": ("count", "ms"),
    "event_after_stop": ("ref", "param"),
    # channels and cards
    "circuit_reset": _NONE,
    "circuit_blocked": _NONE,
    "pickup_delayed": ("ms",),
    "hangup_lost": _NONE,
    "record_drop": ("ms",),
    "collision": _NONE,
    "card_missing": _NONE,
    "card_pulled": _NONE,
    "licence_expired": _NONE,
    # DAHDI's I/O library
    "ioctl_error": ("errno", "channel", "times"),
    "channel_open_error": ("errno",),
    "channel_io_error": ("errno",),
    "read_stall": _NONE,
    "blocks_late": ("ms",),
    "channel_event": ("event", "how", "ms", "times"),
    "irq_missed": ("count",),
    # processes
    "process_kill": ("signal",),
    "process_stop": _NONE,
}
