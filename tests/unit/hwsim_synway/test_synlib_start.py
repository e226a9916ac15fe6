"""Start, stop, process rule, inventory, restart with seized lines (fact sheet sections 3, 4, 7)."""

from __future__ import annotations

import pytest
from synbench import Exchange, FakeClient, FakeConn, Net, config_for
from synmachines import ANALOG, DIGITAL

from hwsim.vendorlibs.rpc import PARKED
from hwsim.vendorlibs.synway.cards import build_machine, model


def test_nothing_works_before_start(make):
    bench = make(ANALOG)
    assert bench.call("SsmGetMaxCh") == -1
    assert bench.error() == 1
    assert bench.reply("SsmGetLastErrMsg").outs[0]


def test_start_takes_seconds_of_simulated_time_and_counts_cards(make):
    bench = make(ANALOG)
    assert bench.start() == 0
    assert 2_000_000 <= bench.sim.now_us <= 2_010_000
    assert (bench.call("SsmGetMaxCfgBoard"), bench.call("SsmGetMaxUsableBoard")) == (1, 1)
    assert bench.call("SsmGetMaxCh") == 4
    assert [bench.call("SsmGetChType", ch) for ch in range(4)] == [0, 0, 2, 3]
    assert bench.call("SsmGetPciSerialNo", 0) == 4711
    assert bench.text("SsmGetBoardName", 0) == "SHT-4D-CT/PCI"
    assert bench.reply("SsmGetChHdInfo", 2).outs == (0, 2)
    assert bench.reply("SsmGetAppChId", 0, 3).outs == (3,)
    assert bench.call("SsmGetMaxPcm") == 0
    assert bench.call("SsmGetChType", 4) == -1
    assert bench.error() == 2


def test_default_start_time_is_two_to_five_seconds(make):
    bench = make({**ANALOG, "personality": {"start_ms": [2200, 5200]}})
    assert bench.start() == 0
    assert 2_200_000 <= bench.sim.now_us <= 5_210_000


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (b"", "TotalBoards"),
        (b"[SystemConfig]\nTotalBoards=1\n", "BoardModel"),
        (config_for({"cards": [{"model": "SHX-9", "ports": "OO"}]}), "unknown board model"),
        (config_for(ANALOG).replace(b"0,0..3", b"0,0..2,9"), "format error"),
        (config_for(ANALOG).replace(b"0,0..3", b"0,0..4"), "duplicate or unmatched"),
        (config_for(ANALOG) + b"\n[AppChToBoardChTable]\nAppCh[1]=0,1\n", "duplicate or unmatched"),
        (config_for(ANALOG).replace(b"AppCh[0]=0", b"AppCh[0]=1"), "no such board"),
        (config_for({"cards": [{"model": "SHT-4D-CT/PCI", "ports": "OOOOO"}]}), "beyond the channels"),
    ],
)
def test_bad_files_fail_at_once_with_a_message(make, broken, message):
    bench = make(ANALOG)
    assert bench.start(config=broken) == -1
    assert bench.sim.now_us <= 8_000
    assert message in bench.reply("SsmGetLastErrMsg").outs[0].decode()
    assert bench.start() == 0


def test_missing_file_fails(make):
    bench = make(ANALOG)
    assert bench.call("SsmStartCti", "a.ini", "b.ini", files={}) == -1
    assert b"a.ini" in bench.reply("SsmGetLastErrMsg").outs[0]


def test_undefined_slots_are_no_channels(make):
    bench = make(ANALOG, config=config_for(ANALOG).replace(b"0,0..3", b"-1,-1\nAppCh[1]=0,0"))
    assert bench.start() == 0
    assert bench.call("SsmGetChType", 0) == -1
    assert bench.call("SsmGetChType", 1) == 0


def test_second_process_is_refused_with_minus_two(make):
    bench = make(ANALOG)
    assert bench.start() == 0
    other = FakeConn(FakeClient(200))
    assert bench.start(conn=other) == -2
    assert bench.call("SsmGetMaxCh", conn=other) == -1
    bench.library.detached(bench.client)
    assert bench.start(conn=other) == 0


def test_close_and_start_again_in_one_process(make):
    bench = make(ANALOG)
    assert bench.start() == 0
    assert bench.call("SsmCloseCti") == 0
    assert bench.call("SsmGetMaxCh") == -1
    assert bench.start() == 0
    assert bench.call("SsmGetMaxCh") == 4


def test_process_that_dies_while_starting_leaves_the_library_free(make):
    bench = make(ANALOG)
    files = {0: bench.file("c.ini", bench.config), 1: bench.file("i.ini", b"")}
    assert bench.raw("SsmStartCti", "c.ini", "i.ini", files=files) is PARKED
    for file in files.values():
        file.close()
    bench.library.detached(bench.client)
    bench.run(6000)
    assert bench.library.driver is None
    assert bench.start(conn=FakeConn(FakeClient(300))) == 0


def test_absent_card_leaves_fewer_usable_boards(make):
    site = {"cards": [*ANALOG["cards"], {"model": "SHT-2D-CT/PCI", "ports": "OO"}]}
    bench = make(site)
    bench.library.fit_card("card0", False)
    assert bench.start() == 0
    assert (bench.call("SsmGetMaxCfgBoard"), bench.call("SsmGetMaxUsableBoard")) == (2, 1)
    assert bench.call("SsmGetChType", 0) == -1
    assert bench.call("SsmGetChType", 4) == 0


@pytest.mark.parametrize(
    ("signalling", "kind", "first"),
    [("isdn_user", 7, 11), ("isdn_net", 8, 11), ("ss1", 4, 36), ("tup", 6, 70), ("isup", 11, 122)],
)
def test_circuits_begin_unavailable_and_become_idle_with_events(make, signalling, kind, first):
    bench = make({"cards": [{"model": "SHD-30E-CT/PCIe", "spans": [{"signalling": signalling}]}]})
    assert bench.start() == 0
    assert {bench.call("SsmGetChType", ch) for ch in range(30)} == {kind}
    assert {bench.state(ch) for ch in range(30)} == {first}
    assert bench.reply("SsmGetPcmLinkStatus", 0).outs[0] != 0
    bench.run(2000)
    assert {bench.state(ch) for ch in range(30)} == {0}
    assert bench.params(0x07, 0) == [0]
    assert bench.states(29) == [0]
    assert bench.reply("SsmGetPcmLinkStatus", 0).outs == (0,)


def test_timeslots_and_channels(make):
    site = {"cards": [{"model": "SHD-60E-CT/PCIe", "spans": [{}, {}]}]}
    bench = make(site)
    bench.ready()
    assert bench.call("SsmGetMaxPcm") == 2
    assert [bench.call("SsmPcmTsToCh", 1, ts) for ts in (1, 15, 17, 31)] == [30, 44, 45, 59]
    assert bench.call("SsmPcmTsToCh", 1, 16) == -1
    assert bench.reply("SsmChToPcmTs", 45).outs == (1, 17)
    assert bench.channel(45).leg == bench.machine.spans["card0/2"].circuits[17].card_leg


def test_death_keeps_the_hook_and_start_puts_it_back(make):
    bench = make(ANALOG)
    exchange = Exchange(bench, bench.machine.analog_lines["card0/1"])
    bench.ready(100)
    assert bench.call("SsmPickup", 0) == 0
    bench.run(100)
    bench.library.detached(bench.client)
    bench.run(5000)
    assert exchange.line.loop_closed
    assert bench.start(conn=FakeConn(FakeClient(2))) == 0
    assert not exchange.line.loop_closed


@pytest.mark.parametrize("signalling", ["isdn_user", "ss1", "isup"])
def test_death_keeps_the_circuit_and_start_resets_it(make, signalling):
    bench = make({"cards": [{"model": "SHD-30E-CT/PCIe", "spans": [{"signalling": signalling}]}]})
    bench.ready()
    net = Net(bench.machine.spans["card0/1"].circuits[1])
    net.call("8001")
    bench.until_state(0, 2)
    bench.call("SsmPickup", 0)
    bench.library.detached(bench.client)
    bench.run(5000)
    assert net.circuit.busy
    assert net.log[-1] == "connect"
    bench.conn = FakeConn(FakeClient(2))
    assert bench.start(conn=bench.conn) == 0
    bench.run(2000)
    assert net.log[-1][0] == "release"
    assert not net.circuit.busy
    assert bench.state(0) == 0


def test_orderly_close_releases_lines_unless_the_personality_keeps_them(make):
    for keeps in (False, True):
        bench = make({**ANALOG, "personality": {"close_keeps_lines": keeps}})
        bench.ready(100)
        bench.call("SsmPickup", 0)
        bench.run(100)
        bench.call("SsmCloseCti")
        assert bench.machine.analog_lines["card0/1"].loop_closed is keeps


def test_nothing_of_the_library_is_left_in_the_engine(make, tmp_path):
    bench = make({**DIGITAL, "cards": [*DIGITAL["cards"], *ANALOG["cards"]]})
    legs = bench.engine.stats().legs
    bench.ready()
    bench.call("SsmTalkWith", 0, 30)
    bench.call("SsmSendTone", 32, 0)
    files = {1: bench.file("x.wav")}
    assert bench.call("SsmRecToFile", 31, "x.wav", 6, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0, files=files) == 0
    bench.library.detached(bench.client)
    bench.run(100)
    stats = bench.engine.stats()
    assert (stats.legs, stats.sources, stats.links, stats.recorders, stats.detectors, stats.descriptors) == (
        legs,
        0,
        0,
        0,
        0,
        0,
    )


def test_interrupt_counter_moves_with_time(make):
    bench = make(ANALOG)
    bench.start()
    first = bench.call("SsmGetIntCount")
    bench.run(800)
    assert bench.call("SsmGetIntCount") == first + 100


def test_unmodelled_functions_are_unsupported(make):
    bench = make(ANALOG)
    bench.start()
    assert bench.call("SsmFaxStartSend", 0, "a.tif") == -1
    assert bench.error() == 3


def test_machine_from_a_configuration_alone(make):
    bench = make(ANALOG)
    site = {"cards": [{"model": "SHD-60E-CT/PCIe", "spans": [{}, {}]}, {"model": "SHT-16D-CT/PCIe", "channels": 16}]}
    config = config_for(site) + b"\n[ISDN]\nTotalNetLinker=1\nNetPcmLink[0]=LocalPCM[1]\n"
    machine = build_machine(bench.sim, None, config)
    assert [span.signalling for span in machine.spans.values()] == ["isdn_user", "isdn_net"]
    assert [int(c.kind) for c in machine.cards[1].channels] == [0] * 8 + [2] * 8


@pytest.mark.parametrize(
    "name", ["SHT-4B/USB", "SHT-16D-CT/PCIe", "SHD-30A-CT/PCI/EC", "SHD-480E-CT/CPCI", "ATP-24A/PCI"]
)
def test_known_models(name):
    assert model(name)


@pytest.mark.parametrize(
    "site",
    [
        {"cards": [{"model": "nonsense"}]},
        {"cards": [{"model": "SHT-4D-CT/PCI", "ports": "OOX"}]},
        {"cards": [{"model": "SHD-60E-CT/PCI", "spans": [{}]}]},
        {"personality": "nobody"},
        {"personality": {"no_such_field": 1}},
    ],
)
def test_bad_sites_are_refused(make, site):
    with pytest.raises(ValueError, match=r"unknown|has 2 spans|no such"):
        build_machine(make(ANALOG).sim, site)
