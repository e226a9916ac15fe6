"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

from boardd.contract.text import language, set_language

HONEST = ("not yet", "not due here")
"""Scenarios that wait for their drivers say so in any run."""


def pytest_configure(config: pytest.Config) -> None:
    """Property tests search anew in deep runs only; otherwise the same tree gets the same answer. None is timed."""
    settings.register_profile("same", derandomize=True, deadline=None)
    settings.register_profile("anew", deadline=None)
    settings.load_profile("anew" if "deep or" in config.getoption("markexpr") else "same")


@pytest.fixture(autouse=True)
def english_again() -> Generator[None]:
    """The language belongs to the process: whoever changes it does so for one test."""
    yield
    if language() != "en":
        set_language("en")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, where packages may be installed, a test left out for want of something is a failure, not an excuse."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not reason.removeprefix("Skipped: ").startswith(HONEST):
            report.outcome, report.longrepr = "failed", f"left out although everything must run here: {reason}"
    return report
