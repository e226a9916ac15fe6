"""Where a running simulator keeps its sockets."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def default_folder() -> Path:
    """$HWSIM_DIR, else /run/hwsim, else the user's runtime folder: the rule of the C shims too."""
    if given := os.environ.get("HWSIM_DIR"):
        return Path(given)
    system = Path("/run/hwsim")
    if system.is_dir():
        return system
    if user := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(user) / "hwsim"
    return Path(tempfile.gettempdir()) / f"hwsim-{os.getuid()}"
