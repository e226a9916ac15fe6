"""Play, record, digits, tones and voice through real sound (section 12)."""

from __future__ import annotations

import os

import pytest
from synbench import Exchange
from synmachines import ANALOG

from hwsim.core.sound import alaw_decode, alaw_encode, find_chirps, make_chirp, pcm_of
from hwsim.vendorlibs.synway.wav import header, read_header
from tests.tools.descriptors import open_descriptors

END = 0xFFFFFFFF
SECOND = alaw_encode(make_chirp(5, 77)) + b"\xd5" * (8000 - 960)


def wav(sound: bytes = SECOND, codec: int = 6) -> bytes:
    return header(codec, len(sound)) + sound


def play(bench, name="a.wav", content=None, ch=0, codec=-1, start=0, length=END):
    file = bench.file(name, wav() if content is None else content)
    return bench.call("SsmPlayFile", ch, name, codec, start, length, files={1: file})


def record(bench, name="r.raw", ch=0, codec=-2, start=0, size=END, ms=END):
    return bench.call("SsmRecToFile", ch, name, codec, start, size, ms, 0, files={1: bench.file(name)})


def heard_chirps(bench, leg, ms):
    """Numbers of the chirps that a leg hears in the next ms."""
    path = bench.tmp_path / f"ear{leg}"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    from hwsim.core.events import Format, What

    recorder = bench.engine.record_fd(leg, fd, Format.PCM16, What.IN)
    bench.run(ms)
    bench.engine.stop(recorder)
    os.close(fd)
    return [(c.party, c.number) for c in find_chirps(pcm_of(path.read_bytes()))]


@pytest.fixture(autouse=True)
def descriptors():
    """Nothing may be left open."""
    before = open_descriptors()
    yield
    assert open_descriptors() <= before + 2


@pytest.fixture
def talk(analog, exchange):
    """Trunk 0 off-hook."""
    exchange.dial_tone_ms = None
    analog.call("SsmPickup", 0)
    analog.run(100)
    return exchange


# -- play --------------------------------------------------------------------------------------------------------------
def test_play_is_heard_and_ends_at_the_service_interval(analog, talk):
    begin_us = analog.sim.now_us
    assert play(analog) == 0
    assert analog.call("SsmCheckPlay", 0) == 0
    assert heard_chirps(analog, talk.line.office_leg, 600) == [(5, 77)]
    assert analog.call("SsmGetPlayedPercentage", 0) == 60
    assert analog.call("SsmGetDataBytesPlayed", 0) == 4800
    assert analog.call("SsmGetDataBytesToPlay", 0) == 3200
    assert analog.call("SsmGetPlayedTimeEx", 0) == 600
    analog.until(lambda: analog.call("SsmCheckPlay", 0) != 0)
    assert 1_000_000 <= analog.sim.now_us - begin_us <= 1_110_000
    assert analog.call("SsmCheckPlay", 0) == 1
    assert analog.params(0x0F, 0) == [1]


def test_play_on_a_busy_channel_is_refused(analog, talk):
    assert play(analog) == 0
    assert play(analog) == -1
    assert b"stop it first" in analog.reply("SsmGetLastErrMsg").outs[0]
    assert analog.call("SsmTxDtmf", 0, "1") == -1
    assert analog.call("SsmSendTone", 0, 0) == -1
    assert analog.call("SsmStopPlayFile", 0) == 0
    assert analog.call("SsmCheckPlay", 0) == 5
    assert analog.call("SsmTxDtmf", 0, "1") == 0
    assert play(analog) == -1
    analog.run(300)
    analog.call("SsmSendTone", 0, 1)
    assert play(analog) == -1
    assert analog.call("SsmTxDtmf", 0, "1") == -1


@pytest.mark.parametrize(
    ("content", "codec", "error"),
    [
        (wav(codec=7), -1, 7),
        (wav(), 7, 7),
        (b"no header", -1, 9),
        (wav(), 49, 7),
    ],
)
def test_formats_of_wav_files_are_judged(analog, talk, content, codec, error):
    assert play(analog, content=content, codec=codec) == -1
    assert analog.error() == error


@pytest.mark.parametrize(("codec", "error"), [(7, 7), (85, 7), (65411, 7), (12345, 8)])
def test_formats_of_raw_files_are_judged(analog, talk, codec, error):
    assert play(analog, name="a.raw", content=SECOND, codec=codec) == -1
    assert analog.error() == error
    assert analog.call("SsmQueryPlayFormat", 0, codec) == 0


@pytest.mark.parametrize("codec", [6, -2, 1, -1])
def test_codecs_of_the_card(analog, talk, codec):
    sound = {6: SECOND, -1: SECOND, -2: alaw_decode(SECOND).tobytes()}.get(codec)
    if sound is None:
        sound = bytes((s >> 8) + 128 for s in alaw_decode(SECOND))
    assert play(analog, name="a.raw", content=sound, codec=codec) == 0
    assert heard_chirps(analog, talk.line.office_leg, 500) == [(5, 77)]


def test_both_laws_by_personality(make):
    bench = make({**ANALOG, "personality": {"both_laws": True}})
    bench.ready(100)
    assert play(bench, content=wav(codec=7)) == 0


def test_missing_file(analog):
    from hwsim.vendorlibs.wire import File

    assert analog.call("SsmPlayFile", 0, "no.wav", -1, 0, END, files={1: File("no.wav", errno=2)}) == -1
    assert analog.error() == 9


def test_part_of_a_file_pause_and_seek(analog, talk):
    assert play(analog, start=4000, length=2000) == 0
    analog.run(100)
    assert analog.call("SsmPausePlay", 0) == 0
    assert analog.call("SsmPausePlay", 0) == -1
    assert analog.call("SsmCheckPlay", 0) == 6
    analog.run(2000)
    assert analog.params(0x0F, 0) == []
    assert analog.call("SsmSetPlayTime", 0, 200) == 0
    assert analog.call("SsmGetPlayedTimeEx", 0) == 200
    assert analog.call("SsmSetPlayTime", 0, 5000) == -1
    assert analog.call("SsmRestartPlay", 0) == 0
    analog.run(200)
    assert analog.params(0x0F, 0) == [1]


def test_dtmf_stops_play(analog, talk):
    analog.call("SsmSetDtmfStopPlay", 0, 1)
    analog.call("SsmSetDTMFStopPlayCharSet", 0, "#")
    assert play(analog) == 0
    analog.engine.dtmf(talk.line.office_leg, "5")
    analog.run(300)
    assert analog.call("SsmCheckPlay", 0) == 0
    analog.call("SsmEnableRxDtmf", 0, 1)
    analog.engine.dtmf(talk.line.office_leg, "5#")
    analog.run(500)
    assert analog.call("SsmCheckPlay", 0) == 2
    assert analog.text("SsmGetDtmfStr", 0) == "5#"


def test_barge_in_stops_play(analog, talk):
    analog.call("SsmSetBargeinStopPlay", 0, 1)
    assert play(analog) == 0
    talk.voice()
    analog.run(200)
    assert analog.call("SsmCheckPlay", 0) == 0
    analog.run(250)
    assert analog.call("SsmCheckPlay", 0) == 3
    assert analog.call("SsmDetectBargeIn", 0) == 1
    assert analog.params(0x2E, 0) == [1]


@pytest.mark.parametrize(("flag", "reason"), [(1, 4), (0, 0)])
def test_far_hangup_stops_play(isdn, net, flag, reason):
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.call("SsmSetKB", 0, 1)
    isdn.call("SsmPickup", 0)
    isdn.call("SsmSetHangupStopPlayFlag", 0, flag)
    assert play(isdn) == 0
    isdn.run(100)
    net.card.on_release(16)
    assert isdn.call("SsmCheckPlay", 0) == reason
    isdn.call("SsmStopPlay", 0)


def test_play_list(analog, talk):
    for number in (1, 2):
        sound = alaw_encode(make_chirp(5, number)) + b"\xd5" * 640
        assert analog.call("SsmAddToFileList", 0, "l.wav", -1, 0, END, files={1: analog.file("l.wav", wav(sound))}) == 0
        os.unlink(analog.tmp_path / "l.wav")
    assert analog.call("SsmPlayFileList", 0) == 0
    assert heard_chirps(analog, talk.line.office_leg, 600) == [(5, 1), (5, 2)]
    assert analog.params(0x11, 0) == [0, 1]
    assert analog.params(0x0F, 0) == [1]
    assert analog.call("SsmPlayFileList", 0) == 0
    analog.call("SsmStopPlayFileList", 0)
    assert analog.call("SsmClearFileList", 0) == 0
    assert analog.call("SsmPlayFileList", 0) == -1


def test_index_voices(analog, talk):
    for segment, alias in ((0, "one"), (1, "two")):
        sound = alaw_encode(make_chirp(5, segment + 1)) + b"\xd5" * 640
        files = {3: analog.file(f"{alias}.wav", wav(sound))}
        assert analog.call("SsmLoadIndexData", segment, alias, -1, f"{alias}.wav", 0, -1, files=files) == 0
    assert analog.call("SsmGetTotalIndexSeg") == 20
    assert analog.call("SsmPlayIndexString", 0, "two,one,") == 0
    assert heard_chirps(analog, talk.line.office_leg, 600) == [(5, 2), (5, 1)]
    assert analog.call("SsmPlayIndexList", 0, 1, b"\x05\x00") == -1
    assert analog.error() == 4
    assert analog.call("SsmFreeIndexData", 0) == 0
    assert analog.call("SsmPlayIndexString", 0, "one") == -1


def test_play_progress(analog, talk):
    assert analog.call("SsmSetEvent", 0x10, 0, 1, 1, 0, 0, 25, 0) == 0
    assert play(analog) == 0
    analog.run(1200)
    assert analog.params(0x10, 0) == [25, 50, 75, 100]


# -- record ------------------------------------------------------------------------------------------------------------
def test_record_wav_with_header_finished_at_stop(analog, talk):
    assert record(analog, "r.wav", codec=6) == 0
    assert analog.call("SsmChkRecToFile", 0) == 1
    assert analog.call("SsmCheckRecord", 0) == 0
    analog.engine.chirp(talk.line.office_leg, 9, 1)
    analog.run(1000)
    assert analog.call("SsmGetRecTime", 0) == 1000
    assert analog.call("SsmStopRecToFile", 0) == 0
    data = (analog.tmp_path / "r.wav").read_bytes()
    fd = os.open(analog.tmp_path / "r.wav", os.O_RDONLY)
    found = read_header(fd)
    os.close(fd)
    assert (found.codec, found.data_bytes) == (6, 8000)
    assert len(data) == 8058
    assert [(c.party, c.number) for c in find_chirps(alaw_decode(data[58:]))] == [(9, 1)]
    assert analog.params(0x13, 0) == [1]


@pytest.mark.parametrize(("mixer", "parties"), [(0, {9}), (1, {5, 9})])
def test_mixer_adds_what_the_channel_plays(analog, talk, mixer, parties):
    assert analog.call("SsmSetRecMixer", 0, mixer, 0) == 0
    assert record(analog) == 0
    assert play(analog) == 0
    analog.run(400)
    analog.engine.chirp(talk.line.office_leg, 9, 1)
    analog.run(600)
    analog.call("SsmStopRecToFile", 0)
    assert {c.party for c in find_chirps(pcm_of((analog.tmp_path / "r.raw").read_bytes()))} == parties


@pytest.mark.parametrize(("size", "ms", "length"), [(4000, END, 4000), (END, 300, 2400), (4000, 300, 2400)])
def test_record_limits(analog, talk, size, ms, length):
    assert record(analog, codec=6, size=size, ms=ms) == 0
    analog.run(700)
    assert analog.call("SsmCheckRecord", 0) == 4
    assert analog.params(0x13, 0) == [4]
    assert (analog.tmp_path / "r.raw").stat().st_size == length


def test_record_refusals(analog, talk):
    assert record(analog) == 0
    assert record(analog, "other.raw") == -1
    assert record(analog, "r.raw", ch=1) == -1
    assert analog.error() == 9
    assert record(analog, "x.raw", ch=1, codec=49) == -1
    assert analog.error() == 7


def test_disk_full_ends_with_write_failure(analog, talk):
    from hwsim.vendorlibs.wire import File

    file = File("/dev/full", os.open("/dev/full", os.O_WRONLY))
    assert analog.call("SsmRecToFile", 0, "/dev/full", 6, 0, END, END, 0, files={1: file}) == 0
    analog.run(1000)
    assert analog.params(0x13, 0) == [6]
    assert analog.call("SsmCheckRecord", 0) == 6


def test_append_and_truncate(analog, talk):
    assert record(analog, "r.wav", codec=6, ms=500) == 0
    analog.run(700)
    assert analog.call("SsmSetTruncateTail", 0, 100) == 0
    assert record(analog, "r.wav", codec=6, start=END) == 0
    analog.run(1000)
    analog.call("SsmStopRecToFile", 0)
    fd = os.open(analog.tmp_path / "r.wav", os.O_RDONLY)
    assert read_header(fd).data_bytes == 4000 + 8000 - 800
    os.close(fd)
    assert record(analog, "r.wav", codec=-2, start=END) == -1
    assert analog.error() == 7


def test_record_stops_by_digit_and_pause(analog, talk):
    analog.call("SsmEnableRxDtmf", 0, 1)
    assert analog.call("SsmSetDTMFStopRecCharSet", 0, "1" * 19) == -1
    assert analog.call("SsmSetDTMFStopRecCharSet", 0, "#") == 0
    assert record(analog, codec=6) == 0
    assert analog.call("SsmPauseRecToFile", 0) == 0
    assert analog.call("SsmCheckRecord", 0) == 5
    analog.run(1000)
    assert analog.call("SsmRestartRecToFile", 0) == 0
    analog.engine.dtmf(talk.line.office_leg, "#")
    analog.run(200)
    assert analog.call("SsmCheckRecord", 0) == 2
    assert (analog.tmp_path / "r.raw").stat().st_size < 2000


def test_death_leaves_an_unfinished_wav(analog, talk):
    assert record(analog, "r.wav", codec=6) == 0
    analog.run(1000)
    analog.library.detached(analog.client)
    fd = os.open(analog.tmp_path / "r.wav", os.O_RDONLY)
    assert read_header(fd).data_bytes == 0
    assert os.fstat(fd).st_size > 7000
    os.close(fd)


# -- digits and voice --------------------------------------------------------------------------------------------------
def test_send_digits_as_sound(analog, talk):
    assert analog.call("SsmTxDtmf", 0, "159#") == 0
    assert analog.call("SsmChkTxDtmf", 0) == 1
    analog.run(800)
    assert talk.digits == list("159#")
    assert analog.call("SsmChkTxDtmf", 0) == 0
    assert analog.params(0x0D, 0) == [0]
    analog.call("SsmTxDtmf", 0, "123456789")
    analog.run(200)
    analog.call("SsmStopTxDtmf", 0)
    assert analog.params(0x0D, 0) == [0, 1]
    assert analog.call("SsmTxDtmf", 0, "x") == -1
    assert analog.call("SsmTxDtmf", 0, "1" * 51) == -1
    assert analog.call("SsmSetTxDtmfPara", 0, 39, 80) == -1


def test_digit_buffer(analog, talk):
    analog.call("SsmEnableRxDtmf", 0, 1)
    analog.engine.dtmf(talk.line.office_leg, "123")
    analog.run(700)
    assert analog.call("SsmGetRxDtmfLen", 0) == 3
    assert analog.reply("SsmGet1stDtmf", 0).outs == (ord("1"),)
    assert analog.reply("SsmGetLastDtmf", 0).outs == (ord("3"),)
    assert analog.reply("SsmGet1stDtmfClr", 0).ret == 1
    assert analog.text("SsmGetDtmfStr", 0) == "23"
    analog.call("SsmClearRxDtmfBuf", 0)
    assert analog.reply("SsmGet1stDtmf", 0).ret == 0


def test_digits_through_a_muted_line_are_not_heard(analog, talk):
    analog.call("SsmEnableRxDtmf", 0, 1)
    talk.line.cut(True)
    analog.engine.dtmf(talk.line.office_leg, "123")
    analog.run(700)
    assert analog.call("SsmGetRxDtmfLen", 0) == 0


def test_buffer_size_from_the_file(make):
    bench = make(ANALOG, extra="RxDtmfBufSize=2")
    bench.ready(100)
    exchange = Exchange(bench, bench.machine.analog_lines["card0/1"])
    bench.call("SsmEnableRxDtmf", 0, 1)
    bench.engine.dtmf(exchange.line.office_leg, "123")
    bench.run(700)
    assert bench.text("SsmGetDtmfStr", 0) == "12"
    assert bench.call("SsmGetRxDtmfBufSize") == 2


@pytest.mark.parametrize(
    ("sent", "limit", "result", "got"), [("12#", 5, 3, "12"), ("12345", 3, 4, "123"), ("1", 5, 2, "1")]
)
def test_wait_for_digits(analog, talk, sent, limit, result, got):
    analog.call("SsmEnableRxDtmf", 0, 1)
    assert analog.call("SsmSetWaitDtmf", 0, 3, limit, ord("#"), 0) == 0
    assert analog.call("SsmSetWaitDtmf", 0, 3, limit, ord("#"), 0) == -1
    assert analog.reply("SsmChkWaitDtmf", 0).ret == 1
    analog.engine.dtmf(talk.line.office_leg, sent)
    analog.run(3100)
    assert analog.reply("SsmChkWaitDtmf", 0).outs == (got,)
    assert analog.params(0x0B, 0) == [result]


def test_tone_analysis_on_request(analog, talk):
    assert analog.call("SsmStartToneAnalyze", 0) == 0
    talk.tone()
    analog.run(1700)
    assert analog.call("SsmGetToneAnalyzeResult", 0) == 1
    talk.tone(350, 350)
    analog.run(3000)
    assert analog.call("SsmGetToneAnalyzeResult", 0) == 2
    assert analog.call("SsmGetBusyToneCount", 0) >= 3
    assert analog.params(0x25, 0) == [1, 2]
    assert analog.call("SsmClearToneAnalyzeResult", 0) == 0
    assert analog.call("SsmGetToneAnalyzeResult", 0) == 0
    analog.call("SsmCloseToneAnalyze", 0)
    talk.tone(350, 350)
    analog.run(3000)
    assert analog.call("SsmGetToneAnalyzeResult", 0) == 0


def test_classic_analyser_can_be_disabled(make):
    bench = make(ANALOG, extra="ToneDetectorMode=1")
    bench.ready(100)
    assert bench.call("SsmStartToneAnalyze", 0) == -1
    assert bench.call("SsmSetIsBusyToneDtrCnt", 0, 4) == -1
    assert bench.error() == 6


def test_busy_detection_parameters(analog, talk):
    assert analog.call("SsmSetBusyTonePeriod", 0, 500) == 0
    assert analog.call("SsmSetIsBusyToneDtrCnt", 0, 2) == 0
    analog.call("SsmStartToneAnalyze", 0)
    talk.tone(350, 350)
    analog.run(3000)
    assert analog.call("SsmGetToneAnalyzeResult", 0) != 2
    talk.tone(250, 250)
    analog.run(1800)
    assert analog.call("SsmGetToneAnalyzeResult", 0) == 2


def test_silence(analog, talk):
    assert analog.call("SsmSetNoSoundDtrmTime", 0, 2000) == 0
    analog.run(1500)
    assert analog.call("SsmDetectNoSound", 0) == 0
    analog.run(700)
    assert analog.call("SsmDetectNoSound", 0) == 1
    assert analog.params(0x2F, 0) == [0]
    talk.voice()
    analog.run(500)
    assert analog.call("SsmDetectNoSound", 0) == 0


def test_custom_tone(analog, talk):
    assert analog.call("SsmSetTxTonePara", 0, 1000, 0, 0, 0) == 0
    assert analog.call("SsmSendToneEx", 0, 100, 100) == -1
    assert analog.call("SsmSendToneEx", 0, 104, 104) == 0
    edges = []
    analog.engine.tone_detect(talk.line.office_leg, 1000)
    analog.sim.on_engine(talk.line.office_leg, lambda e: edges.append(e.kind.name))
    analog.run(1000)
    assert edges.count("TONE_OFF") >= 3
