"""The simulated Synway library's faults as words for scenarios and the side door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from hwsim.scenario.faults import FaultError, FaultRegistry, Inject, Undo
from hwsim.vendorlibs.synway.library import SynwayLibrary

Args = Mapping[str, str]


def register_faults(registry: FaultRegistry, library: SynwayLibrary) -> None:
    """Make these kinds known; `where` is a function, event code, channel number, card or nothing, as noted.

    Functions (`where` = its name, `times`): library_block (`ms`, none = for ever), library_odd_return (`value`),
    library_garbage. Events (`where` = code such as 0x18, `ref`, `times`): event_lost, event_doubled, event_late
    (`ms`), event_out_of_order, event_flood (`where` = reference, `count`), event_after_stop. Channels (`where` = the
    maker's channel number): circuit_reset, circuit_blocked, pickup_delayed (`ms`), hangup_lost, record_drop (`ms`),
    collision. Cards (`where` = name): card_missing, card_pulled. licence_expired.
    """
    faults = library.faults

    def of_function(act: Callable[[str, Args], None]) -> Inject:
        def inject(where: str, args: Args) -> Undo | None:
            if not where.startswith(("Ssm", "Spy")):
                raise FaultError(f"{where or 'nothing'} is not a function of the library")
            act(where, args)
            return None

        return inject

    def of_event(act: Callable[..., None], **extra: int) -> Inject:
        def inject(where: str, args: Args) -> Undo | None:
            values = {key: whole(args, key, default) for key, default in extra.items()}
            ref = whole(args, "ref", 0) if "ref" in args else None
            act(parse(where, "an event code"), ref=ref, times=whole(args, "times", 1), **values)
            return None

        return inject

    def of_channel(act: Callable[[int, Args], None], undo: Callable[[int], None] | None = None) -> Inject:
        def inject(where: str, args: Args) -> Undo | None:
            channel = parse(where, "a channel number")
            try:
                act(channel, args)
            except KeyError as error:
                raise FaultError(str(error.args[0])) from error
            return partial(undo, channel) if undo else None

        return inject

    def of_card(act: Callable[[str, bool], None]) -> Inject:
        def inject(where: str, args: Args) -> Undo | None:
            try:
                act(where, False)
            except KeyError as error:
                raise FaultError(str(error.args[0])) from error
            return partial(act, where, True)

        return inject

    def block(name: str, args: Args) -> None:
        faults.block(name, whole(args, "ms", 0) or None, whole(args, "times", 1))

    def flood(where: str, args: Args) -> Undo | None:
        library.flood_events(parse(where, "a reference"), whole(args, "count", 1000))
        return None

    def after_stop(where: str, args: Args) -> Undo | None:
        library.event_after_stop(parse(where, "an event code"), whole(args, "ref", 0), whole(args, "param", 0))
        return None

    def licence(_where: str, _args: Args) -> Undo | None:
        faults.expire_licence()
        return partial(faults.expire_licence, False)

    kinds: dict[str, Inject] = {
        "library_block": of_function(block),
        "library_odd_return": of_function(
            lambda name, args: faults.odd_return(name, whole(args, "value", -1), whole(args, "times", 1))
        ),
        "library_garbage": of_function(lambda name, args: faults.garbage(name, whole(args, "times", 1))),
        "event_lost": of_event(faults.lose_event),
        "event_doubled": of_event(faults.double_event),
        "event_late": of_event(faults.delay_event, ms=1000),
        "event_out_of_order": of_event(faults.reorder_event),
        "event_flood": flood,
        "event_after_stop": after_stop,
        "circuit_reset": of_channel(lambda channel, _args: library.reset_circuit(channel)),
        "circuit_blocked": of_channel(
            lambda channel, _args: library.block_circuit(channel, True),
            lambda channel: library.block_circuit(channel, False),
        ),
        "pickup_delayed": of_channel(lambda channel, args: faults.delay_pickup(channel, whole(args, "ms", 2000))),
        "hangup_lost": of_channel(lambda channel, _args: faults.lose_hangup(channel)),
        "record_drop": of_channel(lambda channel, args: library.drop_recording(channel, whole(args, "ms", 100))),
        "collision": of_channel(lambda channel, _args: faults.collide(channel)),
        "card_missing": of_card(library.fit_card),
        "card_pulled": of_card(library.plug_card),
        "licence_expired": licence,
    }
    for kind, inject in kinds.items():
        registry.register(kind, inject)


def parse(word: str, what: str) -> int:
    """A whole number, also as 0x18. Raises FaultError."""
    try:
        return int(word, 0)
    except ValueError:
        raise FaultError(f"{word or 'nothing'} is not {what}") from None


def whole(args: Args, key: str, default: int) -> int:
    """A whole-number argument. Raises FaultError."""
    return parse(args[key], f"a whole number ({key})") if key in args else default
