"""What the cases work with: boardd's DAHDI driver on real channels, and the peers as a process of their own."""

import asyncio
import json
import logging
import sys
from pathlib import Path

import structlog

from boardd.contract.driver import BoardNaming, LineFree
from boardd.contract.states import ChannelState
from boardd.testing import EventLog
from drivers.dahdi.driver import create

LIBRARY, DECL, PLACES = "./libdahdiio.so", "decl", "spans.json"
NAMES = {f"DYN-loc-{cable}-0": name for cable, name in ((1, "pri"), (2, "r2"), (3, "an"))}
NAMES |= {f"DYN-loc-{cable}-1": f"far{cable}" for cable in (1, 2, 3)}
SETTINGS = {"spans": "pri/1=pri_net, r2/1=r2, far1/1=none, far2/1=none", "r2": str(Path("r2.yaml").resolve())}
SETTINGS |= {"bridging": "kernel", "echo": "off"}
PATIENCE_S = 30.0


def quiet():
    """The log of every call into the library costs an emulated machine its time."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class Peers:
    """The process with the far ends; `notes` is what it noticed."""

    def __init__(self):
        self.notes = []
        self._more = asyncio.Event()

    async def start(self):
        argv = [sys.executable, "peers.py", LIBRARY, DECL, PLACES]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, limit=1 << 20)
        self._task = asyncio.create_task(self._read())
        await self.wait("ready")

    async def _read(self):
        while line := await self._process.stdout.readline():
            self.notes.append(json.loads(line))
            self._more.set()
        self.notes.append({"what": "the peers' process has ended", "span": ""})
        self._more.set()

    def do(self, name, **arguments):
        self._process.stdin.write(json.dumps([name, arguments]).encode() + b"\n")

    @property
    def mark(self):
        return len(self.notes)

    async def wait(self, what, since=0, within_s=PATIENCE_S, **fields):
        """The first note of a kind whose fields are so. Raises AssertionError."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    for note in self.notes[since:]:
                        if note["what"] == what and all(note.get(key) == value for key, value in fields.items()):
                            return note
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"no {what} {fields} at the far end; seen: {self.notes[since:]}") from None

    async def stop(self):
        self._process.stdin.close()
        await self._process.wait()
        self._task.cancel()


class Stage:
    """A started driver."""

    def __init__(self, peers, **settings):
        self.peers, self.log, self.settings = peers, EventLog(), {**SETTINGS, **settings}
        self.driver, self.ports = None, {}

    async def start(self):
        self.driver = create(self.settings, BoardNaming(NAMES), self.log)
        self.inventory = await self.driver.start()
        self.log.started = True
        self.ports = self.inventory.ports

    async def stop(self):
        await self.driver.stop()
        self.log.stopped = True

    @property
    def marks(self):
        return self.log.mark, self.peers.mark

    def port(self, channel):
        return self.ports[channel]

    async def state(self, channel, *states, within_s=PATIENCE_S):
        loop = asyncio.get_running_loop()
        end_s = loop.time() + within_s
        while self.port(channel).state not in states:
            assert loop.time() < end_s, f"{channel} is {self.port(channel).state}, not {states}"
            await asyncio.sleep(0.05)

    async def free(self, channel, since):
        """Hang up and wait for the line."""
        await self.port(channel).hangup()
        await self.log.wait(LineFree, channel, since)
        await self.state(channel, ChannelState.IDLE)

    def log_of_all(self):
        """All events so far, in words."""
        return [type(event).__name__ for event in self.log.events]

    def log_of(self, channel, since):
        """Events in words, for the results."""
        return [type(event).__name__ for event in self.log.of(channel, since)]

    def seen(self, since):
        """What our side saw, for the result of a case that failed: events since a mark, how the channels are, what was
        on the circuits of No.1 during their last calls."""
        return {
            "events": [repr(event) for event in self.log.events[since:]],
            "channels": {channel: _state(port) for channel, port in self.ports.items()},
            "ladders": self._ladders(),
        }

    def _ladders(self):
        trunk = self.driver.cards.trunks.get("r2/1") if self.driver else None
        return {slot: list(trunk.signalling.ladder(slot).lines()) for slot in (1, 2)} if trunk else {}


def _state(port):
    """In words: the channel's state, the phase of an exchange line, why it cannot be used, steps that are illegal."""
    machine = getattr(port, "machine", None)
    words = [port.state, getattr(machine, "phase", ""), port.info.reason, port.illegal_steps or ""]
    return " ".join(str(word) for word in words if word)
