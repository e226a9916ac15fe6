"""Runs the site of `tie_plan` with the desk as the program that controls it, and keeps what really happened."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from site_run import SiteRun
from talks import Heard, Stay, Talks
from tie_plan import LIVE, MEDIA_CHIRPS, MEDIA_PARTY, TALKS, Conversation, Plan, site

from hwsim.cli.lib import library_path
from hwsim.core.events import Format
from hwsim.core.sound import alaw_encode, make_chirp, wav_header
from hwsim.scenario.runner_sites import SimulatedSite, start_site

HERE = Path(__file__).parent
CHIRP_PERIOD = 3200
"""Samples."""
STOP_S = 20


def write_media(path: Path) -> None:
    """Chirps of a party that nobody is: who hears this file hears MEDIA_PARTY."""
    pcm = array("h")
    for number in range(1, MEDIA_CHIRPS + 1):
        chirp = make_chirp(MEDIA_PARTY, number, -1300)
        pcm.extend(chirp)
        pcm.extend([0] * (CHIRP_PERIOD - len(chirp)))
    sound = alaw_encode(pcm)
    path.write_bytes(wav_header(Format.ALAW, 1, len(sound)) + sound)


class TieRun:
    """One finished run. `told`: what the desk said that it did."""

    def __init__(self, folder: Path, plan: Plan, told: list[dict[str, Any]], facts: list[dict[str, Any]]) -> None:
        self.folder = folder
        self.plan = plan
        self.told = told
        lines = {t["talk"]: t["channel"] for t in told if t["what"] == "caller"}
        contacts = [{"person": talk.person, "line": lines[talk.name]} for talk in plan.talks]
        self.site = SiteRun(0, folder, {"contacts": contacts}, facts, "")
        self.talks = Talks(self.site)

    def of(self, what: str, **match: Any) -> list[dict[str, Any]]:
        """Facts of the truth log."""
        return self.site.of(what, **match)

    def desk(self, what: str, **match: Any) -> list[dict[str, Any]]:
        """What the desk told of."""
        return [t for t in self.told if t["what"] == what and all(t.get(k) == v for k, v in match.items())]

    @cached_property
    def parties(self) -> dict[str, int]:
        """Who has which number in chirps."""
        return {f["person"]: f["party"] for kind in ("script_begin", "person") for f in self.of(kind)}

    def stay(self, person: str) -> Stay:
        """The time of somebody on the line: everybody comes once."""
        (found,) = [s for s in self.talks.stays if s.person == person]
        return found

    def heard(self, person: str, from_us: int, to_us: int) -> list[Heard]:
        """What somebody heard of others."""
        own = self.parties[person]
        return [h for h in self.stay(person).heard if from_us <= h.at_us < to_us and h.party != own]

    def window(self, talk: Conversation, phase: str) -> tuple[int, int]:
        """From the moment at which the desk had made the links of a phase until it changed them."""
        (begin,) = self.desk("phase", talk=talk.name, phase=phase)
        later = [t["t_us"] for t in self.desk("change", talk=talk.name) if t["t_us"] > begin["t_us"]]
        return begin["t_us"], min(later, default=self.desk("away")[0]["t_us"])


def environment(running: SimulatedSite, folder: Path) -> dict[str, str]:
    found = {
        **running.environment,
        "BOARDD_DEMO": str(folder),
        "BOARDD_DEMO_LIBRARY": str(library_path("synway")),
        "BOARDD_DEMO_DAHDI": str(library_path("dahdi")),
        "BOARDD_RUNTIME_DIR": str(folder / "run"),
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(HERE),
        "LC_ALL": "C.UTF-8",
    }
    found.pop("NOTIFY_SOCKET", None)
    return found


@contextmanager
def ended(child: subprocess.Popen[Any], number: signal.Signals) -> Iterator[None]:
    """The process is gone when the block is left."""
    try:
        yield
    finally:
        if child.poll() is None:
            child.send_signal(number)
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


Watcher = Callable[[dict[str, Any], int], None]


def run_desk(
    folder: Path,
    strike: tuple[str, str] = ("", ""),
    end_after_s: float = 8.0,
    live_s: float = 0.0,
    told_of: Watcher = lambda _told, _pid: None,
) -> TieRun:
    """The whole run; `strike` is the fault in the end, and `end_after_s` how long it is looked at.

    `live_s`: at the machine's own speed everybody talks for so long; `told_of(told, supervisor's pid)` sees what the
    desk tells when it tells it.
    """
    for name in ("run", "state", "recordings", "config"):
        (folder / name).mkdir(parents=True)
    talks = LIVE if live_s else TALKS
    running = start_site(folder, site(talks), boardd=False, speed="1" if live_s else "max")
    try:
        for name in ("ShConfig.ini", "ShIndex.ini"):
            (folder / name).write_bytes((folder / "config" / name).read_bytes())
        write_media(folder / "media.wav")
        plan = Plan(
            boards=str(folder / "run" / "boardd.sock"),
            simulator=str(running.sockets),
            media=str(folder / "media.wav"),
            strike=strike,
            end_after_s=end_after_s,
            talks=talks,
            live_s=live_s,
        )
        plan.write(folder / "plan.json")
        told = list(_conduct(folder, environment(running, folder), told_of))
    except Exception as error:
        raise AssertionError(f"{error}\n{running.logs()}") from error
    finally:
        running.stop()
    text = (folder / "truth" / "truth.jsonl").read_text(encoding="utf-8")
    return TieRun(folder, plan, told, [json.loads(line) for line in text.splitlines() if line.endswith("}")])


def _conduct(folder: Path, environ: dict[str, str], told_of: Watcher) -> Iterator[dict[str, Any]]:
    """The desk first, so that time stands until `boardd run` is there; what the desk tells, until it is over."""
    with (folder / "desk.log").open("wb") as desk_log, (folder / "boardd.log").open("wb") as boardd_log:
        desk = subprocess.Popen(
            [sys.executable, str(HERE / "tie_desk.py"), str(folder / "plan.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=desk_log,
            env=environ,
            text=True,
        )
        assert desk.stdin and desk.stdout
        with ended(desk, signal.SIGKILL), desk.stdin, desk.stdout:
            assert json.loads(desk.stdout.readline())["what"] == "here"
            supervisor = subprocess.Popen(
                [sys.executable, "-m", "boardd", "run", "--config", str(folder / "config" / "boardd.yaml")],
                stdin=subprocess.DEVNULL,
                stdout=boardd_log,
                stderr=boardd_log,
                env=environ,
            )
            with ended(supervisor, signal.SIGTERM):
                desk.stdin.write(f"{supervisor.pid}\n")
                desk.stdin.flush()
                for line in desk.stdout:
                    told = json.loads(line)
                    assert told["what"] != "failed", told
                    told_of(told, supervisor.pid)
                    yield told
                    if told["what"] == "over":
                        return
                raise AssertionError((folder / "desk.log").read_text(encoding="utf-8"))
