"""Links: gains, mixing, saturation; what is linked is heard in the same block."""

import pytest
from engine_stage import BLOCK, pcm, ramp, samples

from boardd.contract.errors import ArgumentError, OverloadError, WrongStateError
from boardd.media.engine.clips import LINEAR, Clip


def test_what_a_port_hears_its_sinks_say_in_the_same_block(stage):
    a, b = stage.null(), stage.null()
    stage.engine.link(a, b)
    a.feed(pcm(ramp(2 * BLOCK)))
    stage.tick(2)
    assert samples(b.take(2 * BLOCK)) == ramp(2 * BLOCK)
    assert samples(a.take(2 * BLOCK)) == [0] * (2 * BLOCK)


def test_order_of_ports_does_not_matter(stage):
    ports = [stage.null() for _ in range(3)]
    for sink in ports:
        for source in ports:
            if source is not sink:
                stage.engine.link(source, sink)
    for index, port in enumerate(ports):
        port.feed(pcm([10 ** (index + 1)] * BLOCK))
    stage.tick()
    assert [samples(port.take(BLOCK))[7] for port in ports] == [1100, 1010, 110]


@pytest.mark.parametrize(
    ("gain_mb", "factor"), [(0, 1.0), (-600, 0.501187), (600, 1.995262), (-6000, 0.001), (2400, 15.848932)]
)
def test_gain(stage, gain_mb, factor):
    a, b = stage.null(), stage.null()
    stage.engine.link(a, b, gain_mb)
    sound = [0, 1, -1, 1000, -1000, 2000, -2000]
    a.feed(pcm(sound))
    stage.tick()
    for got, given in zip(samples(b.take(len(sound))), sound, strict=True):
        assert abs(got - given * factor) <= 1 + abs(given) * factor * 2e-3 + 0.13 * (gain_mb == -6000)


def test_the_same_link_again_changes_its_gain(stage):
    a, b = stage.null(), stage.null()
    stage.engine.link(a, b)
    stage.engine.link(a, b, -2000)
    a.feed(pcm([1000] * BLOCK))
    stage.tick()
    assert samples(b.take(1)) == [100]
    assert stage.engine.stats().links == 1


def test_the_sum_saturates_once_at_the_end(stage):
    a, b, c, sink = (stage.null() for _ in range(4))
    for source, value in ((a, 30000), (b, 30000), (c, -30000)):
        stage.engine.link(source, sink)
        source.feed(pcm([value] * BLOCK))
    stage.tick()
    assert samples(sink.take(BLOCK)) == [30000] * BLOCK
    stage.engine.unlink(c, sink)
    for source in (a, b):
        source.feed(pcm([30000, -30000]))
    stage.tick()
    assert samples(sink.take(3)) == [32767, -32768, 0]


def test_a_play_and_links_mix(stage):
    a, b = stage.null(), stage.null()
    stage.engine.link(a, b)
    a.feed(pcm([5] * BLOCK))
    b.play([Clip(pcm(ramp(100)), LINEAR)])
    stage.tick()
    assert samples(b.take(BLOCK)) == [value + 5 for value in ramp(100)] + [5] * 60


def test_a_source_is_music_for_many(stage):
    music = stage.null(source=True)
    sinks = [stage.null() for _ in range(5)]
    music.play([Clip(pcm(ramp(100)), LINEAR)], loop=True)
    for sink in sinks:
        stage.engine.link(music, sink, 0)
    stage.tick(2)
    expected = (ramp(100) * 4)[: 2 * BLOCK]
    assert all(samples(sink.take(2 * BLOCK)) == expected for sink in sinks)


def test_gains_of_a_port(stage):
    a, b = stage.null(), stage.null()
    stage.engine.link(a, b)
    a.gain(heard_mb=-2000)
    b.gain(said_mb=-2000)
    a.feed(pcm([10000] * BLOCK))
    stage.tick()
    assert samples(b.take(1)) == [100]
    a.release()
    b.release()
    stage.engine.link(a, b)
    a.feed(pcm([10000] * BLOCK))
    stage.tick()
    assert samples(b.take(2 * BLOCK))[-1] == 10000


def test_held_and_ended_ports_are_silent(stage):
    a, b = stage.null(), stage.null()
    stage.engine.link(a, b)
    a.feed(pcm([7] * 3 * BLOCK))
    stage.tick()
    a.run(False)
    stage.tick()
    a.run()
    stage.tick()
    assert samples(b.take(3 * BLOCK)) == [7] * BLOCK + [0] * BLOCK + [7] * BLOCK
    a.free()
    stage.tick()
    assert samples(b.take(BLOCK)) == [0] * BLOCK
    assert stage.engine.stats().links == 0


def test_refusals(stage):
    a, b = stage.null(), stage.null()
    with pytest.raises(ArgumentError):
        stage.engine.link(a, a)
    with pytest.raises(ArgumentError):
        stage.engine.link(a, b, 2401)
    assert not stage.engine.unlink(a, b)
    a.free()
    with pytest.raises(WrongStateError):
        stage.engine.link(a, b)


def test_a_number_never_means_another_port_later(stage):
    numbers = set()
    for _ in range(200):
        port = stage.null(capacity=0)
        assert port.number not in numbers
        numbers.add(port.number)
        port.free()


def test_too_many_ports_and_links(tmp_path):
    from engine_stage import Stage

    small = Stage(tmp_path, max_ports=70)
    try:
        sink, *sources = [small.null(capacity=0) for _ in range(70)]
        with pytest.raises(OverloadError):
            small.null()
        for source in sources[:64]:
            small.engine.link(source, sink)
        with pytest.raises(OverloadError):
            small.engine.link(sources[64], sink)
    finally:
        small.close()
