"""Chooses the instants at which processes are killed: seeded, one in each phase of some caller's contact."""

from __future__ import annotations

import random

from site_run import SiteRun

from hwsim.scenario.runner_site import SiteOutcome

PHASES = ("ringing", "ivr", "queue", "talk", "release")


def phases(run: SiteRun | SiteOutcome) -> list[tuple[str, int, int]]:
    """(phase, from_us, to_us) of every contact of an undisturbed run, by the truth log alone."""
    found = []
    for contact in run.contacts:
        call = next(f["call"] for f in run.of("call_begin") if f["caller"] == contact["caller"])
        routed = next(f["t_us"] for f in run.of("call_route", call=call))
        answered = next(f["t_us"] for f in run.of("call_answer", call=call))
        digit = next(f["t_us"] for f in run.of("digit_sent", person=contact["person"]))
        person = next(f["t_us"] for f in run.of("heard_person", person=contact["person"]))
        ended = next(f["t_us"] for f in run.of("call_end", call=call))
        found += [
            ("ringing", routed, answered),
            ("ivr", answered, digit),
            ("queue", digit + 200_000, person - 500_000),
            ("talk", person, ended - 200_000),
            ("release", ended, ended + 400_000),
        ]
    return [(name, begin, end) for name, begin, end in found if end > begin]


def instants(run: SiteRun | SiteOutcome, count: int, seed: str, apart_us: int) -> list[tuple[str, int]]:
    """`count` seeded instants as (phase, t_us), going round the phases, at least `apart_us` from each other."""
    rng = random.Random(seed)
    windows = phases(run)
    chosen: list[tuple[str, int]] = []
    for i in range(count):
        phase = PHASES[i % len(PHASES)]
        pool = [w for w in windows if w[0] == phase]
        for _attempt in range(1000):
            _name, begin, end = rng.choice(pool)
            at_us = rng.randrange(begin, end)
            if all(abs(at_us - other) >= apart_us for _phase, other in chosen):
                chosen.append((phase, at_us))
                break
    return sorted(chosen, key=lambda c: c[1])
