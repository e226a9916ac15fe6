"""C that tests bring themselves: a device with events, a detector with known findings. Compiled where the test runs."""

import subprocess
from pathlib import Path
from typing import Any

from cffi import FFI

DECLARATIONS = """
typedef struct { int fd; int blocks; int events; int number[8]; long reads_done; long writes_done; } fake_device;
int fake_fd(fake_device *device);
long fake_read(int fd, void *to, unsigned long bytes);
long fake_write(int fd, const void *from, unsigned long bytes);
int fake_ioctl(int fd, unsigned long request, void *argument);

typedef struct { int lane; int kind; int code; long at_sample; double value[4]; } found;
typedef struct { long fed[64]; long resets[64]; long lanes_seen; long echo_sum; } loud_bank;
int loud_feed(void *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent, int n,
              found *out, int max);
int loud_reset(void *bank, int lane);
"""

SOURCE = r"""
#include <errno.h>
#include <string.h>
#include <fcntl.h>
DECLARATIONS

static fake_device *the_device;

int fake_fd(fake_device *device)
{
    the_device = device;
    return device->fd = open("/dev/null", O_RDWR);
}

static fake_device *find(int fd) { return the_device && the_device->fd == fd ? the_device : 0; }

long fake_read(int fd, void *to, unsigned long bytes)
{
    fake_device *device = find(fd);
    if (!device || bytes < 160)
        return -EBADF;
    if (device->events)
        return -500;
    if (!device->blocks)
        return -EAGAIN;
    device->blocks--;
    memset(to, 0xD5, 160);
    device->reads_done++;
    return 160;
}

long fake_write(int fd, const void *from, unsigned long bytes)
{
    fake_device *device = find(fd);
    (void)from;
    if (!device)
        return -EBADF;
    if (device->events)
        return -500;
    device->writes_done++;
    return bytes;
}

int fake_ioctl(int fd, unsigned long request, void *argument)
{
    fake_device *device = find(fd);
    if (!device || request != 77)
        return -EINVAL;
    *(int *)argument = device->events ? device->number[--device->events] : 0;
    return 0;
}

/* Finds kind 1 where a sample is louder than 10000, kind 5 where one is louder than 20000: at the sample. */
int loud_feed(void *argument, const int *lanes, int n_lanes, const short *const *in, const short *const *sent, int n,
              found *out, int max)
{
    loud_bank *bank = argument;
    int count = 0;
    for (int i = 0; i < n_lanes; i++) {
        long base = bank->fed[lanes[i]];
        for (int k = 0; k < n; k++) {
            bank->echo_sum += sent[i][k];
            int kind = in[i][k] > 20000 ? 5 : in[i][k] > 10000 ? 1 : 0;
            if (kind && count < max)
                out[count++] = (found){lanes[i], kind, 'x', base + k, {in[i][k], 2, 3, 4}};
        }
        bank->fed[lanes[i]] += n;
        bank->lanes_seen++;
    }
    return count;
}

int loud_reset(void *argument, int lane)
{
    loud_bank *bank = argument;
    bank->fed[lane] = 0;
    bank->resets[lane]++;
    return 0;
}
"""


def compile_c(folder: Path, name: str, source: str, *flags: str) -> Path:
    """A shared library (or, with flags that say so, something else) from C source."""
    text, library = folder / f"{name}.c", folder / f"{name}.so"
    text.write_text(source, encoding="utf-8")
    command = [
        "gcc",
        "-std=gnu11",
        "-O2",
        "-Wall",
        "-Wextra",
        "-fPIC",
        "-shared",
        str(text),
        "-o",
        str(library),
        *flags,
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return library


def build(folder: Path) -> tuple[Any, FFI]:
    """The library and its FFI."""
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    return ffi.dlopen(str(compile_c(folder, "fakes", SOURCE.replace("DECLARATIONS", DECLARATIONS)))), ffi
