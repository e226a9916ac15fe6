"""Simulated makers' libraries: a C shim and a behaviour per family, and the calls between them."""
