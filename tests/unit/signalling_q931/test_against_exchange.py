"""The simulator's exchange, with a libpri of its own, against the span: the world of `./run score q931`, smaller."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from lib_pri_judge import judge_records, judge_wire
from lib_pri_world import World

from boardd.signalling.q931.profile import Side

pytestmark = pytest.mark.usefixtures("simulators_libpri")
EPOCH_S = 1_704_067_200


def test_calls_both_ways(tmp_path, tshark):
    """Two hundred calls overlap; truth log, records and tshark say the same of each."""
    world = World(100, 7, tmp_path / "d.pcap", every_ms=150)
    world.restart_busy_slot(12_000)
    world.run()
    records, wire = judge_records(world), judge_wire(world, tshark, tmp_path / "d.pcap", EPOCH_S)
    assert records.wrong == [] and wire.wrong == []
    assert records.counts["equal to the truth"] >= 190 and records.counts["glare"] >= 3
    assert records.counts["ended by RESTART"] == 1
    assert wire.counts["complete"] >= 150 and world.card.troubles == []


def test_a_lost_link(tmp_path, tshark):
    world = World(30, 3, tmp_path / "d.pcap")
    world.lose_link(9_000, 18_000)
    world.run()
    records, wire = judge_records(world), judge_wire(world, tshark, tmp_path / "d.pcap", EPOCH_S)
    assert records.wrong == [] and wire.wrong == []
    assert records.counts["outlived a lost link"] >= 1 and records.counts["touched by a lost link"] >= 5


def test_a_switchboard_of_ours(tmp_path):
    """We play the network, the far end is the user: ours are the slots that both have seized."""
    world = World(40, 5, tmp_path / "d.pcap", side=Side.NETWORK, every_ms=150)
    world.run()
    records = judge_records(world)
    assert records.wrong == []
    assert records.counts["equal to the truth"] >= 70 and records.counts["glare"] >= 2


def test_the_exchange_starts_anew(tmp_path):
    """DISC, every call forgotten, SABME: what we believe connected is freed, and calls work again."""
    world = World(10, 2, tmp_path / "d.pcap", every_ms=100)
    world.sim.later(6_000, world.network.restart_exchange, 1_000.0)
    world.run()
    assert world.card.quiet and world.town.idle()
    assert all(record.releases == 1 for record in world.card.records)
