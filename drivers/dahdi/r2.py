"""MFC-R2 on an E1: line bits and register sound between DAHDI and `signalling.mfcr2`.

A slot's descriptor has one reader at a time: the register while it is open, the engine while the call has sound. The
loop sees its events (bits, alarms) in both cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from boardd.contract.objects import Span
from boardd.contract.states import Direction
from boardd.signalling.mfcr2._native import DeviceIo
from boardd.signalling.mfcr2.profile import R2Profile
from boardd.signalling.mfcr2.span import R2Span
from boardd.signalling.span import TrunkSpan
from boardd.signalling.timing import LoopClock
from drivers.dahdi._codes import Alarm, Event
from drivers.dahdi._errors import DahdiError
from drivers.dahdi.bearer import BearerPort, R2BearerPort
from drivers.dahdi.parts import Parts
from drivers.dahdi.session import log
from drivers.dahdi.trunk import Trunk
from drivers.dahdi.watcher import EVENT, IN

SEND_AGAIN_MS = 1000


class R2Trunk(Trunk):
    """One E1 with No.1 signalling; it is also the wire of its span."""

    def __init__(
        self,
        parts: Parts,
        span: Span,
        ports: Mapping[int, BearerPort],
        directions: Mapping[int, Direction],
        profile: R2Profile,
    ) -> None:
        super().__init__(parts, span, ports)
        self._io: DeviceIo | None = None
        self._span = R2Span(profile, directions, self, self.on_event, LoopClock())
        self._unsent: dict[int, int] = {}
        """Line bits by timeslot that the kernel refused to send."""
        self._registers: set[int] = set()
        self._heard: dict[int, int] = {}

    @property
    def signalling(self) -> TrunkSpan:
        """See Trunk."""
        return self._span

    async def open(self) -> None:
        """See Trunk: nothing besides the bearers."""
        native = self.session.native
        self._io = DeviceIo(native.pointer("dio_read"), native.pointer("dio_write"))

    def start(self, mask: Alarm) -> None:
        """See Trunk."""
        self.alarms.mask(mask)
        self._span.start(self.alarms.real)
        for slot, port in self.ports.items():
            port.trunk = self._span
            if isinstance(port, R2BearerPort):
                port.on_line_event = partial(self.slot_event, slot)
            self._watch(slot)
            self._bits(slot)

    def close(self) -> None:
        """See Trunk."""
        super().close()
        self._span.close()
        for port in self.ports.values():
            if port.fd >= 0:
                self.session.watcher.forget(port.fd)

    def slot_back(self, slot: int) -> None:
        """See Trunk."""
        self._unsent.pop(slot, None)  # of a call that ended with the card
        self._watch(slot)
        self._bits(slot)
        super().slot_back(slot)

    def on_alarms(self, real: tuple[str, ...]) -> None:
        """See Trunk."""
        self._span.alarms(real)

    # -- descriptors --------------------------------------------------------------------------------------------------
    def _watch(self, slot: int) -> None:
        port = self.ports[slot]
        if port.fd >= 0:
            mask = EVENT | IN if slot in self._registers else EVENT
            self.session.watcher.watch(port.fd, mask, lambda found: self._ready(slot, found))

    def _ready(self, slot: int, mask: int) -> None:
        try:
            if mask & EVENT:
                self._events(slot)
            if mask & IN and slot in self._registers and self._io is not None:
                self._span.pump(slot, self._io, self.ports[slot].fd)
        except DahdiError as error:
            self.failed(error)

    def _events(self, slot: int) -> None:
        port = self.ports[slot]
        while port.fd >= 0 and (number := self.session.native.event(port.fd)):
            self.slot_event(slot, number)

    def slot_event(self, slot: int, number: int) -> None:
        """An event of a slot's channel, seen by the loop or by the engine."""
        if number == Event.REMOVED:
            self.on_removed()
        elif number == Event.BITSCHANGED:
            self._bits(slot)
        elif number in (Event.ALARM, Event.NOALARM):
            self.ask()

    def _bits(self, slot: int) -> None:
        fd = self.ports[slot].fd
        if fd >= 0:
            self._heard[slot] = self.session.native.rx_bits(fd)
            self._span.bits(slot, self._heard[slot])

    def compare(self) -> None:
        """See Trunk: line bits, too."""
        super().compare()
        for slot, heard in list(self._heard.items()):
            self._bits(slot)
            if self._heard[slot] != heard:
                log.warning("line_bits_reconciled", channel=self.ports[slot].id, bits=self._heard[slot], missed=heard)

    # -- Wire ---------------------------------------------------------------------------------------------------------
    def send_bits(self, slot: int, abcd: int) -> None:
        """See Wire."""
        fd = self.ports[slot].fd
        self._unsent.pop(slot, None)
        if fd < 0:
            return
        try:
            self.session.native.set_tx_bits(fd, abcd)
        except DahdiError as error:
            self.failed(error)
            if not error.gone:
                self._unsent[slot] = abcd
                self.session.later(SEND_AGAIN_MS, lambda: self._send_again(slot, abcd))

    def _send_again(self, slot: int, abcd: int) -> None:
        """Line bits that the kernel did not take, unless others were sent since: the far end would wait for ever."""
        if self._unsent.get(slot) == abcd:
            self.send_bits(slot, abcd)

    def open_register(self, slot: int) -> None:
        """See Wire."""
        port = self.ports[slot]
        if port.fd < 0 or self._io is None:
            return
        port.lend_sound()
        self._registers.add(slot)
        self._span.prime(slot, self._io, port.fd)
        self._watch(slot)

    def close_register(self, slot: int) -> None:
        """See Wire."""
        self._registers.discard(slot)
        self._watch(slot)
        self.ports[slot].take_sound_back()
