"""The state table: closed over its words, no dead ends, no short cut to idle past the line."""

from hypothesis import given
from hypothesis import strategies as st

from boardd.contract.states import CALL_STATES, LEGAL_STEPS, ChannelState, may_step

STATES = st.sampled_from(list(ChannelState))


def test_every_state_has_a_row() -> None:
    assert set(LEGAL_STEPS) == set(ChannelState)


def test_idle_is_reachable_from_everywhere() -> None:
    reach = {ChannelState.IDLE}
    while more := {s for s in ChannelState if LEGAL_STEPS[s] & reach} - reach:
        reach |= more
    assert reach == set(ChannelState)


@given(STATES)
def test_broken_may_follow_everything_and_a_person_gets_out(state: ChannelState) -> None:
    assert may_step(state, ChannelState.BROKEN)
    assert may_step(ChannelState.BROKEN, ChannelState.OUT_OF_SERVICE)


@given(STATES, STATES)
def test_a_call_never_turns_into_another_without_an_end(old: ChannelState, new: ChannelState) -> None:
    if old is ChannelState.CONNECTED and may_step(old, new):
        assert new not in CALL_STATES or new is old
