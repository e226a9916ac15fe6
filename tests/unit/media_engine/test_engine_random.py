"""Random operations under the sanitizers of the compiler: memory, undefined behaviour, threads."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NATIVE = ROOT / "boardd" / "media" / "native"
PROGRAM = Path(__file__).with_name("random_program.c")
WRAPS = [f"-Wl,--wrap={name}" for name in ("malloc", "calloc", "realloc", "free")]

pytestmark = pytest.mark.deep


def build(folder: Path, *sanitizers: str) -> Path:
    program = folder / "random_program"
    sources = [str(path) for path in sorted(NATIVE.glob("*.c")) if not path.name.startswith("detect")]
    flags = ["-std=gnu11", "-O1", "-g", "-fno-omit-frame-pointer", "-pthread", "-I", str(NATIVE), *WRAPS]
    kinds = [f"-fsanitize={','.join(sanitizers)}", "-fno-sanitize-recover=all"]
    command = ["gcc", *flags, *kinds, str(PROGRAM), *sources, "-o", str(program), "-lm", "-ldl"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return program


def run(program: Path, folder: Path, seed: int, steps: int, how: str) -> None:
    files = folder / f"{how}{seed}"
    files.mkdir()
    done = subprocess.run(
        ["setarch", "-R", str(program), str(seed), str(steps), str(files), how],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        env={**os.environ, "TSAN_OPTIONS": "halt_on_error=1"},
    )
    assert (done.returncode, done.stdout) == (0, "good\n"), f"seed {seed}: {done.stderr[-4000:]}"


@pytest.mark.timeout(1200)
def test_stepped_operations_under_address_and_undefined_behaviour_sanitizers(tmp_path):
    program = build(tmp_path, "address", "undefined")
    for seed in range(1, 9):
        run(program, tmp_path, seed, 20_000, "stepped")


@pytest.mark.timeout(1200)
def test_threads_under_address_sanitizer(tmp_path):
    program = build(tmp_path, "address", "undefined")
    for seed in range(1, 4):
        run(program, tmp_path, seed, 8_000, "threads")


@pytest.mark.timeout(1200)
def test_threads_under_thread_sanitizer(tmp_path):
    program = build(tmp_path, "thread")
    for seed in range(1, 4):
        run(program, tmp_path, seed, 6_000, "threads")
