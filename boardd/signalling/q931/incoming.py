"""Calls that come in: which slot they get, glare, collection of digits, answering in time whatever the owner does."""

from __future__ import annotations

from boardd.contract.causes import Cause
from boardd.signalling.q931.calls import Call, Phase
from boardd.signalling.q931.clearing import Clearing
from boardd.signalling.q931.core import Core, log
from boardd.signalling.q931.ddi import DdiVerdict
from boardd.signalling.q931.frames import Element, Message
from boardd.signalling.q931.octets import number_of
from boardd.signalling.q931.profile import Side
from boardd.signalling.q931.restarts import Restarts
from boardd.signalling.q931.slots import RESERVED, Slot
from boardd.signalling.q931.stack import ALL_CHANNELS, StackEvent
from boardd.signalling.span import Connected, Incoming, MoreDigits, Origin

SPEECH, AUDIO_3K1 = 0x00, 0x10
NOT_CONNECTED_YET = (1, 2, 3, 4)
"""Q.931 states of a caller: call initiated, overlap sending, outgoing call proceeding, call delivered."""
INCOMPATIBLE = 88


class IncomingSide:
    """See the module text."""

    def __init__(self, core: Core, clearing: Clearing, restarts: Restarts) -> None:
        self.core = core
        self.clearing = clearing
        self.restarts = restarts

    # -- SETUP ------------------------------------------------------------------------------------------------------
    def on_ring(self, event: StackEvent) -> None:
        """SETUP."""
        core = self.core
        stale = core.calls.by_handle(event.handle)
        if stale is not None:
            self.clearing.end(stale)
        if event.capability not in (SPEECH, AUDIO_3K1):
            log.info("pri_call_refused", span=core.name, slot=event.slot, capability=event.capability)
            self.clearing.refuse(event.handle, event.channel, INCOMPATIBLE)
            return
        slot = self._slot_for(event)
        if slot is None:
            self.clearing.refuse(event.handle, event.channel, Cause.CHANNEL_UNAVAILABLE)
            return
        channel = slot.slot if event.slot == ALL_CHANNELS else event.channel & ~0xFF | slot.slot
        call = core.calls.add(event.handle, slot.slot, channel, outgoing=False, phase=Phase.OFFERED)
        slot.call = call.number
        call.called, call.reference = event.called, event.reference
        call.complete = self._complete(event.called, sent_complete=event.complete)
        core.emit(self._incoming(call, event))
        if call.phase is Phase.OFFERED:
            self._respond(call)

    def _slot_for(self, event: StackEvent) -> Slot | None:
        """The slot that the call gets: the one it asks for, or another if it may be another."""
        wanted = self.core.slots.get(event.slot)
        if wanted is not None:
            # The far end uses it, so it has no stale call there and has not taken it out of service.
            self.restarts.not_needed(wanted.slot)
            wanted.far = wanted.stuck = wanted.dirty = False
            self.core.slots.refresh(wanted)
            if wanted.call:
                self._settle_claims(wanted)
            if wanted.call == RESERVED:
                wanted.call = 0
            if self.core.slots.free(wanted):
                return wanted
        if event.flexible or event.slot == ALL_CHANNELS:
            return self.core.slots.first_free()
        log.info("pri_slot_refused", span=self.core.name, slot=event.slot)
        return None

    def _settle_claims(self, slot: Slot) -> None:
        """A SETUP on a slot that has a call of ours already. Whose is it?

        Both ends have just seized it (glare): the network's call wins; as the user we give up ours, as the network we
        keep it. Our SETUP is on its way; the network answers it with a release, or on another channel, which is then
        released. A call that we have given up meanwhile gives way all the more. A call that has outlived a lost link,
        and that the far end no longer knows, gives way too.
        """
        call = self.core.calls.by_number(slot.call)
        if call is None:
            return
        if call.outgoing and call.phase in (Phase.DIALING, Phase.CLEARING) and not call.acknowledged:
            log.info("pri_glare", span=self.core.name, slot=slot.slot, side=str(self.core.profile.side))
            if self.core.profile.side is Side.USER:
                self.clearing.give_way(call, Cause.CHANNEL_UNAVAILABLE, "glare", Origin.GLARE)
        elif call.doubtful:
            self.clearing.give_way(call, Cause.TEMPORARY_FAILURE, "stale")
            self.core.do("hangup", call, Cause.TEMPORARY_FAILURE)

    def _incoming(self, call: Call, event: StackEvent) -> Incoming:
        return Incoming(
            call.slot,
            call.number,
            number_of(event.called, event.called_plan),
            number_of(event.caller, event.caller_plan, event.presentation),
            number_of(event.redirecting, event.redirecting_plan),
            number_of(event.original, event.original_plan),
            call.complete,
            event.capability == SPEECH,
            name=event.name,
        )

    def _complete(self, digits: str, *, sent_complete: bool) -> bool:
        profile = self.core.profile
        if sent_complete or not profile.overlap_receiving:
            return True
        return profile.ddi.verdict(digits) is not DdiVerdict.PARTIAL

    def _respond(self, call: Call) -> None:
        """The far end waits for an answer to SETUP for T303 (4 s): it gets one now, whatever the owner will do."""
        if call.complete:
            self.proceed(call)
            return
        call.phase = Phase.COLLECTING
        self.core.do("setup_ack", call, call.channel, 0)
        self._wait_for_digits(call)

    # -- digits -----------------------------------------------------------------------------------------------------
    def on_information(self, call: Call, event: StackEvent) -> None:
        """INFORMATION."""
        digits = "".join(digit for digit in event.called if digit.isprintable())
        if call.phase is not Phase.COLLECTING or call.complete:
            return
        call.called += digits
        call.complete = self._complete(call.called, sent_complete=event.complete)
        self._tell_digits(call, digits)

    def _tell_digits(self, call: Call, digits: str) -> None:
        if call.complete:
            self.core.stop(call, "T302")
        else:
            self._wait_for_digits(call)
        self.core.emit(MoreDigits(call.slot, call.number, digits, call.called, call.complete))
        if call.complete and call.phase is Phase.COLLECTING:
            self.proceed(call)

    def _wait_for_digits(self, call: Call) -> None:
        self.core.start("T302", call, lambda: self._no_more_digits(call))

    def _no_more_digits(self, call: Call) -> None:
        """T302: what there is counts as the number, unless the ranges say that something is missing (Q.931 5.1.3)."""
        if self.core.profile.ddi.ranges:
            self.clearing.expire(call, "T302", Cause.INVALID_NUMBER_FORMAT)
            return
        with self.core.working():
            call.complete = True
            self._tell_digits(call, "")

    # -- commands ---------------------------------------------------------------------------------------------------
    def proceed(self, call: Call) -> bool:
        """CALL PROCEEDING."""
        if call.outgoing or call.phase not in (Phase.OFFERED, Phase.COLLECTING):
            return False
        call.complete = True
        self.core.stop(call, "T302")
        call.phase = Phase.PROCEEDING
        return self.core.do("proceeding", call, call.channel)

    def alert(self, call: Call, *, in_band: bool) -> bool:
        """ALERTING."""
        if call.outgoing or call.phase not in (Phase.OFFERED, Phase.COLLECTING, Phase.PROCEEDING):
            return False
        self.proceed(call)
        call.phase = Phase.ALERTING
        return self.core.do("alerting", call, call.channel, in_band)

    def progress(self, call: Call, cause: int) -> bool:
        """PROGRESS with progress indicator 8."""
        if call.outgoing or call.phase not in (Phase.OFFERED, Phase.COLLECTING, Phase.PROCEEDING, Phase.ALERTING):
            return False
        self.proceed(call)
        return self.core.do("progress", call, call.channel, cause)

    def connect(self, call: Call) -> bool:
        """CONNECT. The network's call is through at once, the user's when the network has acknowledged (T313)."""
        if call.outgoing or call.phase not in (Phase.OFFERED, Phase.COLLECTING, Phase.PROCEEDING, Phase.ALERTING):
            return False
        self.proceed(call)
        acknowledged = self.core.profile.side is Side.USER
        call.phase = Phase.ANSWERING if acknowledged else Phase.CONNECTED
        done = self.core.do("connect", call, call.channel)
        if acknowledged:
            self.core.start("T313", call, lambda: self.clearing.expire(call, "T313", Cause.TIMER_EXPIRED))
        else:
            self.core.emit(Connected(call.slot, call.number))
        return done

    def on_status(self, message: Message) -> None:
        """STATUS, which both ends send when the link has been established anew. A caller who is not connected yet never
        got our CONNECT, and libpri leaves it at that: for ever, as the network waits for no acknowledgement."""
        call = self.core.calls.by_reference(message.flagged_reference)
        state = message.get(Element.CALL_STATE)
        if call is None or call.outgoing or call.phase is not Phase.CONNECTED or not state:
            return
        if state[0] & 0x3F in NOT_CONNECTED_YET:
            log.warning("pri_connect_again", span=self.core.name, slot=call.slot)
            self.core.do("connect", call, call.channel)

    def on_connect_ack(self, call: Call) -> None:
        """CONNECT ACKNOWLEDGE."""
        if call.phase is Phase.ANSWERING:
            self.core.stop(call, "T313")
            call.phase = Phase.CONNECTED
            self.core.emit(Connected(call.slot, call.number))
