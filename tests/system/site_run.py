"""Runs whole simulated sites through `hwsim demo`, and reads what really happened from the truth log alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwsim.core.sound import Chirp, alaw_decode, find_chirps
from hwsim.scenario.file import Scenario, wall_base_ms

ROOT = Path(__file__).resolve().parents[2]
DEMO_SITE = (ROOT / "hwsim" / "scenarios" / "demo.yaml").read_text(encoding="utf-8")


@dataclass
class SiteRun:
    """One finished run. `result` is the demo's own document, `facts` the truth log."""

    status: int
    folder: Path
    result: dict[str, Any]
    facts: list[dict[str, Any]]
    output: str

    @property
    def contacts(self) -> list[dict[str, Any]]:
        return list(self.result["contacts"])

    def of(self, what: str, **match: Any) -> list[dict[str, Any]]:
        return [f for f in self.facts if f["what"] == what and all(f.get(k) == v for k, v in match.items())]

    def outcome(self) -> list[tuple[Any, ...]]:
        """What the same seed must give again, per contact in order of arrival."""
        keys = ("caller", "line", "digits_sent", "digits_heard", "agent", "cause", "queue_wait_s", "records")
        return [tuple(c[k] for k in keys) for c in self.contacts]

    def log(self, name: str = "boardd.log") -> str:
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")


def run_site(
    folder: Path,
    *,
    calls: int,
    seed: int = 1,
    speed: str = "max",
    faults: list[dict[str, Any]] | None = None,
    site: str | None = None,
    config: Path | None = None,
    timeout_s: float = 110,
) -> SiteRun:
    """Run the demo with these faults added to its scenario."""
    folder.mkdir(parents=True, exist_ok=True)
    text = site or DEMO_SITE
    if faults:
        text += "\nfaults:\n" + "".join(f"  - {json.dumps(f)}\n" for f in faults)
    (folder / "in.yaml").write_text(text, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "hwsim", "demo", "--plain", "--calls", str(calls), "--seed", str(seed)),
        *("--speed", speed, "--site", str(folder / "in.yaml"), "--dir", str(folder / "site")),
        *("--json", str(folder / "out.json")),
    ]
    if config:
        command += ["--config", str(config)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout_s, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    place = folder / "site"
    output = done.stdout + done.stderr
    if not (folder / "out.json").exists():
        logs = "\n".join(p.read_text(errors="replace")[-3000:] for p in sorted(place.glob("*.log")))
        raise AssertionError(f"the run left no result (status {done.returncode}):\n{output}\n{logs}")
    facts = [json.loads(line) for line in (place / "truth" / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    result = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    return SiteRun(done.returncode, place, result, facts, output)


def wav_sides(path: Path) -> tuple[bytes, bytes]:
    """Left and right of a stereo A-law WAV as A-law bytes, read by this small parser of our own."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE", path
    at, sound, channels, code = 12, b"", 0, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            code, channels = int.from_bytes(body[0:2], "little"), int.from_bytes(body[2:4], "little")
            assert int.from_bytes(body[4:8], "little") == 8000
        elif name == b"data":
            sound = body
        at += 8 + size + (size & 1)
    assert (code, channels) == (6, 2), (path, code, channels)
    return sound[0::2], sound[1::2]


def chirps(alaw: bytes) -> list[Chirp]:
    return find_chirps(alaw_decode(alaw))


def wall_base(run: SiteRun) -> int:
    return wall_base_ms(Scenario.load(run.folder / "site.yaml"))
