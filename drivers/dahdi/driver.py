"""The domain driver for cards of the DAHDI family: start, stop, links, probe, scan. All cards of a PC are one domain.

Start: load libdahdiio, ask the kernel what there is, open every channel and force it on-hook or clear, start engine and
signalling, wait until the E1s have agreed with their far ends on what is free; only then anything is announced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from boardd.contract.capabilities import ChannelKind, Maintenance
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
from boardd.contract.errors import BoarddError, ConfigurationError
from boardd.contract.objects import SwitchingProfile
from boardd.contract.scan import scanned
from boardd.contract.states import BoardState
from boardd.contract.text import _
from boardd.native.door import DeadlineClass, Door
from boardd.native.reports import DoorReports
from drivers.dahdi._codes import CTL
from drivers.dahdi._errors import DahdiError, ctl_problem
from drivers.dahdi._native import Native, open_library
from drivers.dahdi.cards import Cards
from drivers.dahdi.inventory import Found, read_inventory
from drivers.dahdi.kernel_bridge import KernelBridge
from drivers.dahdi.parts import Parts
from drivers.dahdi.port import RESTING
from drivers.dahdi.session import Session, log
from drivers.dahdi.settings import Bridging, Settings
from drivers.dahdi.sound import Sound
from drivers.dahdi.switching import CONFERENCE_MEMBERS, Switch
from drivers.dahdi.tones import tone_profiles

DOMAIN = "dahdi"
CLEAR_LIMIT_S = 10.0
CLEAR_POLL_S = 0.1
BEAT_S = 1.0
RECORD_LOSS_BOUND_MS = 1_000
STREAM_CHANNELS = 64
"""Ties to other domains at once: more than seats."""
STREAM_OUT_MS, STREAM_IN_MS = 40, 80
"""A block is read before it is heard; a ring's delay, a tick, and what is written ahead."""
TURNS_BEFORE_FIRST_EVENT = 4
"""Turns of the loop between the end of `start` and the first event, so that whoever awaited it has gone on."""


class DahdiDriver(DomainDriver):
    """See the module text."""

    def __init__(
        self,
        settings: Mapping[str, str],
        naming: BoardNaming,
        sink: EventSink,
        channel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.heartbeat = Heartbeat()
        self.naming = naming
        self.settings = Settings.parse(settings)
        self._reports = DoorReports(DOMAIN, lambda event: self.session.emit(event))
        self.door = Door(
            DOMAIN,
            self.heartbeat,
            dict(self.settings.deadlines_ms),
            self._reports.hooks(),
            stuck_after_ms=self.settings.stuck_after_ms,
        )
        self.session = Session(self.door, self.settings, sink)
        self.found = Found()
        self._channel_settings = channel_settings or {}
        self._parts: Parts | None = None
        self._cards: Cards | None = None
        self._version = ("", "")

    @property
    def cards(self) -> Cards:
        """Boards, ports, E1s of the started domain."""
        if self._cards is None:
            raise RuntimeError("the domain is not started")
        return self._cards

    @property
    def parts(self) -> Parts:
        """Session, engine, switch of the started domain."""
        if self._parts is None:
            raise RuntimeError("the domain is not started")
        return self._parts

    # -- start --------------------------------------------------------------------------------------------------------
    async def start(self) -> Inventory:
        """See DomainDriver."""
        self.door.open()
        try:
            await self._load()
            await self._build()
            await self._open()
            await self._wait_clear()
        except BaseException:
            await self._close()
            raise
        self.session.spawn(self._announce(), "announce")
        return Inventory(
            boards=list(self.cards.boards.values()),
            spans=[trunk.span for trunk in self.cards.trunks.values()],
            ports=dict(self.cards.ports),
            switching=SwitchingProfile(
                gains=True,
                conference_members=CONFERENCE_MEMBERS,
                record_loss_bound_ms=RECORD_LOSS_BOUND_MS,
                stream_channels=STREAM_CHANNELS,
                stream_out_ms=STREAM_OUT_MS,
                stream_in_ms=STREAM_IN_MS,
            ),
            library=str(self.session.native.library.path),
            library_version=self._version[0],
        )

    async def _load(self) -> None:
        def load() -> Native:
            return Native(open_library(self.settings.library, "settings.library"))

        native = await self.session.run("dlopen", load, deadline=DeadlineClass.START_STOP)
        log.info("library_loaded", simulated=native.simulated, **native.library.describe())
        self.session.native = native
        try:
            self.session.ctl = await self.session.run("open ctl", native.open_ctl, deadline=DeadlineClass.FILE)
        except DahdiError as error:
            raise ctl_problem(error, CTL) from error
        self._version = await self.session.run("GETVERSION", native.version, self.session.ctl)
        log.info("dahdi", version=self._version[0], echo_cancellers=self._version[1])

    async def _build(self) -> None:
        self.found = await self._inventory()
        if not self.found.channels:
            what = _("DAHDI has {spans} spans and no channel that can be used: write system.conf and run dahdi_cfg")
            raise ConfigurationError(what.format(spans=len(self.found.spans)))
        if self.found.unused:
            log.warning("channels_not_driven", signalling=self.found.unused)
        lines = [channel.id for channel in self.found.channels.values() if channel.kind is ChannelKind.FXO]
        loop = asyncio.get_running_loop()
        tones = await loop.run_in_executor(None, tone_profiles, self.settings.tones, lines)
        sound = Sound(self.session.native, self.settings, self.heartbeat)
        bridge = KernelBridge(self.session.native.monitor, self.settings.bridging is Bridging.KERNEL)
        self._parts = Parts(self.session, sound, Switch(sound, bridge), bridge, tones)
        self._cards = Cards(self._parts, self._channel_settings)
        self._cards.build(self.found)
        ports = self._cards.ports
        self.parts.switch.tie_ended = lambda name: self.session.emit(TieEnded(name))
        self.parts.switch.port_of = lambda channel: (
            ports[channel].engine_port if channel in ports and ports[channel].attached else None
        )

    async def _inventory(self) -> Found:
        native, ctl = self.session.native, self.session.ctl
        return await self.session.run(
            "inventory",
            lambda: read_inventory(native, ctl, self.naming, self.settings),
            deadline=DeadlineClass.START_STOP,
        )

    async def _open(self) -> None:
        self.session.watcher.on_deaf = lambda fd: self._reports.stuck(f"nobody can read descriptor {fd} any more")
        self.session.watcher.start()
        self.parts.sound.start()
        for board, known in self.cards.boards.items():
            if known.state is BoardState.RUNNING:
                await self.cards.open(board)
        for board, known in self.cards.boards.items():
            if known.state is BoardState.RUNNING:
                await self.cards.begin(board)
        self.session.spawn(self._beat(), "engine beat")

    async def _wait_clear(self) -> None:
        """E1s that have a signal: until their far ends agree on what is free, at most CLEAR_LIMIT_S."""
        for _turn in range(round(CLEAR_LIMIT_S / CLEAR_POLL_S)):
            if not self._unsettled():
                return
            await asyncio.sleep(CLEAR_POLL_S)
        log.error("lines_not_clear", spans=self._unsettled())

    def _unsettled(self) -> list[str]:
        return [t.span.id for t in self.cards.trunks.values() if not t.alarms.now and not t.settled]

    async def _announce(self) -> None:
        for _turn in range(TURNS_BEFORE_FIRST_EVENT):
            await asyncio.sleep(0)
        self.session.open_gate()
        for board in self.found.missing:
            self.session.emit(Trouble(board, "board_missing", True, self.cards.boards[board].reason))
        for port in self.cards.ports.values():
            if port.attached:
                port.first()
        self.session.spawn(self._reconcile(), "reconcile")

    # -- while it runs ------------------------------------------------------------------------------------------------
    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self.parts.sound.beat()

    async def _reconcile(self) -> None:
        """Events are hints: what the kernel says is compared every so often; cards that were missing may be back."""
        while True:
            await asyncio.sleep(self.settings.reconcile_ms / 1000)
            try:
                await self._compare()
            except BoarddError as error:
                log.warning("reconcile_failed", error=error.message)

    async def _compare(self) -> None:
        cards = self.cards
        self.parts.bridge.again()
        for trunk in cards.trunks.values():
            if cards.boards[trunk.span.board].state is BoardState.RUNNING:
                trunk.compare()
        for port in cards.ports.values():
            try:
                if port.attached:
                    await port.compare()
                elif port.state in RESTING and cards.boards[port.info.board].state is BoardState.RUNNING:
                    await cards.open_again(port)
            except BoarddError as error:
                # One channel that does not answer must not hide what happens on the others.
                log.warning("channel_not_compared", channel=port.id, error=error.message)
        if any(board.state is BoardState.MISSING for board in cards.boards.values()):
            await cards.try_return(await self._inventory())

    async def link(self, changes: Sequence[LinkChange]) -> None:
        """See DomainDriver."""
        self.parts.switch.change(changes)

    async def open_tie(self, name: str, end: TieEnd) -> None:
        """See DomainDriver."""
        self.parts.switch.open_tie(name, end)

    async def close_tie(self, name: str) -> None:
        """See DomainDriver."""
        self.parts.switch.close_tie(name)

    async def maintain(self, span: str, what: Maintenance) -> None:
        """See DomainDriver."""
        await self.cards.maintain(span, what)

    async def probe(self) -> None:
        """See DomainDriver."""
        await self.session.run("GETVERSION", self.session.native.version, self.session.ctl)

    async def scan(self) -> list[dict[str, Any]]:
        """See DomainDriver."""
        spans = [trunk.span for trunk in self.cards.trunks.values()]
        channels = [port.info for port in self.cards.ports.values()]
        return scanned(self.cards.boards.values(), spans, channels)

    # -- stop ---------------------------------------------------------------------------------------------------------
    async def stop(self) -> None:
        """See DomainDriver."""
        if not self.door.is_open:
            return
        for port in self.cards.ports.values():
            try:
                await port.hangup()
            except BoarddError as error:
                log.warning("hangup_at_stop_failed", channel=port.id, error=error.message)
        await self._wait_free()
        self.session.close_gate()
        await self._close()

    async def _wait_free(self) -> None:
        """Give the lines the time that they need to clear, at most CLEAR_LIMIT_S; telephones are their people's."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + CLEAR_LIMIT_S
        while busy := [p.id for p in self.cards.ports.values() if p.state not in RESTING and not p.info.off_hook]:
            if loop.time() >= until_s:
                log.error("lines_not_clear", channels=busy)
                return
            await asyncio.sleep(CLEAR_POLL_S)

    async def _close(self) -> None:
        await self.session.cancel_tasks()
        if self._cards is not None:
            self._cards.close()
        self.session.watcher.stop()
        if not self.door.late:
            await self.session.settle()
        if self._parts is not None:
            self._parts.sound.close()
            self._parts = None
        if self.session.ctl >= 0 and not self.door.late:
            ctl, self.session.ctl = self.session.ctl, -1
            await self.session.run("close ctl", self.session.native.close, ctl)
        await self.door.close()


def create(
    settings: Mapping[str, str],
    naming: BoardNaming,
    sink: EventSink,
    channel_settings: Mapping[str, Any] | None = None,
) -> DahdiDriver:
    """The driver's factory (DESCRIPTOR.factory). Raises ConfigurationError for settings that are wrong."""
    return DahdiDriver(settings, naming, sink, channel_settings)
