"""The suite's far end for DAHDI cards: the same side door, other lines."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from hwsim_far_end import HERE, PROGRAM, ROOT, HwsimFarEnd, SideDoor, bearers, machine, wav

from boardd import clock
from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.driver import BoardNaming
from boardd.testing import EventLog, Stage, Trunk
from boardd.testing.stage import FaultsUnavailableError
from drivers.dahdi.driver import DahdiDriver, create

LIBRARY = ROOT / "hwsim/vendorlibs/dahdi/libdahdiio.so"
SITE = HERE / "dahdi_site.yaml"
NAMES = {"PRI-1": "e1", "R2-1": "r2", "PBX-1": "pbx", "ANA-1": "an"}
CARDS = {"e1": "pri", "r2": "r2", "pbx": "pbx", "an": "ana"}
STATIONS = {"an/4": "8001", "an/5": "8002", "an/6": "8003"}
CALLED = {"lines": "88002000", "plain": "88002500", "pri": "88001005", "r2": "88003005", "pbx": "88004005"}
SETTINGS = {"library": str(LIBRARY), "spans": "pbx/1=pri_net"}
PERSONALITIES = ("default", "fork", "slow")

LINES = Trunk("lines", ChannelKind.FXO, ("an/1", "an/2"), "an/2", reverses=True)
PLAIN = Trunk("plain", ChannelKind.FXO, ("an/3",), "an/3", sends_caller=False, signals_answer=False)
PRI = Trunk("pri", ChannelKind.E1_BEARER, bearers("e1"), "e1/1/20")
R2 = Trunk("r2", ChannelKind.E1_BEARER, bearers("r2"), "r2/1/31")
PBX = Trunk("pbx", ChannelKind.E1_BEARER, bearers("pbx"), "pbx/1/7")
TRUNKS = (LINES, PLAIN, PRI, R2, PBX)


class DahdiFarEnd(HwsimFarEnd):
    """boardd.testing.FarEnd for DAHDI cards."""

    def __init__(
        self, door: SideDoor, trunks: Sequence[Trunk] = TRUNKS, stations: Mapping[str, str] = STATIONS
    ) -> None:
        super().__init__(door)
        self.trunks = tuple(trunks)
        self.stations = tuple(stations)
        self.taps = ()
        self._extensions = dict(stations)
        self._broken: set[int] = set()

    async def call(self, trunk: Trunk, behaviour: str) -> str:
        self._callers += 1
        return self.dial_in(CALLED[trunk.name], behaviour, f"138{self._callers:08d}")

    def dial_in(self, number: str, script: str, caller: str = "", name: str = "") -> str:
        """Somebody dials `number`; the caller's number. `name` is what caller ID shows."""
        if not caller:
            self._callers += 1
            caller = f"138{self._callers:08d}"
        self.door.ask("dial", **{"from": caller, "to": number, "script": script, "name": name})
        return caller

    def fault(self, kind: str, where: str, **args: Any) -> int:
        """Break something until `mend`."""
        number = super().fault(kind, where, **args)
        self._broken.add(number)
        return number

    def mend(self, number: int) -> None:
        """Take a fault back."""
        self._broken.discard(number)
        self.door.ask("fault_end", fault=number)

    def mend_all(self) -> None:
        """Take back whatever is still broken; what has ended by itself, or cannot be taken back, stays as it is."""
        active = {fault["fault"] for fault in self.door.ask("faults")["active"]}
        for number in sorted(self._broken & active):
            with suppress(AssertionError):
                self.door.ask("fault_end", fault=number)
        self._broken.clear()

    def _station(self, station: str, act: str, **more: Any) -> None:
        self.door.ask("station", station=self._extensions[station], act=act, **more)

    async def span_alarm(self, span: str, on: bool) -> None:
        if on:
            board, number = span.split("/")
            self._faults[span] = self.fault("alarm", f"{CARDS[board]}/{number}")
        else:
            self.door.ask("fault_end", fault=self._faults.pop(span))

    def _odd(self, channel: str, how: str, **more: Any) -> None:
        """What the card tells of the far end's hanging up: a reversal, line bits; of an ISDN call it tells nothing."""
        assert self.inventory is not None
        info = self.inventory.ports[channel].info
        event = "POLARITY" if info.kind is ChannelKind.FXO else "BITSCHANGED" if info.board == "r2" else ""
        if event:
            self.fault("channel_event", str(info.maker_channel), event=event, how=how, **more)

    async def lose_states(self, channel: str, times: int) -> None:
        self._odd(channel, "lost", times=times)

    async def double_states(self, channel: str, times: int) -> None:
        self._odd(channel, "doubled", times=times)

    async def delay_states(self, channel: str, times: int) -> None:
        self._odd(channel, "late", times=times, ms=1000)

    async def flood(self, channel: str, events: int) -> None:
        """Far more than DAHDI's queue of a channel holds: events that mean nothing on a line."""
        assert self.inventory is not None
        number = self.inventory.ports[channel].info.maker_channel
        self.fault("channel_event", str(number), event="PULSE_START", how="false", times=min(events, 600))

    async def odd_return(self, operation: Capability) -> None:
        raise FaultsUnavailableError("ioctl has no odd success")

    async def hang(self, ms: int) -> None:
        raise FaultsUnavailableError("no request of DAHDI hangs")


@contextmanager
def dahdi_machine(
    folder: Path,
    persona: str = "default",
    site: Path = SITE,
    truth: Path | None = None,
    program: Path = PROGRAM,
) -> Iterator[None]:
    with machine(folder, persona, site, "dahdi", truth, program):
        yield


def make_driver(log: EventLog, names: dict[str, str] | None = None, **settings: str) -> DahdiDriver:
    return create({**SETTINGS, **settings}, BoardNaming(names or NAMES), log)


def on_stage(
    folder: Path,
    body: Callable[[Stage], Coroutine[Any, Any, None]],
    before: Callable[[DahdiFarEnd], Coroutine[Any, Any, None]] | None = None,
    names: dict[str, str] | None = None,
    trunks: Sequence[Trunk] = TRUNKS,
    stations: Mapping[str, str] = STATIONS,
    **settings: str,
) -> EventLog:
    """Run `body` with a started driver on the machine that the environment points to, then stop it."""

    async def play() -> EventLog:
        log = EventLog()
        driver = make_driver(log, names, **settings)
        with closing(SideDoor(folder / "control.sock")) as door:
            far = DahdiFarEnd(door, trunks, stations)
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

    return clock.run(play, "host@dahdi")
