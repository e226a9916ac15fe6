"""The behaviour against the shim's sources: handlers take what it sends, and it can carry what they answer."""

from __future__ import annotations

import inspect
import random
import re
from pathlib import Path
from typing import Any

import pytest
from synbench import Bench, Exchange, FakeConn, Net, Phone
from synmachines import ANALOG

from hwsim.line.caller_id import CallerId
from hwsim.line.digital import Alarm
from hwsim.vendorlibs import wire
from hwsim.vendorlibs.rpc import PARKED, Reply
from hwsim.vendorlibs.synway.api import TABLE
from hwsim.vendorlibs.wire import File

SHIM = Path(__file__).parents[3] / "hwsim" / "vendorlibs" / "synway"
CALL = re.compile(r'shp_(?:call|call_closed|wait)\((?:\w+, )?"(\w+)",\s*"(\w*)"')
IN = {"i": "i", "u": "I", "w": "H", "c": "B", "q": "q", "s": "s", "b": "b", "f": "f", "g": "f", "h": "f", "n": "n"}
OUT = {"I": "i", "U": "I", "W": "H", "C": "B", "Q": "q", "S": "s", "V": "s", "X": "b", "Z": "b"}
ENDS = {"SsmCloseCti", "SsmStartCti", "SsmStartCtiEx"}


def signatures() -> dict[str, str]:
    """Function name -> signature, from the shim's C files (of two variants the one with more arguments)."""
    found: dict[str, str] = {}
    for path in sorted(SHIM.glob("*.c")):
        for name, signature in CALL.findall(path.read_text()):
            if len(signature) >= len(found.get(name, "")):
                found[name] = signature
    return found


SIGNATURES = signatures()


def in_letters(signature: str) -> str:
    """Arguments as the wire carries them: texts with length and memory are two."""
    letters = []
    for letter in signature:
        letters += {"t": ["s", "u"], "m": ["f", "u"]}.get(letter, [letter] if letter in IN else [])
    return "".join(letters)


def test_the_shim_has_been_read():
    assert len(SIGNATURES) > 250
    assert SIGNATURES["SsmPlayFile"] == "ifiuu"


def test_every_handler_is_reachable_through_the_shim():
    unknown = set(TABLE) - set(SIGNATURES) - {"SsmGetChStateEx"}

    assert not unknown


@pytest.mark.parametrize("name", sorted(set(TABLE) & set(SIGNATURES)))
def test_handler_takes_what_the_shim_sends(name):
    parameters = list(inspect.signature(TABLE[name]).parameters.values())[1:]
    count = len(in_letters(SIGNATURES[name]))
    required = sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    assert required <= count
    assert open_ended or count <= len(parameters)


def argument(rng: random.Random, letter: str, bench: Bench, position: int, files: dict[int, File]) -> Any:
    if letter in "fgh":
        kind = rng.choice(["missing", "wav", "short"])
        if kind != "missing":
            files[position] = bench.file(f"{kind}.wav" if kind == "wav" else "raw", b"\xd5" * rng.choice([0, 10, 4000]))
            return files[position].path
        files[position] = File("missing", errno=2)
        return "missing"
    if letter == "s":
        return rng.choice([None, "", "1", "12345", "x" * 60, "#", "测试"])
    if letter == "b":
        return rng.choice([b"", b"\0\0", b"\1\0\0\0"])
    if letter == "n":
        return None
    return rng.choice([0, 0, 1, 1, 2, 3, 6, 7, 8, 20, 33, 100, 1000, 4000]) if letter != "i" else rng.randint(-2, 36)


class World:
    """Far ends that do something at random now and then."""

    def __init__(self, bench: Bench, rng: random.Random) -> None:
        lines = bench.machine.analog_lines
        self.rng = rng
        self.span = bench.machine.spans["card0/1"]
        self.nets = [Net(self.span.circuits[slot], confirm=slot % 3 > 0) for slot in range(1, 8)]
        self.exchange = Exchange(bench, lines["card1/1"])
        self.phone = Phone(bench, lines["card1/3"])
        self.pair = lines["card1/4"]

    def act(self) -> None:
        rng, net = self.rng, self.rng.choice(self.nets)
        rng.choice(
            [
                lambda: net.call("8001"),
                lambda: net.card.on_digits("1"),
                lambda: net.card.on_proceeding(),
                lambda: net.card.on_progress(),
                lambda: net.card.on_alerting(),
                lambda: net.card.on_connect(),
                lambda: net.card.on_release(rng.choice([1, 16, 17, 34, 102])),
                lambda: net.card.on_released(),
                lambda: self.exchange.ring(2),
                lambda: self.exchange.tone(*rng.choice([(), (350, 350), (1000, 4000)])),
                lambda: self.exchange.voice(),
                lambda: self.exchange.quiet(),
                lambda: self.exchange.line.reverse(rng.random() < 0.5),
                lambda: self.exchange.line.cut(rng.random() < 0.3),
                lambda: self.exchange.caller_id.fsk(CallerId("13800138000", name="张三")),
                lambda: self.phone.hook(rng.random() < 0.5),
                lambda: self.phone.press("1*#"),
                lambda: self.pair.ring(rng.random() < 0.5),
                lambda: self.pair.close_loop(rng.random() < 0.5),
                lambda: self.span.set_alarms(frozenset({Alarm.LOS}) if rng.random() < 0.3 else frozenset()),
            ]
        )()


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("base", ["newest", "worst_order", "old", "strict"])
def test_any_calls_in_any_order_are_answered(make, seed, base):
    site = {
        "cards": [{"model": "SHD-30E-CT/PCIe", "spans": [{"signalling": "ss1"}]}, *ANALOG["cards"]],
        "personality": base,
    }
    bench = make(site)
    rng = random.Random(seed)
    assert bench.start(mode=0) == 0
    bench.run(2000)
    world = World(bench, rng)
    names = sorted(set(SIGNATURES) - ENDS)
    for _ in range(600):
        name = rng.choice(names)
        signature = SIGNATURES[name]
        files: dict[int, File] = {}
        letters = in_letters(signature)
        args = tuple(argument(rng, letter, bench, n, files) for n, letter in enumerate(letters))
        conn = FakeConn(bench.client)
        answer = bench.raw(name, *args, files=files, conn=conn)
        for file in files.values():
            file.close()
        if answer is PARKED:
            answer = Reply(0)
        outs = "".join(OUT[letter] for letter in signature if letter in OUT)
        wire.reply(1, answer.ret, outs, answer.outs)
        world.act()
        bench.run(rng.choice([0, 0, 4, 50, 300]))
    world.exchange.quiet()
    world.span.set_alarms(frozenset())
    bench.run(30_000)
    for channel in bench.library.driver.channels:
        bench.call("SsmHangup", channel.number)
        bench.call("SsmStopPlay", channel.number)
        bench.call("SsmStopRecToFile", channel.number)
    bench.run(10_000)
    for channel in bench.library.driver.channels:
        if channel.kind.trunk:
            assert channel.state in {0, 2, 8, 20}, "a trunk is stuck"
    bench.library.detached(bench.client)
    bench.engine.dtmf_detect(world.exchange.line.office_leg, False)
    world.phone.display.close()
    bench.run(100)
    stats = bench.engine.stats()
    assert (stats.sources, stats.links, stats.recorders, stats.detectors, stats.descriptors) == (0, 0, 0, 0, 0)
