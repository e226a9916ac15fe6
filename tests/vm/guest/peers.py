"""The far ends of the three cables: the edge peers of the simulator on PRI and No.1, an office and telephones on pairs.

Run as `python3 peers.py LIBRARY DECLARATIONS SPANS`. Commands come as lines of JSON `[name, arguments]` on standard
input; what the peers notice goes out as lines of JSON. Nothing of boardd is in this process.
"""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import spans
from diokit import POLLIN, Dio
from kernel_end import KernelEnd, RealSim
from kernelcases_tones import zone
from pairs import Office, Telephone
from sounds import BLOCK, DigitEar, digits, tone

from hwsim.edge import pri_call, pri_peer, r2_line
from hwsim.edge.log import PeerLog
from hwsim.edge.plan import PeerPlan, PlannedCall
from hwsim.edge.pri_peer import PriPeer
from hwsim.edge.r2_peer import R2Peer
from hwsim.edge.voice import Voice

HELLO_OCTETS = 8000
"""A second of speech, then silence: somebody who says hello."""
BUSY = tone(350, (450, -10)) + tone(350)


class PlainVoice(Voice):
    """Looks for nobody in what it hears, which costs an emulated machine seconds: it keeps the sound for those outside.
    Keys are heard, and pressed, when somebody asks."""

    kept = None
    """A file."""
    blocks = None
    """Sound of keys to be said."""
    ear = None

    def _look(self):
        self._pcm = self._pcm[:0]

    def _hear(self, block):
        if self.kept:
            self.kept.write(block)
        if self.ear:
            before = self.ear.heard
            self.ear.take(block)
            if self.ear.heard != before:
                self._noted("keys", {"keys": self.ear.heard})
        super()._hear(block)

    def _say(self):
        return (next(self.blocks, None) if self.blocks else None) or super()._say()


pri_call.Voice = r2_line.Voice = PlainVoice


class Log(PeerLog):
    """Notes go out at once."""

    def note(self, what, span, **fields):
        sys.stdout.write(json.dumps({"t_ms": self.sim.now_us // 1000, "what": what, "span": span, **fields}) + "\n")
        sys.stdout.flush()


def load_zone(dio):
    """A tone zone, as `dahdi_cfg` loads one: without it nothing rings (ENODATA)."""
    zone(SimpleNamespace(dio=dio, open=dio.open, close=dio.close))


class Peers:
    """All far ends and the commands to them."""

    def __init__(self, dio, places):
        self.dio, self.places, self.sim = dio, places, RealSim()
        self.log = Log(self.sim)
        load_zone(dio)
        self.ends, self.peers = {}, {}
        for cable in (1, 2):
            self._connect(cable)
        first = places["3:1"][1]
        self.pairs = {}
        for line, kind in ((1, Office), (2, Telephone)):
            self.pairs[line] = kind(
                dio, first + line - 1, lambda what, line=line, **f: self.log.note(what, f"pair {line}", **f)
            )

    def _connect(self, cable):
        first = self.places[f"{cable}:1"][1]
        end = self.ends[cable] = KernelEnd(self.dio, f"cable {cable}", first, cas=cable == 2)
        if cable == 1:
            pri_peer.D_SLOT = spans.D_SLOT
            self.peers[cable] = PriPeer(self.sim, self.log, end)
        else:
            self.peers[cable] = R2Peer(self.sim, self.log, end, slots=spans.BEARERS[2])

    # -- commands -----------------------------------------------------------------------------------------------------
    def plan(self, cable, **fields):
        """How the peer of a cable treats calls from now on."""
        self.peers[cable].plan = PeerPlan(**fields)

    def dial(self, cable, slot, called, caller="", hang_up_ms=None):
        self.peers[cable].dial(PlannedCall(0, f"cable {cable}", slot, called, caller, hang_up_ms=hang_up_ms))

    def hang_up(self, cable):
        """All calls of a cable."""
        for call in self._calls(cable):
            if cable == 1:
                self.peers[1].hang_up(call)
            else:
                call.hang_up()

    def press(self, cable, keys):
        """Keys into every conversation of the cable."""
        for voice in self._voices(cable):
            voice.blocks = iter(_blocks(digits(keys)))

    def ear(self, cable):
        """Tell the keys that are heard in every conversation of the cable."""
        for voice in self._voices(cable):
            voice.ear = DigitEar()

    def keep(self, cable, file):
        """Keep what is heard in the conversations of the cable."""
        for voice in self._voices(cable):
            voice.kept = open(file, "wb", buffering=0)  # noqa: SIM115 - for as long as the call lasts

    def _calls(self, cable):
        peer = self.peers[cable]
        return list(peer.calls.values()) if cable == 1 else list(peer.lines.values())

    def _voices(self, cable):
        return [call.voice for call in self._calls(cable) if call.voice]

    def pull(self, cable):
        """Pull the cable out: our end of it goes."""
        self.ends[cable].shut()
        spans.destroy(self.dio, f"{cable}:1")
        self.log.note("pulled", f"cable {cable}")

    def plug(self, cable):
        """Put it back; the peer begins anew."""
        self.places[f"{cable}:1"] = list(spans.make(self.dio, f"{cable}:1"))
        self._connect(cable)
        self.log.note("plugged", f"cable {cable}")

    def pair(self, line, act, **fields):
        """An act of an office or a telephone."""
        getattr(self.pairs[line], act)(**fields)

    def caller_id(self, line, file, before):
        """The office of a line shows a number from now on: this sound after the first ring, or `before` it."""
        self.pairs[line].shows(Path(file).read_bytes() if file else b"", before)

    def sound(self, line, kind):
        """Sound on a pair: busy, voice, silence."""
        speech = Path("speech.alaw").read_bytes()[:HELLO_OCTETS]
        self.pairs[line].say({"busy": BUSY, "voice": speech}.get(kind, b""), again=kind == "busy")

    # -- the loop -----------------------------------------------------------------------------------------------------
    def run(self):
        """Until standard input ends."""
        os.set_blocking(0, False)
        rest = b""
        while True:
            wait_ms = self.sim.run_due()
            watched = {0: (POLLIN, None)}
            for end in self.ends.values():
                watched |= {c.fd: (c.mask, c) for c in end.channels.values() if c.fd >= 0}
            watched |= {pair.fd: (pair.mask, pair) for pair in self.pairs.values()}
            found = self.dio.poll({fd: mask for fd, (mask, _) in watched.items()}, wait_ms)
            for fd, owner in ((fd, watched[fd][1]) for fd in found if fd):
                if owner.fd == fd:
                    owner.look()
            if 0 in found:
                octets = os.read(0, 65536)
                if not octets:
                    return
                *lines, rest = (rest + octets).split(b"\n")
                for line in lines:
                    name, arguments = json.loads(line)
                    getattr(self, name)(**arguments)


def _blocks(sound):
    return [sound[i : i + BLOCK].ljust(BLOCK, b"\xd5") for i in range(0, len(sound), BLOCK)]


if __name__ == "__main__":
    library, declarations, places = sys.argv[1:]
    peers = Peers(Dio(library, declarations), json.loads(Path(places).read_text()))
    peers.log.note("ready", "peers")
    peers.run()
