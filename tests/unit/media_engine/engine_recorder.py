"""A process that records until it is killed. For each line on stdin one tick; with `free`, a thread of the engine's
own.
"""

import asyncio
import sys
from pathlib import Path

import structlog
from engine_stage import BLOCK, Wire

from boardd.media.engine.engine import Engine
from boardd.media.engine.port import DeviceLine
from boardd.media.engine.recording import Format, Tap


def sound(tick: int) -> bytes:
    """Every block is another."""
    return bytes((tick + 3 * n) % 256 for n in range(BLOCK))


def begin(folder: Path, engine: Engine, wire: Wire) -> None:
    port = engine.device_port(DeviceLine(wire.card.fileno(), prefill=0), lambda _event: None)
    port.run()
    engine.record(folder / "call.wav", (port, Tap.HEARS), (port, Tap.SAYS), form=Format.WAV)
    engine.record(folder / "leg.raw", (port, Tap.HEARS))


def stepped(folder: Path) -> None:
    with Engine(4) as engine:
        wire = Wire()
        begin(folder, engine, wire)
        for tick, _line in enumerate(sys.stdin):
            wire.say(sound(tick))
            engine.tick()
            print(tick, flush=True)  # noqa: T201


async def free(folder: Path) -> None:
    engine = Engine(4)
    wire = Wire()
    engine.start()
    begin(folder, engine, wire)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for tick in range(100_000):
        wire.say(sound(tick))
        print(tick, flush=True)  # noqa: T201
        await asyncio.sleep(began + (tick + 1) * 0.02 - loop.time())


structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
if sys.argv[2] == "free":
    asyncio.run(free(Path(sys.argv[1])))
else:
    stepped(Path(sys.argv[1]))
