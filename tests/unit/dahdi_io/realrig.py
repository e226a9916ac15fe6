"""The cases on a real kernel: makes two local spans, runs every case, prints JSON. Run as
`python3 realrig.py LIBRARY DECLARATIONS [CASE ...]`."""

import json
import sys
import time
import traceback

from diokit import Dio
from kernelcases import CASES
from kernelrig import Rig


class RealRig(Rig):
    """Time is the machine's."""

    def now_ms(self):
        return time.monotonic() * 1000  # noqa: TID251 - a real kernel

    def sleep(self, ms):
        time.sleep(ms / 1000)  # noqa: TID251 - a real kernel


def make_spans(dio):
    ctl = dio.open("ctl")
    first = []
    for address in (b"1:0", b"1:1"):
        fields = {"driver": b"loc", "address": address, "channels": 31, "timing": 0}
        span = dio.with_struct(ctl, dio.DYNAMIC_CREATE, "dynamic_span", **fields).span
        first.append(span)
        dio.ioctl(ctl, dio.STARTUP, span)
    dio.close(ctl)
    return first


def main():
    library, decl, *wanted = sys.argv[1:]
    dio = Dio(library, decl)
    make_spans(dio)
    results = {}
    for name, function in CASES.items():
        if wanted and name not in wanted:
            continue
        rig = RealRig(dio)
        try:
            results[name] = {"found": function(rig)}
        except Exception:
            results[name] = {"error": traceback.format_exc()}
        finally:
            rig.close_all()
    sys.stdout.write(json.dumps(results, indent=1, default=str))


main()
