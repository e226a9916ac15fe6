"""Talks that the kernel carries (`bridging=kernel`): who heard whom and how late is read from what the simulated people
heard and said, what the kernel was asked from the truth log.
"""

import asyncio
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from dahdi_play import TRUTH, Play, call_in, fault, truth, truth_mark
from hwsim_far_end import wav_of

from boardd.contract.driver import (
    Connected,
    Digit,
    DigitsSent,
    LinkChange,
    Offered,
    OffHook,
    PlayEnded,
    PlayRequest,
    RecordEnded,
    ReleasedByFar,
)
from boardd.testing import Stage
from hwsim.core.sound import alaw_decode, alaw_encode, find_chirps, make_chirp

pytestmark = pytest.mark.usefixtures("own_libpri")

HERE = Path(__file__).parent
OUT, STATIONS, LISTENS = "e1/1/20", ("an/3", "an/4"), "13950000001"
ENGINE, KERNEL = 0, 9
"""Modes of SETCONF."""
FLIGHT_US, SAMPLE_US = 700_000, 125
PROMPT_PARTY, PROMPT_CHIRPS, STEP = 77, 5, 3200
play = Play(
    HERE / "dahdi_bridge_site.yaml",
    {"PRI-1": "e1", "ANA-1": "an"},
    {"an/3": "8001", "an/4": "8002"},
    settle_s=8.0,
    recorded=True,
    bridging="kernel",
    echo="off",
    reconcile_ms="1000",
)


# -- what the truth says ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Chirp:
    """When it was heard or said, whose it is, its number."""

    at_us: int
    party: int
    number: int


@dataclass(frozen=True)
class Ear:
    """What one person heard and said during a call that is over."""

    party: int
    heard: list[Chirp]
    said: list[Chirp]

    def delays_ms(self, speaker: "Ear", between: tuple[int, int]) -> list[float]:
        """Of every chirp that the other said in that time; each must have been heard once. Raises AssertionError."""
        first_us, last_us = between
        found = []
        for said in speaker.said:
            if first_us + FLIGHT_US < said.at_us < last_us - FLIGHT_US:
                times = [h.at_us for h in self.heard if (h.party, h.number) == (said.party, said.number)]
                assert len(times) == 1, f"chirp {said} of {speaker.party} was heard at {times}"
                found.append((times[0] - said.at_us) / 1000)
        assert len(found) >= 2, "too few chirps to say anything"
        return found

    def parties(self, between: tuple[int, int]) -> set[int]:
        """Whom this person heard in that time."""
        return {h.party for h in self.heard if between[0] + FLIGHT_US < h.at_us < between[1] - FLIGHT_US}


def ears(stage: Stage, since: int) -> dict[str, Ear]:
    """By line, of everybody who has hung up since."""
    chirps, done = truth(stage, "chirp", since), {f["file"] for f in truth(stage, "recorded", since)}
    found = {}
    for fact in truth(stage, "recording", since):
        if fact["file"] not in done:
            continue
        data = (stage.folder / TRUTH / "voices" / fact["file"]).read_bytes()
        sound = data[data.index(b"data") + 8 :]
        heard = [
            Chirp(fact["start_us"] + c.start_sample * SAMPLE_US, c.party, c.number)
            for c in find_chirps(alaw_decode(sound[0::2]))
        ]
        said = [Chirp(c["t_us"], c["party"], c["number"]) for c in chirps if c["person"] == fact["person"]]
        found[fact["person"]] = Ear(said[0].party if said else 0, heard, said)
    return found


def turns(stage: Stage, channel: str, since: int) -> list[tuple[int, int]]:
    """What the kernel was asked for a channel: (mode, time)."""
    number = stage.port(channel).info.maker_channel
    return [(f["mode"], f["t_us"]) for f in truth(stage, "dahdi_conference", since, channel=number)]


def modes(stage: Stage, channel: str, since: int) -> list[int]:
    return [mode for mode, _at in turns(stage, channel, since)]


# -- what is done -----------------------------------------------------------------------------------------------------
def both_ways(*channels: str, on: bool = True) -> list[LinkChange]:
    return [LinkChange(a, b, on) for a in channels for b in channels if a != b]


async def caller(stage: Stage, script: str = "speaks") -> str:
    """Somebody calls in and is answered; the channel."""
    mark = stage.log.mark
    call_in(stage, "88001005", script)
    channel = (await stage.log.wait(Offered, tuple(stage.inventory.ports), mark)).channel
    await stage.port(channel).answer()
    await stage.log.wait(Connected, channel, mark)
    return channel


async def talking(stage: Stage, script: str = "speaks") -> tuple[str, str]:
    """A caller and somebody whom we have called, linked both ways."""
    one, mark = await caller(stage, script), stage.log.mark
    await stage.port(OUT).dial(stage.far.number("answers"))
    await stage.log.wait(Connected, OUT, mark)
    await asyncio.sleep(4)
    await stage.driver.link(both_ways(one, OUT))
    return one, OUT


async def rung(stage: Stage, channel: str) -> None:
    """A telephone that was rung and lifted: its call is connected."""
    mark = stage.log.mark
    await stage.port(channel).ring("13800000001", "")
    await asyncio.sleep(2)
    await stage.far.lift(channel)
    await stage.log.wait(Connected, channel, mark)


async def over(stage: Stage, *channels: str) -> None:
    for channel in channels:
        await stage.free(channel, 0)
    await asyncio.sleep(4)  # people hear that it is over, and put down


def only(found: dict[str, Ear], word: str) -> Ear:
    return next(ear for person, ear in found.items() if word in person)


def spans(turns_of: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The times between two changes."""
    return [(a[1], b[1]) for a, b in pairwise(turns_of)]


# -- cases ------------------------------------------------------------------------------------------------------------
@play
async def a_talk_is_the_kernels_until_somebody_records(stage: Stage) -> None:
    """Later through the engine than through the kernel; each recording is whole from its first sample to its last."""
    facts = truth_mark(stage)
    one, other = await talking(stage)
    await asyncio.sleep(4)
    mark = stage.log.mark
    files = {channel: stage.folder / f"talk_{channel.replace('/', '_')}.alaw" for channel in (one, other)}
    for channel, file in files.items():
        await stage.port(channel).record(str(file))
    await asyncio.sleep(4)
    for channel in files:
        await stage.port(channel).stop_record()
        await stage.log.wait(RecordEnded, channel, mark)
    await asyncio.sleep(4)
    await over(stage, one, other)
    found = ears(stage, facts)
    in_ear, out_ear = only(found, "by_hand"), only(found, "called")
    for channel in (one, other):
        assert modes(stage, channel, facts) == [KERNEL, ENGINE, KERNEL, ENGINE]
    first, engine, again = spans(turns(stage, one, facts))
    for hearer, speaker in ((in_ear, out_ear), (out_ear, in_ear)):
        by_kernel = hearer.delays_ms(speaker, first) + hearer.delays_ms(speaker, again)
        by_engine = hearer.delays_ms(speaker, engine)
        assert max(by_kernel) - min(by_kernel) < 1 and max(by_engine) - min(by_engine) < 1
        assert min(by_engine) - max(by_kernel) >= 40, (by_kernel, by_engine)
    for ear, file in ((in_ear, files[one]), (out_ear, files[other])):
        recorded = [c for c in find_chirps(alaw_decode(file.read_bytes())) if c.party == ear.party]
        numbers = [c.number for c in recorded]
        said = [c.number for c in ear.said if engine[0] + 50_000 < c.at_us < engine[1] - 300_000]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and set(said) <= set(numbers)
        steps = {b.start_sample - a.start_sample for a, b in pairwise(recorded)}
        assert steps == {STEP}


@play
async def whoever_listens_or_whispers_has_the_engine(stage: Stage) -> None:
    facts, supervisor = truth_mark(stage), STATIONS[0]
    one, other = await talking(stage)
    await stage.far.lift(supervisor)
    await stage.log.wait(OffHook, supervisor)
    await asyncio.sleep(2)
    listen = [LinkChange(one, supervisor, True), LinkChange(other, supervisor, True)]
    await stage.driver.link(listen)
    await asyncio.sleep(4.22)  # between the chirps of the others: two at once may hide each other
    stage.far.door.ask("station", station="8001", act="speak")  # type: ignore[attr-defined]
    whisper = LinkChange(supervisor, other, True)
    await stage.driver.link([whisper])
    whispered = truth(stage, "dahdi_conference", facts)
    await asyncio.sleep(4)
    await stage.driver.link([LinkChange(change.source, change.sink, False) for change in (*listen, whisper)])
    await asyncio.sleep(4)
    await over(stage, one, other)
    await stage.far.put_down(supervisor)
    await asyncio.sleep(1)
    assert len(whispered) == 4, "the whisper changes nothing any more"
    found = ears(stage, facts)
    a, b, c = only(found, "by_hand"), only(found, "called"), found["C"]
    assert modes(stage, one, facts) == modes(stage, other, facts) == [KERNEL, ENGINE, KERNEL, ENGINE]
    assert modes(stage, supervisor, facts) == []
    first, listened, last = spans(turns(stage, one, facts))
    for hearer, speaker in ((a, b), (b, a)):
        assert max(hearer.delays_ms(speaker, first) + hearer.delays_ms(speaker, last)) < 40
    assert c.parties(listened) == {a.party, b.party}
    assert b.parties(listened) == {a.party, c.party}
    assert a.parties(listened) == {b.party}, "a whisper is for one"
    assert a.parties(last) == {b.party} and b.parties(last) == {a.party}


@play
async def a_prompt_is_heard_from_its_first_word_on(stage: Stage) -> None:
    facts, mark = truth_mark(stage), stage.log.mark
    pieces = [make_chirp(PROMPT_PARTY, number, -1300) for number in range(1, PROMPT_CHIRPS + 1)]
    pause = array("h", bytes(2 * (STEP - len(pieces[0]))))
    file = wav_of(stage.folder / "prompt.wav", b"".join(alaw_encode(piece + pause) for piece in pieces))
    one = await caller(stage, "presses")
    await stage.port(OUT).dial(LISTENS)
    await stage.log.wait(Connected, OUT, mark)
    await stage.driver.link(both_ways(one, OUT))
    await asyncio.sleep(1)
    await stage.port(one).play(PlayRequest((file,)))
    await stage.log.wait(PlayEnded, one, mark)
    await stage.port(OUT).send_digits("15")
    await stage.log.wait(DigitsSent, OUT, mark)
    assert modes(stage, one, facts) == [KERNEL, ENGINE, KERNEL, ENGINE, KERNEL]
    # The caller's keys are heard although the kernel carries the talk; so is that he has gone.
    keys = [(await stage.log.wait(Digit, one, mark, digit=key)).digit for key in "4711"]
    await stage.log.wait(ReleasedByFar, one, mark)
    assert modes(stage, one, facts) == modes(stage, OUT, facts) == [KERNEL, ENGINE] * 3
    await over(stage, one, OUT)
    found = ears(stage, facts)
    prompt = [c.number for c in only(found, "by_hand").heard if c.party == PROMPT_PARTY]
    assert keys == list("4711") and {1, PROMPT_CHIRPS} <= set(prompt)
    assert not [c for c in only(found, "called").heard if c.party == PROMPT_PARTY]


@play
async def octets_of_two_laws_are_the_engines(stage: Stage) -> None:
    """An analogue card has another law than an E1; two of its telephones have the same."""
    facts = truth_mark(stage)
    one = await caller(stage)
    for station in STATIONS:
        await rung(stage, station)
        stage.far.door.ask("station", station=stage.far._extensions[station], act="speak")  # type: ignore[attr-defined]
    await stage.driver.link(both_ways(one, STATIONS[0]))
    await asyncio.sleep(4)
    mixed = truth(stage, "dahdi_conference", facts)
    await stage.driver.link(both_ways(one, STATIONS[0], on=False))
    await stage.driver.link(both_ways(*STATIONS))
    await asyncio.sleep(4)
    await stage.driver.link(both_ways(*STATIONS, on=False))
    await over(stage, one)
    for station in STATIONS:
        await stage.far.put_down(station)
    await asyncio.sleep(1)
    assert mixed == []
    found = ears(stage, facts)
    assert [modes(stage, station, facts) for station in STATIONS] == [[KERNEL, ENGINE]] * 2
    talk = spans(turns(stage, STATIONS[0], facts))[0]
    caller_ear, c, d = only(found, "by_hand"), found["C"], found["D"]
    assert caller_ear.party in {h.party for h in c.heard} and c.party in {h.party for h in caller_ear.heard}
    assert max(c.delays_ms(d, talk) + d.delays_ms(c, talk)) < 40


@play
async def a_kernel_that_refuses_costs_nobody_a_word(stage: Stage) -> None:
    facts = truth_mark(stage)
    one = await caller(stage)
    mark = stage.log.mark
    await stage.port(OUT).dial(stage.far.number("answers"))
    await stage.log.wait(Connected, OUT, mark)
    await asyncio.sleep(4)
    fault(stage, "ioctl_error", "SETCONF", channel=stage.port(OUT).info.maker_channel, times=1)
    await stage.driver.link(both_ways(one, OUT))
    await asyncio.sleep(4)
    refused = {channel: modes(stage, channel, facts) for channel in (one, OUT)}
    await stage.driver.link(both_ways(one, OUT, on=False))
    await stage.driver.link(both_ways(one, OUT))
    await asyncio.sleep(4)
    # It takes one back and not the other: asked for again with the next comparison.
    fault(stage, "ioctl_error", "SETCONF", channel=stage.port(one).info.maker_channel, times=1)
    await stage.port(one).record(str(stage.folder / "refused.alaw"))
    await asyncio.sleep(2)
    assert modes(stage, one, facts)[-1] == modes(stage, OUT, facts)[-1] == ENGINE
    await over(stage, one, OUT)
    assert refused == {one: [KERNEL, ENGINE], OUT: []}
    assert modes(stage, one, facts) == [KERNEL, ENGINE] * 2 and modes(stage, OUT, facts) == [KERNEL, ENGINE]
    found = ears(stage, facts)
    a, b = only(found, "by_hand"), only(found, "called")
    begun = turns(stage, one, facts)[1][1]
    carried = turns(stage, OUT, facts)[0][1]
    for hearer, speaker in ((a, b), (b, a)):
        assert min(hearer.delays_ms(speaker, (begun, carried))) > 40, "the engine's"


test_case = play.tests(deep=["octets_of_two_laws*"])
