"""A whole host on a fake card, with everything that a test wants to see."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path

import msgspec
from host_fake import FakeDriver

from boardd.api import board_schema as w
from boardd.config.site import ChannelSection, DomainSection, GroupSection, NumberPattern, Paths, Site, StationSection
from boardd.contract.events import Event
from boardd.host.host import Host

ME = "acd"


def make_site(root, domains=("d",), **groups):
    base = {
        "isdn": GroupSection(channels=["e1a/1/*"]),
        "lines": GroupSection(channels=["kind:fxo"]),
        "desks": GroupSection(channels=["kind:fxs"]),
        "taps": GroupSection(channels=["kind:tap"]),
    }
    base.update(groups)
    return Site(
        domains={name: DomainSection(driver="fake") for name in domains},
        paths=Paths(runtime_dir=Path(root) / "run", state_dir=Path(root) / "state"),
        groups=base,
        channels={
            "fxs/1": ChannelSection(extension="801"),
            "fxs/2": ChannelSection(extension="802"),
            "fxs/3": ChannelSection(extension="803", always_off_hook=True),
        },
        station=StationSection(numbers=[NumberPattern(match="8\\d\\d"), NumberPattern(match="0")]),
    )


class Rig:
    def __init__(self, root, site=None, boot_id="boot-1", domain="d", **driver_options):
        self.root = Path(root)
        self.site = site or make_site(root)
        self.state = self.root / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        self.host = Host(domain, self.site, self.state, boot_id)
        self.events = []
        self.driver_options = driver_options
        self.driver = None
        self.fatal = []
        self.host.intake.on_fatal = self.fatal.append
        self.host.outlet.attach(self._take)
        self.lease_task = None
        self.seen = {}

    def _take(self, line):
        event = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        params = msgspec.json.decode(event["params"], type=w.EventNote)
        self.events.append(params.event)

    async def start(self, attended=True):
        def make(sink):
            self.driver = FakeDriver(sink, **self.driver_options)
            return self.driver

        await self.host.start(make)
        if attended:
            self.attend()
        return self

    def attend(self, *clients):
        self.leave()
        self.lease_task = asyncio.get_running_loop().create_task(self._renew(clients or (ME,)))

    async def _renew(self, clients):
        while True:
            self.host.leases.renew(clients)
            self.host.unattended.consider_all()
            await asyncio.sleep(1)

    def leave(self):
        if self.lease_task is not None:
            self.lease_task.cancel()
            self.lease_task = None

    def port(self, channel):
        return self.driver.ports[channel]

    def line(self, channel):
        return self.host.registry.lines[channel]

    async def settle(self, seconds=0.2):
        await asyncio.sleep(seconds)

    def do(self, method, client=ME, generation=1, groups=("isdn", "lines", "desks", "taps"), loans=None, **params):
        origin = w.OriginParams(method=method, params=params, client=client, generation=generation, groups=list(groups))
        origin.loans = loans or {}
        return self.host.commands.run(origin)

    def types(self, call=None):
        return [str(e.type) for e in self.events if call is None or (e.call is not None and e.call.id == call)]

    def last(self, kind) -> Event:
        return [e for e in self.events if e.type == kind][-1]

    def count(self, kind):
        return len([e for e in self.events if e.type == kind])

    async def offered(self, channel, **numbers):
        self.port(channel).offer(**numbers)
        await self.settle(0.05)
        return self.line(channel).call.call

    async def talk(self, channel, **more):
        call = await self.offered(channel, caller="13800138000")
        await self.do("call.answer", call=call.id, **more)
        await self.settle(0.05)
        return call

    async def stop(self):
        self.leave()
        await self.host.stop()
        await self.host.tasks.cancel()


@contextlib.asynccontextmanager
async def rig(site=None, attended=True, root=None, **options):
    with contextlib.ExitStack() as stack:
        root = root or stack.enter_context(tempfile.TemporaryDirectory())
        made = Rig(root, site, **options)
        await made.start(attended)
        try:
            yield made
        finally:
            await made.stop()
            assert made.host.tasks.counters["bugs"] == 0
            assert made.host.intake.counters["bugs"] == 0
