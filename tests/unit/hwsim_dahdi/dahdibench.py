"""The simulated DAHDI behind its own library, in one process: hwsim's loop runs in a thread; tests move time."""

import os
import queue
import sys
import threading
from pathlib import Path

from hwsim.core.engine import Engine
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.vendorlibs.dahdi.cards import DahdiMachine
from hwsim.vendorlibs.dahdi.library import DahdiLibrary
from hwsim.vendorlibs.rpc import RpcServer

ROOT = Path(__file__).resolve().parents[3]
IO = ROOT / "tests" / "unit" / "dahdi_io"
if str(IO) not in sys.path:
    sys.path.insert(0, str(IO))

from diokit import Dio  # noqa: E402
from kernelrig import Rig  # noqa: E402

LIBRARY = ROOT / "hwsim" / "vendorlibs" / "dahdi" / "libdahdiio.so"
DECL = ROOT / "drivers" / "dahdi" / "decl"


class Bench:
    """One machine. `run(ms)` moves time; `do(function)` runs something in hwsim's thread, and returns its result."""

    def __init__(self, folder, plans=(), persona=None, legs=1024, lockstep=True, seed=1):
        os.environ["HWSIM_DIR"] = str(folder)
        self.loop = Loop()
        self.truth = TruthLog()
        self.sim = Sim(Engine(legs, seed), self.truth, seed)
        self.machine = DahdiMachine(self.sim, plans)
        self.library = DahdiLibrary(self.machine, persona, lockstep=lockstep)
        self.server = RpcServer(self.loop, self.sim, Path(folder) / "dahdi.sock", self.library, name="dahdi")
        self._jobs = queue.SimpleQueue()
        self._wake_r, self._wake_w = os.pipe()
        self.loop.add_reader(self._wake_r, lambda: os.read(self._wake_r, 64))
        self._over = False
        self._thread = threading.Thread(target=self._main, daemon=True)
        self._thread.start()
        self.dio = Dio(LIBRARY, DECL)

    @property
    def kernel(self):
        return self.library.kernel

    def _main(self):
        while not self._over:
            self.loop.poll(1.0)
            while not self._jobs.empty():
                function, answer = self._jobs.get()
                try:
                    answer.put((function(), None))
                except BaseException as error:
                    answer.put((None, error))

    def do(self, function):
        answer = queue.SimpleQueue()
        self._jobs.put((function, answer))
        os.write(self._wake_w, b"x")
        value, error = answer.get(timeout=30)
        if error:
            raise error
        return value

    def run(self, ms):
        until = self.sim.now_us + round(ms * 1000)
        self.do(lambda: self.sim.advance_to(until))

    def close(self):
        self._over = True
        os.write(self._wake_w, b"x")
        self._thread.join(10)
        assert not self._thread.is_alive()
        failures = self.server.failures
        self.server.close()
        self.loop.remove_reader(self._wake_r)
        os.close(self._wake_r)
        os.close(self._wake_w)
        self.loop.close()
        self.sim.engine.close()
        assert failures == 0


class BenchRig(Rig):
    """The cases' rig on a bench."""

    def __init__(self, bench, *, first_near, first_far):
        super().__init__(bench.dio, first_near, first_far)
        self.bench = bench

    def now_ms(self):
        return self.bench.sim.now_us / 1000

    def sleep(self, ms):
        self.bench.run(ms)


def make_pair(bench):
    """Two local spans, as `realrig.py` makes them; a rig on them."""
    dio, firsts = bench.dio, []
    ctl = dio.open("ctl")
    for address in (b"1:0", b"1:1"):
        fields = {"driver": b"loc", "address": address, "channels": 31, "timing": 0}
        number = dio.with_struct(ctl, dio.DYNAMIC_CREATE, "dynamic_span", **fields).span
        dio.ioctl(ctl, dio.STARTUP, number)
        firsts.append(bench.do(lambda number=number: bench.kernel.span(number).channels[0].number))
    dio.close(ctl)
    return BenchRig(bench, first_near=firsts[0], first_far=firsts[1])
