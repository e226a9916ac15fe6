"""Blocks of sound and frames between a channel and the program that has it open, as the kernel keeps them.

Receiving: octets are collected into blocks of the size that the program chose; when all blocks are full, what comes is
lost until one is read. Sending: octets are taken out of the blocks in order, when the policy says so.
"""

from __future__ import annotations

from hwsim.vendorlibs.dahdi.abi import Policy
from hwsim.vendorlibs.dahdi.file import OpenFile


class Receiving:
    """Sound towards the program. `lost` counts octets for which there was no room."""

    def __init__(self, file: OpenFile) -> None:
        self.file = file
        self.lost = 0
        self._part = bytearray()

    def sound(self, octets: bytes) -> bool:
        """Whether there was room for all of it."""
        file, part = self.file, self._part
        if len(octets) == file.block_size and not part and not file.rx_full:
            file.deliver(octets)
            return True
        rest = memoryview(octets)
        while rest:
            if file.rx_full:
                self.lost += len(rest)
                return False
            room = file.block_size - len(part)
            part += rest[:room]
            rest = rest[room:]
            if len(part) == file.block_size:
                file.deliver(bytes(part))
                part.clear()
        return True

    def frame(self, frame: bytes) -> bool:
        """Whether there was room; the caller has looked at its length."""
        if self.file.rx_full:
            self.lost += len(frame)
            return False
        self.file.deliver(frame)
        return True

    def clear(self) -> None:
        """Forget what is not a block yet."""
        self._part.clear()


class Sending:
    """Blocks from the program. `policy`: when the kernel begins to send."""

    def __init__(self, file: OpenFile) -> None:
        self.file = file
        self._policy = Policy.IMMEDIATE
        self._held = False
        self._half = b""
        """The oldest block, while only a part of it is sent."""
        self._sent = 0

    @property
    def policy(self) -> Policy:
        """When sending begins."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._policy = policy
        self.clear()

    def octets(self, count: int) -> bytes:
        """Up to so many octets, in order."""
        if not self._may_send():
            return b""
        if not self._half and self.file.block_size == count:
            found = self.file.take_block() or b""
        else:
            found = self._gather(count)
        if self._policy is not Policy.IMMEDIATE and not self.file.page.tx_waiting:
            self._held = True
        return found

    def frame(self) -> bytes | None:
        """The next whole block; it counts until `file.take_block`."""
        return self.file.peek_block() if self._may_send() else None

    def release(self) -> None:
        """Send what there is, whatever the policy (somebody waits for the end of it)."""
        self._held = False

    def clear(self) -> None:
        """Forget the block that is half sent."""
        self._half = b""
        self._held = self._policy in (Policy.WHEN_FULL, Policy.HALF_FULL)

    def _gather(self, count: int) -> bytes:
        found = bytearray()
        while len(found) < count:
            if not self._half:
                block = self.file.peek_block()
                if block is None:
                    break
                self._half, self._sent = block, 0
            part = self._half[self._sent : self._sent + count - len(found)]
            found += part
            self._sent += len(part)
            if self._sent >= len(self._half):
                self.file.take_block()
                self._half = b""
        return bytes(found)

    def _may_send(self) -> bool:
        if self._held:
            waiting = self.file.page.tx_waiting
            wanted = self.file.block_count if self._policy is Policy.WHEN_FULL else self.file.block_count // 2
            self._held = waiting < max(1, wanted)
        return not self._held
