"""Links to the maker's calls: which form each set takes, and that the plan always means what was asked."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.synway.switching import Conference, OneWay, Talk, plan

CHANNELS = ("a", "b", "c", "d", "e")
PAIRS = [(x, y) for x in CHANNELS for y in CHANNELS if x != y]


def mesh(*channels: str) -> set[tuple[str, str]]:
    return {(x, y) for x in channels for y in channels if x != y}


def meaning(made: object) -> set[tuple[str, str]]:
    if isinstance(made, Talk):
        return mesh(made.one, made.other)
    if isinstance(made, Conference):
        return mesh(*made.members)
    assert isinstance(made, OneWay)
    return {(made.source, made.sink)}


def test_two_who_hear_each_other_talk() -> None:
    assert plan(mesh("b", "a")) == {Talk("a", "b")}


def test_monitoring_leaves_the_conversation_alone() -> None:
    assert plan(mesh("a", "b") | {("a", "c"), ("b", "c")}) == {Talk("a", "b"), OneWay("a", "c"), OneWay("b", "c")}


def test_whisper_is_one_more_way() -> None:
    assert plan(mesh("a", "b") | {("c", "a")}) == {Talk("a", "b"), OneWay("c", "a")}


def test_three_who_all_hear_each_other_confer() -> None:
    assert plan(mesh("a", "b", "c")) == {Conference(("a", "b", "c"))}
    assert plan(mesh("a", "b", "c"), conferences=False) == {OneWay(x, y) for x, y in mesh("a", "b", "c")}
    assert plan(mesh("a", "b", "c"), most=2) == {OneWay(x, y) for x, y in mesh("a", "b", "c")}


def test_an_incomplete_mesh_is_mixed() -> None:
    assert plan(mesh("a", "b") | mesh("b", "c")) == {OneWay(x, y) for x, y in mesh("a", "b") | mesh("b", "c")}


def test_a_single_source_may_be_exclusive() -> None:
    assert plan({("a", "b")}, exclusive=True) == {OneWay("a", "b", True)}
    assert plan({("a", "b"), ("c", "b")}, exclusive=True) == {OneWay("a", "b"), OneWay("c", "b")}


@given(st.sets(st.sampled_from(PAIRS)), st.booleans(), st.integers(2, 5))
def test_the_plan_means_what_was_asked_and_nothing_twice(
    links: set[tuple[str, str]], conferences: bool, most: int
) -> None:
    made = plan(links, conferences, most)
    meant = [pair for item in made for pair in meaning(item)]
    assert sorted(meant) == sorted(links)
    talking = [c for item in made if isinstance(item, Talk) for c in (item.one, item.other)]
    assert len(talking) == len(set(talking))
