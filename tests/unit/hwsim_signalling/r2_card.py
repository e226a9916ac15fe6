"""A card with MFC-R2: libopenr2 on the card end, the network's library; r2_checker.py is the one who shares nothing."""

from __future__ import annotations

from hwsim.signalling.r2_line import R2Context, R2EventKind, R2Line
from hwsim.signalling.r2_profile import R2Cause, R2Profile


class R2Port:
    """One line; what it was told is in `told`. Answers `answer_ms` after accepting (None: never)."""

    def __init__(self, card, context, channel):
        self.card, self.sim = card, context.sim
        self.told, self.offers = [], []
        self.causes = []
        self.line = R2Line(context, channel, self._event)
        self.slot = channel.slot

    def kinds(self):
        return [e.kind.name for e in self.told]

    def dial(self, called, caller="88001000"):
        self.told.clear()
        return self.line.make_call(caller, called)

    def hang_up(self):
        self.line.disconnect(R2Cause.NORMAL)

    def _event(self, event):
        self.told.append(event)
        if event.kind is R2EventKind.CALL_OFFERED:
            self.offers.append((event.ani, event.dnis))
            if self.card.refuse:
                self.line.disconnect(self.card.refuse)
            else:
                self.line.accept()
        elif event.kind is R2EventKind.CALL_ACCEPTED and self.card.answer_ms is not None and self.offers:
            self.sim.later(self.card.answer_ms, self.line.answer)
        elif event.kind is R2EventKind.CALL_DISCONNECT:
            self.causes.append(event.cause)
            self.line.disconnect(R2Cause.NORMAL)
        elif event.kind is R2EventKind.CALL_END:
            self.offers.clear()


class R2Card:
    def __init__(self, town, digits=4, answer_ms=300, refuse=None, **profile):
        self.answer_ms, self.refuse = answer_ms, refuse
        self.context = R2Context(town.sim, R2Profile(called_lengths={"": digits}, **profile))
        self.ports = {slot: R2Port(self, self.context, town.bus.card.channel(slot)) for slot in town.trunks}
        for port in self.ports.values():
            port.line.set_idle()
