"""The simulator as a process of its own: SITE FOLDER FAMILY PERSONALITY READY_FD [TRUTH]. As fast as it goes."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from boardd.config.yamlfile import Node
from hwsim.scenario.file import Scenario
from hwsim.simulator import Options, Simulator
from hwsim.vendorlibs.synway.personality import personality


def build(site: str, folder: str, family: str, persona: str, truth: str = "") -> Simulator:
    scenario = Scenario.load(Path(site))
    if family == "dahdi":
        scenario = replace(scenario, dahdi=Node(site, 0, "machine.dahdi", persona))
    simulator = Simulator(scenario, Options(Path(folder), 1, None, Path(truth) if truth else None))
    if family == "synway":
        simulator.machine.synway.personality = personality(persona)
    return simulator


def serve(simulator: Simulator, ready: str) -> None:
    """Until the process is told to end."""
    os.write(int(ready), b"ready\n")
    try:
        simulator.run()
    finally:
        simulator.close()


def main(site: str, folder: str, family: str, persona: str, ready: str, truth: str = "") -> None:
    serve(build(site, folder, family, persona, truth), ready)


if __name__ == "__main__":
    main(*sys.argv[1:])
