"""What an error means to the technician, in the technician's language: the daemon's own words may be in another."""

from __future__ import annotations

from boardd.contract.errors import BoarddError
from boardd.contract.text import N_, _

_WHAT = {
    "configuration": N_("the configuration is wrong"),
    "argument": N_("an argument is wrong"),
    "wrong_state": N_("not possible in this state"),
    "unknown_id": N_("no such thing"),
    "stale_claim": N_("somebody else has taken these channels over"),
    "claim_conflict": N_("another program handles these channels"),
    "forbidden": N_("your user may not do this"),
    "unsupported": N_("this card cannot do this"),
    "device": N_("the card or its library refused"),
    "deadline": N_("no answer in time"),
    "host_down": N_("the host process of this domain is not there"),
    "broken": N_("the board is broken"),
    "overload": N_("not now: no free channel, or too much to do"),
    "bug": N_("an error of the program; see its log"),
    "disconnected": N_("the daemon does not answer"),
}

_HINT = {
    "disconnected": N_("Is the service running? Try: systemctl status boardd 'boardd-host@*' boardd-scheduler"),
    "host_down": N_("Is the service running? Try: systemctl status boardd 'boardd-host@*' boardd-scheduler"),
    "broken": N_("See `boardctl status` for the reason; when it is repaired: boardctl reset DOMAIN"),
    "claim_conflict": N_("Only its holder may handle these calls; see the claims in `boardctl status`."),
}


def explain(error: BoarddError) -> list[str]:
    """Lines for standard error: what kind of trouble, the words of whoever noticed it, the nearest ids, what to do."""
    what = _WHAT.get(error.code)
    lines = error.message.splitlines() or [""]
    first = _("{what}: {detail}").format(what=_(what), detail=lines[0]) if what else lines[0]
    said = [first, *lines[1:]]
    close = error.data.get("nearest")
    if isinstance(close, list) and close:
        said.append(_("Did you mean: {words}?").format(words=", ".join(map(str, close))))
    who = error.data.get("groups")
    if error.code == "forbidden" and isinstance(who, list) and who:
        said.append(_("Members of these groups may: {groups}").format(groups=", ".join(map(str, who))))
    hint = _HINT.get(error.code)
    if hint:
        said.append(_(hint))
    return said
