"""Scenarios: a simulated site and what happens on it, read strictly from YAML, and the world built from that."""
