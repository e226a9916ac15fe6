"""What is on the line against fixed traces written from facts 3.5, 3.6 and 4.1 to 4.3, not recorded from a library."""

import pytest
from r2_checker import check
from r2_traces import Tape
from test_pri_calls import PriTown
from test_r2_calls import R2Town
from town import Pbx, Phone, Town

from hwsim.signalling.pri_network import PriNetwork
from hwsim.signalling.pri_stack import PriStack
from hwsim.signalling.q931_events import CallRequest, Node, PriEventKind

SETUP_IN = (
    "08020001 05"  # first call reference of the network
    " 04039090a3"  # bearer: 3.1 kHz audio, A-law
    " 1803a98381"  # exclusive channel 1
    " 6c0d0183 3133383030313338303030"  # calling: unknown type, E.164; allowed, network provided: 13800138000
    " 700581 31303535"  # called: unknown type, E.164: 1055
    " a1"  # sending complete
)
FROM_NETWORK = [
    ("net", SETUP_IN),
    ("card", "08028001 02 1803a98381"),  # CALL PROCEEDING
    ("card", "08028001 01"),  # ALERTING
    ("card", "08028001 07 1803a98381"),  # CONNECT
    ("net", "08020001 0f"),  # CONNECT ACKNOWLEDGE
    ("net", "08020001 45 08028190"),  # DISCONNECT, private network serving the local user, cause 16
    ("card", "08028001 4d 08028090"),  # RELEASE
    ("net", "08020001 5a 08028190"),  # RELEASE COMPLETE
]
FROM_CARD = [
    ("card", "08020001 05 04039090a3 1803a98383 6c0a0180 3838303031303030 700c81 3133383030313338303030 a1"),
    ("net", "08028001 02 1803a98383"),  # CALL PROCEEDING
    ("net", "08028001 01 1e028188"),  # ALERTING, in-band information from the private network serving the local user
    ("net", "08028001 07 1803a98383"),  # CONNECT
    ("card", "08020001 0f"),
    ("card", "08020001 45 08028090"),
    ("net", "08028001 4d 08028190"),
    ("card", "08020001 5a"),
]
UNKNOWN_NUMBER = [
    ("card", "08020001 05 04039090a3 1803a98383 700981 3838303039393939 a1"),
    ("net", "08028001 02 1803a98383"),
    ("net", "08028001 45 08028181"),  # DISCONNECT, cause 1
    ("card", "08020001 4d 08028081"),
    ("net", "08028001 5a 08028181"),
]


def packed(trace):
    return [(side, words.replace(" ", "")) for side, words in trace]


class Tap:
    """Q.931 messages of both sides, and the Q.921 address of each frame that carried one."""

    def __init__(self, bus):
        self.messages, self.others = [], []
        bus.frame_taps.append(self._frame)

    def _frame(self, _at_us, side, frame):
        if frame[2] & 1:
            self.others.append((side, frame.hex()))
            return
        assert frame[:2] == (b"\x02\x01" if side == "net" else b"\x00\x01")
        self.messages.append((side, frame[4:].hex()))


@pytest.fixture
def pri_town(libpri):
    town = PriTown(digits_sent=4)
    town.run_s(1)
    return town


def test_call_from_the_network(pri_town):
    tap = Tap(pri_town.bus)
    pri_town.phone.call("88001055")
    assert pri_town.until(lambda: pri_town.facts("call_answer"))
    pri_town.phone.hang_up()
    pri_town.run_s(1)
    assert tap.messages == packed(FROM_NETWORK)


def test_call_from_the_card(pri_town):
    tap = Tap(pri_town.bus)
    leg = pri_town.cpe.call(3, "13800138000", "88001000")
    assert pri_town.until(lambda: leg.connected)
    pri_town.cpe.hang_up(leg)
    pri_town.run_s(1)
    assert tap.messages == packed(FROM_CARD)


def test_call_to_nobody(pri_town):
    tap = Tap(pri_town.bus)
    pri_town.cpe.call(3, "88009999")
    pri_town.run_s(2)
    assert tap.messages == packed(UNKNOWN_NUMBER)


def test_data_link(libpri):
    town = Town()
    tap = Tap(town.bus)
    PriNetwork(town.sim, town.bus)
    Pbx(town)
    town.run_s(21)
    assert tap.others[:2] == [("net", "02017f"), ("card", "020173")]  # SABME with P, UA with F
    polls = [frame for side, frame in tap.others if side == "net"][1:]
    assert polls[-1] in ("02010101", "00010101")  # RR with P, or the answer to the card's, after T203 of 10 s


def test_the_librarys_user_side_sends_the_same(libpri):
    """libpri as user against the trace of the card's side; the location in its causes is its own choice."""
    town = Town(digits_sent=4)
    PriNetwork(town.sim, town.bus)
    channel = town.bus.card.channel(16)
    channel.open_hdlc()
    calls = []

    def event(e):
        if e.kind is PriEventKind.RING:
            user.proceeding(e.call, e.channel)
            user.alerting(e.call, e.channel, in_band=False)
            user.connect(e.call, e.channel)
            calls.append(e)
        elif e.kind in (PriEventKind.HANGUP, PriEventKind.HANGUP_REQ):
            user.hangup(e.call, e.cause)

    user = PriStack(town.sim, Node.USER, channel.write, event)

    def readable(channel):
        while (frame := channel.read()) is not None:
            user.receive(frame)

    channel.hook = readable
    town.run_s(2)
    tap = Tap(town.bus)
    phone = Phone(town, "13800138000")
    phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    phone.hang_up()
    town.run_s(1)
    release = ("card", "080280014d08028190")
    assert tap.messages == [release if at == 6 else message for at, message in enumerate(packed(FROM_NETWORK))]
    assert (calls[0].called, calls[0].caller, calls[0].slot) == ("1055", "13800138000", 1)
    tap.messages.clear()
    user.setup(CallRequest(3, "13800138000", "88001000", presentation=0x00))
    assert town.until(lambda: len(town.facts("call_answer")) == 2)
    assert tap.messages[0] == packed(FROM_CARD)[0]


LINE_SIGNALS = ["forward 0011", "backward 1111", "backward 0111", "forward 1011", "backward 1011"]
REGISTERS = [
    *((digit, 1) for digit in (1, 10, 5)),
    (5, 6),  # A6 after the last called digit
    (1, 1),  # KA 1: ordinary subscriber, billed by the period
    *((digit, 1) for digit in (1, 3, 8, 10, 10, 1, 3, 8, 10, 10, 10)),
    (15, 3),  # end of the calling number, A3
    (3, 1),  # KD 3, KB 1
]


@pytest.mark.parametrize("forward", ["net", "card"])
def test_r2_call(libopenr2, forward):
    town = R2Town(card={"digits": 4})
    tape = Tape(town, 1)
    if forward == "net":
        town.phone.call("88001055")
        assert town.until(lambda: town.facts("call_answer"))
        town.phone.hang_up()
    else:
        port = town.card.ports[1]
        Phone(town, "88001234")
        port.dial("88001234", "13800138000")
        assert town.until(lambda: "CALL_ANSWERED" in port.kinds())
        port.hang_up()
    town.run_s(1)
    trace = tape.trace(forward)
    assert [f"{side} {abcd:04b}" for _, side, abcd in trace.bits] == LINE_SIGNALS
    called = REGISTERS[:4] if forward == "net" else [*((d, 1) for d in (8, 8, 10, 10, 1, 2, 3)), (4, 6)]
    assert check(trace).pairs == [*called, *REGISTERS[4:]]
