"""The span and what it lends: timers, echo cancellers, conferences, maintenance, a cable pulled."""

from diokit import POLLPRI, refused
from kernelrig import BLOCK, case, pattern, read_or_none


@case
def timer(rig):
    dio = rig.dio
    fd = rig.open("timer")
    found = {"idle": dio.ioctl(fd, dio.GETEVENT)}
    dio.ioctl(fd, dio.TIMERCONFIG, 800)
    rig.sleep(350)
    assert dio.poll({fd: POLLPRI}) == {fd: POLLPRI}
    assert dio.ioctl(fd, dio.GETEVENT) == dio.EVENT_TIMER_EXPIRED
    dio.ioctl(fd, dio.TIMERACK, 1)
    assert dio.poll({fd: POLLPRI}) == {fd: POLLPRI}, "it has gone off more than once"
    dio.ioctl(fd, dio.TIMERACK, -1)
    assert not dio.poll({fd: POLLPRI})
    began = rig.now_ms()
    rig.wait({fd: POLLPRI}, 300)
    assert rig.now_ms() - began < 160
    dio.ioctl(fd, dio.TIMERCONFIG, 0)
    dio.ioctl(fd, dio.TIMERACK, -1)
    dio.checked(dio.lib.dio_ioctl(fd, dio.TIMERPING, dio.ffi.NULL))
    assert dio.poll({fd: POLLPRI}) and dio.ioctl(fd, dio.GETEVENT) == dio.EVENT_TIMER_PING
    dio.checked(dio.lib.dio_ioctl(fd, dio.TIMERPONG, dio.ffi.NULL))
    assert not dio.poll({fd: POLLPRI})
    return found


@case
def echo_and_conference(rig):
    dio = rig.dio
    a, b = rig.sound(27)
    c, d = rig.sound(28)
    ctl = rig.open("ctl")
    found = {
        "taps 0": refused(dio.ioctl, a, dio.ECHOCANCEL, 0),
        "none attached": refused(dio.ioctl, a, dio.ECHOCANCEL, 128),
        "none runs": refused(dio.ioctl, a, dio.ECHOCANCEL_FAX_MODE, 0),
    }
    attach = {"channel": rig.near(27), "name": b"mg2"}
    dio.with_struct(ctl, dio.ATTACH_ECHOCAN, "echo_attach", **attach)
    dio.ioctl(a, dio.ECHOCANCEL, 128)
    found["train"] = refused(dio.ioctl, a, dio.ECHOTRAIN, 400)
    found["one runs"] = refused(dio.ioctl, a, dio.ECHOCANCEL_FAX_MODE, 0)
    dio.ioctl(a, dio.ECHOCANCEL, 0)
    attach["name"] = b"nobody"
    found["unknown"] = refused(lambda: dio.with_struct(ctl, dio.ATTACH_ECHOCAN, "echo_attach", **attach))
    # What comes from b is sent on to d, and the other way, instead of what the program writes, which hears b as ever.
    # Octets stay as they are, whatever law the program has asked for.
    dio.ioctl(c, dio.SETLAW, dio.LAW_MULAW)
    for one, other in ((a, rig.near(28)), (c, rig.near(27))):
        dio.with_struct(one, dio.SETCONF, "conference", conference=other, mode=dio.CONF_DIGITALMON)
    conference = dio.with_struct(a, dio.GETCONF, "conference")
    assert (conference.channel, conference.conference, conference.mode) == (rig.near(27), rig.near(28), 9)
    for fd in (a, d):
        dio.buffers(fd, 32, BLOCK)
        dio.ioctl(fd, dio.FLUSH, 7)
    own = bytes(n * 7 % 200 + 3 for n in range(BLOCK))
    for index in range(4):
        dio.write(c, own)
        dio.write(b, pattern(index))
    rig.sleep(300)
    for fd in (a, d):
        heard = b""
        while (block := read_or_none(dio, fd)) is not None:
            heard += block
        assert b"".join(map(pattern, range(4))) in heard
        assert not any(own[at : at + 8] in heard for at in range(0, BLOCK, 8)), "what was written is sent, too"
    dio.with_struct(c, dio.SETCONF, "conference")
    dio.ioctl(d, dio.FLUSH, 7)
    for _index in range(4):
        dio.write(c, own)
    rig.sleep(300)
    assert own in b"".join(iter(lambda: read_or_none(dio, d), None)), "it is sent again"
    dio.with_struct(c, dio.SETCONF, "conference", conference=rig.near(27), mode=dio.CONF_DIGITALMON)
    # A program that closes a channel, or dies, leaves nothing behind on it.
    rig.close(a)
    a = rig.channel(rig.near(27))
    dio.ioctl(a, dio.AUDIOMODE, 1)
    found["after opening again"] = dio.with_struct(a, dio.GETCONF, "conference").mode
    found["the other"] = dio.with_struct(c, dio.GETCONF, "conference").mode
    dio.with_struct(c, dio.SETCONF, "conference")
    found["conf of nobody"] = refused(
        lambda: dio.with_struct(a, dio.SETCONF, "conference", conference=9999, mode=dio.CONF_DIGITALMON)
    )
    return found


@case
def maintenance(rig):
    dio = rig.dio
    ctl = rig.open("ctl")
    dio.configure(rig.near(29), dio.SIG_CLEAR)
    span = dio.with_struct(rig.channel(rig.near(29)), dio.SPANSTAT, "span_status").span
    found = {}
    for name, at, command in (("loop", span, 1), ("fas", span, 6), ("no span", 99, 1)):
        found[name] = refused(
            lambda at=at, command=command: dio.with_struct(ctl, dio.MAINT, "maintenance", span=at, command=command)
        )
    return found


@case
def cable(rig):
    """The far span is taken away: red alarm after a while; put back: no alarm. Runs last, its files are closed."""
    dio = rig.dio
    dio.configure(rig.far(30), dio.SIG_CLEAR)
    far = dio.with_struct(rig.channel(rig.far(30)), dio.SPANSTAT, "span_status").span
    rig.close_all()
    dio.configure(rig.near(30), dio.SIG_HDLCFCS)
    fd = rig.channel(rig.near(30))
    ctl = rig.open("ctl")
    span = {"driver": b"loc", "address": b"1:1", "channels": 31, "timing": 0, "span": far}
    again = refused(lambda: dio.with_struct(ctl, dio.DYNAMIC_CREATE, "dynamic_span", **span))
    busy = rig.channel(rig.far(30))
    in_use = refused(lambda: dio.with_struct(ctl, dio.DYNAMIC_DESTROY, "dynamic_span", **span))
    rig.close(busy)
    began = rig.now_ms()
    dio.with_struct(ctl, dio.DYNAMIC_DESTROY, "dynamic_span", **span)
    gone = refused(rig.channel, rig.far(30))
    red_ms = rig.expect(fd, dio.EVENT_ALARM, 4000) - began
    alarms = dio.with_struct(fd, dio.SPANSTAT, "span_status").alarms
    channel_alarms = dio.with_struct(fd, dio.GET_PARAMS, "params").alarms
    assert alarms == channel_alarms == 8
    assert 200 < red_ms < 3500, red_ms
    began = rig.now_ms()
    made = dio.with_struct(ctl, dio.DYNAMIC_CREATE, "dynamic_span", **span)
    assert made.span == far
    clear_ms = rig.expect(fd, dio.EVENT_NOALARM, 6000) - began
    assert dio.with_struct(fd, dio.SPANSTAT, "span_status").alarms == 0
    return {"again": again, "in use": in_use, "gone": gone, "quick": clear_ms < 5000}
