"""What every port is given."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.dahdi.session import Session
from drivers.dahdi.sound import Sound
from drivers.dahdi.switching import Switch


@dataclass(frozen=True)
class Parts:
    """Session, engine, switch of a domain."""

    session: Session
    sound: Sound
    switch: Switch
