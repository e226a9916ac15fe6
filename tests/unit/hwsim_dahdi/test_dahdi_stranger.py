"""A program that somebody else has written for the I/O library alone, on the simulated build (the virtual machine has
the real one): its own spans, sound, line bits, frames, events."""

import os
import subprocess
import threading

from dahdibench import DECL, IO, LIBRARY, Bench


def test_loop(tmp_path):
    program = tmp_path / "dahdi_loop"
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = ["gcc", "-std=gnu11", *warnings, f"-I{DECL}", str(IO / "dahdi_loop.c"), "-o", str(program), str(LIBRARY)]
    subprocess.run([*command, f"-Wl,-rpath,{LIBRARY.parent}"], check=True, capture_output=True)
    bench = Bench(tmp_path)
    child = subprocess.Popen(
        [str(program)], env={**os.environ, "HWSIM_DIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True
    )
    answer = []
    reader = threading.Thread(target=lambda: answer.append(child.communicate()[0]))
    reader.start()
    # The program waits in simulated time, so time must not run away from it.
    while reader.is_alive() and bench.sim.now_us < 60_000_000:
        if bench.do(lambda: bench.server.parked(child.pid)):
            bench.run(1)
        else:
            reader.join(0.0005)
    reader.join(10)
    lines = dict(line.split(": ") for line in answer[0].splitlines())
    assert lines == {"channels": "1 32", "bits": "3", "blocks": "20", "frame": "64"}
    assert child.returncode == 0
    assert not bench.library.files
    bench.close()
