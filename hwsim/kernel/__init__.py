"""The simulator's kernel: simulated time, scheduling, seeded randomness and the truth log."""
