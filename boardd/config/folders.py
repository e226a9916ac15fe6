"""The directories of boardd.yaml's `paths`: made when missing, and a clear word when they cannot be."""

from __future__ import annotations

import errno
from pathlib import Path

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM})
"""What a wrong configuration is not: a disk that is full or failing is no reason to stay down for good."""


def make_directory(path: Path, key: str) -> None:
    """Make `path`, named by `key` (`paths.state_dir`). Raises ConfigurationError; OSError when the disk is at fault."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(error, path, key) from error


def unusable(error: OSError, path: Path, key: str) -> Exception:
    """What an OSError about something in a directory of `paths` becomes."""
    if error.errno in _PASSING:
        return error
    text = _("{path}: {problem}; choose another place with {key}, or give boardd's user the right to it")
    return ConfigurationError(text.format(path=path, problem=error.strerror or error, key=key), path=str(path))
