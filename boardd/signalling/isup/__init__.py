"""SS7 with ISUP on libss7 2.0: EXPERIMENTAL, and of little use in China as it is.

The library speaks ITU-T MTP and ISUP with 14-bit point codes. China's networks have 24-bit codes in ITU-style messages,
and TUP beside ISUP: neither is there, so this reaches an exchange abroad, a laboratory, or another PC, but no Chinese
carrier. Continuity checks are not made. One signalling link, one adjacent point, no signalling transfer.

    span      boardd.signalling.span's words (`IsupSpan` is a TrunkSpan)
    circuit   what one circuit is doing
    _native   the door to the library

The library is a separate package under the GPL: opened when the first span needs it, never at import.
"""
