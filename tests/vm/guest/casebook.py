"""The cases of a subject by name, in the order in which they run; what all subjects share."""

PRI, R2, FXO, FXS = "pri/1/2", "r2/1/2", "an/1", "an/2"


class Cases(dict):
    """Name → `case(stage)`, which returns what it found; filled by decorators."""

    def case(self, function):
        """One case."""
        self[function.__name__] = function
        return function

    def both(self, function):
        """Two cases, `function(stage, channel)` for PRI and No.1."""
        for name, channel in {"pri": PRI, "r2": R2}.items():
            self[f"{name}_{function.__name__}"] = lambda stage, channel=channel: function(stage, channel)
        return function


def cable_of(channel):
    """Number of the cable of a channel of an E1."""
    return {"pri": 1, "r2": 2}[channel.split("/")[0]]


def pair(stage, act, line=1, **fields):
    """Tell the far end of a pair to do something: 1 is the office, 2 the telephone."""
    stage.peers.do("pair", line=line, act=act, **fields)
