"""Storms: faults of all kinds at random moments over each other, deaths of processes among them.

Nobody can say beforehand what each call of such a day comes to. What must hold whatever happens: nothing stays seized,
everybody who reached a line has exactly one record, no process met a state that its authors thought impossible, and a
minute after the last fault no alarm is left standing. More of them: STORM_SEEDS=10,11,12.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hwsim.demo.ask import ask
from hwsim.kernel.drive import pause_s
from hwsim.scenario.runner_site import SiteOutcome
from hwsim.scenario.runner_sites import WholeSite, start_site

SEEDS = [int(word) for word in os.environ.get("STORM_SEEDS", "1,2,3,4").split(",")]
CALLERS = 30
FROM_S, UNTIL_S, QUIET_S = 25.0, 260.0, 60.0
LIMIT_S = 400.0
LASTING = "host_died"
"""Stands for `crash_window_s`, so that somebody sees it."""
TWO_DOMAINS = Path(__file__).parent / "two_domains"


@dataclass(frozen=True)
class Place:
    """A site, and where its faults may strike."""

    site: str | Path
    lines: Sequence[str]
    sets: Sequence[str]
    maker_spans: Sequence[str] = ()
    pri: Sequence[str] = ()
    no1: Sequence[str] = ()
    hosts: Sequence[str] = ()
    cards: Sequence[str] = ()
    config: Path | None = None

    @property
    def dahdi(self) -> bool:
        return "host-dahdi" in self.hosts


def ports(card: str, first: int, last: int) -> list[str]:
    return [f"{card}/{port}" for port in range(first, last + 1)]


def slots(spans: Sequence[str]) -> list[str]:
    return [f"{span}/{slot}" for span in spans for slot in range(1, 6)]


PLACES = {
    "synway": Place(
        *("demo", ports("ana", 1, 4), ports("ana", 9, 14), ["e1a/1"]), hosts=["host-synway"], cards=["ana"]
    ),
    "dahdi": Place(
        *("demo_dahdi", ports("ana", 1, 4), ports("ana", 9, 14)),
        pri=["pri/1"],
        no1=["no1/1"],
        hosts=["host-dahdi"],
        cards=["ana", "no1"],
    ),
    "both": Place(
        *(TWO_DOMAINS / "site.yaml", ports("dah", 1, 4), [*ports("ana", 9, 11), *ports("dah", 5, 7)], ["e1a/1"]),
        hosts=["host-synway", "host-dahdi"],
        cards=["ana", "dah"],
        config=TWO_DOMAINS,
    ),
}

Fault = dict[str, Any]


class Sky:
    """Draws faults for one site from a seed."""

    def __init__(self, place: Place, seed: int) -> None:
        self.rng = random.Random(f"{place.site}/{seed}" if isinstance(place.site, str) else seed)
        self.place = place
        self.spans = [*place.maker_spans, *place.pri, *place.no1]
        self.circuits = slots(self.spans)
        self.kinds = [*self.outside(), *self.processes()]
        self.kinds += self.maker() if place.maker_spans else []
        self.kinds += self.host_signalled() if place.dahdi else []

    def storm(self) -> list[Fault]:
        """Eight to sixteen of them in the order of their moments."""
        count = self.rng.randint(8, 16)
        return sorted((self.draw() for _ in range(count)), key=lambda fault: float(fault["at_s"]))

    def draw(self) -> Fault:
        fault = self.rng.choice(self.kinds)()
        return {**fault, "at_s": self.span_s(FROM_S, UNTIL_S)}

    def span_s(self, low: float, high: float) -> float:
        return round(self.rng.uniform(low, high), 2)

    def kind(
        self, what: str, places: Sequence[str], longest_s: float = 0.0, **args: Sequence[Any]
    ) -> Callable[[], Fault]:
        """One kind: a place of these, for up to so long (0: it has no end), with one of the values of each argument."""

        def one() -> Fault:
            fault: Fault = {"what": what, "where": self.rng.choice(places)}
            if longest_s:
                fault["for_s"] = self.span_s(0.2, longest_s)
            if args:
                fault["args"] = {name: self.rng.choice(values) for name, values in args.items()}
            return fault

        return one

    def outside(self) -> list[Callable[[], Fault]]:
        """What happens to pairs, E1s and cards."""
        kind, lines, sets = self.kind, self.place.lines, self.place.sets
        return [
            *(kind("cut_pair", [*lines, *sets], 20), kind("lift_elsewhere", [*lines, *sets], 20)),
            *(kind("stuck_off_hook", lines, 20), kind("noise", lines, 20, dbm0=[-45, -35])),
            *(kind("echo", lines, 20, db=[15], ms=[8]), kind("mute", [*lines, *self.circuits], 20)),
            *(kind("loss", [*lines, *self.circuits], 20, db=[12]), kind("no_power", lines, 20)),
            *(kind("no_dial_tone", lines, 20), kind("no_busy_tone", lines, 20), kind("no_reversal", lines, 20)),
            *(kind("dtmf_low", sets, 20, dbm0=[-20]), kind("weak_ringing", lines, 20, volts=[30])),
            kind("alarm", self.spans, 25, alarm=["los", "lof", "ais", "rai"]),
            kind("bit_errors", self.spans, 20, ratio=[1e-3, 1e-5]),
            kind("slips", self.spans, count=[20], every_ms=[200]),
            kind("card_pulled", self.place.cards, 20),
        ]

    def processes(self) -> list[Callable[[], Fault]]:
        names = ["scheduler", "daemon", *self.place.hosts]
        return [self.kind("process_kill", names), self.kind("process_stop", names, 8)]

    def maker(self) -> list[Callable[[], Fault]]:
        """What the maker's library and its exchange do."""
        kind, circuits = self.kind, slots(self.place.maker_spans)
        calls = ["SsmPickup", "SsmHangup", "SsmPlayMem", "SsmGetChState", "SsmPlayFile"]
        return [
            kind("library_block", calls, ms=[500, 3000, 15000]),
            kind("library_odd_return", calls, 20, value=[-1], chance=[0.5]),
            kind("library_garbage", ["SsmGetCallerId", "SsmGetPhoNumStr"]),
            kind("library_crash", ["SsmPickup", "SsmHangup"]),
            *(kind(f"event_{how}", ["0x18", "0x10"], 30, chance=[0.5]) for how in ("lost", "doubled", "out_of_order")),
            kind("event_late", ["0x18", "0x10"], 30, chance=[0.5], ms=[1500]),
            kind("event_flood", circuits, count=[2000], ms=[3000]),
            *(kind("circuit_reset", circuits), kind("circuit_blocked", circuits, 20)),
            *(kind("hangup_lost", circuits), kind("pickup_delayed", circuits, ms=[1500])),
            *(kind("collision", circuits), kind("licence_expired", [""], 20)),
        ]

    def host_signalled(self) -> list[Callable[[], Fault]]:
        """What the kernel's interface and the networks behind it do."""
        kind, pri, no1 = self.kind, self.place.pri, slots(self.place.no1)
        spans = [*pri, *self.place.no1]
        channels = [*self.place.lines, *slots(spans)]
        found = [
            kind("ioctl_error", ["HOOK", "SETTXBITS", "GETEVENT"], 5, errno=["EIO", "EBUSY"]),
            *(kind("read_stall", channels, 8), kind("blocks_late", channels, 8, ms=[120])),
            *(
                kind("channel_io_error", channels, 5, errno=["EIO"]),
                kind("irq_missed", spans or self.place.cards[-1:], count=[50]),
            ),
        ]
        if pri:
            found += [kind("d_channel_down", pri, 15), kind("exchange_restart", pri, silent_ms=[3000])]
        if no1:
            found += [kind("signalling_slot_cut", self.place.no1, 15), kind("no_seizure_ack", no1, 10)]
            found += [kind("no_end_of_caller", no1, 15)]
        return found


def over_s(faults: Sequence[Fault]) -> float:
    return max(float(fault["at_s"]) + float(fault.get("for_s", 0.0)) for fault in faults)


def wrong_records(done: SiteOutcome, contact: Mapping[str, Any]) -> bool:
    """Not one record of a caller on a line, unless boardd could not know of the call: it was neither answered nor
    offered to anybody (the library stood, or told nothing of it)."""
    if not contact["line"] or contact["records"] == 1:
        return False
    call = next(f["call"] for f in done.of("call_begin") if f["caller"] == contact["caller"])
    from_us = next(f["t_us"] for f in done.of("call_begin", call=call))
    until_us = next((f["t_us"] for f in done.of("call_end", call=call)), 1 << 62)
    offered = [
        event
        for event in done.events
        if event["type"] == "call_offered"
        and event["call"]["channel"] == contact["line"]
        and from_us <= event["t_us"] <= until_us
    ]
    return bool(contact["records"] or offered or done.of("call_answer", call=call))


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_storm_leaves_nothing_behind(tmp_path: Path, place: Place, seed: int) -> None:
    faults = Sky(place, seed).storm()
    running = start_site(tmp_path / "s", place.site, calls=CALLERS, faults=faults, seed=seed, config=place.config)
    assert isinstance(running, WholeSite)
    try:
        running.running.until_over(LIMIT_S)
        while running.running.status()["now_us"] < (over_s(faults) + QUIET_S) * 1e6:
            pause_s(0.05)
        done = running.running.outcome()
        standing = ask(running.boardd_socket, "snapshot").get("alarms", [])  # what is empty is not sent
    except Exception as error:
        raise AssertionError(f"{error}\n{faults}\n{running.logs()}") from error
    finally:
        running.stop()
    assert done.of("fault_refused") == []
    assert done.stuck() == "", faults
    assert [c for c in done.contacts if wrong_records(done, c)] == [], faults
    log = (running.folder / "boardd.log").read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in log and '"bugs"' not in log, faults
    assert [(a["code"], a["subject"]) for a in standing if a["code"] != LASTING] == [], faults
