"""Oracles for waiting and loss: exact recursions over given arrivals and service times, and Erlang's formulas.

Nothing here knows boardd or the simulator. Times are seconds.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterable, Sequence


def first_come_starts(calls: Iterable[tuple[float, float]], servers: int) -> list[float]:
    """When each (arrival, service time) begins to be served, first come first served by `servers` equal servers."""
    free = [0.0] * servers
    starts = []
    for arrival, service in calls:
        start = max(arrival, free[0])
        heapq.heapreplace(free, start + service)
        starts.append(start)
    return starts


def lost(calls: Iterable[tuple[float, float]], circuits: int) -> list[bool]:
    """Whether each (arrival, holding time) finds all circuits busy and is lost."""
    ends: list[float] = []
    found = []
    for arrival, holding in calls:
        while ends and ends[0] <= arrival:
            heapq.heappop(ends)
        found.append(len(ends) >= circuits)
        if not found[-1]:
            heapq.heappush(ends, arrival + holding)
    return found


def erlang_b(load: float, circuits: int) -> float:
    """Probability of loss at `load` erlangs."""
    blocking = 1.0
    for number in range(1, circuits + 1):
        blocking = load * blocking / (number + load * blocking)
    return blocking


def erlang_c(load: float, servers: int) -> float:
    """Probability of waiting at `load` erlangs (less than `servers`)."""
    blocking = erlang_b(load, servers)
    return blocking / (1 - load / servers * (1 - blocking))


def mean_wait(load: float, servers: int, service_s: float) -> float:
    """Mean wait of all calls (ASA)."""
    return erlang_c(load, servers) * service_s / (servers - load)


def poisson_calls(load: float, service_s: float, count: int, seed: str) -> Sequence[tuple[float, float]]:
    """Random arrivals at `load` erlangs with exponential service times.

    Both are scaled to have exactly the wanted mean: near full load the wait answers to an error of 0.1 % in the load,
    which a million calls still have, with 2 %.
    """
    rng = random.Random(seed)
    gaps = _scaled([rng.expovariate(1) for _ in range(count)], service_s / load)
    services = _scaled([rng.expovariate(1) for _ in range(count)], service_s)
    return list(zip(itertools.accumulate(gaps), services, strict=True))


def _scaled(values: list[float], mean: float) -> list[float]:
    factor = mean * len(values) / sum(values)
    return [value * factor for value in values]
