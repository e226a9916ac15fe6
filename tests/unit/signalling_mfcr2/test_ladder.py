"""The ladder as technicians read it, in both languages; kept for failed calls, and only so many."""

import re

import pytest
from mfcr2_bench import Bench
from outgoing_calls import BACKWARD, free
from r2_peer import IDLE
from test_incoming import FOUR, script

from boardd.contract.text import set_language
from boardd.signalling.mfcr2.ladder import LONGEST, Ladder, LineEntry, Way, Word
from boardd.signalling.span import Connected, Disconnected


@pytest.fixture
def chinese():
    set_language("zh_CN")


def test_in_the_words_of_the_trade(chinese):
    bench = Bench(FOUR)
    bench.peer.run(script(bench.peer, "8001", 1, "12", 3))
    assert bench.until(lambda: bench.site.of(Connected))
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    words = [re.sub(r", -?[\d.]+/-?[\d.]+ dBm0|, \d+ ms", "", line[13:]) for line in bench.span.ladder(1).lines()]
    assert words == [
        "←  占用 0011",
        "→  占用证实 1111",
        "·  记发器接入",
        "←  前向 I-8 (1500+1860 Hz) 数字 8",
        "→  后向 A1 (1020+1140 Hz) 发下一位",
        "←  前向 I-10 (1740+1860 Hz) 数字 0",
        "→  后向 A1 (1020+1140 Hz) 发下一位",
        "←  前向 I-10 (1740+1860 Hz) 数字 0",
        "→  后向 A1 (1020+1140 Hz) 发下一位",
        "←  前向 I-1 (1380+1500 Hz) 数字 1",
        "→  后向 A6 (780+900 Hz) 发 KA 和主叫号码",
        "←  KA=1 (1380+1500 Hz) 普通, 定期计费",
        "→  后向 A1 (1020+1140 Hz) 发下一位",
        "←  前向 I-1 (1380+1500 Hz) 主叫号码 1",
        "→  后向 A1 (1020+1140 Hz) 发下一位",
        "←  前向 I-2 (1380+1620 Hz) 主叫号码 2",
        "→  后向 A1 (1020+1140 Hz) 发下一位",
        "←  前向 I-15 (1860+1980 Hz) 主叫号码结束",
        "→  后向 A3 (900+1020 Hz) 转 B 组",
        "←  KD=3 (1500+1620 Hz) 市内电话",
        "→  KB=1 (1020+1140 Hz) 被叫空闲",
        "·  记发器退出",
        "→  应答 0111",
        "←  前向拆线 1011",
        "→  释放监护 1011",
    ]


def test_times_and_levels():
    bench = Bench(FOUR)
    bench.peer.run(script(bench.peer, "8001", 1, "12", 3))
    bench.until(lambda: bench.site.of(Connected))
    lines = bench.span.ladder(1).lines()
    times = [float(line.split()[0]) for line in lines]
    assert times == sorted(times) and times[0] == 0
    digit = next(line for line in lines if "I-8" in line)
    assert re.search(r"\d+ ms, -1[01]\.\d/-\d+\.\d dBm0$", digit), digit


def test_failed_calls_keep_their_ladder(chinese):
    bench = Bench("failed_calls: 2", peers=BACKWARD)
    for kb in (4, 5, 4):
        bench.peer.run(free(bench.peer, kb=kb, answer_ms=None))
        bench.site.dial("8001", "1002")
        assert bench.until(lambda: bench.site.events and isinstance(bench.site.events[-1], Disconnected), 20)
        bench.peer.bits(IDLE)
        bench.run_s(0.3)
    assert [f.cause for f in bench.span.failed] == [1, 17]
    lines = bench.span.failed[-1].lines()
    assert lines[0] == "时隙 1: 呼出 1002 -> 8001: KB=4 市忙 (原因 17)"
    assert any("KB=4" in line for line in lines) and lines[1].endswith("占用 0011")


def test_good_calls_are_not_kept():
    bench = Bench(peers=BACKWARD)
    bench.peer.run(free(bench.peer))
    call = bench.site.dial("8001")
    assert bench.until(lambda: bench.site.of(Connected))
    bench.span.disconnect(call)
    bench.peer.bits(IDLE)
    bench.run_s(0.3)
    assert not bench.span.failed


def test_a_ladder_has_an_end():
    ladder = Ladder(0)
    for index in range(LONGEST + 7):
        ladder.add(LineEntry(index, Way.OURS, Word.FAILED, 0b1011))
    assert len(ladder.lines()) == LONGEST + 1 and "7" in ladder.lines()[-1]
