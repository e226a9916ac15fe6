"""The suite's far end on the simulator's side door, and the machine under it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from boardd import clock
from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.driver import BoardNaming, Inventory
from boardd.testing import EventLog, Stage, Trunk
from drivers.synway.driver import SynwayDriver, create

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PROGRAM = HERE / "simulated_machine.py"
LIBRARY = ROOT / "hwsim/vendorlibs/synway/libshpa3.so"
NAMES = {"3080001": "e1", "3080002": "r2", "3080003": "isup", "3080004": "tup", "1600001": "an"}
CARDS = {"e1": "isdn", "r2": "r2", "isup": "isup", "tup": "tup", "an": "ana"}
STATIONS = {"an/4": "8001", "an/5": "8002", "an/6": "8003"}
CALLED = {"lines": "88002000", "plain": "88002500", "isdn": "88001005", "r2": "88003005"}
CALLED |= {"isup": "88004005", "tup": "88005005", "tapped": "88002700"}
NUMBERS = {"busy": "13911110000", "rings": "13911110001"}
STATE_EVENT = "0x18"


def bearers(board: str) -> tuple[str, ...]:
    return tuple(f"{board}/1/{slot}" for slot in [*range(1, 16), *range(17, 32)])


TRUNKS = (
    Trunk("lines", ChannelKind.FXO, ("an/1", "an/2"), "an/2", reverses=True),
    Trunk("plain", ChannelKind.FXO, ("an/3",), "an/3", sends_caller=False),
    Trunk("isdn", ChannelKind.E1_BEARER, bearers("e1"), "e1/1/20"),
    Trunk("r2", ChannelKind.E1_BEARER, bearers("r2"), "r2/1/31"),
    Trunk("isup", ChannelKind.E1_BEARER, bearers("isup"), "isup/1/20"),
    Trunk("tup", ChannelKind.E1_BEARER, bearers("tup"), "tup/1/20"),
)


class SideDoor:
    """Requests to the simulator; each blocks until it is answered (time stands meanwhile)."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile()

    def ask(self, command: str, **args: Any) -> Any:
        self._socket.sendall(json.dumps({"id": 1, "command": command, "args": args}).encode() + b"\n")
        answer = json.loads(self._lines.readline())
        assert answer["ok"], answer
        return answer["result"]

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class HwsimFarEnd:
    """boardd.testing.FarEnd over the side door."""

    def __init__(self, door: SideDoor) -> None:
        self.door = door
        self.trunks = TRUNKS
        self.stations = tuple(STATIONS)
        self.taps = ("an/7", "an/8")
        self.inventory: Inventory | None = None
        self._callers = 0
        self._faults: dict[str, int] = {}

    async def call(self, trunk: Trunk, behaviour: str) -> str:
        self._callers += 1
        caller = f"138{self._callers:08d}"
        self.door.ask("dial", **{"from": caller, "to": CALLED[trunk.name], "script": behaviour})
        return caller

    def number(self, behaviour: str) -> str:
        if behaviour == "answers":
            self._callers += 1
            return f"1390000{self._callers:04d}"
        return NUMBERS[behaviour]

    def _station(self, station: str, act: str, **more: Any) -> None:
        self.door.ask("station", station=STATIONS[station], act=act, **more)

    async def lift(self, station: str) -> None:
        self._station(station, "lift")

    async def put_down(self, station: str) -> None:
        self._station(station, "hang_up")

    async def press(self, station: str, digits: str) -> None:
        self._station(station, "dial", digits=digits)

    async def flash(self, station: str) -> None:
        self._station(station, "flash", ms=300)

    def fault(self, kind: str, where: str, **args: Any) -> int:
        words = {key: str(value) for key, value in args.items()}
        return int(self.door.ask("fault", kind=kind, where=where, args=words)["fault"])

    async def span_alarm(self, span: str, on: bool) -> None:
        if on:
            board, number = span.split("/")
            self._faults[span] = self.fault("alarm", f"{CARDS[board]}/{number}")
        else:
            self.door.ask("fault_end", fault=self._faults.pop(span))

    def _ref(self, channel: str) -> int:
        assert self.inventory is not None
        return self.inventory.ports[channel].info.maker_channel

    async def lose_states(self, channel: str, times: int) -> None:
        self.fault("event_lost", STATE_EVENT, ref=self._ref(channel), times=times)

    async def double_states(self, channel: str, times: int) -> None:
        self.fault("event_doubled", STATE_EVENT, ref=self._ref(channel), times=times)

    async def delay_states(self, channel: str, times: int) -> None:
        self.fault("event_late", STATE_EVENT, ref=self._ref(channel), times=times, ms=1000)

    async def flood(self, channel: str, events: int) -> None:
        self.fault("event_flood", str(self._ref(channel)), count=events)

    async def odd_return(self, operation: Capability) -> None:
        assert operation is Capability.ALERT
        self.fault("library_odd_return", "SsmSetKB", value=7)

    async def hang(self, ms: int) -> None:
        self.fault("library_block", "SsmGetIntCount", ms=ms)


@contextmanager
def machine(
    folder: Path,
    persona: str,
    site: Path = HERE / "site.yaml",
    family: str = "synway",
    truth: Path | None = None,
    program: Path = PROGRAM,
) -> Iterator[None]:
    """A simulated machine while the block runs; the environment points to it. `truth`: where everybody's sound goes."""
    read, write = os.pipe()
    command = [sys.executable, str(program), str(site), str(folder), family, persona]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    more = [str(truth)] if truth else []
    process = subprocess.Popen([*command, str(write), *more], pass_fds=[write], env=environment)
    os.close(write)
    saved = {key: os.environ.get(key) for key in ("HWSIM_DIR", clock.ENVIRONMENT)}
    try:
        assert os.read(read, 16), "the simulator did not start"
        os.environ["HWSIM_DIR"] = str(folder)
        os.environ[clock.ENVIRONMENT] = f"token:{folder / 'clock.sock'}"
        yield
    finally:
        os.close(read)
        process.terminate()
        process.wait(10)
        for key, value in saved.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


def wav(path: Path, ms: int) -> str:
    """A short A-law WAV file: a tone made of one byte pattern."""
    return wav_of(path, bytes([0x55, 0xD5, 0x2A, 0xAA] * (ms * 2)))


def wav_of(path: Path, data: bytes) -> str:
    """An A-law WAV file of these octets; its path as text."""
    head = b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = b"".join(n.to_bytes(size, "little") for n, size in ((6, 2), (1, 2), (8000, 4), (8000, 4), (1, 2), (8, 2)))
    path.write_bytes(head + form + b"data" + len(data).to_bytes(4, "little") + data)
    return str(path)


def make_driver(log: EventLog, names: dict[str, str] | None = None, **settings: str) -> SynwayDriver:
    wanted = {"library": str(LIBRARY), "config": str(HERE / "ShConfig.ini"), **settings}
    return create(wanted, BoardNaming(names or NAMES), log)


def on_stage(
    folder: Path,
    body: Callable[[Stage], Coroutine[Any, Any, None]],
    before: Callable[[HwsimFarEnd], Coroutine[Any, Any, None]] | None = None,
    names: dict[str, str] | None = None,
    **settings: str,
) -> EventLog:
    """Run `body` with a started driver on the machine that the environment points to, then stop it."""

    async def play() -> EventLog:
        log = EventLog()
        driver = make_driver(log, names, **settings)
        with closing(SideDoor(folder / "control.sock")) as door:
            far = HwsimFarEnd(door)
            if before:
                await before(far)
            inventory = await driver.start()
            log.started = True
            far.inventory = inventory
            sounds = (wav(folder / "a.wav", 800), wav(folder / "b.wav", 700))
            try:
                await body(Stage(driver, inventory, far, log, folder, sounds))
            finally:
                await driver.stop()
                log.stopped = True
        return log

    return clock.run(play, "host@synway")
