"""Faults of exchange lines on which calls come in, and of callers' keys: a line for each."""

from __future__ import annotations

import re
from typing import Any

from fault_lab import Case, Lines, Run, caller

lines = Lines()
callers: list[dict[str, Any]] = []


def calls(name: str, line: str, at_s: float = 40.0, script: str = "customer") -> str:
    """Somebody calls the line; the person's name."""
    callers.append(caller(name, Lines.number(line), at_s, script))
    return f"{name}/1"


def _cut_pair() -> Case:
    line = lines.take()
    return Case(
        "cut_pair",
        {"where": line, "at_s": 30, "for_s": 20},
        lambda r: r.facts("pair", line=line, state="cut") and r.facts("pair", line=line, state="good"),
        lambda r: r.alarm("no_line_voltage", line) and r.was(line, "out_of_service", "no_line_voltage"),
    )


def _cut_pair_in_talk() -> Case:
    line = lines.take()
    person = calls("cut_in_talk", line)
    return Case(
        "cut_pair",
        {"where": line, "at_s": 66, "for_s": 20},
        lambda r: r.facts("call_end", by="called", answered=True) and r.facts("pair", line=line, state="cut"),
        lambda r: r.contact(person)["cause"] == 27 and r.released(line)[0]["cause_origin"] == "line",
        "in talk",
    )


def _no_power() -> Case:
    line = lines.take()
    return Case(
        "no_power",
        {"where": line, "at_s": 30, "for_s": 20},
        lambda r: r.facts("feed", line=line, on=False),
        lambda r: r.alarm("no_line_voltage", line),
    )


def _lift_elsewhere() -> Case:
    line = lines.take()
    return Case(
        "lift_elsewhere",
        {"where": line, "at_s": 30, "for_s": 20},
        lambda r: r.facts("hook_elsewhere", line=line, off_hook=True),
        lambda r: r.alarm("line_in_use", line) and "12 V" in r.alarm_text("line_in_use", line),
    )


def _stuck_off_hook() -> Case:
    line = lines.take()
    person = calls("stuck", line)
    return Case(
        "stuck_off_hook",
        {"where": line, "at_s": 50, "for_s": 70},
        lambda r: r.facts("hook_stuck", line=line, stuck=True),
        lambda r: r.contact(person)["agent"] and r.alarm("line_in_use", line),
    )


def _weak_ringing() -> Case:
    line = lines.take()
    person = calls("weak", line)
    return Case(
        "weak_ringing",
        {"where": line, "at_s": 20},
        lambda r: r.facts("ringing", line=line, on=True) and r.facts("fault", kind="weak_ringing"),
        lambda r: not r.events("call_offered", call__channel=line) and r.contact(person)["records"] == 0,
    )


def _noise() -> Case:
    line = lines.take()
    person = calls("noisy", line)
    return Case(
        "noise",
        {"where": line, "at_s": 20, "args": {"dbm0": -15}},
        lambda r: (
            r.facts("caller_id", line=line, good=True) and not r.facts("caller_id_heard", good=True, channel=port(line))
        ),
        lambda r: r.record(line=line).get("caller", "") == "" and r.contact(person)["records"] == 1,
    )


def _echo() -> Case:
    line = lines.take()
    person = calls("echoing", line)

    def agent_on_both_sides(r: Run) -> bool:
        left, right = r.sides(person)
        return bool(left & right)

    return Case(
        "echo",
        {"where": line, "at_s": 20, "args": {"db": 3, "ms": 10}},
        lambda r: r.facts("fault", kind="echo", where=line),
        agent_on_both_sides,
    )


def _mute() -> Case:
    line = lines.take()
    person = calls("mute", line)
    return Case(
        "mute",
        {"where": line, "at_s": 45, "args": {"direction": "in"}},
        lambda r: r.facts("chirp", person=person),
        lambda r: r.contact(person)["agent"] and r.party(person) not in r.sides(person)[0],
    )


def _loss() -> Case:
    line = lines.take()
    person = calls("faint", line)
    return Case(
        "loss",
        {"where": line, "at_s": 20, "args": {"db": 45}},
        lambda r: r.facts("gave_up", person=person),
        lambda r: r.record(line=line).get("caller", "") == "" and r.contact(person)["digits_heard"] == "",
    )


def _no_busy_tone() -> Case:
    line = lines.take()
    person = calls("no_busy", line, script="leaves")
    return Case(
        "no_busy_tone",
        {"where": line, "at_s": 20},
        lambda r: r.facts("on_hook", person=person) and not r.facts("tone", line=line, tone="busy"),
        lambda r: r.alarm("max_call", line, cleared=False) and r.contact(person)["cause"] == 102,
    )


def _bad_busy_tone() -> Case:
    line = lines.take()
    person = calls("bad_busy", line, script="leaves")

    def held(r: Run) -> bool:
        """The card does not know this tone: the line is freed when an agent has heard it, not by itself."""
        gone_us = r.facts("on_hook", person=person)[0]["t_us"]
        (released,) = r.events("call_released", call__channel=line)
        return bool(released["t_us"] - gone_us > 20_000_000 and released["call"]["cause_origin"] != "far")

    return Case(
        "bad_busy_tone",
        {"where": line, "at_s": 20, "args": {"on_ms": 150, "off_ms": 450, "hz": 620}},
        lambda r: r.facts("tone", line=line, tone="busy") and r.facts("fault", kind="bad_busy_tone"),
        held,
    )


def _measured_busy_tone() -> Case:
    """The caller leaves in the talk; the agent hears it, hangs up, and what the card should know is told."""
    line = lines.take()
    person = calls("measured_busy", line, at_s=27, script="talks_and_leaves")

    def told(r: Run) -> bool:
        (released,) = r.events("call_released", call__channel=line)
        text = r.alarm_text("busy_tone_unknown", line)
        measured = re.search(r"(\d+) Hz, on (\d+) ms, off (\d+) ms", text)
        if not measured or text not in released["call"]["maker_text"] or released["call"]["cause_origin"] != "local":
            return False
        hertz, on_ms, off_ms = (int(word) for word in measured.groups())
        return abs(hertz - 420) < 6 and abs(on_ms - 200) < 12 and abs(off_ms - 200) < 12

    return Case(
        "bad_busy_tone",
        {"where": line, "at_s": 20},
        lambda r: r.facts("on_hook", person=person) and r.facts("tone", line=line, tone="busy"),
        told,
        "measured",
    )


def _keys(kind: str, heard: str, **args: Any) -> Case:
    line = lines.take()
    name = kind + "".join(str(value) for value in args.values())
    person = calls(name, line)
    number = callers[-1]["numbers"]
    return Case(
        kind,
        {"where": number, "at_s": 44, "args": args},
        lambda r: r.facts("digit_sent", person=person) and r.facts("fault", kind=kind, where=number),
        lambda r: r.contact(person)["digits_heard"] == heard != r.contact(person)["digits_sent"],
        "-".join(str(value) for value in args.values()),
    )


def _bridged_break() -> Case:
    """10 ms are bridged (facts 2): the exchange's caller sends one key in two pieces, and one digit is told."""
    line = lines.take()
    person = calls("bridged", line)
    number = callers[-1]["numbers"]

    def one_digit(r: Run) -> bool:
        told = r.events("digit", call__channel=line)
        return [e["digit"] for e in told] == ["1"] == list(r.contact(person)["digits_heard"])

    return Case(
        "dtmf_break",
        {"where": number, "at_s": 44, "args": {"ms": 10}},
        lambda r: len(r.facts("digit_sent", person=person)) == 1 and r.facts("fault", kind="dtmf_break", where=number),
        one_digit,
        "10",
        same_without=True,
    )


def _pickup_delayed() -> Case:
    line = lines.take()
    calls("slow_relay", line)

    def late(r: Run) -> bool:
        offered = r.events("call_offered", call__channel=line)[0]["t_us"]
        return bool(r.events("call_connected", call__channel=line)[0]["t_us"] - offered > 6_000_000)

    return Case(
        "pickup_delayed", {"where": line, "at_s": 30, "args": {"ms": 6000}}, lambda r: r.struck("delay_pickup"), late
    )


def port(line: str) -> int:
    """The maker's channel number of a line: the card is the first one."""
    return int(line.rpartition("/")[2]) - 1


CASES = [
    _cut_pair(),
    _cut_pair_in_talk(),
    _no_power(),
    _lift_elsewhere(),
    _stuck_off_hook(),
    _weak_ringing(),
    _noise(),
    _echo(),
    _mute(),
    _loss(),
    _no_busy_tone(),
    _bad_busy_tone(),
    _measured_busy_tone(),
    _keys("dtmf_short", "", ms=18),
    _keys("dtmf_twist", "", db=18),
    _keys("dtmf_break", "11", ms=40),
    _bridged_break(),
    _keys("dtmf_low", "", dbm0=-50),
    _pickup_delayed(),
]
