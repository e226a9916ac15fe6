"""The faults of lines and spans themselves: cut pairs, missing dial tone, noise, alarms and their like."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from boardd.contract.text import _
from hwsim.core.events import MAX_DELAY_SAMPLES
from hwsim.exchange.exchange import Exchange
from hwsim.exchange.line_circuit import LineCircuit, LineOptions
from hwsim.exchange.tones import Tone, ToneKind, deviate
from hwsim.line.analog import AnalogLine
from hwsim.line.digital import Span
from hwsim.scenario.faults import FaultError, FaultRegistry, Inject, Undo
from hwsim.scenario.keypad_faults import KeypadFaults
from hwsim.scenario.span_faults import SpanFaults

Args = Mapping[str, str]
NOISE_DBM0 = (-90, 0)
MAX_LOSS_MB = 6000
HEARD_HZ = (200, 3400)
SAMPLES_PER_MS = 8


def number(args: Args, key: str, default: float) -> float:
    """A numeric argument. Raises FaultError."""
    try:
        value = float(args.get(key, default))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FaultError(_("{key} must be a number, not {word}").format(key=key, word=args[key]))
    return value


class LineFaults:
    """Registers the faults of the lines and spans of one machine."""

    def __init__(self, exchange: Exchange, lines: Mapping[str, AnalogLine], spans: Mapping[str, Span]) -> None:
        self.exchange = exchange
        self.lines = lines
        self.spans = spans

    def register(self, registry: FaultRegistry) -> None:
        """Make these kinds known: cut_pair, lift_elsewhere, stuck_off_hook, weak_ringing, reversal_glitch, no_reversal,
        noise, echo, mute, loss, no_power, no_dial_tone, slow_dial_tone, no_busy_tone, bad_busy_tone; and those of
        keypad_faults and span_faults.
        """
        KeypadFaults(self.exchange, self.lines, number).register(registry)
        SpanFaults(self.exchange.sim, self.spans, number).register(registry)
        kinds: dict[str, Inject] = {
            "cut_pair": self.cut_pair,
            "lift_elsewhere": self.lift_elsewhere,
            "stuck_off_hook": self.stuck_off_hook,
            "weak_ringing": self.weak_ringing,
            "reversal_glitch": self.reversal_glitch,
            "no_reversal": self._option("reversal", lambda _args: False),
            "noise": self.noise,
            "echo": self.echo,
            "mute": self.mute,
            "loss": self.loss,
            "no_power": self.no_power,
            "no_dial_tone": self._option("dial_tone", lambda _args: False),
            "slow_dial_tone": self._option("dial_tone_delay_ms", lambda args: number(args, "ms", 3000)),
            "no_busy_tone": self._option("busy_tone", lambda _args: False),
            "bad_busy_tone": self.bad_busy_tone,
        }
        for kind, inject in kinds.items():
            registry.register(kind, inject)

    def cut_pair(self, where: str, args: Args) -> Undo:
        """Unplug the pair."""
        line = self._line(where)
        line.cut(True)
        return lambda: line.cut(False)

    def lift_elsewhere(self, where: str, args: Args) -> Undo:
        """Another telephone on the pair is lifted."""
        line = self._line(where)
        line.lift_elsewhere(True)
        return lambda: line.lift_elsewhere(False)

    def stuck_off_hook(self, where: str, args: Args) -> Undo:
        """The hook switch of the telephone, or the relay of the card, does not open when put on-hook."""
        line = self._line(where)
        line.stick(True)
        return lambda: line.stick(False)

    def weak_ringing(self, where: str, args: Args) -> Undo:
        """Only `volts` (10) of ringing arrive: too many bells on the pair, a worn access box."""
        line, volts = self._line(where), number(args, "volts", 10)
        if not 0 <= volts <= line.feed_plan.ring_v_rms:
            raise FaultError(_("volts must be 0 to {most}").format(most=line.feed_plan.ring_v_rms))
        before, line.ring_loss_v = line.ring_loss_v, line.feed_plan.ring_v_rms - round(volts)

        def undo() -> None:
            line.ring_loss_v = before

        return undo

    def bad_busy_tone(self, where: str, args: Args) -> Undo:
        """Busy tone of `on_ms`/`off_ms` (200/200) at `hz` (420) and `dbm0` (-10), as access boxes make (facts 1.4)."""
        circuit = self._circuit(where)
        cadence = (round(number(args, "on_ms", 200)), round(number(args, "off_ms", 200)))
        hertz, dbm0 = number(args, "hz", 420), number(args, "dbm0", -10)
        if min(cadence) <= 0 or not HEARD_HZ[0] <= hertz <= HEARD_HZ[1] or not NOISE_DBM0[0] <= dbm0 <= NOISE_DBM0[1]:
            raise FaultError(
                _("on_ms and off_ms must be positive, hz {least} to {most}, dbm0 -90 to 0").format(
                    least=HEARD_HZ[0], most=HEARD_HZ[1]
                )
            )
        before = circuit.options.tones
        busy = Tone(hertz, dbm0, cadence_ms=cadence)
        plan = deviate(before or self.exchange.tones, {ToneKind.BUSY: busy})
        circuit.configure(replace(circuit.options, tones=plan))
        return lambda: circuit.configure(replace(circuit.options, tones=before))

    def reversal_glitch(self, where: str, args: Args) -> None:
        """The feed reverses for `ms` (300) and comes back."""
        line = self._line(where)
        line.reverse(not line.reversed)
        line.sim.later(number(args, "ms", 300), lambda: line.reverse(not line.reversed))

    def noise(self, where: str, args: Args) -> Undo:
        """Noise of `dbm0` (-40) at both ends of the pair."""
        line, dbm0 = self._line(where), number(args, "dbm0", -40)
        if not NOISE_DBM0[0] <= dbm0 <= NOISE_DBM0[1]:
            raise FaultError(_("dbm0 must be {least} to {most}").format(least=NOISE_DBM0[0], most=NOISE_DBM0[1]))
        level_mb = round(dbm0 * 100)
        engine = line.sim.engine
        before = {leg: engine.line(leg) for leg in (line.office_leg, line.set_leg)}
        for leg, state in before.items():
            engine.line_set(leg, replace(state, noise_mb=level_mb))

        def undo() -> None:
            for leg, state in before.items():
                engine.line_set(leg, replace(engine.line(leg), noise_mb=state.noise_mb))

        return undo

    def mute(self, where: str, args: Args) -> Undo:
        """One-way audio: `direction` in (the card hears nothing), out (it is not heard) or both."""
        direction = args.get("direction", "in")
        if direction not in ("in", "out", "both"):
            raise FaultError(_("direction must be in, out or both"))
        return self._change(where, mute_rx=direction != "out", mute_tx=direction != "in")

    def loss(self, where: str, args: Args) -> Undo:
        """A pair or circuit that loses `db` (20) more in both directions."""
        loss_mb = round(number(args, "db", 20) * 100)
        if not 0 <= loss_mb <= MAX_LOSS_MB:
            raise FaultError(_("db must be 0 to {most}").format(most=MAX_LOSS_MB // 100))
        return self._change(where, rx_loss_mb=loss_mb, tx_loss_mb=loss_mb)

    def echo(self, where: str, args: Args) -> Undo:
        """The card hears itself `db` (10) weaker after `ms` (4): a hybrid that does not match."""
        loss_mb, delay = round(number(args, "db", 10) * 100), round(number(args, "ms", 4) * SAMPLES_PER_MS)
        if not 0 <= loss_mb <= MAX_LOSS_MB or not 0 <= delay <= MAX_DELAY_SAMPLES:
            raise FaultError(
                _("db must be 0 to {most_db}, ms 0 to {most_ms}").format(
                    most_db=MAX_LOSS_MB // 100, most_ms=MAX_DELAY_SAMPLES // SAMPLES_PER_MS
                )
            )
        return self._change(where, echo_loss_mb=loss_mb, echo_delay=delay)

    def _change(self, where: str, **values: object) -> Undo:
        """Change the line at the card's end of a pair or circuit; the undo restores just these values."""
        engine, leg = self.exchange.sim.engine, self._card_leg(where)
        before = engine.line(leg)
        engine.line_set(leg, replace(before, **values))  # type: ignore[arg-type]
        old = {name: getattr(before, name) for name in values}
        return lambda: engine.line_set(leg, replace(engine.line(leg), **old))

    def _card_leg(self, where: str) -> int:
        """The leg of the card: the set end on exchange lines and taps, the office end on stations."""
        if where in self.lines:
            line = self.lines[where]
            return line.set_leg if where in self.exchange.lines else line.office_leg
        for span in self.spans.values():
            for circuit in span.circuits.values():
                if circuit.name == where:
                    return circuit.card_leg
        raise FaultError(_("there is no line or circuit {where}").format(where=where))

    def no_power(self, where: str, args: Args) -> Undo:
        """The exchange's access box has no power."""
        circuit = self._circuit(where)
        circuit.power(False)
        return lambda: circuit.power(True)

    def _option(self, name: str, value: Callable[[Args], object]) -> Inject:
        """A fault that is another value of one line option."""

        def inject(where: str, args: Args) -> Undo:
            circuit = self._circuit(where)
            before = getattr(circuit.options, name)
            circuit.configure(_changed(circuit.options, name, value(args)))
            return lambda: circuit.configure(_changed(circuit.options, name, before))

        return inject

    def _line(self, where: str) -> AnalogLine:
        if where not in self.lines:
            raise FaultError(_("there is no analogue line {where}").format(where=where))
        return self.lines[where]

    def _circuit(self, where: str) -> LineCircuit:
        if where not in self.exchange.lines:
            raise FaultError(_("{where} is not an analogue line of the exchange").format(where=where))
        return self.exchange.lines[where]


def _changed(options: LineOptions, name: str, value: Any) -> LineOptions:
    return replace(options, **{name: value})
