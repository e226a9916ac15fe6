"""The technician's language: see boardd.contract.terminal."""

from boardd.contract.terminal import choose, use

__all__ = ["choose", "use"]
