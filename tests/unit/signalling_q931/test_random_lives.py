"""Random interleavings of both ends: whatever happens in whatever order, each call ends exactly once, no slot stays
stuck, and the span never sends a message that its call's state forbids. A failing seed repeats itself."""

import contextlib
import random

import pytest
from peer import SLOTS, Manners
from site_of_tests import SIDES, PeerSite

from boardd.contract.errors import WrongStateError
from boardd.signalling.span import Incoming


class Life:
    """Two ends with people who do anything at any time."""

    def __init__(self, seed, side, *, losses, restarts):
        self.rng = random.Random(seed)
        self.losses, self.restarts = losses, restarts
        self.calls = []
        self.site = PeerSite(side, peer={"manners": self.manners, "t309_ms": 30_000}, timers_ms={"T309": 30_000})
        self.site.on_event = self.told
        self.site.wire.delay_ms = self.rng.choice((0.0, 1.0, 15.0, 120.0))

    def manners(self):
        rng = self.rng
        return Manners(
            refuse=rng.choice((None, None, None, 17, 34)),
            alert_ms=rng.choice((None, 0, 50, 400)),
            answer_ms=rng.choice((None, 0, 60, 700)),
            hang_up_ms=rng.choice((None, 0, 55, 300, 2000)),
            cause=rng.choice((16, 17, 41)),
            in_band_ms=rng.choice((None, None, 1000)),
            progress_cause=rng.choice((None, None, 1)),
        )

    def told(self, site, event):
        if isinstance(event, Incoming):
            self.calls.append(event.call)
            self.later_or_now(lambda: self.act(event.call))

    def later_or_now(self, action):
        if self.rng.random() < 0.3:
            action()
        else:
            self.site.clock.later(self.rng.choice((0, 1, 30, 200, 900)), action)

    def act(self, call):
        span, rng = self.site.span, self.rng
        rng.choice(
            (
                lambda: span.alerting(call, in_band=rng.random() < 0.5),
                lambda: span.progress(call),
                lambda: span.connect(call),
                lambda: span.connect(call),
                lambda: span.disconnect(call, rng.choice((16, 17, 21, 34, 44))),
            )
        )()
        if rng.random() < 0.6:
            self.later_or_now(lambda: self.act(call))

    def step(self):
        rng, site = self.rng, self.site
        what = rng.random()
        if what < 0.3:
            with contextlib.suppress(WrongStateError):
                self.calls.append(site.setup(rng.choice(SLOTS[:6]), exclusive=rng.random() < 0.6))
        elif what < 0.6:
            slot = rng.choice(SLOTS[:6])
            busy = {c.slot for c in site.peer.calls.values()}
            if slot not in busy and site.peer.link.up:
                site.peer.dial(slot, "1055", exclusive=rng.random() < 0.6, hang_up_ms=rng.choice((None, 100, 1500)))
        elif what < 0.75 and self.calls:
            site.span.disconnect(rng.choice(self.calls[-8:]), 16)
        elif what < 0.85 and site.peer.calls:
            site.peer.hang_up(rng.choice(list(site.peer.calls.values())), rng.choice((16, 31)))
        elif what < 0.9 and self.restarts:
            slot = rng.choice(SLOTS[:6])
            rng.choice((lambda: site.span.restart(slot), lambda: site.peer.restart(slot)))()
        elif what < 0.92 and self.restarts:
            slot = rng.choice(SLOTS[:6])
            site.span.service(slot, in_service=False)
            site.clock.later(500, lambda: site.span.service(slot, in_service=True))
        elif what < 0.94 and self.losses:
            site.wire.cut = True
            site.clock.later(rng.choice((100, 3000, 16_000, 60_000)), self.mend)
        site.run(rng.choice((0.0, 0.001, 0.02, 0.1, 0.1, 0.7)))
        if self.losses and rng.random() < 0.02:
            site.run(20)

    def mend(self):
        self.site.wire.cut = False

    def end(self):
        site = self.site
        self.mend()
        site.on_event = None
        site.run(60)
        assert site.span.link_up and site.peer.link.up
        for _ in range(3):
            for call in self.calls:
                site.span.disconnect(call)
            for call in list(site.peer.calls.values()):
                site.peer.hang_up(call)
            site.run(150)
        site.check()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("seed", range(12))
def test_calls_only(side, seed):
    life = Life(seed, side, losses=False, restarts=False)
    for _ in range(150):
        life.step()
    life.end()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("seed", range(12))
def test_calls_restarts_and_losses(side, seed):
    life = Life(1000 + seed, side, losses=True, restarts=True)
    for _ in range(150):
        life.step()
    life.end()


@pytest.mark.deep
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("seed", range(150))
def test_many_lives(side, seed):
    life = Life(5000 + seed, side, losses=seed % 2 == 0, restarts=seed % 3 == 0)
    for _ in range(600):
        life.step()
    life.end()
