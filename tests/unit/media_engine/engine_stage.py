"""An engine under test with everything that it told, and lines whose far ends are in the test's hands."""

import array
import socket
from collections.abc import Iterable
from pathlib import Path

from boardd.media.engine.engine import Engine
from boardd.media.engine.events import EngineEvent
from boardd.media.engine.port import DeviceLine, EnginePort
from hwsim.core.sound import alaw_decode, alaw_encode

BLOCK = 160
SILENCE = 0xD5


def pcm(samples: Iterable[int]) -> bytes:
    """16-bit host order."""
    return array.array("h", samples).tobytes()


def samples(sound: bytes) -> list[int]:
    """The numbers in it."""
    return list(array.array("h", sound))


def coded(values: Iterable[int]) -> bytes:
    """A-law bytes of linear samples, by the simulator's tables, which share nothing with the engine's."""
    return bytes(alaw_encode(array.array("h", values)))


def decoded(sound: bytes) -> list[int]:
    """Linear samples of A-law bytes, by the same."""
    return list(alaw_decode(sound))


def ramp(count: int, first: int = 0) -> list[int]:
    """Numbers that tell where they come from: no two neighbours alike, none zero."""
    return [(first + i) % 20011 + 1 for i in range(count)]


class Wire:
    """A device: what the card says is written here, what it is told is read here. A stream, as in the simulator."""

    def __init__(self) -> None:
        self.card, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.far = far
        self.card.setblocking(False)
        self.far.setblocking(False)

    def say(self, sound: bytes) -> None:
        assert self.far.send(sound) == len(sound)

    def fill(self) -> int:
        """Zeros until the device takes not one byte more; how many."""
        total = 0
        for size in (4096, 160, 1):
            try:
                while True:
                    total += self.card.send(bytes(size))
            except BlockingIOError:
                pass
        return total

    def heard(self) -> bytes:
        """Everything that the engine has written since the last time."""
        got = bytearray()
        while True:
            try:
                part = self.far.recv(1 << 16)
            except BlockingIOError:
                return bytes(got)
            if not part:
                return bytes(got)
            got += part

    def close(self) -> None:
        self.card.close()
        self.far.close()


class Stage:
    """One engine; `told` is what it told, oldest first."""

    def __init__(self, folder: Path, max_ports: int = 64, event_capacity: int = 1024) -> None:
        self.folder = folder
        self.told: list[EngineEvent] = []
        self.engine = Engine(max_ports, on_event=self.told.append, event_capacity=event_capacity)
        self._wires: list[Wire] = []

    def close(self) -> None:
        self.engine.close()
        for wire in self._wires:
            wire.close()

    def tick(self, blocks: int = 1) -> None:
        self.engine.tick(blocks)
        self.engine.take_events()

    def null(self, capacity: int = 16000, source: bool = False) -> EnginePort:
        port = self.engine.null_port(self.told.append, capacity=capacity, source=source)
        port.run()
        return port

    def wire(self, law: int = 0, prefill: int = 0, **line) -> tuple[Wire, EnginePort]:
        wire = Wire()
        self._wires.append(wire)
        device = DeviceLine(wire.card.fileno(), law=law, prefill=prefill, **line)
        port = self.engine.device_port(device, self.told.append)
        port.run()
        return wire, port

    def device(self, descriptor, read, write, ioctl, request, error) -> DeviceLine:
        return DeviceLine(
            descriptor, read=read, write=write, ioctl=ioctl, event_request=request, event_errno=error, prefill=0
        )

    def all(self, kind: type[EngineEvent]) -> list[EngineEvent]:
        return [event for event in self.told if isinstance(event, kind)]

    def one(self, kind: type[EngineEvent]) -> EngineEvent:
        (event,) = self.all(kind)
        return event
