"""A program in token lockstep: notes what it reads on two channels and when, and answers with blocks of its own.

Events are noted, too; a thread waits in a blocking read meanwhile, as a job of the loop. Prints JSON.
"""

import asyncio
import json
import os
import sys
import zlib

sys.path.insert(0, sys.argv[1])

from diokit import Dio, refused

from boardd import clock

SECONDS = 1.5


async def main():
    dio = Dio(sys.argv[2], sys.argv[3])
    loop = asyncio.get_running_loop()
    began, noted, counts = loop.time(), [], {}

    def ready(fd, channel):
        while event := dio.event(fd):
            noted.append([round((loop.time() - began) * 1e6), channel, "event", event])
        block = []
        if refused(lambda: block.append(dio.read(fd))) is None:
            noted.append([round((loop.time() - began) * 1e6), channel, len(block[0]), zlib.crc32(block[0])])
            counts[channel] = counts.get(channel, 0) + 1
            dio.write(fd, bytes([counts[channel] % 100 + 20]) * 160)

    fds = {}
    for channel in (1, 2):
        fds[channel] = dio.channel(channel)
        dio.buffers(fds[channel], 4, 160)
        loop.add_reader(fds[channel], ready, fds[channel], channel)
    waiting = dio.channel(4, os.O_RDWR)
    dio.buffers(waiting, 4, 160)
    await asyncio.sleep(0.5)
    dio.ioctl(fds[1], dio.HOOK, dio.OFFHOOK)
    refused(dio.ioctl, fds[2], dio.HOOK, dio.RING)
    size = await loop.run_in_executor(None, lambda: len(dio.read(waiting)))
    noted.append([round((loop.time() - began) * 1e6), 4, "job", size])
    await asyncio.sleep(SECONDS - (loop.time() - began))
    for fd in (*fds.values(), waiting):
        loop.remove_reader(fd)
        dio.close(fd)
    sys.stdout.write(json.dumps(noted))


clock.run(main, "worker")
