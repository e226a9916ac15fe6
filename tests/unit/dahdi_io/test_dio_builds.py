"""Both builds: the same exports and soname; and what the real one does where there is no DAHDI."""

import ctypes
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from diokit import POLLIN, POLLOUT, Dio, refused

ROOT = Path(__file__).resolve().parents[3]
DECL = ROOT / "drivers" / "dahdi" / "decl"
BUILDS = {"real": ROOT / "drivers/dahdi/libdahdiio.so", "simulated": ROOT / "hwsim/vendorlibs/dahdi/libdahdiio.so"}


@pytest.fixture(params=BUILDS)
def build(request):
    return request.param


@pytest.fixture
def real():
    return Dio(BUILDS["real"], DECL)


def declared():
    return set(re.findall(r"\b(dio_\w+)\(", re.sub(r"/\*.*?\*/", "", (DECL / "dio.h").read_text(), flags=re.S)))


def test_exports_are_the_declarations(build):
    found = subprocess.run(
        ["nm", "-D", "--defined-only", str(BUILDS[build])], check=True, capture_output=True, text=True
    )
    assert {line.split()[-1] for line in found.stdout.splitlines()} == declared()


def test_soname(build):
    found = subprocess.run(["readelf", "-d", str(BUILDS[build])], check=True, capture_output=True, text=True)
    assert "soname: [libdahdiio.so]" in found.stdout


def test_which_build(build):
    assert Dio(BUILDS[build], DECL).lib.dio_build() == (build == "simulated")


def test_root(build, monkeypatch):
    monkeypatch.setenv("HWSIM_DIR", "/somewhere")
    dio = Dio(BUILDS[build], DECL)
    room = dio.ffi.new("char[]", 64)
    length = dio.lib.dio_root(room, 64)
    assert dio.ffi.string(room).decode() == {"real": "", "simulated": "/somewhere"}[build]
    assert length == len(dio.ffi.string(room))
    assert dio.lib.dio_root(room, 0) == -errno.ENAMETOOLONG


def test_what_is_not_there(build, monkeypatch, tmp_path):
    monkeypatch.setenv("HWSIM_DIR", str(tmp_path))
    dio = Dio(BUILDS[build], DECL)
    assert refused(dio.open, "ctl") in ("ENOENT", "ENODEV")
    assert dio.lib.dio_open(dio.ffi.NULL, 0) == -errno.EFAULT
    for call in (lambda: dio.close(9999), lambda: dio.read(9999), lambda: dio.write(9999, b"x")):
        assert refused(call) == "EBADF"
    assert refused(dio.ioctl, 9999, dio.CHANNO) == "EBADF"


# -- the real build on things that are no DAHDI -----------------------------------------------------------------------
def test_real_build_is_system_calls(real):
    a, b = socket.socketpair()
    assert real.write(a.fileno(), b"hello") == 5
    assert real.poll({b.fileno(): POLLIN | POLLOUT}) == {b.fileno(): POLLIN | POLLOUT}
    assert real.read(b.fileno()) == b"hello"
    assert refused(real.ioctl, b.fileno(), real.CHANNO) == "ENOTTY"
    b.setblocking(False)
    assert refused(real.read, b.fileno()) == "EAGAIN"
    a.close()
    fd = b.detach()
    real.close(fd)
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)


def test_real_build_goes_on_after_signals(real):
    """A read, a poll and their timeouts survive signals without SA_RESTART."""
    libc = ctypes.CDLL(None, use_errno=True)
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    signal.siginterrupt(signal.SIGUSR1, True)
    a, b = socket.socketpair()
    main = threading.get_native_id()

    def disturb():
        for _ in range(3):
            libc.syscall(234, os.getpid(), main, signal.SIGUSR1)  # tgkill
            threading.Event().wait(0.02)
        a.send(b"late")

    try:
        thread = threading.Thread(target=disturb)
        thread.start()
        assert real.poll({b.fileno(): POLLIN}, 5000) == {b.fileno(): POLLIN}
        assert real.read(b.fileno()) == b"late"
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
        a.close()
        b.close()
    assert heard


def test_real_build_opens_with_the_flags_it_is_given(real):
    fd = real.checked(real.lib.dio_open(b"/dev/null", os.O_WRONLY | os.O_CLOEXEC))
    assert os.get_inheritable(fd) is False
    assert refused(real.read, fd) == "EBADF"
    real.close(fd)
    assert real.lib.dio_open(b"/nowhere/at/all", os.O_RDONLY) == -errno.ENOENT


def test_the_simulated_build_says_where_it_looks(monkeypatch):
    """Without HWSIM_DIR: /run/hwsim, else the user's runtime folder."""
    script = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from diokit import Dio
dio = Dio({str(BUILDS["simulated"])!r}, {str(DECL)!r})
room = dio.ffi.new("char[]", 200); dio.lib.dio_root(room, 200); sys.stdout.write(dio.ffi.string(room).decode())
"""
    environment = {**os.environ, "XDG_RUNTIME_DIR": "/nowhere/user"}
    environment.pop("HWSIM_DIR", None)
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout in ("/run/hwsim", "/nowhere/user/hwsim")
