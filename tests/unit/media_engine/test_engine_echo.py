"""Echo cancelling by a library of its own: measured on a line with a hybrid; its absence is a plain answer."""

import ctypes.util
import math
import random
import subprocess
import sys

import pytest
from engine_stage import BLOCK, coded, decoded, pcm, samples

from boardd.contract.errors import ArgumentError
from boardd.media.engine.clips import LINEAR, Clip
from boardd.media.engine.recording import Tap

needs_library = pytest.mark.skipif(not ctypes.util.find_library("speexdsp"), reason="libspeexdsp1 is not installed")
LOSS_DB = 12.0
TAPS = {37: 0.7, 41: -0.5, 60: 0.3}
"""The hybrid: delays in samples and weights."""


def db(sound):
    return 10 * math.log10(sum(value * value for value in sound) / len(sound) + 1e-9)


def talk(blocks, seed):
    """Noise in words, as speech has them."""
    chance = random.Random(seed)
    sound = []
    for block in range(blocks):
        loud = 2500 if block % 40 < 28 else 30
        sound += [int(chance.gauss(0, loud)) for _ in range(BLOCK)]
    return [max(-30000, min(30000, value)) for value in sound]


class Hybrid:
    """The far end of a wire: what it is told comes back weaker, with what the far party says on top."""

    def __init__(self) -> None:
        self.past = [0] * 400

    def answer(self, told: list[int], far: list[int]) -> list[int]:
        scale = 10 ** (-LOSS_DB / 20)
        self.past += told
        begin = len(self.past) - len(told)
        echo = [scale * sum(w * self.past[begin + n - d] for d, w in TAPS.items()) for n in range(len(told))]
        self.past = self.past[-400:]
        return [max(-32768, min(32767, int(e + f))) for e, f in zip(echo, far, strict=True)]


def conversation(stage, blocks, tail_ms, far):
    """What the engine's other side hears while it plays to the line; (heard, echo as it would be)."""
    wire, port = stage.wire()
    ear = stage.null(capacity=blocks * BLOCK)
    stage.engine.link(port, ear)
    if tail_ms:
        stage.engine.load_echo()
        port.echo(tail_ms)
    port.play([Clip(pcm(talk(blocks, 1)), LINEAR)])
    hybrid, back = Hybrid(), [0] * BLOCK
    for block in range(blocks):
        wire.say(coded(back))
        stage.tick()
        back = hybrid.answer(decoded(wire.heard()), far[block * BLOCK : (block + 1) * BLOCK])
    return samples(ear.take(blocks * BLOCK))


@needs_library
def test_echo_of_what_we_say_is_taken_away(stage):
    blocks, quiet = 300, [0] * (300 * BLOCK)
    before = conversation(stage, blocks, 0, quiet)
    after = conversation(stage, blocks, 64, quiet)
    last = slice(200 * BLOCK, 300 * BLOCK)
    assert db(before[last]) > 45, "there is an echo"
    assert db(before[last]) - db(after[last]) >= 25


@needs_library
def test_the_far_party_is_heard_through_it(stage):
    blocks = 300
    far = [0] * (220 * BLOCK) + talk(28, 7) + [0] * (52 * BLOCK)
    after = conversation(stage, blocks, 64, far)
    said, heard = far[220 * BLOCK : 248 * BLOCK], after[221 * BLOCK : 249 * BLOCK]
    assert abs(db(heard) - db(said)) < 2
    product = sum(a * b for a, b in zip(said, heard, strict=True))
    likeness = product / math.sqrt(sum(a * a for a in said) * sum(b * b for b in heard))
    assert likeness > 0.9


@needs_library
def test_it_can_be_switched_and_ends_with_the_call(stage):
    wire, port = stage.wire()
    stage.engine.load_echo()
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS))
    for tail_ms in (8, 256, 0):
        port.echo(tail_ms)
        wire.say(bytes(range(160)))
        stage.tick()
    port.echo(32)
    port.release()
    wire.say(bytes(range(160)))
    stage.tick()
    assert recording.path.read_bytes()[2 * BLOCK : 3 * BLOCK] == bytes(range(160)), "off: the line's own bytes"
    for wrong in (7, 257, -1):
        with pytest.raises(ArgumentError):
            port.echo(wrong)


def test_without_the_library_there_is_an_answer():
    code = """
from boardd.contract.errors import UnsupportedError
from boardd.media.engine.engine import Engine
engine = Engine(1)
port = engine.null_port()
none, other = (lambda: engine.load_echo("libnosuch.so.1")), (lambda: engine.load_echo("libm.so.6"))
for attempt in (none, other, lambda: port.echo(64)):
    try:
        attempt()
    except UnsupportedError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second, third = done.stdout.splitlines()
    assert "libnosuch.so.1: cannot open shared object file" in first
    assert "install libspeexdsp1" in first
    assert "speex_echo_state_init is missing in it" in second
    assert "the library for it is not there" in third
