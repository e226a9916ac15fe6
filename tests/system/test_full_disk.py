"""A disk fills up and gets room again while calls come in: they go on, alarms tell, no fact is lost or doubled."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from hwsim.kernel.drive import pause_s

ROOT = Path(__file__).resolve().parents[2]
DISK_MB = 24
pytestmark = pytest.mark.appliance


@pytest.fixture
def disk(tmp_path):
    """A small file system of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        os.getuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", place]).returncode
    ):
        pytest.skip("mounting a file system needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def config(tmp_path, disk):
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config" / "demo", folder)
    site = folder / "boardd.yaml"
    text = site.read_text(encoding="utf-8").replace("${BOARDD_DEMO}/state", f"{disk}/state")
    site.write_text(text.replace("${BOARDD_DEMO}/recordings", f"{disk}/recordings"), encoding="utf-8")
    scheduler = folder / "scheduler.yaml"
    text = scheduler.read_text(encoding="utf-8")
    assert "min_free_mb: 64" in text
    scheduler.write_text(text.replace("min_free_mb: 64", "min_free_mb: 2"), encoding="utf-8")
    return folder


def fill(path):
    """Take every byte that is left; again and again, as others free some."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 9, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def callers(truth):
    return (
        sum('"caller_begin"' in line for line in truth.read_text(encoding="utf-8").splitlines())
        if truth.exists()
        else 0
    )


@dataclass
class Run:
    result: dict
    log: str


def demo(tmp_path, disk, calls, full_at, room_at):
    """A demo whose disk is full from the arrival of one caller to that of another."""
    command = [sys.executable, "-m", "hwsim", "demo", "--plain", "--calls", str(calls), "--speed", "max"]
    command += ["--config", config(tmp_path, disk), "--dir", tmp_path / "site", "--json", tmp_path / "out.json"]
    truth, ballast = tmp_path / "site" / "truth" / "truth.jsonl", disk / "ballast"
    if full_at == 0:
        fill(ballast)
    with (tmp_path / "demo.log").open("wb") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
    while process.poll() is None:
        arrived = callers(truth)
        if room_at is not None and arrived >= room_at:
            ballast.unlink()
            room_at = None
        elif room_at is not None and arrived >= full_at:
            fill(ballast)
        pause_s(0.02)
    site_log = tmp_path / "site" / "boardd.log"
    log = site_log.read_text(encoding="utf-8", errors="replace") if site_log.exists() else ""
    assert process.returncode == 0, (tmp_path / "demo.log").read_text() + log[-3000:]
    assert room_at is None and "Traceback" not in log
    return Run(json.loads((tmp_path / "out.json").read_text(encoding="utf-8")), log)


def assert_raised_and_cleared(log, raised, cleared):
    assert log.count(f'"{raised}"') == log.count(f'"{cleared}"') == 1, (raised, log.count(raised), log.count(cleared))


def assert_nothing_lost(disk, result):
    assert result["stuck_channels"] == 0
    served = [c for c in result["contacts"] if c["line"]]
    assert len(served) > 5 and [c["records"] for c in served] == [1] * len(served)
    with sqlite3.connect(disk / "state" / "scheduler.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_calls_go_on_and_no_record_is_lost(tmp_path, disk):
    run = demo(tmp_path, disk, calls=30, full_at=8, room_at=18)
    assert_nothing_lost(disk, run.result)
    assert_raised_and_cleared(run.log, "recording_stopped", "recording_resumes")
    assert_raised_and_cleared(run.log, "store_write_failed", "store_writes_again")
    recorded = [bool(c["recording"]) for c in run.result["contacts"] if c["line"]]
    assert recorded[0] and not all(recorded) and recorded[-1]


def test_everything_starts_on_a_full_disk(tmp_path, disk):
    run = demo(tmp_path, disk, calls=12, full_at=0, room_at=5)
    assert_nothing_lost(disk, run.result)
    assert_raised_and_cleared(run.log, "journal_refused", "journal_writes_again")
    assert_raised_and_cleared(run.log, "store_write_failed", "store_writes_again")
