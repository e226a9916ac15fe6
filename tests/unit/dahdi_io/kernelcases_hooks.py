"""Hooks: ringing, answering, flash, what closing leaves."""

from diokit import refused
from kernelcases_tones import zone
from kernelrig import case, near


def _analog(rig, position):
    dio = rig.dio
    fxs, fxo = rig.pair(position, dio.SIG_FXOKS, dio.SIG_FXSKS)
    rig.sleep(2500)
    dio.events(fxs), dio.events(fxo)
    return fxs, fxo


@case
def ring_and_answer(rig):
    dio = rig.dio
    zone(rig)
    fxs, fxo = _analog(rig, 20)
    began = rig.now_ms()
    assert refused(dio.ioctl, fxs, dio.HOOK, dio.RING) == "EINPROGRESS"
    assert refused(dio.ioctl, fxs, dio.HOOK, dio.RING) == "EBUSY"
    ring_ms = rig.expect(fxo, dio.EVENT_RINGBEGIN, 300) - began
    on_ms = rig.expect(fxs, dio.EVENT_RINGEROFF, 2500) - began
    rang_ms = rig.expect(fxo, dio.EVENT_RINGOFFHOOK, 500) - began
    again_ms = rig.expect(fxs, dio.EVENT_RINGERON, 6000) - began
    rig.expect(fxo, dio.EVENT_RINGBEGIN, 300)
    assert near(on_ms, 1000) and near(again_ms, 5000) and near(rang_ms, on_ms + 50)
    began = rig.now_ms()
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    lifted_ms = rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300) - began
    dio.ioctl(fxs, dio.HOOK, dio.RINGOFF)
    dio.ioctl(fxs, dio.HOOK, dio.OFFHOOK)
    assert dio.with_struct(fxs, dio.GET_PARAMS, "params").rx_offhook
    rig.sleep(900)
    found = {"late": [dio.events(fxs), dio.events(fxo)]}
    began = rig.now_ms()
    dio.ioctl(fxo, dio.HOOK, dio.ONHOOK)
    onhook_ms = rig.expect(fxs, dio.EVENT_ONHOOK, 2500) - began
    assert near(onhook_ms, 1250)
    assert ring_ms < 100 and lifted_ms < 100
    return found


@case
def far_end_hangs_up(rig):
    """The office drops the feed for half a second."""
    dio = rig.dio
    fxs, fxo = _analog(rig, 21)
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300)
    dio.ioctl(fxs, dio.HOOK, dio.OFFHOOK)
    rig.sleep(900)
    dio.events(fxs), dio.events(fxo)
    began = rig.now_ms()
    dio.ioctl(fxs, dio.HOOK, dio.ONHOOK)
    found = {}
    dropped_ms = rig.expect(fxo, dio.EVENT_ONHOOK, 500) - began
    assert dropped_ms < 100
    found["busy"] = refused(dio.ioctl, fxs, dio.HOOK, dio.OFFHOOK)
    done_ms = rig.expect(fxs, dio.EVENT_HOOKCOMPLETE, 1000) - began
    assert near(done_ms, 500)
    dio.ioctl(fxo, dio.HOOK, dio.ONHOOK)
    rig.sleep(2000)
    found["later"] = [dio.events(fxs), dio.events(fxo)]
    return found


@case
def flash_and_pulses(rig):
    dio = rig.dio
    zone(rig)
    fxs, fxo = _analog(rig, 22)
    found = {"flash on-hook": refused(dio.ioctl, fxo, dio.HOOK, dio.FLASH)}
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300)
    rig.sleep(800)
    began = rig.now_ms()
    found["flash"] = refused(dio.ioctl, fxo, dio.HOOK, dio.FLASH)
    flash_ms = rig.expect(fxs, dio.EVENT_WINKFLASH, 2000) - began
    assert near(flash_ms, 800)
    rig.expect(fxo, dio.EVENT_HOOKCOMPLETE, 500)
    began = rig.now_ms()
    dio.with_struct(fxo, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"P31")
    got = []
    while (event := rig.next_event(fxs, 1500)[0]) is not None:
        got.append(event)
    assert got == [
        dio.EVENT_PULSE_START,
        dio.EVENT_PULSEDIGIT + ord("3"),
        dio.EVENT_PULSE_START,
        dio.EVENT_PULSEDIGIT + ord("1"),
    ]
    found["dialler"] = dio.events(fxo)
    assert found["dialler"] == [dio.EVENT_DIALCOMPLETE]
    return found


@case
def pulses_and_sound(rig):
    """Sound that is written in the middle of a digit cuts it short, and what would follow is not dialled."""
    dio = rig.dio
    zone(rig)
    fxs, fxo = _analog(rig, 25)
    dio.buffers(fxo, 4, 160)
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300)
    rig.sleep(800)
    dio.events(fxs), dio.events(fxo)
    dio.with_struct(fxo, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"P731")
    rig.expect(fxs, dio.EVENT_PULSE_START, 300)
    dio.write(fxo, b"\xd5" * 160)
    got = []
    while (event := rig.next_event(fxs, 2500)[0]) is not None:
        got.append(event)
    assert len(got) == 1 and dio.EVENT_PULSEDIGIT + ord("1") <= got[0] <= dio.EVENT_PULSEDIGIT + ord("3"), got
    return {"dialler": dio.events(fxo)}


@case
def early_ring(rig):
    """A port that has just gone on-hook takes no notice of a ring for two seconds."""
    dio = rig.dio
    zone(rig)
    fxs, fxo = rig.pair(23, dio.SIG_FXOKS, dio.SIG_FXSKS)
    rig.sleep(1200)
    dio.events(fxs), dio.events(fxo)
    refused(dio.ioctl, fxs, dio.HOOK, dio.RING)
    rig.sleep(600)
    return {"events": dio.events(fxo)}


@case
def closing(rig):
    """A port whose file is closed goes on-hook."""
    dio = rig.dio
    fxs, fxo = _analog(rig, 24)
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300)
    rig.sleep(700)
    rig.close(fxo)
    rig.expect(fxs, dio.EVENT_ONHOOK, 2500)
    return {}
