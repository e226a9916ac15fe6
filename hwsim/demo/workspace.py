"""The demo's working folder: configuration, sockets, state, recordings, truth."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from hwsim.cli.lib import library_path
from hwsim.cli.serve import SCENARIOS, site_file

CONFIG_FILES = ("boardd.yaml", "scheduler.yaml", "ShConfig.ini", "ShIndex.ini")
SOCKET_PATH_LIMIT = 90
CALLS = re.compile(r"^(\s*count:\s*)\d+(?=\s*# hwsim demo --calls\s*$)", re.MULTILINE)
"""The number of callers that `--calls` sets: a line marked so in the scenario."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One run's folder."""

    folder: Path

    @classmethod
    def prepare(cls, folder: Path, config: Path, site: str, calls: int) -> Workspace:
        """Fill `folder` from the configuration folder and the scenario. Raises ConfigurationError."""
        folder = folder.resolve()
        if len(str(folder)) > SOCKET_PATH_LIMIT:
            raise ConfigurationError(
                _("{folder}: the path is too long for sockets; choose a shorter one with --dir").format(folder=folder)
            )
        if (folder / "state").exists():
            raise ConfigurationError(
                _("{folder}: holds an earlier run; choose another folder with --dir, or remove it").format(
                    folder=folder
                )
            )
        for name in ("run", "state", "recordings", "truth", "sim"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name in CONFIG_FILES:
            if not (config / name).exists():
                raise ConfigurationError(_("{path} is missing").format(path=config / name))
            shutil.copyfile(config / name, folder / name)
        text = site_file(site).read_text(encoding="utf-8")
        (folder / "site.yaml").write_text(CALLS.sub(rf"\g<1>{calls}", text), encoding="utf-8")
        return cls(folder)

    @property
    def site(self) -> Path:
        """The scenario as it is run."""
        return self.folder / "site.yaml"

    @property
    def sockets(self) -> Path:
        """boardd's runtime folder."""
        return self.folder / "run"

    @property
    def simulator(self) -> Path:
        """The simulator's sockets."""
        return self.folder / "sim"

    @property
    def truth(self) -> Path:
        """Truth log and voices."""
        return self.folder / "truth"

    def environment(self, lockstep: bool) -> Mapping[str, str]:
        """For the processes of boardd."""
        found = {
            **os.environ,
            "HWSIM_DIR": str(self.simulator),
            "BOARDD_DEMO": str(self.folder),
            "BOARDD_DEMO_LIBRARY": str(library_path("synway")),
            "BOARDD_DEMO_DAHDI": str(library_path("dahdi")),
            "BOARDD_RUNTIME_DIR": str(self.sockets),
        }
        found.pop("NOTIFY_SOCKET", None)
        if lockstep:
            found["BOARDD_CLOCK"] = f"token:{self.simulator / 'clock.sock'}"
            found["PYTHONHASHSEED"] = "0"
        return found


def demo_config() -> Path:
    """The demo's configuration: beside the checkout, or shipped inside the package."""
    packaged = SCENARIOS / "demo"
    checkout = Path(__file__).resolve().parents[2] / "config" / "demo"
    return checkout if checkout.is_dir() else packaged
