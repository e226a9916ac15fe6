"""Faults of E1s, circuits and cards: a span, a circuit or a card for each."""

from __future__ import annotations

from typing import Any

from fault_lab import MENU, Case, Run, caller, people

SEATS = 6
SPANS = ("los", "lof", "ais", "rai", "bit_errors", "slips", "circuits", "out")
callers: list[dict[str, Any]] = []


def span(name: str) -> str:
    return f"e1/{SPANS.index(name) + 1}"


def number(name: str) -> str:
    return f"8800{10 + SPANS.index(name)}00" if name in SPANS else {"r2": "88003000", "far": "88003100"}[name]


def calls(name: str, where: str, at_s: float = 30.0) -> str:
    callers.append(caller(name, number(where), at_s))
    return f"{name}/1"


def _alarm(name: str, word: str, where: str, ends_call: bool) -> Case:
    person = calls(f"on_{name}", name)
    return Case(
        "alarm",
        {"where": where, "at_s": 55, "for_s": 15, "args": {"alarm": name}},
        lambda r: r.facts("alarms", span=where, alarms=[name]) and r.facts("alarms", span=where, alarms=[]),
        lambda r: (
            r.alarm("span_alarm", where)
            and f"status_{word}" in r.alarm_text("span_alarm", where)
            and (r.contact(person)["cause"] == 38) is ends_call
        ),
        name,
    )


def _lmf() -> Case:
    """CAS multiframe: voice framing is fine, but the line bits are not to be trusted."""
    person = calls("on_r2", "r2")
    return Case(
        "alarm",
        {"where": "r2/1", "at_s": 55, "for_s": 15, "args": {"alarm": "lmf"}},
        lambda r: r.facts("alarms", span="r2/1", alarms=["lmf"]),
        lambda r: r.alarm("span_alarm", "r2/1") and r.contact(person)["cause"] == 38,
        "lmf",
    )


def _bit_errors() -> Case:
    where = span("bit_errors")
    return Case(
        "bit_errors",
        {"where": where, "at_s": 30, "for_s": 20, "args": {"ratio": 0.02}},
        lambda r: (
            r.facts("section", span=where, bit_error_ratio=0.02) and r.facts("alarms", span=where, alarms=["lof"])
        ),
        lambda r: r.alarm("span_alarm", where) and r.was(f"{where}/1", "out_of_service"),
    )


def _slips() -> Case:
    where = span("slips")
    return Case(
        "slips",
        {"where": where, "at_s": 30, "args": {"count": 5, "every_ms": 500}},
        lambda r: len(r.facts("slip", span=where)) == 5,
        lambda r: r.alarm("span_alarm", where) and not r.was(f"{where}/1", "out_of_service"),
    )


def _two_masters() -> Case:
    calls("crosses", "far")
    return Case(
        "two_masters",
        {"where": "far", "at_s": 30, "for_s": 40, "args": {"ppm": 50}},
        lambda r: len(r.facts("slip", span="far/1")) in (15, 16) and r.facts("bus_slip", card="far"),
        lambda r: r.alarm("span_alarm", "far/1") and "status_0020" in r.alarm_text("span_alarm", "far/1"),
    )


def _circuit_reset() -> Case:
    person = calls("reset", "circuits", 31)
    return Case(
        "circuit_reset",
        {"where": f"{span('circuits')}/1", "at_s": 60},
        lambda r: r.facts("fault", vendor="synway", fault="reset_circuit"),
        lambda r: r.contact(person)["cause"] == 41 and "reset" in r.released(f"{span('circuits')}/1")[0]["maker_text"],
    )


def _circuit_blocked() -> Case:
    where = f"{span('circuits')}/31"
    return Case(
        "circuit_blocked",
        {"where": where, "at_s": 30, "for_s": 20},
        lambda r: r.facts("ch_state", channel=209, old=0),
        lambda r: r.was(where, "out_of_service", "blocked_by_exchange") and r.was(where, "idle"),
    )


def _hangup_lost() -> Case:
    person = calls("lost_release", "circuits", 32)

    def held(r: Run) -> bool:
        gone_us = r.facts("on_hook", person=person)[0]["t_us"]
        released = [e for e in r.events("call_released", call__channel=f"{span('circuits')}/2")]
        return bool(released[0]["t_us"] - gone_us > 10_000_000)

    return Case("hangup_lost", {"where": f"{span('circuits')}/2", "at_s": 55}, lambda r: r.struck("lose_hangup"), held)


def _record_drop() -> Case:
    person = calls("dropped", "circuits", 33)
    return Case(
        "record_drop",
        {"where": f"{span('circuits')}/3", "at_s": 60, "args": {"ms": 2000}},
        lambda r: r.facts("fault", vendor="synway", fault="drop_recording"),
        lambda r: 0.5 < r.contact(person)["coverage"] < 0.98,
    )


def _collision() -> Case:
    return Case(
        "collision",
        {"where": f"{span('out')}/1", "at_s": 12},
        lambda r: r.struck("collide"),
        lambda r: [c for c in r.released(f"{span('out')}/1") if c["cause_origin"] == "glare"],
    )


def _card_pulled(card: str, reason: str) -> Case:
    return Case(
        "card_pulled",
        {"where": card, "at_s": 30, "for_s": 40},
        lambda r: r.facts("fault", vendor="synway", fault="plug_card", card=card, plugged=False),
        lambda r: (
            r.alarm("board_missing", card)
            and "pulled out" in r.alarm_text("board_missing", card)
            and [e for e in r.events("channel_state", channel__board=card) if e["channel"].get("reason") == reason]
        ),
        card,
    )


def _card_missing() -> Case:
    return Case(
        "card_missing",
        {"where": "dead", "at_s": 0},
        lambda r: r.facts("library_started", usable=6),
        lambda r: r.alarm("board_missing", "dead", cleared=False, since_s=0),
    )


CASES = [
    _alarm("los", "0002", span("los"), ends_call=True),
    _alarm("lof", "0200", span("lof"), ends_call=True),
    _alarm("ais", "0008", span("ais"), ends_call=True),
    _alarm("rai", "0010", span("rai"), ends_call=False),
    _lmf(),
    _bit_errors(),
    _slips(),
    _two_masters(),
    _circuit_reset(),
    _circuit_blocked(),
    _hangup_lost(),
    _record_drop(),
    _collision(),
    _card_pulled("out", "unavailable"),
    _card_pulled("tel", "card_unplugged"),
    _card_missing(),
]

ISDN = {"signalling": "isdn_user"}
SITE: dict[str, Any] = {
    "site": "faults of E1s and cards",
    "machine": {
        "cards": [
            {"name": "e1", "model": "SHD-240A-CT/PCI", "serial": 3080001, "spans": [ISDN] * len(SPANS)},
            {"name": "r2", "model": "SHD-30A-CT/PCI", "serial": 3080002, "spans": [{"signalling": "ss1"}]},
            {"name": "far", "model": "SHD-30A-CT/PCI", "serial": 3080003, "spans": [ISDN]},
            {"name": "out", "model": "SHD-30A-CT/PCI", "serial": 3080004, "spans": [ISDN]},
            {"name": "dead", "model": "SHD-30A-CT/PCI", "serial": 3080005, "spans": [ISDN]},
            {"name": "ana", "model": "SHT-16D-CT/PCIe", "serial": 1600001, "ports": "S" * (SEATS + 1)},
            {"name": "tel", "model": "SHT-16D-CT/PCIe", "serial": 1600002, "ports": "OO"},
        ]
    },
    "exchange": {
        "start": "2026-03-02 09:00",
        "groups": [
            *({"name": name, "numbers": [number(name)], "circuits": [f"{span(name)}/*"]} for name in SPANS),
            {"name": "r2", "numbers": [number("r2")], "circuits": ["r2/1/*"], "digits_sent": 4},
            {"name": "far", "numbers": [number("far")], "circuits": ["far/1/*"]},
            {"name": "tel", "numbers": ["88003300"], "lines": ["tel/1", "tel/2"]},
        ],
        "subscribers": [{"numbers": "13900000000-13900000999", "script": "friend"}],
    },
    "scripts": {
        "customer": {
            "steps": [
                {"do": "dial"},
                {"do": "wait_for", "sound": "answer", "timeout_s": "40"},
                {"do": "send", "digits": "1", "after_s": "2"},
                {"do": "wait_for", "sound": "person", "timeout_s": "40"},
                {"do": "speak", "s": "35"},
                {"do": "hang_up"},
            ]
        },
        "friend": {"steps": [{"do": "answer", "after_s": "5"}, {"do": "speak", "s": "10"}]},
        "dials_out": {
            "hang_up_when_cleared": False,
            "steps": [{"do": "dial"}, {"do": "wait", "s": "30"}, {"do": "hang_up"}],
        },
    },
    "agents": {"desk": {"log_in_at_s": "uniform 8..12", "answer_s": "1", "talk_s": "60"}},
    "people": [
        *people("ana", 1, SEATS),
        {
            "name": "dials",
            "line": f"ana/{SEATS + 1}",
            "station": "8099",
            "script": "dials_out",
            "called": "913900000001",
            "at_s": 20,
        },
    ],
    "callers": callers,
    "end": {"after_s": 150},
    "run": {
        "scheduler": {
            "flows": {"main": {"start": "menu", "nodes": {"menu": MENU, "all": {"kind": "queue", "queue": "all"}}}},
            "stations": {"groups": ["stations"], "outside": [{"prefix": "9", "group": "way_out"}]},
        },
        "boardd": {
            "groups": {
                "e1": {
                    "channels": [
                        *(f"e1/{n}/*" for n in range(1, len(SPANS))),
                        "r2/1/*",
                        "far/1/*",
                        "out/1/*",
                        "dead/1/*",
                    ],
                    "direction": "both",
                },
                "way_out": {"channels": [f"{span('out')}/1", f"{span('out')}/2"]},
            }
        },
    },
}
