"""A program that loads the shim, over the real socket, to the behaviour and back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from synbench import Exchange
from synmachines import ANALOG

from hwsim.kernel.loop import Loop
from hwsim.vendorlibs.rpc import RpcServer

SHIM = Path(__file__).parents[3] / "hwsim" / "vendorlibs" / "synway" / "libshpa3.so"

PROGRAM = """
import ctypes, os, sys
lib = ctypes.CDLL(sys.argv[1])
class Setting(ctypes.Structure):
    _fields_ = [("mode", ctypes.c_uint), ("handler", ctypes.c_void_p), ("condition", ctypes.c_uint),
                ("step", ctypes.c_uint), ("user", ctypes.c_uint)]
class Event(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("ref", ctypes.c_int), ("param", ctypes.c_uint)]
assert lib.SsmGetMaxCh() == -1 and lib.SsmGetLastErrCode() == 1
assert lib.SsmStartCti(b"missing.ini", b"missing.ini") == -1
text = ctypes.create_string_buffer(300)
lib.SsmGetLastErrMsg(text)
assert b"missing.ini" in text.value, text.value
assert lib.SsmStartCti(b"ShConfig.ini", b"ShIndex.ini") == 0
assert lib.SsmGetMaxCh() == 4
name = ctypes.create_string_buffer(300)
assert lib.SsmGetBoardName(0, name) == 13 and name.value == b"SHT-4D-CT/PCI"
assert lib.SsmSetEvent(0xFFFF, -1, 1, ctypes.byref(Setting(1))) == 0
assert lib.SsmPickup(0) == 0
def until(code, ref):
    event = Event()
    while True:
        assert lib.SsmWaitForEvent(5000, ctypes.byref(event)) == 0
        if (event.code, event.ref) == (code, ref):
            return event.param
assert until(0x18, 0) == 1
until(0x1C, 0)
assert lib.SsmTxDtmf(0, b"42#") == 0
assert until(0x0D, 0) == 0
assert lib.SsmPlayFile(0, b"sound.raw", 6, 0, 0xFFFFFFFF) == 0
assert until(0x0F, 0) == 1
memory = ctypes.create_string_buffer(b"\\xd5" * 4000)
assert lib.SsmPlayMem(0, 6, memory, 4000, 0, 4000) == 0
assert until(0x0F, 0) == 1
done = []
BLOCK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p)
callback = BLOCK(lambda ch, reason, buffer, stop, user: done.append((ch, reason, stop)) or 1)
assert lib.SsmPlayMemBlock(0, 6, memory, 1600, callback, None) == 0
assert until(0x0F, 0) == 1
assert lib.SsmRecToFile(0, b"record.wav", 6, 0, 0xFFFFFFFF, 400, 0) == 0
assert until(0x13, 0) == 4
assert done == [(0, 1, 1600)], done
assert os.path.getsize("record.wav") == 3258
assert lib.SsmPutUserEvent(0x7777, 1, 2) == 0
assert until(0x7777, 1) == 2
assert lib.SsmCloseCti() == 0
assert lib.SsmStartCti(b"ShConfig.ini", b"ShIndex.ini") == 0
lib.SsmPickup(1)
while lib.SsmCheckActualPickup(1) == 0:
    pass
os._exit(7)
"""


@pytest.mark.skipif(not SHIM.exists(), reason="the shim is not built")
def test_a_program_through_the_shim(make, tmp_path):
    bench = make(ANALOG)
    exchange = Exchange(bench, bench.machine.analog_lines["card0/1"], dial_tone_ms=None)
    (tmp_path / "ShConfig.ini").write_bytes(bench.config)
    (tmp_path / "ShIndex.ini").write_bytes(b"[System]\nMaxIndexSeg=1\n")
    (tmp_path / "sound.raw").write_bytes(b"\xd5" * 800)
    loop = Loop()
    server = RpcServer(loop, bench.sim, tmp_path / "synway.sock", bench.library)
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(SHIM)],
        cwd=tmp_path,
        env={**os.environ, "HWSIM_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while program.poll() is None or server.pids():
            loop.poll(0.001)
            bench.run(4)
    finally:
        program.kill()
        _, errors = program.communicate()
        server.close()
        loop.close()
    assert (program.returncode, errors) == (7, "")
    assert exchange.digits == list("42#")
    assert server.failures == 0
    assert bench.library.driver is None
    assert bench.machine.analog_lines["card0/2"].loop_closed
