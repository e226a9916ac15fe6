"""DAHDI cards of the simulated machine: numbering, ends, cables, mixed machines, wrong files."""

import subprocess
from dataclasses import replace

import pytest

from boardd.config.yamlfile import ConfigProblemsError
from boardd.contract.errors import ConfigurationError
from hwsim.core.engine import Engine
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.line.digital import Alarm
from hwsim.machine import SimulatedPc
from hwsim.scenario.file import Scenario
from hwsim.signalling import _native
from hwsim.simulator import Options, Simulator
from hwsim.spanbus.section import Clocking
from hwsim.vendorlibs.dahdi.cards import PortKind
from hwsim.vendorlibs.dahdi.models import MODELS

MIXED = """
machine:
  cards:
    - {name: syn, model: SHD-30A-CT/PCI, spans: [{signalling: isdn_user}]}
    - {name: e1a, model: TE110P, serial: E100234, spans: [{signalling: pri_user}]}
    - {name: e1b, model: TE220, spans: [{signalling: pri_net}, {signalling: r2, crc4: no}]}
    - {name: ana, model: TDM410P, ports: OS-O}
    - {name: syna, model: SHT-16D-CT/PCIe, ports: OS}
    - {name: bank, model: TDM800P}
exchange:
  groups:
    - {name: mixed, numbers: [88001000-88001099], circuits: ["kind:e1"]}
    - {name: lines, numbers: ["88002000"], lines: ["kind:fxo"]}
"""


@pytest.fixture
def build(tmp_path):
    made = []

    def build(text):
        made.append(Simulator(Scenario.parse(text, "site.yaml"), Options(tmp_path / f"{len(made)}")))
        return made[-1]

    yield build
    for simulator in made:
        simulator.close()


def wrong(text):
    with Engine(1024, 0) as engine, pytest.raises(ConfigProblemsError) as caught:
        SimulatedPc(Sim(engine, TruthLog(), 0), Scenario.parse(text, "site.yaml"))
    return [str(problem) for problem in caught.value.problems]


def test_spans_and_channels_are_numbered_over_the_whole_machine(build):
    machine = build(MIXED).machine.dahdi
    assert [(s.number, s.first_channel, s.name, s.channels) for s in machine.all_spans()] == [
        (1, 1, "WCT1/0", 31),
        (2, 32, "TE2/0/1", 31),
        (3, 63, "TE2/0/2", 31),
        (4, 94, "WCTDM/0", 4),
        (5, 98, "WCTDM/1", 8),
    ]
    span, position = machine.channel(63 + 15)
    assert (span.bus.name, position) == ("e1b/2", 16)
    span, position = machine.channel(101)
    assert span.ports[position - 1].line.name == "bank/4"
    with pytest.raises(KeyError):
        machine.channel(106)
    assert machine.card("e1a").serial == "E100234" and machine.card("e1b").serial == "TE220-0002"


def test_the_exchange_has_lines_and_circuits_of_both_families(build):
    simulator = build(MIXED)
    groups = {group.name: [member.name for member in group.members] for group in simulator.world.exchange.groups}
    assert groups["lines"] == ["syna/1", "ana/1", "ana/4", "bank/1", "bank/2", "bank/3", "bank/4"]
    assert len(groups["mixed"]) == 120 and groups["mixed"][0] == "syn/1/1" and "e1b/2/31" in groups["mixed"]
    assert [card.name for card in simulator.machine.synway.cards] == ["syn", "syna"]


def test_ports_are_what_their_letters_say(build):
    ports = build(MIXED).machine.dahdi.card("ana").spans[0].ports
    assert [port.kind for port in ports] == [PortKind.FXO, PortKind.FXS, PortKind.EMPTY, PortKind.FXO]
    assert [port.line and port.line.name for port in ports] == ["ana/1", "ana/2", None, "ana/4"]


def test_far_ends_lead_except_behind_a_card_that_is_the_network(build):
    buses = build(MIXED).machine.buses
    assert [buses[name].net.clock.clocking for name in ("e1a/1", "e1b/1", "e1b/2")] == [
        Clocking.INTERNAL,
        Clocking.RECOVERED,
        Clocking.INTERNAL,
    ]
    assert [buses[name].crc4 for name in ("e1a/1", "e1b/2")] == [True, False]
    assert [buses[name].cas for name in ("e1a/1", "e1b/1", "e1b/2")] == [False, False, True]


def test_a_card_that_is_pulled(build):
    simulator = build(MIXED)
    card, told = simulator.machine.dahdi.card("e1a"), []
    card.on_plugged.append(told.append)
    card.plug(False)
    simulator.sim.advance_to(10_000)
    assert simulator.machine.buses["e1a/1"].net.alarms == {Alarm.LOS}
    card.plug(True)
    simulator.sim.advance_to(20_000)
    assert not simulator.machine.buses["e1a/1"].net.alarms and told == [False, True]
    analog = simulator.machine.dahdi.card("ana")
    analog.spans[0].ports[0].line.close_loop(True)
    analog.plug(False)
    assert not analog.spans[0].ports[0].line.loop_closed and analog.spans[0].ports[1].line.volts == 0


def test_connected_far_ends_speak(build, libpri, libopenr2):
    simulator = build(MIXED)
    machine = simulator.machine
    frames, bits = [], []
    for bus in machine.buses.values():
        bus.frame_taps.append(lambda at_us, side, frame, name=bus.name: frames.append((name, side, frame.hex())))
        bus.bits_taps.append(lambda at_us, side, slot, abcd, name=bus.name: bits.append((name, side, f"{abcd:04b}")))
    simulator.connect()
    simulator.sim.advance_to(100_000)
    assert set(frames) == {("e1a/1", "net", "02017f"), ("e1b/1", "net", "00017f")}
    assert set(bits) == {("e1b/2", "net", "1011")} and len(bits) == 30


@pytest.mark.parametrize(
    ("module", "door", "source", "signalling"),
    [("pri_stack", "PRI", "pri_door.c", "pri_user"), ("r2_line", "OPENR2", "r2_door.c", "r2")],
)
def test_without_the_library_the_card_is_built_but_not_opened(
    build, tmp_path, monkeypatch, module, door, source, signalling
):
    """The door is linked against a library that no machine has."""
    out = tmp_path / "libdoor.so"
    source_file = _native.HERE / "native" / source
    argv = ["gcc", "-shared", "-fPIC", str(source_file), "-o", str(out), "-Wl,--filter,libnobody.so.9"]
    subprocess.run(argv, check=True)
    absent = replace(getattr(_native, door), library=str(out), soname="libnobody.so.9", package="libnobody9")
    monkeypatch.setattr(f"hwsim.signalling.{module}.{door}", absent)
    simulator = build(f"machine: {{cards: [{{model: TE110P, spans: [{{signalling: {signalling}}}]}}]}}")
    with pytest.raises(ConfigurationError, match=r"libnobody\.so\.9 .*apt-get install libnobody9"):
        simulator.run()


def test_options_of_a_trunk_reach_its_far_end(build):
    options = "{direction: {in: 1-15, out: '17, 20-31'}, cd_bits: '01', ka: 8, kd: 2, kb: local, free_kb: 6}"
    machine = build(f"machine: {{cards: [{{model: TE110P, spans: [{{signalling: r2, r2: {options}}}]}}]}}").machine
    profile = machine.dahdi.cards[0].spans[0].plan.r2
    assert profile.in_only == frozenset(range(1, 16)) and profile.out_only == frozenset({17, *range(20, 32)})
    assert (profile.cd, profile.ka, profile.kd, profile.kb, profile.free_kb) == (0b01, 8, 2, "local", 6)
    options = "{caller_plan: national, overlap: no, exclusive: no, timers_ms: {T309: 90000}}"
    machine = build(
        f"machine: {{cards: [{{model: TE110P, spans: [{{signalling: pri_user, pri: {options}}}]}}]}}"
    ).machine
    profile = machine.dahdi.cards[0].spans[0].plan.pri
    assert (profile.caller_plan.name, profile.overlap, profile.exclusive) == ("NATIONAL", False, False)
    assert profile.timers == {"T309": 90_000}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_builds(build, name):
    machine = build(f"machine: {{cards: [{{model: {name}}}]}}").machine
    known = MODELS[name]
    assert len(machine.spans) == known.spans
    assert len(machine.analog_lines) == known.ports
    assert bool(known.spans) != bool(known.ports)


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("{model: TE402}", "site.yaml:3: machine.cards[0].model: there is no card TE402"),
        ("{modle: TE420}", "site.yaml:3: machine.cards[0].modle: unknown key (did you mean model?)"),
        ("{name: x}", "site.yaml:3: machine.cards[0]: model is missing"),
        ("{model: TE110P, sapns: []}", "site.yaml:3: machine.cards[0].sapns: unknown key (did you mean spans?)"),
        (
            "{model: TE110P, spans: [{signalling: pri_usr}]}",
            "site.yaml:3: machine.cards[0].spans[0].signalling: must be one of pri_user, pri_net, r2, not pri_usr"
            " (did you mean pri_user?)",
        ),
        (
            "{model: TE110P, spans: [{signalling: r2, pri: {overlap: yes}}]}",
            "site.yaml:3: machine.cards[0].spans[0].pri: does not go with signalling r2",
        ),
        (
            "{model: TE110P, spans: [{signalling: pri_user, pri: {timers_ms: {N2000: 1}}}]}",
            "site.yaml:3: machine.cards[0].spans[0].pri.timers_ms.N2000: there is no such timer (did you mean N200?)",
        ),
        (
            "{model: TE110P, spans: [{signalling: pri_user, pri: {caller_plan: natoinal}}]}",
            "site.yaml:3: machine.cards[0].spans[0].pri.caller_plan: must be one of unknown, unknown_e164, subscriber,"
            " national, international, not natoinal (did you mean national?)",
        ),
        (
            "{model: TE110P, spans: [{signalling: r2, r2: {kd: 9}}]}",
            "site.yaml:3: machine.cards[0].spans[0].r2.kd: must be 1 to 6",
        ),
        (
            "{model: TE110P, spans: [{signalling: r2, r2: {ka: 7}}]}",
            "site.yaml:3: machine.cards[0].spans[0].r2.ka: must be 1, 2, 3, 4, 5, 8 or 10",
        ),
        (
            "{model: TE110P, spans: [{signalling: r2, r2: {cd_bits: '00'}}]}",
            "site.yaml:3: machine.cards[0].spans[0].r2.cd_bits: must be 11, 01, 10",
        ),
        (
            "{model: TE110P, spans: [{signalling: r2, r2: {direction: {inn: 1-15}}}]}",
            "site.yaml:3: machine.cards[0].spans[0].r2.direction.inn: must be in or out (did you mean in?)",
        ),
        (
            "{model: TE110P, spans: [{signalling: r2, r2: {direction: {in: 1-40}}}]}",
            "site.yaml:3: machine.cards[0].spans[0].r2.direction.in: not timeslots: 1-40 (for example: 1-15, 17)",
        ),
        (
            "{model: TE110P, spans: [{signalling: r2, r2: {direction: {in: 1-5, out: 5}}}]}",
            "site.yaml:3: machine.cards[0].spans[0].r2.direction.out: the same timeslot in both directions",
        ),
        (
            "{model: TE110P, spans: [{signalling: r2, r2: {called_lengths: {x: 8}}}]}",
            "site.yaml:3: machine.cards[0].spans[0].r2.called_lengths.x: a prefix is up to 11 digits, a length 1 to 20",
        ),
        (
            "{model: TE110P, spans: [{signalling: pri_user, card_ppm: 900}]}",
            "site.yaml:3: machine.cards[0].spans[0].card_ppm: must be -200 to 200",
        ),
        (
            "{model: TE220, spans: [{signalling: r2}]}",
            "site.yaml:3: machine.cards[0].spans: TE220 has 2 E1, not 1",
        ),
        (
            "{model: TDM410P, spans: [{signalling: r2}]}",
            "site.yaml:3: machine.cards[0].spans: TDM410P has 4 analogue ports and no E1",
        ),
        ("{model: TE110P, ports: OO}", "site.yaml:3: machine.cards[0].ports: TE110P has 1 E1 and no analogue ports"),
        ("{model: TDM410P, ports: OOOOO}", "site.yaml:3: machine.cards[0].ports: TDM410P has 4 ports, not 5"),
        (
            "{model: TDM410P, ports: OT}",
            "site.yaml:3: machine.cards[0].ports: unknown module T: use O (FXO), S (FXS), - (empty)",
        ),
        ("{model: X100P, ports: S}", "site.yaml:3: machine.cards[0].ports: unknown module S: use O (FXO), - (empty)"),
        (
            "{model: SHD-30A-CT/PCI, spans: [{signalling: isdn_usr}]}",
            "site.yaml:3: machine.cards[0].spans[0].signalling: must be one of isdn_user, isdn_net, ss1, tup, isup,"
            " not isdn_usr (did you mean isdn_user?)",
        ),
        (
            "{model: SHD-30A-CT/PCI, serail: 3}",
            "site.yaml:3: machine.cards[0].serail: unknown key (did you mean serial?)",
        ),
        ("TE110P", "site.yaml:3: machine.cards[0]: a card is a mapping (key: value)"),
    ],
)
def test_wrong_cards_are_told_with_file_line_and_key(card, expected):
    assert any(text.startswith(expected) for text in wrong(f"machine:\n  cards:\n    - {card}"))


def test_two_cards_of_one_name():
    text = "machine:\n  cards:\n    - {name: a, model: TE110P}\n    - {name: a, model: SHD-30A-CT/PCI}"
    assert wrong(text) == ["site.yaml:4: machine.cards[1].name: two cards are called a (first in line 3)"]
