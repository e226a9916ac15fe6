"""The exchange's side of the R2 score, a process of its own under a simulated DAHDI card:

    lib_r2_far.py SITE FOLDER SEED CALLS READY_FD TELL_FD

With calls: people who call and answer as `lib_r2_plan.rounds` says. Line bits and sound of every circuit are taken
down, and the independent checker of the tests reads each call from them. CALLS 0: one call on each circuit, some of
which are set up wrongly (`lib_r2_plan.wrong_circuits`). Leaves `truth.jsonl` and `far.json`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit" / "hwsim_signalling"))

from lib_r2_plan import BEGIN_MS, INWARD, KD, OUTWARD, ROUND_MS, R2Call, categories, rounds, wrong_circuits
from r2_checker import BadTraceError, check
from r2_traces import Tape
from town import Phone

from hwsim.scenario.file import Scenario
from hwsim.signalling.r2_network import R2Network
from hwsim.simulator import Options, Simulator

LEAST_MS = 8500.0
"""Numbers, ringing and answer are over by then."""


class FarSide:
    """People and tapes."""

    def __init__(self, simulator: Simulator, seed: int, calls: int) -> None:
        span = next(simulator.machine.dahdi.all_spans())
        assert span.bus is not None and isinstance(span.far, R2Network)
        self.sim, self.exchange = simulator.sim, simulator.world.exchange
        self.town = SimpleNamespace(sim=self.sim, exchange=self.exchange, bus=span.bus)
        self.ka = categories(seed)
        self.problems: list[str] = []
        self.judged = 0
        if calls:
            for index, now in enumerate(rounds(calls, seed)):
                self.sim.later(BEGIN_MS + index * ROUND_MS - 10, self._round, now)
        else:
            self._directions(span.far, seed)

    # -- calls --------------------------------------------------------------------------------------------------------
    def _round(self, calls: Sequence[R2Call]) -> None:
        tapes = {slot: Tape(self.town, slot) for slot in (*INWARD, *OUTWARD)}
        for call in calls:
            delay_ms = call.at_ms - self.sim.now_us / 1000
            (self._caller if call.inward else self._called)(call, delay_ms)
        self.sim.later(ROUND_MS - 50, self._judge_round, calls, tapes)

    def _caller(self, call: R2Call, delay_ms: float) -> None:
        phone = Phone(self.town, call.caller)
        self.sim.later(delay_ms, phone.call, f"8800{call.called}")
        self.sim.later(delay_ms + LEAST_MS + (call.talk_ms if call.ends == "caller" else 2500), phone.hang_up)

    def _called(self, call: R2Call, _delay_ms: float) -> None:
        if call.kb == 5:
            return
        phone = Phone(self.town, call.called, 300, call.talk_ms if call.ends == "called" else None)
        if call.kb != 1:
            phone.line.off_hook = True

    def _judge_round(self, calls: Sequence[R2Call], tapes: dict[int, Tape]) -> None:
        traces = {slot: tape.trace("net" if slot in INWARD else "card") for slot, tape in tapes.items()}
        for call in calls:
            slot = self._slot(call)
            found = list(self._judge(call, traces[slot])) if slot else ["no circuit at the exchange"]
            self.problems += [f"timeslot {slot}, {call.caller} -> {call.called}: {text}" for text in found]
            self.judged += 1
        busy = [c.circuit.name for c in self.exchange.circuits.values() if c.state != "idle" or c.circuit.busy]
        self.problems += [f"{name} is not idle at the exchange after a round" for name in busy]

    def _slot(self, call: R2Call) -> int:
        if not call.inward:
            return call.slot
        begun = [fact["call"] for fact in self.sim.truth.of("call_begin", caller=call.caller)]
        lines = [fact["line"] for number in begun for fact in self.sim.truth.of("call_route", call=number)]
        return int(lines[0].rpartition("/")[2]) if len(lines) == 1 else 0

    def _judge(self, call: R2Call, trace: Any) -> Iterator[str]:
        """What the line says other than planned."""
        try:
            verdict = check(trace)
        except BadTraceError as error:
            yield f"checker: {error}"
            return
        ka = self.ka[0] if call.inward else self.ka[1]
        wanted = {"dnis": call.called, "ani": call.caller, "kb": call.kb, "ka": ka, "kd": KD, "answered": call.answered}
        for name, value in wanted.items():
            if getattr(verdict, name) != value:
                yield f"{name} on the line is {getattr(verdict, name)}, not {value}"

    # -- wrong circuits -----------------------------------------------------------------------------------------------
    def _directions(self, network: R2Network, seed: int) -> None:
        for slot in wrong_circuits(seed).deaf:
            network.ignore_card(slot)
        for index in range(len(INWARD)):
            phone = Phone(self.town, f"1390000{index:04d}")
            self.sim.later(BEGIN_MS + 31 * index, phone.call, f"880010{index:02d}")
        for slot in OUTWARD:
            Phone(self.town, f"1370000{slot:04d}")


def main(site: str, folder: str, seed: str, calls: str, ready: str, _tell: str) -> None:
    """See the module text."""
    place = Path(folder)
    simulator = Simulator(Scenario.load(Path(site)), Options(place, int(seed), None, truth=place))
    simulator.connect()
    far = FarSide(simulator, int(seed), int(calls))
    os.write(int(ready), b"ready\n")
    try:
        simulator.run()
        found = {"problems": far.problems, "judged": far.judged, "end_us": simulator.sim.now_us}
        (place / "far.json").write_text(json.dumps(found))
    finally:
        simulator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
