"""Random programs and random worlds: whatever a program does, hwsim and the shim go on, and nothing is left behind."""

import contextlib
import os
import random
import socket

import pytest
from dahdibench import Bench

from hwsim.vendorlibs import wire
from hwsim.vendorlibs.dahdi import abi
from hwsim.vendorlibs.dahdi.cards import CardPlan, CardSignalling, E1Plan
from hwsim.vendorlibs.dahdi.models import MODELS
from hwsim.vendorlibs.dahdi.personality import SETS
from hwsim.vendorlibs.dahdi.shared import Field

FILES = ("ctl", "channel", "pseudo", "timer", "1", "2", "5", "16", "21", "36", "52", "chan/1/1", "nobody", "99999", "")
BLOCKING = {abi.Request.SYNC}


class Madness:
    """One program and the world around it, from one seed."""

    def __init__(self, bench, seed):
        self.bench, self.dio, self.rng = bench, bench.dio, random.Random(seed)
        self.fds, self.counts = [], {}

    def step(self):
        acts = (
            self.open,
            self.close,
            self.ask,
            self.ask,
            self.ask,
            self.strange,
            self.read,
            self.write,
            self.world,
            self.time,
        )
        act = self.rng.choice(acts)
        with contextlib.suppress(OSError):
            act()
            self.counts[act.__name__] = self.counts.get(act.__name__, 0) + 1

    def fd(self):
        return self.rng.choice(self.fds) if self.fds else -1

    def open(self):
        if len(self.fds) < 12:
            name = self.rng.choice(FILES)
            fd = self.dio.open(name)
            self.fds.append(fd)
            if name == "channel":
                self.dio.ioctl(fd, self.dio.SPECIFY, self.rng.randrange(0, 70))

    def close(self):
        if self.fds and self.rng.random() < 0.4:
            fd = self.fd()
            self.fds.remove(fd)
            self.dio.close(fd)

    def argument(self, size):
        rng = self.rng
        octets = bytearray(rng.choice((b"\0" * size, rng.randbytes(size))))
        for at in range(0, size - 3, 4):
            if rng.random() < 0.6:
                octets[at : at + 4] = abi.INT.pack(
                    rng.choice((0, 1, 2, 3, 4, 5, 6, 8, 13, 16, 86, 160, 1024, -1, 0x8000, 0x80))
                )
        return octets

    def ask(self):
        request = self.rng.choice([r for r in abi.Request if r not in BLOCKING])
        octets = self.argument((request >> 16) & 0x3FFF)
        if request == abi.Request.IOMUX:
            octets[:4] = abi.INT.pack(self.rng.randrange(1, 16) | abi.Mux.NOWAIT)
        if request == abi.Request.DYNAMIC_CREATE and self.rng.random() < 0.7:
            address = self.rng.choice((b"1:0", b"1:1", b"2:0", b"2:a"))
            octets[:72] = abi.DYNAMIC_SPAN.pack(b"loc", address, self.rng.choice((1, 31, 32)), 0, 0)
        if request == abi.Request.DIAL:
            octets[4:] = bytes(self.rng.choice(b"TPMORW0123456789*#ABCDX\0\xff") for _ in range(256))
        cell = self.dio.ffi.new("char[]", bytes(octets) + self.rng.randbytes(8192))
        self.dio.checked(self.dio.lib.dio_ioctl(self.fd(), request, cell))

    def strange(self):
        size = self.rng.choice((0, 4, 100))
        request = self.rng.randrange(4) << 30 | size << 16 | self.rng.randrange(1 << 16)
        cell = self.dio.ffi.new("char[]", 128)
        self.dio.checked(self.dio.lib.dio_ioctl(self.fd(), request, cell))

    def read(self):
        self.dio.read(self.fd(), self.rng.choice((0, 1, 160, 4096, 70000)))

    def write(self):
        self.dio.write(self.fd(), self.rng.randbytes(self.rng.choice((0, 1, 2, 3, 160, 161, 5000))))

    def time(self):
        self.bench.run(self.rng.choice((0.1, 1, 20, 20, 333)))

    def world(self):
        """The other ends, and the hardware."""
        rng, machine = self.rng, self.bench.machine
        line = machine.analog_lines[rng.choice(("ana/1", "ana/2"))]
        bus = machine.buses[rng.choice(("e1/1", "e1/2"))]
        far = bus.net.channel(rng.choice((1, 5, 16)))
        card = rng.choice(machine.cards)
        signal = rng.choice(("framed", "framed", "none", "ais", "unframed"))
        acts = (
            lambda: line.ring(rng.random() < 0.5),
            lambda: line.close_loop(rng.random() < 0.5),
            lambda: line.reverse(rng.random() < 0.5),
            lambda: line.feed(rng.random() < 0.8),
            lambda: line.cut(rng.random() < 0.2),
            lambda: bus.disturb(bus.card, signal=signal, bit_error_ratio=rng.choice((0, 0, 1e-3))),
            lambda: far.send_bits(rng.randrange(1, 16)),
            far.open_hdlc,
            lambda: far.write(rng.randbytes(rng.randrange(1, 300))),
            lambda: card.plug(rng.random() < 0.7),
            self.nonsense,
        )
        self.bench.do(rng.choice(acts))

    def nonsense(self):
        """The program's side writes rubbish into the page that it shares."""
        for file in self.bench.library.files.values():
            if self.rng.random() < 0.1:
                file.page.fields[self.rng.choice((Field.TX_PUT, Field.RX_TAKEN))] = self.rng.randrange(1 << 32)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(tmp_path, seed):
    e1 = [E1Plan(), E1Plan(CardSignalling.R2)]
    plans = [CardPlan("ana", MODELS["TDM410P"], "A", ports="OS-O"), CardPlan("e1", MODELS["TE220"], "B", e1)]
    bench = Bench(tmp_path, plans, SETS[sorted(SETS)[seed % len(SETS)]])
    before = bench.do(lambda: bench.sim.engine.stats())
    madness = Madness(bench, seed)
    for _ in range(400):
        madness.step()
    for fd in madness.fds:
        bench.dio.close(fd)
    bench.run(1000)
    after = bench.do(lambda: bench.sim.engine.stats())
    assert (after.sources, after.recorders, after.links) == (before.sources, before.recorders, before.links)
    assert not bench.library.files and not bench.kernel.pseudos
    assert all(madness.counts.get(name, 0) > 3 for name in ("open", "ask", "world", "time")), madness.counts
    bench.close()


def test_the_same_seed_is_the_same_world(tmp_path):
    def facts(folder):
        folder.mkdir()
        bench = Bench(
            folder,
            [
                CardPlan("ana", MODELS["TDM410P"], "A", ports="OS-O"),
                CardPlan("e1", MODELS["TE220"], "B", [E1Plan()] * 2),
            ],
        )
        madness = Madness(bench, 5)
        for _ in range(200):
            madness.step()
        for fd in madness.fds:
            bench.dio.close(fd)
        found = [{key: value for key, value in fact.items() if key != "pid"} for fact in bench.truth.facts]
        bench.close()
        return found

    assert facts(tmp_path / "a") == facts(tmp_path / "b")


def test_strangers_at_the_socket(tmp_path):
    """Packets that are no messages, and calls that are no calls, cost the sender its connection or an error."""
    bench = Bench(tmp_path, [CardPlan("ana", MODELS["TDM410P"], "A", ports="OS-O")])
    rng = random.Random(1)
    for turn in range(60):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.connect(str(tmp_path / "dahdi.sock"))
            if turn % 2:
                sock.send(b"\x01\x01\x00" + os.getpid().to_bytes(4, "little") + bytes(4) + b"\0\0\x05\0dahdi\x01\0x")
                name = rng.choice((b"open", b"ioctl", b"wait", b"kick", b"what"))
                call = bytes([wire.CALL]) + bytes(4) + len(name).to_bytes(2, "little") + name
                args = rng.choice((b"\x00", b"\x01i" + bytes(4), b"\x02b\x03\0\0\0abci" + rng.randbytes(4)))
                sock.send(call + args + b"\x01b")
            else:
                sock.send(rng.randbytes(rng.randrange(1, 80)))
            bench.run(0.1)
    fd = bench.dio.channel(1)
    bench.dio.close(fd)
    bench.close()
