"""The domain driver for Synway cards: start, stop, links, probe, scan. One per process, as the library is global to it.

Start: load the library, SsmStartCti, inventory, event queue in the mode of the configuration, settings of every
channel, everything forced on-hook or clear, a snapshot of the states; only then anything is announced.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from boardd.contract.capabilities import Capability
from boardd.contract.driver import (
    BoardNaming,
    DomainDriver,
    EventSink,
    Heartbeat,
    Inventory,
    LinkChange,
    TieEnd,
    TieEnded,
    Trouble,
)
from boardd.contract.errors import BoarddError, ConfigurationError, DeadlineError, DeviceError
from boardd.contract.objects import SwitchingProfile
from boardd.contract.scan import scanned
from boardd.contract.text import _
from boardd.native.door import DEADLINES_MS, DeadlineClass, Door
from boardd.native.reports import DoorReports
from drivers.synway._native import Native, open_library
from drivers.synway.events import Events
from drivers.synway.inventory import Found, make_port, read_inventory
from drivers.synway.port import SynwayPort
from drivers.synway.pulse import Pulse
from drivers.synway.quirks import Quirks
from drivers.synway.session import DOMAIN, Session, log
from drivers.synway.switching import Switch
from drivers.synway.tie import EXCLUDES, TIES, in_ms, out_ms

CLEAR_LIMIT_S = 10.0
CLEAR_POLL_S = 0.1
EVENT_WAIT_MS = 200
INDEX_NAME = "ShIndex.ini"


def _number(settings: Mapping[str, str], key: str, default: int) -> int:
    text = str(settings.get(key, "") or default)
    if not text.isdigit() or int(text) == 0:
        raise ConfigurationError(
            _("settings.{key} must be a whole number above 0, not {text}").format(key=key, text=text), key=key
        )
    return int(text)


def _path(settings: Mapping[str, str], key: str, default: str = "") -> Path:
    text = os.path.expanduser(os.path.expandvars(str(settings.get(key, "") or default)))
    if not text:
        raise ConfigurationError(_("settings.{key} is missing: give the full path").format(key=key), key=key)
    if "$" in text:
        raise ConfigurationError(_("settings.{key}: {text}: variable not set").format(key=key, text=text), key=key)
    path = Path(text)
    if not path.is_absolute():
        raise ConfigurationError(
            _("settings.{key}: {text} must be an absolute path").format(key=key, text=text), key=key
        )
    return path


class SynwayDriver(DomainDriver):
    """All Synway cards of this machine. `channel_settings` is not needed: the host applies it."""

    def __init__(
        self,
        settings: Mapping[str, str],
        naming: BoardNaming,
        sink: EventSink,
        channel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.heartbeat = Heartbeat()
        self.naming = naming
        self.library_path = _path(settings, "library")
        self.config = _path(settings, "config")
        self.index = _path(settings, "index", str(self.config.with_name(INDEX_NAME)))
        self._wait_ms = _number(settings, "event_wait_ms", EVENT_WAIT_MS)
        deadlines = {
            DeadlineClass.COMMAND: _number(settings, "command_ms", DEADLINES_MS[DeadlineClass.COMMAND]),
            DeadlineClass.FILE: _number(settings, "file_ms", DEADLINES_MS[DeadlineClass.FILE]),
            DeadlineClass.START_STOP: _number(settings, "start_stop_ms", DEADLINES_MS[DeadlineClass.START_STOP]),
        }
        self._reports = DoorReports(DOMAIN, lambda event: self.session.emit(event))
        self.door = Door(
            DOMAIN,
            self.heartbeat,
            deadlines,
            self._reports.hooks(),
            stuck_after_ms=_number(settings, "stuck_after_ms", 10_000),
        )
        self.session = Session(self.door, Quirks.parse(settings.get("quirks", "")), sink)
        self.switch = Switch(self.session)
        self.switch.ties.ended = lambda name: self.session.emit(TieEnded(name))
        self.pulse = Pulse(self.session, self.switch.ties, self.heartbeat, self._reports)
        self.pulse.flows = lambda: [(port.id, port.flow) for port in self.ports.values()]
        self.events = Events(self.session, self.heartbeat, DOMAIN, self._wait_ms)
        self.found = Found()
        self.ports: dict[int, SynwayPort] = {}
        self._started = False
        self._interrupts = -1

    # -- start --------------------------------------------------------------------------------------------------------
    async def start(self) -> Inventory:
        """See DomainDriver."""
        for key, path in (("config", self.config), ("index", self.index)):
            try:
                path.open("rb").close()
            except OSError as error:
                text = _("settings.{key}: {path}: {problem}; the maker's tools write this file, correct the path")
                raise ConfigurationError(
                    text.format(key=key, path=path, problem=error.strerror), key=key, path=str(path)
                ) from error
        self.door.open()
        try:
            await self._start_library()
            await self._take_inventory()
            await self._begin_events()
            await self._clear_lines()
        except BaseException:
            await self._give_up()
            raise
        self._announce()
        library = self.session.native.library
        return Inventory(
            boards=list(self.found.boards.values()),
            spans=list(self.found.spans.values()),
            ports={port.id: port for port in self.ports.values()},
            switching=self._switching(),
            library=str(library.path),
            library_version=await self.session.run("SsmGetDllVersion", self.session.native.version),
        )

    async def _start_library(self) -> None:
        def load() -> Native:
            return Native(open_library(self.library_path, "settings.library"))

        native = await self.session.run("dlopen", load, DeadlineClass.START_STOP)
        log.info("library_loaded", **native.library.describe())
        self.session.native = native
        await self.session.run(
            "SsmStartCti", lambda: native.start(str(self.config), str(self.index)), DeadlineClass.START_STOP
        )
        self._started = True

    async def _take_inventory(self) -> None:
        native, naming = self.session.native, self.naming
        self.found = await self.session.run("inventory", lambda: read_inventory(native, naming), DeadlineClass.FILE)
        for channel, number in self.found.channels:
            port = make_port(channel, number, self.session, self.switch)
            self.ports[port.ch] = port
            self.switch.numbers[port.id] = port.ch
        self.switch.ties.carriers = {p.id: p for p in self.ports.values() if Capability.LINK in p.info.capabilities}
        if self.found.unknown:
            log.warning("channels_not_driven", types=self.found.unknown)

    async def _begin_events(self) -> None:
        mode = await self.session.run("SsmSetEvent", self.session.native.enable_events)
        log.info("events_enabled", mode=mode)
        self.events.ports, self.events.spans = self.ports, self.found.spans
        self.events.boards = self.found.boards
        self.events.listen()

    async def _clear_lines(self) -> None:
        """Force every line on-hook or clear; wait, at most CLEAR_LIMIT_S, until the card says that they are."""
        await self._read_states()
        for port in self.ports.values():
            await port.prepare()
            await self.session.ask(port.id, self.session.lib.SsmClearChBusLink, 0, port.ch)
            await port.clear()
        try:
            async with asyncio.timeout(CLEAR_LIMIT_S):
                while not all(port.at_rest(port.vendor) for port in self.ports.values()):
                    await asyncio.sleep(CLEAR_POLL_S)
                    await self._read_states()
        except TimeoutError:
            busy = [port.id for port in self.ports.values() if not port.at_rest(port.vendor)]
            log.error("lines_not_clear", channels=busy)
        await self._read_states()

    async def _read_states(self) -> None:
        channels = list(self.ports)
        native = self.session.native
        states = await self.session.run("SsmGetChState", lambda: native.states(channels))
        for ch, state in zip(channels, states, strict=True):
            self.ports[ch].vendor = max(state, 0)

    def _announce(self) -> None:
        """The snapshot becomes the state; what differs from rest is told as the first events."""
        late: dict[int, int] = {}
        for port in self.ports.values():
            seen = port.vendor
            port.adopt(seen)
            if port.vendor != seen:
                late[port.ch] = seen
        self.events.begin()
        self.session.spawn(self._tell_first(late), "first events")
        self.session.spawn(self.pulse.run(), "pulse of ties")

    async def _tell_first(self, late: Mapping[int, int]) -> None:
        await self.events.opened.wait()
        for board in self.found.missing:
            self.session.emit(Trouble(board, "board_missing", True, self.found.boards[board].reason))
        for ch, state in late.items():
            await self.ports[ch].resync(state)

    def _switching(self) -> SwitchingProfile:
        quirks = self.session.quirks
        ties = quirks.ties and self.session.native.has("ties")
        return SwitchingProfile(
            conference_members=quirks.conference_members if quirks.conference == "group" else 0,
            record_loss_bound_ms=quirks.record_loss_bound_ms,
            stream_channels=TIES if ties else 0,
            stream_out_ms=out_ms(quirks.tie_piece_bytes) if ties else 0,
            stream_in_ms=in_ms(quirks.tie_piece_bytes) if ties else 0,
            stream_excludes=list(EXCLUDES) if ties else [],
        )

    async def _give_up(self) -> None:
        """Start failed half-way: leave nothing behind that would hinder the next start."""
        await self.events.stop()
        if self._started:
            try:
                await self.session.run("SsmCloseCti", self.session.native.close, DeadlineClass.START_STOP)
            except BoarddError as error:
                log.warning("close_failed", error=error.message)
        await self.door.close()

    # -- stop ---------------------------------------------------------------------------------------------------------
    async def stop(self) -> None:
        """See DomainDriver."""
        if not self.door.is_open:
            return
        for port in self.ports.values():
            try:
                await port.hangup()
            except BoarddError as error:
                log.warning("hangup_at_stop_failed", channel=port.id, error=error.message)
        await self._wait_free()
        self.session.close_gate()
        ended = await self.events.stop()
        await self.session.cancel_tasks()
        self.switch.ties.shut()
        if ended and not self.door.late:
            try:
                await self.session.run("SsmCloseCti", self.session.native.close, DeadlineClass.START_STOP)
            except (DeviceError, DeadlineError) as error:
                log.error("close_failed", error=error.message)
            else:
                for port in self.ports.values():
                    port.flow.close()
        await self.door.close()

    async def _wait_free(self) -> None:
        """Give the lines the time that they need to clear, at most CLEAR_LIMIT_S."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + CLEAR_LIMIT_S
        while busy := [port.id for port in self.ports.values() if not port.at_rest(port.vendor)]:
            if loop.time() >= until_s:
                log.error("lines_not_clear", channels=busy)
                return
            await asyncio.sleep(CLEAR_POLL_S)

    # -- while it runs ------------------------------------------------------------------------------------------------
    async def link(self, changes: Sequence[LinkChange]) -> None:
        """See DomainDriver."""
        await self.switch.change(changes)

    async def open_tie(self, name: str, end: TieEnd) -> None:
        """See DomainDriver."""
        if not self._switching().stream_channels:
            await super().open_tie(name, end)
        self.switch.ties.open(name, end)

    async def close_tie(self, name: str) -> None:
        """See DomainDriver."""
        await self.switch.ties.close(name)

    async def probe(self) -> None:
        """See DomainDriver. Where the library counts the card's interrupts, they must move."""
        if self.session.native.has("interrupt_count"):
            count = await self.session.run("SsmGetIntCount", self.session.lib.SsmGetIntCount)
            if count != self._interrupts:
                self._interrupts = count
                self.heartbeat.beat("card")
        else:
            await self.session.run("SsmGetMaxCh", self.session.lib.SsmGetMaxCh)

    async def scan(self) -> list[dict[str, Any]]:
        """See DomainDriver."""
        channels = [port.info for port in self.ports.values()]
        return scanned(self.found.boards.values(), self.found.spans.values(), channels)


def create(
    settings: Mapping[str, str],
    naming: BoardNaming,
    sink: EventSink,
    channel_settings: Mapping[str, Any] | None = None,
) -> SynwayDriver:
    """The driver's factory (DESCRIPTOR.factory). Raises ConfigurationError for settings that are wrong."""
    return SynwayDriver(settings, naming, sink, channel_settings)
