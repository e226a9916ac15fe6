"""Names of messages, elements and locations as technicians say them; translated when shown."""

from __future__ import annotations

from boardd.contract.text import N_, _
from boardd.signalling.q931.frames import SERVICE, SERVICE_ACK, Message, MessageType

T = MessageType
_MESSAGES: dict[int, str] = {
    T.ALERTING: N_("ALERTING"),
    T.CALL_PROCEEDING: N_("CALL PROCEEDING"),
    T.PROGRESS: N_("PROGRESS"),
    T.SETUP: N_("SETUP"),
    T.CONNECT: N_("CONNECT"),
    T.SETUP_ACK: N_("SETUP ACKNOWLEDGE"),
    T.CONNECT_ACK: N_("CONNECT ACKNOWLEDGE"),
    T.DISCONNECT: N_("DISCONNECT"),
    T.RESTART: N_("RESTART"),
    T.RELEASE: N_("RELEASE"),
    T.RESTART_ACK: N_("RESTART ACKNOWLEDGE"),
    T.RELEASE_COMPLETE: N_("RELEASE COMPLETE"),
    T.FACILITY: N_("FACILITY"),
    T.NOTIFY: N_("NOTIFY"),
    T.STATUS_ENQUIRY: N_("STATUS ENQUIRY"),
    T.INFORMATION: N_("INFORMATION"),
    T.STATUS: N_("STATUS"),
}
_SERVICE = {SERVICE: N_("SERVICE"), SERVICE_ACK: N_("SERVICE ACKNOWLEDGE")}
_FRAMES = {
    "SABME": N_("SABME"),
    "UA": N_("UA"),
    "DISC": N_("DISC"),
    "DM": N_("DM"),
    "FRMR": N_("FRMR"),
    "REJ": N_("REJ"),
    "RNR": N_("RNR"),
}
_LOCATIONS = {
    0: N_("user"),
    1: N_("private network, local user"),
    2: N_("public network, local user"),
    3: N_("transit network"),
    4: N_("public network, remote user"),
    5: N_("private network, remote user"),
    7: N_("international network"),
    10: N_("beyond interworking"),
}
_PROGRESS = {
    1: N_("not end-to-end ISDN"),
    2: N_("destination not ISDN"),
    3: N_("origin not ISDN"),
    8: N_("tone or announcement"),
}


def message_name(message: Message) -> str:
    """The name of a message's type."""
    table = _SERVICE if message.is_service else _MESSAGES
    name = table.get(message.kind)
    return _(name) if name else _("message {kind:#04x}").format(kind=message.kind)


def frame_name(kind: str) -> str:
    """The name of a frame that carries no message."""
    name = _FRAMES.get(kind)
    return _(name) if name else kind


def location_name(location: int) -> str:
    """Where a cause was given."""
    name = _LOCATIONS.get(location)
    return _(name) if name else str(location)


def progress_name(indicator: int) -> str:
    """What a progress indicator says."""
    name = _PROGRESS.get(indicator)
    return _(name) if name else str(indicator)
