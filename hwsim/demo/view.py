"""The live terminal view: spans, channels, queue, agents, contacts, levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from boardd.contract.text import _

_MARK = {
    "idle": ("·", "green"),
    "seized": ("h", "yellow"),
    "offered": ("?", "bold yellow"),
    "dialing": ("d", "yellow"),
    "proceeding": ("p", "yellow"),
    "alerting": ("r", "bold yellow"),
    "connected": ("T", "bold cyan"),
    "releasing": ("-", "magenta"),
    "observed": ("o", "cyan"),
    "out_of_service": ("x", "red"),
    "broken": ("!", "bold red"),
}


@dataclass
class Picture:
    """What the view shows; filled by the watcher four times a second."""

    now_s: float = 0.0
    speed: str = "1"
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    agents: Sequence[Mapping[str, Any]] = ()
    queues: Sequence[Mapping[str, Any]] = ()
    contacts: Sequence[Mapping[str, Any]] = ()
    levels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    offered: int = 0
    wanted: int = 0
    note: str = ""


def render(picture: Picture) -> RenderableType:
    """The whole screen."""
    head = _("simulated time {t:.1f} s, speed {speed}, callers {n} of {all}  {note}").format(
        t=picture.now_s, speed=picture.speed, n=picture.offered, all=picture.wanted, note=picture.note
    )
    return Group(
        Text(head, style="bold"),
        _boards(picture),
        _agents(picture),
        _contacts(picture),
        Text(_("T talk  ? offered  r ringing  h off-hook  · idle  - releasing  x out of service   Ctrl-C ends"), "dim"),
    )


def _boards(picture: Picture) -> RenderableType:
    table = Table(box=box.SIMPLE, show_header=True, pad_edge=False)
    table.add_column(_("board or span"))
    table.add_column(_("state"))
    table.add_column(_("channels"))
    channels = picture.snapshot.get("channels", [])
    spans = {s["id"]: s for s in picture.snapshot.get("spans", [])}
    for span in spans.values():
        table.add_row(
            span["id"], _coloured(span["state"]), _marks([c for c in channels if c.get("span") == span["id"]])
        )
    for board in picture.snapshot.get("boards", []):
        ports = [c for c in channels if c["board"] == board["id"] and not c.get("span")]
        if ports:
            table.add_row(board["id"], _coloured(board["state"]), _marks(ports))
    return table


def _marks(channels: Sequence[Mapping[str, Any]]) -> Text:
    line = Text()
    for channel in channels:
        mark, style = _MARK.get(channel["state"], ("?", ""))
        line.append(mark, style=style)
    return line


def _coloured(state: str) -> Text:
    return Text(state, style="green" if state in ("up", "running", "ready") else "yellow")


def _agents(picture: Picture) -> RenderableType:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in (_("agent"), _("station"), _("state"), _("reason"), _("hears"), _("says")):
        table.add_column(heading)
    for agent in picture.agents:
        level = picture.levels.get(str(agent.get("station", "")), {})
        status = str(agent.get("status", ""))
        table.add_row(
            str(agent.get("agent", "")),
            str(agent.get("station", "")),
            Text(status, style="bold cyan" if status == "talking" else ""),
            str(agent.get("reason", "")),
            _bar(level.get("rx_dbm0")),
            _bar(level.get("tx_dbm0")),
        )
    waiting = sum(len(queue["waiting"]) for queue in picture.queues)
    return Panel(
        table, title=_("agents; waiting in the queue: {n}").format(n=waiting), title_align="left", box=box.MINIMAL
    )


def _bar(dbm0: float | None) -> Text:
    if dbm0 is None or dbm0 < -50:
        return Text("")
    return Text("▮" * max(1, min(10, round((dbm0 + 50) / 5))), style="green" if dbm0 < -5 else "red")


def _contacts(picture: Picture) -> RenderableType:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in (_("contact"), _("caller"), _("line"), _("state"), _("where"), _("agent")):
        table.add_column(heading)
    for contact in list(picture.contacts)[-8:]:
        table.add_row(
            str(contact.get("id", ""))[-6:],
            str(contact.get("caller", "")),
            str(contact.get("line", "")),
            str(contact.get("state", "")),
            str(contact.get("node", "") or contact.get("queue", "")),
            str(contact.get("agent", "")),
        )
    return table
