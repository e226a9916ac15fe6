"""Whatever happens in whatever order: every call has one end, the line comes back, nothing is left running."""

from clockwork import Line, Telephone
from hypothesis import given, settings
from hypothesis import strategies as st

from boardd.signalling.analog import (
    Answered,
    CallerKnown,
    Cleared,
    Dialled,
    FxoEvent,
    LineFree,
    Offered,
    Phase,
    Rang,
    RingBack,
    Sound,
)
from boardd.signalling.analog.caller_id import FskMessage
from boardd.signalling.analog.fxs import Flashed, Lifted, PulseDigit, PutDown

STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 100, 400, 700, 1100, 4000, 8000])),
    st.tuples(st.just("dial"), st.sampled_from(["1", "9,138", "13800138000"])),
    st.tuples(st.sampled_from(["answer", "hang_up", "flash", "ring_burst", "polarity", "digits_sent"])),
    st.tuples(st.sampled_from(["ring", "battery", "hook_done"]), st.booleans()),
    st.tuples(st.just("voltage"), st.sampled_from([0, 2000, 9000, 24000, -48000])),
    st.tuples(st.just("heard"), st.sampled_from(list(Sound))),
    st.tuples(st.just("digit"), st.sampled_from("0123DABC#")),
    st.tuples(st.just("caller_id"), st.sampled_from([FskMessage(True, "138"), FskMessage(False), FskMessage(True)])),
    st.tuples(st.just("hook_failed"), st.just("EIO")),
)
PROFILES = st.fixed_dictionaries(
    {},
    optional={
        "wait_dial_tone": st.just(False),
        "rings_to_offer": st.just(2),
        "min_ring_ms": st.just(0),
        "silence_ms": st.just(3000),
        "max_call_ms": st.just(5000),
        "caller_id": st.just(False),
    },
)


class Judge:
    """Reads the events of one line as a host does: a call begins with Offered or `dial` and ends with LineFree."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.call = False
        self.incoming = False
        self.cleared = self.through = False
        self.calls = 0

    def begin(self, incoming: bool) -> None:
        assert not self.call, "a second call on the line"
        self.call, self.incoming, self.cleared, self.through = True, incoming, False, False
        self.calls += 1

    def take(self, event: FxoEvent) -> None:
        if isinstance(event, Offered):
            self.begin(incoming=True)
        elif isinstance(event, LineFree):
            assert self.call, "freed without a call"
            self.call = False
        elif isinstance(event, Cleared):
            assert self.call and not self.cleared, "released twice"
            self.cleared = True
        elif isinstance(event, Rang | CallerKnown):
            assert self.call and self.incoming and not self.cleared and not self.through
        elif isinstance(event, Dialled | RingBack):
            assert self.call and not self.incoming and not self.cleared
        elif isinstance(event, Answered):
            assert self.call and not self.cleared
            self.through = True


@settings(max_examples=400, deadline=None)
@given(changes=PROFILES, steps=st.lists(STEPS, max_size=40))
def test_exchange_line(changes: dict[str, object], steps: list[tuple[object, ...]]) -> None:
    line = Line(**changes)
    judge = Judge(line)
    line.react = judge.take
    for step in steps:
        name, *args = step
        if name == "wait":
            line.clock.forward(float(str(args[0])))
        elif name == "dial":
            usable = line.machine.usable
            if usable:
                judge.begin(incoming=False)
            assert line.machine.dial(str(args[0])) is usable
        else:
            getattr(line.machine, str(name))(*args)
        assert judge.call is (line.machine.phase not in (Phase.REST, Phase.OUT))
    _come_to_rest(line, judge)


def _come_to_rest(line: Line, judge: Judge) -> None:
    """Quiet, fed, hung up: within the longest of all times the line is free and nothing runs but its silence."""
    line.machine.ring(False)
    line.machine.battery(True)
    line.machine.voltage(48_000)
    line.machine.hang_up()
    line.clock.forward(60_000)
    line.machine.hang_up()
    line.clock.forward(60_000)
    assert line.machine.usable and not judge.call and not line.machine.off_hook
    assert line.clock.pending == 0
    hooks = [order[1] for order in line.orders if order[0] == "hook"]
    assert hooks == [index % 2 == 0 for index in range(len(hooks))], "off and on in turn"


PERSON = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([10, 38, 62, 90, 300, 600, 800, 3000])),
    st.tuples(st.just("loop"), st.booleans()),
    st.tuples(st.sampled_from(["ring", "stop_ring", "ring_stopped"])),
)


@settings(max_examples=400, deadline=None)
@given(steps=st.lists(PERSON, max_size=60))
def test_telephone(steps: list[tuple[object, ...]]) -> None:
    telephone = Telephone()
    for name, *args in steps:
        if name == "wait":
            telephone.clock.forward(float(str(args[0])))
        elif name == "ring":
            telephone.machine.ring("138")
        else:
            getattr(telephone.machine, str(name))(*args)
    telephone.machine.stop_ring()
    telephone.machine.loop(False)
    telephone.clock.forward(5000)
    assert telephone.clock.pending == 0 and not telephone.machine.off_hook and not telephone.machine.rung
    lifted = False
    for event in telephone.events:
        if isinstance(event, Lifted):
            assert not lifted
            lifted = True
        elif isinstance(event, PutDown):
            assert lifted
            lifted = False
        else:
            assert isinstance(event, Flashed | PulseDigit) and lifted
    assert not lifted
    rings = [order[1] for order in telephone.orders if order[0] == "ring"]
    assert rings == [index % 2 == 0 for index in range(len(rings))]
