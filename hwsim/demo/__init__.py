"""The demo: a simulated site, boardd, the scheduler and callers, started by one command and judged from outside."""
