"""The whole appliance on a machine of its own: boots to READY unattended, survives kills, hangs and a power cut."""

import json
import re

import pytest
from box import Box, suite

pytestmark = [pytest.mark.appliance, pytest.mark.real_time, pytest.mark.timeout(600)]

DAEMON, SCHEDULER, HOST = "boardd.service", "boardd-scheduler.service", "boardd-host@synway.service"
UNITS = (DAEMON, SCHEDULER, HOST)
CHANNELS = 46
LIVE = f"test $(boardctl channels --json | grep -c maker_channel) = {CHANNELS}"


@pytest.fixture(scope="module")
def box(tmp_path_factory, needs):
    needs("systemd-nspawn", "mmdebstrap", "nsenter", "tar", root=True)
    if suite() is None:
        pytest.fail("no Debian release has this Python; run the tests with Debian's own")
    box = Box.install(tmp_path_factory.mktemp("box"))
    try:
        box.boot()
        yield box
    finally:
        box.cut_power()


@pytest.fixture
def ready(box):
    """Everything runs and the daemon knows the host's channels."""
    for unit in UNITS:
        box.until(f"test $(systemctl is-active '{unit}') = active")
    box.until(LIVE)
    return box


def test_all_three_are_ready_after_the_boot(ready):
    for unit in UNITS:
        found = ready.show(unit, "ActiveState", "SubState", "NRestarts", "Result", "WatchdogUSec")
        assert (found["ActiveState"], found["SubState"], found["Result"]) == ("active", "running", "success")
        assert found["NRestarts"] == "0"
        assert found["WatchdogUSec"] != "infinity"


def test_systemctl_status_tells_what_they_do(ready):
    ready.until(f"systemctl show -p StatusText {DAEMON} | grep -q '1/1 hosts, {CHANNELS} channels'")
    ready.until(f"systemctl show -p StatusText '{HOST}' | grep -q running")
    assert ready.show(SCHEDULER, "StatusText")["StatusText"]


def test_boardctl_in_both_languages(ready):
    english, chinese = ready.run("LANG=C.UTF-8 boardctl status"), ready.run("BOARDD_LANG=zh_CN boardctl status")
    assert "Domains" in english.stdout and "SHD-30A-CT/PCI" in english.stdout and english.stderr == ""
    assert "域" in chinese.stdout and "序列号" in chinese.stdout
    found = json.loads(ready.run("boardctl status --json").stdout)
    assert [domain["state"] for domain in found["snapshot"]["domains"]] == ["running"]
    assert found["scheduler"]["boards_connected"]
    assert len(json.loads(ready.run("boardctl agents --json").stdout)) == 6
    assert "good" in ready.run("boardctl config check").stdout
    cards = json.loads(ready.run("boardctl scan --json").stdout)["cards"]
    assert len(cards) == 2


def test_rights_of_files_and_sockets(ready):
    def rights(path):
        return ready.run(f"stat -c '%a %U %G' {path}").stdout.strip()

    assert rights("/run/boardd") == "755 boardd boardd"
    assert rights("/run/boardd/host.sock") == "600 boardd boardd"
    assert rights("/run/boardd/boardd.sock").split()[1] == "boardd"
    assert rights("/var/lib/boardd") == "750 boardd boardd"
    other = int(rights("/var/lib/boardd/recordings").split()[0]) % 10
    assert other == 0, "recordings are nobody else's business"


def test_strangers_are_refused_and_the_group_may(ready):
    stranger = "setpriv --reuid nobody --regid nogroup --clear-groups boardctl status"
    refused = ready.run(stranger, check=False)
    assert refused.returncode == 1 and "boardd" in refused.stderr and "Traceback" not in refused.stderr
    ready.run("setpriv --reuid nobody --regid nogroup --groups $(getent group boardd | cut -d: -f3) boardctl channels")


def test_the_journal_is_structured(ready):
    units = " ".join(f"-u '{unit}'" for unit in UNITS)
    lines = ready.run(f"journalctl --no-pager -o json {units}").stdout.splitlines()
    said = [json.loads(line) for line in lines]
    ours = [line for line in said if "_SYSTEMD_UNIT" in line and line.get("SYSLOG_IDENTIFIER") != "systemd"]
    assert {line["_SYSTEMD_UNIT"] for line in ours} == set(UNITS)
    for line in ours:
        assert re.match(r"^[a-z][a-z0-9_.]*( [a-z_]+=(\"(\\.|[^\"])*\"|\S*))*$", line["MESSAGE"]), line["MESSAGE"]
        assert line["PRIORITY"] in "23467"


def test_wrong_configuration_is_not_tried_again(ready):
    ready.run("systemctl start boardd-host@nosuch.service", check=False)
    ready.until("systemctl is-failed boardd-host@nosuch.service")
    found = ready.show("boardd-host@nosuch.service", "NRestarts", "ExecMainStatus")
    assert found == {"NRestarts": "0", "ExecMainStatus": "78"}
    assert "synway" in ready.run("journalctl --no-pager -u boardd-host@nosuch.service").stdout


@pytest.mark.parametrize("unit", UNITS)
def test_a_killed_process_comes_back_and_takes_nobody_along(ready, unit):
    others = [other for other in UNITS if other != unit]
    before = {other: ready.show(other, "MainPID") for other in UNITS}
    ready.run(f"systemctl kill --kill-whom=main -s KILL '{unit}'")
    ready.until(f"test $(systemctl show -p NRestarts --value '{unit}') -gt 0")
    ready.until(f"test $(systemctl is-active '{unit}') = active")
    ready.until(LIVE)
    assert {other: ready.show(other, "MainPID") for other in others} == {other: before[other] for other in others}
    assert ready.show(unit, "MainPID") != before[unit]


def test_frozen_processes_are_ended_by_the_watchdog(ready):
    before = {unit: ready.show(unit, "MainPID")["MainPID"] for unit in UNITS}
    for pid in before.values():
        ready.run(f"kill -STOP {pid}")
    for unit in UNITS:
        changed = f"test $(systemctl show -p MainPID --value '{unit}') != {before[unit]}"
        ready.until(f"{changed} -a $(systemctl is-active '{unit}') = active", limit_s=60)
        said = ready.run(f"journalctl --no-pager -u '{unit}'").stdout
        assert "Watchdog timeout" in said
    ready.until(LIVE)


def test_power_cut(ready):
    ready.cut_power()
    ready.boot()
    for unit in UNITS:
        ready.until(f"test $(systemctl is-active '{unit}') = active")
        assert ready.show(unit, "NRestarts")["NRestarts"] == "0"
    ready.until(LIVE)
    assert ready.run("boardctl status").returncode == 0
