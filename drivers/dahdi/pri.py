"""ISDN PRI on an E1: the D channel's frames between DAHDI and `signalling.q931`."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from boardd.contract.errors import ConfigurationError
from boardd.contract.objects import Span
from boardd.contract.text import _
from boardd.native.door import DeadlineClass
from boardd.signalling.q931.profile import Q931Profile
from boardd.signalling.q931.span import Q931Span
from boardd.signalling.span import TrunkSpan
from boardd.signalling.timing import LoopClock
from drivers.dahdi._codes import ELAST, Alarm, Event
from drivers.dahdi._errors import DahdiError
from drivers.dahdi._native import FRAME_OCTETS, Native
from drivers.dahdi.bearer import BearerPort
from drivers.dahdi.numbers import NumberTypes
from drivers.dahdi.parts import Parts
from drivers.dahdi.session import log
from drivers.dahdi.trunk import Trunk
from drivers.dahdi.watcher import EVENT, IN

FRAMES = 32
CHECK_OCTETS = 2
FRAMES_AT_ONCE = 64


class PriTrunk(Trunk):
    """One PRI. `d_channel` is DAHDI's number of the D channel."""

    def __init__(
        self,
        parts: Parts,
        span: Span,
        ports: Mapping[int, BearerPort],
        d_channel: int,
        profile: Q931Profile,
        number_types: NumberTypes = NumberTypes.RECEIVED,
    ) -> None:
        super().__init__(parts, span, ports)
        for port in ports.values():
            port.number_types = number_types
        self.number = d_channel
        self.profile = profile
        self.fd = -1
        self.frame_errors: dict[int, int] = {}
        """Aborts, overruns, wrong check sequences by event number."""
        self._span: Q931Span | None = None

    @property
    def signalling(self) -> TrunkSpan:
        """See Trunk."""
        if self._span is None:
            raise DahdiError("q931", errno.ENODEV, span=self.span.id)
        return self._span

    async def open(self) -> None:
        """See Trunk."""
        self.fd = await self.session.run("open D channel", self._open, self.session.native, deadline=DeadlineClass.FILE)

    def _open(self, native: Native) -> int:
        try:
            fd = native.open_channel(self.number)
        except DahdiError as error:
            if error.errno == errno.EBUSY:
                what = _("{span}: the D channel (DAHDI channel {number}) is used by another program; stop it")
                raise ConfigurationError(
                    what.format(span=self.span.id, number=self.number), span=self.span.id
                ) from error
            raise
        native.set_buffers(fd, FRAMES, FRAME_OCTETS)
        return fd

    def start(self, mask: Alarm) -> None:
        """See Trunk."""
        self._span = Q931Span(self.span.id, self.profile, LoopClock(), self._send, self.on_event)
        for port in self.ports.values():
            port.trunk = self._span
        self.session.watcher.watch(self.fd, IN | EVENT, self._ready)
        self.alarms.mask(mask)

    def close(self) -> None:
        """See Trunk."""
        super().close()
        if self._span is not None:
            self._span.close()
        if self.fd >= 0:
            self.session.watcher.forget(self.fd)
            fd, self.fd = self.fd, -1
            self.session.order("close", self.session.native.close, fd)

    # -- frames -------------------------------------------------------------------------------------------------------
    def _send(self, frame: bytes) -> None:
        """Two octets more: room for the check sequence. A frame that finds no room is lost, Q.921 repeats it."""
        if self.fd < 0:
            return
        try:
            if not self.session.native.write(self.fd, frame + bytes(CHECK_OCTETS)):
                log.warning("frame_not_sent", span=self.span.id)
        except DahdiError as error:
            if error.errno != ELAST:
                self.failed(error)

    def _ready(self, mask: int) -> None:
        if self.fd < 0 or self._span is None:
            return
        try:
            self._read()
        except DahdiError as error:
            self.failed(error)

    def _read(self) -> None:
        native = self.session.native
        for _turn in range(FRAMES_AT_ONCE):
            try:
                frame = native.read(self.fd)
            except DahdiError as error:
                if error.errno != ELAST:
                    raise
                self._events()
                continue
            if frame is None:
                self._events()
                return
            if len(frame) > CHECK_OCTETS and self._span is not None:
                self._span.receive(frame[:-CHECK_OCTETS])
            if self.fd < 0:
                return

    def _events(self) -> None:
        while self.fd >= 0 and (number := self.session.native.event(self.fd)):
            if number == Event.REMOVED:
                self.on_removed()
            elif number in (Event.ALARM, Event.NOALARM):
                self.ask()
            else:
                self.frame_errors[number] = self.frame_errors.get(number, 0) + 1
