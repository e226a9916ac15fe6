"""Faults of telephones' keys: digits too short, twisted, bouncing, or too low for a receiver (facts 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from boardd.contract.text import _
from hwsim.exchange.exchange import Exchange
from hwsim.line.analog import AnalogLine
from hwsim.line.keypad import Keypad
from hwsim.scenario.faults import FaultError, FaultRegistry, Inject, Undo

Args = Mapping[str, str]
EVERYBODY = "callers"
LOUD_DBM0 = -7.0
Spoil = Callable[[Keypad, Args], Keypad]
Number = Callable[[Args, str, float], float]


class KeypadFaults:
    """Where: a station's line, a subscriber's number, or `callers`: everybody at a subscriber line of the exchange."""

    def __init__(self, exchange: Exchange, lines: Mapping[str, AnalogLine], number: Number) -> None:
        self.exchange = exchange
        self.lines = lines
        self._number = number

    def register(self, registry: FaultRegistry) -> None:
        """Make these kinds known: dtmf_short, dtmf_twist, dtmf_break, dtmf_low."""
        registry.register("dtmf_short", self._kind(self.short))
        registry.register("dtmf_twist", self._kind(self.twist))
        registry.register("dtmf_break", self._kind(self.bounce))
        registry.register("dtmf_low", self._kind(self.low))

    def short(self, keypad: Keypad, args: Args) -> Keypad:
        """Digits of `ms` (20): receivers take 40 ms and must not take less than 20 to 30."""
        return replace(keypad, on_ms=self._within(args, "ms", 20, 1, 1000))

    def twist(self, keypad: Keypad, args: Args) -> Keypad:
        """The high group `db` (15) louder than the low one (negative: lower); receivers take 4 to 8."""
        db = self._within(args, "db", 15, -40, 40)
        return replace(keypad, low_dbm0=LOUD_DBM0 - max(db, 0), high_dbm0=LOUD_DBM0 + min(db, 0))

    def bounce(self, keypad: Keypad, args: Args) -> Keypad:
        """A gap of `ms` (10) in the middle of each digit; receivers bridge 10."""
        return replace(keypad, break_ms=self._within(args, "ms", 10, 1, keypad.on_ms))

    def low(self, keypad: Keypad, args: Args) -> Keypad:
        """Both groups at `dbm0` (-45), below what receivers take."""
        dbm0 = self._within(args, "dbm0", -45, -80, 0)
        return replace(keypad, low_dbm0=dbm0, high_dbm0=dbm0)

    def _within(self, args: Args, key: str, default: float, least: int, most: int) -> int:
        value = self._number(args, key, default)
        if not least <= value <= most:
            raise FaultError(_("{key} must be {least} to {most}").format(key=key, least=least, most=most))
        return round(value)

    def _kind(self, spoil: Spoil) -> Inject:
        def inject(where: str, args: Args) -> Undo:
            if where == EVERYBODY:
                before = self.exchange.keypad
                self.exchange.keypad = spoil(before, args)
                return lambda: setattr(self.exchange, "keypad", before)
            subscriber = self.exchange.subscribers.get(self.exchange.numbering.canonical(where))
            if subscriber:
                own = subscriber.own_keypad
                subscriber.own_keypad = spoil(subscriber.keypad, args)
                return lambda: setattr(subscriber, "own_keypad", own)
            if where not in self.lines or where in self.exchange.lines:
                raise FaultError(
                    _("{where} is neither a station's line nor a subscriber who is known now nor {everybody}").format(
                        where=where, everybody=EVERYBODY
                    )
                )
            line = self.lines[where]
            good = line.keypad
            line.keypad = spoil(good, args)
            return lambda: setattr(line, "keypad", good)

        return inject
