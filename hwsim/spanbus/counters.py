"""What the receiver of an E1 counts; names as technicians know them from DAHDI (facts 3.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Counts since the span was built."""

    fe: int = 0
    """Framing errors: bits of the alignment word that are wrong."""
    cv: int = 0
    """Code violations of HDB3."""
    bpv: int = 0
    """Bipolar violations."""
    crc4: int = 0
    """Sub-multiframes whose CRC-4 is wrong."""
    ebit: int = 0
    """Sub-multiframes that the far end reported as wrong (E bits)."""
    fas: int = 0
    """Frame alignment words with an error."""
    slips: int = 0
    """Controlled slips: frames lost or doubled."""
    errsec: int = 0
    """Seconds with any error or alarm."""
    bad_fcs: int = 0
    """HDLC frames of the signalling slot with a wrong check sequence."""
    aborts: int = 0
    """HDLC frames broken off."""
    overruns: int = 0
    """Blocks or frames that nobody had read in time."""
    underruns: int = 0
    """Blocks that had to be sent but were not there."""
