"""Structures: the library's view, cffi's view and the fact sheet's numbers (section 2.2) agree."""

import subprocess

import pytest

SHEET = {
    "synway_event": (12, {"code": 0, "ref": 4, "param": 8}),
    "synway_event_setting": (32, {"work_mode": 0, "handler": 8, "out_condition": 16, "out_param": 20, "user": 24}),
    "synway_event_ex": (
        56,
        {
            "code": 0,
            "ref": 4,
            "param": 8,
            "user": 12,
            "sub_reason": 16,
            "extra": 20,
            "buffer": 24,
            "buffer_length": 32,
            "data_length": 36,
            "flags": 40,
            "reserved1": 44,
            "reserved2": 48,
        },
    ),
    "synway_version": (8, {"major": 0, "minor": 1, "internal": 2, "build": 4, "release": 6, "feature": 7}),
    "synway_channel_activity": (16, {"played_bytes": 12}),
}


def probe(compile_probe, layout):
    text = subprocess.run(
        [compile_probe("layout_probe.c", layout, inside=True)], capture_output=True, text=True, check=True
    )
    return {line.split()[0]: [int(n) for n in line.split()[1:]] for line in text.stdout.splitlines()}


def test_compiled_structures_have_the_sheets_numbers(compile_probe, layout):
    found = probe(compile_probe, layout)
    for name, (size, offsets) in SHEET.items():
        assert found[name] == [size]
        for member, offset in offsets.items():
            assert found[f"{name}.{member}"] == [offset], f"{name}.{member}"


def test_cffi_structures_have_the_sheets_numbers(ffi):
    for name, (size, offsets) in SHEET.items():
        assert ffi.sizeof(f"struct {name}") == size
        for member, offset in offsets.items():
            assert ffi.offsetof(f"struct {name}", member) == offset, f"{name}.{member}"


@pytest.mark.parametrize(
    ("layout", "event", "setting"),
    [("newest", [12, 0, 4, 8], [32, 0, 8, 16, 20, 24]), ("2007", [16, 0, 4, 8], [40, 0, 8, 16, 24, 32])],
)
def test_what_the_library_writes_into_programs(compile_probe, layout, event, setting):
    found = probe(compile_probe, layout)
    assert found["event"] == event
    assert found["setting"] == setting
