"""What is to run: one role is one child process that must always be there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boardd.config.site import Site


@dataclass(frozen=True, slots=True)
class Role:
    """A child: its name, command, extra environment, and its place in the orderly stop (lower stops first)."""

    name: str
    argv: tuple[str, ...]
    stop_order: int
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_s: float = 10.0
    """How long it may take to end after SIGTERM."""

    @property
    def file_name(self) -> str:
        """The name in file names."""
        return self.name.replace("/", "-")


def roles_of(site: Site, config: Path) -> list[Role]:
    """Daemon, one host per domain, scheduler: in the order in which they are started."""
    tail = ("--config", str(config.resolve()))
    roles = [Role("daemon", (sys.executable, "-m", "boardd", "daemon", *tail), stop_order=1)]
    for name, domain in site.domains.items():
        interpreter = domain.interpreter or sys.executable
        roles.append(
            Role(
                f"host/{name}",
                (interpreter, "-m", "boardd", "host", name, *tail),
                stop_order=2,
                environment=domain.environment,
                stop_s=20.0,
            )
        )
    if site.scheduler.enabled:
        roles.append(Role("scheduler", (sys.executable, "-m", "boardd", "scheduler", *tail), stop_order=0))
    return roles
