"""`./run score q931`: 200 PRI calls each way by boardd's DAHDI driver, judged by the exchange's truth and by tshark.

One end is the simulated exchange with a libpri of its own and people's telephones behind it, a process of its own; the
other boardd's driver on the simulated I/O library: channels, D channel, engine, Q931Span. Calls overlap; they are
answered, refused, given up and ended by either side with all sorts of causes. A tenth of the calls that come in meet
a call of ours on the same slot (glare). The D channel is lost twice for some seconds while people talk; slots with a
call are restarted. Afterwards

  - each call has ended once, every channel is idle again, no circuit is busy, no state was left by a step that the
    contract does not allow;
  - of every call that a lost link did not touch direction, slot, answer, cause and who ended it equal the truth log;
  - tshark finds nothing malformed, and each such call complete, in order, with the cause of its record.

Exit status 1 when anything is missed; `--calls N` for another number, `--seed`, `--keep DIR` for the capture.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parent))

from lib_pri_driver import DriverWorld
from lib_pri_far import BEGIN_MS
from lib_pri_judge import Verdict, judge_records, judge_wire

CALLS = 200
EVERY_MS = 400.0
EPOCH_S = 1_704_067_200
"""Where the simulator's captures put its time zero."""
REFUSED_SHARE = 0.04
"""The exchange keeps bearers out of use whose release a lost link has swallowed, until its RESTART is answered."""
SHORTEST_LOSS_MS, LONGER_LOSS_MS = 17_000.0, 26_000.0
TOUCHED_SHARE = 0.75
"""A loss of half a minute touches many calls of seconds; at least a quarter must be left to compare."""


def disturbed(calls: int, seed: int, folder: Path) -> DriverWorld:
    """The world with its troubles, run to the end."""
    length_ms = 2 * calls * EVERY_MS
    cuts = [(BEGIN_MS + length_ms * 0.3, SHORTEST_LOSS_MS), (BEGIN_MS + length_ms * 0.7, LONGER_LOSS_MS)]
    restarts = [BEGIN_MS + length_ms * share for share in (0.1, 0.2, 0.55, 0.95)]
    return DriverWorld(calls, seed, folder, cuts, restarts, EVERY_MS)


def quiet_switchboard(calls: int, seed: int, folder: Path) -> DriverWorld:
    """The other side of the protocol: the driver is the network, the exchange a switchboard behind it; no troubles."""
    return DriverWorld(calls, seed, folder, every_ms=EVERY_MS, network=True)


def missing(records: Counter[str], wire: Counter[str], calls: int) -> list[str]:
    """What a run must have had in it to mean anything."""
    wanted = {
        "equal to the truth": round(2 * calls * (1 - TOUCHED_SHARE)),
        "glare": max(1, calls // 40),
        "outlived a lost link": max(1, calls // 60),
        "ended by RESTART": 1,
    }
    found = []
    if records["slot refused, tried elsewhere"] > 2 * calls * REFUSED_SHARE:
        found.append(f"{records['slot refused, tried elsewhere']} attempts on slots that the exchange did not give")
    found += [f"only {records[what]} calls {what}, {n} wanted" for what, n in wanted.items() if records[what] < n]
    if wire["complete"] < wanted["equal to the truth"]:
        found.append(f"only {wire['complete']} complete calls on the wire")
    return found


def show(title: str, verdict: Verdict) -> None:
    """A table of counts, then what is wrong."""
    sys.stdout.write(f"\n{title}\n")
    for what, count in sorted(verdict.counts.items()):
        sys.stdout.write(f"  {what:<34}{count:>6}\n")
    for line in verdict.wrong[:20]:
        sys.stdout.write(f"  WRONG {line}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS, help="calls each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="directory for the capture")
    options = parser.parse_args(arguments)
    tshark = shutil.which("tshark")
    if tshark is None:
        raise SystemExit("tshark is not installed; install it with: apt-get install tshark")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        world = disturbed(options.calls, options.seed, folder)
        records = judge_records(world)
        wire = judge_wire(world, tshark, folder / "d.pcap", EPOCH_S)
        other = folder / "network"
        switchboard = quiet_switchboard(max(1, options.calls // 5), options.seed, other)
        behind = judge_records(switchboard)
        behind_wire = judge_wire(switchboard, tshark, other / "d.pcap", EPOCH_S)
    records.wrong += world.card.stray
    behind.wrong += switchboard.card.stray
    records.wrong += missing(records.counts, wire.counts, options.calls)
    sys.stdout.write(f"{2 * options.calls} calls, {world.seconds:.0f} simulated seconds\n")
    show("records against the exchange's truth", records)
    show("the D channel as tshark reads it", wire)
    sys.stdout.write(f"\n{len(switchboard.plans)} calls with a switchboard, the driver as its network\n")
    show("records against its truth", behind)
    show("the D channel as tshark reads it", behind_wire)
    good = not any(verdict.wrong for verdict in (records, wire, behind, behind_wire))
    sys.stdout.write("\nall as it should be\n" if good else "\nmissed\n")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
