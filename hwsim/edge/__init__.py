"""Peers at the simulator's edge: small telephone systems of our own at the card's end of an E1, in place of a library.

They are written from the facts alone and judge the simulated network: nothing here imports `hwsim.signalling` or loads
libpri or libopenr2.
"""
