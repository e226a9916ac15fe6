"""The simulator as a process of its own: SITE FOLDER FAMILY PERSONALITY READY_FD [TRUTH]. As fast as it goes."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from boardd.config.yamlfile import Node
from hwsim.scenario.file import Scenario
from hwsim.simulator import Options, Simulator
from hwsim.vendorlibs.synway.personality import personality


def main(site: str, folder: str, family: str, persona: str, ready: str, truth: str = "") -> None:
    scenario = Scenario.load(Path(site))
    if family == "dahdi":
        scenario = replace(scenario, dahdi=Node(site, 0, "machine.dahdi", persona))
    simulator = Simulator(scenario, Options(Path(folder), 1, None, Path(truth) if truth else None))
    if family == "synway":
        simulator.machine.synway.personality = personality(persona)
    os.write(int(ready), b"ready\n")
    try:
        simulator.run()
    finally:
        simulator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
