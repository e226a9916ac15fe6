"""From the maker's queue to the ports: event thread, one dispatcher in the order of arrival, and reconciliation.

Events get lost (bounded queues), so every `reconcile_ms` all channel states are read in one go and compared. A
difference that shows twice in a row is real: one that shows once is usually an event on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from boardd.contract.driver import Fatal, Heartbeat, SpanChanged, Trouble
from boardd.contract.errors import BoarddError
from boardd.contract.objects import Board, Span
from boardd.native.event_thread import EventThread
from drivers.synway._codes import Event
from drivers.synway._native import VendorEvent
from drivers.synway.cards import CardWatch
from drivers.synway.inventory import span_alarms, span_state
from drivers.synway.port import SynwayPort
from drivers.synway.session import Session, log

TURNS_BEFORE_FIRST_EVENT = 4
"""Turns of the loop between the end of `start` and the first event, so that whoever awaited it has gone on."""
CATCH_UP_S = 0.2


class Events:
    """Feeds `ports` (by maker channel) and `spans` (by maker span); `domain` is the subject of troubles."""

    def __init__(self, session: Session, heartbeat: Heartbeat, domain: str, wait_ms: int) -> None:
        self.session = session
        self.domain = domain
        self.ports: Mapping[int, SynwayPort] = {}
        self.spans: Mapping[int, Span] = {}
        self.boards: Mapping[str, Board] = {}
        self.cards = CardWatch(session)
        self.handled = 0
        self.opened = asyncio.Event()
        self._queue: asyncio.Queue[VendorEvent] = asyncio.Queue()
        self._suspects: dict[int, int] = {}
        self._dispatcher: asyncio.Task[None] | None = None
        self._reconciler: asyncio.Task[None] | None = None
        self._losing = False
        self._wait_ms = wait_ms
        self.thread: EventThread[VendorEvent] = EventThread(
            "synway",
            self._wait,
            self._queue.put_nowait,
            overflow=self._overflow,
            failed=self._failed,
            heartbeat=heartbeat,
        )

    def _wait(self) -> VendorEvent | None:
        return self.session.native.wait_event(self._wait_ms)

    # -- life ---------------------------------------------------------------------------------------------------------
    def listen(self) -> None:
        """Begin to take events out of the maker's queue; they wait for `begin`."""
        self.thread.start()

    def begin(self) -> None:
        """Begin to hand events to the ports."""
        loop = asyncio.get_running_loop()
        self._dispatcher = loop.create_task(self._dispatch(), name="synway events")
        self._reconciler = loop.create_task(self._reconcile(), name="synway reconcile")

    async def stop(self) -> bool:
        """End everything; False when the event thread does not come back from its wait."""
        ended = await self.thread.stop()
        tasks = [task for task in (self._dispatcher, self._reconciler) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return ended

    def _failed(self, error: BaseException) -> None:
        self.session.emit(Fatal(self.domain, f"event thread: {error}"))

    def _overflow(self, _dropped: int) -> None:
        if not self._losing:
            self._losing = True
            self.session.emit(Trouble(self.domain, "events_lost", True))
        self.session.spawn(self._catch_up(), "catch up")

    # -- events -------------------------------------------------------------------------------------------------------
    async def _dispatch(self) -> None:
        for _ in range(TURNS_BEFORE_FIRST_EVENT):
            await asyncio.sleep(0)
        self.session.open_gate()
        self.opened.set()
        while True:
            event = await self._queue.get()
            try:
                await self._handle(event)
            except BoarddError as error:
                # The port has its state from before; the next reconciliation finds what it missed.
                log.error("event_not_handled", code=event.code, ref=event.ref, error=error.message)
            except Exception:
                log.exception("event_handler_failed", code=event.code, ref=event.ref)
            self.handled += 1

    async def _handle(self, event: VendorEvent) -> None:
        if event.code == Event.PCM_LINK_STATUS:
            self._span_changed(event.ref, event.low)
            return
        port = self.ports.get(event.ref)
        if port:
            await port.handle(event)

    def _span_changed(self, pcm: int, status: int | None) -> None:
        span = self.spans.get(pcm)
        if span is None or span.raw_status == status:
            return
        span.state, span.alarms, span.raw_status = span_state(status), span_alarms(status), status
        self.session.emit(SpanChanged(span.id, span.state, tuple(span.alarms), status))

    # -- reconciliation -----------------------------------------------------------------------------------------------
    async def _reconcile(self) -> None:
        period_ms = self.session.quirks.reconcile_ms
        while True:
            await asyncio.sleep(period_ms / 1000)
            try:
                await self.compare()
                self.cards.look(self.boards.values(), self.ports, self.spans, period_ms)
                for port in list(self.ports.values()):
                    await port.tick(period_ms)
            except BoarddError as error:
                log.warning("reconcile_failed", error=error.message)
            except Exception:
                log.exception("reconcile_failed")

    async def _catch_up(self) -> None:
        """Events were dropped: compare as soon as those that were kept have been handled."""
        self._suspects.clear()
        for _ in range(2):
            await asyncio.sleep(CATCH_UP_S)
            await self.compare()
        self._losing = False
        self.session.emit(Trouble(self.domain, "events_lost", False))

    async def compare(self) -> None:
        """Compare every channel and span with the card."""
        channels = list(self.ports)
        if not channels:
            return
        handled, waiting = self.handled, self._queue.qsize()
        states = await self.session.run("SsmGetChState", partial(self.session.native.states, channels))
        quiet = handled == self.handled and not waiting and self._queue.empty()
        suspects: dict[int, int] = {}
        for ch, state in zip(channels, states, strict=True):
            port = self.ports[ch]
            if state < 0 or state == port.vendor:
                continue
            if self._suspects.get(ch) == state:
                await port.resync(state)
            elif quiet or self._suspects.get(ch) is None:
                suspects[ch] = state
        self._suspects = suspects
        for pcm in self.spans:
            status = await self.session.run("SsmGetPcmLinkStatus", partial(self.session.native.span_status, pcm))
            self._span_changed(pcm, status)
