"""Two ends of an SS7 span in simulated time, over lists or over the simulated E1."""

from boardd.signalling.isup.options import IsupOptions
from boardd.signalling.isup.span import IsupSpan
from boardd.signalling.span import CallEvent, CallRequest, Number, NumberKind, Presentation
from hwsim.core.engine import Engine
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.spanbus.bus import SpanBus
from hwsim.spanbus.channel import Ready

WIRE_US = 2_000


class SimClock:
    def __init__(self, sim):
        self.sim = sim

    def now_us(self):
        return self.sim.now_us

    def at_us(self, due_us, action):
        return self.sim.at(due_us, action)


class End:
    """One span and the driver above it: alerts and answers after `answer_ms` (None: leaves it alone)."""

    def __init__(self, sim, options, send, answer_ms=300):
        self.sim, self.answer_ms = sim, answer_ms
        self.events = []
        self.span = IsupSpan(options, send, self._event, SimClock(sim))

    def _event(self, event):
        self.events.append(event)
        if type(event).__name__ == "Incoming" and self.answer_ms is not None:
            self.span.alerting(event.call)
            self.sim.later(self.answer_ms, self.span.connect, event.call)

    def dial(self, called="8001", caller="13800138000", slot=5, complete=True, shown=Presentation.ALLOWED):
        number = Number(called, NumberKind.NATIONAL)
        own = Number(caller, NumberKind.SUBSCRIBER, presentation=shown, screening=3)
        return self.span.setup(CallRequest(slot, number, own, complete=complete))

    def of(self, kind, **match):
        return [e for e in self.events if isinstance(e, kind) and all(getattr(e, k) == v for k, v in match.items())]

    def life(self, call=None):
        return [type(e).__name__ for e in self.events if isinstance(e, CallEvent) and (call is None or e.call == call)]


class Pair:
    """Ends `a` and `b`; frames take 2 ms. `change(side, frame)` may alter or drop (None) what is sent."""

    def __init__(self, bus=False, answer_ms=300, **options):
        self.sim = Sim(Engine(256, 1), TruthLog(), 1)
        self.change = None
        self.frames = []
        made = {"own_pc": 1, "adjacent_pc": 2, "dpc": 2, "first_cic": 32, **options}
        back = {**made, "own_pc": made["dpc"], "adjacent_pc": made["own_pc"], "dpc": made["own_pc"]}
        self.bus = SpanBus(self.sim, "9/1", cas=False) if bus else None
        self.a = End(self.sim, IsupOptions(**made), lambda frame: self._send("a", frame), answer_ms)
        self.b = End(self.sim, IsupOptions(**back), lambda frame: self._send("b", frame), answer_ms)
        if self.bus:
            self.bus.saw_frame = lambda *a: None
            for end, side in ((self.a, self.bus.card), (self.b, self.bus.net)):
                channel = side.channel(16)
                channel.open_hdlc(512)
                channel.hook = lambda channel, end=end: self._read(end, channel)
        for end in (self.a, self.b):
            end.span.start()

    def _send(self, side, frame):
        if self.change:
            frame = self.change(side, frame)
        if frame is None:
            return
        self.frames.append((self.sim.now_us, side, frame))
        if self.bus:
            (self.bus.card if side == "a" else self.bus.net).channel(16).write(frame)
        else:
            self.sim.at(self.sim.now_us + WIRE_US, (self.b if side == "a" else self.a).span.receive, frame)

    def _read(self, end, channel):
        while channel.ready & Ready.READ:
            end.span.receive(channel.read())

    def close(self):
        for end in (self.a, self.b):
            end.span.close()

    def run_s(self, seconds):
        self.sim.advance_to(self.sim.now_us + round(seconds * 1_000_000))

    def until(self, condition, seconds=30, step_s=0.01):
        for _ in range(round(seconds / step_s)):
            if condition():
                return True
            self.run_s(step_s)
        return bool(condition())

    def up(self):
        return self.until(lambda: all(e.span.usable(s) for e in (self.a, self.b) for s in e.span.circuits), 40)
