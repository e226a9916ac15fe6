"""Stops one thread of a process for real, as SIGSTOP does with all of them: it is traced and interrupted.

A process stops threads of its children by `stop`, and its own by `standing_still`, which runs this file as a program.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000
PR_SET_PTRACER = 0x59616D61


def thread_called(pid: int, name: str) -> int:
    """The number of the thread of that name."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text(encoding="utf-8").strip() == name:
            return int(task.name)
    raise AssertionError(f"process {pid} has no thread {name}")


@contextmanager
def standing_still(name: str) -> Iterator[None]:
    """A thread of this process is stopped while the block runs."""
    tid = thread_called(os.getpid(), name)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, __file__, str(tid)], text=True, **pipes) as tracer:
        assert tracer.stdin and tracer.stdout
        # Where only parents may trace (Yama) we must allow it; elsewhere that is unknown and not needed.
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(tracer.pid), 0, 0, 0)
        tracer.stdin.write("go\n")
        tracer.stdin.flush()
        assert tracer.stdout.readline() == "stopped\n"
        yield


def stop(tid: int) -> None:
    """The thread stands still until its process or we end. Raises OSError."""
    _trace(PTRACE_SEIZE, tid)
    _trace(PTRACE_INTERRUPT, tid)
    os.waitpid(tid, WALL)
    # Its process is gone for its parent only when we have taken note of the end of the thread.
    threading.Thread(target=os.waitpid, args=(tid, WALL), name=f"waits for {tid}", daemon=True).start()


def _trace(request: int, tid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, tid, None, None) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    sys.stdin.readline()
    stop(int(sys.argv[1]))
    sys.stdout.write("stopped\n")
    sys.stdout.flush()
    sys.stdin.read()
