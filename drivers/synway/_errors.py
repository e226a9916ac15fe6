"""The maker's errors and reasons in the contract's words: DeviceError, and Q.850 causes with the maker's code kept."""

from __future__ import annotations

from dataclasses import dataclass

from boardd.contract.causes import Cause, known_cause
from boardd.contract.errors import DeviceError
from boardd.contract.text import N_, _
from drivers.synway._codes import DUAL_SEIZURE, ISDN_CAUSE_BASE, ISUP_RELEASE

ERRORS = {
    0: "initialisation failed",
    1: "API not open",
    2: "invalid channel number",
    3: "operation unsupported by this channel or card",
    4: "index voice not open",
    5: "invalid bus channel",
    6: "operation not open",
    7: "invalid codec format",
    8: "invalid parameter",
    9: "file operation failed",
    10: "memory failure",
    11: "resource used up",
    12: "system error",
    13: "no idle channel",
    14: "operation failed",
    15: "invalid monitored circuit number",
    16: "fax file error",
    17: "value out of scale",
    18: "DTMF sending mode unsupported",
    19: "recording slave resources do not match",
    20: "all resources of the slave in use",
}
"""SsmGetLastErrCode (section 5)."""

_START_REFUSED = {
    -2: N_("the driver is in use by another process; stop that program first"),
}


def device_error(function: str, result: int, code: int, text: str) -> DeviceError:
    """What a refused call becomes. `data`: function, vendor_code, vendor_text, result."""
    meaning = text or ERRORS.get(code, "no reason given")
    if function.startswith("SsmStartCti") and result in _START_REFUSED:
        meaning = _(_START_REFUSED[result])
    return DeviceError(
        f"{function}: {meaning} ({code})", function=function, vendor_code=code, vendor_text=text, result=result
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call ended: Q.850 cause, who ended it (far, card, line, glare), the maker's code and its meaning."""

    cause: int
    origin: str
    code: str
    text: str


_PENDING: dict[int, tuple[int, str, str]] = {
    0: (Cause.NETWORK_OUT_OF_ORDER, "line", "no dial tone"),
    1: (Cause.USER_BUSY, "far", "busy tone"),
    2: (Cause.NO_ANSWER, "far", "silence after ringback"),
    3: (Cause.NO_ANSWER, "card", "no answer"),
    4: (Cause.NORMAL_CLEARING, "far", "remote hung up"),
    5: (Cause.NO_USER_RESPONDING, "far", "no voice or ringback after dialling"),
    11: (Cause.RESOURCE_UNAVAILABLE, "card", "SS1: KB5 sent, decision came too late"),
    12: (Cause.NORMAL_CLEARING, "far", "remote released while talking"),
    13: (Cause.NORMAL_UNSPECIFIED, "far", "dialling failed"),
    14: (Cause.NETWORK_OUT_OF_ORDER, "line", "SS7 signalling unusable"),
    15: (Cause.TEMPORARY_FAILURE, "far", "circuit reset"),
    16: (Cause.NETWORK_OUT_OF_ORDER, "line", "span sync lost"),
    20: (Cause.NORMAL_CLEARING, "far", "callee released while talking"),
    21: (Cause.NO_ANSWER, "card", "SS1: no answer in time"),
    22: (Cause.TEMPORARY_FAILURE, "far", "SS1: no seizure acknowledgement"),
    23: (Cause.NORMAL_UNSPECIFIED, "far", "SS1: exchange cleared"),
    24: (Cause.UNALLOCATED, "far", "SS1: A5 unallocated"),
    25: (Cause.UNALLOCATED, "far", "SS1: KB5 unallocated"),
    26: (Cause.USER_BUSY, "far", "SS1: KB2 local busy"),
    27: (Cause.USER_BUSY, "far", "SS1: KB3 toll busy"),
    28: (Cause.CONGESTION, "far", "SS1: A4 congestion"),
    29: (Cause.CONGESTION, "far", "SS1: KB4 congestion"),
    41: (Cause.NORMAL_CLEARING, "far", "ISDN: remote released first"),
    42: (Cause.NORMAL_CLEARING, "far", "ISDN: DISCONNECT received"),
    43: (Cause.NORMAL_CLEARING, "card", "ISDN: local release"),
    44: (Cause.NORMAL_CLEARING, "card", "ISDN: releasing"),
    45: (Cause.UNALLOCATED, "far", "ISDN: unallocated number"),
    46: (Cause.USER_BUSY, "far", "ISDN: network busy"),
    47: (Cause.CHANNEL_UNAVAILABLE, "far", "ISDN: circuit not available"),
    48: (Cause.NORMAL_CLEARING, "far", "disconnect while waiting for callee"),
    49: (Cause.TEMPORARY_FAILURE, "far", "ISUP: hardware blocking received"),
    50: (Cause.TIMER_EXPIRED, "far", "ISUP: suspend timer expired"),
    51: (Cause.TEMPORARY_FAILURE, "far", "group blocking received"),
    52: (Cause.NO_ANSWER, "far", "ISDN: no answer"),
    53: (Cause.CALL_REJECTED, "far", "ISDN: call rejected"),
    54: (Cause.NORMAL_CLEARING, "far", "caller cancelled while ringing"),
    55: (Cause.SUBSCRIBER_ABSENT, "far", "ISDN: no route, out of coverage"),
    56: (Cause.NO_ROUTE, "far", "ISDN: no route to destination"),
    63: (Cause.NORMAL_CLEARING, "far", "remote released in suspended state"),
    64: (Cause.NORMAL_CLEARING, "far", "callee released in suspended state"),
    65: (Cause.NORMAL_UNSPECIFIED, "far", "ISDN: normal unspecified"),
    66: (Cause.SUBSCRIBER_ABSENT, "far", "ISDN: user absent"),
    67: (Cause.INVALID_NUMBER_FORMAT, "far", "ISDN: invalid number format"),
    68: (Cause.NO_CIRCUIT, "far", "ISDN: no circuit available"),
}
"""SsmGetPendingReason (section 11.3). 30-38 are compelled-signalling timeouts, see `pending_reason`."""

_DIAL_FAILURE: dict[int, tuple[int, str, str]] = {
    1: (Cause.NORMAL_CLEARING, "card", "cancelled by application"),
    2: (Cause.TIMER_EXPIRED, "far", "response timeout"),
    3: (Cause.NO_ANSWER, "card", "answer timeout"),
    4: (Cause.NETWORK_OUT_OF_ORDER, "line", "span sync lost"),
    10: (Cause.NETWORK_OUT_OF_ORDER, "line", "SS7 unusable"),
    11: (Cause.USER_BUSY, "far", "TUP: SSB subscriber busy"),
    12: (Cause.USER_BUSY, "far", "TUP: SLB local busy"),
    13: (Cause.USER_BUSY, "far", "TUP: STB toll busy"),
    14: (Cause.UNALLOCATED, "far", "TUP: UNN unallocated"),
    15: (Cause.CONGESTION, "far", "TUP: SEC switching congestion"),
    16: (Cause.NO_CIRCUIT, "far", "TUP: CGC circuit group congestion"),
    17: (Cause.CONGESTION, "far", "TUP: NNC network congestion"),
    18: (Cause.NORMAL_UNSPECIFIED, "far", "TUP: CFL call failure"),
    19: (Cause.DESTINATION_OUT_OF_ORDER, "far", "TUP: LOS line out of service"),
    20: (Cause.SUBSCRIBER_ABSENT, "far", "TUP: SST special tone"),
    21: (Cause.CALL_REJECTED, "far", "TUP: ACB access barred"),
    22: (Cause.CHANNEL_UNAVAILABLE, "far", "TUP: DPN no digital path"),
    23: (Cause.NORMAL_UNSPECIFIED, "far", "TUP: EUM"),
    24: (Cause.INVALID_NUMBER_FORMAT, "far", "TUP: ADI address incomplete"),
    25: (Cause.CHANNEL_UNAVAILABLE, "far", "TUP: BLO blocked"),
    26: (Cause.CHANNEL_UNAVAILABLE, "glare", "dual seizure"),
    27: (Cause.TEMPORARY_FAILURE, "far", "circuit reset"),
    28: (Cause.CHANNEL_UNAVAILABLE, "far", "blocked by remote"),
    40: (Cause.TEMPORARY_FAILURE, "far", "SS1: no seizure acknowledgement"),
    41: (Cause.NORMAL_UNSPECIFIED, "far", "SS1: cleared by exchange"),
    42: (Cause.CONGESTION, "far", "SS1: A4 congestion"),
    43: (Cause.UNALLOCATED, "far", "SS1: A5 unallocated"),
    50: (Cause.USER_BUSY, "far", "SS1: KB2 local busy"),
    51: (Cause.USER_BUSY, "far", "SS1: KB3 toll busy"),
    52: (Cause.CONGESTION, "far", "SS1: KB4 congestion"),
    53: (Cause.UNALLOCATED, "far", "SS1: KB5 unallocated"),
    60: (Cause.USER_BUSY, "far", "ISDN: network busy"),
    61: (Cause.UNALLOCATED, "far", "ISDN: unallocated"),
    65: (Cause.PROTOCOL_ERROR, "far", "SS7: illegal message"),
    67: (Cause.NORMAL_CLEARING, "far", "TUP: CBK released"),
}
"""SsmGetAutoDialFailureReason (section 11.5). 44-49 and 54-56 are compelled-signalling failures."""

_COMPELLED_PENDING = range(30, 39)
_COMPELLED_FAILURE = (*range(44, 50), *range(54, 57))


def pending_reason(pending: int, release_cause: int = 0) -> Reason:
    """The reason for a pending state. `release_cause` (SsmGetReleaseReason), when it is one, refines a far release."""
    code = f"pending {pending}"
    if pending in _COMPELLED_PENDING:
        return Reason(Cause.PROTOCOL_ERROR, "far", code, "SS1: compelled signalling failed")
    cause, origin, text = _PENDING.get(pending, (Cause.NORMAL_UNSPECIFIED, "card", "reason not known"))
    if origin == "far" and 1 <= release_cause <= 127:
        cause = known_cause(release_cause)
        code = f"{code}, release {release_cause}"
    return Reason(int(cause), origin, code, text)


def dial_failure(failure: int, pending: int, release_cause: int = 0) -> Reason:
    """The reason why dialling failed: the failure reason where it says something, else the pending reason."""
    if ISDN_CAUSE_BASE < failure <= ISDN_CAUSE_BASE + 127:
        cause = failure - ISDN_CAUSE_BASE
        return Reason(known_cause(cause), "far", f"failure {failure}", f"ISDN cause {cause}")
    if failure == ISUP_RELEASE:
        cause = known_cause(release_cause) if 1 <= release_cause <= 127 else int(Cause.NORMAL_UNSPECIFIED)
        return Reason(cause, "far", f"failure {failure}, release {release_cause}", "ISUP: REL received")
    if failure in _COMPELLED_FAILURE:
        return Reason(Cause.PROTOCOL_ERROR, "far", f"failure {failure}", "SS1: compelled signalling failed")
    if failure in _DIAL_FAILURE:
        found, origin, text = _DIAL_FAILURE[failure]
        return Reason(int(found), origin, f"failure {failure}", text)
    return pending_reason(pending, release_cause)


GLARE = Reason(int(Cause.CHANNEL_UNAVAILABLE), "glare", f"failure {DUAL_SEIZURE}", "an incoming call was first")

_KB_BUSY, _KB_CONGESTION, _KB_UNALLOCATED = 2, 4, 5
_KB_OF_CAUSE = {
    Cause.UNALLOCATED: _KB_UNALLOCATED,
    Cause.NO_ROUTE: _KB_UNALLOCATED,
    Cause.NUMBER_CHANGED: _KB_UNALLOCATED,
    Cause.INVALID_NUMBER_FORMAT: _KB_UNALLOCATED,
    Cause.USER_BUSY: _KB_BUSY,
    Cause.NO_USER_RESPONDING: _KB_BUSY,
    Cause.NO_ANSWER: _KB_BUSY,
    Cause.SUBSCRIBER_ABSENT: _KB_BUSY,
    Cause.CALL_REJECTED: _KB_BUSY,
}


def refusing_kb(cause: int) -> int:
    """The KB value (section 11.2) that comes nearest to a Q.850 cause; congestion for everything about the network."""
    return _KB_OF_CAUSE.get(Cause(cause), _KB_CONGESTION) if cause in set(Cause) else _KB_CONGESTION
