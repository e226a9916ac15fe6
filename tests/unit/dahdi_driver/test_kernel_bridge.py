"""Whom the kernel may connect, for any order of what happens on channels. The oracle counts everybody who is heard."""

from __future__ import annotations

import errno
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dahdi._codes import Law
from drivers.dahdi._errors import DahdiError
from drivers.dahdi.kernel_bridge import NOBODY, KernelBridge, Line, talks

CHANNELS = ("a", "b", "c", "d")
LAWS = {"a": Law.ALAW, "b": Law.ALAW, "c": Law.ALAW, "d": Law.MULAW}
ENDS = (*CHANNELS, "tie/1")
NUMBER = {name: 10 + index for index, name in enumerate(CHANNELS)}


class Kernel:
    """What was asked of it: by descriptor, whose sound is sent. `watch` sees each request before it is carried out."""

    def __init__(self) -> None:
        self.sends = dict.fromkeys(NUMBER.values(), NOBODY)
        self.refuses: set[int] = set()
        self.errno = errno.EIO
        self.watch = lambda fd, number: None
        self.asked = 0

    def monitor(self, fd: int, number: int) -> None:
        self.asked += 1
        self.watch(fd, number)
        if fd in self.refuses:
            raise DahdiError("SETCONF", self.errno)
        self.sends[fd] = number

    @property
    def connected(self) -> set[tuple[str, str]]:
        names = {number: name for name, number in NUMBER.items()}
        return {(names[fd], names[number]) for fd, number in self.sends.items() if number}


class World:
    """A bridge with its kernel, and what the test itself knows of channels."""

    strict = True
    """The kernel does what it is asked, so every moment can be judged."""

    def __init__(self, wanted: bool = True) -> None:
        self.kernel = Kernel()
        self.bridge = KernelBridge(self.kernel.monitor, wanted)
        self.wanted = wanted
        self.links: dict[tuple[str, str], int] = {}
        self.open: set[str] = set()
        self.calls: set[str] = set()
        self.uses: dict[str, set[str]] = {name: set() for name in CHANNELS}

    def expected(self) -> set[tuple[str, str]]:
        """By looking at everybody who could hear something else than one peer."""
        found = set()
        for one in CHANNELS:
            for other in CHANNELS:
                usable = all(c in self.open and c in self.calls and not self.uses[c] for c in (one, other))
                heard_by = {sink for source, sink in self.links if source == one}
                hears = {source for source, sink in self.links if sink == one}
                back_by = {sink for source, sink in self.links if source == other}
                back_hears = {source for source, sink in self.links if sink == other}
                alone = heard_by == hears == {other} and back_by == back_hears == {one}
                plain = self.links.get((one, other)) == 0 == self.links.get((other, one), 1)
                if one != other and usable and alone and plain and LAWS[one] is LAWS[other] and self.wanted:
                    found.add((one, other))
        return found

    def attach(self, name: str) -> None:
        self.open.add(name)
        self.bridge.attach(name, Line(NUMBER[name], NUMBER[name], LAWS[name]))

    def check(self) -> None:
        assert self.kernel.connected == self.expected()
        assert {pair for talk in self.bridge.on for pair in (talk, talk[::-1])} == self.expected()


pairs = st.tuples(st.sampled_from(ENDS), st.sampled_from(ENDS))
operations = st.one_of(
    st.tuples(st.just("link"), st.lists(st.tuples(pairs, st.sampled_from([None, 0, 0, 0, -300])), max_size=3)),
    st.tuples(st.just("both"), st.tuples(st.sampled_from(CHANNELS), st.sampled_from(CHANNELS))),
    st.tuples(st.just("forget"), st.sampled_from(CHANNELS)),
    st.tuples(st.just("attach"), st.sampled_from(CHANNELS)),
    st.tuples(st.just("detach"), st.sampled_from(CHANNELS)),
    st.tuples(st.just("connected"), st.tuples(st.sampled_from(CHANNELS), st.booleans())),
    st.tuples(st.just("use"), st.tuples(st.sampled_from(CHANNELS), st.sampled_from(["record", "echo"]), st.booleans())),
)


def change_links(world: World, links: dict[tuple[str, str], int]) -> None:
    """As the switch does it: between the two calls the engine's links change."""
    before = world.expected()
    world.bridge.make_room(links)
    world.links = links
    if world.strict:
        assert world.kernel.connected == before & world.expected(), "in between only what both know"
    world.bridge.settle(links)


def perform(world: World, what: str, given: Any) -> None:
    if what == "link":
        links = dict(world.links)
        for pair, gain in given:
            links.pop(pair, None)
            if gain is not None:
                links[pair] = gain
        change_links(world, links)
    elif what == "both" and given[0] != given[1]:
        change_links(world, {**world.links, given: 0, given[::-1]: 0})
    elif what == "forget":
        change_links(world, {pair: gain for pair, gain in world.links.items() if given not in pair})
    elif what == "attach" and given not in world.open:
        world.attach(given)
    elif what == "detach":
        world.bridge.detach(given)
        if world.strict:
            assert not any(given in pair for pair in world.kernel.connected)
        world.kernel.sends[NUMBER[given]] = NOBODY  # closed
        world.open.discard(given)
        world.calls.discard(given)
        world.uses[given].clear()
    elif what == "connected":
        channel, on = given
        (world.calls.add if on else world.calls.discard)(channel)
        world.bridge.connected(channel, on)
    elif what == "use":
        channel, why, on = given
        if on:
            world.bridge.hold(channel, why)
            if world.strict:
                assert not any(channel in pair for pair in world.kernel.connected), "not the engine's when it begins"
            world.uses[channel].add(why)
        else:
            world.uses[channel].discard(why)
            world.bridge.let_go(channel, why)


def ready() -> World:
    """Four open channels with calls."""
    world = World()
    for name in CHANNELS:
        world.attach(name)
        world.calls.add(name)
        world.bridge.connected(name, True)
    return world


@settings(max_examples=200, deadline=None)
@given(st.lists(operations, max_size=30))
def test_the_kernel_has_exactly_what_the_rule_allows(steps: list[tuple[str, Any]]) -> None:
    world = ready()

    def watch(fd: int, number: int) -> None:
        if number:
            pair = {name for name, own in NUMBER.items() if own in (fd, number)}
            assert not any("record" in world.uses[name] for name in pair), "handed over while somebody records"

    world.kernel.watch = watch
    for what, given_ in steps:
        perform(world, what, given_)
        world.check()


@settings(max_examples=50, deadline=None)
@given(st.lists(operations, max_size=20))
def test_a_site_that_has_not_chosen_it_never_asks(steps: list[tuple[str, Any]]) -> None:
    world = World(wanted=False)
    for what, given_ in steps:
        perform(world, what, given_)
    assert world.kernel.asked == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(operations, st.sets(st.sampled_from(sorted(NUMBER.values()))))))
def test_whatever_it_refuses_nothing_but_the_allowed_is_left(steps: list[tuple[tuple[str, Any], set[int]]]) -> None:
    """Requests fail at any moment; when they succeed again, no channel sends what it may not."""
    world = ready()
    world.strict = False
    for (what, given_), refuses in steps:
        world.kernel.refuses = refuses
        perform(world, what, given_)
    world.kernel.refuses = set()
    world.bridge.again()
    assert world.kernel.connected <= world.expected()
    assert {pair for talk in world.bridge.on for pair in (talk, talk[::-1])} == world.kernel.connected


def logged(world: World) -> list[str]:
    with structlog.testing.capture_logs() as logs:
        for _turn in range(3):
            change_links(world, {("a", "b"): 0, ("b", "a"): 0})
            change_links(world, {})
    return [log["event"] for log in logs if log["log_level"] != "info"]


def test_a_refusal_is_told_once_and_half_a_talk_is_taken_back() -> None:
    world = ready()
    world.kernel.refuses = {NUMBER["b"]}
    seen: list[tuple[int, int]] = []
    world.kernel.watch = lambda fd, number: seen.append((fd, number))
    with structlog.testing.capture_logs() as logs:
        world.links = {("a", "b"): 0, ("b", "a"): 0}
        world.bridge.settle(world.links)
        world.bridge.hold("c", "record")  # nothing to do with it: the talk stays the engine's
    assert world.kernel.connected == set() and not world.bridge.on
    assert seen[0] == (NUMBER["a"], NUMBER["b"]) and (NUMBER["a"], NOBODY) in seen
    assert len([one for one in seen if one[1]]) == 2, "asked for once"
    assert [log["event"] for log in logs].count("kernel_bridge_refused") == 1
    world.bridge.settle({})
    world.kernel.watch, world.strict = lambda fd, number: None, False
    assert "kernel_bridge_refused" not in logged(world), "it was told"


def test_what_is_not_taken_back_is_asked_for_again() -> None:
    world = ready()
    change_links(world, {("a", "b"): 0, ("b", "a"): 0})
    world.kernel.refuses = {NUMBER["a"]}
    with structlog.testing.capture_logs() as logs:
        world.bridge.hold("a", "record")
        world.bridge.again()
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["kernel_bridge_stuck"]
    assert world.kernel.connected == {("a", "b")} and not world.bridge.on
    world.kernel.refuses = set()
    world.bridge.again()
    assert world.kernel.connected == set()


def test_a_card_that_is_gone_is_no_trouble_and_the_peer_is_taken_back() -> None:
    world = ready()
    change_links(world, {("a", "b"): 0, ("b", "a"): 0})
    world.kernel.refuses, world.kernel.errno = {NUMBER["a"]}, errno.ENODEV
    with structlog.testing.capture_logs() as logs:
        world.bridge.detach("a")
    assert world.kernel.sends[NUMBER["b"]] == NOBODY
    assert [log for log in logs if log["log_level"] != "info"] == []


@pytest.mark.parametrize(
    ("links", "allowed"),
    [
        ({("a", "b"): 0, ("b", "a"): 0}, {("a", "b")}),
        ({("a", "b"): 0}, set()),
        ({("a", "b"): 0, ("b", "a"): -1}, set()),
        ({("a", "b"): 0, ("b", "a"): 0, ("a", "c"): 0}, set()),
        ({("a", "b"): 0, ("b", "a"): 0, ("tie/1", "b"): 0}, set()),
        ({("a", "b"): 0, ("b", "a"): 0, ("a", "a"): 0}, set()),
        ({("a", "tie/1"): 0, ("tie/1", "a"): 0}, set()),
        ({("a", "d"): 0, ("d", "a"): 0}, set()),
        ({("a", "b"): 0, ("b", "a"): 0, ("c", "d"): 0}, {("a", "b")}),
    ],
)
def test_the_rule(links: dict[tuple[str, str], int], allowed: set[tuple[str, str]]) -> None:
    assert talks(links, LAWS, set()) == allowed
    assert not talks(links, LAWS, {"a"})
    assert not talks(links, {name: law for name, law in LAWS.items() if name != "b"}, set())
