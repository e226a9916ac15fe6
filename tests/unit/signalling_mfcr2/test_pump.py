"""Registers on descriptors, through the functions of a device I/O library: here read and write of sockets, in C."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cffi import FFI

from boardd.contract.errors import ConfigurationError, DeviceError
from boardd.signalling.mfcr2 import _native
from boardd.signalling.mfcr2._native import DeviceIo, Kind, Register
from boardd.signalling.mfcr2.profile import RegisterRules
from boardd.signalling.mfcr2.signals import End

SOURCE = """
#include <errno.h>
#include <unistd.h>
long dev_read(int fd, void *to, unsigned long n) { long r = read(fd, to, n); return r < 0 ? -errno : r; }
long event_read(int fd, void *to, unsigned long n) { (void)fd, (void)to, (void)n; return -500; }
long dev_write(int fd, const void *from, unsigned long n) { long r = write(fd, from, n); return r < 0 ? -errno : r; }
"""


@pytest.fixture(scope="module")
def io(tmp_path_factory):
    folder = tmp_path_factory.mktemp("io")
    (folder / "io.c").write_text(SOURCE)
    subprocess.run(["gcc", "-shared", "-fPIC", str(folder / "io.c"), "-o", str(folder / "io.so")], check=True)
    ffi = FFI()
    ffi.cdef(
        "long dev_read(int, void *, unsigned long); long event_read(int, void *, unsigned long);"
        "long dev_write(int, const void *, unsigned long);"
    )
    lib = ffi.dlopen(str(folder / "io.so"))

    def address(function):
        return int(ffi.cast("intptr_t", function))

    made = DeviceIo(address(lib.dev_read), address(lib.dev_write))
    made.keep, made.address = lib, address
    return made


@pytest.fixture
def pair():
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    near.setblocking(False)
    far.setblocking(False)
    yield near, far
    near.close()
    far.close()


def pump(register, io, fd):
    found = []
    while register.pump(io, fd):
        found += register.events()
    return found


def test_two_registers_over_a_socket(io, pair):
    near, far = pair
    out, back = Register(End.OUTGOING, RegisterRules()), Register(End.INCOMING, RegisterRules())
    out.prime(io, near.fileno(), 160)
    back.prime(io, far.fileno(), 160)
    out.send(7)
    story = []
    for _ in range(40):
        for name, register, sock in (("out", out, near), ("back", back, far)):
            for event in pump(register, io, sock.fileno()):
                story.append((name, event.kind.name, event.number))
                if name == "back" and event.kind is Kind.HEARD:
                    register.send(1)
    assert story == [
        ("out", "SENT", 7),
        ("back", "HEARD", 7),
        ("back", "SENT", 1),
        ("out", "HEARD", 1),
        ("out", "STOPPED", 7),
        ("back", "CEASED", 7),
        ("back", "STOPPED", 1),
        ("out", "CEASED", 1),
    ]
    assert out.dropped == back.dropped == 0


def test_as_much_is_written_as_was_read(io, pair):
    near, far = pair
    register = Register(End.INCOMING, RegisterRules())
    sent = 0
    for size in (160, 1, 39, 320, 7):
        far.send(bytes([0xD5]) * size)
        pump(register, io, near.fileno())
        sent += size
        assert register.now == sent
    assert len(far.recv(4096)) == sent


def test_full_device_is_counted_and_order_kept(io, pair):
    near, far = pair
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    register = Register(End.OUTGOING, RegisterRules())
    register.send(3)
    for _ in range(400):
        far.send(bytes([0xD5]) * 160)
        pump(register, io, near.fileno())
    assert register.dropped > 0
    drained = 0
    while True:
        try:
            drained += len(far.recv(65536))
        except BlockingIOError:
            break
    assert drained + register.dropped <= register.now


def test_an_event_of_the_device_is_no_error(io, pair):
    """DAHDI reads nothing while an event waits; whoever watches the descriptor takes it."""
    near, far = pair
    lib = io.keep
    waiting = DeviceIo(io.address(lib.event_read), io.address(lib.dev_write))
    register = Register(End.OUTGOING, RegisterRules())
    assert not register.pump(waiting, near.fileno())
    far.send(bytes([0xD5]) * 160)
    register.pump(io, near.fileno())
    assert register.now == 160


def test_dead_device_is_a_device_error(io, pair):
    near, far = pair
    register = Register(End.INCOMING, RegisterRules())
    fd = os.dup(near.fileno())
    os.close(fd)
    with pytest.raises(DeviceError, match="error 9"):
        register.pump(io, fd)
    far.close()
    with pytest.raises(DeviceError, match="error 32"):
        register.prime(io, near.fileno(), 160)


def test_library_that_is_not_built(monkeypatch, tmp_path):
    monkeypatch.setattr(_native, "LIBRARY", tmp_path / "libmfcr2.so")
    _native.library.cache_clear()
    try:
        with pytest.raises(ConfigurationError, match="not built; run"):
            Register(End.INCOMING, RegisterRules())
    finally:
        _native.library.cache_clear()


def test_nothing_is_loaded_at_import():
    code = "import sys, boardd.signalling.mfcr2.span;sys.exit('libmfcr2' in open('/proc/self/maps').read())"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_random_operations_under_the_sanitizers(tmp_path):
    native = _native.FOLDER / "native"
    sources = [Path(__file__).with_name("register_fuzz.c"), native / "mfcr2_register.c", native / "mfcr2_tones.c"]
    sources.append(_native.FOLDER.parent / "media" / "native" / "codec.c")
    flags = ["-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{native}"]
    out = tmp_path / "fuzz"
    subprocess.run(["gcc", *flags, *map(str, sources), "-o", str(out), "-lm"], check=True)
    for seed in range(3):
        done = subprocess.run([str(out), str(seed)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
