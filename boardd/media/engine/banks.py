"""Detectors in the tick: a bank of detect.h that the engine feeds with what its ports hear. A port's lane is
`EnginePort.lane`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from boardd.contract.errors import ArgumentError, OverloadError
from boardd.media.detect.banks import Kind, What
from boardd.media.engine.engine import Engine
from boardd.media.engine.errors import checked
from boardd.media.engine.port import EnginePort

__all__ = ["EngineBank", "Kind", "What"]

DIGIT_KINDS = {Kind.DTMF: What.DTMF_ON}
VOICE_KINDS = {Kind.VOICE: What.VOICE_ON}
"""The `det_kind` that stops a play."""


class EngineBank:
    """One bank of a kind with a lane for each possible port; lives as long as the engine."""

    def __init__(self, engine: Engine, kind: Kind) -> None:
        self.engine = engine
        self.kind = kind
        made = self._function("bank_new")(engine.max_ports)
        if not made:
            raise OverloadError(f"no memory for a {kind} bank of {engine.max_ports} lanes")
        ffi = engine.ffi
        self._bank: Any = ffi.gc(made, self._function("bank_free"))
        self.number = checked(
            engine.lib.me_bank(
                engine.handle,
                self._bank,
                ffi.cast("me_bank_feed", self._function("bank_feed")),
                ffi.cast("me_bank_reset", self._function("bank_reset")),
                int(DIGIT_KINDS.get(kind, 0)),
                int(VOICE_KINDS.get(kind, 0)),
            ),
            f"{kind} bank",
        )
        engine.keep(self)

    def _function(self, name: str) -> Any:
        return getattr(self.engine.lib, f"{self.kind}_{name}")

    def set(self, port: EnginePort, options: Mapping[str, float | Sequence[float]] | None = None) -> None:
        """The port's options: defaults with some changed; names and units are those of detect.h."""
        made = self.engine.ffi.new(f"{self.kind}_options *")
        self._function("options_default")(made)
        for name, value in (options or {}).items():
            setattr(made, name, value)
        if self.call("bank_set", port.lane, made) < 0:
            raise ArgumentError(f"{self.kind} bank: options that it refuses: {dict(options or {})}")

    def call(self, name: str, *arguments: Any) -> int:
        """A function of the bank, e.g. `bank_measure`, while no tick runs."""
        with self.engine.exclusive():
            return int(self._function(name)(self._bank, *arguments))
