"""The exchange's side of a PRI score: telephones that follow the plans, the moment for glare, a lost D channel.

In one process with whoever has the card (`FarSide` alone), or as a process of its own under a simulated DAHDI card:

    lib_pri_far.py SITE FOLDER SEED CALLS EVERY_MS CUTS READY_FD TELL_FD

which tells the card's process by single datagrams on which slot a SETUP of the exchange leaves just now, and on its
end leaves `truth.jsonl`, `d.pcap` and `far.json` (lost links, whether every circuit is idle) in the folder.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit" / "hwsim_signalling"))

from lib_pri_plan import OUTCOMES, SETUP, SETUP_OCTET, Plan, plans
from town import Phone

from hwsim.exchange.subscriber_line import SubscriberState
from hwsim.scenario.file import Scenario
from hwsim.signalling.pri_network import PriNetwork
from hwsim.simulator import Options, Simulator

BEGIN_MS = 30_000.0
"""Time for a driver to start and for all slots to be restarted."""
AFTERMATH_US = 10_000_000
"""What both ends still had in hand when the link is back is over within seconds."""


class FarSide:
    """Telephones of all plans; `on_glare(slot)` is called when a SETUP for a plan with glare leaves the exchange."""

    def __init__(
        self, sim: Any, exchange: Any, network: PriNetwork, wanted: Sequence[Plan], on_glare: Callable[[int], None]
    ) -> None:
        self.sim, self.exchange, self.network, self.bus = sim, exchange, network, network.bus
        self.windows: list[tuple[int, int]] = []
        """Lost links: from the loss until both ends believed in the link again and were done with what they had."""
        self.link_up: Callable[[], bool] = lambda: network.link_up
        self._on_glare = on_glare
        self._glare = {plan.number for plan in wanted if plan.glare}
        self.bus.frame_taps.append(self._look_for_glare)
        for plan in wanted:
            self._prepare(plan)

    def lose_link(self, at_ms: float, for_ms: float) -> None:
        """The D channel's slot carries nothing for a while; layer 1 stays as it is."""
        self.sim.later(at_ms, self._cut, for_ms)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _prepare(self, plan: Plan) -> None:
        if plan.kind == "no such number":
            return
        if plan.kind in OUTCOMES:
            states = {"busy": SubscriberState.BUSY, "switched off": SubscriberState.POWER_OFF}
            self.exchange.add_subscriber(plan.number, states.get(plan.kind, SubscriberState.REJECTS))
            return
        answers = not plan.inbound and plan.kind.startswith("answered")
        ends = plan.kind == "answered, called ends"
        town = SimpleNamespace(sim=self.sim, exchange=self.exchange)
        phone = Phone(town, plan.number, plan.answer_ms if answers else None, plan.talk_ms if ends else None)
        if plan.inbound:
            self.sim.later(plan.at_ms, phone.call, f"880010{int(plan.number) % 100:02d}")
            patience = {"caller gives up": 2500.0, "answered, caller ends": 1500 + plan.talk_ms}.get(
                plan.kind, 20_000.0
            )
            self.sim.later(plan.at_ms + patience, phone.hang_up)

    def _look_for_glare(self, _at_us: int, side: str, frame: bytes) -> None:
        if side != "net" or len(frame) <= SETUP_OCTET or frame[2] & 1 or frame[SETUP_OCTET] != SETUP:
            return
        number = next((n for n in self._glare if n.encode() in frame), None)
        at = frame.find(b"\x18\x03")
        if number is not None and at >= 0:
            self._glare.remove(number)
            self._on_glare(frame[at + 4] & 0x7F)

    def _cut(self, for_ms: float) -> None:
        for end in (self.bus.card, self.bus.net):
            self.bus.disturb(end, signalling_slot=False)
        self.sim.later(for_ms, self._mend, self.sim.now_us)

    def _mend(self, since_us: int) -> None:
        for end in (self.bus.card, self.bus.net):
            self.bus.disturb(end, signalling_slot=True)
        self._wait_for_link(since_us)

    def _wait_for_link(self, since_us: int) -> None:
        if self.link_up():
            self.windows.append((since_us, self.sim.now_us + AFTERMATH_US))
        else:
            self.sim.later(100, self._wait_for_link, since_us)


def main(site: str, folder: str, seed: str, calls: str, every_ms: str, cuts: str, ready: str, tell: str) -> None:
    """See the module text. `cuts`: `AT_MS:FOR_MS,…`."""
    place = Path(folder)
    simulator = Simulator(Scenario.load(Path(site)), Options(place, int(seed), None, truth=place))
    simulator.connect()
    span = next(simulator.machine.dahdi.all_spans())
    network = span.far
    assert isinstance(network, PriNetwork)
    network.capture(place / "d.pcap")
    channel = socket.socket(fileno=int(tell))
    wanted = plans(int(calls), int(seed), float(every_ms), BEGIN_MS)

    def tell_slot(slot: int) -> None:
        channel.send(bytes([slot]))
        simulator.sim.mark_dirty()  # the card's process has something to read: its turn, before time moves

    far = FarSide(simulator.sim, simulator.world.exchange, network, wanted, tell_slot)
    for cut in filter(None, cuts.split(",")):
        at_ms, for_ms = map(float, cut.split(":"))
        far.lose_link(at_ms, for_ms)
    os.write(int(ready), b"ready\n")
    try:
        simulator.run()
        circuits = simulator.world.exchange.circuits.values()
        busy = [c.circuit.name for c in circuits if c.state != "idle" or c.circuit.busy]
        network.close()
        found = {"windows": far.windows, "busy": busy, "end_us": simulator.sim.now_us}
        (place / "far.json").write_text(json.dumps(found))
    finally:
        simulator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
