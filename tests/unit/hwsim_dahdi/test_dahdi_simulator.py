"""The whole simulator with DAHDI cards: lockstep, personalities in site files, faults by word, what is where."""

import itertools
import json
import os
import subprocess
import sys
import threading

import pytest
from dahdibench import DECL, IO, LIBRARY, ROOT
from diokit import Dio, refused

from boardd.config.yamlfile import ConfigProblemsError
from hwsim.cli.lib import library_path
from hwsim.scenario.file import Scenario
from hwsim.simulator import Options, Simulator

SITE = """\
site: one card
machine:
  cards:
    - {model: TDM410P, name: ana, ports: OSOS}
"""


@pytest.fixture
def simulators():
    made = []
    yield made
    for simulator in made:
        simulator.close()


def simulator(simulators, folder, text=SITE, **options):
    simulators.append(Simulator(Scenario.parse(text, "site.yaml"), Options(folder, **options)))
    return simulators[-1]


def lockstep_run(simulators, folder, seed):
    made = simulator(simulators, folder, speed=None, seed=seed)
    command = [
        sys.executable,
        str(ROOT / "tests/unit/hwsim_dahdi/lockstep_worker.py"),
        str(IO),
        str(LIBRARY),
        str(DECL),
    ]
    worker = subprocess.Popen(
        command, env={**os.environ, **made.environment, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    answer = []
    reader = threading.Thread(target=lambda: answer.append(worker.communicate()[0]))
    reader.start()
    made._drive.run(lambda: not reader.is_alive())
    reader.join()
    assert worker.returncode == 0
    # Nobody takes part any more when the worker has ended: time runs until that is noticed.
    facts = [
        {k: v for k, v in fact.items() if k != "pid"} for fact in made.truth.facts if "detached" not in fact["what"]
    ]
    return json.loads(answer[0]), facts


def test_lockstep_is_the_same_every_time(simulators, tmp_path):
    """Blocks come every 20 ms of simulated time, to the microsecond; a thread's blocking read is right, too."""
    first, facts = lockstep_run(simulators, tmp_path / "a", 1)
    again, facts_again = lockstep_run(simulators, tmp_path / "b", 1)
    assert first == again and facts == facts_again
    times = [at for at, channel, what, _value in first if channel == 1 and what == 160]
    assert len(times) > 70
    assert {b - a for a, b in itertools.pairwise(times)} == {20_000}
    assert [what for _at, channel, what, value in first if channel == 4] == ["job"]
    events = [(channel, value) for _at, channel, what, value in first if what == "event"]
    assert (2, 11) in events, "ringer off after a second"


def test_what_is_where(simulators, tmp_path):
    made = simulator(simulators, tmp_path)
    assert library_path("dahdi") == LIBRARY
    assert (tmp_path / "dahdi.sock").is_socket()
    devices = tmp_path / "sys/bus/dahdi_devices/devices"
    assert [(device / "type").read_text() for device in devices.iterdir()] == ["TDM410P\n"]
    assert made.pid_of("dahdi") is None
    made.close()
    simulators.remove(made)
    assert not (tmp_path / "dahdi.sock").exists() and not (tmp_path / "sys").exists()


def test_a_machine_without_such_cards_has_no_dahdi(simulators, tmp_path, monkeypatch):
    simulator(simulators, tmp_path, "site: empty")
    assert not (tmp_path / "dahdi.sock").exists()
    monkeypatch.setenv("HWSIM_DIR", str(tmp_path))
    assert refused(Dio(LIBRARY, DECL).open, "ctl") == "ENODEV"


def test_personality_in_the_site_file(simulators, tmp_path):
    text = SITE.replace("  cards:", "  dahdi: {set: fork, ring_ms: 100, analog_law: mulaw, removal: gone}\n  cards:")
    persona = simulator(simulators, tmp_path, text).dahdi.kernel.persona
    assert (persona.ring_ms, persona.neighbour_bits, persona.analog_law.name, persona.removal) == (
        100,
        True,
        "MULAW",
        "gone",
    )
    text = SITE.replace("  cards:", "  dahdi: slow\n  cards:")
    assert simulator(simulators, tmp_path / "b", text).dahdi.kernel.persona.ring_ms == 200


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("fast", "there is no personality fast"),
        ("{ring: 3}", "has no ring"),
        ("{ring_ms: soon}", "ring_ms: soon"),
        ("{neighbour_bits: perhaps}", "yes or no"),
        ("{analog_law: linear}", "alaw or mulaw"),
        ("{removal: maybe}", "gone or hint"),
        ("[1]", "a name, or a mapping"),
    ],
)
def test_personalities_that_make_no_sense(simulators, tmp_path, given, words):
    text = SITE.replace("  cards:", f"  dahdi: {given}\n  cards:")
    with pytest.raises(ConfigProblemsError, match=words) as caught:
        simulator(simulators, tmp_path, text)
    assert "site.yaml:3" in str(caught.value)


def test_faults_by_word(simulators, tmp_path):
    made = simulator(simulators, tmp_path)
    for kind in (
        "ioctl_error",
        "channel_open_error",
        "channel_io_error",
        "read_stall",
        "blocks_late",
        "channel_event",
        "irq_missed",
    ):
        assert kind in made.world.faults.kinds
    number = made.world.faults.inject("card_pulled", "ana")
    assert not made.dahdi.kernel.channels
    made.world.faults.end(number)
    assert len(made.dahdi.kernel.channels) == 4
