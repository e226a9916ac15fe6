"""Runs a real host process on the fake card; the test talks to it through files and signals.

python host_process.py ROOT SCRIPT     SCRIPT: offer | idle | fatal | hang | refuse | refuse_once | config
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[3]))

from host_fake import FakeDriver
from host_rig import make_site

from boardd import clock, logs
from boardd.contract import driver as d
from boardd.contract.capabilities import ChannelKind
from boardd.contract.driver import CONTRACT_VERSION, DriverDescriptor
from boardd.contract.errors import ConfigurationError, DeadlineError, DeviceError
from boardd.host import app, plugin, watchdog

DESCRIPTOR = DriverDescriptor("fake", "f", "m", CONTRACT_VERSION, (ChannelKind.FXO,), "x:y", {}, (), ("door",))


class Driver(FakeDriver):
    starts = 0

    def __init__(self, sink, script):
        super().__init__(sink)
        self.script = script

    async def start(self):
        Driver.starts += 1
        if self.script == "refuse":
            raise DeadlineError("SsmStartCti did not come back")
        if self.script == "refuse_once" and Driver.starts == 1:
            raise DeviceError("the card does not answer")
        if self.script == "config":
            raise ConfigurationError("ShConfig.ini:3: TotalBoards: is missing")
        found = await super().start()
        asyncio.get_running_loop().call_later(0.05, self.act)
        return found

    async def probe(self):
        if self.script == "hang":
            await asyncio.Event().wait()
        await super().probe()

    def act(self):
        if self.script == "offer":
            self.ports["fxo/1"].offer(caller="138")
        elif self.script == "fatal":
            self.sink(d.Fatal("lib", "SsmPickup hangs"))


def main():
    root, script = Path(sys.argv[1]), sys.argv[2]
    logs.configure("host/d")
    site = make_site(root)
    plugin.find_driver = lambda _name: DESCRIPTOR
    plugin.make_driver = lambda _descriptor, _domain, _site, sink: Driver(sink, script)
    watchdog.STILL_LIMIT_S = 1.5
    app.FIRST_START_RETRY_S = 0.05
    return clock.run(lambda: app.serve("d", site), "host-d")


if __name__ == "__main__":
    sys.exit(main())
