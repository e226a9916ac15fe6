"""Faults of cards that leave signalling to the host, and of their I/O library: a span, a circuit or a line for each."""

from __future__ import annotations

from typing import Any

from fault_lab import MENU, Case, Run, caller, people

SEATS = 6
LINES = ("hook", "stalled", "late", "ring_lost", "unopened")
CHANNELS_OF_E1S = 2 * 31
callers: list[dict[str, Any]] = []


def line(name: str) -> str:
    return f"ana/{LINES.index(name) + 1}"


def channel(name: str) -> str:
    """DAHDI's number of a line: after two E1s of 31 channels."""
    return str(CHANNELS_OF_E1S + LINES.index(name) + 1)


def number(name: str) -> str:
    return {"pri": "88001000", "no1": "88003000"}.get(name) or f"880020{LINES.index(name):02d}"


def calls(name: str, where: str, at_s: float) -> str:
    """Somebody calls; the person's name."""
    callers.append(caller(name, number(where), at_s))
    return f"{name}/1"


# -- ISDN: one E1, one fault after the other ---------------------------------------------------------------------------
def _no_crc4() -> Case:
    """The receiver goes on without multiframes (G.706 B): nothing is lost, and nothing is told."""
    person = calls("without_crc4", "pri", 26)
    return Case(
        "no_crc4",
        {"where": "pri/1", "at_s": 25, "for_s": 25},
        lambda r: r.facts("section", span="pri/1", crc4=False) and r.facts("section", span="pri/1", crc4=True),
        lambda r: (
            r.contact(person)["cause"] == 16
            and not [e for e in r.events("alarm_raised", 24, alarm__subject="pri/1") if e["t_us"] < 51e6]
        ),
        same_without=True,
    )


def _signalling_slot_cut() -> Case:
    return Case(
        "signalling_slot_cut",
        {"where": "pri/1", "at_s": 52, "for_s": 13},
        lambda r: r.facts("d_channel", span="pri/1", up=False),
        lambda r: r.alarm("span_down", "pri/1"),
    )


def _d_channel_down() -> Case:
    return Case(
        "d_channel_down",
        {"where": "pri/1", "at_s": 70, "for_s": 4},
        lambda r: r.facts("d_channel", span="pri/1", up=False),
        lambda r: r.alarm("span_down", "pri/1", since_s=69),
    )


def _exchange_restart() -> Case:
    return Case(
        "exchange_restart",
        {"where": "pri/1", "at_s": 78},
        lambda r: [f for f in r.facts("d_channel", span="pri/1", up=False) if f["t_us"] >= 78e6],
        lambda r: r.alarm("span_down", "pri/1", since_s=77),
    )


# -- No.1 --------------------------------------------------------------------------------------------------------------
def _no_seizure_ack() -> Case:
    """The circuit that our call goes out on first is not acknowledged: another one is tried."""
    circuit = "no1/1/17"
    return Case(
        "no_seizure_ack",
        {"where": circuit, "at_s": 25},
        lambda r: r.facts("call_answer", line="13900000001") and r.facts("fault", where=circuit),
        lambda r: r.alarm("r2_no_seizure_ack", circuit, cleared=False),
    )


def _no_end_of_caller() -> Case:
    """I-15 does not come: the register waits for it, and the number is known all the same."""
    person = calls("no_i15", "no1", 28)

    def late(r: Run) -> bool:
        begun = [f["t_us"] for f in r.facts("call_route", line="no1/1/1")]
        (offered,) = r.events("call_offered", call__channel="no1/1/1")
        called = offered["call"]["caller"] == r.contact(person)["caller"]
        return called and offered["t_us"] - begun[0] > 8_000_000

    return Case(
        "no_end_of_caller",
        {"where": "no1/1/1", "at_s": 25},
        lambda r: r.facts("call_answer", line="no1/1/1"),
        late,
    )


# -- the I/O library ---------------------------------------------------------------------------------------------------
def _ioctl_error() -> Case:
    """The relay does not obey once: the call fails, and the next ring is answered."""
    person = calls("hook", "hook", 28)

    def failed(r: Run) -> bool:
        first, second = r.released(line("hook"))
        return first["maker_code"] == "hook_failed" and "EIO" in first["maker_text"] and second["cause"] == 16

    return Case(
        "ioctl_error",
        {"where": "HOOK", "at_s": 27, "args": {"channel": channel("hook"), "errno": "EIO", "times": 1}},
        lambda r: r.facts("call_answer", line=line("hook")) and r.facts("on_hook", person=person),
        failed,
    )


def _channel_open_error() -> Case:
    """When the host has been killed, one channel cannot be opened again."""
    return Case(
        "channel_open_error",
        {"where": channel("unopened"), "at_s": 83, "args": {"errno": "ENXIO"}},
        lambda r: r.facts("dahdi_detached") and not _opened_after(r, channel("unopened"), 83),
        lambda r: r.alarm("channel_broken", line("unopened"), cleared=False, since_s=83),
        also=({"what": "process_kill", "where": "host-dahdi", "at_s": 84},),
    )


def _opened_after(r: Run, number: str, since_s: float) -> list[dict[str, Any]]:
    return [f for f in r.facts("dahdi_open", channel=int(number)) if f["t_us"] > since_s * 1e6]


def _channel_io_error() -> Case:
    """Nothing can be asked of a channel for some seconds: an alarm that goes with it."""
    return Case(
        "channel_io_error",
        {"where": channel("unopened"), "at_s": 30, "for_s": 6, "args": {"errno": "EIO"}},
        lambda r: r.facts("fault_over", kind="channel_io_error"),
        lambda r: r.alarm("channel_broken", line("unopened"), since_s=29),
    )


def _read_stall() -> Case:
    """Nothing comes in for a while: an alarm, and a hole in the recording where the caller was."""
    person = calls("stalled", "stalled", 28)

    def missing(r: Run) -> bool:
        heard, _agent = r.numbered(person)
        said = {f["number"]: f["t_us"] for f in r.facts("chirp", person=person)}
        lost = [t_us for number, t_us in said.items() if number not in heard]
        inside = lost and min(lost) > 39.5e6 and max(lost) < 46.5e6
        told = r.alarm("sound_missing", line("stalled"))  # the engine tells of a hole once a second
        return bool(inside and told and 4900 < r.counter(line("stalled"), "sound_missing_ms") < 6100)

    return Case(
        "read_stall",
        {"where": channel("stalled"), "at_s": 40, "for_s": 6},
        lambda r: r.facts("chirp", person=person) and r.facts("fault_over", kind="read_stall"),
        missing,
    )


def _blocks_late() -> Case:
    """Sound comes so much later: it does in the recording."""
    person = calls("late", "late", 28)

    def delayed(r: Run) -> bool:
        said = {f["number"]: f["t_us"] for f in r.facts("chirp", person=person)}
        heard, _agent = r.numbered(person)
        delays_ms = [(t_us - said[number]) / 1000 for number, t_us in heard.items()]
        return bool(delays_ms) and 250 < min(delays_ms) <= max(delays_ms) < 450

    return Case(
        "blocks_late",
        {"where": channel("late"), "at_s": 20, "args": {"ms": 300}},
        lambda r: r.facts("fault", kind="blocks_late") and r.facts("chirp", person=person),
        delayed,
    )


def _channel_event() -> Case:
    """The beginning of the first ring is lost: the call is offered when that ring ends."""
    calls("ring_lost", "ring_lost", 28)

    def offered_late(r: Run) -> bool:
        (offered,) = r.events("call_offered", call__channel=line("ring_lost"))
        rang_us = r.facts("ringing", line=line("ring_lost"), on=True)[0]["t_us"]
        return bool(900_000 < offered["t_us"] - rang_us < 1_400_000)

    return Case(
        "channel_event",
        {"where": channel("ring_lost"), "at_s": 20, "args": {"event": "RINGBEGIN", "how": "lost", "times": 1}},
        lambda r: r.facts("ringing", line=line("ring_lost"), on=True),
        offered_late,
    )


def _irq_missed() -> Case:
    return Case(
        "irq_missed",
        {"where": "2", "at_s": 26, "args": {"count": 5}},
        lambda r: r.facts("fault", kind="irq_missed"),
        lambda r: r.alarm("interrupts_missed", "no1/1") and r.alarm_text("interrupts_missed", "no1/1").startswith("5 "),
    )


LEFT = [line("unopened")]
"""Channels that are still out of order at the end."""
CASES = [
    _no_crc4(),
    _signalling_slot_cut(),
    _d_channel_down(),
    _exchange_restart(),
    _no_seizure_ack(),
    _no_end_of_caller(),
    _ioctl_error(),
    _channel_open_error(),
    _channel_io_error(),
    _read_stall(),
    _blocks_late(),
    _channel_event(),
    _irq_missed(),
]
SITE: dict[str, Any] = {
    "site": "faults of DAHDI cards",
    "machine": {
        "cards": [
            {"name": "pri", "model": "TE110P", "serial": "PRI-1", "spans": [{"signalling": "pri_user"}]},
            {"name": "no1", "model": "TE122", "serial": "NO1-1", "spans": [{"signalling": "r2"}]},
            {"name": "ana", "model": "TDM2400P", "serial": "ANA-1", "ports": "OOOOO---SSSSSSS---------"},
        ]
    },
    "exchange": {
        "start": "2026-03-02 09:00",
        "groups": [
            {"name": "pri", "numbers": ["88001000-88001099"], "circuits": ["pri/1/*"], "digits_sent": 4},
            {"name": "no1", "numbers": ["88003000-88003099"], "circuits": ["no1/1/*"], "digits_sent": 4},
            *({"name": name, "numbers": [number(name)], "lines": [line(name)]} for name in LINES),
        ],
        "subscribers": [{"numbers": "13900000000-13900000999", "script": "friend"}],
    },
    "scripts": {
        "customer": {
            "steps": [
                {"do": "dial"},
                {"do": "wait_for", "sound": "answer", "timeout_s": "40"},
                {"do": "send", "digits": "1", "after_s": "3"},
                {"do": "wait_for", "sound": "person", "timeout_s": "40"},
                {"do": "speak", "s": "12"},
                {"do": "hang_up"},
            ]
        },
        "friend": {"steps": [{"do": "answer", "after_s": "5"}, {"do": "speak", "s": "10"}]},
        "dials_out": {
            "hang_up_when_cleared": False,
            "steps": [{"do": "dial"}, {"do": "wait", "s": "30"}, {"do": "hang_up"}],
        },
    },
    "agents": {"desk": {"log_in_at_s": "uniform 20..24", "answer_s": "1", "talk_s": "60"}},
    "people": [
        *people("ana", 9, SEATS),
        {
            "name": "dials",
            "line": f"ana/{9 + SEATS}",
            "station": "8099",
            "script": "dials_out",
            "called": "7913900000001",
            "at_s": 26,
        },
    ],
    "callers": callers,
    "end": {"after_s": 96},
    "run": {
        "scheduler": {
            "flows": {"main": {"start": "menu", "nodes": {"menu": MENU, "all": {"kind": "queue", "queue": "all"}}}},
            "stations": {"groups": ["stations"], "outside": [{"prefix": "79", "group": "no1_out"}]},
        },
        "boardd": {
            "groups": {
                "e1": {"channels": ["pri/1/*", *(f"no1/1/{n}" for n in range(1, 16))], "direction": "both"},
                "no1_out": {"channels": ["no1/1/17", "no1/1/18"]},
            },
            "station": {"numbers": [{"match": r"7\d{12}"}, {"match": r"\*11\d{4}#?"}]},
        },
    },
}
