"""Claims: which client may handle which channel group.

A claim belongs to a client's name and user, not to a connection: a client that comes again under both takes it over
with the next generation, and the older connection gets `stale_claim` from then on. Another client gets `claim_conflict`
while the holder's lease lives: until 2 s after its last renewal, or after its connection ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from boardd import clock
from boardd.api.board_schema import LEASE_LAPSE_MS, LEASE_RENEW_MS
from boardd.api.server import Session
from boardd.contract.errors import ClaimConflictError, StaleClaimError

PRESENT_MS = LEASE_RENEW_MS * 3 // 2
"""A client that has not renewed for so long is not told to the hosts, which wait LEASE_LAPSE_MS from the last word."""


@dataclass(slots=True)
class Claim:
    """Who holds a group. `session` None: its connection has ended."""

    group: str
    client: str
    uid: int
    generation: int
    renewed_ms: int
    session: Session | None

    def live(self, now_ms: int) -> bool:
        """Whether the lease holds."""
        return now_ms - self.renewed_ms < LEASE_LAPSE_MS


class Claims:
    """All claims. `changed()` is called when the set of controllers may have changed."""

    def __init__(self, changed: Callable[[], None], now_ms: Callable[[], int] = clock.mono_ms) -> None:
        self._claims: dict[str, Claim] = {}
        self._generations: dict[str, int] = {}
        self._changed = changed
        self._now_ms = now_ms

    # -- taking and giving --------------------------------------------------------------------------------------------
    def take(self, session: Session, group: str) -> int:
        """Claim `group` for the session's client; returns the generation. Raises ClaimConflictError."""
        now_ms = self._now_ms()
        held = self._claims.get(group)
        if held is not None and held.session is session:
            held.renewed_ms = now_ms
            return held.generation
        same = held is not None and (held.client, held.uid) == (session.name, session.peer.uid)
        if held is not None and not same and held.live(now_ms):
            text = f"group {group} is held by client {held.client}"
            raise ClaimConflictError(text, group=group, holder=held.client, generation=held.generation)
        generation = self._generations.get(group, 0) + 1
        self._generations[group] = generation
        self._claims[group] = Claim(group, session.name, session.peer.uid, generation, now_ms, session)
        self._changed()
        return generation

    def give(self, session: Session, group: str) -> None:
        """Give a claim back. Raises StaleClaimError when it is not the session's."""
        held = self._claims.get(group)
        if held is None or held.session is not session:
            raise _stale(group, held)
        del self._claims[group]
        self._changed()

    def renew(self, session: Session, claimed: Iterable[str]) -> None:
        """Renew the session's claims. Raises StaleClaimError (`data.groups`) for those of `claimed` that it lost."""
        now_ms = self._now_ms()
        for claim in self._of(session):
            claim.renewed_ms = now_ms
        self._changed()
        held = {claim.group for claim in self._of(session)}
        lost = sorted(set(claimed) - held)
        if lost:
            text = f"another connection of client {session.name} took over: {', '.join(lost)}"
            raise StaleClaimError(text, groups=lost)

    def session_closed(self, session: Session) -> None:
        """The connection ended: its claims live on for the lapse time, counted from now."""
        now_ms = self._now_ms()
        for claim in self._of(session):
            claim.session = None
            claim.renewed_ms = now_ms
        self._changed()

    # -- asking -------------------------------------------------------------------------------------------------------
    def require(self, session: Session, group: str) -> int:
        """The generation under which the session may handle `group`. Raises StaleClaimError, ClaimConflictError."""
        held = self._claims.get(group)
        if held is not None and held.session is session:
            return held.generation
        same = held is not None and (held.client, held.uid) == (session.name, session.peer.uid)
        if held is not None and not same and held.live(self._now_ms()):
            text = f"group {group} is held by client {held.client}"
            raise ClaimConflictError(text, group=group, holder=held.client, generation=held.generation)
        raise _stale(group, held)

    def groups_of(self, session: Session) -> list[str]:
        """Groups that the session holds now."""
        return sorted(claim.group for claim in self._of(session))

    def present_clients(self) -> list[str]:
        """Names of the clients that are connected and renewed their leases lately, sorted."""
        now_ms = self._now_ms()
        present = [c for c in self._claims.values() if c.session is not None and now_ms - c.renewed_ms < PRESENT_MS]
        return sorted({claim.client for claim in present})

    def holders(self) -> dict[str, str]:
        """Group -> client, for every claim whose lease holds."""
        now_ms = self._now_ms()
        return {group: claim.client for group, claim in sorted(self._claims.items()) if claim.live(now_ms)}

    def all(self) -> list[tuple[Claim, bool]]:
        """Every claim and whether its lease holds, by group."""
        now_ms = self._now_ms()
        return [(claim, claim.live(now_ms)) for _group, claim in sorted(self._claims.items())]

    def _of(self, session: Session) -> list[Claim]:
        return [claim for claim in self._claims.values() if claim.session is session]


def _stale(group: str, held: Claim | None) -> StaleClaimError:
    generation = held.generation if held is not None else 0
    return StaleClaimError(f"group {group} is not claimed by this connection", group=group, generation=generation)
