"""Which codecs the simulated card has (fact sheet section 12.0): one companding law, linear PCM."""

from __future__ import annotations

from hwsim.vendorlibs.synway.codes import Codec, ErrorCode
from hwsim.vendorlibs.synway.personality import Personality
from hwsim.vendorlibs.synway.refusal import Refusal

_LAWS = (Codec.ALAW, Codec.ULAW)


def playable(persona: Personality, codec: int) -> bool:
    """Whether the card plays and records this codec."""
    if codec in _LAWS:
        return codec == persona.record_law or persona.both_laws
    return codec in (Codec.PCM16, Codec.PCM8)


def refuse_codec(persona: Personality, codec: int) -> None:
    """Raise Refusal (code 7) for a codec of the maker that this card lacks, (code 8) for a number that is none."""
    if playable(persona, codec):
        return
    known = {int(c) for c in Codec}
    code = ErrorCode.INVALID_CODEC if codec in known else ErrorCode.INVALID_PARAMETER
    raise Refusal(code, f"codec {codec} is not supported by this card")
