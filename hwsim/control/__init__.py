"""The simulator's side door: JSON lines over a local socket for tests and technicians."""
