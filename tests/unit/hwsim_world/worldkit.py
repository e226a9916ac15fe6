"""Scripted card ends for the lines of the world: what a board would do, with as little as a test needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hwsim.core.engine import Engine
from hwsim.core.events import Kind
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.line.analog import AnalogLine
from hwsim.line.caller_id import CallerId
from hwsim.line.caller_id_receiver import CallerIdReceiver
from hwsim.line.digital import Circuit, Setup, Signalling, Span


def make_sim(seed: int = 1) -> Sim:
    return Sim(Engine(1024, seed), TruthLog(), seed)


def run_s(sim: Sim, seconds: float) -> None:
    sim.advance_to(sim.now_us + round(seconds * 1_000_000))


def facts(sim: Sim, what: str, **match: Any) -> list[dict[str, Any]]:
    return list(sim.truth.of(what, **match))


@dataclass
class Machine:
    """Lines and spans without a card; the tests put card ends on them."""

    sim: Sim
    analog_lines: dict[str, AnalogLine] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)

    def of_kind(self, _kind):
        return []

    @classmethod
    def build(cls, sim: Sim, ports: int = 16, spans: int = 1) -> Machine:
        lines = {f"1/{port}": AnalogLine(sim, f"1/{port}") for port in range(ports)}
        built = {f"0/{n}": Span.build(sim, f"0/{n}", Signalling.ISDN_USER) for n in range(1, spans + 1)}
        return cls(sim, lines, built)


class CardCircuit:
    """The card's end of a circuit: notes what it is told, answers when `answer_ms` is set."""

    def __init__(self, circuit: Circuit, answer_ms: float | None = None, alerts: bool = True) -> None:
        self.circuit = circuit
        self.sim = circuit.sim
        self.answer_ms = answer_ms
        self.alerts = alerts
        self.told: list[tuple[str, Any]] = []
        self.setup: Setup | None = None
        circuit.card = self

    def words(self) -> list[str]:
        return [word for word, _ in self.told]

    def on_setup(self, setup: Setup) -> None:
        self.setup = setup
        self.told.append(("setup", setup))
        if self.alerts:
            self.circuit.net.on_alerting()
        if self.answer_ms is not None:
            self.sim.later(self.answer_ms, self.circuit.net.on_connect)

    def on_digits(self, digits: str) -> None:
        self.told.append(("digits", digits))

    def on_proceeding(self) -> None:
        self.told.append(("proceeding", None))

    def on_alerting(self) -> None:
        self.told.append(("alerting", None))

    def on_progress(self) -> None:
        self.told.append(("progress", None))

    def on_connect(self) -> None:
        self.told.append(("connect", None))

    def on_release(self, cause: int) -> None:
        self.told.append(("release", cause))
        self.circuit.net.on_released()

    def on_released(self) -> None:
        self.told.append(("released", None))


class FxoPort:
    """The card's end of an exchange line: the set. Answers after `answer_ring` bursts when that is set."""

    def __init__(self, line: AnalogLine, answer_ring: int | None = None) -> None:
        self.line = line
        self.sim = line.sim
        self.answer_ring = answer_ring
        self.bursts: list[tuple[int, bool]] = []
        self.polarity: list[bool] = []
        self.caller_ids: list[tuple[int, CallerId, str]] = []
        self.receiver = CallerIdReceiver(self.sim, line.set_leg, self._caller_id, bad=self._bad_caller_id)
        self.bad_caller_ids = 0
        self.digits = ""
        self.tone_edges: list[tuple[str, int]] = []
        self.detector = 0
        line.set = self
        self.sim.on_engine(line.set_leg, self._sound)

    def listen(self) -> None:
        self.receiver.open()
        self.detector = self.sim.engine.tone_detect(self.line.set_leg, 450, 120)

    def lift(self) -> None:
        self.line.close_loop(True)

    def hang_up(self) -> None:
        self.line.close_loop(False)

    def dial(self, digits: str) -> None:
        self.sim.engine.dtmf(self.line.set_leg, digits)

    def pulse(self, digits: str) -> None:
        at_ms = 0.0
        for digit in digits:
            for _ in range(int(digit) or 10):
                self.sim.later(at_ms, self.line.close_loop, False)
                self.sim.later(at_ms + 60, self.line.close_loop, True)
                at_ms += 100
            at_ms += 700

    def on_ringing(self, on: bool) -> None:
        self.bursts.append((self.sim.now_us, on))
        count = sum(1 for _, burst in self.bursts if burst)
        if on and self.answer_ring == count:
            self.sim.later(200, self.lift)

    def on_polarity(self, reversed_: bool) -> None:
        self.polarity.append(reversed_)

    def on_voltage(self, volts: int) -> None:
        pass

    def _caller_id(self, caller: CallerId, form: str) -> None:
        self.caller_ids.append((self.sim.now_us, caller, form))

    def _bad_caller_id(self, verdict: Any) -> None:
        self.bad_caller_ids += 1

    def _sound(self, event: Any) -> None:
        if event.kind is Kind.DTMF_ON:
            self.digits += event.digit
        elif event.id != self.detector:
            return
        elif event.kind is Kind.TONE_ON:
            self.tone_edges.append(("on", int(event.b)))
        elif event.kind is Kind.TONE_OFF:
            self.tone_edges.append(("off", int(event.b)))


class FxsPort:
    """The card's end of a station line: the office. Gives dial tone, collects digits, rings, plays busy tone."""

    def __init__(self, line: AnalogLine) -> None:
        self.line = line
        self.sim = line.sim
        self.digits = ""
        self.off_hook = False
        self.edges: list[tuple[int, bool]] = []
        self._tone = 0
        line.office = self
        self.sim.on_engine(line.office_leg, self._sound)
        self.sim.engine.dtmf_detect(line.office_leg, True)
        self.ringing_for_call = False

    def on_loop(self, closed: bool) -> None:
        self.edges.append((self.sim.now_us, closed))
        self.off_hook = closed
        if closed and self.line.ringing:
            self.line.ring(False)
        elif closed and not self.ringing_for_call:
            self._tone = self.sim.engine.tone(self.line.office_leg, 450)
        if closed:
            self.ringing_for_call = False
        elif self._tone:
            self.quiet()

    def ring(self, bursts: int = 1) -> None:
        self.ringing_for_call = True
        for burst in range(bursts):
            self.sim.later(burst * 5000, self._burst, True)
            self.sim.later(burst * 5000 + 1000, self._burst, False)

    def busy_tone(self) -> None:
        self.quiet()
        self._tone = self.sim.engine.tone(self.line.office_leg, 450, cadence_ms=(350, 350))

    def quiet(self) -> None:
        if self._tone:
            self.sim.engine.stop(self._tone)
            self._tone = 0

    def _burst(self, on: bool) -> None:
        if not self.off_hook:
            self.line.ring(on)

    def _sound(self, event: Any) -> None:
        if event.kind is Kind.DTMF_ON:
            self.digits += event.digit
            self.quiet()
