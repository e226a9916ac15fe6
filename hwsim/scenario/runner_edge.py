"""Runs a scenario at the simulator's edge: the world as ever, and at its E1s peers of our own instead of a library.

Everything is in one process and one thread, so the outcome is the same at every speed, to the microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardd.config.yamlfile import ConfigProblemsError
from boardd.contract.text import _
from hwsim.core.engine import Engine
from hwsim.edge.log import PeerLog
from hwsim.edge.plan import PeerPlan
from hwsim.edge.pri_peer import PriPeer
from hwsim.edge.r2_peer import R2Peer
from hwsim.kernel.drive import FreeDrive, pause_s, real_s
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.machine import SimulatedPc, legs_for
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner_header import Source
from hwsim.scenario.runner_peer import peer_plan
from hwsim.scenario.runner_site import RunTooLongError
from hwsim.scenario.world import World
from hwsim.vendorlibs.dahdi.cards import CardSignalling
from hwsim.vendorlibs.dahdi.fault_words import register_faults

STEP_US = 100_000


@dataclass
class EdgeOutcome:
    """One finished run: the truth log, what the peers noted, and what is still in use."""

    facts: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    in_use: list[str]

    def things(self, source: Source) -> list[dict[str, Any]]:
        """What a source of checks holds."""
        return {Source.TRUTH: self.facts, Source.PEER: self.notes}.get(source, [])

    def stuck(self) -> str:
        """What has not come to an end, in words."""
        return " ".join(self.in_use)


class EdgeRun:
    """The world of a scenario with peers at its E1s. Raises ConfigProblemsError, ConfigurationError (no library)."""

    def __init__(self, scenario: Scenario, seed: int, folder: Path | None = None) -> None:
        self.folder = folder
        self.truth = TruthLog(folder / "truth.jsonl" if folder else None)
        self.sim = Sim(Engine(legs_for(scenario), seed), self.truth, seed)
        self.machine = SimulatedPc(self.sim, scenario)
        self.world = World(self.sim, self.machine, scenario)
        register_faults(self.world.faults, self.machine.dahdi)
        self.plan: PeerPlan = peer_plan(scenario.header.run.peer, scenario.header.run_node, self.machine.buses)
        self.world.check()
        self._strangers(scenario)
        self.log = PeerLog(self.sim)
        self.peers: list[PriPeer | R2Peer] = []

    def run(self, speed: str, limit_s: float) -> EdgeOutcome:
        """From the beginning to the end of the scenario. Raises RunTooLongError after `limit_s` real seconds."""
        self.machine.dahdi.connect()
        for span in self.machine.dahdi.all_spans():
            if span.bus and span.plan:
                made = R2Peer if span.plan.signalling is CardSignalling.R2 else PriPeer
                self.peers.append(made(self.sim, self.log, span.bus, self.plan))
        self.world.start()
        try:
            self._drive(speed, limit_s)
        finally:
            self.world.close()
            self.truth.close()
            if self.folder:
                self.log.write(self.folder / "peer.jsonl")
        return EdgeOutcome(self.truth.facts, self.log.notes, self._in_use())

    def _drive(self, speed: str, limit_s: float) -> None:
        began_s = real_s()

        def over() -> bool:
            if real_s() - began_s > limit_s:
                raise RunTooLongError(f"the scenario was not over after {limit_s:.0f} s")
            return self.world.finished

        if speed == "1":
            loop = Loop()
            try:
                FreeDrive(loop, self.sim).run(over)
            finally:
                loop.close()
            return
        while not over():
            self.sim.advance_to(self.sim.now_us + STEP_US)
            if speed != "max":
                ahead_s = self.sim.now_us / 1e6 / float(speed) - (real_s() - began_s)
                pause_s(max(0.0, ahead_s))

    def _in_use(self) -> list[str]:
        exchange = self.world.exchange
        circuits = [name for name, trunk in exchange.circuits.items() if trunk.circuit.busy]
        calls = [f"call {number}" for number in exchange.calls]
        return [*circuits, *calls, *(name for peer in self.peers for name in peer.in_use())]

    def _strangers(self, scenario: Scenario) -> None:
        """Cards at whose E1s no peer can play."""
        problems = []
        for span in self.machine.dahdi.all_spans():
            if span.plan and span.plan.signalling is CardSignalling.PRI_NET and span.bus:
                name, _slash, index = span.bus.name.rpartition("/")
                node = next(node for node in scenario.cards if _named(node.plain(), name))
                problems.append(
                    node.problem(
                        _("E1 {index}: there is no peer for a card that plays the network").format(index=index)
                    )
                )
        if problems:
            raise ConfigProblemsError(problems)


def _named(plain: object, name: str) -> bool:
    return isinstance(plain, dict) and plain.get("name", name) == name
