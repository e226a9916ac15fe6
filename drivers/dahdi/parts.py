"""What every port is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boardd.media.detect.profiles import ToneProfile
from drivers.dahdi.kernel_bridge import KernelBridge
from drivers.dahdi.session import Session
from drivers.dahdi.sound import Sound
from drivers.dahdi.switching import Switch


@dataclass(frozen=True)
class Parts:
    """Session, engine, switch, kernel bridge, tones of a domain."""

    session: Session
    sound: Sound
    switch: Switch
    bridge: KernelBridge
    tones: Mapping[str, ToneProfile] = field(default_factory=dict)
    """Of exchange lines whose tones deviate, by channel."""
