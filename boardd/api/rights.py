"""What a peer may do, by its Unix groups.

`admin` includes `control`, `control` includes `read`. root and boardd's own user may everything; only they are hosts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from boardd.api.method import Right
from boardd.api.peer import Peer
from boardd.contract.errors import ForbiddenError

_INCLUDED = {
    Right.READ: frozenset({Right.READ}),
    Right.CONTROL: frozenset({Right.READ, Right.CONTROL}),
    Right.ADMIN: frozenset({Right.READ, Right.CONTROL, Right.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class GroupRights:
    """Names of the Unix groups that carry each right."""

    read: frozenset[str] = frozenset()
    control: frozenset[str] = frozenset()
    admin: frozenset[str] = frozenset()

    @classmethod
    def of(cls, read: Iterable[str], control: Iterable[str], admin: Iterable[str]) -> GroupRights:
        """From the configured lists."""
        return cls(frozenset(read), frozenset(control), frozenset(admin))

    def rights_of(self, peer: Peer) -> frozenset[Right]:
        """Everything that the peer may do."""
        if peer.own:
            return frozenset(Right)
        found: frozenset[Right] = frozenset()
        for right, groups in ((Right.READ, self.read), (Right.CONTROL, self.control), (Right.ADMIN, self.admin)):
            if peer.groups & groups:
                found |= _INCLUDED[right]
        return found

    def groups_for(self, right: Right) -> list[str]:
        """Groups whose members have the right, for messages."""
        owners = {Right.READ: self.read | self.control | self.admin, Right.CONTROL: self.control | self.admin}
        return sorted(owners.get(right, self.admin))


def require(held: frozenset[Right], right: Right, method: str, groups: Iterable[str]) -> None:
    """Raise ForbiddenError unless `right` is held; `groups` are those that would do."""
    if right not in held:
        names = sorted(groups)
        who = ", ".join(names) or "root"
        text = f"{method} needs the right '{right}'; members of these groups have it: {who}"
        raise ForbiddenError(text, method=method, right=str(right), groups=names)
