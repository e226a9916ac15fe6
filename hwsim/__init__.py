"""The hardware simulator: makers' libraries below their C ABI, lines, exchange, people, faults, truth."""
