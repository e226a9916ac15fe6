"""docs/simulator.md and docs/truth.md against the simulator itself."""

from __future__ import annotations

import ast
import json
import math
import re
import socket
import sys
import types
import typing
from enum import Enum
from pathlib import Path

import msgspec
import pytest
from pages import ROOT, codes, section, table, tables

from boardd.config.schema import Section
from hwsim.cli.main import cli
from hwsim.core.sound import make_chirp
from hwsim.scenario import machine_part, runner_header, runner_peer, schema
from hwsim.scenario.fault_arguments import ARGUMENTS
from hwsim.scenario.file import Scenario
from hwsim.scenario.script_words import FIELDS
from hwsim.simulator import Options, Simulator
from hwsim.vendorlibs.dahdi import site as dahdi
from hwsim.vendorlibs.synway.api import TABLE

SECTIONS: dict[str, type[Section]] = {
    "file": schema.ScenarioFile,
    "exchange": schema.ExchangeSection,
    "timers": schema.TimersSection,
    "tone": schema.ToneSection,
    "announcement": schema.AnnouncementSection,
    "group": schema.GroupSection,
    "line": schema.LineSection,
    "subscriber": schema.SubscriberSection,
    "service number": schema.ServiceNumberSection,
    "script": schema.ScriptSection,
    "step": schema.StepSection,
    "agent": schema.AgentSection,
    "person": schema.PersonSection,
    "callers": schema.CallersSection,
    "fault": schema.FaultSection,
    "end": schema.EndSection,
    "dahdi card": dahdi.DahdiCardSection,
    "e1": dahdi.E1Section,
    "pri": dahdi.PriSection,
    "r2": dahdi.R2Section,
    "modem": machine_part.ModemSection,
    "box": machine_part.BoxSection,
    "header": runner_header.HeaderSection,
    "check": runner_header.ExpectSection,
    "moment": runner_header.MomentSection,
    "run": runner_header.RunSection,
    "peer": runner_peer.PeerSection,
    "peer call": runner_peer.PeerCallSection,
    "peer block": runner_peer.PeerBlockSection,
}
WORDS = {str: "text", int: "whole number", float: "number", bool: "yes/no", Path: "path"}
NOTING = ("note", "_noted")
"""Names of the methods by which peers at the edge write into their log."""
SHIM = ROOT / "hwsim" / "vendorlibs" / "synway"


# -- scenario file ----------------------------------------------------------------------------------------------------
def type_words(kind: typing.Any) -> str:
    """An annotation as the page writes it."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return type_words(next(a for a in typing.get_args(kind) if a is not type(None)))
    if typing.get_origin(kind) is list:
        return f"list of {type_words(typing.get_args(kind)[0])}"
    if typing.get_origin(kind) is dict:
        return f"word → {type_words(typing.get_args(kind)[1])}"
    if issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    names = {cls: name for name, cls in SECTIONS.items()}
    return names[kind] if kind in names else WORDS[kind]


def default_words(field: typing.Any) -> str:
    if field.required:
        return "required"
    factory = field.default_factory
    value = field.default if factory is msgspec.NODEFAULT else factory()
    if isinstance(value, Section):
        return "its defaults"
    if value is None or value in ("", [], {}):
        return "-"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"`{value}`"


def test_every_section_of_the_schema_is_in_the_tests_list():
    modules = (schema, dahdi, machine_part, runner_header, runner_peer)
    found = {v for m in modules for v in vars(m).values() if isinstance(v, type) and issubclass(v, Section)} - {Section}
    found = {section for section in found if not section.__name__.startswith("_")}
    assert found == set(SECTIONS.values())


@pytest.mark.parametrize("name", SECTIONS)
def test_scenario_keys_types_and_defaults(name):
    documented = table("simulator.md", f"{name} — ")
    cls = SECTIONS[name]
    hints = typing.get_type_hints(cls)
    fields = msgspec.structs.fields(cls)
    assert documented.codes("key") == [field.encode_name for field in fields]
    for field, kind, default in zip(fields, documented.column("type"), documented.column("default"), strict=True):
        wanted = type_words(hints[field.name])
        assert kind == wanted or (kind, wanted) == ("time", "text"), field.name
        assert default == default_words(field), field.name


@pytest.mark.parametrize("name", SECTIONS)
def test_keys_documented_as_times_are_read_as_times(name):
    documented = table("simulator.md", f"{name} — ")
    source = Path(sys.modules[SECTIONS[name].__module__].__file__).read_text(encoding="utf-8")
    class_text = source.partition(f"class {SECTIONS[name].__name__}(")[2].partition("\nclass ")[0]
    drawn = {key for call in re.findall(r"parse_draw,([^)]*)\)", class_text) for key in re.findall(r'"(\w+)"', call)}
    times = {row[0].strip("`") for row in documented.rows if row[1] == "time"}
    assert times == drawn


def test_steps_and_their_keys():
    documented = table("simulator.md", "steps")
    rows = dict(zip(documented.codes("do"), documented.rows, strict=True))
    assert {do: (frozenset(codes(needs)), frozenset(codes(may))) for do, (_do, needs, may, _what) in rows.items()} == {
        str(do): keys for do, keys in FIELDS.items()
    }


# -- faults, truth, commands ------------------------------------------------------------------------------------------
@pytest.fixture
def simulator(tmp_path):
    made = Simulator(Scenario.parse("site: empty"), Options(tmp_path))
    yield made
    made.close()


def test_kinds_of_fault(simulator):
    assert sorted(table("simulator.md", "Faults").codes("kind")) == simulator.world.faults.kinds


def test_arguments_of_faults(simulator):
    documented = table("simulator.md", "Faults")
    rows = zip(documented.codes("kind"), documented.column("arguments"), strict=True)
    assert {kind: codes(words) for kind, words in rows} == {kind: list(args) for kind, args in ARGUMENTS.items()}
    assert sorted(ARGUMENTS) == simulator.world.faults.kinds


def noted_kinds():
    """Every kind of fact that the sources note: the first argument of a `note` on the truth log or a person."""
    found = set()
    for path in (ROOT / "hwsim").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "note"):
                continue
            owner = ast.unparse(node.func.value)
            if owner.endswith(("truth", "person")) or (owner == "self" and path.name == "person.py"):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(first.value)
    return found


def test_kinds_of_fact():
    documented = [word for t in tables("truth.md") for word in t.codes("what")]
    assert len(documented) == len(set(documented))
    # Told by a variable: the agent's two codes.
    assert set(documented) == noted_kinds() | {"agent_log_in", "agent_log_out"}


def test_needs():
    documented = table("simulator.md", "Scenarios that are run and judged")
    assert documented.codes("need") == list(runner_header.CAPABILITIES)


def test_notes_of_the_peer():
    documented = table("simulator.md", "notes of the peer").codes("note")
    found = set()
    for path in (ROOT / "hwsim" / "edge").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            noting = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NOTING
            if noting and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    assert len(documented) == len(set(documented)) and set(documented) == found


def test_side_door_commands(simulator):
    assert sorted(table("simulator.md", "The side door").codes("command")) == ask(simulator, "help")


def ask(simulator, command):
    """The answer of the side door to one command, through its socket."""
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(str(simulator.options.folder / "control.sock"))
        door.sendall(json.dumps({"id": 1, "command": command, "args": {}}).encode() + b"\n")
        for _ in range(10):
            simulator.loop.poll(0.05)
        return json.loads(door.makefile().readline())["result"]


def test_command_line_verbs():
    documented = {code.split()[1] for code in table("simulator.md", "Commands").codes("command")}
    assert documented == set(cli.commands)


def test_unsupported_functions_of_the_library():
    source = "".join(path.read_text(encoding="utf-8") for path in SHIM.glob("*.c"))
    names = set(re.findall(r'"((?:Ssm|Spy|DTR)\w+)"', source))
    names |= set(re.findall(r"WITHOUT\(((?:Ssm|Spy|DTR)\w+)\)", source))
    text = section("simulator.md", 'Functions of libshpa3 that are answered "unsupported"')
    assert codes(text) == sorted(names - set(TABLE))


# -- chirps: a decoder written from the page alone --------------------------------------------------------------------
def crc(payload: int) -> int:
    value = 0xFFFF
    for bit in range(23, -1, -1):
        high = (value >> 15) ^ (payload >> bit & 1)
        value = (value << 1) & 0xFFFF ^ (0x1021 if high else 0)
    return value


def decode(pcm: list[int]) -> tuple[int, int]:
    word = 0
    for symbol in range(20):
        block = pcm[320 + 32 * symbol : 352 + 32 * symbol]
        powers = []
        for v in range(4):
            turns = [2 * math.pi * (2000 + 250 * v) * n / 8000 for n in range(32)]
            c = sum(x * math.cos(a) for x, a in zip(block, turns, strict=True))
            s = sum(x * math.sin(a) for x, a in zip(block, turns, strict=True))
            powers.append(c * c + s * s)
        word = word << 2 | powers.index(max(powers))
    plain = word ^ 0x5A3C96E11B
    payload = plain >> 16
    assert crc(payload) == plain & 0xFFFF
    return payload >> 16, payload & 0xFFFF


@pytest.mark.parametrize(("party", "number"), [(0, 0), (1, 1), (99, 4711), (255, 65535)])
def test_chirps_are_as_the_page_says(party, number):
    pcm = list(make_chirp(party, number, 0))
    assert len(pcm) == 960
    assert decode(pcm) == (party, number)
    for n in range(0, 320, 7):
        t = n / 8000
        wanted = 22826 * math.sin(2 * math.pi * (1700 * t + 1300 * t * t / (2 * 320 / 8000)))
        assert abs(pcm[n] - wanted) <= 1


def test_the_first_scenario_of_the_page_is_good(tmp_path):
    page = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    example = page.partition("answers *good*:\n\n")[2].partition("\nRun it with")[0]
    scenario = Scenario.parse("".join(line.removeprefix("    ") for line in example.splitlines(True)))
    simulator = Simulator(scenario, Options(tmp_path))
    try:
        simulator.world.check()
        assert scenario.file.callers and scenario.file.faults and scenario.file.scripts
    finally:
        simulator.close()
