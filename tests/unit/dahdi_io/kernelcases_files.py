"""Opening, numbers and spans: what there is."""

from diokit import refused
from kernelrig import case


@case
def files(rig):
    dio = rig.dio
    found = {}
    ctl, timer, pseudo, unnamed = (rig.open(name) for name in ("ctl", "timer", "pseudo", "channel"))
    found["read ctl"] = refused(dio.read, ctl)
    found["write ctl"] = refused(dio.write, ctl, b"x")
    found["read timer"] = refused(dio.read, timer)
    found["read unnamed"] = refused(dio.read, unnamed)
    found["unnamed CHANNO"] = refused(dio.ioctl, unnamed, dio.CHANNO)
    found["SPECIFY 0"] = refused(dio.ioctl, unnamed, dio.SPECIFY, 0)
    found["SPECIFY 9999"] = refused(dio.ioctl, unnamed, dio.SPECIFY, 9999)
    found["ctl GETEVENT"] = refused(dio.ioctl, ctl, dio.GETEVENT)
    found["ctl unknown"] = refused(dio.ioctl, ctl, 0x4004DAF0)
    found["timer unknown"] = refused(dio.ioctl, timer, dio.CHANNO)
    found["pseudo unknown"] = refused(dio.ioctl, pseudo, 0x4004DAF0)
    assert dio.ioctl(pseudo, dio.CHANNO) > 0
    dio.configure(rig.near(1), dio.SIG_CLEAR)
    dio.ioctl(unnamed, dio.SPECIFY, rig.near(1))
    assert dio.ioctl(unnamed, dio.CHANNO) == rig.near(1)
    found["again"] = refused(rig.channel, rig.near(1))
    found["SPECIFY twice"] = refused(dio.ioctl, unnamed, dio.SPECIFY, rig.near(2))
    found["channel unknown"] = refused(dio.ioctl, unnamed, 0x4004DAF0)
    found["read nothing"] = refused(dio.read, unnamed, 0)
    found["write nothing"] = refused(dio.write, unnamed, b"")
    found["read early"] = refused(dio.read, unnamed)
    rig.close(unnamed)
    rig.close(rig.channel(rig.near(1)))
    dio.configure(rig.near(2), dio.SIG_NONE)
    found["not configured"] = refused(rig.channel, rig.near(2))
    return found


@case
def version_and_spans(rig):
    dio = rig.dio
    ctl = rig.open("ctl")
    version = dio.with_struct(ctl, dio.GETVERSION, "version")
    assert dio.text(version.version)
    dio.configure(rig.near(3), dio.SIG_CLEAR)
    near_span = dio.with_struct(rig.channel(rig.near(3)), dio.SPANSTAT, "span_status")
    span = dio.with_struct(ctl, dio.SPANSTAT, "span_status", span=near_span.span)
    assert (span.channels, span.span, span.alarms) == (31, near_span.span, 0)
    assert refused(dio.with_struct, ctl, dio.SPANSTAT, "span_status") == "EINVAL"
    found = {"no such span": None}
    try:
        dio.with_struct(ctl, dio.SPANSTAT, "span_status", span=99)
    except OSError as error:
        found["no such span"] = error.errno
    assert found["no such span"] == 22
    found.update(name=dio.text(span.name), type=dio.text(span.type), capable=span.capable, line=span.line)
    return found
