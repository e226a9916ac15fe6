"""Finishing: alignment, coverage, gaps, short and missing legs, repeated after a kill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scheduler_loop import run
from scheduler_rig import DEMO, Site

from boardd.contract.objects import Instant
from boardd.media.wav import ALAW_SILENCE, read_alaw
from boardd.scheduler.recording.timeline import RawLeg, lay_out
from boardd.scheduler.records.record import Gap

WALL_AHEAD_MS = 1_700_000_000_000


def at(mono_ms: int) -> Instant:
    return Instant(wall_ms=mono_ms + WALL_AHEAD_MS, mono_ms=mono_ms)


def leg(tmp_path, side, began_ms, ended_ms, samples):
    return RawLeg(side, tmp_path / side, at(began_ms), ended_ms, samples)


def test_whole_legs_cover_everything(tmp_path):
    legs = [leg(tmp_path, "left", 1000, 11_000, 80_000), leg(tmp_path, "right", 1010, 11_020, 80_000)]
    found = lay_out(legs, [(1020, 10_990)])
    assert (found.coverage, found.gaps) == (1.0, [])
    assert [p.start for p in (*found.left, *found.right)] == [0, 80]


def test_clock_drift_is_no_gap(tmp_path):
    hour_ms = 3_600_000
    samples = round(hour_ms * 8 * (1 - 60e-6))
    legs = [leg(tmp_path, side, 0, hour_ms, samples) for side in ("left", "right")]
    assert lay_out(legs, [(100, hour_ms)]).coverage == 1.0


def test_short_leg_is_a_gap_at_its_end(tmp_path):
    legs = [leg(tmp_path, "left", 0, 10_000, 80_000), leg(tmp_path, "right", 0, 10_000, 72_000)]
    found = lay_out(legs, [(0, 10_000)])
    assert found.gaps == [Gap(side="right", from_ms=9_000, to_ms=10_000)]
    assert found.coverage == 0.95


def test_missing_leg_and_late_leg(tmp_path):
    found = lay_out([leg(tmp_path, "left", 2_000, 10_000, 64_000)], [(1_000, 10_000)])
    assert found.coverage == round(1 - (9_000 + 1_000) / 18_000, 6)
    assert {gap.side for gap in found.gaps} == {"left", "right"}


def test_never_bridged_has_no_coverage(tmp_path):
    assert lay_out([leg(tmp_path, "left", 0, 100, 800)], []).coverage is None
    assert lay_out([], []).coverage is None
    assert lay_out([], [(0, 100)]).coverage == 0.0


@given(
    st.lists(st.tuples(st.sampled_from(["left", "right"]), st.integers(0, 5000), st.integers(0, 5000)), max_size=6),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=3),
)
def test_coverage_agrees_with_counting_every_millisecond(raw, intervals):
    legs = [RawLeg(side, None, at(began), None, lasted * 8) for side, began, lasted in raw]
    edges = sorted(value for pair in intervals for value in pair)
    bridged = list(zip(edges[::2], edges[1::2], strict=True))
    found = lay_out(legs, bridged)
    due = have = 0
    for begin, end in bridged:
        for moment in range(begin, end):
            for side in ("left", "right"):
                due += 1
                have += any(x.side == side and x.began_ms <= moment < x.until_ms for x in legs)
    assert found.coverage == (None if not due else pytest.approx(have / due, abs=1e-5))


async def talked(site, seconds=10):
    await site.agents_ready(a1001="801")
    call = await site.in_queue()
    site.world.lift("801")
    await site.settle(5 + seconds)
    return call


def raw_files(site):
    return sorted((site.folder / "recordings" / ".raw").glob("*.alaw"))


def test_missing_and_short_raw_files(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = await talked(site)
        site.world.release(call)
        await site.settle(0.2)
        left, right = raw_files(site)
        left.write_bytes(left.read_bytes()[: len(left.read_bytes()) // 2])
        right.unlink()
        await site.settle(10)
        record = await site.record_of(call)
        assert record.recording_state == "done"
        assert 0.2 < record.coverage < 0.3
        sides = read_alaw(tmp_path / "recordings" / record.recording)
        assert set(sides[1]) == {ALAW_SILENCE}
        assert raw_files(site) == []
        await site.stop()

    run(main)


def test_all_raw_files_lost(tmp_path):
    async def main():
        site = Site(tmp_path)
        await site.start()
        call = await talked(site)
        site.world.release(call)
        await site.settle(0.2)
        for path in raw_files(site):
            path.unlink()
        await site.settle(10)
        record = await site.record_of(call)
        assert (record.recording_state, record.recording, record.coverage) == ("lost", "", 0.0)
        await site.stop()

    run(main)


@pytest.mark.parametrize("instant", ["before", "file_written", "recorded"])
def test_finishing_survives_a_kill(tmp_path, monkeypatch, instant):
    async def main():
        from boardd.scheduler.recording import finisher

        site = Site(tmp_path)
        await site.start()
        call = await talked(site)
        with monkeypatch.context() as patch:
            if instant == "file_written":
                patch.setattr(type(site.scheduler.store._database), "finish_recording", _die)
            elif instant == "recorded":
                patch.setattr(finisher, "remove_raw", _die)
            site.world.release(call)
            await site.settle(0.3 if instant == "before" else 10)
            assert len(raw_files(site)) == 2
            await site.kill()
        await site.start()
        await site.settle(10)
        record = await site.record_of(call)
        assert (record.recording_state, record.coverage) == ("done", 1.0)
        assert (tmp_path / "recordings" / record.recording).is_file()
        assert raw_files(site) == []
        await site.stop()

    run(main)


def _die(*_args, **_kwargs):
    raise RuntimeError("killed")


def test_no_room_no_recording_but_the_call_goes_on(tmp_path):
    async def main():
        site = Site(tmp_path, DEMO.replace("min_free_mb: 0", "min_free_mb: 99999999"))
        await site.start()
        call = await talked(site)
        assert [alarm.code for alarm in site.scheduler.alarms()] == ["recording"]
        site.world.release(call)
        await site.settle(1)
        record = await site.record_of(call)
        assert (record.outcome, record.recording_state, record.coverage) == ("talked", "none", None)
        await site.stop()

    run(main)


def test_policy_by_queue(tmp_path):
    async def main():
        site = Site(tmp_path, DEMO.replace("min_free_mb: 0", "min_free_mb: 0, queues: {sales: no}"))
        await site.start()
        await talked(site)
        assert "call.record" not in [method for method, _ in site.world.log]
        await site.stop()

    run(main)
