"""Quiet logs: the door logs every call; a libpri of our own for cases with PRI."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from boardd.signalling.q931 import _native

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "signalling_q931"))
from door_of_tests import installed_libpri, private_door, q931_sources


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def own_libpri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The driver runs in this process, where other tests open libpri with a clock of theirs."""
    if installed_libpri() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("libpri is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_native, "DOOR", private_door(tmp_path_factory.mktemp("q931"), q931_sources(), "libq931.so"))
        yield
