"""Conferences as the kernel makes them of channels: monitors, digital cross connections, conferences with talkers and
listeners. Sound flows in the sample engine, one step later than it came. A digital monitor takes the place of what the
program writes, the others are added to it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from errno import EINVAL
from typing import Protocol

from hwsim.core.engine import Engine, EngineError
from hwsim.core.events import Tap
from hwsim.vendorlibs.dahdi.abi import CONF_LISTENER, CONF_TALKER, Conf, known

MAX_CONFERENCE = 1024
OF_CHANNELS = (Conf.MONITOR, Conf.MONITORTX, Conf.MONITORBOTH, Conf.DIGITALMON)
MODE_MASK = 0xFF


class Member(Protocol):
    """A channel that may be in a conference."""

    number: int
    conference: int
    conference_mode: int
    replaced: bool
    """What the program writes is not sent."""

    @property
    def pseudo(self) -> bool:
        """Whether it has no card."""

    @property
    def leg(self) -> int | None:
        """Its end of sound."""

    @property
    def sink_leg(self) -> int | None:
        """Where what it is to hear, or to send, must be said."""


Link = tuple[int, int, Tap]


class Conferences:
    """All of the machine. `find(number)` is the channel of a number; `note(channel, conference, mode)` is told."""

    def __init__(
        self, engine: Engine, find: Callable[[int], Member | None], note: Callable[[int, int, int], None]
    ) -> None:
        self._engine = engine
        self._find = find
        self._note = note
        self._members: dict[int, Member] = {}
        self._links: set[Link] = set()

    def set(self, member: Member, conference: int, mode: int) -> int:
        """SETCONF: the conference's number or -errno."""
        kind = mode & MODE_MASK
        if not known(Conf, kind):
            return -EINVAL
        if kind in OF_CHANNELS:
            if self._find(conference) is None:
                return -EINVAL
        elif not -1 <= conference <= MAX_CONFERENCE:
            return -EINVAL
        if bool(conference) != bool(mode):
            return -EINVAL
        if conference == -1:
            conference = self._first_empty()
        if (member.conference, member.conference_mode) != (conference, mode):
            self._note(member.number, conference, mode)
        member.conference, member.conference_mode = conference, mode
        member.replaced = kind == Conf.DIGITALMON
        if mode:
            self._members[member.number] = member
        else:
            self._members.pop(member.number, None)
        self._wire()
        return conference

    def leave(self, member: Member) -> None:
        """The channel was closed."""
        if member.conference_mode:
            self.set(member, 0, 0)

    def gone(self, number: int) -> None:
        """There is no such channel any more: who listened to it is in no conference."""
        for member in list(self._members.values()):
            if member.conference == number and member.conference_mode & MODE_MASK in OF_CHANNELS:
                self.set(member, 0, 0)

    def _first_empty(self) -> int:
        used = {one.conference for one in self._members.values() if one.conference_mode & MODE_MASK == Conf.CONF}
        return next(number for number in range(MAX_CONFERENCE, 0, -1) if number not in used)

    def _wire(self) -> None:
        wanted = set(self._wanted())
        for source, sink, tap in self._links - wanted:
            with contextlib.suppress(EngineError):
                self._engine.unlink(source, sink, tap)
        for source, sink, tap in wanted - self._links:
            with contextlib.suppress(EngineError):
                self._engine.link(source, sink, 0, tap)
        self._links = wanted

    def _wanted(self) -> Iterable[Link]:
        for member in self._members.values():
            sink, kind = member.sink_leg, member.conference_mode & MODE_MASK
            if sink is None:
                continue
            if kind == Conf.CONF:
                yield from self._of_conference(member, sink)
                continue
            other = self._find(member.conference)
            source = other.leg if other else None
            if source is None:
                continue
            if kind in (Conf.MONITOR, Conf.MONITORBOTH, Conf.DIGITALMON):
                yield source, sink, Tap.HEARS
            if kind in (Conf.MONITORTX, Conf.MONITORBOTH):
                yield source, sink, Tap.PLAYS

    def _of_conference(self, member: Member, sink: int) -> Iterable[Link]:
        if not member.conference_mode & CONF_LISTENER:
            return
        for other in self._members.values():
            same = other.conference == member.conference and other.conference_mode & MODE_MASK == Conf.CONF
            if same and other is not member and other.conference_mode & CONF_TALKER and other.leg is not None:
                yield other.leg, sink, Tap.PLAYS if other.pseudo else Tap.HEARS
