"""`boardctl bridges`: who hears whom, over which domains, and what becomes of whoever is left alone."""

from __future__ import annotations

from collections.abc import Iterable

from boardd.cli.output import emit_json, emit_table, moment_text
from boardd.cli.session import Session, pass_session
from boardd.contract.objects import Bridge, Call, Link, Snapshot
from boardd.contract.text import _
from boardd.terminal.helptext import verb


@verb()
@pass_session
def bridges(session: Session) -> None:
    """List bridges: who hears whom."""
    picture = session.ask(lambda client: client.fetch_snapshot())
    if session.as_json:
        emit_json(picture.bridges)
        return
    columns = [_("bridge"), _("since"), _("domains"), _("who hears whom"), _("left alone"), _("controller")]
    emit_table(_("Bridges"), columns, [_row(bridge, picture) for bridge in picture.bridges])


def _row(bridge: Bridge, picture: Snapshot) -> list[object]:
    known = {call.id: call for call in picture.calls}
    ids = dict.fromkeys(end for link in bridge.links for end in (link.source, link.sink))
    calls = [known[call] for call in ids if call in known]
    return [
        bridge.id,
        moment_text(bridge.began.wall_ms) if bridge.began else "",
        # The domain that mixes comes first.
        " + ".join(dict.fromkeys([bridge.domain, *(call.domain for call in calls)])),
        ", ".join(_ways(bridge.links, known)),
        ", ".join(f"{call.channel}: {_fate(call)}" for call in calls),
        bridge.controller,
    ]


def _ways(links: Iterable[Link], known: dict[str, Call]) -> Iterable[str]:
    """`a ⇄ b` for a talk, `a → b` when only b hears a; gains in dB."""
    gains = {(link.source, link.sink): link.gain_mb for link in links}
    for (source, sink), gain_mb in gains.items():
        back_mb = gains.get((sink, source))
        if back_mb == gain_mb and source > sink:
            continue  # told with the other way
        sign = "⇄" if back_mb == gain_mb else "→"
        gain = f" ({gain_mb / 100:+.1f} dB)" if gain_mb else ""
        yield f"{_name(source, known)} {sign} {_name(sink, known)}{gain}"


def _name(call: str, known: dict[str, Call]) -> str:
    return known[call].channel if call in known else call


def _fate(call: Call) -> str:
    """What the host does with the call when its peer goes while nobody controls it."""
    return str(call.orphan.on_peer_release) if call.orphan else "release"
