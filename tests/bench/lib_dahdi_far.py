"""Runs boardd's DAHDI driver, on the simulated I/O library, against a far end in a process of its own, in lockstep."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from boardd import clock
from boardd.contract.driver import BoardNaming, DriverEvent, Inventory
from drivers.dahdi.driver import DahdiDriver, create

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "hwsim/vendorlibs/dahdi/libdahdiio.so"
T = TypeVar("T")


class FarProcess:
    """A far end as a process: `tell` is the socket on which it speaks, `ask` goes to the simulator's side door."""

    def __init__(self, folder: Path, tell: socket.socket) -> None:
        self.folder, self.tell = folder, tell

    def ask(self, command: str, **args: Any) -> Any:
        """A command of the side door; time stands meanwhile."""
        with closing(socket.socket(socket.AF_UNIX)) as door:
            door.connect(str(self.folder / "control.sock"))
            door.sendall(json.dumps({"id": 1, "command": command, "args": args}).encode() + b"\n")
            answer = json.loads(door.makefile().readline())
        if not answer["ok"]:
            raise RuntimeError(f"{command}: {answer}")
        return answer["result"]


@contextmanager
def far_process(folder: Path, program: Path, *arguments: object) -> Iterator[FarProcess]:
    """The program as `PROGRAM ARGUMENTS… READY_FD TELL_FD` while the block runs; the environment points to it."""
    folder.mkdir(parents=True, exist_ok=True)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    read, write = os.pipe()
    words = [sys.executable, str(program), *map(str, arguments), str(write), str(theirs.fileno())]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    process = subprocess.Popen(words, pass_fds=[write, theirs.fileno()], env=environment)
    os.close(write)
    theirs.close()
    saved = {key: os.environ.get(key) for key in ("HWSIM_DIR", clock.ENVIRONMENT)}
    try:
        if not os.read(read, 16):
            raise SystemExit("the far end did not start")
        os.environ["HWSIM_DIR"] = str(folder)
        os.environ[clock.ENVIRONMENT] = f"token:{folder / 'clock.sock'}"
        yield FarProcess(folder, ours)
        process.wait(60)
    finally:
        os.close(read)
        ours.close()
        if process.poll() is None:
            process.terminate()
            process.wait(10)
        for key, value in saved.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value
    if process.returncode:
        raise SystemExit(f"the far end ended with status {process.returncode}")


def with_driver(
    far: FarProcess,
    names: Mapping[str, str],
    settings: Mapping[str, str],
    sink: Callable[[DriverEvent], None],
    body: Callable[[DahdiDriver, Inventory], Coroutine[Any, Any, T]],
) -> T:
    """Run `body` with a started driver, stop it, and end the far process."""

    async def play() -> T:
        driver = create({"library": str(LIBRARY), **settings}, BoardNaming(dict(names)), sink)
        inventory = await driver.start()
        try:
            return await body(driver, inventory)
        finally:
            await driver.stop()

    try:
        return clock.run(play, "host@dahdi")
    finally:
        far.ask("stop")


def stray_steps(inventory: Inventory) -> list[str]:
    """State changes that the contract's table refuses, by channel."""
    ports: Sequence[Any] = list(inventory.ports.values())
    return [f"{port.id}: illegal step {step} ({n} times)" for port in ports for step, n in port.illegal_steps.items()]
