"""One started library: boards, channels, spans, events and settings, from SsmStartCti to SsmCloseCti or to death."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hwsim.kernel.sim import Sim, Timer
from hwsim.vendorlibs.synway.cards import BoardChannel, Card, SynwayMachine
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ChType
from hwsim.vendorlibs.synway.conference import Conferences, Limits
from hwsim.vendorlibs.synway.digital import ANSWER_S, DigitalChannel
from hwsim.vendorlibs.synway.events import EventHub
from hwsim.vendorlibs.synway.faults import Faults
from hwsim.vendorlibs.synway.fxo import FxoChannel
from hwsim.vendorlibs.synway.fxs import FxsChannel
from hwsim.vendorlibs.synway.inifile import SystemConfig
from hwsim.vendorlibs.synway.memory import DataThread, IndexVoices, MemoryList
from hwsim.vendorlibs.synway.protocols import Protocol
from hwsim.vendorlibs.synway.spans import SpanView
from hwsim.vendorlibs.synway.switching import Switching
from hwsim.vendorlibs.synway.tap import TapChannel

SERVICE_MS = 100


class Driver:
    """The library's inside. `boards[n]` is the card of configured board n, None when it failed to initialise."""

    def __init__(
        self,
        machine: SynwayMachine,
        config: SystemConfig,
        cards: list[Card | None],
        faults: Faults,
        hub: EventHub,
        data: DataThread,
    ) -> None:
        self.machine = machine
        self.sim: Sim = machine.sim
        self.personality = machine.personality
        self.config = config
        self.faults = faults
        self.hub = hub
        self.data = data
        self.boards = cards
        self.answer_s = 0
        self.flash_max_ms = self.setting("MaxLocalFlashTime", self.personality.flash_max_ms)
        self.switching = Switching(self.sim.engine)
        self.conferences = Conferences(
            self.switching,
            self.setting("ConfMaxGroup", 32),
            Limits(
                self.setting("ConfDefaultMaxGroupMember", 32),
                self.setting("ConfDefaultMaxGroupSpeaker", 8),
                self.setting("ConfDefaultMaxGroupSpeaking", 4),
                self.setting("ConfDefaultMaxSilenceTime", 2),
            ),
        )
        self.index = IndexVoices(config.max_index_seg)
        self.memory_list = MemoryList()
        self.spans = self._make_spans()
        self.channels = [self._make_channel(number, place) for number, place in enumerate(config.app_ch)]

    # -- building -----------------------------------------------------------------------------------------------------
    def _make_spans(self) -> list[SpanView]:
        spans = []
        for board, card in enumerate(self.boards):
            for index, line in enumerate(card.spans if card else ()):
                place = (board, index)
                number = self.config.pcm.index(place) if place in self.config.pcm else -1
                spans.append(SpanView(self, board, index, line, number))
        return spans

    def _make_channel(self, number: int, place: tuple[int, int] | None) -> Channel | None:
        card = self.boards[place[0]] if place else None
        if place is None or card is None:
            return None
        board, board_ch = place
        hardware = card.channels[board_ch]
        if hardware.circuit:
            channel = DigitalChannel(self, number, board, hardware, hardware.circuit)
            span = next(s for s in self.spans if s.board == board and s.index == hardware.span)
            span.channels.append(channel)
            return channel
        if hardware.line is None:
            return Channel(self, number, board, hardware, 0)
        kinds = {ChType.FXO: FxoChannel, ChType.FXS: FxsChannel, ChType.TAP: TapChannel}
        return kinds[hardware.kind](self, number, board, hardware, hardware.line)

    def begin(self) -> None:
        """The cards are loaded: every line goes into its initial state."""
        for channel in self.channels:
            if channel:
                channel.begin()
        for span in self.spans:
            span.begin()

    def end(self, keep_lines: bool) -> None:
        """The library is gone. Sound stops; lines keep hook and circuits when `keep_lines`."""
        for channel in self.channels:
            if channel:
                channel.end(keep_lines)
        for span in self.spans:
            span.end()
        self.hub.close()

    # -- settings -----------------------------------------------------------------------------------------------------
    def setting(self, key: str, default: int) -> int:
        """A number from [SystemConfig]."""
        return self.config.ini.number("SystemConfig", key, default)

    def board_setting(self, board: int, key: str, board_ch: int, default: int) -> int:
        """A number from [BoardId=n], the one of the channel when the key is a comma list."""
        values = self.config.ini.numbers(f"BoardId={board}", key, (default,))
        return values[board_ch] if board_ch < len(values) else values[0]

    def answer_ms(self, protocol: Protocol, channel_s: int) -> int:
        """How long a digital call may stay unanswered."""
        key = "MaxWaitAutoDialAnswerTime"
        by_file = self.config.ini.number(protocol.section, key, self.setting(key, ANSWER_S))
        return (channel_s or self.answer_s or by_file) * 1000

    def kb_deadline_ms(self, protocol: Protocol) -> int:
        """How long an incoming call may wait for SsmSetKB (the key is in seconds)."""
        return self.config.ini.number(protocol.section, "MaxWaitSetKBTime", 0) * 1000 or self.personality.kb_deadline_ms

    def cancel_is_pending(self, protocol: Protocol) -> bool:
        """Whether a caller who cancels while ringing leaves the channel pending (key RingToPending)."""
        default = int(self.personality.ring_cancel_pending)
        return bool(self.config.ini.number(protocol.section, "RingToPending", default))

    def number_length(self, protocol: Protocol, digits: str) -> int:
        """Digits of a complete called number: by the section's rules, else its default length."""
        for number in range(self.config.ini.number(protocol.section, "MaxPhoNumRule", 0)):
            prefix, _, length = self.config.ini.text(protocol.section, f"Rule[{number}]").partition(",")
            if prefix and digits.startswith(prefix.strip()) and length.strip().isdigit():
                return int(length)
        return self.config.ini.number(protocol.section, "DefaultRcvPhoNumLen", 32)

    # -- finding ------------------------------------------------------------------------------------------------------
    def channel_at(self, board: int, board_ch: int) -> int:
        """The application channel of a board channel, or -1."""
        place = (board, board_ch)
        return self.config.app_ch.index(place) if place in self.config.app_ch else -1

    def span_of(self, number: int) -> SpanView | None:
        """The span with a logical number."""
        return next((span for span in self.spans if span.number == number >= 0), None)

    def hardware_of(self, number: int) -> BoardChannel | None:
        """The socket behind a channel."""
        channel = self.channels[number] if 0 <= number < len(self.channels) else None
        return channel.hardware if channel else None

    # -- time ---------------------------------------------------------------------------------------------------------
    def at_service(self, callback: Callable[..., None], *args: Any) -> Timer:
        """Call at the driver's next play and record service (key RecPlayTimer, ms)."""
        period_us = max(8, self.setting("RecPlayTimer", SERVICE_MS)) * 1000
        return self.sim.at((self.sim.now_us // period_us + 1) * period_us, callback, *args)

    # -- links --------------------------------------------------------------------------------------------------------
    def on_cleared(self, channel: Channel) -> None:
        """A call on the channel is over: links stay or go by personality."""
        if not self.personality.links_survive_hangup:
            self.switching.clear(channel)

    # -- a card pulled out --------------------------------------------------------------------------------------------
    def unplug(self, card: Card, gone: bool) -> None:
        """Tell the channels and spans of a card."""
        for board, mine in enumerate(self.boards):
            if mine is not card:
                continue
            for channel in self.channels:
                if channel and channel.board == board:
                    channel.unplug(gone)
            for span in self.spans:
                if span.board == board:
                    span.unplug(gone)
