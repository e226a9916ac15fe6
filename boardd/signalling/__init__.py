"""Signalling that runs on the host, for cards that carry bits and frames only.

`q931` is ISDN PRI on libpri, `mfcr2` China No.1, `isup` SS7 on libss7 (experimental), `analog` line
logic. `span` has the words that all kinds of E1 share, `timing` their clock.

Nothing here reads a device or knows a driver: frames and bits come in by method, go out by callback, all on one thread.
The libraries are foreign (GPL, LGPL) and separate packages: they are opened when the first span needs them, never at
import, and absence is one ConfigurationError that names the package.
"""
