"""Tones that the kernel makes, and dialling with them."""

from diokit import POLLIN, POLLPRI, refused
from kernelrig import BLOCK, SILENCE_A, case


def tone_def(dio, tone, next_, samples, f1, level1, f2=0.0, level2=0.0):
    """A definition as the kernel's header says how to compute it."""
    from math import cos, pi, sin

    def part(hz, dbm0):
        gain = 10 ** ((dbm0 - 3.14) / 20) * 32768 if hz else 0.0
        step = 2 * pi * hz / 8000
        return round(2 * cos(step) * 32768) if hz else 0, round(sin(-2 * step) * gain), round(sin(-step) * gain)

    factor_1, v2_1, v3_1 = part(f1, level1)
    factor_2, v2_2, v3_2 = part(f2, level2)
    return [tone, next_, samples, 0, factor_1, v2_1, v3_1, factor_2, v2_2, v3_2, 0]


ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"


ZONED = []


def zone(rig):
    """Zone 86 with dial tone, busy, DTMF; a ring of one second in five."""
    dio = rig.dio
    if dio in ZONED:
        return
    ZONED.append(dio)
    defs = [tone_def(dio, 0, 0, 8000, 450, -10)]
    defs += [tone_def(dio, 1, 2, 2800, 450, -10), tone_def(dio, 1, 1, 2800, 0, 0)]
    for index, key in enumerate("0123456789*#ABCD"):
        place = KEYS.index(key)
        defs.append(tone_def(dio, 64 + index, 0, 800, ROWS[place // 4], -9, COLUMNS[place % 4], -7))
    size = dio.ffi.sizeof("struct dahdi_zone_header") + len(defs) * dio.ffi.sizeof("struct dahdi_tone_def")
    memory = dio.ffi.new("char[]", size)
    header = dio.ffi.cast("struct dahdi_zone_header *", memory)
    header.count, header.zone, header.name = len(defs), 86, b"test"
    header.ring_ms[0], header.ring_ms[1] = 1000, 4000
    places = dio.ffi.cast("struct dahdi_tone_def *", header + 1)
    names = ("tone", "next", "samples", "shift", "factor_1", "init_v2_1", "init_v3_1", "factor_2", "init_v2_2")
    for index, values in enumerate(defs):
        for name, value in zip((*names, "init_v3_2", "modulate"), values, strict=True):
            setattr(places[index], name, value)
    ctl = rig.open("ctl")
    dio.checked(dio.lib.dio_ioctl(ctl, dio.LOADZONE, memory))
    dio.ioctl(ctl, dio.DEFAULTZONE, 86)
    rig.close(ctl)


def alaw(octet):
    code = octet ^ 0x55
    segment, step = code >> 4 & 7, code & 15
    value = ((step << 4) + 264) << (segment - 1) if segment else (step << 4) + 8
    return value if code & 0x80 else -value


def power(samples, hz):
    """Level of one frequency, dBm0; a Goertzel filter."""
    from math import cos, log10, pi

    c = 2 * cos(2 * pi * hz / 8000)
    v1 = v2 = 0.0
    for sample in samples:
        v1, v2 = sample + c * v1 - v2, v1
    n = len(samples)
    energy = (v1 * v1 + v2 * v2 - c * v1 * v2) / (n * n / 4) if n else 0
    return 10 * log10(energy + 1e-9) - 20 * log10(22826)


def listen(rig, fd, ms):
    """Linear samples of so long a time."""
    dio, heard = rig.dio, []
    until = rig.now_ms() + ms
    while rig.now_ms() < until:
        ready = rig.wait({fd: POLLIN | POLLPRI}, 50)
        if ready.get(fd, 0) & POLLPRI:
            dio.event(fd)
        elif ready:
            heard += map(alaw, dio.read(fd))
    return heard


@case
def tones(rig):
    """The kernel's own tones; writing stops them."""
    dio = rig.dio
    zone(rig)
    a, b = rig.sound(25)
    rig.close(a)
    a = rig.channel(rig.near(25))
    dio.ioctl(a, dio.SETLAW, dio.LAW_ALAW)
    dio.ioctl(a, dio.AUDIOMODE, 1)
    found = {"no such tone": refused(dio.ioctl, a, dio.SENDTONE, 9), "absurd": refused(dio.ioctl, a, dio.SENDTONE, 999)}
    dio.ioctl(b, dio.FLUSH, 7)
    dio.ioctl(a, dio.SENDTONE, dio.TONE_DIALTONE)
    heard = listen(rig, b, 500)[1600:3200]
    assert abs(power(heard, 450) + 10) < 1, power(heard, 450)
    dio.buffers(a, 4, BLOCK)
    dio.ioctl(a, dio.SENDTONE, dio.TONE_DIALTONE)
    dio.write(a, bytes([SILENCE_A]) * BLOCK)
    rig.sleep(150)
    dio.ioctl(b, dio.FLUSH, 7)
    assert max(map(abs, listen(rig, b, 100)), default=0) < 50
    dio.ioctl(a, dio.SENDTONE, dio.TONE_BUSY)
    heard = listen(rig, b, 1500)
    on = [power(heard[n : n + 160], 450) > -20 for n in range(0, len(heard) - 160, 160)]
    assert 0.3 < sum(on) / len(on) < 0.75
    dio.ioctl(a, dio.SENDTONE, dio.TONE_STOP)
    rig.sleep(100)
    dio.ioctl(b, dio.FLUSH, 7)
    assert max(map(abs, listen(rig, b, 100)), default=0) < 50
    return found


@case
def dialling(rig):
    """DTMF by the kernel: 100 ms on, 100 ms off, an event at the end; the dialler hears nothing meanwhile."""
    dio = rig.dio
    zone(rig)
    a, b = rig.sound(26)
    dio.buffers(b, 32, BLOCK)
    dio.ioctl(b, dio.FLUSH, 7)
    assert dio.ioctl(a, dio.DIALING) == 0
    began = rig.now_ms()
    dio.with_struct(a, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"T13#")
    assert dio.ioctl(a, dio.DIALING) == 1
    dio.with_struct(a, dio.DIAL, "dial", operation=dio.DIAL_OP_APPEND, digits=b"9")
    heard = listen(rig, b, 1100)
    rig.expect(a, dio.EVENT_DIALCOMPLETE, 300)
    assert dio.ioctl(a, dio.DIALING) == 0
    digits = ""
    for start in range(0, len(heard) - 160, 160):
        window = heard[start : start + 160]
        row = max(ROWS, key=lambda hz: power(window, hz))
        column = max(COLUMNS, key=lambda hz: power(window, hz))
        loud = min(power(window, row), power(window, column)) > -15
        key = KEYS[4 * ROWS.index(row) + COLUMNS.index(column)] if loud else " "
        if key != (digits[-1:] or " "):
            digits += key
    assert digits.split() == ["1", "3", "#", "9"], digits
    found = {"took": rig.now_ms() - began < 2000}
    found["bad op"] = refused(lambda: dio.with_struct(a, dio.DIAL, "dial", operation=9, digits=b"1"))
    dio.with_struct(a, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"123456")
    rig.sleep(250)
    dio.with_struct(a, dio.DIAL, "dial", operation=dio.DIAL_OP_CANCEL)
    rig.sleep(100)
    found["cancelled"] = [dio.ioctl(a, dio.DIALING), dio.events(a)]
    return found
