"""The behaviour of libshpa3 behind its C shim: one process at a time, started or not, and its last error.

`SynwayLibrary` implements `hwsim.vendorlibs.rpc.VendorLibrary`. It lives as long as the simulated machine; what a start
creates is `driver.Driver`. Fault knobs that need a card or a channel are methods here; the others are in
`faults.Faults`.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from hwsim.vendorlibs.rpc import PARKED, Client, Connection, Parked, Reply
from hwsim.vendorlibs.synway import (
    api_analog,
    api_call,
    api_events,
    api_inventory,
    api_life,
    api_memory,
    api_play,
    api_record,
    api_switching,
    api_voice,
)
from hwsim.vendorlibs.synway.api import BEFORE_START, DSP_COMMANDS, TABLE, Call
from hwsim.vendorlibs.synway.cards import Card, SynwayMachine, match_cards, model
from hwsim.vendorlibs.synway.clocks import SecondMaster
from hwsim.vendorlibs.synway.codes import ErrorCode, Event
from hwsim.vendorlibs.synway.digital import REMOTE_BLO, DigitalChannel
from hwsim.vendorlibs.synway.driver import Driver
from hwsim.vendorlibs.synway.events import EventHub, Notice, Setting
from hwsim.vendorlibs.synway.faults import GARBAGE, Faults
from hwsim.vendorlibs.synway.inifile import IniError, SystemConfig, read_config
from hwsim.vendorlibs.synway.memory import DataThread
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.wire import File, Value

API_MODULES = (
    api_analog,
    api_call,
    api_events,
    api_inventory,
    api_life,
    api_memory,
    api_play,
    api_record,
    api_switching,
    api_voice,
)
"""The modules that fill the function table by being imported."""
NULL_ALLOWED = frozenset({"SsmSetEvent", "SsmStartCtiEx", "SsmPutUserEventA", "ShimNextWork"})
FAILED_START_MS = 2
ALREADY_LOADED = -2


class SynwayLibrary:
    """One machine's driver library as its processes see it."""

    def __init__(self, machine: SynwayMachine) -> None:
        self.machine = machine
        self.sim = machine.sim
        self.faults = Faults(machine.sim)
        self.driver: Driver | None = None
        self.owner: Client | None = None
        self.data = DataThread(machine.sim)
        self.error_code = ErrorCode.API_UNOPENED
        self.error_text = "API is not opened"
        self.started_us = 0
        self.frozen_interrupts = 0
        self.starting: Client | None = None
        self.crash: Callable[[int, int], None] = lambda _pid, _signal: None
        """Ends a process as a fault in the library would: `crash(pid, signal)`; set by whoever owns the processes."""

    # -- the rpc server's side ----------------------------------------------------------------------------------------
    @property
    def waits(self) -> frozenset[str]:
        """Functions in which a thread waits for events or work."""
        return api_events.WAITS | api_memory.WAITS

    def attached(self, client: Client) -> None:
        """A process has loaded the library; nothing happens before it starts it."""
        self.sim.truth.note("library_attached", pid=client.pid)

    def detached(self, client: Client) -> None:
        """A process ended. If it had started the library, that is gone, and the lines stay as they are."""
        self.sim.truth.note("library_detached", pid=client.pid)
        if self.starting is client:
            self.starting = None
        if self.owner is client:
            self._end(keep_lines=True)

    def call(self, conn: Connection, name: str, args: tuple[Value, ...], files: dict[int, File]) -> Reply | Parked:
        """Carry out one call, with the faults that are set for it."""
        if crash := self.faults.take("crash", name):
            self.crash(conn.client.pid if conn.client else 0, crash.value or signal.SIGSEGV)
            return PARKED
        block = self.faults.take("block", name)
        if block is None:
            return self._answer(conn, name, args, files)
        if block.value is not None:
            self.sim.later(block.value, self._answer_late, conn, name, args, files)
        return PARKED

    def _answer_late(self, conn: Connection, name: str, args: tuple[Value, ...], files: dict[int, File]) -> None:
        answer = self._answer(conn, name, args, files)
        if isinstance(answer, Reply):
            conn.reply(answer)

    def _answer(self, conn: Connection, name: str, args: tuple[Value, ...], files: dict[int, File]) -> Reply | Parked:
        try:
            answer = self._dispatch(conn, name, args, files)
        except Refusal as refusal:
            self.fail(refusal.code, refusal.text)
            answer = Reply(refusal.value)
        if isinstance(answer, Parked):
            return answer
        reply = answer if isinstance(answer, Reply) else Reply(answer)
        odd = self.faults.take("odd_return", name)
        if odd is not None:
            reply = Reply(odd.value or 0, reply.outs)
        if any(isinstance(out, str | bytes) for out in reply.outs) and self.faults.take("garbage", name):
            reply = Reply(reply.ret, tuple(GARBAGE if isinstance(out, str | bytes) else out for out in reply.outs))
        return reply

    def _dispatch(
        self, conn: Connection, name: str, args: tuple[Value, ...], files: dict[int, File]
    ) -> int | Reply | Parked:
        handler = TABLE.get(name)
        if name not in BEFORE_START and (self.driver is None or conn.client is not self.owner):
            raise Refusal(ErrorCode.API_UNOPENED, "API is not opened")
        if handler is None:
            raise Refusal(ErrorCode.UNSUPPORTED, f"{name} is not supported by this board")
        if None in args and name not in NULL_ALLOWED:
            raise Refusal(ErrorCode.INVALID_PARAMETER, f"{name}: a NULL pointer was passed")
        if name in DSP_COMMANDS and self.faults.licence_expired:
            raise Refusal(ErrorCode.OPERATION_UNOPENED, "licence has expired")
        return handler(Call(self, conn, name, files), *args)

    def fail(self, code: ErrorCode, text: str) -> None:
        """Set the last error, one slot for the whole library."""
        self.error_code, self.error_text = code, text

    # -- start and close ----------------------------------------------------------------------------------------------
    def start(self, conn: Connection, names: tuple[str, str], files: dict[int, File], setting: Setting | None) -> None:
        """SsmStartCti: judge the files now, answer after the time that loading the cards takes."""
        persona = self.machine.personality
        try:
            taken = self.owner or self.starting
            if taken is not None and (persona.process_exclusive or taken is conn.client):
                raise Refusal(ErrorCode.INIT_FAILED, "driver is already loaded by another process", ALREADY_LOADED)
            config = self._read(names, files)
        except Refusal as refusal:
            self.fail(refusal.code, refusal.text)
            self.sim.later(FAILED_START_MS, conn.reply, Reply(refusal.value))
            return
        self.starting = conn.client
        low, high = persona.start_ms
        start_ms = self.sim.rng("synway/start").randint(low, high) + persona.start_board_ms * (len(config.boards) - 1)
        self.sim.later(start_ms, self._started, conn, config, setting)

    def _read(self, names: tuple[str, str], files: dict[int, File]) -> SystemConfig:
        try:
            system, index = (files[n].read() if n in files else None for n in (0, 1))
            config = read_config(system, index, names)
            self._check_models(config)
        except IniError as error:
            raise Refusal(ErrorCode.INIT_FAILED, str(error)) from error
        return config

    def _check_models(self, config: SystemConfig) -> None:
        """A model that nobody knows, or a channel beyond its card, makes start fail; an absent card does not."""
        models = []
        for entry in config.boards:
            known = model(entry.model)
            if known is None:
                raise IniError(f"[BoardId={entry.number}] unknown board model {entry.model}")
            models.append(known)
        for number, place in enumerate(config.app_ch):
            if place and place[1] >= models[place[0]].channels:
                raise IniError(f"AppCh[{number}] is beyond the channels of board {place[0]}")
        for number, (board, span) in enumerate(config.pcm):
            if span >= models[board].spans:
                raise IniError(f"Pcm[{number}] is beyond the PCMs of board {board}")

    def _started(self, conn: Connection, config: SystemConfig, setting: Setting | None) -> None:
        if self.starting is None or self.starting is not conn.client:
            return
        self.starting, self.owner = None, conn.client
        hub = self._make_hub(config)
        self.started_us, self.frozen_interrupts = self.sim.now_us, 0
        self.driver = Driver(self.machine, config, match_cards(config, self.machine), self.faults, hub, self.data)
        self.sim.truth.note("library_started", usable=sum(c is not None for c in self.driver.boards))
        self.driver.begin()
        if setting and not hub.set_event(0xFFFF, -1, True, setting):
            self.fail(ErrorCode.INVALID_PARAMETER, "event mode is refused")
        conn.reply(Reply(0))

    def _make_hub(self, config: SystemConfig) -> EventHub:
        persona, ini = self.machine.personality, config.ini
        hub = EventHub(
            sim=self.sim,
            faults=self.faults,
            interface=ini.number("SystemConfig", "EventInterfaceType", persona.default_interface),
            per_channel=ini.number("SystemConfig", "MaxEventPerChannel", persona.events_per_channel),
            user_events=ini.number("SystemConfig", "MaxUserEventSize", persona.user_events),
            set_once=persona.set_event_once,
        )
        mode = ini.number("SystemConfig", "DefaultEventOutput", persona.default_output)
        if mode:
            hub.set_event(0xFFFF, -1, True, Setting(mode))
        return hub

    def close(self, conn: Connection) -> None:
        """SsmCloseCti: stop everything, answer after the time that takes."""
        persona = self.machine.personality
        self._end(persona.close_keeps_lines)
        self.sim.later(persona.close_ms, conn.reply, Reply(persona.close_return))

    def _end(self, keep_lines: bool) -> None:
        if self.driver:
            self.driver.end(keep_lines)
        self.data.close()
        self.sim.truth.note("library_ended", keep_lines=keep_lines)
        self.driver, self.owner = None, None
        self.fail(ErrorCode.API_UNOPENED, "API is not opened")

    # -- fault knobs that need a card or a channel --------------------------------------------------------------------
    def _note(self, fault: str, **fields: Any) -> None:
        self.sim.truth.note("fault", vendor="synway", fault=fault, **fields)

    def _card(self, name: str) -> Card:
        for card in self.machine.cards:
            if card.name == name:
                return card
        raise KeyError(f"no card {name}")

    def fit_card(self, name: str, fitted: bool) -> None:
        """A card that does not answer (or answers again) at the next start: fewer usable boards."""
        self._note("fit_card", card=name, fitted=fitted)
        self._card(name).fitted = fitted

    def plug_card(self, name: str, plugged: bool) -> None:
        """Pull a card out of the running machine, or put it back: channels go to 135 or 11, calls on it are gone."""
        self._note("plug_card", card=name, plugged=plugged)
        card = self._card(name)
        card.plugged = plugged
        if self.driver:
            self.driver.unplug(card, gone=not plugged)

    def channel_named(self, name: str) -> int | None:
        """The maker's number of the channel behind a line or circuit; None: the started library has none such."""
        for channel in self.driver.channels if self.driver else ():
            end = channel and (channel.hardware.line or channel.hardware.circuit)
            if channel and end and end.name == name:
                return channel.number
        return None

    def _digital(self, number: int) -> DigitalChannel:
        channel = self.driver.channels[number] if self.driver and 0 <= number < len(self.driver.channels) else None
        if not isinstance(channel, DigitalChannel):
            raise KeyError(f"no digital channel {number}")
        return channel

    def reset_circuit(self, number: int) -> None:
        """The far end resets a circuit (RSC, RESTART): a call becomes pending with reason 15."""
        self._note("reset_circuit", channel=number)
        self._digital(number).reset_circuit()

    def block_circuit(self, number: int, blocked: bool) -> None:
        """The far end blocks a circuit (BLO) or unblocks it: states 19 or 124."""
        self._note("block_circuit", channel=number, blocked=blocked)
        self._digital(number).block(REMOTE_BLO, blocked)

    def drop_recording(self, number: int, ms: int) -> None:
        """The card loses `ms` of what a channel is recording (a late interrupt): the file is shorter by that."""
        channel = self.driver.channels[number] if self.driver and 0 <= number < len(self.driver.channels) else None
        task = channel.recorder.task if channel else None
        if task is None:
            raise KeyError(f"channel {number} is not recording")
        self._note("drop_recording", channel=number, ms=ms)
        self.sim.engine.rec_drop(task.recorder, ms * 8)

    def second_master(self, name: str, ppm: float) -> Callable[[], None]:
        """A card that takes its own oscillator, `ppm` off, for the clock of the PC's cards; what ends that."""
        self._note("second_master", card=name, ppm=ppm)
        return SecondMaster(self, self._card(name), ppm).end

    def flood_events(self, ref: int, count: int, ms: int = 0) -> None:
        """`count` harmless events at once (overall energy), to overflow the queue of a reference.

        For `ms` more the flood goes on as fast as anybody can read: the queue stays full.
        """
        self._note("flood_events", ref=ref, count=count, ms=ms)
        if self.driver:
            for number in range(count):
                self.driver.hub.post(Event.E_OVERALL_ENERGY, ref, number)
            self.driver.hub.keep_full(ref, ms)

    def event_after_stop(self, code: int, ref: int, param: int) -> None:
        """The next close lets one more event through to a thread that is in a wait: a driver thread that ends late."""
        self._note("event_after_stop", code=code, ref=ref)
        self.faults.late_events.append(Notice(code, ref, param & 0xFFFFFFFF))
