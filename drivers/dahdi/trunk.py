"""One E1: its alarms, its signalling, and the timeslots that it tells what happens on them."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping

from boardd.contract.capabilities import Maintenance
from boardd.contract.driver import SpanChanged, Trouble
from boardd.contract.objects import Span
from boardd.contract.states import SpanState
from boardd.signalling import span as words
from boardd.signalling.span import SpanEvent, TrunkSpan
from drivers.dahdi._codes import Alarm
from drivers.dahdi._errors import DahdiError
from drivers.dahdi._native import SpanStatus
from drivers.dahdi.alarms import AlarmWatch
from drivers.dahdi.bearer import BearerPort
from drivers.dahdi.health import SpanHealth
from drivers.dahdi.parts import Parts
from drivers.dahdi.session import log

LOOPS = (Maintenance.NONE, Maintenance.LOCAL_LOOP, Maintenance.LINE_LOOP, Maintenance.PAYLOAD_LOOP)


class Trunk(abc.ABC):
    """See the module text. `ports` by timeslot; `span` is what the host sees."""

    def __init__(self, parts: Parts, span: Span, ports: Mapping[int, BearerPort]) -> None:
        self.parts = parts
        self.session = parts.session
        self.span = span
        self.ports = dict(ports)
        self.on_removed: Callable[[], None] = lambda: None
        self.alarms = AlarmWatch(parts.session.clock, self._alarms_changed, self._alarms_last, self._alarms_real)
        self.counters: dict[str, int] = {}
        self.health = SpanHealth(parts.session.clock, self._trouble)
        self._link_up = False
        self._closed = False
        self._looped = False

    # -- life ---------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    async def open(self) -> None:
        """Open what the signalling needs besides the bearers. Raises DahdiError, ConfigurationError."""

    @abc.abstractmethod
    def start(self, mask: Alarm) -> None:
        """Begin to signal; the bearers are open. `mask`: the span's alarms now."""

    @property
    @abc.abstractmethod
    def signalling(self) -> TrunkSpan:
        """What is asked to set up and end calls."""

    def close(self) -> None:
        """Stop at once."""
        self._closed = True
        self.alarms.close()
        self.health.close()

    @property
    def link_up(self) -> bool:
        """Whether the signalling link works."""
        return self._link_up

    @property
    def settled(self) -> bool:
        """Whether every slot is free, in a call, or known to be unusable for a reason that lasts."""
        return self._link_up and not any(
            port.info.reason == words.BlockReason.RESTARTING for port in self.ports.values()
        )

    # -- alarms -------------------------------------------------------------------------------------------------------
    def ask(self) -> None:
        """Ask the kernel how the span is: after an event."""
        if not self._closed:
            self.session.order(
                "SPANSTAT", self.session.native.span_status, self.session.ctl, self.span.pcm, done=self.status
            )

    def compare(self) -> None:
        """Every so often: what the kernel says now, should an event have been lost."""
        self.ask()

    def status(self, status: SpanStatus | None) -> None:
        """What it answered."""
        if self._closed:
            return
        if status is None:
            self.on_removed()
            return
        self.counters = status.counters
        self.health.status(status)
        self.span.raw_status = int(status.alarms)
        self.alarms.mask(status.alarms, self._looped)

    def _trouble(self, code: str, raised: bool, text: str) -> None:
        self.session.emit(Trouble(self.span.id, code, raised, text))

    def _alarms_changed(self, now: tuple[str, ...]) -> None:
        log.info("span_alarms", span=self.span.id, alarms=now)
        self._tell()

    def _alarms_real(self, real: tuple[str, ...]) -> None:
        self.on_alarms(real)

    def slot_back(self, slot: int) -> None:
        """A bearer that could not be opened at first is open now."""
        self.ports[slot].settle()

    def looped(self, what: Maintenance) -> None:
        """A technician has looped the span, or taken the loop back."""
        if what in LOOPS:
            self._looped = what is not Maintenance.NONE
            self.ask()

    def on_alarms(self, real: tuple[str, ...]) -> None:  # noqa: B027 - signalling that does not care leaves it out
        """The span's alarms have changed; one that it recovers from is over."""

    def _alarms_last(self, cause: int, why: str) -> None:
        for port in self.ports.values():
            port.line_lost(cause, why)

    def _tell(self) -> None:
        """The state of the span, when it has changed; slots follow an alarm."""
        state = SpanState.ALARM if self.alarms.now else SpanState.UP if self._link_up else SpanState.DOWN
        alarms = list(self.alarms.now)
        if (state, alarms) == (self.span.state, self.span.alarms):
            return
        self.span.state, self.span.alarms = state, alarms
        self.session.emit(SpanChanged(self.span.id, state, tuple(alarms), self.span.raw_status))
        self.settle_slots()

    def settle_slots(self) -> None:
        """Which slots can be used, after the span itself has changed."""
        for port in self.ports.values():
            port.span_alarm(" ".join(self.alarms.now))

    # -- what the signalling tells ------------------------------------------------------------------------------------
    def on_event(self, event: SpanEvent) -> None:
        """An event of the signalling, on the loop."""
        if isinstance(event, words.LinkUp | words.LinkDown):
            self._link_up = isinstance(event, words.LinkUp)
            log.info("span_link", span=self.span.id, up=self._link_up)
            self._tell()
        elif isinstance(event, words.Trouble):
            subject = self.ports[event.slot].id if event.slot in self.ports else self.span.id
            self.session.emit(Trouble(subject, event.code, event.raised, event.text))
        elif isinstance(event, words.SlotEvent):
            port = self.ports.get(event.slot)
            if port is not None:
                self._slot_event(port, event)

    def _slot_event(self, port: BearerPort, event: words.SlotEvent) -> None:
        match event:
            case words.Blocked():
                port.block(str(event.reason))
            case words.Unblocked():
                port.block("")
            case words.Incoming():
                port.incoming(event)
            case words.MoreDigits():
                port.more_digits(event)
            case words.Proceeding():
                port.proceeding(event)
            case words.Alerting():
                port.alerting(event)
            case words.Connected():
                port.connected(event)
            case words.Disconnected():
                port.disconnected(event)
            case words.Released():
                port.released(event)
            case _:
                log.debug("span_event", span=self.span.id, span_event=repr(event))

    def failed(self, error: DahdiError) -> None:
        """A descriptor of the signalling does not work."""
        if error.gone:
            self.on_removed()
        else:
            log.error("span_failed", span=self.span.id, error=error.message)
