"""What R2 says beyond boardd.signalling.span: an event of its own, and the codes of its troubles.

| code | raised when | over when |
|---|---|---|
| `r2_no_seizure_ack` | a seizure was not acknowledged | one is |
| `r2_wrong_direction` | the far end seizes a circuit that is ours alone | a seizure of ours is acknowledged; restart |
| `r2_foreign_bits` | bit c of the far end is another country's | it is ours |
| `r2_no_release_guard` | the far end does not show idle after clear forward | it does |
| `r2_no_clear_forward` | the caller does not clear | it does |
| `r2_register_failed` | the numbers of an incoming call did not get through | those of another do |
"""

from __future__ import annotations

from dataclasses import dataclass

from boardd.signalling.span import CallEvent

TROUBLES = (
    "r2_no_seizure_ack",
    "r2_wrong_direction",
    "r2_foreign_bits",
    "r2_no_release_guard",
    "r2_no_clear_forward",
    "r2_register_failed",
)


@dataclass(frozen=True, slots=True)
class Metering(CallEvent):
    """A metering pulse came during a conversation; `pulses` so far. Only where the profile counts them."""

    pulses: int
