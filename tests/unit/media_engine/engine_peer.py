"""The other process of a ring test: says 1000 all the time; for each number on stdin ticks, and prints what it
hears.
"""

import array
import socket
import sys

import structlog

from boardd.media.engine.clips import LINEAR, Clip
from boardd.media.engine.engine import Engine
from boardd.media.engine.ring import RingEnd

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
with socket.socket(fileno=int(sys.argv[1])) as source:
    end = RingEnd.receive(source)
with Engine(4) as engine:
    port = engine.ring_port(end, lambda _event: None)
    ear = engine.null_port(capacity=1600)
    port.run()
    ear.run()
    engine.link(port, ear)
    port.play([Clip(array.array("h", [1000] * 160), LINEAR)], loop=True)
    for line in sys.stdin:
        engine.tick(1, int(line) * 20_000_000)
        engine.take_events()
        heard = array.array("h", ear.take(160))
        print(min(heard), max(heard), flush=True)  # noqa: T201
