"""The simulator as in `simulated_machine`, with a Q.931 peer of the tests at the far end of every PRI.

The peers are those of `signalling_q931/peer.py`, written from the standard: nothing of libpri is at their end, and each
keeps a record of what it was sent. Side door command `peer` (`span`, `act` and the arguments of that act below); what
they do wrong on purpose are faults, so that it ends with the case:

    peer_ignores SPAN kinds=SETUP,RELEASE …   messages that are heard and never acted on (Q.921 acknowledges them)
    peer_habits SPAN manners={…}              `Manners` of the calls that come from now on, as JSON
    peer_silent SPAN                          the D channel carries nothing, both ways
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hwsim.kernel.sim import Sim
from hwsim.spanbus.bus import SpanBus
from hwsim.spanbus.channel import Channel, Ready
from hwsim.vendorlibs.dahdi.cards import CardSignalling

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "signalling_q931"))
import peer as q931
from peer import Manners, Msg, Peer
from simulated_machine import build, serve

MESSAGES = (
    *("SETUP", "SETUP_ACK", "PROCEEDING", "PROGRESS", "ALERTING", "CONNECT", "CONNECT_ACK", "DISCONNECT", "RELEASE"),
    *("RELEASE_COMPLETE", "INFORMATION", "RESTART", "RESTART_ACK", "STATUS", "STATUS_ENQUIRY", "NOTIFY"),
)
NAMES = {getattr(q931, name): name for name in MESSAGES}
MAINTENANCE = {q931.SERVICE: "SERVICE", q931.SERVICE_ACK: "SERVICE_ACK"}


class PeerAtSpan(Peer):  # type: ignore[misc]
    """One peer. `heard` is every message that came: when, its name, call reference, elements."""

    def __init__(self, sim: Sim, bus: SpanBus, *, network: bool) -> None:
        self.sim = sim
        self.heard: list[dict[str, Any]] = []
        self.ignored: list[str] = []
        self.habits: list[dict[str, Any]] = []
        self._channel = bus.net.channel(bus.signalling_slot)
        self._channel.open_hdlc()
        super().__init__(
            sim, self._channel.write, network=network, manners=lambda: Manners(**(self.habits or [{}])[-1])
        )
        self._channel.hook = self._look

    def _look(self, channel: Channel) -> None:
        while channel.ready & Ready.EVENT:
            channel.take_event()
        while (frame := channel.read()) is not None:
            self.receive(frame)

    def _got(self, octets: bytes) -> None:
        msg = Msg.parse(octets)
        names = NAMES if msg.pd == 0x08 else MAINTENANCE
        name = names.get(msg.kind, f"{msg.kind:#x}")
        elements = {f"{code:02x}": value.hex() for code, value in msg.ies}
        self.heard.append({"ms": self.sim.now_us / 1000, "name": name, "reference": msg.reference, "ies": elements})
        if name not in self.ignored:
            super()._got(octets)

    # -- acts of the side door ----------------------------------------------------------------------------------------
    def act_dial(self, args: Mapping[str, Any]) -> Any:
        """A call of the peer's; its reference."""
        fields = dict(args)
        if "caller" in fields:
            fields["caller"] = bytes.fromhex(fields["caller"])
        return self.dial(fields.pop("slot"), fields.pop("called"), **fields).reference

    def act_more(self, args: Mapping[str, Any]) -> None:
        """More digits of a call of the peer's."""
        self.more(self.calls[True, args["call"]], args["digits"], args.get("complete", False))

    def act_hang_up(self, args: Mapping[str, Any]) -> None:
        """All calls, or the one of this slot."""
        for call in list(self.calls.values()):
            if args.get("slot") in (None, call.slot):
                self.hang_up(call, args.get("cause", 16))

    def act_restart(self, args: Mapping[str, Any]) -> None:
        """RESTART of a slot, or of the interface."""
        self.restart(*args.get("slots", ()))

    def act_service(self, args: Mapping[str, Any]) -> None:
        """SERVICE of a slot."""
        self.service(args["slot"], args["status"])

    def act_forget(self, _args: Mapping[str, Any]) -> None:
        """Begin a new record."""
        for record in (self.heard, self.finished, self.wrong, self.restarted, self.restart_acks, self.services):
            record.clear()
        self.link.wrong.clear()

    def act_tell(self, _args: Mapping[str, Any]) -> dict[str, Any]:
        """The record."""
        return {
            "heard": self.heard,
            "calls": [_told(call) for call in self.calls.values()],
            "finished": [_told(call) for call in self.finished],
            "wrong": [*self.wrong, *self.link.wrong],
            "restarted": self.restarted,
            "restart_acks": [octets.hex() if octets else "" for octets in self.restart_acks],
            "link": self.link.up,
        }


def _told(call: Any) -> dict[str, Any]:
    setup = {f"{code:02x}": value.hex() for code, value in call.setup.ies} if call.setup else {}
    return {
        **{name: getattr(call, name) for name in ("reference", "mine", "slot", "state", "called", "cause", "answered")},
        "got": [NAMES.get(kind, f"{kind:#x}") for kind in call.got],
        "setup": setup,
    }


def main(site: str, folder: str, family: str, persona: str, ready: str) -> None:
    simulator = build(site, folder, family, persona)
    peers: dict[str, PeerAtSpan] = {}
    for span in simulator.machine.dahdi.all_spans():
        if span.bus is not None and span.plan is not None and span.plan.signalling is not CardSignalling.R2:
            network = span.plan.signalling is CardSignalling.PRI_USER
            far = peers[span.bus.name] = PeerAtSpan(simulator.sim, span.bus, network=network)
            span.far = far  # type: ignore[assignment]

    def ignores(where: str, args: Mapping[str, str]) -> Callable[[], None]:
        kinds = args["kinds"].split(",")
        assert set(kinds) <= set(MESSAGES), kinds
        peers[where].ignored += kinds
        return lambda: [peers[where].ignored.remove(kind) for kind in kinds] and None

    def habits(where: str, args: Mapping[str, str]) -> Callable[[], None]:
        manners = json.loads(args["manners"])
        Manners(**manners)
        peers[where].habits.append(manners)
        return lambda: peers[where].habits.remove(manners)

    def silent(where: str, _args: Mapping[str, str]) -> Callable[[], None]:
        peers[where].link.deaf = True

        def heard_again() -> None:
            peers[where].link.deaf = False

        return heard_again

    faults = simulator.world.faults
    faults.register("peer_ignores", ignores)
    faults.register("peer_habits", habits)
    faults.register("peer_silent", silent)

    def command(args: Mapping[str, Any]) -> Any:
        fields = dict(args)
        far = peers[fields.pop("span")]
        return getattr(far, f"act_{fields.pop('act')}")(fields)

    simulator.control.commands.register("peer", command)
    serve(simulator, ready)


if __name__ == "__main__":
    main(*sys.argv[1:])
