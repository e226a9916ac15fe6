"""The sample engine of the simulator: everything that happens per sample, in C behind a typed binding.

`engine.Engine` is the whole interface, `events` its words, `sound` the offline helpers. Runs in the simulator's
process, one thread at a time.
"""
