"""The domain's engine with its detectors: what every port gets sound and hearing from.

One bank of each kind; a port's lane is its own. The engine is driven by the first card that runs (its C thread waits on
the device), or by the loop in lockstep.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from boardd.contract.driver import Heartbeat
from boardd.contract.errors import UnsupportedError
from boardd.media.engine.banks import EngineBank, Kind
from boardd.media.engine.clips import ALAW, MULAW, ClipStore
from boardd.media.engine.engine import Engine
from boardd.media.engine.events import BlocksLate, ClockChanged, EngineEvent, EventsLost
from boardd.media.engine.port import DeviceLine, EnginePort
from boardd.media.engine.tones import CHINA, TonePlan
from drivers.dahdi._codes import ELAST, Law, Request
from drivers.dahdi._native import Native
from drivers.dahdi.settings import Settings

CID_ROOM = 258
TIES = 64
"""Ports for ties to other domains, beside those of channels."""
log = structlog.get_logger("drivers.dahdi")


class Sound:
    """The engine of a started domain."""

    def __init__(self, native: Native, settings: Settings, heartbeat: Heartbeat) -> None:
        self._native = native
        self._settings = settings
        self._heartbeat = heartbeat
        self.engine = Engine(settings.max_channels + TIES, on_event=self._on_event)
        self.dtmf = EngineBank(self.engine, Kind.DTMF)
        self.progress = EngineBank(self.engine, Kind.PROGRESS)
        self.voice = EngineBank(self.engine, Kind.VOICE)
        self.caller_id = EngineBank(self.engine, Kind.CID)
        self.clips = ClipStore()
        self.tones: TonePlan = CHINA
        self.on_events_lost: Callable[[], None] = lambda: None
        self.can_cancel_echo = False
        self._beats = -1

    def start(self) -> None:
        """From the running loop."""
        try:
            self.engine.load_echo()
        except UnsupportedError as error:
            log.warning("no_echo_canceller", reason=error.message)
        else:
            self.can_cancel_echo = True
        self.engine.start(priority=self._settings.priority)

    def close(self) -> None:
        """Everything ends; recordings are complete."""
        self.engine.close()

    def device(self, fd: int, law: Law, on_event: Callable[[EngineEvent], None]) -> EnginePort:
        """A port on a channel's descriptor, held."""
        native = self._native
        line = DeviceLine(
            fd,
            MULAW if law is Law.MULAW else ALAW,
            read=native.pointer("dio_read"),
            write=native.pointer("dio_write"),
            ioctl=native.pointer("dio_ioctl"),
            event_request=int(Request.GETEVENT),
            event_errno=ELAST,
            prefill=self._settings.prefill,
        )
        return self.engine.device_port(line, on_event)

    def caller_id_bytes(self, port: EnginePort) -> bytes:
        """The last caller-ID message that the port heard."""
        octets = self.engine.ffi.new("unsigned char[]", CID_ROOM)
        size = self.caller_id.call("bank_read", port.lane, octets, CID_ROOM)
        return bytes(self.engine.ffi.buffer(octets, max(0, size)))

    def cancel_echo(self, port: EnginePort, on: bool) -> None:
        """The engine's canceller for a port, where it has one."""
        if self.can_cancel_echo:
            port.echo(self._settings.echo_tail_ms if on else 0)

    def beat(self) -> None:
        """Once a second: the engine lives if it has moved."""
        beats = self.engine.beats
        if beats != self._beats:
            self._beats = beats
            self._heartbeat.beat("engine")

    def _on_event(self, event: EngineEvent) -> None:
        if isinstance(event, BlocksLate):
            log.warning("blocks_late", blocks=event.blocks, longest_us=event.longest_us, port=event.port)
        elif isinstance(event, ClockChanged):
            log.info("engine_clock", port=event.port)
        elif isinstance(event, EventsLost):
            log.error("engine_events_lost", count=event.count)
            self.on_events_lost()
