"""An E1 in memory: boardd's span at one end, peers that follow scripts at the other."""

from mfcr2_card import Site
from r2_peer import IDLE, Peer
from r2_traces import Tape
from town import make_sim

from boardd.signalling.mfcr2.profile import parse_profile
from hwsim.spanbus.bus import SpanBus


class Bench:
    def __init__(self, yaml="", slots=(1,), peers=None, first_bits=IDLE, **site):
        self.sim = make_sim()
        self.bus = SpanBus(self.sim, "9/1", cas=True)
        self.profile = parse_profile(yaml, "test.yaml")
        forward = peers or {}
        self.peers = {
            slot: Peer(self.sim, self.bus, slot, forward=forward.get(slot, True), bits=first_bits) for slot in slots
        }
        self.run_s(0.05)
        self.site = Site(self.sim, self.bus.card, list(slots), self.profile, **site)
        self.span = self.site.span
        self.bits = []
        self.bus.bits_taps.append(lambda at_us, side, slot, abcd: self.bits.append((side, slot, f"{abcd:04b}")))
        self.run_s(0.2)

    @property
    def peer(self):
        return next(iter(self.peers.values()))

    def tape(self, slot=1):
        return Tape(self, slot)

    def run_s(self, seconds):
        self.sim.advance_to(self.sim.now_us + round(seconds * 1_000_000))

    def until(self, condition, seconds=60.0, step_s=0.02):
        for _ in range(round(seconds / step_s)):
            if condition():
                return True
            self.run_s(step_s)
        return bool(condition())

    def bits_of(self, slot=1):
        return [f"{side} {abcd}" for side, at, abcd in self.bits if at == slot]

    def ladder(self, slot=1):
        return "\n".join(self.span.ladder(slot).lines())
