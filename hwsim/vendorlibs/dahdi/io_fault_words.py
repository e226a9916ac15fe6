"""Faults below the DAHDI I/O library as words for scenarios and the side door."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Mapping
from functools import partial

from boardd.contract.text import _
from hwsim.scenario.faults import FaultError, FaultRegistry, Inject, Undo
from hwsim.vendorlibs.dahdi.abi import Event, Request
from hwsim.vendorlibs.dahdi.channel import OddEvent
from hwsim.vendorlibs.dahdi.library import DahdiLibrary

Args = Mapping[str, str]
HOW = ("lost", "doubled", "late", "false")


def register_io_faults(registry: FaultRegistry, library: DahdiLibrary) -> None:
    """Make these kinds known; `where` is a request, channel or span, as noted: by DAHDI's number, or by its name.

    ioctl_error (request such as HOOK; `errno` EIO, `channel`, `times`); channel_open_error (channel; `errno`);
    channel_io_error (channel; `errno`); read_stall (channel); blocks_late (channel; `ms`); channel_event (channel;
    `event` by name or number, `how` lost, doubled, late or false, `ms`, `times`); irq_missed (span; `count`).
    """
    faults, machine = library.faults, library.kernel.machine

    def channel_at(where: str) -> int:
        if "/" not in where:
            return _number(where, _("a channel"))
        with _Knows():
            return machine.number_of(where)

    def span_at(where: str) -> int:
        if where.isdecimal() or not where:
            return _number(where, _("a span"))
        with _Knows():
            return machine.span_named(where).number

    def ioctl_error(where: str, args: Args) -> Undo | None:
        where = where.removeprefix("DAHDI_")
        if where not in Request.__members__:
            raise FaultError(_("{where} is not a request of DAHDI, such as HOOK").format(where=where or _("nothing")))
        channel = channel_at(args["channel"]) if "channel" in args else None
        with _Knows():
            faults.fail_request(Request[where], channel, _errno(args), _number(args.get("times", "1"), "times"))
        return None

    def open_error(where: str, args: Args) -> Undo | None:
        channel = channel_at(where)
        with _Knows():
            faults.fail_open(channel, _errno(args))
        return partial(faults.fail_open, channel, 0)

    def stall(where: str, _args: Args) -> Undo | None:
        channel = channel_at(where)
        with _Knows():
            faults.stall(channel, True)
        return partial(faults.stall, channel, False)

    def io_error(where: str, args: Args) -> Undo | None:
        channel = channel_at(where)
        with _Knows():
            faults.break_sound(channel, _errno(args))

        def undo() -> None:
            with contextlib.suppress(KeyError):
                faults.break_sound(channel, 0)

        return undo

    def late(where: str, args: Args) -> Undo | None:
        channel = channel_at(where)
        with _Knows():
            faults.delay_blocks(channel, _number(args.get("ms", "100"), "ms"))
        return partial(faults.delay_blocks, channel, 0)

    def odd_event(where: str, args: Args) -> Undo | None:
        channel, event = channel_at(where), _event(args.get("event", ""))
        how, times = args.get("how", "lost"), _number(args.get("times", "1"), "times")
        if how not in HOW:
            raise FaultError(_("how must be one of {words}").format(words=", ".join(HOW)))
        ms = _number(args.get("ms", "1000"), "ms") if how == "late" else 0
        with _Knows():
            if how == "false":
                faults.spurious(channel, event, times)
            else:
                faults.odd_event(channel, OddEvent(event, 2 if how == "doubled" else 0, ms, times))
        return None

    def irq(where: str, args: Args) -> Undo | None:
        with _Knows():
            faults.miss_interrupts(span_at(where), _number(args.get("count", "1"), "count"))
        return None

    kinds: dict[str, Inject] = {
        "ioctl_error": ioctl_error,
        "channel_open_error": open_error,
        "channel_io_error": io_error,
        "read_stall": stall,
        "blocks_late": late,
        "channel_event": odd_event,
        "irq_missed": irq,
    }
    for kind, inject in kinds.items():
        registry.register(kind, inject)


class _Knows:
    """Turns a KeyError about something that is not there into a FaultError."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, KeyError):
            raise FaultError(str(error.args[0])) from error


def _number(word: str, what: str) -> int:
    if not word.isdecimal() or len(word) > 9:
        raise FaultError(_("{word} is not a whole number ({what})").format(word=word or _("nothing"), what=what))
    return int(word)


def _errno(args: Args) -> int:
    name = args.get("errno", "EIO").upper()
    number = getattr(errno, name, 0)
    if not isinstance(number, int) or not number:
        raise FaultError(_("{name} is not the name of an error, such as EIO").format(name=name))
    return number


def _event(word: str) -> int:
    if word.upper() in Event.__members__:
        return Event[word.upper()]
    if word.isdecimal() and len(word) < 7:
        return int(word)
    raise FaultError(
        _("{word} is not an event, such as {name} or 1").format(word=word or _("nothing"), name=Event.ONHOOK.name)
    )
