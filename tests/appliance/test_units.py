"""The units as systemd itself reads them."""

import configparser
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.appliance, pytest.mark.real_time]

UNITS = ("boardd.service", "boardd-scheduler.service", "boardd-host@synway.service", "boardd.target")
EXPOSURE = {"boardd.service": 20, "boardd-scheduler.service": 25, "boardd-host@synway.service": 70}
"""Highest exposure in tenths, from `systemd-analyze security`; makers' libraries need the devices and the freedom."""


@pytest.fixture
def units(tmp_path, needs, checkout):
    needs("systemd-analyze")
    for path in (checkout / "systemd").iterdir():
        shutil.copy(path, tmp_path / path.name)
    shutil.copy(tmp_path / "boardd-host@.service", tmp_path / "boardd-host@synway.service")
    return tmp_path


def analyze(folder, *arguments):
    return subprocess.run(["systemd-analyze", *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


def test_systemd_has_nothing_to_say_about_the_units(units):
    done = analyze(units, "verify", *(f"./{unit}" for unit in UNITS))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", EXPOSURE)
def test_exposure(units, unit):
    done = analyze(units, "security", "--offline=true", f"--threshold={EXPOSURE[unit]}", f"./{unit}")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", EXPOSURE)
def test_house_rules(units, unit):
    text = (units / unit).read_text()
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(text)
    service, head = parser["Service"], parser["Unit"]
    assert service["Type"] == "notify" and service["Restart"] == "always" and service["RestartSec"] == "500ms"
    assert head["StartLimitIntervalSec"] == "0", "an appliance never gives up"
    assert float(service["WatchdogSec"]) > 0
    assert not {"Requires", "BindsTo", "Requisite", "After"} & set(head), "nobody is READY because of somebody else"
    assert service["RestartPreventExitStatus"] == "78"


def test_the_watchdog_of_a_host_is_longer_than_its_own(units):
    from boardd.host.watchdog import STILL_LIMIT_S

    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string((units / "boardd-host@.service").read_text())
    assert float(parser["Service"]["WatchdogSec"]) > STILL_LIMIT_S
