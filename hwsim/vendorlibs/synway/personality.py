"""How one installed driver version behaves where the fact sheet marks a fact inferred, unknown or disputed.

Every field is one such fact; its comment names the section of the sheet. `PERSONALITIES` holds the sets that the
contract suite runs under; a site file may name one and change single fields.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from boardd.contract.text import _


@dataclass(frozen=True)
class Personality:
    """The switches; the defaults are the most likely reading of the sheet."""

    name: str = "newest"

    # -- start and stop (section 4)
    start_ms: tuple[int, int] = (2200, 5200)  # range of a start that succeeds [L]
    start_board_ms: int = 0  # more for each further card [I]
    close_return: int = 0  # 0, 1 or another value on success [C3]
    close_ms: int = 300  # SsmCloseCti blocks up to seconds
    close_keeps_lines: bool = False  # whether an orderly close leaves hooks and circuits seized [I]
    circuit_ready_ms: tuple[int, int] = (1500, 8000)  # 11/36/70/122 -> 0 after start or span return [C2]
    process_exclusive: bool = True  # a second process is refused with -2 [M]

    # -- events (section 6)
    default_interface: int = 0  # EventInterfaceType when the file has none [C1]
    default_output: int = 0  # DefaultEventOutput: mode before any SsmSetEvent
    dial_event_first: bool = False  # 0x19 before the 0x18 it belongs to; order is [?]
    dependent_events_first: bool = False  # all other dependent events before their 0x18 [?]
    set_event_once: bool = False  # a second global SsmSetEvent is refused [B] or accepted [C1]
    empty_queue_return: int = -1  # SsmGetEvent on an empty queue [I]
    events_per_channel: int = 100  # MaxEventPerChannel default [B]
    user_events: int = 1024  # MaxUserEventSize default [B]

    # -- analog trunks (section 10.1)
    pickup_failure: int = -1  # -1 by convention, 1 in one manual excerpt (section 5)
    pickup_ms: int = 40  # SsmPickup -> off-hook and E_SYS_ActualPickup
    ring_debounce_ms: int = 160  # shorter ringing is not a ring [I]
    ring_volts: int = 15  # rms; line interfaces see no ring below 13.5 V and every ring above 16.5 V [I]
    ring_stop_ms: int | None = 6000  # after the last burst 2 -> 0; None: never by itself [C1]
    ring_cid_clears: bool = True  # AutoClearCallerIdBufOnHangup default [B]
    fxo_clear_ms: int = 200  # time in state 10 on hang-up; 0: state 10 is skipped [I]
    fxo_offline: bool = False  # state 8 on a trunk without feed [I]
    offline_volts: int = 20  # below: line off (sections 9, 10.3)
    silence_after_dial_talks: bool = False  # 6 + silence -> 3 instead of 7 reason 5 (by config)
    reversal_ends_talk: bool = True  # section 10.1

    # -- stations (sections 10.2, 20)
    fxs_ring_state: int = 0  # state of a station while it is rung: 0 or 2 [?]
    fxs_hangup_return: int = 0  # SsmHangup on a station: harmless 0 or unsupported -1 [?]
    flash_min_ms: int = 80  # shorter openings are dial pulses or noise [I]
    flash_max_ms: int = 700  # MaxLocalFlashTime default; longer openings are on-hook [B]

    # -- taps (section 10.3)
    tap_off_hook_volts: int = 24  # SsmSetDtrmLineVoltage default [I]

    # -- digital trunks (sections 8, 10.4, 10.5, 11)
    auto_kb: bool = True  # automatic KB/ACM/ALERTING until disabled
    kb_deadline_ms: int = 20000  # MaxWaitSetKBTime when the file has none
    step_ms: int = 16  # between two protocol states that need no answer (two driver ticks) [I]
    clearing_ms: int = 4000  # longest wait for the far end's confirmation of a release [I]
    overlap_ms: int = 4000  # incoming number without an end: pause that ends it [I]
    mfc_digit_ms: int = 120  # SS1: one compelled digit [I]
    hold_ss1_kd: bool = True  # SS1 incoming passes 33 and 34 [I]
    ring_cancel_pending: bool = True  # caller cancels in 2: 7 reason 54, else 0 (RingToPending)
    isdn_release_reason: int = 12  # far release in 3 on ISDN: 12 (20 when outgoing), or 41, 42
    specific_pending: bool = False  # failed dials on SS1 and ISDN show their own reason instead of 13
    glare_incoming_wins: bool = True  # call collision: the incoming call takes the circuit [I]
    pickup_idle_digital: bool = True  # SsmPickup on an idle digital channel -> 1 [C1]
    locked_ms: int = 60000  # state 12 is freed after about 60 s [M]
    links_survive_hangup: bool = True  # section 13.1 [C2]
    kb_return: int = 0  # SsmSetKB result on success; 5.0.3.0 returned odd values (section 16)
    retry_dial_ms: int = 0  # SsmAutoDial is refused this long after becoming idle (section 16 quirk)
    status_los: int = 0x0002  # span status word: bits are [?]; 0 is in sync
    status_lof: int = 0x0200
    status_ais: int = 0x0008
    status_lmf: int = 0x0004
    status_rai: int = 0x0010
    status_slip: int = 0x0020  # 0: a driver that says nothing of slips
    status_errors: int = 0x0040  # 0: nor of bit errors that do not cost alignment

    # -- media (section 12)
    dtmf_on: bool = False  # whether trunks hear DTMF before SsmEnableRxDtmf [I]
    play_hangup_stops: bool = True  # SsmSetHangupStopPlayFlag default [I]
    wait_dtmf_unit_ms: int = 1000  # SsmSetWaitDtmf timeout unit, seconds assumed [?]
    block_reasons_swapped: bool = False  # play block end reasons 4 and 5 swapped (section 19)
    record_law: int = 6  # codec of fmt -1
    both_laws: bool = False  # whether A-law cards take mu-law too (mixing is refused) [B]
    min_block_bytes: int = 800  # SsmPlayMemBlock minimum block size [B], value [?]
    blocks_at_service: bool = False  # a played block is reported at the next RecPlayTimer service, or at once [?]

    def with_fields(self, changes: dict[str, Any]) -> Personality:
        """A copy with some fields changed; values may be texts, as site files have them.

        Raises ValueError for a name that does not exist or a value that does not fit.
        """
        known = {field.name for field in fields(self)}
        if unknown := sorted(set(changes) - known):
            raise ValueError(_("no such personality field: {words}").format(words=", ".join(unknown)))
        return replace(self, **{name: _fitting(name, value, getattr(self, name)) for name, value in changes.items()})


_WORDS = {"yes": True, "true": True, "no": False, "false": False, "": None, "none": None}


def _fitting(name: str, value: Any, present: Any) -> Any:
    """`value` in the type of what is there now. Raises ValueError."""
    if isinstance(value, list):
        return tuple(
            _fitting(name, item, present[0] if isinstance(present, tuple) and present else 0) for item in value
        )
    if not isinstance(value, str) or isinstance(present, str):
        return value
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    try:
        return int(value, 0)
    except ValueError:
        raise ValueError(_("{name}: {value} does not fit").format(name=name, value=value)) from None


PERSONALITIES = {
    p.name: p
    for p in (
        Personality(),
        # The other reading of every fact about order: dependent and dial events come before the state they belong to.
        Personality("worst_order", dial_event_first=True, dependent_events_first=True, ring_stop_ms=12000),
        # Old driver: late ring stop, odd returns, no state 10, other pending reasons.
        Personality(
            "old",
            pickup_failure=1,
            close_return=1,
            ring_stop_ms=None,
            fxo_clear_ms=0,
            fxs_ring_state=2,
            ring_cancel_pending=False,
            isdn_release_reason=42,
            specific_pending=True,
            dial_event_first=True,
            retry_dial_ms=300,
            blocks_at_service=True,
            status_slip=0,
            status_errors=0,
        ),
        # SSM_EVENT interface by default, strict event setting, analog trunks that show missing feed as state 8.
        Personality(
            "strict",
            default_interface=1,
            set_event_once=True,
            fxo_offline=True,
            fxs_hangup_return=-1,
            isdn_release_reason=41,
            specific_pending=True,
            glare_incoming_wins=False,
            pickup_idle_digital=False,
            links_survive_hangup=False,
            close_keeps_lines=True,
            kb_return=1,
        ),
    )
}


def personality(spec: str | dict[str, Any] | None) -> Personality:
    """The personality a site file asks for: a name, or `{base: name, field: value, ...}`; None is the default."""
    if spec is None:
        return Personality()
    if isinstance(spec, str):
        spec = {"base": spec}
    changes = dict(spec)
    base = str(changes.pop("base", "newest"))
    if base not in PERSONALITIES:
        raise ValueError(
            _("no such personality: {base}; known: {words}").format(base=base, words=", ".join(sorted(PERSONALITIES)))
        )
    return PERSONALITIES[base].with_fields(changes)
