"""Hook signalling in line bits: what a channel of a digital span says and hears when it speaks FXS, FXO or E&M
(native.md B; bits a, b, c, d from 8 to 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hwsim.vendorlibs.dahdi.abi import Sig
from hwsim.vendorlibs.dahdi.hooks import RxSig, TxSig

A, B, C, D = 8, 4, 2, 1
ALL = A | B | C | D

SAYS: Mapping[int, Mapping[TxSig, int]] = {
    Sig.NONE: {TxSig.ONHOOK: A | C | D},
    Sig.EM: {TxSig.OFFHOOK: ALL, TxSig.START: ALL},
    Sig.EM_E1: {TxSig.ONHOOK: D, TxSig.OFFHOOK: A | B | D, TxSig.START: A | B | D, TxSig.KEWL: D},
    Sig.FXSLS: {TxSig.ONHOOK: B | D, TxSig.OFFHOOK: ALL, TxSig.START: ALL},
    Sig.FXSGS: {TxSig.ONHOOK: B | D, TxSig.OFFHOOK: ALL, TxSig.START: A | C},
    Sig.FXSKS: {TxSig.ONHOOK: B | D, TxSig.OFFHOOK: ALL, TxSig.START: ALL},
    Sig.FXOLS: {TxSig.ONHOOK: B | D, TxSig.OFFHOOK: B | D},
    Sig.FXOGS: {TxSig.ONHOOK: ALL, TxSig.OFFHOOK: B | D},
    Sig.FXOKS: {TxSig.ONHOOK: B | D, TxSig.OFFHOOK: B | D, TxSig.KEWL: ALL},
}
"""What is not listed is 0000."""


def bits_for(sig: int, tx: TxSig) -> int | None:
    """What a channel sends; None for signalling without line bits."""
    said = SAYS.get(sig)
    return None if said is None else said.get(tx, 0)


def hook_of(sig: int, abcd: int) -> RxSig | None:
    """What received bits mean; None: nothing to this signalling."""
    match sig:
        case Sig.FXOGS if not abcd & B:
            return RxSig.START
        case Sig.FXOGS | Sig.FXOLS | Sig.FXOKS | Sig.EM | Sig.EM_E1:
            return RxSig.OFFHOOK if abcd & A else RxSig.ONHOOK
        case Sig.FXSLS | Sig.FXSGS | Sig.FXSKS:
            if not abcd & B:
                return RxSig.RING
            return RxSig.ONHOOK if sig != Sig.FXSLS and abcd & A else RxSig.OFFHOOK
        case _:
            return None


REST: Mapping[int, tuple[int, int]] = {
    Sig.EM: (0, A),
    Sig.EM_E1: (D, A | D),
    Sig.FXSLS: (B, B),
    Sig.FXSGS: (A | B, A | B),
    Sig.FXSKS: (B, A | B),
    Sig.FXOLS: (0, A),
    Sig.FXOGS: (B, A | B),
    Sig.FXOKS: (0, A),
}
"""Received bits of a far end that is on-hook, and which of them count."""


class BitLine:
    """The line below `Hooks` on a digital span: sends bits."""

    def __init__(self, send: Callable[[int], None], sig: Callable[[], int]) -> None:
        self._send = send
        self._sig = sig

    def say(self, tx: TxSig) -> None:
        """See Hooks."""
        abcd = bits_for(self._sig(), tx)
        if abcd is not None:
            self._send(abcd)
