"""A call that the driver refuses: it sets the last error and gives a failure result."""

from __future__ import annotations

from hwsim.vendorlibs.synway.codes import ErrorCode


class Refusal(Exception):  # noqa: N818 - it is the driver's answer, not an error of the simulator
    """Raised inside API handlers; `value` is what the call returns."""

    def __init__(self, code: ErrorCode, text: str, value: int = -1) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.value = value
