"""A small telephone system at the card's end of a No.1 trunk (facts 4.1 to 4.3): thirty lines with their registers.

What it notes (`what`, always with `span`, `slot`, `ours`): `blocked` (on: by the far end), `blocks` (on: by us),
`seized`, `call_out` (called), `acknowledged`, `not_acknowledged`, `registers` (signals, pulses, failed), `call_in`
(called, caller, ka, kd), `refused` (kb, cause), `connected`, `sound` (on, dbm0), `heard_person` (party), `clear_back`,
`clear_forward`, `no_release_guard`, `over` (cause, answered), `refused_here` (why).
"""

from __future__ import annotations

from collections.abc import Collection

from hwsim.edge.log import PeerLog
from hwsim.edge.plan import PeerPlan, PlannedBlock, PlannedCall
from hwsim.edge.r2_line import Phase, R2Line
from hwsim.kernel.sim import Sim
from hwsim.line.digital import BEARER_SLOTS
from hwsim.spanbus.bus import SpanBus


class R2Peer:
    """Works on the card's end of `bus` as `plan` says and writes into `log`; it uses the timeslots `slots`."""

    def __init__(
        self,
        sim: Sim,
        log: PeerLog,
        bus: SpanBus,
        plan: PeerPlan | None = None,
        slots: Collection[int] = BEARER_SLOTS,
    ) -> None:
        self.sim = sim
        self.log = log
        self.bus = bus
        self.plan = plan or PeerPlan()
        self.lines = {slot: R2Line(self, bus.card.channel(slot)) for slot in slots}
        sim.later(0, self._open)
        for planned in self.plan.calls:
            if planned.span == bus.name:
                sim.later(planned.at_ms, self.dial, planned)
        for block in self.plan.blocks:
            if block.span == bus.name:
                sim.later(block.at_ms, self._block, block)

    def dial(self, planned: PlannedCall, *, avoid: int = 0) -> None:
        """Make a call on the circuit that was asked for, or on the free one with the highest number."""
        if self.bus.card.alarms:
            self._refused(planned, "alarm")
            return
        for slot in (planned.slot, *reversed(self.lines)):
            if slot != avoid and slot in self.lines and self.lines[slot].phase is Phase.IDLE:
                self.lines[slot].seize(planned)
                return
        self._refused(planned, "circuits")

    def in_use(self) -> list[str]:
        """Circuits with a call, or that one side blocks."""
        return [f"{self.bus.name}/{slot}" for slot, line in self.lines.items() if line.phase is not Phase.IDLE]

    def again(self, planned: PlannedCall, slot: int) -> None:
        """The circuit failed before anybody answered: once more, elsewhere."""
        self.dial(planned, avoid=slot)

    def _refused(self, planned: PlannedCall, why: str) -> None:
        self.log.note("refused_here", self.bus.name, called=planned.called, why=why)

    def _open(self) -> None:
        for line in self.lines.values():
            line.open()

    def _block(self, block: PlannedBlock) -> None:
        line = self.lines[block.slot]
        line.block()
        self.sim.later(block.for_ms, line.unblock)
