"""A far end that sends anything: `python hostile.py FIRST LAST MESSAGES`. A process of its own, because libpri is C.

Messages and frames are made from real ones by flipping, cutting, inserting; the owner of the span does anything with
the calls that come of it. Afterwards the far end is a decent one again: every call must have its one end, every slot
must be free, and a call must work. Ends with status 0 and one line a seed, or by a signal, or with a traceback.
"""

import contextlib
import random
import sys

from peer import Peer
from site_of_tests import SIDES, PeerSite, check_lives

from boardd.contract.errors import BoarddError
from boardd.signalling.q931.ddi import DdiPlan
from boardd.signalling.q931.profile import Switch
from boardd.signalling.span import CallRequest, Connected, Incoming, Number

MESSAGES = [
    bytes.fromhex(text)
    for text in """
0802000105 04038090a3 1803a98381 6c0d21833133383030313338303030 70058130303031 a1
0802000105 04039090a3 1803a18382 1e028183 2805416263 6465 1c0f9fa10c0201010201018007810230001234 7005a138303031 a1
0802000105 04038890a3 1803a98385 6c020180 7d029181 2c03313233 340136 700281 31
0802000105 04039090a3 1801a3 6c0641833837 3635 7405010082343030 7e04044142 43 700281 31
0802800102 1803a98381
0802800101 1e028288
0802800107 1803a98381 4c0421833133 29070c1f0c1e1d0040
080280010d 1803a98381 1e028288
080200010f
0802000145 08028090 1e028288
080200014d 08028091
080200015a 08028290
0802000046 1803a98381 790180
0802000046 790187
0802000046 1807a98301020384 85 790180
0802000046 1807a993ffffffff00 790180
0802000046 1805e981838281 790180
080200004e 1803a98381 790180
080200007d 080280e2 140100
080200017d 0802809e 14010a
0802000175
080200017b 700581313233 34 a1
080200017b 2c0431323334
080200016e 2701f1
080200016e 2701fb 76040080 3132
0802000162 1c1191a10e02010506040085360101300280008100
0802000162 1c109faa06800100820100 8b0100a1030201 01
030200000f 0101c0 1803a98381
430200000f 0101c2 1803a98381
0802000103 08028090 1e028188
0802000124
0802000128
0802000131
0802000160 00
0802000164 1c0a91a107020101020100
08006 2 1c0c91a109020120020 10f3000
080101 05 04038090a3
080f000102030405060708091011121314 05
""".replace(" ", "").split()
]


def spoilt(rng, message):
    octets = bytearray(message)
    for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
        at = rng.randrange(len(octets)) if octets else 0
        how = rng.randrange(6)
        if how == 0 and octets:
            octets[at] = rng.choice((0, 1, 2, 0x1C, 0x28, 0x7E, 0x7F, 0x80, 0xFE, 0xFF, rng.randrange(256)))
        elif how == 1 and octets:
            octets[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            octets[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif how == 3 and len(octets) > 5:
            del octets[at : at + rng.randrange(1, 6)]
        elif how == 4:
            octets = octets[:at]
        else:
            octets += rng.choice(MESSAGES)[5:]
    if len(octets) > 3 and rng.random() < 0.3:
        octets[2], octets[3] = rng.choice((0, 0x80)), rng.randrange(6)
    return bytes(octets[:260])


class Owner:
    """Does anything with calls."""

    def __init__(self, rng):
        self.rng, self.calls = rng, []

    def __call__(self, site, event):
        if isinstance(event, Incoming):
            self.calls.append(event.call)
            self.act(site.span)

    def act(self, span):
        rng = self.rng
        if not self.calls:
            return
        call = rng.choice(self.calls[-6:])
        rng.choice(
            (
                lambda: span.alerting(call, in_band=rng.random() < 0.5),
                lambda: span.connect(call),
                lambda: span.progress(call, rng.choice((0, 1, 17))),
                lambda: span.proceeding(call),
                lambda: span.more_digits(call, "12"),
                lambda: span.disconnect(call, rng.choice((1, 16, 17, 44, 26, 81))),
            )
        )()


def torment(seed, messages):
    rng = random.Random(seed)
    side, owner = rng.choice(SIDES), Owner(rng)
    site = PeerSite(
        side,
        on_event=owner,
        overlap_receiving=rng.random() < 0.5,
        ddi=DdiPlan.parse(["1000-1099"]),
        service_messages=rng.random() < 0.5,
        switch=rng.choice(list(Switch)),
    )
    for _ in range(messages):
        what = rng.random()
        if what < 0.03:
            site.wire.send_right(
                rng.choice((b"\x02\x01", b"\x00\x01", b"\x00\xff", b"")) + rng.randbytes(rng.randrange(40))
            )
        elif what < 0.05:
            site.wire.send_right(b"\x02\x01\x03" + spoilt(rng, rng.choice(MESSAGES)))
        elif what < 0.12:
            owner.act(site.span)
        elif what < 0.18:
            with contextlib.suppress(BoarddError):
                request = CallRequest(rng.randrange(1, 32), Number("1055"), complete=rng.random() < 0.7)
                owner.calls.append(site.span.setup(request))
        elif what < 0.19:
            site.span.restart(rng.choice((None, 1, 5)))
        else:
            site.peer.link.send(spoilt(rng, rng.choice(MESSAGES)))
        site.run(rng.choice((0.0, 0.003, 0.02, 0.02, 0.5 if rng.random() < 0.1 else 0.01)))
        if rng.random() < 0.005:
            site.run(rng.choice((4, 10, 40)))
    finish(site, side)
    return len(site.history)


def finish(site, side):
    """The far end is exchanged for a decent one, which restarts the interface."""
    site.on_event = None
    site.peer.link.deaf = True
    site.peer = Peer(site.clock, site.wire.send_right, network=side == "user")
    site.wire.right = site.peer.receive
    assert site.clock.until(lambda: site.span.link_up and site.peer.link.up, 60)
    site.peer.restart()
    site.run(400)
    described = site.span.describe()
    assert described["calls"] == [], described
    for slot in [int(slot) for slot, reason in described["blocked"].items() if reason in ("far", "stuck")]:
        raise AssertionError(f"timeslot {slot} is {described['blocked'][str(slot)]}")
    site.peer.wrong.clear()
    site.take()
    call = site.setup(5)
    site.run(2)
    assert any(isinstance(e, Connected) and e.call == call for e in site.told), site.told
    site.span.disconnect(call)
    site.run(2)
    assert site.peer.wrong == []
    check_lives(site.history)


if __name__ == "__main__":
    import structlog

    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    for seed in range(int(sys.argv[1]), int(sys.argv[2])):
        sys.stdout.write(f"{seed} {torment(seed, int(sys.argv[3]))}\n")
        sys.stdout.flush()
