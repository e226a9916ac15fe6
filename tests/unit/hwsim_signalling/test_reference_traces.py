"""What is on the line against fixed traces written from facts 3.5, 3.6 and 4.1 to 4.3, not recorded from a library."""

import pytest
from r2_checker import BACKWARD_HZ, FORWARD_HZ, check, pulses
from r2_traces import Tape
from test_pri_calls import PriTown
from test_r2_calls import R2Town
from test_r2_peer import PeerTown
from town import Pbx, Phone, Town

from hwsim.edge.plan import PlannedCall
from hwsim.exchange.trunk_circuit import InbandFailure
from hwsim.signalling.pri_network import PriNetwork
from hwsim.signalling.pri_stack import PriStack
from hwsim.signalling.q931_events import CallRequest, Node, PriEventKind
from hwsim.signalling.r2_profile import KbMap, R2Profile

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


# -- what the scenarios at the edge need ------------------------------------------------------------------------------
OVERLAP = [
    ("card", "08020001 05 04039090a3 1803a98382 700a81 313338303031333830"),  # no sending complete
    ("net", "08028001 0d 1803a98382"),  # SETUP ACKNOWLEDGE
    ("card", "08020001 7b 700281 30"),  # INFORMATION
    ("card", "08020001 7b 700281 30"),
    ("net", "08028001 02 1803a98382"),  # the number is complete
    ("net", "08028001 01 1e028188"),
    ("net", "08028001 07 1803a98382"),
    ("card", "08020001 0f"),
]
TOO_SLOW = [
    ("card", "08020001 05 04039090a3 1803a98382 700a81 313338303031333830"),
    ("net", "08028001 0d 1803a98382"),
    ("net", "08028001 45 0802819c"),  # DISCONNECT, cause 28: T302 was over
    ("card", "08020001 4d 0802809c"),
    ("net", "08028001 5a 0802819c"),
]
ANNOUNCED = [
    ("card", "08020001 05 04039090a3 1803a98383 700981 3838303039393939 a1"),
    ("net", "08028001 02 1803a98383"),
    ("net", "08028001 45 08028181 1e028288"),  # DISCONNECT, cause 1, progress 8: public network serving the local user
    ("net", "08028001 4d 08028181"),  # RELEASE after T306
    ("card", "08020001 5a"),
]
OUT_OF_SERVICE = [
    ("net", "020153"),  # DISC with P
    ("card", "020173"),  # UA with F
    ("card", "00017f"),  # SABME with P
    ("net", "00011f"),  # DM with F
]


def test_overlap_from_the_card(pri_town):
    tap = Tap(pri_town.bus)
    leg = pri_town.cpe.call(2, "13800138000", first=9)
    assert pri_town.until(lambda: leg.connected)
    assert tap.messages == packed(OVERLAP)


def test_overlap_that_stops(pri_town):
    tap = Tap(pri_town.bus)
    leg = pri_town.cpe.call(2, "13800138000", first=9, gap_ms=60_000)
    assert pri_town.until(lambda: leg.over)
    assert tap.messages == packed(TOO_SLOW)


def test_announcement_at_clearing(libpri):
    town = PriTown(inband_failure_ms=30_000, inband_failure=InbandFailure.DISCONNECT)
    tap = Tap(town.bus)
    leg = town.cpe.call(3, "88009999")
    assert town.until(lambda: leg.over)
    assert tap.messages == packed(ANNOUNCED)


def test_d_channel_out_of_service(pri_town):
    tap = Tap(pri_town.bus)
    pri_town.network.close_link()
    pri_town.run_s(1.5)
    assert tap.others == OUT_OF_SERVICE and not tap.messages


FROM_NETWORK_TO_PEER = [*((digit, 1) for digit in (1, 10, 5)), (5, 6), (1, 1)]
CALLER = [(digit, 1) for digit in (1, 3, 8, 10, 10, 1, 3, 8, 10, 10, 10)]


def test_r2_call_to_the_peer(libopenr2):
    town = PeerTown()
    tape = Tape(town, 1)
    town.phone.call("88001055")
    town.until_told("connected")
    town.run_s(0.5)
    town.phone.hang_up()
    town.run_s(1)
    trace = tape.trace("net")
    assert [f"{side} {abcd:04b}" for _, side, abcd in trace.bits] == LINE_SIGNALS
    assert check(trace).pairs == [*FROM_NETWORK_TO_PEER, *CALLER, (15, 3), (3, 1)]


def test_r2_call_without_end_of_the_number(libopenr2):
    """After the last digit nothing for 8 s; A3 as a pulse of 100 to 200 ms; KD, which is held until KB, as ever."""
    town = PeerTown(register_gap_ms=8000)
    town.network.keep_number_open(1)
    tape = Tape(town, 1, ring_s=20)
    town.phone.call("88001055")
    town.until_told("connected")
    trace = tape.trace("net")
    forward, backward = pulses(trace.forward, FORWARD_HZ)[0], pulses(trace.backward, BACKWARD_HZ)[0]
    assert [number for *_, number in forward] == [f for f, _ in (*FROM_NETWORK_TO_PEER, *CALLER)] + [3]
    assert [number for *_, number in backward] == [b for _, b in (*FROM_NETWORK_TO_PEER, *CALLER)] + [3, 1]
    (_, last_ms, _), (pulse_on, pulse_off, _), (kb_on, *_) = backward[-3:]
    kd_on = forward[-1][0]
    assert 8000 <= pulse_on - last_ms <= 8300 and 100 <= pulse_off - pulse_on <= 200
    assert pulse_on < kd_on < kb_on and kb_on - pulse_off >= 300


@pytest.mark.parametrize(
    ("profile", "number", "last"),
    [
        (R2Profile(kb=KbMap.LOCAL), "13800138000", [(15, 3), (3, 4)]),
        (R2Profile(kb=KbMap.TOLL), "13800138000", [(15, 3), (3, 2)]),
        (R2Profile(), "88009999", [(15, 3), (3, 5)]),
        (R2Profile(refused_in_a={"8800": 5}), "88009999", [(9, 1), (9, 5)]),
    ],
)
def test_r2_refusals(libopenr2, profile, number, last):
    town = PeerTown(profile)
    town.phone.line.off_hook = True
    tape = Tape(town, 1)
    town.peer.call(1, number, "88001000")
    town.until_told("over")
    town.run_s(0.5)
    trace = tape.trace("card")
    assert [f"{side} {abcd:04b}" for _, side, abcd in trace.bits] == [s for s in LINE_SIGNALS if "0111" not in s]
    assert check(trace).pairs[-2:] == last


def test_r2_line_signals_of_blocking_and_silence(libopenr2):
    town = PeerTown()
    town.network.block(1)
    town.run_s(1)
    town.network.block(1, False)
    town.run_s(1)
    town.network.ignore_card(1)
    town.peer.lines[1].seize(PlannedCall(0, "9/1", 1, "13800138000"))
    town.run_s(3)
    seen = [f"{side} {bits}" for side, slot, bits in town.bits if slot == 1]
    assert seen[seen.index("net 1111") :] == ["net 1111", "net 1011", "card 0011", "card 1011"]
