"""Somebody's own program bridges calls of two domains, supervises them, goes away; the truth log tells who hears whom.

All conversations are held at once, in all combinations of domains that need a tie; so it shows when somebody is heard
by the wrong people. Then the program is away, and one side of a bridge hangs up as people do; then a host dies.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from talks import FLIGHT_US, Heard, Talk, line_domain
from tie_plan import MEDIA_CHIRPS, MEDIA_PARTY, PHASES, TALKS, Conversation, Style
from tie_rig import TieRun, run_desk

DELAY_MS = {("synway", "dahdi"): 180 + 80, ("dahdi", "synway"): 40 + 304}
"""One tie: out of the speaker's domain and into the hearer's, as the drivers declare."""
WITHIN_MS = 110
GAP_MS = 20
LEAST = 4
"""Chirps in a turn."""
SETTLE_US = 100_000
TREATED_WITHIN_US = 2_000_000
TOLD_US = 3_000_000
"""Until somebody has recognised busy tone."""
NOTICED_US = 6_000_000
"""Until a card knows by busy tone that the far end of an exchange line has hung up."""
STUCK_US = 14_000_000
"""A library call's deadline, what it is granted beyond, and the turn in which that is seen."""
SUPERVISED = [talk for talk in TALKS if talk.supervisor]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> TieRun:
    return run_desk(tmp_path_factory.mktemp("tie") / "run", ("process_kill", "host-synway"))


def roles(talk: Conversation) -> dict[str, str]:
    """Role -> person."""
    found = {"caller": talk.person, "agent": talk.agent}
    return {**found, "supervisor": talk.supervisor} if talk.supervisor else found


def should_hear(phase: str) -> dict[str, set[str]]:
    """Role -> roles that it hears."""
    found = {"caller": {"agent"}, "agent": {"caller"}, "supervisor": {"caller", "agent"}}
    if phase in ("whisper", "barge_in"):
        found["agent"].add("supervisor")
    if phase == "barge_in":
        found["caller"].add("supervisor")
    if phase == "gone":
        found["supervisor"] = set()
    return found


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("talk", SUPERVISED, ids=lambda talk: f"{talk.places}-{talk.style}")
def test_who_hears_whom(run: TieRun, talk: Conversation, phase: str) -> None:
    """Everything that is said to somebody arrives, in step and as soon as declared; nothing else does."""
    from_us, to_us = run.window(talk, phase)
    people = roles(talk)
    for role, heard_roles in should_hear(phase).items():
        heard = run.heard(people[role], from_us + SETTLE_US, to_us)
        wanted = {run.parties[people[other]] for other in heard_roles}
        assert {h.party for h in heard} == wanted, (talk.name, phase, role)
        for other in heard_roles:
            way = Talk(run.stay(people[other]), run.stay(people[role]))
            delays = run.talks.delays_us(way, from_us, to_us - FLIGHT_US)
            assert len(delays) >= LEAST, way.names
            assert max(delays) - min(delays) <= GAP_MS * 1000, (way.names, delays)
            assert max(delays) <= longest_ms(run, talk, other, role) * 1000, (way.names, delays)


def longest_ms(run: TieRun, talk: Conversation, speaker: str, hearer: str) -> int:
    """By the ties between them: two calls of one domain that are lent to another one are tied there and back."""
    out, into = talk.domain_of(speaker), talk.domain_of(hearer)
    if out != into:
        return DELAY_MS[out, into]
    beside = talk.style is Style.BESIDE and "supervisor" in (speaker, hearer)
    (owner,) = {t["owner"] for t in run.desk("beside" if beside else "bridge", talk=talk.name)}
    return WITHIN_MS if owner == out else DELAY_MS[out, owner] + DELAY_MS[owner, out]


def test_gains_are_refused_where_the_owner_has_none(run: TieRun) -> None:
    """And the conversation goes on as it was (the other tests are made of that)."""
    for talk in TALKS:
        (bridge,) = run.desk("bridge", talk=talk.name)
        told = [t for t in run.told if t["what"] in ("refused", "accepted") and t["talk"] == talk.name]
        if bridge["owner"] == "dahdi":
            assert [t["what"] for t in told] == ["accepted"]
        else:
            (refused,) = told
            assert refused["code"] == "unsupported" and refused["text"] == "domain synway cannot set gains"
    owners = {t["owner"] for t in run.desk("bridge")}
    assert owners == {"dahdi", "synway"}


# -- nobody controls --------------------------------------------------------------------------------------------------
def hung_up_us(run: TieRun, talk: Conversation) -> int:
    """When one of the two put the receiver down of their own accord, in the time without the program."""
    who = talk.agent if talk.ends == "agent" else talk.person
    (fact,) = run.of("on_hook", person=who)
    assert run.desk("away")[0]["t_us"] + 2_000_000 < fact["t_us"] < run.desk("strike")[0]["t_us"], talk.name
    return int(fact["t_us"])


def left_alone(talk: Conversation) -> str:
    return talk.person if talk.ends == "agent" else talk.agent


def treatment(run: TieRun, person: str, since_us: int) -> list[Heard]:
    return [h for h in run.stay(person).heard if h.party == MEDIA_PARTY and h.at_us >= since_us]


def released_us(run: TieRun, person: str, since_us: int) -> int:
    """When the call of a caller ended at the exchange, by us; for somebody at a telephone, when the media ended."""
    if "/" in person and person.endswith("/1") and run.of("caller_begin", person=person):
        return int(call_end(run, person)["t_us"])
    (busy, *_more) = [f for f in run.of("heard_tone", person=person, tone="busy") if f["t_us"] >= since_us]
    return int(busy["t_us"])


def call_end(run: TieRun, person: str) -> dict[str, Any]:
    (begin,) = run.of("caller_begin", person=person)
    (call,) = [f["call"] for f in run.of("call_begin") if f["caller"].endswith(begin["caller"])]
    (end,) = run.of("call_end", call=call)
    return end


def is_treated(run: TieRun, person: str, since_us: int, noticed_us: int) -> list[Heard]:
    """The media, round after round without a hole."""
    heard = treatment(run, person, since_us)
    assert heard, f"{person} hears no treatment"
    assert heard[0].at_us - since_us <= noticed_us + TREATED_WITHIN_US, (person, heard[0].at_us - since_us)
    for before, after in itertools.pairwise(heard):
        assert after.number == before.number % MEDIA_CHIRPS + 1, (person, before, after)
        assert abs(after.at_us - before.at_us - 400_000) <= 150_000, (person, before, after)
    return heard


@pytest.mark.parametrize("talk", [t for t in TALKS if t.ends and t.treats], ids=lambda t: f"{t.places}-{t.ends}")
def test_who_is_left_alone_by_a_hang_up_is_treated(run: TieRun, talk: Conversation) -> None:
    """The other leg is not dropped: it hears the media for as long as the treatment says, and then is released."""
    at_us, person = hung_up_us(run, talk), left_alone(talk)
    noticed_us = NOTICED_US if talk.ends == "caller" and not talk.line.startswith("e1/") else 0
    heard = is_treated(run, person, at_us, noticed_us)
    treated_us = heard[-1].at_us - heard[0].at_us
    assert (run.plan.max_s - 1.5) * 1e6 <= treated_us <= (run.plan.max_s + 0.5) * 1e6, treated_us
    end_us = released_us(run, person, at_us)
    assert 0 <= end_us - heard[-1].at_us <= TOLD_US, (person, end_us, heard[-1])
    if talk.ends == "agent":
        assert call_end(run, person)["by"] == "called"


@pytest.mark.parametrize("talk", [t for t in TALKS if t.ends and not t.treats], ids=lambda t: f"{t.places}-{t.ends}")
def test_who_is_left_alone_is_released_unless_told_otherwise(run: TieRun, talk: Conversation) -> None:
    at_us, person = hung_up_us(run, talk), left_alone(talk)
    assert treatment(run, person, 0) == []
    noticed_us = NOTICED_US if talk.ends == "caller" else 0
    assert 0 <= released_us(run, person, at_us) - at_us <= noticed_us + TREATED_WITHIN_US, person
    if talk.ends == "agent":
        assert (call_end(run, person)["by"], call_end(run, person)["cause"]) == ("called", 16)


def test_the_death_of_a_host_is_the_release_of_its_calls(run: TieRun) -> None:
    died(run, "synway")


def died(run: TieRun, domain: str, after_us: int = 0) -> None:
    """Legs of the other host are treated, a conversation within it goes on, and nobody else is treated."""
    at_us = run.desk("strike")[0]["t_us"]
    survivors = {
        people["agent"] if talk.domain_of("caller") == domain else people["caller"]
        for talk in TALKS
        if not talk.ends and len(set(talk.places[:2])) == 2
        for people in (roles(talk),)
    }
    assert len(survivors) == 2
    for person in survivors:
        is_treated(run, person, at_us, after_us)
    (whole,) = [t for t in TALKS if t.places[:2] in ("SS", "DD") and t.domain_of("caller") != domain]
    caller, agent = run.stay(whole.person), run.stay(whole.agent)
    for way, least in ((Talk(caller, agent), LEAST), (Talk(agent, caller), 5 * LEAST)):
        assert run.talks.whole(way, at_us - 3_000_000, at_us + 6_000_000, GAP_MS) >= least, way.names
    heard_media = {person for person in run.parties if treatment(run, person, at_us)}
    assert heard_media == survivors


def test_nobody_ever_hears_anybody_of_another_conversation(run: TieRun) -> None:
    for talk in TALKS:
        people = roles(talk)
        mine = {run.parties[person] for person in people.values()}
        for person in people.values():
            heard = run.stay(person).heard
            assert {h.party for h in heard} - mine <= {MEDIA_PARTY}, person
            assert len(heard) >= LEAST


def test_lines_of_both_domains_took_part() -> None:
    ways = {(t.domain_of(one), t.domain_of(other)) for t in SUPERVISED for one, other in pairs()}
    assert len(ways) == 4
    assert {line_domain(t.agent) for t in TALKS} == {"dahdi", "synway"}


def pairs() -> Iterator[tuple[str, str]]:
    return itertools.permutations(("caller", "agent", "supervisor"), 2)


@pytest.mark.deep
def test_the_death_of_the_other_host(tmp_path: Path) -> None:
    died(run_desk(tmp_path / "run", ("process_kill", "host-dahdi")), "dahdi")


@pytest.mark.deep
def test_a_library_that_hangs_in_a_tie(tmp_path: Path) -> None:
    """One of the library's own threads does not come back from what the pump has it call: the host ends, as told."""
    run = run_desk(tmp_path / "run", ("library_block", "SsmPlayMemBlock"), end_after_s=STUCK_US / 1e6 + 8)
    assert run.of("fault_struck", fault="block", function="SsmPlayMemBlock")
    died(run, "synway", STUCK_US)
