"""The simulator as a process of its own: SITE FOLDER PERSONALITY READY_FD. As fast as it goes, in token lockstep."""

import os
import sys
from pathlib import Path

from hwsim.scenario.file import Scenario
from hwsim.simulator import Options, Simulator
from hwsim.vendorlibs.synway.personality import personality


def main(site: str, folder: str, persona: str, ready: str) -> None:
    simulator = Simulator(Scenario.load(Path(site)), Options(Path(folder), 1, None))
    simulator.machine.personality = personality(persona)
    os.write(int(ready), b"ready\n")
    try:
        simulator.run()
    finally:
        simulator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
