"""dahdi.h against the published figures (others.md 3, native.md B), against the simulator's own numbers, and in C."""

import re
import struct
import subprocess
from pathlib import Path

import pytest
from diokit import declarations

from hwsim.vendorlibs.dahdi import abi

ROOT = Path(__file__).resolve().parents[3]
DECL = ROOT / "drivers" / "dahdi" / "decl"

SIZES = {
    "buffers": 24,
    "dial": 260,
    "dynamic_span": 72,
    "params": 136,
    "span_status": 316,
    "maintenance": 8,
    "conference": 12,
    "gains": 516,
    "line_config": 36,
    "channel_config": 76,
    "tone_def": 44,
    "zone_header": 112,
    "dial_params": 24,
    "echo_param": 20,
    "echo_params": 8,
    "ring_cadence": 64,
    "version": 160,
    "echo_attach": 20,
    "hw_gain": 8,
}
OFFSETS = {
    "params.signalling": 12,
    "params.law": 40,
    "params.name": 48,
    "params.prewink_ms": 88,
    "params.alarms": 132,
    "span_status.alarms": 64,
    "span_status.bpv": 76,
    "span_status.fe": 92,
    "span_status.errored_s": 108,
    "span_status.irq_misses": 112,
    "span_status.channels": 124,
    "span_status.line": 136,
    "span_status.location": 180,
    "span_status.device_type": 260,
    "span_status.type": 308,
    "channel_config.signalling": 44,
    "channel_config.idle_bits": 56,
    "tone_def.factor_1": 16,
    "zone_header.ring_ms": 8,
    "zone_header.name": 72,
    "dynamic_span.span": 68,
}
# Direction (1 write, 2 read), number and size as the facts list them.
FROM_FACTS = {
    "SPECIFY": (1, 38, 4),
    "SET_BUFINFO": (1, 27, 24),
    "AUDIOMODE": (1, 32, 4),
    "SETLAW": (1, 39, 4),
    "GETEVENT": (2, 8, 4),
    "IOMUX": (3, 9, 4),
    "SETTXBITS": (1, 43, 4),
    "GETRXBITS": (2, 43, 4),
    "HOOK": (1, 7, 4),
    "SENDTONE": (1, 21, 4),
    "DIAL": (1, 31, 260),
    "DYNAMIC_CREATE": (3, 80, 72),
    "DYNAMIC_DESTROY": (1, 81, 72),
    "SPANSTAT": (3, 10, 314),
    "CONFDIAG": (1, 15, 4),
    "SPANCONFIG": (1, 18, 36),
    "CHANCONFIG": (1, 19, 76),
    "ECHOCANCEL": (1, 33, 4),
    "CHANNO": (2, 34, 4),
    "SETLINEAR": (1, 40, 4),
    "TIMERCONFIG": (1, 47, 4),
    "TIMERACK": (1, 48, 4),
    "ONHOOKTRANSFER": (1, 51, 4),
    "TIMERPING": (0, 52, 0),
    "TIMERPONG": (0, 53, 0),
    "GETVERSION": (2, 57, 160),
    "SET_HWGAIN": (1, 86, 8),
    "TONEDETECT": (1, 91, 4),
    "SETPOLARITY": (1, 92, 4),
    "STARTUP": (1, 99, 4),
    "SHUTDOWN": (1, 100, 4),
    "BUFFER_EVENTS": (1, 105, 4),
}


@pytest.fixture(scope="module")
def ffi():
    return declarations(DECL)


def constants(text, prefix):
    """Names and values of the enums in a header."""
    found = re.findall(rf"DAHDI_{prefix}(\w+) = (-?(?:0x)?[0-9a-f]+)", text)
    return {name: int(value, 0) for name, value in found}


@pytest.fixture(scope="module")
def header():
    return (DECL / "dahdi.h").read_text()


def test_sizes(ffi):
    assert {name: ffi.sizeof(f"struct dahdi_{name}") for name in SIZES} == SIZES


def test_offsets(ffi):
    found = {name: ffi.offsetof(f"struct dahdi_{name.split('.')[0]}", name.split(".")[1]) for name in OFFSETS}
    assert found == OFFSETS


def test_numbers_of_requests(header):
    requests = constants(header, "")
    for name, (direction, number, size) in FROM_FACTS.items():
        assert requests[name] == direction << 30 | size << 16 | 0xDA << 8 | number, name


def test_the_simulator_has_the_same_numbers(header):
    all_of_them = constants(header, "")
    assert {name: all_of_them[name] for name in abi.Request.__members__} == dict(abi.Request.__members__)
    for prefix, kind in (
        ("SIG_", abi.Sig),
        ("EVENT_", abi.Event),
        ("ALARM_", abi.AlarmBit),
        ("LAW_", abi.Law),
        ("POLICY_", abi.Policy),
        ("FLUSH_", abi.Flush),
        ("IOMUX_", abi.Mux),
        ("DIAL_OP_", abi.DialOp),
        ("CONF_", abi.Conf),
        ("LINE_", abi.LineBit),
    ):
        declared = constants(header, prefix)
        ours = {name: int(value) for name, value in kind.__members__.items() if value or name != "NONE"}
        assert {name: declared[name] for name in ours if name in declared} == {
            name: value for name, value in ours.items() if name in declared
        }, prefix
        assert not {name for name in ours if name not in declared} - {"NONE"}, prefix
    hooks = {name: value for name, value in all_of_them.items() if name in abi.Hook.__members__}
    assert hooks == dict(abi.Hook.__members__)
    maintenance = constants(header, "MAINT_") | {"RESET_COUNTERS": all_of_them["RESET_COUNTERS"]}
    assert maintenance == dict(abi.Maint.__members__)


def test_structures_of_the_simulator_are_as_long(ffi):
    layouts = {
        "params": abi.PARAMS,
        "maintenance": abi.MAINTENANCE,
        "conference": abi.CONFERENCE,
        "gains": abi.GAINS,
        "line_config": abi.LINE_CONFIG,
        "channel_config": abi.CHANNEL_CONFIG,
        "tone_def": abi.TONE_DEF,
        "zone_header": abi.ZONE_HEADER,
        "buffers": abi.BUFFERS,
        "dial_params": abi.DIAL_PARAMS,
        "dial": abi.DIAL,
        "echo_param": abi.ECHO_PARAM,
        "echo_params": abi.ECHO_PARAMS,
        "ring_cadence": abi.CADENCE,
        "version": abi.VERSION,
        "echo_attach": abi.ECHO_ATTACH,
        "dynamic_span": abi.DYNAMIC_SPAN,
        "hw_gain": abi.HW_GAIN,
    }
    assert {name: layout.size for name, layout in layouts.items()} == {
        name: ffi.sizeof(f"struct dahdi_{name}") for name in layouts
    }
    # The kernel's structure ends with its last octet, ours is padded.
    assert abi.SPAN_STATUS.size == 314


def test_every_request_is_as_long_as_its_structure(ffi, header):
    plain = struct.calcsize("i")
    lengths = {size for size in SIZES.values()} | {plain, 0, 314}
    for name, number in constants(header, "").items():
        if name in abi.Request.__members__:
            assert number >> 16 & 0x3FFF in lengths, name


def test_a_c_program_sees_the_same(tmp_path):
    """The headers are C as they are, and a wrong size does not compile."""
    checks = [f'_Static_assert(sizeof(struct dahdi_{n}) == {s}, "{n}");' for n, s in SIZES.items()]
    source = tmp_path / "probe.c"
    source.write_text('#include "dio.h"\n#include "dahdi.h"\n' + "\n".join(checks) + "\n")
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{DECL}", "-fsyntax-only", str(source)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    source.write_text(source.read_text().replace("== 24", "== 25", 1))
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0
