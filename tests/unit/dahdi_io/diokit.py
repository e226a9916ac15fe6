"""An I/O library through cffi, as a program uses it. Runs on a bare Python with cffi: the guest machine has no more."""

import errno
import os
from pathlib import Path

import cffi

ELAST = 500
POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP = 1, 2, 4, 8, 16


def declarations(decl):
    """An FFI that knows dio.h and dahdi.h."""
    ffi = cffi.FFI()
    for name in ("dio.h", "dahdi.h"):
        ffi.cdef((Path(decl) / name).read_text())
    return ffi


class Dio:
    """The library: errors are OSError, integers and structures in and out."""

    def __init__(self, library, decl):
        self.ffi = declarations(decl)
        self.lib = self.ffi.dlopen(str(library))

    def __getattr__(self, name):
        """Numbers of dahdi.h without their prefix: SIG_CAS, HOOK, …"""
        if name[:1].isupper():
            return getattr(self.lib, f"DAHDI_{name}")
        raise AttributeError(name)

    @staticmethod
    def checked(result):
        if result < 0:
            raise OSError(-result, "ELAST" if -result == ELAST else os.strerror(-result))
        return result

    def open(self, name, flags=os.O_RDWR | os.O_NONBLOCK):
        return self.checked(self.lib.dio_open(f"/dev/dahdi/{name}".encode(), flags))

    def close(self, fd):
        return self.checked(self.lib.dio_close(fd))

    def ioctl(self, fd, request, value=0):
        """With one number; the number that came back."""
        cell = self.ffi.new("int *", value)
        self.checked(self.lib.dio_ioctl(fd, request, cell))
        return cell[0]

    def with_struct(self, fd, request, kind, **fields):
        """With a structure `dahdi_KIND`; the structure."""
        cell = self.ffi.new(f"struct dahdi_{kind} *", fields)
        self.checked(self.lib.dio_ioctl(fd, request, cell))
        return cell

    def read(self, fd, size=4096):
        buffer = self.ffi.new("char[]", size)
        return bytes(self.ffi.buffer(buffer, self.checked(self.lib.dio_read(fd, buffer, size))))

    def write(self, fd, octets):
        return self.checked(self.lib.dio_write(fd, octets, len(octets)))

    def poll(self, wanted, timeout_ms=0):
        """{fd: events} → {fd: what is true}."""
        cells = self.ffi.new("struct dio_pollfd[]", [{"fd": fd, "events": mask} for fd, mask in wanted.items()])
        self.checked(self.lib.dio_poll(cells, len(wanted), timeout_ms))
        return {cell.fd: cell.revents for cell in cells if cell.revents}

    def text(self, field):
        return self.ffi.string(field).decode()

    # -- what nearly everybody does ---------------------------------------------------------------------------------
    def channel(self, number, flags=os.O_RDWR | os.O_NONBLOCK):
        fd = self.open("channel", flags)
        try:
            self.ioctl(fd, self.SPECIFY, number)
        except OSError:
            self.close(fd)
            raise
        return fd

    def buffers(self, fd, count, size, tx=0, rx=0):
        self.with_struct(fd, self.SET_BUFINFO, "buffers", tx_policy=tx, rx_policy=rx, count=count, size=size)

    def event(self, fd):
        return self.ioctl(fd, self.GETEVENT)

    def events(self, fd):
        """All that wait."""
        found = []
        while event := self.event(fd):
            found.append(event)
        return found

    def configure(self, channel, sig, idle_bits=0, law=0):
        ctl = self.open("ctl")
        try:
            fields = {"channel": channel, "signalling": sig, "idle_bits": idle_bits, "law": law, "master": channel}
            self.with_struct(ctl, self.CHANCONFIG, "channel_config", **fields)
        finally:
            self.close(ctl)


def refused(call, *args):
    """The name of the error that a call ends in, or None."""
    try:
        call(*args)
    except OSError as error:
        return "ELAST" if error.errno == ELAST else errno.errorcode[error.errno]
    return None
