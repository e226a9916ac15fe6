"""One digital trunk of each signalling, and the states that a call goes through on it (sections 10.4, 10.5)."""

from synbench import Net

IN = {
    "isdn_user": [87, 83, 84, 89],
    "isdn_net": [87, 83, 84, 89],
    "ss1": [30, 31, 32, 33, 34],
    "tup": [71],
    "isup": [120],
}
OUT = {"isdn_user": [87, 81, 86], "isdn_net": [87, 81, 86], "ss1": [40, 41, 43, 44], "tup": [75], "isup": [125]}
CLEARING = {"isdn_user": 88, "isdn_net": 88, "ss1": 35, "tup": 76, "isup": 121}
TALK = {"isdn_user": [85, 3], "isdn_net": [85, 3], "ss1": [3], "tup": [3], "isup": [3]}


def span(make, signalling="isdn_user", extra="", **personality):
    bench = make(
        {"cards": [{"model": "SHD-30E-CT/PCIe", "spans": [{"signalling": signalling}]}], "personality": personality},
        extra=extra,
    )
    bench.ready()
    bench.call("SsmEnableAutoSendKB", 0, 0)
    return bench, Net(bench.machine.spans["card0/1"].circuits[1])
