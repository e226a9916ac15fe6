"""Every fact about the maker's library that the fact sheet marks inferred, unknown or disputed, as a named switch.

`quirks` in the domain's settings changes them: `name=value, name=value`. docs/boards.md says which await a real card.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


@dataclass(frozen=True)
class Quirks:
    """The switches with their most likely values; the comment names the section of the fact sheet."""

    reconcile_ms: int = 2_000  # 6.3: queues drop; every channel's state is compared this often
    release_retry_s: int = 10  # 16: SsmHangup is repeated when the line is not free after this time
    release_alarm_s: int = 60  # 16: alarm when the line is still not free
    dial_retry_ms: int = 400  # 16: SsmAutoDial may be refused right after idle; tried once more after this; 0: never
    kb_odd_return_accepts: bool = True  # 16: SsmSetKB returned odd values in 5.0.3.0; only below 0 is a refusal
    fxo_ring_end_ms: int = 7_000  # 10.1: some drivers never leave state 2; no ring for this long ends the offer
    fxo_unlatch_ringing: bool = True  # 10.1: leave a stale state 2 by a short pick-up when SsmHangup is refused
    fxo_guard_ms: int = 1_000  # line facts 1.5: on-hook time before the next seizure
    fxo_no_line_volts: int = 3  # 10.1: below this a trunk has no line; 0: voltage is not judged
    fxo_in_use_volts: int = 18  # line facts 1.3: an idle trunk below this is in use by another telephone; 0: not judged
    card_gone_s: int = 20  # 9: a card all of whose E1 channels are unavailable for so long, without an alarm, is gone
    fxo_flash_ms: int = 500  # 11.1: 32 to 1000
    pickup_poll_ms: int = 500  # 11.1: how often a pick-up is asked for whose event has not come
    fxs_caller_id_delay_ms: int = 1_000  # 10.2: from the ring to the caller ID
    fxs_hangup: bool = False  # 10.2: whether SsmHangup is called on stations; harmless or unsupported
    link_function: str = "link_from"  # 13.1: link_from mixes; listen_to is used for single sources when set so
    conference: str = "group"  # 13.2: group, or links (mixing) for three and more who hear each other
    conference_members: int = 8  # 13.2: members of one conference; the real limit is in ShConfig.ini
    conference_mode: int = 0  # 13.2: SsmJoinConfGroup mode of a full member
    conference_volume: int = 1  # 13.2: mixing volume of a member
    clear_links_on_hangup: bool = True  # 13.1: links survive hang-up on some drivers
    record_mask: int = 0  # 12.2: last argument of SsmRecToFile; 0 and 1 were seen
    record_loss_bound_ms: int = 4_200  # 3.2: RecordBufSize 32768 bytes and RecPlayTimer 100 ms
    ties: bool = True  # 12.1, 12.2: sound to and from the program, for ties to other domains
    tie_piece_bytes: int = 800  # 12.1: the least block of SsmPlayMemBlock is unknown; RecPlayTimer is 100 ms
    digit_pause_ms: int = 1_000  # 12.3: a comma in digits to send
    digits_per_task: int = 50  # 12.3: SsmTxDtmf takes this many
    congestion_cadence_ms: int = 704  # 12.4: on and off time of congestion tone, a multiple of 8

    @classmethod
    def parse(cls, text: str) -> Quirks:
        """`name=value, ...`. Raises ConfigurationError for unknown names and bad values."""
        changes: dict[str, int | bool | str] = {}
        known = {field.name: field.default for field in fields(cls)}
        for item in filter(None, (part.strip() for part in text.split(","))):
            name, _equals, value = (part.strip() for part in item.partition("="))
            if name not in known:
                raise ConfigurationError(
                    _("quirks: {name} is unknown; known are {names}").format(name=name, names=", ".join(sorted(known))),
                    key="quirks",
                )
            changes[name] = _value(name, value, known[name])
        return replace(cls(), **changes)  # type: ignore[arg-type]


def _value(name: str, value: str, default: object) -> int | bool | str:
    if isinstance(default, bool):
        if value.lower() in (*_YES, *_NO):
            return value.lower() in _YES
        raise ConfigurationError(_("quirks: {name} must be yes or no").format(name=name), key="quirks")
    if isinstance(default, int):
        if value.isdigit():
            return int(value)
        raise ConfigurationError(_("quirks: {name} must be a whole number").format(name=name), key="quirks")
    return value
