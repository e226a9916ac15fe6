"""The real build of the DAHDI I/O library on the real kernel modules, in a virtual machine.

One boot runs the cases that the simulated kernel is held against, a program written for the I/O library alone, and
imports boardd. What the cases find is kept in `findings.json`: the simulator's tests compare with it.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import vm_kernel
import vm_machine
import vm_python

ROOT = Path(__file__).resolve().parents[2]
IO = ROOT / "tests" / "unit" / "dahdi_io"
DECL = ROOT / "drivers" / "dahdi" / "decl"
LIBRARY = ROOT / "drivers" / "dahdi" / "libdahdiio.so"
sys.path.insert(0, str(IO))

from diokit import declarations  # noqa: E402
from kernelcases import CASES  # noqa: E402

FINDINGS = json.loads((IO / "findings.json").read_text())
OUR_NAMES = {
    "spaninfo": "span_status",
    "maintinfo": "maintenance",
    "confinfo": "conference",
    "lineconfig": "line_config",
    "chanconfig": "channel_config",
    "tone_def_header": "zone_header",
    "bufferinfo": "buffers",
    "dialparams": "dial_params",
    "dialoperation": "dial",
    "echocanparam": "echo_param",
    "echocanparams": "echo_params",
    "versioninfo": "version",
    "attach_echocan": "echo_attach",
    "hwgain": "hw_gain",
}
COMMAND = """\
export LD_LIBRARY_PATH=.
python3 realrig.py ./libdahdiio.so decl
timeout 60 ./dahdi_loop >out/loop 2>&1 || echo "status $?" >>out/loop
PYTHONPATH=site python3 -c 'import boardd, boardd.host, drivers; print("imported")' >out/import 2>&1 || true
"""
"""The cases come first: their spans have channels 1 to 62."""

pytestmark = [pytest.mark.deep, pytest.mark.real_time, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def machine(tools, tmp_path_factory):
    """The kernel's folder."""
    return vm_kernel.kernel()


@pytest.fixture(scope="module")
def boot(machine, tmp_path_factory):
    """What one boot left."""
    folder = tmp_path_factory.mktemp("vm")
    program = folder / "dahdi_loop"
    compile_it = ["gcc", "-std=gnu11", f"-I{DECL}", str(IO / "dahdi_loop.c"), "-o", str(program), str(LIBRARY)]
    subprocess.run(compile_it, check=True, capture_output=True)
    files = {path.name: path for path in (IO / "diokit.py", IO / "realrig.py", *IO.glob("kernel*.py"))}
    files |= {f"decl/{path.name}": path for path in DECL.glob("d*.h")}
    files |= {"libdahdiio.so": LIBRARY, "dahdi_loop": program, **vm_python.tree()}
    done = vm_machine.run(folder, COMMAND, files, limit_s=300)
    assert done.status == 0, f"{done.stderr[-2000:]}\n{done.console[-2000:]}"
    return done


@pytest.fixture(scope="module")
def results(boot):
    return json.loads(boot.stdout)


def test_declarations_are_those_of_the_kernels_own_header(machine):
    layout = json.loads((machine / "layout.json").read_text())
    ffi = declarations(DECL)
    ours = {name: getattr(ffi.dlopen(str(LIBRARY)), f"DAHDI_{name}") for name in layout["requests"]}
    assert ours == layout["requests"]
    for name, size in layout["sizes"].items():
        found = ffi.sizeof(f"struct dahdi_{OUR_NAMES.get(name, name)}")
        # The kernel packs the span's status: its last text ends it.
        assert found == (size + 2 if name == "spaninfo" else size), name


@pytest.mark.parametrize("name", CASES)
def test_case(results, name):
    assert "error" not in results[name], results[name]["error"]
    assert results[name]["found"] == FINDINGS[name]


def test_a_program_for_the_io_library_alone(boot):
    lines = dict(line.split(": ", 1) for line in boot.files["loop"].decode().splitlines())
    assert {name: lines[name] for name in ("bits", "blocks", "frame")} == {"bits": "3", "blocks": "20", "frame": "64"}


def test_boardd_can_be_run_in_the_guest(boot):
    assert boot.files["import"].decode() == "imported\n"


def test_nothing_bad_in_the_kernels_log(boot):
    text = boot.files["dmesg"].decode(errors="replace")
    assert "Telephony Interface Registered" in text
    for word in ("BUG:", "Oops", "Call Trace", "WARNING: CPU"):
        assert word not in text, text[-3000:]
