"""Timers of an exchange (facts/telephony.md 1.5, 1.8), all in milliseconds of simulated time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExchangeTimers:
    """What the exchange waits for and how long; each line may have its own dial-tone delay and clear times."""

    no_dial_ms: int = 20_000
    """Dial tone without a first digit, then busy tone."""
    inter_digit_ms: int = 10_000
    """Pause after which a number is taken as dialled, or refused when incomplete (facts: 10-20 s)."""
    overlap_ms: int = 15_000
    """T302: the same for digits that arrive on an E1 circuit."""
    no_answer_ms: int = 60_000
    """Ringing without answer, then cause 19: between local numbers, and mobiles."""
    no_answer_national_ms: int = 90_000
    """The same when one of the two is in another area (facts 1.5)."""
    no_answer_international_ms: int = 120_000
    setup_ms: int = 20_000
    """SETUP sent on an E1 circuit and nothing came back (T303, T310), then cause 18."""
    release_ms: int = 8_000
    """RELEASE sent and not confirmed (T308 twice): the circuit stays out of use until the card confirms or releases."""
    routing_ms: int = 400
    """From the last digit until the called line rings."""
    busy_tone_ms: int = 40_000
    """Busy tone on an analogue line that stays off-hook, then the howler."""
    howler_ms: int = 60_000
    """Howler, then silence until the line goes on-hook."""
    span_hold_ms: int = 5_000
    """LOS, LOF or AIS on a span until the network clears its calls (cause 27)."""
