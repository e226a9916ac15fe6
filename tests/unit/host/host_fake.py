"""The other side of the contract: a driver whose card is a few Python objects, played by the tests."""

from __future__ import annotations

import asyncio
import os

from boardd.contract import driver as d
from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.errors import DeviceError
from boardd.contract.objects import Board, Channel, Span, SwitchingProfile
from boardd.contract.states import AnswerEvidence, BoardState, SpanState
from boardd.contract.states import ChannelState as S

C = Capability
TRUNK = [
    C.DIAL,
    C.ALERT,
    C.ANSWER,
    C.REJECT,
    C.HANGUP,
    C.SEND_DIGITS,
    C.DETECT_DIGITS,
    C.PLAY,
    C.RECORD,
    C.LINK,
    C.TONE,
]
FXO = [C.DIAL, C.ANSWER, C.HANGUP, C.FLASH, C.SEND_DIGITS, C.DETECT_DIGITS, C.PLAY, C.RECORD, C.LINK, C.CALLER_ID]
FXS = [C.RING, C.HANGUP, C.TONE, C.DETECT_DIGITS, C.PLAY, C.RECORD, C.LINK]
TAP = [C.RECORD, C.HANGUP]
CAPABILITIES = {ChannelKind.E1_BEARER: TRUNK, ChannelKind.FXO: FXO, ChannelKind.FXS: FXS, ChannelKind.TAP: TAP}
FREE_S = 0.02


class FakePort(d.ChannelPort):
    def __init__(self, info, sink):
        super().__init__(info, sink)
        self.log = []
        self.faults = {}
        self.delays = {}
        self.lifted = False
        self.playing = None
        self.recording = None
        self.samples = 0
        self.play_end_late = False
        self.tone_now = None
        self.keeps_line = False

    async def _op(self, name, *args):
        self.log.append((name, *args))
        if name in self.delays:
            await asyncio.sleep(self.delays[name])
        if name in self.faults:
            raise self.faults[name]

    def later(self, delay_s, action):
        asyncio.get_running_loop().call_later(delay_s, action)

    # what the card does when asked
    async def _do_dial(self, number, caller):
        await self._op("dial", number, caller)
        self.require(C.DIAL)
        self.step(S.DIALING)

    async def _do_ring(self, caller, caller_name):
        await self._op("ring", caller, caller_name)
        self.require(C.RING)
        self.step(S.ALERTING)

    async def _do_alert(self):
        await self._op("alert")
        self.step(S.ALERTING)

    async def _do_answer(self):
        await self._op("answer")
        self.connect(AnswerEvidence.CONNECT)

    async def _do_reject(self, cause):
        await self._op("reject", cause)
        self._clear()

    async def _do_hangup(self, cause):
        await self._op("hangup", cause)
        self._clear()

    def _clear(self):
        self.end_media("released")
        if self.state in (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN):
            return
        self.step(S.RELEASING)
        if not self.lifted and not self.keeps_line:
            self.later(FREE_S, self.free)

    async def _do_flash(self):
        await self._op("flash")

    async def _do_tone(self, tone):
        await self._op("tone", tone)
        self.tone_now = tone

    async def _do_send_digits(self, digits):
        await self._op("send_digits", digits)

    async def _do_play(self, request):
        await self._op("play", request)
        if self.playing is not None:
            raise DeviceError("already playing", channel=self.id)
        self.playing = request

    async def _do_stop_play(self):
        await self._op("stop_play")
        if self.playing is not None and not self.play_end_late:
            self.playing = None
            self.emit(d.PlayEnded(self.id, "stopped"))

    async def _do_record(self, path):
        await self._op("record", path)
        self.recording = path

    async def _do_stop_record(self):
        await self._op("stop_record")
        self.end_record("stopped")

    async def _do_recorded_samples(self):
        return self.samples

    def end_record(self, reason):
        if self.recording is not None:
            self.recording = None
            self.emit(d.RecordEnded(self.id, reason, self.samples))

    def end_play(self, reason):
        if self.playing is not None:
            self.playing = None
            self.emit(d.PlayEnded(self.id, reason))

    def end_media(self, reason):
        self.end_play(reason)
        self.end_record(reason)

    # what the world does
    def offer(self, **numbers):
        self.step(S.OFFERED)
        self.emit(d.Offered(self.id, **numbers))

    def connect(self, evidence=AnswerEvidence.CONNECT):
        self.step(S.CONNECTED)
        self.emit(d.Connected(self.id, evidence))

    def far_release(self, cause=16, **more):
        self.emit(d.ReleasedByFar(self.id, cause, **more))

    def free(self):
        if self.state is S.RELEASING:
            self.step(S.IDLE)
            self.emit(d.LineFree(self.id))

    def lift(self):
        self.lifted = True
        self.step(S.CONNECTED if self.state is S.ALERTING else S.SEIZED)
        self.emit(d.OffHook(self.id))

    def put_down(self):
        self.lifted = False
        self.end_media("released")
        if self.state in (S.SEIZED, S.OFFERED, S.CONNECTED, S.RELEASING, S.ALERTING):
            self.step(S.IDLE)
        self.emit(d.OnHook(self.id))

    def digits(self, text):
        for digit in text:
            self.emit(d.Digit(self.id, digit))

    def ops(self, name):
        return [entry for entry in self.log if entry[0] == name]


class FakeDriver(d.DomainDriver):
    def __init__(self, sink, e1=2, fxo=2, fxs=3, taps=1, switching=None, broken=None):
        self.sink = sink
        self.heartbeat = d.Heartbeat()
        self.links = set()
        self.link_log = []
        self.maintained = []
        self.link_fault = None
        self.link_delay = 0.0
        self.ties = {}
        self.tie_fault = None
        self.stopped = False
        self.switching = switching or SwitchingProfile(mixing=True, gains=False)
        self.ports = {}
        for kind, count, board in (
            (ChannelKind.E1_BEARER, e1, "e1a"),
            (ChannelKind.FXO, fxo, "fxo"),
            (ChannelKind.FXS, fxs, "fxs"),
            (ChannelKind.TAP, taps, "tap"),
        ):
            for n in range(1, count + 1):
                bearer = kind is ChannelKind.E1_BEARER
                info = Channel(
                    id=f"{board}/1/{n}" if bearer else f"{board}/{n}",
                    domain="d",
                    board=board,
                    kind=kind,
                    maker_channel=len(self.ports),
                    state=S.IDLE,
                    capabilities=list(CAPABILITIES[kind]),
                )
                if info.id in (broken or {}):
                    info.state, info.reason = S.BROKEN, broken[info.id]
                self.ports[info.id] = FakePort(info, sink)

    async def start(self):
        boards = [
            Board(id=b, domain="d", family="fake", model="f", serial=b, number=i, state=BoardState.RUNNING)
            for i, b in enumerate(("e1a", "fxo", "fxs", "tap"))
        ]
        spans = [Span(id="e1a/1", board="e1a", number=1, pcm=0, signalling="isdn", state=SpanState.UP)]
        return d.Inventory(boards, spans, dict(self.ports), self.switching, "libfake", "1")

    async def stop(self):
        self.stopped = True

    async def link(self, changes):
        self.link_log.append(list(changes))
        if self.link_delay:
            await asyncio.sleep(self.link_delay)
        for number, change in enumerate(changes):
            if self.link_fault is not None and number >= len(changes) - 1 and change.on:
                raise self.link_fault
            (self.links.add if change.on else self.links.discard)((change.source, change.sink))

    async def open_tie(self, name, end):
        if self.tie_fault is not None:
            for descriptor in end.descriptors:
                os.close(descriptor)
            raise self.tie_fault
        self.ties[name] = end

    async def close_tie(self, name):
        end = self.ties.pop(name, None)
        for descriptor in end.descriptors if end else ():
            os.close(descriptor)
        assert not [link for link in self.links if name in link], "links of a tie go before the tie"

    async def probe(self):
        self.heartbeat.beat("door")

    async def scan(self):
        return [{"card": "fake"}]

    async def maintain(self, span, what):
        self.maintained.append((span, what))


def make(settings, naming, sink, channel_settings):
    """The factory that an entry point would name."""
    made = FakeDriver(sink)
    made.settings = dict(settings)
    return made
