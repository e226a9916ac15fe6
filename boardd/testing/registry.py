"""Cases by capability, and the rules that hold after each of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from boardd.contract.capabilities import Capability
from boardd.contract.driver import Inventory, LineFree, Offered, ReleasedByFar
from boardd.contract.states import ChannelState
from boardd.testing.stage import EventLog, Stage

Body = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """`capability` None: a rule that every driver must keep."""

    name: str
    capability: Capability | None
    body: Body


_CASES: list[Case] = []


def case(capability: Capability | None = None) -> Callable[[Body], Body]:
    """Register a case of a capability, or of the contract itself."""

    def register(body: Body) -> Body:
        _CASES.append(Case(body.__name__, capability, body))
        return body

    return register


def declared(inventory: Inventory) -> set[Capability]:
    """What the channels of a driver can do."""
    return {capability for port in inventory.ports.values() for capability in port.info.capabilities}


def cases_for(capabilities: set[Capability] | None = None) -> list[Case]:
    """The cases for declared capabilities and all rules; None: everything there is."""
    # The cases register themselves when their modules are imported; those need this module, so not before.
    from boardd.testing import cases, rule_cases, tie_cases  # noqa: F401

    return [c for c in _CASES if c.capability is None or capabilities is None or c.capability in capabilities]


def holes(capabilities: set[Capability]) -> set[Capability]:
    """Declared capabilities without any case."""
    return capabilities - {c.capability for c in cases_for() if c.capability}


async def run_case(stage: Stage, wanted: Case) -> None:
    """Run a case, then check what must hold after everything: see `rules`."""
    await wanted.body(stage)
    rules(stage)


def rules(stage: Stage) -> None:
    """No event out of place, no illegal step, every offer ended at most once, nothing lost in between."""
    assert not stage.log.misplaced, f"before start or after stop: {stage.log.misplaced}"
    for channel, port in stage.inventory.ports.items():
        assert not port.illegal_steps, f"{channel}: illegal steps {port.illegal_steps}"
        _one_end_per_call(stage.log, channel, port.state)


def _one_end_per_call(log: EventLog, channel: str, state: ChannelState) -> None:
    """Between two LineFree at most one Offered and one ReleasedByFar; an idle channel has no open offer."""
    offers = releases = 0
    for event in log.of(channel):
        offers += isinstance(event, Offered)
        releases += isinstance(event, ReleasedByFar)
        assert offers <= 1, f"{channel}: offered again before the line was free"
        assert releases <= 1, f"{channel}: released twice"
        if isinstance(event, LineFree):
            offers = releases = 0
    if state is ChannelState.IDLE:
        assert not offers, f"{channel}: idle, but the offer never ended"
