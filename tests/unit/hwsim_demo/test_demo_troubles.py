"""What a person reads when the demo's simulator cannot start, or ends while it is watched."""

import signal
import subprocess
import sys

import pytest

from boardd.contract.errors import ConfigurationError
from hwsim.cli.demo import prepare
from hwsim.cli.serve import SCENARIOS
from hwsim.demo.processes import Processes
from hwsim.demo.watch import Watch


@pytest.fixture
def site(tmp_path):
    def write(*faults):
        path = tmp_path / "site.yaml"
        path.write_text((SCENARIOS / "demo.yaml").read_text(encoding="utf-8") + "\nfaults:\n" + "\n".join(faults))
        return path

    return write


def test_a_fault_without_its_place_is_told_with_its_line(site, tmp_path):
    path = site("  - {at_s: 3, what: event_lost, where: ''}")
    command = [sys.executable, "-m", "hwsim", "--lang", "en", "demo", "--plain", "--calls", "1", "--site", str(path)]
    ran = subprocess.run(
        [*command, "--dir", str(tmp_path / "d")], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 1
    assert "did not start: " in ran.stderr and "faults[0].where: event_lost needs a place" in ran.stderr, ran.stderr


def test_a_simulator_that_ends_is_named_with_its_last_words(tmp_path):
    space = prepare(tmp_path / "d", None, None, "synway", 1)
    processes = Processes.start(space, 1, "1")
    try:
        watch = Watch(space, processes, 1, "1", lambda _picture: processes.simulator.send_signal(signal.SIGKILL))
        with pytest.raises(
            ConfigurationError, match=r"^simulator ended with status -9; its last words in .*simulator\.log: -$"
        ):
            watch.until_over()
    finally:
        processes.stop()


def test_a_site_of_dahdi_cards_gets_a_configuration_for_them(tmp_path):
    space = prepare(tmp_path / "d", None, str(SCENARIOS / "demo_dahdi.yaml"), "synway", 1)
    assert '"dahdi"' in (space.folder / "boardd.yaml").read_text(encoding="utf-8")
