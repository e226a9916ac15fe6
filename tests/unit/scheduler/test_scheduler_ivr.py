"""The flow interpreter: every digit read once, positions that can be stored anywhere, no flow without an end."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from boardd.scheduler.config.nodes import (
    CollectNode,
    Flow,
    GotoNode,
    HoursNode,
    MenuNode,
    NodeKind,
    PlayNode,
    QueueNode,
    SetNode,
    TransferNode,
)
from boardd.scheduler.ivr.machine import Enqueue, Farewell, Listen, Machine, Outcome, Phase, Position, Say, Transfer


def machine(**nodes):
    return Machine({"f": Flow(start=next(iter(nodes)), nodes=nodes)}, lambda schedule: schedule == "open")


COLLECT = CollectNode(kind=NodeKind.COLLECT, variable="pin", min=2, max=4, prompts=["p"], retries=1, next="done")
DONE = PlayNode(kind=NodeKind.PLAY, prompts=["done"])


def test_collect_terminator_length_and_timeouts():
    m = machine(ask=COLLECT, done=DONE)
    position = Position(flow="f")
    assert m.begin(position, "") == Say(("p",), True)
    assert m.digits(position, "1") == Listen(4.0)
    assert position.collected == "1"
    assert m.digits(position, "2#") == Say(("done",), False)
    assert (position.variables, position.used) == ({"pin": "12"}, 3)

    position = Position(flow="f")
    m.begin(position, "")
    assert m.digits(position, "12345") == Say(("done",), False)
    assert (position.variables, position.used) == ({"pin": "1234"}, 4)

    position = Position(flow="f")
    m.begin(position, "")
    assert m.prompt_over(position, "") == Listen(8.0)
    assert m.digits(position, "12") == Listen(4.0)
    assert m.time_over(position, "") == Say(("done",), False)

    position = Position(flow="f")
    m.begin(position, "")
    m.digits(position, "1")
    assert m.time_over(position, "") == Say(("invalid", "p"), True)
    assert m.digits(position, "#") == Farewell((), 16)


def test_resume_keeps_what_was_collected():
    m = machine(ask=COLLECT, done=DONE)
    position = Position(flow="f")
    m.begin(position, "")
    m.digits(position, "1")
    stored = msgspec.json.decode(msgspec.json.encode(position), type=Position)
    assert m.resume(stored, "") == Say(("p",), True)
    assert m.digits(stored, "7#") == Say(("done",), False)
    assert stored.variables == {"pin": "17"}


def test_without_barge_in_digits_wait_for_the_end_of_the_prompt():
    menu = MenuNode(kind=NodeKind.MENU, prompts=["m"], choices={"1": "done"}, barge_in=False)
    m = machine(menu=menu, done=DONE)
    position = Position(flow="f")
    m.begin(position, "")
    assert m.digits(position, "1") is None
    assert m.prompt_over(position, "1") == Say(("done",), False)
    assert position.used == 1


def test_hours_set_goto_queue_transfer():
    m = Machine(
        {
            "f": Flow(
                start="set",
                nodes={
                    "set": SetNode(kind=NodeKind.SET, variables={"a": "1", "b": "$a"}, next="hours"),
                    "hours": HoursNode(kind=NodeKind.HOURS, schedule="open", open="go", closed="set"),
                    "go": GotoNode(kind=NodeKind.GOTO, flow="g"),
                },
            ),
            "g": Flow(
                start="q",
                nodes={
                    "q": QueueNode(kind=NodeKind.QUEUE, queue="x", on_timeout="t", on_full="q2"),
                    "q2": QueueNode(kind=NodeKind.QUEUE, queue="y"),
                    "t": TransferNode(kind=NodeKind.TRANSFER, number="$b", group="pstn", on_failed="q", on_busy="q2"),
                },
            ),
        },
        lambda schedule: schedule == "open",
    )
    position = Position(flow="f")
    assert m.begin(position, "") == Enqueue("x", False)
    assert position.phase is Phase.AWAY
    assert m.digits(position, "5") is None
    assert m.outcome(position, Outcome.TIMEOUT, "") == Transfer("", "1", "pstn", 30.0)
    assert m.outcome(position, Outcome.NO_ANSWER, "") == Enqueue("x", False)
    assert m.outcome(position, Outcome.FULL, "") == Enqueue("y", False)
    assert m.outcome(position, Outcome.TIMEOUT, "") == Farewell((), 16)
    assert m.outcome(position, Outcome.TIMEOUT, "") == Farewell((), 16)


def test_a_circle_without_a_pause_ends():
    m = machine(
        a=SetNode(kind=NodeKind.SET, variables={}, next="b"), b=SetNode(kind=NodeKind.SET, variables={}, next="a")
    )
    assert m.begin(Position(flow="f"), "") == Farewell((), 41)
    silent = machine(a=PlayNode(kind=NodeKind.PLAY, prompts=[], next="a"))
    position = Position(flow="f")
    step = silent.begin(position, "")
    for _ in range(200):
        if isinstance(step, Farewell):
            break
        step = silent.prompt_over(position, "", heard=False)
    assert step == Farewell((), 41)


def test_flow_that_is_gone_from_the_configuration_ends():
    assert machine(a=DONE).resume(Position(flow="gone", node="x"), "12") == Farewell((), 16)
    assert machine(a=DONE).begin(Position(flow="gone"), "") == Farewell((), 16)


NAMES = ["a", "b", "c", "d", ""]
target = st.sampled_from(NAMES)
node = st.one_of(
    st.builds(PlayNode, kind=st.just(NodeKind.PLAY), prompts=st.just(["p"]), next=target, barge_in=st.booleans()),
    st.builds(
        MenuNode,
        kind=st.just(NodeKind.MENU),
        prompts=st.just(["m"]),
        choices=st.dictionaries(st.sampled_from("12*"), target, min_size=1),
        barge_in=st.booleans(),
        retries=st.integers(0, 2),
        on_timeout=target,
        on_invalid=target,
    ),
    st.builds(
        CollectNode,
        kind=st.just(NodeKind.COLLECT),
        variable=st.just("v"),
        prompts=st.just(["c"]),
        min=st.integers(0, 2),
        max=st.integers(2, 4),
        barge_in=st.booleans(),
        retries=st.integers(0, 2),
        next=target,
        on_failed=target,
    ),
    st.builds(QueueNode, kind=st.just(NodeKind.QUEUE), queue=st.just("q"), on_timeout=target),
    st.builds(GotoNode, kind=st.just(NodeKind.GOTO), flow=st.just("f"), node=target),
    st.builds(
        HoursNode, kind=st.just(NodeKind.HOURS), schedule=st.sampled_from(["open", "x"]), open=target, closed=target
    ),
)
happening = st.one_of(
    st.tuples(st.just("digit"), st.sampled_from("129#*")),
    st.tuples(st.sampled_from(["prompt", "time", "out"]), st.just("")),
)


@settings(max_examples=300)
@given(
    nodes=st.fixed_dictionaries({name: node for name in NAMES if name}),
    happenings=st.lists(happening, max_size=40),
    restarts=st.sets(st.integers(0, 40)),
)
def test_any_flow_under_any_input(nodes, happenings, restarts):
    """No exception, no digit read twice or out of order, and a stored position goes on like the original."""
    m = machine(**nodes)
    position = Position(flow="f")
    typed = ""

    def unread():
        assert 0 <= position.used <= len(typed)
        return typed[position.used :]

    step = m.begin(position, unread())
    for i, (what, digit) in enumerate(happenings):
        if isinstance(step, Farewell):
            break
        before = position.used
        if i in restarts:
            position = msgspec.json.decode(msgspec.json.encode(position), type=Position)
            if position.phase is not Phase.AWAY:
                step = m.resume(position, unread()) or step
                continue
        new = None
        if what == "digit":
            typed += digit
            new = m.digits(position, unread())
        elif what == "prompt" and isinstance(step, Say):
            new = m.prompt_over(position, unread())
        elif what == "time" and isinstance(step, Listen):
            new = m.time_over(position, unread())
        elif what == "out" and isinstance(step, Enqueue):
            new = m.outcome(position, Outcome.TIMEOUT, unread())
        assert position.used >= before
        step = new or step
        if isinstance(step, Listen):
            assert position.phase is Phase.DIGITS
            assert unread() == ""
