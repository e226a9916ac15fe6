"""Why a data link does not come up, in a technician's words (facts 3.4, 3.5)."""

from __future__ import annotations

from boardd.contract.text import _
from boardd.signalling.q931.core import Core
from boardd.signalling.q931.profile import Side

ECHO_US = 40_000
ECHOES = 3


class LinkWatch:
    """Looks at frames while the link is down. A loop sends each of our frames back at once; a far end of our own side
    sends the same frames at its own pace."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._last_sent, self._sent_us = b"", 0
        self._echoes = 0
        self._heard = 0

    def sent(self, frame: bytes) -> None:
        """A frame leaves."""
        if not self._core.slots.link_up:
            self._last_sent, self._sent_us = frame, self._core.clock.now_us()

    def received(self, frame: bytes) -> None:
        """A frame arrived, before the stack sees it."""
        if self._core.slots.link_up:
            return
        self._heard += 1
        echo = frame == self._last_sent and self._core.clock.now_us() - self._sent_us <= ECHO_US
        self._last_sent = b""
        self._echoes = self._echoes + 1 if echo else 0
        if self._echoes == ECHOES:
            self._core.trouble(
                "loop", _("the D channel is looped: our own frames come back at once; remove the loop"), lasts=True
            )

    def role_clash(self) -> None:
        """The far end plays our own side."""
        if self._echoes or self._core.slots.link_up:
            return
        side = self._core.profile.side
        text = (
            _("both ends play the network side; set `side: user` here or correct the far end")
            if side is Side.NETWORK
            else _("both ends play the user side; set `side: network` here or correct the far end")
        )
        self._core.trouble("role_clash", text, lasts=True)

    def up(self) -> None:
        """The link works."""
        self._echoes = self._heard = 0
        for code in ("loop", "role_clash"):
            self._core.trouble(code, "", raised=False, lasts=True)

    def diagnosis(self) -> str:
        """One sentence about a link that is down; empty when it is up."""
        if self._core.slots.link_up:
            return ""
        if self._echoes >= ECHOES:
            return _("our own frames come back: the line is looped")
        if not self._heard:
            return _("no frame was received: D channel slot not switched through, far end off, or wrong timeslot")
        return _("frames are received, but the far end does not establish the link")
