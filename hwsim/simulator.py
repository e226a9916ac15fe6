"""Puts one simulated machine together: engine, time, cards, makers' libraries, world, side door."""

from __future__ import annotations

import fcntl
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from hwsim.control.commands import Args, CommandError, Commands, integer
from hwsim.control.control import ControlServer
from hwsim.control.world_commands import WorldCommands
from hwsim.core.engine import Engine
from hwsim.kernel.drive import FreeDrive, LockstepDrive, real_s
from hwsim.kernel.keeper import Keeper
from hwsim.kernel.lateness import KEPT_S
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.machine import SimulatedPc, legs_for
from hwsim.process_faults import ProcessFaults
from hwsim.scenario.file import Scenario, wall_base_ms
from hwsim.scenario.world import World
from hwsim.vendorlibs.dahdi.fault_words import register_faults as register_dahdi_faults
from hwsim.vendorlibs.dahdi.io_fault_words import register_io_faults
from hwsim.vendorlibs.dahdi.library import DahdiLibrary
from hwsim.vendorlibs.dahdi.sysfs import SysTree
from hwsim.vendorlibs.rpc import RpcServer
from hwsim.vendorlibs.synway.fault_words import register_faults
from hwsim.vendorlibs.synway.library import SynwayLibrary


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `folder` gets the sockets, `truth` (None: nowhere) the truth log and everybody's sound.

    `speed` 1.0 is free-running real time; None is as fast as it goes; everything but 1.0 is token lockstep unless
    `lockstep` says otherwise (speed 1 in lockstep is a throttle like any other).
    """

    folder: Path
    seed: int = 1
    speed: float | None = 1.0
    truth: Path | None = None
    lockstep: bool | None = None
    maker_config: bytes | None = None
    """A maker's configuration file, ShConfig.ini: its cards are the machine's when the scenario names none."""

    @property
    def in_lockstep(self) -> bool:
        """Whether processes share the token."""
        return self.lockstep if self.lockstep is not None else self.speed != 1.0


class Simulator:
    """Everything of one run. `run` blocks until `stop` is called or the scenario's end has come (`stop_at_end`)."""

    def __init__(self, scenario: Scenario, options: Options) -> None:
        self.options = options
        options.folder.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(options.folder)
        voices = None
        if options.truth:
            voices = options.truth / "voices"
            voices.mkdir(parents=True, exist_ok=True)
        self.loop = Loop()
        self.truth = TruthLog(options.truth / "truth.jsonl" if options.truth else None)
        self.sim = Sim(Engine(legs_for(scenario), options.seed), self.truth, options.seed)
        self.machine = SimulatedPc(self.sim, scenario, options.maker_config)
        self.library = SynwayLibrary(self.machine.synway)
        self.rpc = RpcServer(self.loop, self.sim, options.folder / "synway.sock", self.library)
        persona = self.machine.dahdi_personality
        self.dahdi = DahdiLibrary(self.machine.dahdi, persona, lockstep=options.in_lockstep)
        self.dahdi_tree = SysTree(options.folder)
        self.servers = [self.rpc]
        if self.machine.dahdi.cards:
            path = options.folder / "dahdi.sock"
            self.servers.append(RpcServer(self.loop, self.sim, path, self.dahdi, name="dahdi"))
            self.dahdi.kernel.show(self.dahdi_tree)
        self.world = World(self.sim, self.machine, scenario, voices)
        register_faults(self.world.faults, self.library)
        register_dahdi_faults(self.world.faults, self.machine.dahdi)
        register_io_faults(self.world.faults, self.dahdi)
        self.keeper: Keeper | None = None
        if options.in_lockstep:
            path = options.folder / "clock.sock"
            self.keeper = Keeper(self.loop, self.sim, path, wall_base_ms(scenario), real_s)
            self.keeper.vendor_calls += self.servers
        processes = ProcessFaults(self.pid_of, self.keeper)
        processes.register(self.world.faults)
        self.library.crash = processes.strike
        self._stopping = False
        self._drive: FreeDrive | LockstepDrive = (
            LockstepDrive(self.loop, self.sim, self.keeper, options.speed)
            if self.keeper
            else FreeDrive(self.loop, self.sim)
        )
        commands = Commands()
        world_commands = WorldCommands(self.world, options.truth or options.folder, self.stop)
        world_commands.register(commands)
        commands.register("status", lambda args: {**world_commands.status(args), **self._clocks(args)})
        commands.register("load", self._load)
        self.control = ControlServer(self.loop, commands, options.folder / "control.sock")

    def pid_of(self, name: str) -> int | None:
        """The pid of a process by its clock name (lockstep), or by the simulated library it has loaded."""
        if self.keeper and (pid := self.keeper.pid_of(name)):
            return pid
        for server in self.servers:
            if name in (server.name, f"host-{server.name}"):
                return next(iter(server.pids()), None)
        return None

    @property
    def wall_base_ms(self) -> int:
        """The wall clock that boardd sees at simulated time zero, in ms since the Unix epoch."""
        return self._drive.wall_base_ms if isinstance(self._drive, FreeDrive) else wall_base_ms(self.world.scenario)

    def _clocks(self, args: Args) -> dict[str, int]:
        """What other clocks show at simulated time zero, and how late we were (only at real speed) since the start and
        in the last `lately_s` seconds. In lockstep the monotonic clock of programs began at that time.
        """
        lately_s = integer(args, "lately_s", KEPT_S)
        if not 1 <= lately_s <= KEPT_S:
            raise CommandError("bad_argument", _("{key} is 1 to {most}").format(key="lately_s", most=KEPT_S))
        mono_base_us = late_us = lately_us = 0
        if isinstance(self._drive, FreeDrive):
            lateness, mono_base_us = self._drive.lateness, self._drive.mono_base_us
            late_us, lately_us = lateness.most_us, lateness.lately_us(self.sim.now_us, lately_s)
        found = {"wall_base_ms": self.wall_base_ms, "mono_base_us": mono_base_us}
        return {**found, "late_us": late_us, "lately_us": lately_us}

    @property
    def environment(self) -> dict[str, str]:
        """What processes under simulation need in their environment."""
        found = {"HWSIM_DIR": str(self.options.folder)}
        if self.keeper:
            found["BOARDD_CLOCK"] = f"token:{self.options.folder / 'clock.sock'}"
            found["PYTHONHASHSEED"] = "0"
        return found

    def connect(self) -> None:
        """Put the far ends on E1s whose cards leave signalling to the host. Raises ConfigurationError: no library."""
        self.machine.dahdi.connect()

    def run(self, *, stop_at_end: bool = False) -> None:
        """Start the world and let time pass. Raises ConfigProblemsError, ConfigurationError, TokenStuckError."""
        self.connect()
        self.world.start()

        def over() -> bool:
            return self._stopping or (stop_at_end and self.world.finished)

        self._drive.run(over)

    def _load(self, _args: Args) -> dict[str, object]:
        """What the simulator holds now, to see that programs and we leave nothing behind.

        `open_files` leaves out those who ask, and the listing itself: how many clients of the side door are still being
        closed depends on the moment.
        """
        return {
            "pid": os.getpid(),
            "engine": asdict(self.sim.engine.stats()),
            "programs": [pid for server in self.servers for pid in server.pids()],
            "rpc_failures": sum(server.failures for server in self.servers),
            "open_files": len(os.listdir("/proc/self/fd")) - 1 - self.control.clients,
        }

    def stop(self) -> None:
        """End `run` soon."""
        self._stopping = True

    def close(self) -> None:
        """Complete recordings and close every socket."""
        self.world.close()
        self.control.close()
        for server in self.servers:
            server.close()
        self.dahdi_tree.remove()
        if self.keeper:
            self.keeper.close()
        self.truth.close()
        self.loop.close()
        for server in self.servers:
            server.path.unlink(missing_ok=True)
        os.close(self._lock)


def _lock(folder: Path) -> int:
    """Keep the folder for this process: a second simulator would take the sockets from under the first."""
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        text = _("{folder}: another simulator is running here; stop it (hwsim stop) or choose another folder (--dir)")
        raise ConfigurationError(text.format(folder=folder)) from error
    return fd
