"""`boardd run` with small children: READY, crash, missed watchdog, stubbornness, and a supervisor that dies."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from boardd.config.site import DomainSection, Paths, SchedulerSection, Site
from boardd.contract.errors import ConfigurationError
from boardd.notify import Notifier
from boardd.supervise.app import Supervisor
from boardd.supervise.keeper import Phase, Timing
from boardd.supervise.process import spawn
from boardd.supervise.role import Role, roles_of

HERE = Path(__file__).parent
QUICK = Timing(restart_s=0.02, watchdog_s=0.6, start_s=5.0, abort_s=0.2)
LIMIT_S = 20.0


class Bench:
    """A supervisor and what its children wrote."""

    def __init__(self, tmp_path, behaviours, timing=QUICK, stop_s=5.0):
        self.log = tmp_path / "log"
        self.changed = asyncio.Event()
        roles = [
            Role(
                name,
                (sys.executable, "-S", str(HERE / "child.py"), behaviour, str(self.log)),
                stop_order=order,
                environment={"ROLE": name},
                stop_s=stop_s,
            )
            for order, (name, behaviour) in enumerate(behaviours.items())
        ]
        self.supervisor = Supervisor(roles, tmp_path / "run", Notifier({}), timing)
        told = self.supervisor._changed
        for keeper in self.supervisor.keepers:
            keeper._on_change = lambda: (told(), self.changed.set())
            keeper._mailbox._on_message = lambda f, v, take=keeper._message: (take(f, v), self.changed.set())
        self.keeper = self.supervisor.keepers[0]

    def starts(self):
        return [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []

    async def until(self, condition):
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def stop(self):
        self.supervisor.ask_stop()
        await self.supervisor.run()
        self.supervisor.close()


def alive(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_a_child_is_ready_in_its_own_session_and_stops(tmp_path):
    bench = Bench(tmp_path, {"daemon": "good"})
    bench.supervisor.start()
    assert bench.keeper.phase is Phase.STARTING
    await bench.until(lambda: bench.keeper.phase is Phase.RUNNING)
    assert bench.keeper.status == "at work"
    ((pid, watchdog_us, leads_session),) = bench.starts()
    assert (int(pid), watchdog_us, leads_session) == (bench.keeper.process.pid, "600000", "True")
    await bench.stop()
    assert not alive(int(pid))
    assert bench.keeper.phase is Phase.DOWN


async def test_a_child_that_crashes_is_started_again(tmp_path):
    bench = Bench(tmp_path, {"daemon": "crash"})
    bench.supervisor.start()
    await bench.until(lambda: bench.keeper.starts >= 3)
    await bench.stop()
    pids = [pid for pid, *_ in bench.starts()]
    assert len(set(pids)) == len(pids) >= 2


async def test_a_fed_watchdog_keeps_a_child(tmp_path):
    bench = Bench(tmp_path, {"daemon": "good", "other": "hang"})
    bench.supervisor.start()
    other = bench.supervisor.keepers[1]
    # The other one misses its watchdog twice; meanwhile the good one is left alone.
    await bench.until(lambda: other.starts == 3)
    assert bench.keeper.starts == 1
    await bench.stop()


async def test_a_child_that_survives_sigabrt_is_killed(tmp_path):
    bench = Bench(tmp_path, {"daemon": "stubborn"}, stop_s=0.1)
    bench.supervisor.start()
    await bench.until(lambda: bench.keeper.phase is Phase.RUNNING)
    pid = bench.keeper.process.pid
    await bench.until(lambda: bench.keeper.starts == 2)
    assert not alive(pid)
    last = bench.keeper.process.pid
    await bench.stop()
    assert not alive(last)


async def test_a_child_that_is_never_ready_is_started_again(tmp_path):
    bench = Bench(tmp_path, {"daemon": "never_ready"}, Timing(restart_s=0.02, start_s=0.3, abort_s=0.2))
    bench.supervisor.start()
    await bench.until(lambda: bench.keeper.starts == 2)
    await bench.stop()


async def test_a_wrong_configuration_is_not_tried_again(tmp_path):
    bench = Bench(tmp_path, {"daemon": "misconfigured"})
    bench.supervisor.start()
    await bench.until(lambda: bench.keeper.phase is Phase.FAILED)
    await bench.stop()
    assert len(bench.starts()) == 1


async def test_a_command_that_cannot_be_run_is_tried_again(tmp_path):
    bench = Bench(tmp_path, {"daemon": "good"})
    good = bench.keeper.role
    bench.keeper.role = Role("daemon", (str(tmp_path / "none"),), stop_order=0)
    bench.supervisor.start()
    assert bench.keeper.phase is Phase.WAITING
    bench.keeper.role = good
    await bench.until(lambda: bench.keeper.phase is Phase.RUNNING)
    await bench.stop()


async def test_children_stop_in_order(tmp_path):
    bench = Bench(tmp_path, {"scheduler": "orderly", "daemon": "orderly", "host/a": "orderly"})
    bench.supervisor.start()
    await bench.until(lambda: all(k.phase is Phase.RUNNING for k in bench.supervisor.keepers))
    await bench.stop()
    assert (tmp_path / "log.order").read_text().split() == ["scheduler", "daemon", "host/a"]


async def test_asked_twice_the_supervisor_kills(tmp_path):
    bench = Bench(tmp_path, {"daemon": "stubborn"}, Timing(), stop_s=60.0)
    bench.supervisor.start()
    await bench.until(lambda: bench.keeper.phase is Phase.RUNNING)
    bench.supervisor.ask_stop()
    ending = asyncio.ensure_future(bench.supervisor.run())
    await asyncio.sleep(0)
    bench.supervisor.ask_stop()
    async with asyncio.timeout(LIMIT_S):
        await ending
    bench.supervisor.close()


def test_children_outlive_the_supervisor_and_are_not_doubled(tmp_path):
    command = [sys.executable, str(HERE / "doomed.py"), str(tmp_path / "run"), str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as doomed:
        said = doomed.stdout.readline()
        doomed.send_signal(signal.SIGKILL)
    assert said == b"running\n"
    pid = int((tmp_path / "log").read_text().split()[0])
    assert alive(pid)

    async def main():
        bench = Bench(tmp_path, {"daemon": "good"})
        bench.supervisor.start()
        assert bench.keeper.process.adopted
        assert bench.keeper.process.pid == pid
        # It speaks to the new supervisor, and its end is seen although it is not our child.
        await bench.until(lambda: bench.keeper._timer is not None)
        os.kill(pid, signal.SIGKILL)
        await bench.until(lambda: bench.keeper.starts == 2 and bench.keeper.phase is Phase.RUNNING)
        assert not bench.keeper.process.adopted
        assert len(bench.starts()) == 2
        await bench.stop()

    asyncio.run(main())


def test_an_adopted_child_is_stopped(tmp_path):
    async def main():
        first = Bench(tmp_path, {"daemon": "good"})
        first.supervisor.start()
        await first.until(lambda: first.keeper.phase is Phase.RUNNING)
        pid = first.keeper.process.pid
        first.supervisor.close()
        second = Bench(tmp_path, {"daemon": "good"})
        second.supervisor.start()
        assert second.keeper.process.pid == pid
        await second.stop()
        return pid

    pid = asyncio.run(main())
    assert not alive(pid)
    os.waitpid(pid, 0)


async def test_two_supervisors_do_not_share_a_machine(tmp_path):
    bench = Bench(tmp_path, {"daemon": "good"})
    with pytest.raises(ConfigurationError, match="another"):
        Bench(tmp_path, {"daemon": "good"})
    bench.supervisor.close()


def test_lockstep_is_told_of_births_and_deaths(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr("boardd.clock.child_spawned", lambda pid: told.append(("spawned", pid)))
    monkeypatch.setattr("boardd.clock.child_reaped", lambda pid: told.append(("reaped", pid)))
    monkeypatch.setattr("boardd.clock.simulated", lambda: True)

    async def main():
        ended = asyncio.get_running_loop().create_future()
        script = "import os, sys; sys.exit(int(os.environ['PYTHONHASHSEED']) + 5)"
        role = Role("daemon", (sys.executable, "-S", "-c", script), stop_order=0)
        process = spawn(role, tmp_path / "lock", tmp_path / "none", 1.0, ended.set_result)
        assert told == [("spawned", process.pid)]
        assert await ended == 5
        assert told == [("spawned", process.pid), ("reaped", process.pid)]

    asyncio.run(main())


def test_roles_follow_the_configuration(tmp_path):
    site = Site(
        domains={
            "shpa": DomainSection(driver="synway", environment={"A": "1"}),
            "old": DomainSection(driver="synway", interpreter="/opt/python32/bin/python3"),
        },
        paths=Paths(runtime_dir=tmp_path),
    )
    roles = roles_of(site, tmp_path / "boardd.yaml")
    assert [(r.name, r.stop_order) for r in roles] == [
        ("daemon", 1),
        ("host/shpa", 2),
        ("host/old", 2),
        ("scheduler", 0),
    ]
    tail = ("--config", str(tmp_path / "boardd.yaml"))
    assert roles[1].argv == (sys.executable, "-m", "boardd", "host", "shpa", *tail)
    assert roles[1].environment == {"A": "1"}
    assert roles[2].argv[0] == "/opt/python32/bin/python3"
    site.scheduler = SchedulerSection(enabled=False)
    assert [r.name for r in roles_of(site, tmp_path / "boardd.yaml")] == ["daemon", "host/shpa", "host/old"]
