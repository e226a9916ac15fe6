"""E1 spans as the driver sees them: sync, status word, and what it does to the channels (fact sheet section 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hwsim.kernel.sim import Timer
from hwsim.line.digital import Alarm, Signalling, Span
from hwsim.vendorlibs.synway.codes import Event
from hwsim.vendorlibs.synway.digital import SPAN_APP, DigitalChannel

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.driver import Driver

NO_FRAME = frozenset({Alarm.LOS, Alarm.LOF, Alarm.AIS})
SYNC_MS = 500
SLIP_SHOWN_MS = 10_000
"""A slip is over at once: the status word shows it for so long [?]."""


@dataclass
class SpanView:
    """One span of a card. `number` is the logical span number of [PcmInfo], -1 when the file does not list it."""

    driver: Driver
    board: int
    index: int
    line: Span
    number: int = -1
    channels: list[DigitalChannel] = field(default_factory=list)
    lost: bool = True
    blocked: bool = False
    status: int = 0
    unplugged: bool = False
    _timer: Timer | None = None
    _slip_timer: Timer | None = None

    def begin(self) -> None:
        """Library start: the receiver looks for frames first."""
        self.line.card = self
        self.lost = True
        self.status = self.driver.personality.status_lof
        self._timer = self.driver.sim.later(SYNC_MS, self.on_alarms, self.line.alarms)

    def end(self) -> None:
        """Library gone."""
        self.line.card = None
        for timer in (self._timer, self._slip_timer):
            if timer:
                timer.cancel()
        self._slip_timer = None

    @property
    def word(self) -> int:
        """SsmGetPcmLinkStatus: 0 is in sync; the bits are a personality."""
        return self.status

    def on_alarms(self, alarms: frozenset[Alarm]) -> None:
        """The receiver's alarms changed (or the first look after start)."""
        if self.unplugged:
            return
        if self._timer:
            self._timer.cancel()
        self._show()
        fatal = NO_FRAME | {Alarm.LMF} if self.line.signalling is Signalling.SS1 else NO_FRAME
        lost = bool(alarms & fatal)
        if lost and not self.lost:
            self.lost = True
            for channel in self.channels:
                channel.span_lost()
        elif not lost and self.lost:
            self.lost = False
            low, high = self.driver.personality.circuit_ready_ms
            delay_ms = self.driver.sim.rng(f"synway/{self.line.name}").randint(low, high)
            for channel in self.channels:
                channel.span_ready(delay_ms)
        if self.line.signalling in (Signalling.ISDN_USER, Signalling.ISDN_NET) and self.number >= 0:
            self.driver.hub.post(Event.E_CHG_ISDN_STATUS, self.number)

    def on_slip(self) -> None:
        """A slip: the status word shows it for a while, where the driver shows slips at all."""
        if self._slip_timer:
            self._slip_timer.cancel()
        self._slip_timer = self.driver.sim.later(SLIP_SHOWN_MS, self._slips_over)
        self._show_errors()

    def on_errors(self, ratio: float) -> None:
        """Bit errors begin or end."""
        self._show_errors()

    def _slips_over(self) -> None:
        self._slip_timer = None
        self._show_errors()

    def _show_errors(self) -> None:
        if not self.unplugged and not self.lost:
            self._show()

    def _show(self) -> None:
        persona = self.driver.personality
        bits = {
            Alarm.LOS: persona.status_los,
            Alarm.LOF: persona.status_lof,
            Alarm.AIS: persona.status_ais,
            Alarm.LMF: persona.status_lmf,
            Alarm.RAI: persona.status_rai,
        }
        word = sum(bits[alarm] for alarm in self.line.alarms)
        word |= persona.status_slip if self._slip_timer else 0
        word |= persona.status_errors if self.line.error_ratio else 0
        if word != self.status:
            self.status = word
            if self.number >= 0:
                self.driver.hub.post(Event.E_CHG_PCM_LINK_STATUS, self.number, word)

    def block(self, on: bool) -> None:
        """SsmBlockLocalPCM and SsmUnblockLocalPCM."""
        self.blocked = on
        for channel in self.channels:
            channel.block(SPAN_APP, on)

    def unplug(self, gone: bool) -> None:
        """The card was pulled out or put back; its channels are told by the driver."""
        self.unplugged = gone
        if gone:
            self.lost = True
        else:
            self.begin()
