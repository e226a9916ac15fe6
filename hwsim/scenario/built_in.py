"""Scripts that every scenario has without writing them: machines at the other end. One of the file's own goes first.

An answering machine answers after some rings, greets, beeps, listens, and hangs up on silence or a busy tone. A fax
that is called answers with CED (2100 Hz); one that calls sends CNG (1100 Hz, half a second in every three and a half)
for some forty seconds. Frequencies and times are those of ITU-T T.30; no page is sent.
"""

from __future__ import annotations

from functools import cache

from boardd.config.schema import decode
from boardd.config.yamlfile import parse_tree
from hwsim.people.behaviour import Behaviour
from hwsim.scenario.schema import ScenarioFile
from hwsim.scenario.script_words import behaviour_of
from hwsim.sounds import FOLDER

TEXT = """
scripts:
  answering_machine:
    steps:
      - {do: answer, after_s: uniform 8..14, greets: no}
      - {do: wait, s: 0.5}
      - {do: play, file: machine.wav}
      - {do: tone, hz: 1000, s: 0.5}
      - {do: listen, s: 60, silence_s: 6}
      - {do: tone, hz: 1000, s: 0.3}
      - {do: hang_up}
  fax:
    steps:
      - {do: answer, after_s: uniform 3..7, greets: no}
      - {do: wait, s: uniform 1.8..2.5}
      - {do: tone, hz: 2100, s: uniform 2.6..4, dbm0: -11}
      - {do: listen, s: 35, silence_s: 20}
      - {do: hang_up}
  fax_calls:
    steps:
      - {do: dial}
      - {do: tone, hz: 1100, s: uniform 35..45, dbm0: -11, cadence_ms: [500, 3000]}
      - {do: hang_up}
"""


@cache
def built_in() -> dict[str, Behaviour]:
    """The scripts by name."""
    file = decode(parse_tree(TEXT, "built_in"), ScenarioFile)
    return {name: behaviour_of(name, section, FOLDER) for name, section in file.scripts.items()}
