"""One channel of the simulated kernel: signalling, what a program has set while it is open, sound and frames.

Sound is A-law on the way to the simulator's world; the octets that a program sees are those of the card's codec (`wire
law`), as on real cards, whatever law the program has asked for: that one is for the kernel's own conversions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.kernel.sim import Sim
from hwsim.spanbus.channel import ChannelEvent
from hwsim.vendorlibs.dahdi.abi import FXO_SIDE, FXS_SIDE, AlarmBit, Event, Law, Sig
from hwsim.vendorlibs.dahdi.bearer import TICK_OCTETS, Bearer
from hwsim.vendorlibs.dahdi.blocks import Receiving, Sending
from hwsim.vendorlibs.dahdi.file import OpenFile
from hwsim.vendorlibs.dahdi.framing import FrameSender, with_fcs
from hwsim.vendorlibs.dahdi.hooks import Hooks, RxSig, Times, TxSig
from hwsim.vendorlibs.dahdi.laws import ALAW_TO_MULAW, MULAW_TO_ALAW, SILENCE
from hwsim.vendorlibs.dahdi.linebits import REST, BitLine, hook_of
from hwsim.vendorlibs.dahdi.ports import Module
from hwsim.vendorlibs.dahdi.shared import Field, Flag, Kind
from hwsim.vendorlibs.dahdi.tonesender import ToneSender
from hwsim.vendorlibs.dahdi.zones import Zones

if TYPE_CHECKING:
    from hwsim.vendorlibs.dahdi.span import KernelSpan

DEFAULT_SIZE, DEFAULT_COUNT = 1024, 2
PLAIN = bytes(range(256))
HOOKED = frozenset({Sig.FXSLS, Sig.FXSGS, Sig.FXSKS, Sig.FXOLS, Sig.FXOGS, Sig.FXOKS, Sig.EM, Sig.EM_E1})


@dataclass(slots=True)
class Settings:
    """What a program has set; all as at first after the next opening."""

    audio: bool = False
    linear: bool = False
    law: Law = Law.ALAW
    raw_frames: bool = False
    frames: bool = False
    buffer_events: bool = False
    looped: bool = False
    rx_gain: bytes = PLAIN
    tx_gain: bytes = PLAIN
    conf_mute: int = 0
    echo_taps: int = 0


@dataclass(slots=True)
class OddEvent:
    """Fault: the next `times` events of this number come `copies` times, and once more after `ms` (0: not)."""

    event: int
    copies: int
    ms: int = 0
    times: int = 1


class DahdiChannel:
    """A channel. `position` counts from 1 on its span; `span` None: a pseudo channel."""

    def __init__(
        self,
        sim: Sim,
        number: int,
        position: int,
        name: str,
        span: KernelSpan | None,
        bearer: Bearer,
        zones: Zones,
        *,
        wire_law: Law = Law.ALAW,
        capable: int = Sig.CLEAR,
        module: Module | None = None,
    ) -> None:
        self.sim = sim
        self.number = number
        self.position = position
        self.name = name
        self.span = span
        self.bearer = bearer
        self.wire_law = wire_law
        self.capable = capable
        self.module = module
        self.sig: int = Sig.NONE
        self.law_configured = Law.DEFAULT
        self.idle_bits = 0
        self.tx_bits = 0
        self.rx_bits = bearer.rx_bits
        self.alarms = AlarmBit.NONE
        self.echo_name = ""
        self.conference = 0
        self.conference_mode = 0
        self.replaced = False
        self.settings = Settings()
        self.file: OpenFile | None = None
        self.receiving: Receiving | None = None
        self.sending: Sending | None = None
        self.stalled = False
        """Fault: nothing reaches the program."""
        self.late_ms = 0
        """Fault: what comes in reaches the program so much later."""
        self.odd_events: list[OddEvent] = []
        """Faults."""
        line: Callable[[TxSig], None] = module.say if module else BitLine(self.send_bits, lambda: self.sig).say
        self.hooks = Hooks(sim, self.note, line)
        self.tones = ToneSender(sim, bearer.leg, zones, self.note)
        self.tones.pulser = self.hooks
        self.tones.changed = self._kick_wanted
        self.hooks.zone_loaded = lambda: self.tones.zone is not None
        self.hooks.nonblock = lambda: self.file is None or self.file.nonblock
        self._frames = FrameSender(sim, bearer.send_frame)
        bearer.attach(self)

    # -- what it is ---------------------------------------------------------------------------------------------------
    @property
    def leg(self) -> int | None:
        """Its end of sound in the engine."""
        return self.bearer.leg

    @property
    def sink_leg(self) -> int | None:
        """Where the kernel's conferences say what it is to send."""
        return self.bearer.leg

    @property
    def pseudo(self) -> bool:
        """Whether it has no card."""
        return self.span is None

    @property
    def clear(self) -> bool:
        """Whether it is a clear channel: no hooks, no bits."""
        return self.sig & Sig.CLEAR == Sig.CLEAR

    @property
    def frames_configured(self) -> bool:
        """Whether it carries frames by its configuration."""
        return self.sig & Sig.HDLCRAW == Sig.HDLCRAW

    @property
    def default_law(self) -> Law:
        """The law after opening."""
        if self.law_configured:
            return self.law_configured
        return self.span.law if self.span else Law.MULAW

    @property
    def rx_offhook(self) -> bool:
        """Whether the far end is not at rest, as GET_PARAMS says it."""
        if self.module:
            return self.hooks.rx not in (RxSig.ONHOOK, RxSig.INITIAL)
        if self.sig == Sig.CAS:
            return self.rx_bits & (self.idle_bits >> 8) != self.idle_bits & 0xFF
        bits, mask = REST.get(self.sig, (0, 0))
        return bool(self.span) and self.rx_bits & mask != bits

    def configure(self, sig: int, law: Law = Law.DEFAULT, idle_bits: int = 0) -> bool:
        """CHANCONFIG: whether the channel can do that."""
        capable = self.capable
        if capable & Sig.CLEAR:
            capable |= Sig.HDLCFCS
        if capable & sig != sig:
            return False
        self.sig, self.law_configured = sig, law
        self.idle_bits = idle_bits if sig == Sig.CAS else 0
        self.hooks.cadence_ms = list(self.tones.zone.ring_ms) if self.tones.zone else []
        if sig == Sig.CAS:
            self.hooks.sig = Sig.NONE
            self.send_bits(self.idle_bits)
        elif sig in HOOKED:
            self.hooks.configure(sig)
            if self.module:
                self.module.asked_again()
        elif not self.clear:
            self.hooks.sig = Sig.NONE
        if self.span and not self.module:
            self.rx_bits = -1
            self.span.bits_changed(self)
        return True

    # -- opening and closing ------------------------------------------------------------------------------------------
    def open(self, file: OpenFile) -> None:
        """A program has it now."""
        self.file = file
        self.receiving, self.sending = Receiving(file), Sending(file)
        self.settings = Settings(law=self.default_law, audio=not self.clear, frames=self.frames_configured)
        file.page.fields[Field.KIND] = Kind.CHANNEL
        file.page.fields[Field.RX_BITS] = self.rx_bits
        file.set_buffers(DEFAULT_SIZE, DEFAULT_COUNT)
        self.tones.reset()
        self.hooks.cadence_first = 0
        self.hooks.cadence_ms = list(self.tones.zone.ring_ms) if self.tones.zone else []
        if self.sig in HOOKED:
            self.hooks.opened(Times())
        elif self.sig == Sig.CAS:
            self.send_bits(self.idle_bits)
        self.follow_settings()
        self._open_bearer()

    def close(self) -> None:
        """The program has closed it, or died."""
        self.tones.reset()
        self._frames.stop()
        self.bearer.close()
        if self.file:
            self.file.close()
        self.file = self.receiving = self.sending = None
        self.settings = Settings(law=self.default_law)
        if self.sig in HOOKED:
            self.hooks.closed()
        elif self.sig == Sig.CAS:
            self.send_bits(self.idle_bits)

    def follow_settings(self) -> None:
        """Tell the program's side what it must know."""
        if self.file:
            settings = self.settings
            self.file.flag(Flag.LINEAR, settings.linear)
            self.file.flag(Flag.MULAW, settings.law is Law.MULAW)
            self._kick_wanted()

    def set_frames(self, on: bool, raw: bool = False) -> None:
        """A clear channel changes between sound and frames."""
        self.settings.frames, self.settings.raw_frames = on, raw
        self.follow_settings()
        self._open_bearer()

    def set_buffers(self, size: int, count: int) -> None:
        """Blocks of so many octets, all empty."""
        if self.file and self.receiving and self.sending:
            self.file.set_buffers(size, count)
            self.receiving.clear()
            self.sending.clear()
            self._frames.drop()

    def drop_written(self) -> None:
        """What the program has written and is not sent is gone."""
        if self.file and self.sending:
            self.file.flush_tx()
            self.sending.clear()
            self._frames.drop()

    def _open_bearer(self) -> None:
        self.bearer.close()
        if self.settings.frames:
            self.bearer.open_frames()
            if self.sending and self.file:
                self._frames.start(self.sending, self.file)
        else:
            self._frames.stop()
            self.bearer.open_sound()

    def _kick_wanted(self) -> None:
        if self.file:
            self.file.flag(Flag.KICK, self.settings.frames or self.tones.active)

    def kicked(self) -> None:
        """The program has written something that must not wait for the next step."""
        if self.tones.active:
            self.tones.stop()
        if self.settings.frames:
            self._frames.more()

    # -- events -------------------------------------------------------------------------------------------------------
    def note(self, event: int) -> None:
        """An event for the program, if there is one."""
        for odd in self.odd_events:
            if odd.event == event:
                self._odd_event(odd)
                return
        self.raise_event(event)

    def raise_event(self, event: int) -> None:
        """The same, whatever faults there are."""
        if self.file:
            self.file.note(event)

    def _odd_event(self, odd: OddEvent) -> None:
        odd.times -= 1
        if odd.times <= 0:
            self.odd_events.remove(odd)
        if odd.ms:
            self.sim.later(odd.ms, self.raise_event, odd.event)
        for _ in range(odd.copies):
            self.raise_event(odd.event)

    def set_alarms(self, alarms: AlarmBit) -> None:
        """The channel's alarms changed."""
        if alarms != self.alarms:
            self.alarms = alarms
            self.note(Event.ALARM if alarms else Event.NOALARM)

    def hook_signal(self, rx: RxSig) -> None:
        """The card's module says so."""
        self.hooks.heard(rx)

    def send_bits(self, abcd: int) -> None:
        """Line bits from now on."""
        self.tx_bits = abcd
        self.bearer.send_bits(abcd)

    def got_bits(self, received: int) -> None:
        """The card says these are the bits that come in."""
        if received == self.rx_bits or self.hooks.frozen:
            return
        self.rx_bits = received
        if self.file:
            self.file.page.fields[Field.RX_BITS] = received
        if self.sig == Sig.CAS:
            self.note(Event.BITSCHANGED)
        elif self.sig & (FXO_SIDE | FXS_SIDE) or self.sig in (Sig.EM, Sig.EM_E1):
            meaning = hook_of(self.sig, received)
            if meaning is not None:
                self.hooks.heard(meaning)

    # -- from the bearer ----------------------------------------------------------------------------------------------
    def heard(self, octets: bytes) -> None:
        """See Sink."""
        receiving, settings = self.receiving, self.settings
        if receiving is None or self.stalled:
            return
        if self.tones.deafens:
            octets = bytes([SILENCE[settings.law]]) * len(octets)
        elif self.wire_law is Law.MULAW:
            octets = octets.translate(ALAW_TO_MULAW)
        if settings.rx_gain is not PLAIN:
            octets = octets.translate(settings.rx_gain)
        if self.late_ms:
            self.sim.later(self.late_ms, self._arrived, receiving, octets)
        else:
            self._arrived(receiving, octets)

    def _arrived(self, receiving: Receiving, octets: bytes) -> None:
        if receiving is self.receiving and not receiving.sound(octets) and self.settings.buffer_events:
            self.note(Event.READ_OVERRUN)

    def wanted(self) -> bytes:
        """See Sink."""
        sending = self.sending
        if sending is None:
            return b""
        octets = sending.octets(TICK_OCTETS)
        if self.replaced and not self.settings.conf_mute:
            return b""  # written for nothing: a conference says what is sent
        if octets and self.tones.active:
            self.tones.stop()
        if self.settings.tx_gain is not PLAIN:
            octets = octets.translate(self.settings.tx_gain)
        return octets.translate(MULAW_TO_ALAW) if self.wire_law is Law.MULAW else octets

    def got_frame(self, frame: bytes) -> None:
        """See Sink."""
        if self.receiving is None or self.file is None or self.stalled:
            return
        if len(frame) + 2 >= self.file.block_size:
            self._frame_event(Event.OVERRUN)
        else:
            self.receiving.frame(with_fcs(frame))

    def line_event(self, event: ChannelEvent) -> None:
        """See Sink."""
        match event:
            case ChannelEvent.ABORT:
                self._frame_event(Event.ABORT)
            case ChannelEvent.BAD_FCS:
                self._frame_event(Event.BADFCS)
            case ChannelEvent.BITS_CHANGED:
                if self.span:
                    self.span.bits_changed(self)
            case _:
                pass

    def _frame_event(self, event: Event) -> None:
        if self.span and not self.span.alarms:
            self.note(event)
