"""The one door to C: loading with a full symbol check, the door thread with deadlines, event threads, texts and cells.

A driver's `_native.py` and this package are the only places that import cffi.
"""
