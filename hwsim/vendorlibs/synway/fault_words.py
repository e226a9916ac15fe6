"""The simulated Synway library's faults as words for scenarios and the side door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from boardd.contract.text import _
from hwsim.process_faults import signal_of
from hwsim.scenario.faults import FaultError, FaultRegistry, Inject, Undo
from hwsim.scenario.line_faults import number
from hwsim.vendorlibs.synway.faults import Rule
from hwsim.vendorlibs.synway.library import SynwayLibrary

Args = Mapping[str, str]
MAX_PPM = 200


def register_faults(registry: FaultRegistry, library: SynwayLibrary) -> None:
    """Make these kinds known; `where` is a function, event code, channel number, card or nothing, as noted.

    Functions (`where` = its name, `times` or `chance`): library_block (`ms`, none = for ever), library_crash
    (`signal`), library_odd_return (`value`), library_garbage. Events (`where` = code such as 0x18, `ref`, `times` or
    `chance`): event_lost, event_doubled, event_late (`ms`), event_out_of_order; event_flood (`where` = reference,
    `count`, `ms`), event_after_stop. Channels (`where` = the maker's channel number): circuit_reset, circuit_blocked,
    pickup_delayed (`ms`), hangup_lost, record_drop (`ms`), collision. Cards (`where` = name): card_missing,
    card_pulled, two_masters (`ppm`). licence_expired.
    """
    words = _Words(library)
    faults = library.faults
    kinds: dict[str, Inject] = {
        "library_block": words.of_function("block", lambda args: whole(args, "ms", 0) or None),
        "library_crash": words.of_function("crash", lambda args: signal_of(args, "SEGV")),
        "library_odd_return": words.of_function("odd_return", lambda args: whole(args, "value", -1)),
        "library_garbage": words.of_function("garbage", lambda _args: None),
        "event_lost": words.of_event("lose", lambda _args: None),
        "event_doubled": words.of_event("double", lambda _args: None),
        "event_late": words.of_event("delay", lambda args: whole(args, "ms", 1000)),
        "event_out_of_order": words.of_event("reorder", lambda _args: None),
        "event_flood": words.flood,
        "event_after_stop": words.after_stop,
        "circuit_reset": words.of_channel(lambda channel, _args: library.reset_circuit(channel)),
        "circuit_blocked": words.of_channel(
            lambda channel, _args: library.block_circuit(channel, True),
            lambda channel: library.block_circuit(channel, False),
        ),
        "pickup_delayed": words.of_channel(lambda channel, args: faults.delay_pickup(channel, whole(args, "ms", 2000))),
        "hangup_lost": words.of_channel(lambda channel, _args: faults.lose_hangup(channel)),
        "record_drop": words.of_channel(lambda channel, args: library.drop_recording(channel, whole(args, "ms", 100))),
        "collision": words.of_channel(lambda channel, _args: faults.collide(channel)),
        "card_missing": words.of_card(library.fit_card),
        "card_pulled": words.of_card(library.plug_card),
        "two_masters": words.two_masters,
        "licence_expired": words.licence,
    }
    for kind, inject in kinds.items():
        registry.register(kind, inject)


class _Words:
    """Turns the arguments of each sort of fault into calls of the library's knobs."""

    def __init__(self, library: SynwayLibrary) -> None:
        self.library = library

    def of_function(self, action: str, value: Callable[[Args], int | None]) -> Inject:
        """A fault that strikes calls of a function."""

        def inject(where: str, args: Args) -> Undo:
            if not where.startswith(("Ssm", "Spy")):
                raise FaultError(_("{where} is not a function of the library").format(where=where or _("nothing")))
            return self.library.faults.strike_calls(where, _rule(action, args, value(args)))

        return inject

    def of_event(self, action: str, value: Callable[[Args], int | None]) -> Inject:
        """A fault that strikes events of a code."""

        def inject(where: str, args: Args) -> Undo:
            ref = whole(args, "ref", 0) if "ref" in args else None
            code = parse(where, "an event code")
            return self.library.faults.strike_events(code, _rule(action, args, value(args)), ref)

        return inject

    def of_channel(self, act: Callable[[int, Args], None], undo: Callable[[int], None] | None = None) -> Inject:
        """A fault of one of the maker's channels, given by its number or by the name of its line."""

        def inject(where: str, args: Args) -> Undo | None:
            channel = self.library.channel_named(where)
            if channel is None:
                channel = parse(where, "a channel number or the name of a line of this card")
            try:
                act(channel, args)
            except KeyError as error:
                raise FaultError(str(error.args[0])) from error
            return partial(undo, channel) if undo else None

        return inject

    def of_card(self, act: Callable[[str, bool], None]) -> Inject:
        """A fault of a card."""

        def inject(where: str, args: Args) -> Undo | None:
            try:
                act(where, False)
            except KeyError as error:
                raise FaultError(str(error.args[0])) from error
            return partial(act, where, True)

        return inject

    def two_masters(self, where: str, args: Args) -> Undo:
        """A card with a clock of its own beside the master of the others."""
        ppm = number(args, "ppm", 50)
        if not 0 < abs(ppm) <= MAX_PPM:
            raise FaultError(_("ppm must be {least} to {most} and not 0").format(least=-MAX_PPM, most=MAX_PPM))
        try:
            return self.library.second_master(where, ppm)
        except KeyError as error:
            raise FaultError(str(error.args[0])) from error

    def flood(self, where: str, args: Args) -> None:
        """Events that fill the queue of a reference, a channel's number or the name of its line."""
        channel = self.library.channel_named(where)
        ref = parse(where, "a reference") if channel is None else channel
        self.library.flood_events(ref, whole(args, "count", 1000), whole(args, "ms", 0))

    def after_stop(self, where: str, args: Args) -> None:
        """An event that comes when the library has been closed."""
        code, ref, param = parse(where, "an event code"), whole(args, "ref", 0), whole(args, "param", 0)
        self.library.event_after_stop(code, ref, param)

    def licence(self, _where: str, _args: Args) -> Undo:
        """The dongle's licence."""
        self.library.faults.expire_licence()
        return partial(self.library.faults.expire_licence, False)


def _rule(action: str, args: Args, value: int | None) -> Rule:
    """The next `times` (1), or each with `chance`. Raises FaultError."""
    if "chance" not in args:
        times = whole(args, "times", 1)
        if times < 1:
            raise FaultError(_("times must be 1 or more"))
        return Rule(action, times, value=value)
    chance = number(args, "chance", 0)
    if "times" in args or not 0 < chance <= 1:
        raise FaultError(_("chance must be more than 0 and at most 1, and not together with times"))
    return Rule(action, None, chance, value)


def parse(word: str, what: str) -> int:
    """A whole number, also as 0x18. Raises FaultError."""
    try:
        return int(word, 0)
    except ValueError:
        raise FaultError(_("{word} is not {what}").format(word=word or _("nothing"), what=what)) from None


def whole(args: Args, key: str, default: int) -> int:
    """A whole-number argument. Raises FaultError."""
    return parse(args[key], f"a whole number ({key})") if key in args else default
