"""What the guest gets to make calls: boardd, the peers of the simulator's edge, sounds, and the cases in `guest`."""

from array import array
from pathlib import Path

import vm_caller_id
import vm_python

from hwsim.core.sound import alaw_encode, make_chirp

ROOT = Path(__file__).resolve().parents[2]
GUEST = Path(__file__).with_name("guest")
IO = ROOT / "tests" / "unit" / "dahdi_io"
DECL = ROOT / "drivers" / "dahdi" / "decl"
LIBRARY = ROOT / "drivers" / "dahdi" / "libdahdiio.so"
PARTY, CHIRPS, CHIRP_SAMPLES = 7, 8, 3200
"""Whose chirps boardd plays to the far end; one begins every 0.4 s."""
CALLER = "13912345678"
"""Whom the office shows."""
PROFILE = 'called: {lengths: {"": 4}}\n'
COMMAND = """\
find /usr /lib -xdev -type f -exec cat {{}} + >/dev/null 2>&1 || true
export LD_LIBRARY_PATH=. PYTHONPATH=site PYTHONDONTWRITEBYTECODE=1
python3 spans.py ./libdahdiio.so decl spans.json
timeout -k 5 {limit_s} python3 calls.py {cases} >out/log 2>&1 || echo "status $?" >>out/log
"""
"""Everything is read once first: while the guest waits for its disk, which works in our time, its own time runs away,
and sound is lost."""


def files(folder):
    """Name → path for `vm_machine.run`."""
    chirps = folder / "chirps.wav"
    _wav(chirps, [make_chirp(PARTY, number, -1300) for number in range(1, CHIRPS + 1)])
    speech = folder / "speech.alaw"
    speech.write_bytes(_alaw_of(ROOT / "hwsim" / "sounds" / "greeting_1.wav"))
    for form, sound in (
        ("fsk", vm_caller_id.fsk(vm_caller_id.mdmf("07082359", CALLER))),
        ("dtmf", vm_caller_id.keys(f"D{CALLER}C")),
    ):
        (folder / f"caller.{form}.alaw").write_bytes(alaw_encode(sound))
    profile = folder / "r2.yaml"
    profile.write_text(PROFILE)
    found = {
        path.name: path
        for path in (
            *GUEST.glob("*.py"),
            IO / "diokit.py",
            *IO.glob("kernel*.py"),
            LIBRARY,
            chirps,
            speech,
            profile,
            *folder.glob("caller.*.alaw"),
        )
    }
    found |= {f"decl/{path.name}": path for path in DECL.glob("d*.h")}
    return found | vm_python.tree(ours=("boardd", "drivers", "hwsim"))


def _wav(path, pieces):
    """A-law, 8 kHz, mono."""
    sound = b"".join(alaw_encode(piece + array("h", bytes(2 * (CHIRP_SAMPLES - len(piece))))) for piece in pieces)
    head = b"RIFF" + (36 + len(sound)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = b"".join(n.to_bytes(size, "little") for n, size in ((6, 2), (1, 2), (8000, 4), (8000, 4), (1, 2), (8, 2)))
    path.write_bytes(head + form + b"data" + len(sound).to_bytes(4, "little") + sound)


def _alaw_of(path):
    octets = path.read_bytes()
    return octets[octets.index(b"data") + 8 :]
