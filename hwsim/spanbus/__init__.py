"""An E1 in memory: two ends, 31 timeslots, frame state, alarms, clocks and errors."""
