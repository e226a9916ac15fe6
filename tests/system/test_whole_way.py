"""A caller reaches an agent: the whole way, judged from recording and truth log alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from site_run import SiteRun, chirps, run_site, wav_sides

CHIRP_TOLERANCE_MS = 20


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> SiteRun:
    return run_site(tmp_path_factory.mktemp("eight"), calls=8)


def test_every_caller_has_one_record_and_the_right_digits(eight: SiteRun) -> None:
    assert eight.status == 0, eight.output
    assert eight.result["offered"] == 8
    assert eight.result["stuck_channels"] == 0
    for contact in eight.contacts:
        assert contact["records"] == 1
        assert contact["digits_sent"] and contact["digits_heard"] == contact["digits_sent"]
        assert contact["agent"] and contact["talk_s"] > 0
        assert contact["coverage"] == pytest.approx(1.0, abs=0.005)


def test_lines_agree_with_the_truth(eight: SiteRun) -> None:
    routes = {f["call"]: f["line"] for f in eight.of("call_route")}
    callers = {f["call"]: f["caller"] for f in eight.of("call_begin")}
    truth = {callers[call]: line for call, line in routes.items()}
    assert {c["caller"]: c["line"] for c in eight.contacts} == truth


def spoken(run: SiteRun, person: str) -> dict[int, int]:
    """Chirp number -> microseconds of its first sample, for what this person said."""
    return {f["number"]: f["t_us"] for f in run.of("chirp", person=person)}


def agent_of(run: SiteRun, contact: dict[str, Any]) -> dict[str, Any]:
    return next(f for f in run.of("person") if f["station"] == contact["station"])


def check_side(found: list[Any], party: int, said: dict[int, int], start_us: int) -> None:
    """All chirps of the side are this party's, in order, each within 20 ms of when it was said."""
    assert found, "nothing on this side"
    assert {c.party for c in found} == {party}
    numbers = [c.number for c in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "lost or out of order"
    for chirp in found:
        heard_us = start_us + chirp.start_sample * 125
        assert abs(heard_us - said[chirp.number]) <= CHIRP_TOLERANCE_MS * 1000, chirp


def test_each_party_is_in_its_own_channel_and_nowhere_else(eight: SiteRun) -> None:
    for contact in eight.contacts:
        left, right = wav_sides(Path(contact["recording"]))
        agent = agent_of(eight, contact)
        start_us = contact["recording_start_us"]
        check_side(chirps(left), contact["party"], spoken(eight, contact["person"]), start_us)
        said = {n: t for n, t in spoken(eight, agent["person"]).items() if t >= start_us - 1_000_000}
        later = [c for c in eight.contacts if c["recording_start_us"] > start_us and c["station"] == contact["station"]]
        end_us = min((c["recording_start_us"] for c in later), default=1 << 62)
        check_side(chirps(right), agent["party"], {n: t for n, t in said.items() if t < end_us}, start_us)


def test_people_heard_each_other_without_a_gap(eight: SiteRun) -> None:
    """What the caller's own telephone heard: the agent's chirps, none missing while both talked."""
    for contact in eight.contacts:
        agent = agent_of(eight, contact)
        heard = eight.of("heard_person", person=contact["person"], party=agent["party"])
        assert heard, contact["person"]


def test_muted_line_no_digits(tmp_path: Path) -> None:
    """The card hears nothing of the caller: no digit arrives, the menu says goodbye, one record, nothing stuck."""
    faults = [{"at_s": 1, "what": "mute", "where": f"e1a/1/{slot}"} for slot in (1, 2, 3)]
    faults += [{"at_s": 1, "what": "mute", "where": f"ana/{port}"} for port in (1, 2, 3)]
    run = run_site(tmp_path, calls=2, faults=faults)
    assert run.result["stuck_channels"] == 0
    for contact in run.contacts:
        assert contact["digits_sent"]
        assert contact["digits_heard"] == ""
        assert contact["records"] == 1


def test_a_dropped_block_lowers_the_coverage_by_its_length(tmp_path: Path) -> None:
    """The card loses 400 ms of one leg while two people talk."""
    clean = run_site(tmp_path / "clean", calls=1, seed=3)
    contact = clean.contacts[0]
    at_s = contact["recording_start_us"] / 1e6 + contact["talk_s"] / 2
    channel = int(contact["line"].rpartition("/")[2]) - 1 + (30 if contact["line"].startswith("ana") else 0)
    fault = {"at_s": round(at_s, 3), "what": "record_drop", "where": str(channel), "args": {"ms": "400"}}
    lossy = run_site(tmp_path / "lossy", calls=1, seed=3, faults=[fault]).contacts[0]
    assert contact["coverage"] == pytest.approx(1.0, abs=0.003)
    lost_s = (contact["coverage"] - lossy["coverage"]) * 2 * lossy["talk_s"]
    assert lost_s == pytest.approx(0.4, abs=0.04)
    assert len(lossy["gaps"]) == 1
