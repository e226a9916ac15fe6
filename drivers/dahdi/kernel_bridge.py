"""Talks that the kernel carries by itself, where the site has chosen so (`bridging=kernel`; decision 0024).

Each of two channels sends what comes in on the other (SETCONF, digital monitor): the octets as they are, a millisecond
late. Reading goes on as ever, so detectors, and recordings of what the line says, are not concerned; what we write is
replaced. The engine's links stay as they are below and say the same, later: when the kernel gives the talk back, the
engine is heard at once.

The rule (`talks`) allows that only while nobody misses anything by it. Whoever is about to play, record or say
something on a channel tells so *before* (`hold`), and when it is over (`let_go`). Everything runs on the loop; a
request that has returned is carried out, so a talk that was taken back is the engine's before anything else begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from boardd.contract.errors import BoarddError
from drivers.dahdi._codes import Law
from drivers.dahdi._errors import DahdiError
from drivers.dahdi.session import log

Pair = tuple[str, str]
Talk = tuple[str, str]
"""Two channels by id, in order."""
NOBODY = 0
"""In the place of DAHDI's channel number: the channel sends what we write."""


@dataclass(frozen=True, slots=True)
class Line:
    """An open channel: its descriptor, DAHDI's number, the law of its octets."""

    fd: int
    number: int
    law: Law


def talks(links: Mapping[Pair, int], laws: Mapping[str, Law], engines: AbstractSet[str]) -> set[Talk]:
    """Whom the kernel may connect.

    `links`: gains in mB by (source, sink), also of ties; `laws`: of open channels whose calls are connected; `engines`:
    channels on which the engine has something to do besides. Two channels talk when both hear each other as they are
    and neither hears, or is heard by, anybody else. Octets of one law mean something else in the other.
    """
    with_whom: dict[str, set[str]] = {}
    for source, sink in links:
        with_whom.setdefault(source, set()).add(sink)
        with_whom.setdefault(sink, set()).add(source)

    def free(channel: str, other: str) -> bool:
        return channel in laws and channel not in engines and with_whom[channel] == {other}

    return {
        (one, other)
        for (one, other), gain in links.items()
        if one < other
        and gain == 0
        and links.get((other, one)) == 0
        and free(one, other)
        and free(other, one)
        and laws[one] == laws[other]
    }


class KernelBridge:
    """All channels of a domain. `monitor(fd, number)` makes the kernel send what comes in on channel `number`.

    `wanted` False: nothing is ever asked of the kernel. A talk that it refuses stays with the engine until it ends.
    """

    def __init__(self, monitor: Callable[[int, int], None], wanted: bool) -> None:
        self._monitor = monitor
        self._wanted = wanted
        self._links: dict[Pair, int] = {}
        self._lines: dict[str, Line] = {}
        self._connected: set[str] = set()
        self._holds: dict[str, set[object]] = {}
        self._refused: set[Talk] = set()
        self._complained = False
        self._stuck: set[str] = set()
        self.on: set[Talk] = set()
        """What the kernel carries now."""

    # -- channels -----------------------------------------------------------------------------------------------------
    def attach(self, channel: str, line: Line) -> None:
        """The channel is open; the kernel has forgotten what it did with it before."""
        self._stuck.discard(channel)
        self._lines[channel] = line
        self._settle()

    def detach(self, channel: str) -> None:
        """It will be closed, or its card is gone."""
        self._part(self.on - self._allowed(without=channel))
        self._lines.pop(channel, None)
        self._stuck.discard(channel)
        self._connected.discard(channel)
        self._holds.pop(channel, None)
        self._settle()

    def connected(self, channel: str, on: bool) -> None:
        """Its call is connected. Told before the state is left."""
        if on:
            self._connected.add(channel)
        else:
            self._part(self.on - self._allowed(without=channel))
            self._connected.discard(channel)
        self._settle()

    # -- what the engine is needed for --------------------------------------------------------------------------------
    def hold(self, channel: str, why: object) -> None:
        """Something is about to begin: when this returns, the channel is the engine's. `why` is for `let_go`."""
        self._holds.setdefault(channel, set()).add(why)
        self._settle()

    def let_go(self, channel: str, why: object) -> None:
        """It is over."""
        self._holds.get(channel, set()).discard(why)
        self._settle()

    # -- links --------------------------------------------------------------------------------------------------------
    def make_room(self, links: Mapping[Pair, int]) -> None:
        """Links will be these: talks that do not go with them are the engine's when this returns."""
        self._part(self.on - self._allowed(links))

    def settle(self, links: Mapping[Pair, int]) -> None:
        """Links are these."""
        self._links = dict(links)
        self._settle()

    def again(self) -> None:
        """Every so often: ask once more for what the kernel did not take back."""
        for channel in sorted(self._stuck):
            self._take_back(channel)

    # -- inside -------------------------------------------------------------------------------------------------------
    def _allowed(self, links: Mapping[Pair, int] | None = None, without: str = "") -> set[Talk]:
        if not self._wanted:
            return set()
        laws = {name: line.law for name, line in self._lines.items() if name in self._connected and name != without}
        engines = {channel for channel, why in self._holds.items() if why}
        return talks(self._links if links is None else links, laws, engines)

    def _settle(self) -> None:
        """Take back what may not be, then hand over what may."""
        allowed = self._allowed()
        self._refused &= allowed
        self._part(self.on - allowed)
        for talk in sorted(allowed - self.on - self._refused):
            self._join(talk)

    def _join(self, talk: Talk) -> None:
        one, other = (self._lines[channel] for channel in talk)
        try:
            self._monitor(one.fd, other.number)
            self._monitor(other.fd, one.number)
        except BoarddError as error:
            self._refused.add(talk)
            for channel in talk:
                self._take_back(channel)
            if not self._complained:
                log.warning("kernel_bridge_refused", channel=talk[0], other=talk[1], error=error.message)
            self._complained = True
        else:
            self._complained = False
            self._stuck -= set(talk)
            self.on.add(talk)
            log.info("kernel_bridge", channel=talk[0], other=talk[1], on=True)

    def _part(self, gone: AbstractSet[Talk]) -> None:
        for talk in sorted(gone):
            self.on.discard(talk)
            for channel in talk:
                self._take_back(channel)
            log.info("kernel_bridge", channel=talk[0], other=talk[1], on=False)

    def _take_back(self, channel: str) -> None:
        """From now on it sends what we write. A channel that is gone has nothing to send."""
        line = self._lines.get(channel)
        if line is None:
            return
        try:
            self._monitor(line.fd, NOBODY)
        except BoarddError as error:
            if isinstance(error, DahdiError) and error.gone:
                self._stuck.discard(channel)
            elif channel not in self._stuck:
                self._stuck.add(channel)
                log.error("kernel_bridge_stuck", channel=channel, error=error.message)
        else:
            self._stuck.discard(channel)
