"""A simulated machine under test: real sound and time, the transport and the lines' far ends are scripted."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hwsim.core.engine import Engine
from hwsim.core.events import Kind
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.line.analog import AnalogLine
from hwsim.line.caller_id_receiver import CallerIdReceiver
from hwsim.line.caller_id_sender import CallerIdSender
from hwsim.line.digital import Circuit, Setup
from hwsim.vendorlibs.rpc import PARKED, Reply
from hwsim.vendorlibs.synway.cards import SynwayMachine, build_machine
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.library import SynwayLibrary
from hwsim.vendorlibs.wire import File

FAST = {"start_ms": [2000, 2000], "circuit_ready_ms": [1000, 1000]}


@dataclass(eq=False)
class FakeClient:
    """A process."""

    pid: int = 100


@dataclass(eq=False)
class FakeConn:
    """A thread's connection; replies pile up."""

    client: FakeClient
    replies: list[Reply] = field(default_factory=list)

    def reply(self, reply: Reply) -> None:
        self.replies.append(reply)


def config_for(site: dict[str, Any], extra: str = "") -> bytes:
    """A ShConfig.ini for the site's cards, channels mapped in order."""
    lines = ["[SystemConfig]", f"TotalBoards={len(site['cards'])}", extra]
    maps, boards, spans, first = [], [], [], 0
    for number, card in enumerate(site["cards"]):
        count = card.get("channels") or len(card.get("ports", "")) or 30 * len(card.get("spans", ()))
        maps.append(f"AppCh[{first}]={number},0..{count - 1}")
        first += count
        boards += [f"[BoardId={number}]", f"BoardModel={card['model']}"]
        spans += [f"{number},{span}" for span in range(len(card.get("spans", ())))]
    lines += ["[AppChToBoardChTable]", f"TotalAppCh={first}", *maps, *boards]
    lines += ["[PcmInfo]", f"TotalPcm={len(spans)}", *(f"Pcm[{n}]={s}" for n, s in enumerate(spans))]
    return "\n".join(lines).encode()


class Bench:
    """Sim, machine, library and one process with one thread."""

    def __init__(self, site: dict[str, Any], tmp_path: Any, config: bytes | None = None, extra: str = "") -> None:
        self.tmp_path = tmp_path
        self.engine = Engine(max_legs=512, seed=1)
        self.sim = Sim(self.engine, TruthLog(), seed=7)
        persona = site.get("personality", {})
        site = {**site, "personality": {**FAST, **({"base": persona} if isinstance(persona, str) else persona)}}
        self.machine: SynwayMachine = build_machine(self.sim, site)
        self.library = SynwayLibrary(self.machine)
        self.config = config if config is not None else config_for(site, extra)
        self.client = FakeClient()
        self.conn = FakeConn(self.client)
        self.events: list[tuple[int, int, int]] = []

    # -- files --------------------------------------------------------------------------------------------------------
    def file(self, name: str, content: bytes | None = None) -> File:
        """An opened file; with content it is written first, without it is created for writing."""
        path = self.tmp_path / name
        if content is not None:
            path.write_bytes(content)
            return File(str(path), os.open(path, os.O_RDONLY))
        return File(str(path), os.open(path, os.O_RDWR | os.O_CREAT))

    # -- calls --------------------------------------------------------------------------------------------------------
    def raw(self, name: str, *args: Any, files: dict[int, File] | None = None, conn: FakeConn | None = None) -> Any:
        """The library's answer as it comes: Reply or PARKED."""
        files = files or {}
        answer = self.library.call(conn or self.conn, name, args, files)
        if answer is not PARKED:
            for file in files.values():
                file.close()
        return answer

    def call(self, name: str, *args: Any, files: dict[int, File] | None = None, conn: FakeConn | None = None) -> int:
        """The C result; a parked call is waited for in simulated time."""
        return self.reply(name, *args, files=files, conn=conn).ret

    def reply(
        self, name: str, *args: Any, files: dict[int, File] | None = None, conn: FakeConn | None = None, ms: int = 20000
    ) -> Reply:
        """The whole answer."""
        conn = conn or self.conn
        before = len(conn.replies)
        answer = self.raw(name, *args, files=files, conn=conn)
        if answer is not PARKED:
            return answer
        limit_us = self.sim.now_us + ms * 1000
        while len(conn.replies) == before and self.sim.now_us < limit_us:
            self.run(4)
        assert len(conn.replies) > before, f"{name} never came back"
        for file in (files or {}).values():
            file.close()
        return conn.replies[-1]

    def text(self, name: str, *args: Any) -> str:
        """The text result of a call."""
        reply = self.reply(name, *args)
        assert reply.ret == len(reply.outs[0])
        return reply.outs[0].decode("gbk")

    def start(self, mode: int = 1, config: bytes | None = None, conn: FakeConn | None = None) -> int:
        """SsmStartCti, and polling events."""
        files = {
            0: self.file("ShConfig.ini", self.config if config is None else config),
            1: self.file("ShIndex.ini", b"[System]\nMaxIndexSeg=20\n"),
        }
        result = self.call("SsmStartCti", "ShConfig.ini", "ShIndex.ini", files=files, conn=conn)
        if result == 0 and mode:
            assert self.call("SsmSetEvent", 0xFFFF, -1, 1, mode, 0, 0, 0, 0, conn=conn) == 0
        return result

    def ready(self, ms: int = 2000) -> None:
        """Start and wait until circuits are idle; events so far are forgotten."""
        assert self.start() == 0
        self.run(ms)
        self.drain()
        self.events.clear()

    # -- time and events ----------------------------------------------------------------------------------------------
    def run(self, ms: float) -> None:
        """Let time pass."""
        self.sim.advance_to(self.sim.now_us + round(ms * 1000))

    def until(self, condition: Callable[[], bool], ms: int = 30000) -> None:
        """Let time pass until something holds."""
        limit_us = self.sim.now_us + ms * 1000
        while not condition():
            assert self.sim.now_us < limit_us, "did not happen in time"
            self.run(8)

    def until_state(self, ch: int, state: int, ms: int = 30000) -> None:
        """Let time pass until a channel is in a state."""
        self.until(lambda: self.state(ch) == state, ms)

    def drain(self) -> list[tuple[int, int, int]]:
        """All waiting events as (code, ref, param), also appended to `events`."""
        got = []
        while (reply := self.raw("SsmGetEvent")).ret == 0:
            got.append(reply.outs)
        self.events += got
        return got

    def params(self, code: int, ref: int) -> list[int]:
        """Parameters of all events of a code so far."""
        self.drain()
        return [p for c, r, p in self.events if c == code and r == ref]

    def states(self, ch: int) -> list[int]:
        """The states a channel entered, as its events tell."""
        changes = self.params(0x18, ch)
        for before, after in itertools.pairwise(changes):
            assert before & 0xFFFF == after >> 16, "state events do not join"
        return [p & 0xFFFF for p in changes]

    def state(self, ch: int) -> int:
        return self.call("SsmGetChState", ch)

    def error(self) -> int:
        return self.call("SsmGetLastErrCode")

    def channel(self, ch: int) -> Channel:
        assert self.library.driver
        channel = self.library.driver.channels[ch]
        assert channel
        return channel

    def heard(self, leg: int) -> list[str]:
        """A growing list of the digits that a leg hears."""
        digits: list[str] = []
        self.engine.dtmf_detect(leg)
        self.sim.on_engine(leg, lambda e: digits.append(e.digit) if e.kind is Kind.DTMF_ON else None)
        return digits

    def level(self, leg: int) -> int:
        """What a leg hears, mB."""
        return self.engine.level(leg).rx_mb


class Exchange:
    """The office end of an analogue line."""

    def __init__(self, bench: Bench, line: AnalogLine, dial_tone_ms: int | None = 300) -> None:
        self.bench, self.line, self.dial_tone_ms = bench, line, dial_tone_ms
        self.digits = bench.heard(line.office_leg)
        self.loops: list[bool] = []
        self.source = 0
        self.caller_id = CallerIdSender(bench.sim, line.name, line.office_leg)
        line.office = self

    def on_loop(self, closed: bool) -> None:
        self.loops.append(closed)
        self.quiet()
        if closed and self.line.ringing:
            self.line.ring(False)
        elif closed and self.dial_tone_ms is not None:
            self.bench.sim.later(self.dial_tone_ms, self.tone)

    def tone(self, *cadence_ms: int, hertz: int = 450) -> None:
        self.quiet()
        self.source = self.bench.engine.tone(self.line.office_leg, hertz, -1000, cadence_ms=cadence_ms)

    def voice(self) -> None:
        self.quiet()
        self.source = self.bench.engine.noise(self.line.office_leg, -1500)

    def quiet(self) -> None:
        source, self.source = self.source, 0
        if source:
            self.bench.engine.stop(source)

    def dial(self, number: str) -> None:
        """Dial on the channel through the call and wait for its digits."""

    def ring(self, bursts: int) -> None:
        """Ring with 1 s / 4 s from now on."""
        for n in range(bursts):
            self.bench.sim.later(n * 5000, self.line.ring, True)
            self.bench.sim.later(n * 5000 + 1000, self.line.ring, False)


class Phone:
    """The telephone at a station port."""

    def __init__(self, bench: Bench, line: AnalogLine) -> None:
        self.bench, self.line = bench, line
        self.rings: list[tuple[int, bool]] = []
        self.numbers: list[str] = []
        self.display = CallerIdReceiver(bench.sim, line.set_leg, lambda caller, _: self.numbers.append(caller.number))
        self.display.open()
        line.set = self

    def on_ringing(self, on: bool) -> None:
        self.rings.append((self.bench.sim.now_us // 1000, on))

    def on_polarity(self, reversed_: bool) -> None: ...

    def on_voltage(self, volts: int) -> None: ...

    def hook(self, off: bool) -> None:
        self.line.close_loop(off)

    def flash(self, ms: int) -> None:
        self.hook(False)
        self.bench.sim.later(ms, self.hook, True)

    def press(self, digits: str) -> None:
        self.bench.engine.dtmf(self.line.set_leg, digits)


class Net:
    """The network end of a circuit. `confirm` False: releases are not confirmed."""

    def __init__(self, circuit: Circuit, confirm: bool = True) -> None:
        self.circuit, self.confirm = circuit, confirm
        self.log: list[Any] = []
        circuit.net = self

    def on_setup(self, setup: Setup) -> None:
        self.circuit.busy = True
        self.log.append(("setup", setup.called, setup.caller))

    def on_digits(self, digits: str) -> None:
        self.log.append(("digits", digits))

    def on_proceeding(self) -> None:
        self.log.append("proceeding")

    def on_alerting(self) -> None:
        self.log.append("alerting")

    def on_progress(self) -> None:
        self.log.append("progress")

    def on_connect(self) -> None:
        self.log.append("connect")

    def on_release(self, cause: int) -> None:
        self.log.append(("release", cause))
        if self.confirm:
            self.circuit.busy = False
            if self.circuit.card:
                self.circuit.card.on_released()

    def on_released(self) -> None:
        self.circuit.busy = False
        self.log.append("released")

    @property
    def card(self) -> Any:
        assert self.circuit.card
        return self.circuit.card

    def call(self, called: str, caller: str = "13800138000", complete: bool = True) -> None:
        self.circuit.busy = True
        self.card.on_setup(Setup(called, caller, complete=complete))
