"""Machines under test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from synbench import Bench, Exchange, Net, Phone
from synmachines import ANALOG, DIGITAL


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Builds benches and closes their engines."""
    benches: list[Bench] = []

    def build(site: dict[str, Any], **more: Any) -> Bench:
        benches.append(Bench(site, tmp_path, **more))
        return benches[-1]

    yield build
    for bench in benches:
        bench.engine.close()


@pytest.fixture
def analog(make: Callable[..., Bench]) -> Bench:
    """A started card with two trunks, a station and a tap."""
    bench = make(ANALOG)
    bench.ready(100)
    return bench


@pytest.fixture
def exchange(analog: Bench) -> Exchange:
    """The exchange behind trunk 0."""
    return Exchange(analog, analog.machine.analog_lines["card0/1"])


@pytest.fixture
def phone(analog: Bench) -> Phone:
    """The telephone at the station."""
    return Phone(analog, analog.machine.analog_lines["card0/3"])


@pytest.fixture
def isdn(make: Callable[..., Bench]) -> Bench:
    """A started ISDN span, auto-KB off on circuit 0."""
    bench = make(DIGITAL)
    bench.ready()
    bench.call("SsmEnableAutoSendKB", 0, 0)
    return bench


@pytest.fixture
def net(isdn: Bench) -> Net:
    """The network behind channel 0."""
    return Net(isdn.machine.spans["card0/1"].circuits[1])
