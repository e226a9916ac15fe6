"""Links, bus, conferences (section 13), proven by chirps."""

from __future__ import annotations

import os
import struct

import pytest
from synbench import Net
from synmachines import DIGITAL

from hwsim.core.events import Format, What
from hwsim.core.sound import find_chirps, pcm_of


def bench_of(make, **personality):
    bench = make({**DIGITAL, "personality": personality})
    bench.ready()
    return bench


@pytest.fixture
def bench(make):
    return bench_of(make)


def who_hears(bench, *channels):
    """Which parties each channel's far end hears; every far end says its own chirps."""
    legs = {ch: bench.machine.spans["card0/1"].circuits[ch + 1].net_leg for ch in channels}
    sources = [
        bench.engine.chirp(legs[ch], ch + 1, 0, level_mb=-2000, period_samples=8000 + 1931 * ch) for ch in channels
    ]
    heard = {}
    ears = {}
    for ch in channels:
        fd = os.open(bench.tmp_path / f"ear{ch}", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        ears[ch] = (fd, bench.engine.record_fd(legs[ch], fd, Format.PCM16, What.IN))
    bench.run(6000)
    for ch in channels:
        fd, recorder = ears[ch]
        bench.engine.stop(recorder)
        os.close(fd)
        heard[ch] = {c.party - 1 for c in find_chirps(pcm_of((bench.tmp_path / f"ear{ch}").read_bytes()))}
    for source in sources:
        bench.engine.stop(source)
    bench.run(500)
    return heard


def test_talk(bench):
    assert who_hears(bench, 0, 1) == {0: set(), 1: set()}
    assert bench.call("SsmTalkWith", 0, 1) == 0
    assert who_hears(bench, 0, 1) == {0: {1}, 1: {0}}
    assert bench.call("SsmTalkWith", 0, 1) == -1
    assert bench.call("SsmTalkWith", 1, 2) == -1
    assert bench.call("SsmStopTalkWith", 0, 1) == 0
    assert who_hears(bench, 0, 1) == {0: set(), 1: set()}
    assert bench.call("SsmStopTalkWith", 0, 1) == -1


def test_listen_goes_from_first_to_second_and_is_exclusive(bench):
    assert bench.call("SsmListenTo", 0, 1) == 0
    assert who_hears(bench, 0, 1) == {0: set(), 1: {0}}
    assert bench.call("SsmListenTo", 2, 1) == -1
    assert b"already listening" in bench.reply("SsmGetLastErrMsg").outs[0]
    assert bench.call("SsmStopListenTo", 0, 1) == 0
    assert bench.call("SsmListenTo", 2, 1) == 0


def test_monitor_whisper_and_mixing(bench):
    bench.call("SsmTalkWith", 0, 1)
    assert bench.call("SsmLinkFrom", 0, 2) == 0
    assert bench.call("SsmLinkFrom", 1, 2) == 0
    assert bench.call("SsmLinkFrom", 1, 2) == -1
    assert who_hears(bench, 0, 1, 2) == {0: {1}, 1: {0}, 2: {0, 1}}
    assert bench.call("SsmLinkFrom", 2, 1) == 0
    assert who_hears(bench, 0, 1, 2) == {0: {1}, 1: {0, 2}, 2: {0, 1}}
    assert bench.call("SsmStopLinkFrom", 2, 1) == 0
    assert bench.call("SsmStopLinkFrom", 2, 1) == -1


def test_two_links_of_the_same_pair_are_independent(bench):
    bench.call("SsmTalkWith", 0, 1)
    bench.call("SsmLinkFrom", 0, 1)
    bench.call("SsmStopTalkWith", 0, 1)
    assert who_hears(bench, 0, 1) == {0: set(), 1: {0}}


def test_bad_links(bench):
    assert bench.call("SsmTalkWith", 0, 0) == -1
    assert bench.error() == 8
    assert bench.call("SsmTalkWith", 0, 99) == -1
    assert bench.error() == 2


def test_clear_all_links(bench):
    bench.call("SsmTalkWith", 0, 1)
    bench.call("SsmLinkFrom", 2, 0)
    assert bench.call("SsmClearChBusLink", 0) == 0
    assert who_hears(bench, 0, 1, 2) == {0: set(), 1: set(), 2: set()}


@pytest.mark.parametrize(("survive", "hears"), [(True, {0}), (False, set())])
def test_links_after_hangup(make, survive, hears):
    bench = bench_of(make, links_survive_hangup=survive)
    net = Net(bench.machine.spans["card0/1"].circuits[1])
    net.call("8001")
    bench.until_state(0, 2)
    bench.call("SsmPickup", 0)
    bench.call("SsmTalkWith", 0, 1)
    bench.call("SsmHangup", 0)
    bench.run(100)
    assert bench.state(0) == 0
    assert who_hears(bench, 0, 1)[1] == hears


def test_one_to_many(bench):
    listeners = struct.pack("<2i", 1, 2)
    assert bench.call("SsmLinkFromAllCh", 0, 0, listeners, 2) == 0
    assert who_hears(bench, 0, 1, 2) == {0: set(), 1: {0}, 2: {0}}
    assert bench.call("SsmUnLinkFromAllCh", 0, listeners, 2) == 0
    assert who_hears(bench, 0, 1, 2) == {0: set(), 1: set(), 2: set()}


def test_bus(bench):
    assert bench.call("SsmLinkFromBus", 10, 1) == 0
    assert bench.call("SsmLinkToBus", 0, 10) == 0
    assert bench.call("SsmLinkToBus", 2, 10) == -1
    assert who_hears(bench, 0, 1) == {0: set(), 1: {0}}
    assert bench.call("SsmUnLinkToBus", 0, 10) == 0
    assert bench.call("SsmLinkToBus", 2, 10) == 0
    assert who_hears(bench, 0, 1, 2) == {0: set(), 1: {2}, 2: set()}
    assert bench.call("SsmUnLinkFromBus", 10, 1) == 0
    assert bench.call("SsmUnLinkFromBus", 10, 1) == -1
    assert bench.call("SsmLinkToBus", 3, 9999) == -1
    assert bench.error() == 5


def test_listen_to_play_only(bench):
    assert bench.call("SsmListenToPlay", 0, 0, 1) == 0
    bench.call("SsmSendTone", 0, 0)
    bench.run(300)
    leg = bench.machine.spans["card0/1"].circuits[2].net_leg
    assert bench.level(leg) > -1200
    bench.call("SsmStopSendTone", 0)
    assert who_hears(bench, 0, 1) == {0: set(), 1: set()}
    assert bench.call("SsmUnListenToPlay", 0, 1) == 0


# -- conferences -------------------------------------------------------------------------------------------------------
def test_three_members_hear_each_other(bench):
    group = bench.call("SsmCreateConfGroup", -1, -1, -1, -1)
    assert group >= 0
    for ch in (0, 1, 2):
        assert bench.call("SsmJoinConfGroup", group, ch, 0, 1, 0, 0) == 0
    assert who_hears(bench, 0, 1, 2) == {0: {1, 2}, 1: {0, 2}, 2: {0, 1}}
    assert bench.reply("SsmGetConfGrpInfo", group).outs[:2] == (3, 3)
    assert bench.reply("SsmGetConfChInfo", 1).outs[:3] == (group, 1, 0)
    assert bench.reply("SsmGetConfGrpMmbrId", group).outs == (struct.pack("<3i", 0, 1, 2),)
    assert bench.call("SsmExitConfGroup", 1, 0) == 0
    assert who_hears(bench, 0, 1, 2) == {0: {2}, 1: set(), 2: {0}}
    assert bench.call("SsmFreeConfGroup", group) == 0
    assert who_hears(bench, 0, 2) == {0: set(), 2: set()}
    assert bench.call("SsmGetTotalConfGroup") == 0
    assert bench.call("SsmValidateGrpId", group) == 0


def test_listener_mode_and_contacts(bench):
    group = bench.call("SsmCreateConfGroup", 8, 4, 4, 0)
    bench.call("SsmJoinConfGroup", group, 0, 0, 1, 0, 0)
    bench.call("SsmJoinConfGroup", group, 1, 0, 1, 0, 0)
    bench.call("SsmJoinConfGroup", group, 2, 1, -1, 0, 0)
    assert who_hears(bench, 0, 1, 2) == {0: {1}, 1: {0}, 2: {0, 1}}
    assert bench.call("SsmSetContactInConf", group, 0, 2, 0) == 0
    assert who_hears(bench, 0, 1, 2) == {0: {1}, 1: {0}, 2: {1}}


def test_conference_refusals_and_limits(bench):
    assert bench.call("SsmJoinConfGroup", 5, 0, 0, 1, 0, 0) == -1
    assert bench.call("SsmJoinConfGroup", 5, 0, 0, 1, 1, 0) == 0
    group = bench.call("SsmCreateConfGroup", 2, 1, 1, 0)
    assert bench.call("SsmJoinConfGroup", group, 0, 0, 1, 0, 0) == -1
    assert bench.call("SsmJoinConfGroup", group, 1, 0, 1, 0, 0) == 0
    assert bench.call("SsmJoinConfGroup", group, 2, 0, 1, 0, 0) == -1
    assert bench.error() == 11
    bench.call("SsmTalkWith", 3, 4)
    assert bench.call("SsmJoinConfGroup", group, 3, 1, 1, 0, 0) == -1
    assert bench.call("SsmTalkWith", 1, 5) == -1
    assert bench.call("SsmJoinConfGroup", group, 6, 1, 1, 0, 0) == 0
    assert bench.call("SsmJoinConfGroup", group, 7, 1, 1, 0, 0) == -1
    assert bench.call("SsmCreateConfGroup", 2, 3, 1, 0) == -1
    assert bench.call("SsmExitConfGroup", 9, 0) == -1
