"""Stream ports: a card that gives and takes pieces of its own size at its own pace, which the test makes."""

import math

import pytest
from engine_judge import Judge
from engine_stage import Stage, coded, decoded, pcm, samples

from boardd.contract.errors import WrongStateError
from boardd.media.engine.events import Hole

RATE, BLOCK_NS, PIECE = 8000, 20_000_000, 800
GIVES, RESTS = 1, 3
TONE_HZ = 1000.0


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> Judge:
    return Judge(tmp_path_factory.mktemp("judge"))


class Card:
    """An engine with one stream port between a mouth and an ear, and the card's end of the stream."""

    def __init__(self, folder, ppm: float = 0.0, piece: int = PIECE) -> None:
        self.stage = Stage(folder)
        engine = self.engine = self.stage.engine
        self.lib, self.ffi = engine.lib, engine.ffi
        self.stream = self.lib.me_stream_new()
        self.port = engine.stream_port(self.stream, self.stage.told.append)
        self.mouth, self.ear = self.stage.null(capacity=10 * RATE), self.stage.null(capacity=10 * RATE)
        engine.link(self.mouth, self.port)
        engine.link(self.port, self.ear)
        self.port.run()
        self.piece = piece
        self.piece_ns = piece * 1e9 / RATE / (1 + ppm * 1e-6)
        self.ticks = self.pieces = 0
        self.late_ns = 0
        self.gives = True
        self.taken = bytearray()
        sound = coded(round(8000 * math.sin(2 * math.pi * TONE_HZ / RATE * n)) for n in range(RATE))
        self.sound = sound
        self.said = pcm(decoded(sound))

    def run(self, until_ns: int) -> None:
        while True:
            tick_ns, piece_ns = self.ticks * BLOCK_NS, self.pieces * self.piece_ns + 7_000_000
            if min(tick_ns, piece_ns) >= until_ns:
                return
            if tick_ns <= piece_ns:
                at = self.ticks * 320 % len(self.said)
                self.mouth.feed(self.said[at : at + 320])
                self.lib.me_tick(self.engine.handle, tick_ns)
                self.ticks += 1
            else:
                self._exchange(int(piece_ns) + self.late_ns)
                self.pieces += 1

    def _exchange(self, now_ns: int) -> None:
        at = self.pieces * self.piece % RATE
        if self.gives:
            piece = (self.sound + self.sound)[at : at + self.piece]
            self.lib.me_stream_give(self.stream, piece, self.piece, now_ns)
        room = self.ffi.new("unsigned char[]", self.piece)
        self.lib.me_stream_take(self.stream, room, self.piece, now_ns)
        self.taken += bytes(self.ffi.buffer(room))

    def close(self) -> None:
        self.stage.close()
        self.lib.me_stream_free(self.stream)


@pytest.fixture
def card(tmp_path):
    made = []

    def make(*args, **kwargs):
        made.append(Card(tmp_path, *args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("ppm", [0, 50, -50])
def test_a_tone_stays_pure_both_ways_with_clocks_apart(card, judge, ppm):
    one = card(ppm)
    heard, taken = [], []
    for second in range(30):
        one.run((second + 1) * 1_000_000_000)
        sound = one.ear.take(2 * RATE)
        if second > 0:
            heard.append(judge.tone(pcm(decoded(coded(samples(sound)))), TONE_HZ)[0])
            taken.append(judge.tone(pcm(decoded(bytes(one.taken))), TONE_HZ)[0])
        one.taken.clear()
    assert min(heard) >= 35.0 and min(taken) >= 35.0, (min(heard), min(taken))
    assert one.port.state.concealed == one.port.state.unsent == 0
    assert not [event for event in one.stage.told if isinstance(event, Hole)]


@pytest.mark.parametrize("piece", [160, 800, 1000, 1600])
def test_the_delay_follows_the_piece(card, piece):
    one = card(piece=piece)
    one.run(3_000_000_000)
    assert one.port.state.ring_delay_ms == pytest.approx(piece / 8 + 40, abs=1)
    assert one.port.state.concealed == 0


def test_pieces_may_be_late_within_the_margin(card):
    one = card()
    one.run(1_000_000_000)
    one.late_ns = 15_000_000
    one.run(2_000_000_000)
    assert one.port.state.concealed == one.port.state.unsent == 0


def test_a_card_that_rests_is_not_missed_and_one_that_fails_is(card):
    one = card()
    one.run(1_000_000_000)
    one.gives = False
    one.lib.me_stream_begin(one.stream, RESTS)
    one.run(2_000_000_000)
    assert one.port.state.concealed == 0
    one.gives = True
    one.lib.me_stream_begin(one.stream, GIVES)
    one.run(3_000_000_000)
    one.ear.take(3 * RATE)
    one.run(3_200_000_000)
    assert max(map(abs, samples(one.ear.take(RATE)))) > 7000
    one.gives = False
    one.run(4_000_000_000)
    assert one.port.state.concealed > RATE // 2


@pytest.mark.parametrize("stood_s", [0.3, 2])
def test_a_card_that_stood_still_is_heard_again_at_once(card, stood_s):
    """Neither ticks nor pieces for a while, as when the process is stopped."""
    one = card()
    one.run(1_000_000_000)
    one.ticks += round(stood_s * 50)
    one.pieces += round(stood_s * 10)
    until_ns = round((1 + stood_s) * 1e9)
    one.run(until_ns + 400_000_000)
    one.ear.take(9 * RATE)
    one.taken.clear()
    one.run(until_ns + 600_000_000)
    heard, taken = samples(one.ear.take(RATE)), decoded(bytes(one.taken))
    for sound in (heard, taken):
        assert all(max(map(abs, sound[at : at + 80])) > 7000 for at in range(0, len(sound) - 80, 80))


def test_one_port_at_a_time_and_silence_without_one(card):
    one = card()
    with pytest.raises(WrongStateError):
        one.engine.stream_port(one.stream, one.stage.told.append)
    one.port.free()
    room = one.ffi.new("unsigned char[]", 80)
    one.lib.me_stream_give(one.stream, bytes(80), 80, -1)
    one.lib.me_stream_take(one.stream, room, 80, -1)
    assert bytes(one.ffi.buffer(room)) == bytes([0xD5]) * 80
    again = one.engine.stream_port(one.stream, one.stage.told.append)
    again.run()
    assert again.state.concealed == 0
