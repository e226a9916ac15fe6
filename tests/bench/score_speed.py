"""`./run score speed`: simulated seconds per second at 30 and 120 busy channels, and who uses the time.

A whole site in token lockstep: callers fill every circuit of one or four E1s and redial at once; half of them stay in
a menu (prompts play, digits come), the others talk with agents and are recorded. Measured over a window in which the
circuits are full: simulated time moved, real time used, processor time of each process.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lib_machine import scratch, site

from hwsim.demo.workspace import Workspace
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner_config import SiteChanges, write_config
from hwsim.scenario.runner_site import RunningSite

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
FULL_S = 45.0
BUSY_ENOUGH = 0.9

SCHEDULER = {
    "flows": {
        "main": {
            "start": "menu",
            "nodes": {
                "menu": {
                    "kind": "menu",
                    "prompts": ["welcome", "menu"],
                    "choices": {"1": "agents", "2": "menu"},
                    "retries": "20",
                    "timeout_s": "6",
                },
                "agents": {"kind": "queue", "queue": "all"},
            },
        }
    }
}


def text(spans: int) -> str:
    """The scenario: arrivals at twice the rate that the circuits can carry, so that they are always full."""
    circuits, seats = spans * 30, min(spans * 10, 28)
    return site(
        f"speed{circuits}",
        spans,
        seats,
        {"log_in_at_s": "uniform 1..6", "answer_s": "uniform 1..3", "talk_s": "exponential 40 min 10 max 120"},
        scripts={
            "talker": {
                "steps": [
                    {"do": "dial"},
                    {"do": "wait_for", "sound": "answer", "timeout_s": "60"},
                    {"do": "send", "digits": "1", "after_s": "uniform 1..4"},
                    {"do": "wait_for", "sound": "person", "timeout_s": "120"},
                    {"do": "speak", "s": "uniform 15..40"},
                    {"do": "hang_up"},
                ]
            },
            "browser": {
                "steps": [
                    {"do": "dial"},
                    {"do": "wait_for", "sound": "answer", "timeout_s": "60"},
                    *[{"do": "send", "digits": "2", "after_s": "uniform 5..9"}] * 12,
                    {"do": "hang_up"},
                ]
            },
        },
        callers=[
            {
                "name": "day",
                "numbers": "13800000000-13899999999",
                "called": {"88001000": "1"},
                "scripts": {"talker": "1", "browser": "1"},
                "per_hour": str(circuits * 120),
                "from_s": "8",
                "count": "100000",
            }
        ],
    )


@dataclass(frozen=True)
class Score:
    """What one run came to. `shares` is processor time by process, in seconds."""

    circuits: int
    busy: float
    simulated_s: float
    real_s: float
    shares: dict[str, float]

    @property
    def speed(self) -> float:
        return self.simulated_s / self.real_s


def processes(root: int) -> dict[str, int]:
    """Name -> pid of the simulator and everything that the supervisor has started."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == root and "boardd" in words:
            found[words[words.index("boardd") + 1]] = int(entry.name)
    return found


def used_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def measure(spans: int, real_s: float, folder: Path) -> Score:
    """Run one site and measure it for `real_s` seconds once its circuits are full."""
    path = folder / "speed.yaml"
    path.write_text(text(spans), encoding="utf-8")
    write_config(folder / "config", Scenario.load(path), SiteChanges({}, {}, SCHEDULER))
    space = Workspace.prepare(folder / "site", folder / "config", str(path), 1)
    with RunningSite(space) as running:
        while running.status()["now_us"] < FULL_S * 1e6:
            time.sleep(0.05)  # noqa: TID251 - a benchmark measures real time
        pids = {"hwsim": running.processes.simulator.pid, "supervisor": running.processes.supervisor.pid}
        pids |= processes(running.processes.supervisor.pid)
        before, began = {name: used_s(pid) for name, pid in pids.items()}, time.monotonic()  # noqa: TID251
        from_us, busy = running.status()["now_us"], []
        while time.monotonic() - began < real_s:  # noqa: TID251
            time.sleep(0.25)  # noqa: TID251
            busy.append(running.status()["calls"])
        to_us, ended = running.status()["now_us"], time.monotonic()  # noqa: TID251
        shares = {name: used_s(pid) - before[name] for name, pid in pids.items()}
    return Score(spans * 30, sum(busy) / len(busy), (to_us - from_us) / 1e6, ended - began, shares)


def show(score: Score) -> None:
    """One line for the figure, one for where the time went."""
    rest = max(0.0, score.real_s - sum(score.shares.values()))
    parts = [f"{name} {100 * used / score.real_s:.0f} %" for name, used in score.shares.items()]
    sys.stdout.write(
        f"{score.circuits:4d} channels ({score.busy:.0f} busy): {score.speed:6.1f} simulated s per s "
        f"({score.simulated_s:.1f} s in {score.real_s:.1f} s)\n"
        f"     time: {', '.join(parts)}, waiting for each other {100 * rest / score.real_s:.0f} %\n"
    )


def main() -> int:
    """Print the score; exit status 1 when the circuits were not busy, so that the figure would mean nothing."""
    parser = argparse.ArgumentParser(description="simulated seconds per second")
    parser.add_argument("--channels", type=int, choices=(30, 120), help="only this many")
    parser.add_argument("--seconds", type=float, default=15, help="real seconds to measure (15)")
    options = parser.parse_args()
    status = False
    for spans in (1, 4):
        if options.channels in (None, spans * 30):
            with scratch("score-") as folder:
                score = measure(spans, options.seconds, folder)
            show(score)
            status |= score.busy < BUSY_ENOUGH * score.circuits
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
