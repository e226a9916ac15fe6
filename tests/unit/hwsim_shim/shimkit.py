"""A fake behaviour behind the real server, and where the library and its declarations are."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwsim.kernel.loop import Loop
from hwsim.vendorlibs.rpc import PARKED, Client, Connection, Parked, Reply, RpcServer
from hwsim.vendorlibs.wire import File

ROOT = Path(__file__).parents[3]
DECL = ROOT / "drivers" / "synway" / "decl"
SHIM = ROOT / "hwsim" / "vendorlibs" / "synway"
HERE = Path(__file__).parent
TOPICS = ("life", "inventory", "events", "call", "analog", "media", "switching", "conference", "fax")
MORE = ("board_more", "call_more", "media_more", "switching_more", "fax_more", "signalling", "spy")
LAYOUTS = {"newest": SHIM, "2007": SHIM / "layout2007"}


@dataclass(eq=False)
class Fake:
    """Answers from `handlers`, remembers everything. A number is a return value, a tuple the outs with 0."""

    waits: frozenset[str] = frozenset({"SsmWaitForEvent", "SsmWaitForEventA", "ShimNextCallback", "ShimNextWork"})
    handlers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    held: dict[str, list[Connection]] = field(default_factory=dict)
    tids: dict[str, set[int]] = field(default_factory=dict)

    def attached(self, client: Client) -> None:
        self.clients.append(client)

    def detached(self, client: Client) -> None:
        self.gone.append(client.pid)

    def call(self, conn: Connection, name: str, args: tuple[Any, ...], files: dict[int, File]) -> Reply | Parked:
        self.calls.append((name, args))
        self.tids.setdefault(name, set()).add(conn.tid)
        answer = self.handlers.get(name, 0)
        if callable(answer):
            answer = answer(conn, args, files)
        if answer is PARKED:
            self.held.setdefault(name, []).append(conn)
            return PARKED
        if isinstance(answer, tuple):
            return Reply(0, answer)
        return answer if isinstance(answer, Reply) else Reply(answer)

    def args_of(self, name: str) -> tuple[Any, ...]:
        return next(args for called, args in reversed(self.calls) if called == name)


@dataclass
class Dirt:
    """Counts marks."""

    marks: int = 0

    def mark_dirty(self) -> None:
        self.marks += 1


class Served:
    """An RpcServer with a Fake, running in a thread of its own; `run` does something in that thread."""

    def __init__(self, folder: Path) -> None:
        self.fake = Fake()
        self.dirt = Dirt()
        self.loop = Loop()
        self.path = folder / "synway.sock"
        self.server = RpcServer(self.loop, self.dirt, self.path, self.fake)
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[Any]]] = queue.SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self.loop.add_reader(self._woken.fileno(), self._work)
        self._going = True
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while self._going:
            self.loop.poll(1.0)

    def _work(self) -> None:
        self._woken.recv(1)
        job, answer = self._jobs.get()
        try:
            answer.put((job(), None))
        except Exception as error:
            answer.put((None, error))

    def run(self, job: Callable[[], Any]) -> Any:
        answer: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._jobs.put((job, answer))
        self._wake.send(b"x")
        value, error = answer.get(timeout=10)
        if error:
            raise error
        return value

    def until(self, condition: Callable[[], Any]) -> Any:
        for _ in range(200_000):
            value = self.run(condition)
            if value:
                return value
        raise AssertionError("the condition never came true")

    def reply(self, name: str, answer: Reply) -> None:
        conn = self.until(lambda: self.fake.held.get(name)).pop(0)
        self.run(lambda: conn.reply(answer))

    def stop(self) -> None:
        if self._going:
            self.run(self._end)
            self._thread.join()
            self._wake.close()
            self._woken.close()

    def _end(self) -> None:
        self._going = False
        self.server.close()
        self.loop.remove_reader(self._woken.fileno())
        self.loop.close()


def declarations(*names: str) -> str:
    return "\n".join(((DECL if name in TOPICS else SHIM) / f"{name}.h").read_text() for name in names)
