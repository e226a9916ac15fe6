"""scheduler.yaml: what callers hear and who answers. `load_scheduler` is the only way in."""

from boardd.scheduler.config.load import load_scheduler, read_scheduler
from boardd.scheduler.config.sections import SchedulerConfig

__all__ = ["SchedulerConfig", "load_scheduler", "read_scheduler"]
