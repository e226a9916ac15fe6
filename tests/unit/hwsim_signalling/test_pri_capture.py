"""Two hundred calls both ways on the D channel, seen by tshark; and the same with the library's own user side."""

import subprocess
from collections import defaultdict

import pytest
from town import Pbx, Phone, Town

from hwsim.signalling.pri_network import PriNetwork
from hwsim.signalling.pri_stack import PriStack
from hwsim.signalling.q931_events import CallRequest, Node, PriEventKind
from hwsim.spanbus.capture import PcapFile

pytestmark = pytest.mark.usefixtures("libpri")

CALLS = 200
NAMES = {0x05: "SETUP", 0x02: "PROC", 0x01: "ALERT", 0x07: "CONN", 0x0F: "ACK", 0x45: "DISC", 0x4D: "REL", 0x5A: "COMP"}
WHOLE = ["SETUP", "PROC", "ALERT", "CONN", "ACK", "DISC", "REL", "COMP"]


def dissect(tshark, path, fields):
    argv = [tshark, "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    for field in fields:
        argv += ["-e", field]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def calls_in(tshark, path):
    """Message kinds of each call, in order. A call is its reference and the side that chose it."""
    rows = dissect(
        tshark, path, ["lapd.cr", "lapd.address", "q931.call_ref", "q931.call_ref_flag", "q931.message_type"]
    )
    open_calls, finished = {}, []
    for _, address, reference, flag, kind in rows:
        if not kind:
            continue
        from_network = int(address, 16) >> 8 & 2 != 0
        chosen_by_network = from_network == (flag in ("0", "False"))
        key = (reference, chosen_by_network)
        open_calls.setdefault(key, []).append(NAMES[int(kind, 16)])
        if open_calls[key][-1] == "COMP":
            finished.append(open_calls.pop(key))
    assert not open_calls
    return finished


def no_errors(tshark, path):
    argv = [tshark, "-n", "-r", str(path), "-Y", "_ws.malformed || _ws.expert.severity >= 0x600000"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return done.stdout == ""


def traffic(town, dial, calls=CALLS):
    """Calls of both directions, overlapping: every 150 ms one, of 2 s."""
    for index in range(calls):
        at_ms = 150 * index
        if index % 2:
            town.sim.later(at_ms, dial, index)
        else:
            phone = Phone(town, f"138{index:08d}")
            town.sim.later(at_ms, phone.call, f"880010{index % 100:02d}")
            town.sim.later(at_ms + 2500, phone.hang_up)
    town.run_s(calls * 0.15 + 10)
    assert town.idle()


def test_two_hundred_calls_as_tshark_sees_them(tshark, tmp_path):
    town = Town(digits_sent=4)
    network = PriNetwork(town.sim, town.bus)
    file = network.capture(tmp_path / "d.pcap")
    cpe = Pbx(town, answer_ms=300)
    town.run_s(2)
    legs = []

    def dial(index):
        number = f"137{index:08d}"
        Phone(town, number, answer_ms=200)
        leg = cpe.call(31 - index % 15, number, "88001000", exclusive=False)
        legs.append((leg, number))
        town.sim.later(2500, cpe.hang_up, leg)

    traffic(town, dial)
    network.close()
    assert len(cpe.finished) == CALLS and all(leg.connected for leg in cpe.finished)
    assert all(end == (16, "calling", True) for end in town.ends()) and len(town.ends()) == CALLS
    assert file.frames > CALLS * 8
    assert no_errors(tshark, tmp_path / "d.pcap")
    seen = calls_in(tshark, tmp_path / "d.pcap")
    assert len(seen) == CALLS
    shapes = defaultdict(int)
    for kinds in seen:
        shapes[tuple(kinds)] += 1
    assert dict(shapes) == {tuple(WHOLE): CALLS}


class LibraryUser:
    """A card that uses the library's user side."""

    def __init__(self, town):
        self.town, self.connected, self.gone = town, set(), []
        self.channel = town.bus.card.channel(16)
        self.channel.open_hdlc()
        self.stack = PriStack(town.sim, Node.USER, self.channel.write, self._event)
        self.channel.hook = self._readable

    def _readable(self, channel):
        while channel.take_event():
            pass
        while (frame := channel.read()) is not None:
            self.stack.receive(frame)

    def _event(self, event):
        kind = event.kind
        if kind is PriEventKind.RING:
            self.stack.proceeding(event.call, event.channel)
            self.stack.alerting(event.call, event.channel)
            self.town.sim.later(200, self.stack.connect, event.call, event.channel)
        elif kind is PriEventKind.ANSWER:
            self.connected.add(event.call)
            self.town.sim.later(2000, self.stack.hangup, event.call, 16)
        elif kind in (PriEventKind.HANGUP, PriEventKind.HANGUP_REQ):
            self.stack.hangup(event.call, event.cause)
        if kind in (PriEventKind.HANGUP, PriEventKind.HANGUP_ACK):
            self.gone.append(event.cause)


def test_the_librarys_own_user_side(tshark, tmp_path):
    town = Town(digits_sent=4)
    network = PriNetwork(town.sim, town.bus)
    network.capture(tmp_path / "d.pcap")
    user = LibraryUser(town)
    town.run_s(2)

    def dial(index):
        number = f"137{index:08d}"
        Phone(town, number, answer_ms=200)
        user.stack.setup(CallRequest(31 - index % 15, number, "88001000", exclusive=False))

    traffic(town, dial, 60)
    network.close()
    assert user.gone == [16] * 60
    assert no_errors(tshark, tmp_path / "d.pcap")
    assert calls_in(tshark, tmp_path / "d.pcap") == [WHOLE] * 60


def test_the_check_finds_a_malformed_frame(tshark, tmp_path):
    file = PcapFile(tmp_path / "bad.pcap")
    file.write(0, bytes.fromhex("0201000008020001050403"))
    file.close()
    assert not no_errors(tshark, tmp_path / "bad.pcap")


def test_same_seed_same_frames(tmp_path):
    def run():
        town = Town(digits_sent=4)
        PriNetwork(town.sim, town.bus)
        Pbx(town)
        frames = []
        town.bus.frame_taps.append(lambda at_us, side, frame: frames.append((at_us, side, frame)))
        phone = Phone(town, "13800138000")
        town.sim.later(1500, phone.call, "88001055")
        town.run_s(15)
        return frames

    assert run() == run()
