"""A supervisor that the test kills: `doomed.py DIRECTORY LOGFILE`."""

import asyncio
import sys
from pathlib import Path

from boardd import logs
from boardd.notify import Notifier
from boardd.supervise.app import Supervisor
from boardd.supervise.keeper import Phase
from boardd.supervise.role import Role


async def main():
    child = Path(__file__).with_name("child.py")
    role = Role("daemon", (sys.executable, "-S", str(child), "good", sys.argv[2]), stop_order=0)
    supervisor = Supervisor([role], Path(sys.argv[1]), Notifier({}))
    keeper = supervisor.keepers[0]
    keeper._on_change = lambda: keeper.phase is Phase.RUNNING and sys.stdout.write("running\n") and sys.stdout.flush()
    supervisor.start()
    await supervisor.run()


logs.configure("supervisor")
asyncio.run(main())
