"""Is the media engine as cheap and as punctual as plain C? Exit status 1 when it is not.

    ./run bench engine                     both parts, about six minutes; nothing else should run on the machine
    ./run bench engine --part cpu          CPU time, flat out and in real time
    ./run bench engine --part late         punctuality

The load: 120 channels, each with a device (two system calls a block), DTMF detection, a looping prompt and a stereo
recording of both legs. The floor (`tests/bench/engine/floor.c`) does the same with arrays and one loop, with the same
detector functions linked in by link-time optimisation.

Limits. CPU time: at most 1.5 times that of the floor, median of five alternating runs each; what both wrote to devices
and recordings, and the digits they found, are equal. Late blocks (done more than a block after they were due): at most
those of a C loop that only waits for its timer, plus one; slices of 30 s by turns, the same CPU, both with the
real-time priority that hosts ask for. Where that is forbidden both run as others do, and the report says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path
from typing import Any

import structlog
from cffi import FFI

from boardd.media.detect.banks import Kind
from boardd.media.engine.banks import EngineBank
from boardd.media.engine.clips import Clip
from boardd.media.engine.drive import PRIORITY
from boardd.media.engine.engine import Engine
from boardd.media.engine.events import EngineEvent, Found
from boardd.media.engine.port import DeviceLine
from boardd.media.engine.recording import Format, Tap

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "boardd" / "media" / "native"
HERE = Path(__file__).resolve().parent / "engine"
RATE_HZ, BLOCK, CHANNELS = 8000, 160, 120
RUNS, MOST_CPU, SLICES, SLICE_BLOCKS = 5, 1.5, 3, 1500
FLAT_BLOCKS, PACED_BLOCKS = 3000, 750
CFLAGS = ["-std=gnu11", "-O3", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]
LOW_HZ, HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def say(text: str) -> None:
    """A line of the report."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# -- what both work on -------------------------------------------------------------------------------------------------
def make_sounds(folder: Path) -> None:
    """Eight lines with noise and a digit now and then, and a prompt of some seconds; A-law."""
    from hwsim.core.sound import alaw_encode

    for line in range(8):
        chance = random.Random(line)
        sound = array("h", (chance.randrange(-60, 61) for _ in range(20 * RATE_HZ)))
        for digit in range(25):
            at = int((digit + 0.1 * chance.random()) * 0.75 * RATE_HZ)
            low, high = 2 * math.pi * chance.choice(LOW_HZ) / RATE_HZ, 2 * math.pi * chance.choice(HIGH_HZ) / RATE_HZ
            for n in range(RATE_HZ // 12):
                sound[at + n] += int(4000 * math.sin(low * n) + 4000 * math.sin(high * n))
        (folder / f"in.{line}").write_bytes(alaw_encode(sound))
    prompt = array("h")
    for n in range(7 * RATE_HZ + 13):
        loud = 3000 * max(0.0, math.sin(n / 900)) ** 2
        prompt.append(int(loud * (math.sin(n * 0.11) + 0.6 * math.sin(n * 0.37) + 0.3 * math.sin(n * 0.9))))
    (folder / "prompt").write_bytes(alaw_encode(prompt))


def build(folder: Path) -> None:
    """The floor with the detectors in it, and the device as a library for the engine."""
    detectors = [str(path) for path in sorted(NATIVE.glob("detect*.c"))] + [str(NATIVE / "codec.c")]
    common = ["-I", str(NATIVE), "-I", str(HERE), str(HERE / "device.c")]
    for command in (
        ["gcc", *CFLAGS, "-flto", *common, str(HERE / "floor.c"), *detectors, "-o", str(folder / "floor.bin"), "-lm"],
        ["gcc", *CFLAGS, "-fPIC", "-shared", *common, "-o", str(folder / "device.so")],
    ):
        subprocess.run(command, check=True)


# -- the engine's run, in a process of its own
# -----------------------------------------------------------------------------
class Load:
    """The engine with its load."""

    def __init__(self, folder: Path, recordings: Path) -> None:
        self.folder = folder
        self.digits: list[Found] = []
        self.engine = Engine(128, event_capacity=1 << 16)
        bank = EngineBank(self.engine, Kind.DTMF)
        ffi = FFI()
        ffi.cdef(
            "int device_open(const char *in, const char *out); long device_read(int, void *, unsigned long);"
            "long device_write(int, const void *, unsigned long);"
        )
        self._device: Any = ffi.dlopen(str(folder / "device.so"))
        prompt = Clip((folder / "prompt").read_bytes())
        self.recordings = []
        self.ports = []
        for channel in range(CHANNELS):
            source, sink = folder / f"in.{channel % 8}", folder / "engine" / f"out.{channel}"
            descriptor = self._device.device_open(os.fsencode(source), os.fsencode(sink))
            line = DeviceLine(
                descriptor, read=self._device.device_read, write=self._device.device_write, prefill=0, may_drive=False
            )
            port = self.engine.device_port(line, self._take)
            port.detect(bank)
            port.play([prompt], loop=True)
            record = self.engine.record(
                recordings / "engine" / f"rec.{channel}", (port, Tap.HEARS), (port, Tap.SAYS), form=Format.WAV
            )
            self.ports.append(port)
            self.recordings.append(record)

    def _take(self, event: EngineEvent) -> None:
        if isinstance(event, Found):
            self.digits.append(event)

    def finish(self) -> None:
        """Recordings closed, digits written as the floor writes them."""
        for record in self.recordings:
            record.stop()
        self.engine.write()
        lanes = {port.number: port.lane for port in self.ports}
        lines = [f"{lanes[e.port]} {e.kind} {e.code} {e.at_sample}\n" for e in self.digits]
        (self.folder / "engine" / "digits").write_text("".join(lines))


def cpu_s() -> float:
    """CPU time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def engine_flat(folder: Path, recordings: Path, blocks: int) -> dict[str, float]:
    """As fast as it goes, without threads."""
    load = Load(folder, recordings)
    for port in load.ports:
        port.run()
    lib, handle = load.engine.lib, load.engine.handle
    began = cpu_s()
    for block in range(blocks):
        lib.me_tick(handle, block * 20_000_000)
        lib.me_write(handle, 0)
        load.engine.take_events()
    spent = cpu_s() - began
    load.finish()
    load.engine.close()
    return {"cpu_s": spent, "blocks": blocks, "late": 0, "worst_us": 0}


async def engine_paced(folder: Path, recordings: Path, blocks: int, cpu: int, priority: int) -> dict[str, float]:
    """In real time, by its own threads; the process does what a host does besides: takes events."""
    load = Load(folder, recordings)
    load.engine.start(cpu=cpu, priority=priority)
    for port in load.ports:
        port.run()
    began = cpu_s()
    await asyncio.sleep(blocks * 0.02)
    spent, stats = cpu_s() - began, load.engine.stats()
    load.engine.close()
    return {
        "cpu_s": spent * blocks / stats.blocks,
        "blocks": stats.blocks,
        "late": stats.late_blocks,
        "worst_us": stats.worst_late_us,
    }


# -- comparing
# -----------------------------------------------------------------------------------------------------------
def run(
    folder: Path, recordings: Path, who: str, how: str, blocks: int, cpu: int = -1, priority: int = 0
) -> dict[str, float]:
    """One run in a fresh process. A card never blocks, so devices are in memory; recordings may be on a disk."""
    for place in {folder, recordings}:
        shutil.rmtree(place / who, ignore_errors=True)
        (place / who).mkdir()
    places = [str(folder), str(recordings)]
    command = [str(folder / "floor.bin"), str(CHANNELS), str(blocks), *places, how, str(cpu), str(priority)]
    if who == "engine":
        command = [sys.executable, __file__, "--inside", *places, how, str(blocks), str(cpu), str(priority)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def differences(folder: Path) -> list[str]:
    """Files in which the two are not equal. Detections of one block come sorted by lane from both."""
    names = [f"{kind}.{channel}" for kind in ("out", "rec") for channel in range(CHANNELS)] + ["digits"]
    return [name for name in names if (folder / "engine" / name).read_bytes() != (folder / "floor" / name).read_bytes()]


def compare_cpu(folder: Path, recordings: Path, how: str, blocks: int) -> bool:
    """Five runs each by turns; whether the median of the ratios is within the limit, and outputs are equal."""
    ratios, cores = [], []
    equal = True
    for _run in range(RUNS):
        floor, engine = (run(folder, recordings, who, how, blocks) for who in ("floor", "engine"))
        ratios.append(engine["cpu_s"] / floor["cpu_s"])
        cores.append((floor["cpu_s"] / (blocks * 0.02) * 100, engine["cpu_s"] / (blocks * 0.02) * 100))
        if how == "flat" and (wrong := differences(folder)):
            equal = False
            say(f"  outputs differ: {', '.join(wrong[:5])} … {len(wrong)} files")
    middle = statistics.median(ratios)
    of_floor, of_engine = (statistics.median(side) for side in zip(*cores, strict=True))
    good = equal and middle <= MOST_CPU
    spread = " ".join(f"{ratio:.2f}" for ratio in ratios)
    say(
        f"cpu {how:5}  floor {of_floor:.3f} % of a core, engine {of_engine:.3f} %, ratio {middle:.2f} ({spread}), "
        f"limit {MOST_CPU}: {'good' if good else 'MISSED'}"
    )
    return good


def compare_late(folder: Path, recordings: Path, priority: int) -> bool:
    """Slices by turns, engine and bare timer loop on the same CPU."""
    cpu = max(os.sched_getaffinity(0))
    late = {"bare": 0, "engine": 0}
    worst = {"bare": 0, "engine": 0}
    for _slice in range(SLICES):
        for who, how in (("floor", "bare"), ("engine", "paced")):
            result = run(folder, recordings, who, how, SLICE_BLOCKS, cpu, priority)
            name = "engine" if who == "engine" else "bare"
            late[name] += int(result["late"])
            worst[name] = max(worst[name], int(result["worst_us"]))
    good = late["engine"] <= late["bare"] + 1
    say(
        f"late        timer loop {late['bare']} of {SLICES * SLICE_BLOCKS} blocks (worst {worst['bare']} us), "
        f"engine {late['engine']} (worst {worst['engine']} us): {'good' if good else 'MISSED'}"
    )
    return good


def allowed(priority: int) -> int:
    """The priority, 0 when this user may not have it."""
    if not priority:
        return 0
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        say(f"late        no right to priority {priority} (LimitRTPRIO): both as others, nothing else should run")
        return 0
    os.sched_setscheduler(0, *before)
    return priority


def inside(arguments: list[str]) -> None:
    """The engine's run, for `run`."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    folder, recordings, how = Path(arguments[0]), Path(arguments[1]), arguments[2]
    blocks, cpu, priority = (int(text) for text in arguments[3:6])
    if how == "flat":
        result = engine_flat(folder, recordings, blocks)
    else:
        result = asyncio.run(engine_paced(folder, recordings, blocks, cpu, priority))
    sys.stdout.write(json.dumps(result))


def main() -> int:
    """Runs the bench."""
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=["cpu", "late", "all"], default="all")
    parser.add_argument(
        "--priority", type=int, default=PRIORITY, help="of both in the late part: SCHED_FIFO 1-99, 0: as others"
    )
    chosen = parser.parse_args()
    part = chosen.part
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    good = True
    with tempfile.TemporaryDirectory(dir=place) as in_memory, tempfile.TemporaryDirectory() as on_disk:
        memory, disk = Path(in_memory), Path(on_disk)
        build(memory)
        make_sounds(memory)
        if part in ("cpu", "all"):
            good &= compare_cpu(memory, memory, "flat", FLAT_BLOCKS)
            good &= compare_cpu(memory, disk, "paced", PACED_BLOCKS)
        if part in ("late", "all"):
            good &= compare_late(memory, disk, allowed(chosen.priority))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
