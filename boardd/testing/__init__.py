"""The driver contract suite: plain functions, fed by a factory that gives a started driver and its far end.

    async with factory() as stage:          # a Factory of yours
        await run_case(stage, case)         # for case in cases_for(stage)

`cases` has the registry: every capability that a channel declares must have a case (`holes` names those without).
"""

from boardd.testing.registry import Case, case, cases_for, holes, run_case
from boardd.testing.stage import EventLog, FarEnd, Stage, Trunk

__all__ = ["Case", "EventLog", "FarEnd", "Stage", "Trunk", "case", "cases_for", "holes", "run_case"]
