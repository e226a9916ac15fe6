"""Builds programs written for a maker's API, serves them a simulated machine at real speed, and asks the machine."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hwsim.core.sound import alaw_decode, find_chirps
from hwsim.kernel.drive import pause_s, real_s

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "stranger"
LIBRARY = ROOT / "hwsim" / "vendorlibs" / "synway"
LAYOUTS = {"newest": (LIBRARY, ""), "2007": (LIBRARY / "layout2007", "-DMAKER_2007")}
SITE = (ROOT / "hwsim" / "scenarios" / "one_pc.yaml").read_text(encoding="utf-8")
INI = ROOT / "hwsim" / "scenarios" / "one_pc"
FILES = (str(INI / "ShConfig.ini"), str(INI / "ShIndex.ini"))


def build(folder: Path, layout: str = "newest") -> Path:
    """The programs of stranger/, compiled and linked as their author would."""
    library, defines = LAYOUTS[layout]
    out = folder / layout
    out.mkdir(exist_ok=True)
    make = ["make", "-s", "-C", str(PROGRAMS), f"LIBDIR={library}", f"OUT={out}", f"DEFINES={defines}"]
    subprocess.run(make, check=True, capture_output=True)
    return out


def prompt(folder: Path) -> Path:
    """One second of something like speech, 16-bit PCM WAV."""
    samples = b"".join(struct.pack("<h", int(6000 * math.sin(n * 0.3) * math.sin(n * 0.002))) for n in range(8000))
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16,
                       b"data", len(samples))  # fmt: skip
    path = folder / "prompt.wav"
    path.write_bytes(head + samples)
    return path


def environment(folder: Path, layout: str = "newest", patience_s: int = 40) -> dict[str, str]:
    """What a program needs that is started by itself."""
    return {
        **os.environ,
        "HWSIM_DIR": str(folder),
        "LD_LIBRARY_PATH": str(LAYOUTS[layout][0]),
        "STRANGER_TIMEOUT_MS": str(patience_s * 1000),
    }


class Machine:
    """A running `hwsim serve`."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process

    def ask(self, command: str, **args: Any) -> Any:
        """One command through the control socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.connect(str(self.folder / "control.sock"))
            door.sendall(json.dumps({"id": 1, "command": command, "args": args}).encode() + b"\n")
            answer = json.loads(door.makefile("rb").readline())
        assert answer["ok"], answer
        return answer["result"]

    def facts(self) -> list[dict[str, Any]]:
        """The truth log so far."""
        found: list[dict[str, Any]] = []
        since = 0
        while (part := self.ask("truth", since=since))["next"] > since:
            found += part["facts"]
            since = part["next"]
        return found

    def held(self, limit_s: float = 10) -> dict[str, int]:
        """What the simulator holds while no program runs. Legs that are awake depend on the moment."""
        until = real_s() + limit_s
        while (load := self.ask("load"))["programs"]:
            assert real_s() < until, load
            pause_s(0.05)
        assert load["rpc_failures"] == 0
        engine = {k: v for k, v in load["engine"].items() if k not in ("legs_awake", "events")}
        return {**engine, "open_files": load["open_files"]}

    def wait_quiet(self, limit_s: float) -> None:
        """Until nobody is on the telephone."""
        until = real_s() + limit_s
        while (status := self.ask("status"))["visitors"] or status["calls"]:
            assert real_s() < until, self.ask("people")
            pause_s(0.5)


@contextmanager
def served(folder: Path, site: str = SITE) -> Iterator[Machine]:
    """`hwsim serve` of a scenario, with the sockets in `folder`."""
    (folder / "site.yaml").write_text(site, encoding="utf-8")
    read, write = os.pipe()
    command = [sys.executable, "-m", "hwsim", "serve", str(folder / "site.yaml"), "--dir", str(folder)]
    command += ["--config", FILES[0], "--ready-fd", str(write)]
    process = subprocess.Popen(command, pass_fds=[write])
    os.close(write)
    try:
        with os.fdopen(read) as ready:
            assert ready.readline() == "ready\n"
        yield Machine(folder, process)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def parties_in(recording: Path) -> set[int]:
    """Who speaks in a recording of A-law in WAV."""
    data = recording.read_bytes()
    at = data.index(b"data") + 8
    return {chirp.party for chirp in find_chirps(alaw_decode(data[at:]))}
