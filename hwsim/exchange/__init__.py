"""The public exchange (局端): numbers, subscribers, trunk routes, tones as sound, ringing, timers, release rules."""
