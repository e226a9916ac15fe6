import contextlib
import gettext
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

sys.path.insert(0, str(Path(__file__).resolve().parent))

from plant import Plant

from boardd.cli import main as boardctl
from boardd.contract.text import set_language


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def own_language(monkeypatch):
    """Commands change language and log settings of the process: put both back."""
    for name in ("LANGUAGE", "BOARDD_LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    saved, domain = structlog.get_config(), gettext.textdomain()
    boardctl._quiet_log()
    yield
    structlog.configure(**saved)
    gettext.textdomain(domain)
    set_language("en")


@pytest.fixture
def short_folder():
    """Socket paths must be short."""
    with tempfile.TemporaryDirectory(prefix="bc") as folder:
        yield Path(folder)


@pytest.fixture
def idle_plant(short_folder):
    plant = Plant(short_folder)
    yield plant
    plant.close()


@pytest.fixture
def plant(idle_plant):
    idle_plant.start_daemon()
    idle_plant.start_scheduler()
    return idle_plant


@pytest.fixture
def ctl(idle_plant, capsys):
    """Runs boardctl in this process."""

    def run(*arguments):
        code = boardctl.invoke(["--runtime-dir", str(idle_plant.runtime_dir), *arguments])
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run


@contextlib.contextmanager
def interruptible():
    """Children started meanwhile can be interrupted, also when the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def process(idle_plant):
    """Starts boardctl as a process of its own; ends it with the test."""
    running = []

    def start(*arguments, **environment):
        command = [sys.executable, "-m", "boardd.cli.main", "--runtime-dir", str(idle_plant.runtime_dir), *arguments]
        pipe = subprocess.PIPE
        settings = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "BOARDD"))} | environment
        with interruptible():
            child = subprocess.Popen(command, stdout=pipe, stderr=pipe, env=settings, cwd=Path(__file__).parents[3])
        running.append(child)
        return child

    yield start
    for child in running:
        if child.poll() is None:
            child.kill()
        child.communicate()
