"""Outgoing calls that lose their channel to the far end: the contact goes on with the attempt that takes its place."""

import pytest
from scheduler_loop import run
from scheduler_rig import Site

from boardd import clock
from boardd.contract.events import EventType
from boardd.contract.objects import FactKind
from boardd.contract.states import AnswerEvidence, ChannelState, Direction


def attempts(world):
    return [c for c in world.truth.calls.values() if c.group == "trunks"]


def glare(world, lost, fact_first):
    """The host's order of telling: the next attempt, then the end of the lost one; its fact may be quicker."""
    channel = next(c for c in world.truth.channels.values() if c.group == "trunks" and c.state is ChannelState.IDLE)
    follower = world.mint_call(
        channel, Direction.OUT, called=lost.called, controller=lost.controller, tag=lost.tag, orphan=lost.orphan
    )
    world.step(follower, ChannelState.DIALING)
    world.fact(FactKind.BEGIN, follower)
    world.tell(EventType.CALL_DIALING, follower, channel)
    del world.truth.calls[lost.id]
    lost.released, lost.cause, lost.cause_origin = clock.instant(), 44, "glare"
    lost.state = ChannelState.RELEASING
    if fact_first:
        world.fact(FactKind.END, lost)
    world.tell(EventType.CALL_RELEASED, lost, text=follower.id)
    if not fact_first:
        world.fact(FactKind.END, lost)
    return follower


@pytest.mark.parametrize("fact_first", [False, True])
def test_the_contact_goes_on_with_the_next_attempt(tmp_path, fact_first):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = site.world.station_dials("801", "902188886666")
        await site.settle(0.2)
        follower = glare(site.world, attempts(site.world)[0], fact_first)
        await site.settle(5)
        site.world.connect(follower, AnswerEvidence.CONNECT)
        await site.settle(20)
        assert len(site.world.truth.bridges) == 1
        site.world.release(follower.id)
        await site.settle(5)
        record = await site.record_of(call)
        assert (record.outcome, record.cause, record.answer_evidence) == ("talked", 16, "connect")
        assert record.line == follower.channel
        await site.stop()

    run(main)
