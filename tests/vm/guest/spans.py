"""Local spans of the real kernel for calls: three cables, each with boardd at one end and a peer at the other.

    cable 1   PRI      1:0 (boardd, network side)  1:1 (peer, user side)    timeslots 1, 2; 3 carries frames
    cable 2   No.1     2:0 (boardd)                2:1 (peer)               timeslots 1, 2 with line bits
    cable 3   pairs    3:0 (boardd)                3:1 (peer)               1 an exchange line of ours, 2 a telephone

Few channels: the kernel works on each a thousand times a second, and an emulated machine has little time.
"""

import json
import sys
from pathlib import Path

from diokit import Dio

CABLES = {1: 3, 2: 2, 3: 2}
BEARERS = {1: (1, 2), 2: (1, 2), 3: (1, 2)}
D_SLOT = 3
ALAW = 2


def create(dio, address, channels):
    ctl = dio.open("ctl")
    try:
        fields = {"driver": b"loc", "address": address.encode(), "channels": channels, "timing": 0}
        span = dio.with_struct(ctl, dio.DYNAMIC_CREATE, "dynamic_span", **fields).span
        dio.ioctl(ctl, dio.STARTUP, span)
    finally:
        dio.close(ctl)
    return span


def destroy(dio, address):
    ctl = dio.open("ctl")
    try:
        fields = {"driver": b"loc", "address": address.encode()}
        dio.with_struct(ctl, dio.DYNAMIC_DESTROY, "dynamic_span", **fields)
    finally:
        dio.close(ctl)


def first_channel(span):
    """DAHDI's number of a span's first channel, by the names under /dev or by asking."""
    folder = Path(f"/sys/bus/dahdi_spans/devices/span-{span}")
    return int((folder / "basechan").read_text())


def configure(dio, address, span):
    cable, end = map(int, address.split(":"))
    first = first_channel(span)
    if cable == 1:
        dio.configure(first + D_SLOT - 1, dio.SIG_HDLCFCS, law=ALAW)
    for position in BEARERS[cable]:
        number = first + position - 1
        if cable == 1:
            dio.configure(number, dio.SIG_CLEAR, law=ALAW)
        elif cable == 2:
            dio.configure(number, dio.SIG_CAS, idle_bits=0b1101, law=ALAW)
        else:
            exchange_line = (position == 1) == (end == 0)
            dio.configure(number, dio.SIG_FXSKS if exchange_line else dio.SIG_FXOKS, law=ALAW)


def make(dio, address):
    """Create one end and set its channels up; its span number and first channel."""
    span = create(dio, address, CABLES[int(address[0])])
    configure(dio, address, span)
    return span, first_channel(span)


def make_all(dio):
    return {f"{cable}:{end}": make(dio, f"{cable}:{end}") for cable in CABLES for end in (0, 1)}


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(make_all(Dio(sys.argv[1], sys.argv[2]))))
