"""Telephones with people on FXS ports.

Lifting the handset gives dial tone and a call in `seized`; digits that match the site's numbers, or a pause, make it
`offered`. Nobody can hang up a person's telephone: a call that ends while the handset is lifted leaves the channel
`releasing` with busy tone, later howler, until it is put down.

Off-hook against ring is a race with a rule. Ring start: an off-hook that crosses it, or a seizure younger than
`ring_race_ms` without a digit, answers the ringing call. Ring stop: off-hook is a new seizure.

Headsets (`always_off_hook`) are present while lifted: no dial tone, a short beep instead of ringing, then connected.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial

from boardd.config.site import StationSection
from boardd.contract.capabilities import Capability, Tone
from boardd.contract.causes import Cause
from boardd.contract.errors import BoarddError, WrongStateError
from boardd.contract.events import EventType
from boardd.contract.states import AnswerEvidence, ChannelState, Direction
from boardd.host.alarms import Alarms
from boardd.host.calls import Calls, LiveCall
from boardd.host.line import Line
from boardd.host.tasks import Tasks

BEEP_S = 0.4
HEADSET_DOWN = "headset on-hook"
S = ChannelState


class Stations:
    """All telephones of the domain."""

    def __init__(self, settings: StationSection, calls: Calls, alarms: Alarms, tasks: Tasks) -> None:
        self._settings = settings
        self._numbers = [re.compile(number.match) for number in settings.numbers]
        self._calls = calls
        self._alarms = alarms
        self._tasks = tasks
        self.on_offered: Callable[[LiveCall], None] = lambda _live: None
        """Told of a number that was dialled completely, after it was announced."""
        calls.on_released.append(self._released)

    def usable(self, line: Line) -> None:
        """The channel can be used: but a headset that is put down is not available."""
        if line.channel.always_off_hook and line.channel.off_hook is False and line.call is None:
            self._headset_down(line)

    # -- hook ---------------------------------------------------------------------------------------------------------
    def off_hook(self, line: Line) -> bool:
        """The handset was lifted; False when that cannot be."""
        if not line.channel.off_hook:
            line.channel.off_hook = True
            line.announce(kind=EventType.HOOK)
        live = line.call
        if line.channel.always_off_hook:
            if live is None:
                line.step(S.IDLE)
            return True
        if live is None:
            self._seize(line)
            return True
        if live.call.direction is Direction.OUT and live.call.state in (S.DIALING, S.ALERTING):
            self._lifted(live)
            return True
        return live.call.state in (S.CONNECTED, S.SEIZED)

    def on_hook(self, line: Line) -> None:
        """The handset was put down: the person hangs up, or frees the line."""
        if line.channel.off_hook is not False:
            line.channel.off_hook = False
            line.announce(kind=EventType.HOOK)
        line.timers.cancel_all()
        self._alarms.clear("station_off_hook", line.id)
        if line.call is not None:
            self._calls.release(line.call, Cause.NORMAL_CLEARING, "far")
        elif line.channel.always_off_hook:
            self._headset_down(line)
        elif line.port.state not in (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN):
            self._tasks.spawn(line.hang_up(Cause.NORMAL_CLEARING), f"free {line.id}")

    def connected(self, line: Line) -> None:
        """The driver says that the ringing telephone was lifted; after the ring was stopped it is a seizure."""
        self.off_hook(line)

    def _lifted(self, live: LiveCall) -> None:
        live.line.step(S.CONNECTED)
        self._calls.connected(live, AnswerEvidence.HOOK)

    def _headset_down(self, line: Line) -> None:
        line.channel.reason = HEADSET_DOWN
        line.step(S.OUT_OF_SERVICE)

    # -- dialling -----------------------------------------------------------------------------------------------------
    def _seize(self, line: Line) -> None:
        if line.port.state is S.CONNECTED:
            line.port.step(S.RELEASING)
        if not line.port.step(S.SEIZED):
            line.sync()
            return
        line.timers.cancel_all()
        live = self._calls.mint(line, S.SEIZED, Direction.IN)
        self._calls.announce(live, EventType.CALL_SEIZED)
        self._tasks.spawn(self._tone(line, Tone.DIAL), f"dial tone {line.id}")
        live.timers.start("first_digit", self._settings.first_digit_s, partial(self._gave_up, live))

    def digit(self, live: LiveCall) -> None:
        """A digit was heard (it is in `call.digits`): while collecting, stop the tone and look for a whole number."""
        if live.call.state is not S.SEIZED:
            return
        if live.call.digit_count == 1:
            live.timers.cancel("first_digit")
            self._tasks.spawn(self._tone(live.line, None), f"dial tone {live.line.id}")
        if any(number.fullmatch(live.call.digits) for number in self._numbers):
            self._complete(live)
        else:
            live.timers.start("inter_digit", self._settings.inter_digit_s, partial(self._complete, live))

    def _complete(self, live: LiveCall) -> None:
        live.timers.cancel_all()
        live.call.called = live.call.digits
        live.call.state = S.OFFERED
        self._calls.hold(live.line)
        self._tasks.spawn(self._offer(live), f"offer {live.id}")

    async def _offer(self, live: LiveCall) -> None:
        try:
            await self._tone(live.line, None)
            if live.alive:
                live.line.port.step(S.OFFERED)
            await self._calls.begin(live, EventType.CALL_OFFERED)
            self.on_offered(live)
        finally:
            self._calls.unhold(live.line)

    def _gave_up(self, live: LiveCall) -> None:
        self._calls.release(live, Cause.TIMER_EXPIRED, "host", maker_text="first_digit_s")

    # -- ringing ------------------------------------------------------------------------------------------------------
    def may_ring(self, line: Line) -> bool:
        """Whether a call can be brought to the telephone now."""
        return line.free or self.crossed(line) is not None

    def crossed(self, line: Line) -> LiveCall | None:
        """The seizure that a ring starting now would cross: young, and nothing dialled."""
        live = line.call
        if live is None or line.holds or live.call.state is not S.SEIZED or live.call.digit_count:
            return None
        return live if live.age_ms() <= self._settings.ring_race_ms else None

    async def ring(self, live: LiveCall) -> None:
        """Bring an announced call to its telephone. Raises what the driver raises; the call has ended then."""
        line = live.line
        live.on_card = True
        if line.channel.always_off_hook:
            await self._beep(live)
            return
        if live.alive and line.port.state is S.SEIZED:
            await self._tone(line, None)
            self._lifted(live)
        if not live.alive or live.call.state is not S.DIALING:
            return
        try:
            await line.command(lambda: line.port.ring(live.call.caller, live.call.caller_name))
        except WrongStateError:
            if line.port.state not in (S.SEIZED, S.CONNECTED):
                raise
        if live.call.state is S.DIALING:
            self._calls.progress(live, S.ALERTING)

    async def _beep(self, live: LiveCall) -> None:
        line = live.line
        line.step(S.ALERTING)
        self._calls.progress(live, S.ALERTING)
        await self._tone(line, Tone.RING_BACK)
        await asyncio.sleep(BEEP_S)
        if live.alive:
            await self._tone(line, None)
        if live.alive:
            self._lifted(live)

    # -- after a call -------------------------------------------------------------------------------------------------
    def _released(self, live: LiveCall) -> None:
        if live.line.is_station and not live.kept_line:
            live.afters.append(partial(self._after, live.line))

    async def _after(self, line: Line) -> None:
        if line.channel.always_off_hook:
            if line.channel.off_hook is False:
                self._headset_down(line)
            elif line.port.state not in (S.OUT_OF_SERVICE, S.BROKEN):
                line.step(S.IDLE)
            return
        if not line.channel.off_hook or line.port.state in (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN):
            return
        line.step(S.RELEASING)
        line.timers.start("howler", self._settings.busy_tone_s, partial(self._howl, line))
        line.timers.start("off_hook", self._settings.off_hook_alarm_s, partial(self._forgotten, line))
        self._tasks.spawn(self._tone(line, Tone.BUSY), f"busy tone {line.id}")

    def _howl(self, line: Line) -> None:
        self._tasks.spawn(self._tone(line, Tone.HOWLER), f"howler {line.id}")

    def _forgotten(self, line: Line) -> None:
        self._alarms.set("station_off_hook", line.id, line.channel.extension)

    async def _tone(self, line: Line, tone: Tone | None) -> None:
        """A tone is a courtesy: a card that cannot give it, or a handset put down meanwhile, does not matter."""
        if not line.can(Capability.TONE):
            return
        try:
            await line.command(lambda: line.port.tone(tone))
        except BoarddError:
            line.counters["tone_refused"] += 1
