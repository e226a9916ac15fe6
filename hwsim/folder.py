"""Where a running simulator keeps its sockets: $HWSIM_DIR, else /run/hwsim when it exists, else the user's runtime folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def default_folder() -> Path:
    """The same rule as the C shims use, so that programs find the simulator without being told."""
    if given := os.environ.get("HWSIM_DIR"):
        return Path(given)
    system = Path("/run/hwsim")
    if system.is_dir():
        return system
    if user := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(user) / "hwsim"
    return Path(tempfile.gettempdir()) / f"hwsim-{os.getuid()}"
