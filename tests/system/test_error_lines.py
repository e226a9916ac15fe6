"""What a technician reads when something is wrong: one line for each problem, what, where and what to do.

Real processes, both languages. Exit code 78 means that the configuration is wrong, and nobody starts that again.
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hwsim.kernel.drive import real_s

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "config" / "demo"
LIBRARY = ROOT / "hwsim" / "vendorlibs" / "synway" / "libshpa3.so"
CHINESE = re.compile("[\u4e00-\u9fff]")
CONFIGURATION, FAILED, UNREACHABLE = 78, 1, 3
LANGUAGES = ["en", "zh_CN"]
PATIENCE_S = 30

english = pytest.mark.parametrize("lang", ["en"])


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


def popen(command, **options):
    """A process whose output `read_until` can read; ends with the test at the latest."""
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, **options)
    process.unread = ""
    started.append(process)
    return process


started = []


@pytest.fixture(autouse=True)
def nobody_stays():
    yield
    while started:
        process = started.pop()
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()


class Place:
    """A machine's folder: configuration, sockets, state; `env` is what its processes get."""

    def __init__(self, folder, lang):
        self.folder = folder
        self.lang = lang
        for name in ("boardd.yaml", "scheduler.yaml", "ShConfig.ini", "ShIndex.ini"):
            shutil.copy(DEMO / name, folder / name)
        self.file = folder / "boardd.yaml"
        self.env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BOARDD_LOG": "journal",
            "BOARDD_LANG": lang,
            "LC_ALL": "C.UTF-8",
            "BOARDD_DEMO": str(folder),
            "BOARDD_DEMO_LIBRARY": str(LIBRARY),
            "BOARDD_RUNTIME_DIR": str(folder / "run"),
            "HWSIM_DIR": str(folder / "sim"),
        }

    def edit(self, old, new):
        text = self.file.read_text(encoding="utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new), encoding="utf-8")

    def start(self, *command):
        return popen(
            [sys.executable, "-m", *map(str, command)],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )

    def boardd(self, *command):
        return self.start("boardd", *command, "--config", self.file)

    def ended(self, process, status):
        """All lines of a process that ends by itself."""
        out, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == status, out
        assert "Traceback" not in out
        return out.splitlines()

    def told(self, line, *words):
        """Whether a line is a sentence in the right language that has these words."""
        assert all(str(word) in line for word in words), line
        assert bool(CHINESE.search(line)) == (self.lang == "zh_CN"), line


@pytest.fixture
def place(tmp_path, lang):
    return Place(tmp_path, lang)


def read_until(process, word, seconds=PATIENCE_S):
    """Lines up to the first with `word`; nothing is waited for longer than that. What follows is kept for later."""
    lines, until = [], real_s() + seconds
    fd = process.stdout.fileno()
    while True:
        while "\n" in process.unread:
            line, _, process.unread = process.unread.partition("\n")
            lines.append(line)
            if word in line:
                return lines
        ready, _, _ = select.select([fd], [], [], max(0.0, until - real_s()))
        data = os.read(fd, 1 << 16) if ready else b""
        if not data:
            raise AssertionError(f"no {word} in {lines} {process.unread}")
        process.unread += data.decode()


def stop(process, number=signal.SIGTERM):
    """End a process; what it still said."""
    process.send_signal(number)
    return process.unread + process.communicate(timeout=PATIENCE_S)[0]


ROLES = [("daemon",), ("host", "synway"), ("scheduler",), ("run",)]
roles = pytest.mark.parametrize(
    ("lang", "role"), [*(("en", role) for role in ROLES), ("zh_CN", ROLES[0])], ids=lambda value: value[0]
)


# -- the configuration ------------------------------------------------------------------------------------------------
@roles
def test_no_configuration_file(place, role):
    place.file.unlink()
    (line,) = place.ended(place.boardd(*role), CONFIGURATION)
    place.told(line, f"boardd: {place.file}: ", "No such file or directory", "--config")


@roles
def test_wrong_keys(place, role):
    place.edit("driver: synway", "drivr: synway")
    place.edit("runtime_dir:", "runtime_dri:")
    lines = place.ended(place.boardd(*role), CONFIGURATION)
    assert len(lines) == 3
    place.told(lines[0], f"{place.file}:3: paths.runtime_dri: ", "runtime_dir")
    place.told(lines[1], f"{place.file}:9: domains.synway.drivr: ", "driver")
    place.told(lines[2], f"{place.file}:", "domains.synway.driver: ")


def test_wrong_key_of_the_scheduler(place):
    scheduler = place.folder / "scheduler.yaml"
    scheduler.write_text(scheduler.read_text("utf-8").replace("max_wait_s:", "max_wiat_s:"), encoding="utf-8")
    (line,) = place.ended(place.boardd("scheduler"), CONFIGURATION)
    place.told(line, f"boardd: {scheduler}:", "queues.sales.max_wiat_s: ", "max_wait_s")


def test_not_yaml(place):
    place.file.write_text("domains:\n  synway: [x\n", encoding="utf-8")
    (line,) = place.ended(place.boardd("daemon"), CONFIGURATION)
    place.told(line, f"boardd: {place.file}:3: ")


def test_unknown_domain(place):
    (line,) = place.ended(place.boardd("host", "nowhere"), CONFIGURATION)
    place.told(line, place.file, "nowhere", "synway")


def test_boardctl_shows_the_same_problems(place):
    place.edit("driver: synway", "drivr: synway")
    lines = place.ended(place.start("boardd.cli.main", "config", "check", place.file), FAILED)
    place.told(lines[0], f"{place.file}:9: domains.synway.drivr: ", "driver")


# -- the maker's library ----------------------------------------------------------------------------------------------
def host_is_broken(place):
    """The one line of a host that stays up without its library."""
    process = place.boardd("host", "synway")
    lines = read_until(process, "domain_broken")
    rest = stop(process)
    assert process.returncode == 0, rest
    errors = [line for line in [*lines, *rest.splitlines()] if re.match("<[0-4]>", line)]
    assert len(errors) == 1 and "Traceback" not in rest, lines
    return errors[0]


def test_missing_symbols(place):
    """A library from which one declared function is left out, and one that has none of them."""
    from cffi import FFI

    ffi = FFI()
    for header in sorted((ROOT / "drivers" / "synway" / "decl").glob("*.h")):
        ffi.cdef(header.read_text(encoding="utf-8"))
    names = [name for name in dir(ffi.dlopen(str(LIBRARY))) if name != "SsmHangup"]
    source = place.folder / "lib.c"
    source.write_text("\n".join(f"int {name}(void) {{ return -1; }}" for name in names), encoding="utf-8")
    library = place.folder / "libshpa3.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-o", library, source], check=True)
    place.env["BOARDD_DEMO_LIBRARY"] = str(library)
    place.told(host_is_broken(place), f"{library} (settings.library): ", ": SsmHangup")
    source.write_text("int nothing;\n", encoding="utf-8")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    line = host_is_broken(place)
    place.told(line, library, "SsmAddToFileList", "…")
    assert len(line) < 600


def test_wrong_word_size(place):
    library = place.folder / "libshpa3.so"
    compiled = subprocess.run(
        ["gcc", "-m32", "-shared", "-nostdlib", "-o", library, "-x", "c", "-"], input=b"int x;", capture_output=True
    )
    if compiled.returncode:
        data = bytearray(LIBRARY.read_bytes())
        data[4], data[18:20] = 1, b"\x03\0"
        library.write_bytes(data)
    place.env["BOARDD_DEMO_LIBRARY"] = str(library)
    place.told(host_is_broken(place), library, "settings.library", "32", "x86", "64", "interpreter")


def test_not_a_library(place):
    library = place.folder / "libshpa3.so"
    library.write_text("#!/bin/sh\n", encoding="utf-8")
    place.env["BOARDD_DEMO_LIBRARY"] = str(library)
    place.told(host_is_broken(place), library, "settings.library", "ELF")


def test_no_library(place):
    place.env["BOARDD_DEMO_LIBRARY"] = str(place.folder / "nothing.so")
    place.told(host_is_broken(place), place.folder / "nothing.so", "settings.library")


def test_relative_path(place):
    place.env["BOARDD_DEMO_LIBRARY"] = "libshpa3.so"
    place.told(host_is_broken(place), "settings.library", "libshpa3.so")


@pytest.mark.parametrize("name", ["ShConfig.ini", "ShIndex.ini"])
def test_no_file_of_the_maker(place, name):
    (place.folder / name).unlink()
    key = {"ShConfig.ini": "settings.config", "ShIndex.ini": "settings.index"}[name]
    place.told(host_is_broken(place), key, place.folder / name, "No such file or directory")


@english
def test_boards_that_cannot_be_reached(place):
    process = place.boardd("host", "synway")
    line = read_until(process, "library_refused")[-1]
    asked_s = real_s()
    stop(process)
    assert process.returncode == 0 and real_s() - asked_s < 3, "it waits for its next attempt"
    assert str(place.folder / "sim" / "synway.sock") in line and "HWSIM_DIR" in line


@english
@pytest.mark.parametrize("when", ["library_loaded", "domain_running"])
def test_a_host_told_to_end_leaves_no_started_library(place, when):
    truth = place.folder / "truth"
    machine = place.start(
        "hwsim", "serve", "one_pc", "--dir", place.folder / "sim", "--truth", truth, "--ready-fd", "1"
    )
    read_until(machine, "ready")
    host = place.boardd("host", "synway")
    read_until(host, when)
    stop(host)
    assert host.returncode == 0
    stop(machine)
    facts = (truth / "truth.jsonl").read_text(encoding="utf-8")
    assert '"library_started"' in facts
    (ended,) = (line for line in facts.splitlines() if '"library_ended"' in line)
    assert '"keep_lines": false' in ended


# -- places that are taken or cannot be used --------------------------------------------------------------------------
def test_second_daemon(place):
    first = place.boardd("daemon")
    read_until(first, "daemon_started")
    (line,) = place.ended(place.boardd("daemon"), CONFIGURATION)
    place.told(line, place.folder / "run" / "boardd.sock", "runtime_dir")
    stop(first, signal.SIGKILL)
    again = place.boardd("daemon")
    read_until(again, "daemon_started")
    stop(again)
    assert again.returncode == 0


def test_something_else_in_the_way_of_a_socket(place):
    (place.folder / "run").mkdir()
    (place.folder / "run" / "boardd.sock").write_text("x", encoding="utf-8")
    (line,) = place.ended(place.boardd("daemon"), CONFIGURATION)
    place.told(line, place.folder / "run" / "boardd.sock")


@english
def test_a_foreign_listener(place):
    (place.folder / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(place.folder / "run" / "boardd.sock"))
        foreign.listen()
        (line,) = place.ended(place.boardd("daemon"), CONFIGURATION)
    place.told(line, place.folder / "run" / "boardd.sock")


def test_second_host(place):
    first = place.boardd("host", "synway")
    read_until(first, "library_")
    (line,) = place.ended(place.boardd("host", "synway"), CONFIGURATION)
    place.told(line, "synway", place.folder / "state" / "hosts" / "synway" / "lock")
    stop(first)


def test_second_supervisor(place):
    place.edit("config: scheduler.yaml", "enabled: no")
    first = place.boardd("run")
    read_until(first, "supervisor_started")
    (line,) = place.ended(place.boardd("run"), CONFIGURATION)
    place.told(line, place.folder / "run" / "supervise" / "supervisor.lock", "boardd run")
    stop(first)


@pytest.mark.parametrize("role", [("daemon",), ("scheduler",), ("run",)], ids=lambda role: role[0])
def test_runtime_directory_that_cannot_be(place, role):
    (place.folder / "run").write_text("in the way", encoding="utf-8")
    (line,) = place.ended(place.boardd(*role), CONFIGURATION)
    place.told(line, f"{place.folder}/run", "paths.runtime_dir")


@pytest.mark.parametrize("role", [("host", "synway"), ("scheduler",)], ids=lambda role: role[0])
def test_state_directory_that_cannot_be(place, role):
    (place.folder / "state").write_text("in the way", encoding="utf-8")
    (line,) = place.ended(place.boardd(*role), CONFIGURATION)
    place.told(line, f"{place.folder}/state", "paths.state_dir")


@english
def test_the_supervisor_does_not_start_a_wrong_configuration_again(place):
    (place.folder / "state").write_text("in the way", encoding="utf-8")
    process = place.boardd("run")
    lines = read_until(process, "child_misconfigured role=host/synway")
    lines += read_until(process, "child_misconfigured role=scheduler")
    lines += stop(process).splitlines()
    assert process.returncode == 0
    started = [line for line in lines if "child_started" in line]
    assert len(started) == 3, lines
    told = [line for line in lines if line.startswith("boardd: ")]
    assert len(told) == 2 and all("paths.state_dir" in line for line in told), lines


# -- the simulator ----------------------------------------------------------------------------------------------------
def test_no_scenario(place):
    (line,) = place.ended(place.start("hwsim", "serve", place.folder / "none.yaml"), FAILED)
    place.told(line, f"{place.folder}/none.yaml: ", "No such file or directory")


@english
def test_a_card_that_nobody_knows(place):
    site = place.folder / "site.yaml"
    site.write_text("machine:\n  cards:\n    - {model: XX-1}\n", encoding="utf-8")
    (line,) = place.ended(place.start("hwsim", "serve", site), FAILED)
    assert f"{site}:3: machine.cards[0].model: " in line and "XX-1" in line


STALE = """
import sys, pathlib
from hwsim.core import _native
_native.LIBRARY = pathlib.Path(sys.argv.pop(1))
from hwsim.cli.main import main
main()
"""


@pytest.mark.parametrize("name", ["absent.so", "stale.so"])
def test_an_engine_that_is_not_built(place, name):
    library = place.folder / name
    if name == "stale.so":
        subprocess.run(["gcc", "-shared", "-o", library, "-x", "c", "-"], input=b"int x;", check=True)
    options = {"env": place.env, "cwd": place.folder, "stderr": subprocess.STDOUT}
    (line,) = place.ended(popen([sys.executable, "-c", STALE, library, "serve", "one_pc"], **options), FAILED)
    place.told(line, library, "setup.py build_ext")


def test_second_simulator(place):
    command = ("hwsim", "serve", "one_pc", "--dir", place.folder / "sim", "--ready-fd", "1")
    first = place.start(*command)
    read_until(first, "ready")
    (line,) = place.ended(place.start(*command), FAILED)
    place.told(line, place.folder / "sim", "--dir")
    assert (place.folder / "sim" / "synway.sock").exists()
    stop(first)
    assert first.returncode == 0


@english
def test_folder_of_sockets_that_cannot_be(place):
    (place.folder / "sim").write_text("in the way", encoding="utf-8")
    (line,) = place.ended(place.start("hwsim", "serve", "one_pc"), FAILED)
    assert str(place.folder / "sim") in line and line.startswith("hwsim: ")


def test_nobody_simulates(place):
    (line,) = place.ended(place.start("hwsim", "status"), FAILED)
    place.told(line, place.folder / "sim" / "control.sock", "hwsim serve")


# -- the technician's command -----------------------------------------------------------------------------------------
def test_no_daemon(place):
    lines = place.ended(place.start("boardd.cli.main", "status"), UNREACHABLE)
    place.told(lines[0], place.folder / "run" / "boardd.sock")
    place.told(lines[1], "systemctl status boardd")
    assert len(lines) == 2


# -- two programs, one library ----------------------------------------------------------------------------------------
START = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
text = ctypes.create_string_buffer(512)
result = library.SsmStartCti(sys.argv[2].encode(), sys.argv[3].encode())
library.SsmGetLastErrMsg(text)
print("started", result, text.value.decode(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("lang", ["zh_CN"])
def test_second_process_that_starts_the_library(place):
    machine = place.start("hwsim", "serve", "one_pc", "--dir", place.folder / "sim", "--ready-fd", "1")
    read_until(machine, "ready")
    command = [sys.executable, "-c", START, LIBRARY, place.folder / "ShConfig.ini", place.folder / "ShIndex.ini"]

    def program():
        return popen(command, env=place.env, stdin=subprocess.PIPE)

    with program() as first:
        assert read_until(first, "started")[-1].startswith("started 0")
        with program() as second:
            assert "started -2 driver is already loaded by another process" in read_until(second, "started")[-1]
            second.stdin.close()
        host = place.boardd("host", "synway")
        place.told(read_until(host, "library_refused")[-1], "SsmStartCti")
        first.stdin.close()
        first.wait(PATIENCE_S)
        # Nothing has to be done by hand when the other program is gone.
        read_until(host, "domain_running")
        stop(host)
    stop(machine)
