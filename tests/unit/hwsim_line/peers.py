"""Receivers and senders of others, as judges of the simulator's caller ID: libspandsp and multimon-ng."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from array import array

import pytest
from cffi import FFI

CLASS = 1  # ADSI_STANDARD_CLASS: Bell 202 with 0x04 and 0x80 messages
FRAME = 160
DECLARATIONS = """
typedef struct adsi_rx_state_s adsi_rx_state_t;
typedef struct adsi_tx_state_s adsi_tx_state_t;
typedef void (*put_msg_func_t)(void *user_data, const uint8_t *msg, int len);
adsi_rx_state_t *adsi_rx_init(adsi_rx_state_t *s, int standard, put_msg_func_t put_msg, void *user_data);
int adsi_rx(adsi_rx_state_t *s, const int16_t amp[], int len);
int adsi_rx_free(adsi_rx_state_t *s);
adsi_tx_state_t *adsi_tx_init(adsi_tx_state_t *s, int standard);
int adsi_add_field(adsi_tx_state_t *s, uint8_t *msg, int len, uint8_t field_type, const uint8_t *body, int body_len);
int adsi_tx_put_message(adsi_tx_state_t *s, const uint8_t *msg, int len);
int adsi_tx(adsi_tx_state_t *s, int16_t amp[], int max_len);
int adsi_tx_free(adsi_tx_state_t *s);
"""


def absent(what: str) -> None:
    """A judge that is not installed: a gap on a developer's machine, a failure where everything must run."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed")


class Spandsp:
    def __init__(self) -> None:
        self.ffi = FFI()
        self.ffi.cdef(DECLARATIONS)
        try:
            self.lib = self.ffi.dlopen("libspandsp.so.2")
        except OSError:
            absent("libspandsp2")

    def receive(self, pcm: array[int]) -> list[bytes]:
        """The messages in a recording, without checksum, as the library hands them out."""
        found: list[bytes] = []

        @self.ffi.callback("void(void *, const uint8_t *, int)")
        def on_message(_user: object, message: object, size: int) -> None:
            found.append(bytes(self.ffi.buffer(message, size)))

        state = self.lib.adsi_rx_init(self.ffi.NULL, CLASS, on_message, self.ffi.NULL)
        for at in range(0, len(pcm) - FRAME + 1, FRAME):
            frame = self.ffi.new("int16_t[]", pcm[at : at + FRAME].tolist())
            self.lib.adsi_rx(state, frame, FRAME)
        self.lib.adsi_rx_free(state)
        return found

    def send(self, message_type: int, fields: list[tuple[int, bytes]], samples: int) -> array[int]:
        """A message made and modulated by the library, padded with silence."""
        state = self.lib.adsi_tx_init(self.ffi.NULL, CLASS)
        message = self.ffi.new("uint8_t[]", 256)
        size = self.lib.adsi_add_field(state, message, -1, message_type, self.ffi.NULL, 0)
        for kind, body in fields:
            size = self.lib.adsi_add_field(state, message, size, kind, body, len(body))
        self.lib.adsi_tx_put_message(state, message, size)
        amp = self.ffi.new("int16_t[]", samples)
        made = 0
        while made < samples and (count := self.lib.adsi_tx(state, amp + made, min(FRAME, samples - made))) > 0:
            made += count
        self.lib.adsi_tx_free(state)
        return array("h", list(amp[0:samples]))


def multimon_digits(pcm: array[int]) -> str:
    """The DTMF digits that multimon-ng finds in a recording at 8 kHz."""
    if not shutil.which("multimon-ng"):
        absent("multimon-ng")
    done = subprocess.run(
        ["multimon-ng", "-q", "-t", "raw", "-a", "DTMF", "-"],
        input=_at_22050_hz(pcm).tobytes(),
        capture_output=True,
        check=True,
        timeout=30,
    )
    lines = done.stdout.decode("ascii", "replace").split("\n")
    return "".join(line.split(":")[1].strip() for line in lines if line.startswith("DTMF:"))


def _at_22050_hz(pcm: array[int]) -> array[int]:
    """The rate that multimon-ng wants, by a windowed sinc of 16 taps."""
    out = array("h")
    half, scale = 8, 8000 / 22050
    for n in range(int((len(pcm) - 2 * half) / scale)):
        place = half + n * scale
        base = int(place)
        total = 0.0
        for k in range(base - half + 1, base + half + 1):
            x = place - k
            sinc = 1.0 if abs(x) < 1e-9 else math.sin(math.pi * x) / (math.pi * x)
            total += pcm[k] * sinc * (0.5 + 0.5 * math.cos(math.pi * x / half))
        out.append(max(-32768, min(32767, round(total))))
    return out
