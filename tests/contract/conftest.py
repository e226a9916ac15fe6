"""Quiet logs: the door logs every call; a libpri of our own for cases with PRI."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "signalling_q931"))
import door_of_tests


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def own_libpri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The driver runs in this process, where other tests open libpri with a clock of theirs."""
    with door_of_tests.own_libpri(tmp_path_factory.mktemp("q931")):
        yield
