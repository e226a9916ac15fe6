"""A participant of the lockstep tests: messages, timers, executor jobs and threads; prints its log."""

import asyncio
import json
import random
import sys
import threading
import time
from typing import Any

from boardd import clock


async def ring(name: str, left: str, right: str, seed: int) -> None:
    rng = random.Random(f"{seed}/{name}")
    noise = random.SystemRandom()
    log: list[Any] = []
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def jitter() -> None:
        time.sleep(noise.random() * 0.002)  # noqa: TID251 - real noise that must not show in the result

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            await loop.run_in_executor(None, jitter)
            log.append([clock.mono_ms(), line.decode().strip()])

    server = await asyncio.start_unix_server(serve, left)
    writer = None
    for _ in range(200):
        try:
            _reader, writer = await asyncio.open_unix_connection(right)
            break
        except OSError:
            await asyncio.sleep(0.01)
    busy: set[bytes] = set()

    def post(line: bytes) -> None:
        jitter()
        loop.call_soon_threadsafe(writer.write, line)
        busy.remove(line)

    clock.register_busy(lambda: len(busy))
    for i in range(40):
        await asyncio.sleep(round(rng.expovariate(2.0), 3))
        line = f"{name}{i}@{clock.mono_ms()}\n".encode()
        busy.add(line)
        threading.Thread(target=post, args=(line,)).start()
    await asyncio.sleep(120 - loop.time())
    server.close()
    done.set()
    print(json.dumps(log))  # noqa: T201


clock.run(lambda: ring(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])), sys.argv[1])
