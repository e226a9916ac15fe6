"""The picture of a running demo, of what the scheduler answers."""

from __future__ import annotations

import io
from typing import Any

import msgspec
from rich.console import Console

from boardd.api.scheduler_schema import AgentInfo, ContactInfo, QueueInfo, WaitingInfo
from boardd.contract.objects import Instant
from boardd.contract.text import speaking
from hwsim.demo.view import Picture, render


def wire(*structs: msgspec.Struct) -> Any:
    """As a client gets them."""
    return msgspec.json.decode(msgspec.json.encode(structs))


def shown(picture: Picture) -> str:
    page = io.StringIO()
    with speaking("en"):
        Console(width=100, file=page).print(render(picture))
    return page.getvalue()


def test_callers_who_wait_are_counted_over_all_queues():
    places = [WaitingInfo(contact=f"c{i}", position=i, waited_ms=100, ringing=False) for i in (1, 2)]
    queues = wire(
        QueueInfo(queue="sales", waiting=places, logged_in=3, ready=0),
        QueueInfo(queue="support", waiting=places[:1], logged_in=2, ready=0),
        QueueInfo(queue="night"),
    )
    assert "waiting in the queue: 3" in shown(Picture(queues=queues))
    assert "waiting in the queue: 0" in shown(Picture())


def test_agents_and_contacts_have_their_rows():
    agents = wire(AgentInfo(agent="1001", status="talking", station="8004"))
    began = Instant(0, 0)
    contacts = wire(
        ContactInfo(id="20260302-000123", kind="in", state="queued", began=began, caller="13800138000", queue="sales")
    )
    rows = shown(Picture(agents=agents, contacts=contacts)).splitlines()
    assert any("1001" in row and "8004" in row and "talking" in row for row in rows)
    assert any("000123" in row and "13800138000" in row and "queued" in row and "sales" in row for row in rows)
