"""A process of the lockstep test: an engine on a line that it feeds itself, in simulated time. Writes its log."""

import asyncio
import json
import random
import sys
from pathlib import Path

from engine_stage import BLOCK, Wire

from boardd import clock
from boardd.media.engine.clips import Clip
from boardd.media.engine.engine import Engine
from boardd.media.engine.events import EngineEvent
from boardd.media.engine.port import DeviceLine
from boardd.media.engine.recording import Tap


async def life(folder: Path, seed: int) -> None:
    log: list[str] = []
    told: asyncio.Queue[EngineEvent] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def take(event: EngineEvent) -> None:
        log.append(f"{loop.time():.6f} {event}")
        told.put_nowait(event)

    rng = random.Random(seed)
    wire = Wire()
    engine = Engine(8, on_event=take)
    engine.start()
    port = engine.device_port(DeviceLine(wire.card.fileno()), take)
    music = engine.null_port(take, source=True)

    def feed(block: int) -> None:
        wire.say(rng.randbytes(BLOCK))
        wire.heard()
        if block < 500:
            loop.call_at((block + 1) * 0.02, feed, block + 1)

    feed(0)
    port.run()
    music.run()
    music.play([Clip(bytes(8000))], loop=True)
    engine.link(music, port)
    recording = engine.record(folder / "leg.raw", (port, Tap.HEARS))
    for round_ in range(5):
        port.play([Clip(bytes(100 + 3000 * round_))])
        while not isinstance(await told.get(), type(None)) and port.state.play:
            pass
        await asyncio.sleep(0.033)
    size_s: list[tuple[float, int]] = []
    while loop.time() < 11:
        await asyncio.sleep(0.25)
        size_s.append((round(loop.time(), 3), recording.path.stat().st_size))
    recording.stop()
    while not recording.ended:
        await told.get()
    log.append(json.dumps(size_s))
    log.append(str(engine.stats().blocks))
    engine.close()
    wire.close()
    (folder / "log.json").write_text(json.dumps(log))


clock.run(lambda: life(Path(sys.argv[1]), int(sys.argv[2])), "host")
