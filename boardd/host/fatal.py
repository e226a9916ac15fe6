"""The way out when the library is beyond repair: dump every stack, end at once, be started again."""

from __future__ import annotations

import faulthandler
import os
import sys
from typing import NoReturn

import structlog

log = structlog.get_logger("boardd.host")

EXIT_BROKEN = 70
"""Exit code: the vendor's library hung, died or said so (sysexits EX_SOFTWARE)."""
EXIT_RESTART = 75
"""Exit code: a technician asked for a new start (sysexits EX_TEMPFAIL)."""


def die(reason: str) -> NoReturn:
    """Log, dump all stacks to stderr, and end without running anything of the library again."""
    log.critical("host_dies", reason=reason)
    faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr, all_threads=True)
    os._exit(EXIT_BROKEN)
