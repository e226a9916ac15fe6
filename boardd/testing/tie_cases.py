"""Cases of ties to other domains: opened and closed, the death of a peer, too many, sound while all else goes on."""

from __future__ import annotations

import array
import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

from boardd.contract.capabilities import Capability
from boardd.contract.driver import DigitsSent, LinkChange, PlayEnded, PlayRequest, RecordEnded, TieEnd, TieEnded
from boardd.contract.errors import BoarddError, OverloadError, UnknownIdError, UnsupportedError
from boardd.media.engine.engine import Engine
from boardd.media.engine.ring import RingEnd, make_ring
from boardd.testing.cases import answered
from boardd.testing.registry import case
from boardd.testing.stage import Stage

LOUD = 1000
"""Samples above this are somebody's voice."""
RATE_HZ = 8000


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def _opened(stage: Stage, name: str) -> RingEnd:
    """A tie of that name; the other end of its ring."""
    ours, theirs = make_ring()
    await stage.driver.open_tie(name, TieEnd(ours.hand_over(), ours.side))
    return theirs


class _Peer:
    """The other domain: an engine of its own at the far end of the ring, which keeps what it hears."""

    def __init__(self, engine: Engine, end: RingEnd) -> None:
        self.ear = engine.null_port(capacity=10 * RATE_HZ)
        self.ring = engine.ring_port(end, lambda _event: None)
        engine.link(self.ring, self.ear)
        for port in (self.ear, self.ring):
            port.run()

    def loud(self) -> int:
        """Loud samples since the last time."""
        heard = array.array("h", self.ear.take(10 * RATE_HZ))
        return sum(abs(sample) > LOUD for sample in heard)


@contextmanager
def _peer(end: RingEnd) -> Iterator[_Peer]:
    with Engine(4) as engine:
        engine.start()
        yield _Peer(engine, end)


@case(Capability.LINK)
async def ties_are_opened_and_closed(stage: Stage) -> None:
    before = _open_files()
    if not stage.inventory.switching.stream_channels:
        try:
            await _opened(stage, "tie/1")
        except UnsupportedError:
            return
        raise AssertionError("a domain without ties opened one")
    first = await _opened(stage, "tie/1")
    first.close()
    await stage.driver.close_tie("tie/1")
    between = _open_files()  # the engine's own
    for _again in range(3):
        other = await _opened(stage, "tie/1")
        await stage.driver.close_tie("tie/1")
        await stage.driver.close_tie("tie/1")
        await stage.driver.close_tie("tie/nobody")
        other.close()
    assert _open_files() == between, (before, between)


@case(Capability.LINK)
async def a_peer_that_dies_is_told_once(stage: Stage) -> None:
    if not stage.inventory.switching.stream_channels:
        return
    mark = stage.log.mark
    theirs = await _opened(stage, "tie/2")
    await asyncio.sleep(1)
    assert not stage.log.of("tie/2", mark)
    theirs.close()
    await stage.log.wait(TieEnded, "tie/2", mark, within_s=1)
    await asyncio.sleep(1)
    assert len(stage.log.of("tie/2", mark)) == 1
    await stage.driver.close_tie("tie/2")


@case(Capability.LINK)
async def too_many_ties_are_refused(stage: Stage) -> None:
    room = stage.inventory.switching.stream_channels
    if not room:
        return
    opened: list[RingEnd] = []
    try:
        for number in range(room + 1):
            opened.append(await _opened(stage, f"tie/many/{number}"))
    except OverloadError:
        pass
    else:
        raise AssertionError(f"more than {room} ties were opened")
    finally:
        files = _open_files()
        for number, end in enumerate(opened):
            await stage.driver.close_tie(f"tie/many/{number}")
            end.close()
    assert len(opened) == room
    assert files - _open_files() >= 8 * room, "descriptors stay open"
    again = await _opened(stage, "tie/many/0")
    await stage.driver.close_tie("tie/many/0")
    again.close()


@case(Capability.LINK)
async def links_with_unknown_ties_are_refused(stage: Stage) -> None:
    trunk = stage.far.trunks[0]
    channel, mark = await answered(stage, trunk)
    for change in (LinkChange(channel, "tie/none", True), LinkChange("tie/none", channel, True)):
        try:
            await stage.driver.link([change])
        except UnknownIdError:
            continue
        raise AssertionError(f"{change} was accepted")
    await stage.free(channel, mark)


@case(Capability.LINK)
async def a_tie_goes_on_beside_recording_prompts_and_digits(stage: Stage) -> None:
    if not stage.inventory.switching.stream_channels:
        return
    trunk = stage.far.trunks[0]
    channel, mark = await answered(stage, trunk, "speaks")
    port = stage.port(channel)
    both = [("tie/3", channel), (channel, "tie/3")]
    with _peer(await _opened(stage, "tie/3")) as peer:
        await stage.driver.link([LinkChange(*pair, True) for pair in both])
        await asyncio.sleep(8)
        assert peer.loud(), "the caller is not heard through the tie"
        for attempt in range(2):
            path = str(stage.folder / f"tie{attempt}.alaw")
            await port.record(path)
            await asyncio.sleep(2)
            assert peer.loud(), "the tie is silent while the call is recorded"
            await port.stop_record()
            ended = await stage.log.wait(RecordEnded, channel, mark)
            mark = stage.log.mark
            assert ended.reason == "stopped" and 1.8 * RATE_HZ <= ended.samples <= 2.2 * RATE_HZ, ended
        await port.play(PlayRequest((stage.sounds[0],)))
        await stage.log.wait(PlayEnded, channel, mark, reason="end")
        if port.can(Capability.SEND_DIGITS):
            await port.send_digits("12")
            await stage.log.wait(DigitsSent, channel, mark, completed=True)
        peer.loud()
        await asyncio.sleep(2)
        assert peer.loud(), "the tie is silent after the recording"
        await stage.driver.link([LinkChange(channel, "tie/3", False)])
        await asyncio.sleep(1)
        peer.loud()
        await asyncio.sleep(1)
        assert not peer.loud(), "the caller is heard although nobody links him"
        await stage.driver.link([LinkChange(channel, "tie/3", True)])
        await asyncio.sleep(1)
        assert peer.loud(), "the caller is not heard again"
        await stage.free(channel, mark)
        try:
            await stage.driver.link([LinkChange(*pair, False) for pair in both])
        except BoarddError as error:
            raise AssertionError("links of a call that was hung up cannot be dropped") from error
        await stage.driver.close_tie("tie/3")
