"""Trunk calls that did not end although the line had long been giving a busy tone: the card does not know this tone.

When such a call has at last been ended by somebody else - a person who hung up, `max_call_s`, long silence - the end of
its recording is looked at. A regular beep there is measured, named in the call's `maker_text`, and stands as the alarm
`busy_tone_unknown` of the channel until a call on it is ended by the far end again.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import structlog

from boardd.contract.capabilities import ChannelKind
from boardd.contract.text import _
from boardd.host.alarms import Alarms
from boardd.host.calls import Calls, LiveCall
from boardd.media.detect.ending import EndingTone, ending_tone

CODE = "busy_tone_unknown"
GUARDS = frozenset({"silence", "max_call"})
"""Supervisors of drivers that end a call for the far end without having recognised that it has gone."""

log = structlog.get_logger("boardd.host")


class UnknownBusyTones:
    """Looks at how recorded calls on exchange lines end. Needs the recording to have ended: after Media's own step."""

    def __init__(self, calls: Calls, alarms: Alarms) -> None:
        self._alarms = alarms
        calls.on_released.append(self._released)

    def _released(self, live: LiveCall) -> None:
        call = live.call
        if live.line.channel.kind is not ChannelKind.FXO or call.observed:
            return
        if call.cause_origin == "far" and call.maker_code not in GUARDS:
            if call.answered is not None:
                self._alarms.clear(CODE, live.line.id)
        elif call.records and call.cause_origin in ("local", "host", "far"):
            live.afters.append(partial(self._look, live, Path(call.records[-1].path)))

    async def _look(self, live: LiveCall, path: Path) -> None:
        try:
            tone = await asyncio.get_running_loop().run_in_executor(None, ending_tone, path)
        except OSError as error:
            log.warning("recording_not_read", channel=live.line.id, path=str(path), error=str(error))
            return
        if tone is not None:
            self._tell(live, tone)

    def _tell(self, live: LiveCall, tone: EndingTone) -> None:
        live.line.counters[CODE] += 1
        log.warning(CODE, channel=live.line.id, call=live.id, tone=str(tone), lasted_s=round(tone.lasted_s, 1))
        text = _("the line gave a tone of {tone} when the call was ended: the card does not take it for busy tone")
        told = text.format(tone=tone)
        call = live.call
        call.maker_text = f"{call.maker_text}; {told}" if call.maker_text else told
        self._alarms.set(CODE, live.line.id, told)
