"""Sound: buffers, full and empty, policies, linear, gains, several channels at once."""

from diokit import POLLIN, POLLOUT, refused
from kernelrig import BLOCK, MANY, SILENCE_A, case, pattern, read_or_none


@case
def buffers(rig):
    dio = rig.dio
    fd, _far = rig.pair(4, dio.SIG_CLEAR)

    def now():
        cell = dio.with_struct(fd, dio.GET_BUFINFO, "buffers")
        return [cell.tx_policy, cell.rx_policy, cell.count, cell.size, cell.readable, cell.writable]

    found = {"at first": now()}
    dio.buffers(fd, 4, BLOCK, tx=1, rx=2)
    found["set"] = now()
    for count, size in ((1, 64), (99, 64), (4, 15), (4, 9000), (5, 8000), (0, 64)):
        error = refused(dio.buffers, fd, count, size)
        found[f"{count} of {size}"] = error or now()[2:4]
    found["block size"] = dio.ioctl(fd, dio.GET_BLOCKSIZE)
    found["block size 15"] = refused(dio.ioctl, fd, dio.SET_BLOCKSIZE, 15)
    dio.ioctl(fd, dio.SET_BLOCKSIZE, 80)
    found["then"] = now()[2:4]
    return found


@case
def sound(rig):
    """Blocks arrive in order, unaltered, without a gap, one at a read."""
    dio = rig.dio
    a, b = rig.sound(5)
    sent, heard, sizes = [], b"", set()
    until = rig.now_ms() + 1500
    while rig.now_ms() < until:
        ready = rig.wait({a: POLLOUT | POLLIN, b: POLLIN}, 100)
        if ready.get(a, 0) & POLLIN:
            dio.read(a)
        if ready.get(b, 0) & POLLIN:
            block = dio.read(b)
            sizes.add(len(block))
            heard += block
        if ready.get(a, 0) & POLLOUT and len(sent) < 40:
            sent.append(pattern(len(sent)))
            assert dio.write(a, sent[-1]) == BLOCK
        elif len(sent) == 40 and not ready.get(b, 0):
            rig.sleep(5)
    start = heard.find(sent[0])
    assert start >= 0 and heard[start : start + 40 * BLOCK] == b"".join(sent)
    assert sizes == {BLOCK}
    assert set(heard[start + 40 * BLOCK :]) == {SILENCE_A}
    return {"offset": start % 8, "before": sorted(set(heard[:start]))}


@case
def full_and_empty(rig):
    """As many blocks as were asked for can be written at once, and are kept unread; what comes later is lost."""
    dio = rig.dio
    a, b = rig.sound(6, count=3)
    dio.ioctl(a, dio.FLUSH, 7)
    written = 0
    while refused(dio.write, a, pattern(written)) is None:
        written += 1
    assert dio.poll({a: POLLOUT | POLLIN}).get(a, 0) & POLLOUT == 0
    assert written in (3, 4)
    assert rig.wait({a: POLLOUT}, 100), "a block is free after 20 ms"
    rig.sleep(300)
    blocks = []
    while refused(lambda: blocks.append(dio.read(b))) is None:
        assert len(blocks) < 10
    assert len(blocks) == 3
    assert refused(dio.read, b) == "EAGAIN"
    rig.sleep(60)
    assert len(dio.read(b, 16)) == 16
    rig.sleep(40)
    found = {"after a short read": len(dio.read(b))}
    assert found["after a short read"] == BLOCK
    assert dio.write(a, bytes(1000)) == BLOCK
    return found


@case
def flush(rig):
    dio = rig.dio
    a, b = rig.sound(7)
    rig.sleep(100)
    dio.ioctl(b, dio.FLUSH, dio.FLUSH_READ)
    assert refused(dio.read, b) == "EAGAIN"
    for index in range(4):
        dio.write(a, pattern(index))
    dio.ioctl(a, dio.FLUSH, dio.FLUSH_WRITE)
    for index in range(4):
        dio.write(a, pattern(index + 10))
    heard = b""
    until = rig.now_ms() + 250
    while rig.now_ms() < until:
        if rig.wait({b: POLLIN}, 50):
            heard += dio.read(b)
    assert pattern(10) in heard and pattern(2) not in heard and pattern(3) not in heard
    rig.sleep(200)
    dio.buffers(b, 4, 80)
    assert refused(dio.read, b) == "EAGAIN", "a new size empties the buffers"
    rig.wait({b: POLLIN}, 100)
    assert len(dio.read(b)) == 80
    return {}


@case
def policies(rig):
    """When full: nothing is sent until all blocks are written."""
    dio = rig.dio
    a, b = rig.sound(8)
    dio.buffers(a, 4, BLOCK, tx=dio.POLICY_WHEN_FULL)
    dio.buffers(b, MANY, BLOCK)
    for index in range(3):
        dio.write(a, pattern(index))
    rig.sleep(200)
    early = b""
    while refused(lambda: dio.read(b)) is None:
        pass
    dio.write(a, pattern(3))
    rig.sleep(200)
    heard = b""
    while (block := read_or_none(dio, b)) is not None:
        heard += block
    assert b"".join(map(pattern, range(4))) in heard
    return {"early": len(early)}


@case
def linear(rig):
    dio = rig.dio
    a, b = rig.sound(9)
    dio.buffers(b, MANY, BLOCK)
    for fd in (a, b):
        dio.ioctl(fd, dio.SETLINEAR, 1)
        dio.ioctl(fd, dio.FLUSH, 7)
    samples = b"".join(int(1000 + 10 * n).to_bytes(2, "little", signed=True) for n in range(BLOCK))
    assert dio.write(a, samples) == 2 * BLOCK
    assert dio.write(a, samples + samples) == 2 * BLOCK
    rig.sleep(150)
    heard = b""
    while (block := read_or_none(dio, b)) is not None:
        assert len(block) == 2 * BLOCK
        heard += block
    values = [int.from_bytes(heard[n : n + 2], "little", signed=True) for n in range(0, len(heard), 2)]
    loud = [value for value in values if abs(value) > 100]
    assert len(loud) == 2 * BLOCK
    errors = [abs(value - (1000 + 10 * (n % BLOCK))) for n, value in enumerate(loud)]
    assert max(errors) <= 128, max(errors)
    return {"silence": sorted(set(values) - set(loud)), "error": max(errors)}


@case
def gains(rig):
    """A table for each direction, applied to the octets."""
    dio = rig.dio
    a, b = rig.sound(10)
    table = dio.with_struct(a, dio.GETGAINS, "gains")
    assert bytes(dio.ffi.buffer(table.rx)) == bytes(range(256)) == bytes(dio.ffi.buffer(table.tx))
    swap = bytes(255 - n for n in range(256))
    dio.with_struct(b, dio.SETGAINS, "gains", rx=list(swap), tx=list(range(256)))
    dio.buffers(b, MANY, BLOCK)
    for index in range(4):
        dio.write(a, pattern(index))
    rig.sleep(150)
    heard = b""
    while (block := read_or_none(dio, b)) is not None:
        heard += block
    assert pattern(1).translate(swap) in heard
    return {}


@case
def modes(rig):
    """Requests that need another kind of channel are refused."""
    dio = rig.dio
    clear, cas = rig.pair(11, dio.SIG_CLEAR, dio.SIG_CAS)
    found = {}
    for name, fd, request, value in (
        ("clear HOOK", clear, dio.HOOK, dio.OFFHOOK),
        ("clear SETTXBITS", clear, dio.SETTXBITS, 1),
        ("clear SETLINEAR", clear, dio.SETLINEAR, 1),
        ("clear ECHOCANCEL", clear, dio.ECHOCANCEL, 128),
        ("clear CONFMUTE", clear, dio.CONFMUTE, 1),
        ("cas HOOK", cas, dio.HOOK, dio.OFFHOOK),
        ("cas AUDIOMODE", cas, dio.AUDIOMODE, 1),
        ("cas ECHOCANCEL", cas, dio.ECHOCANCEL, 128),
        ("cas ECHOTRAIN", cas, dio.ECHOTRAIN, 100),
        ("cas SETLAW 3", cas, dio.SETLAW, 3),
        ("cas SETPOLARITY", cas, dio.SETPOLARITY, 1),
        ("cas ONHOOKTRANSFER", cas, dio.ONHOOKTRANSFER, 1),
        ("cas TONEDETECT", cas, dio.TONEDETECT, 1),
        ("cas IOMUX 0", cas, dio.IOMUX, 0),
        ("cas SETTONEZONE 77", cas, dio.SETTONEZONE, 77),
    ):
        found[name] = refused(dio.ioctl, fd, request, value)
    params = dio.with_struct(cas, dio.GET_PARAMS, "params")
    assert (params.signalling, params.channel, params.position) == (dio.SIG_CAS, rig.far(11), 11)
    found["law"] = params.law
    found["times"] = [params.prewink_ms, params.preflash_ms, params.wink_ms, params.flash_ms, params.start_ms]
    found["rx times"] = [params.rxwink_ms, params.rxflash_ms, params.debounce_ms]
    found["pulses"] = [params.pulse_break_ms, params.pulse_make_ms, params.pulse_after_ms]
    clear_params = dio.with_struct(clear, dio.GET_PARAMS, "params")
    found["clear bits"] = [clear_params.rx_bits, clear_params.tx_bits, clear_params.rx_hook, clear_params.tx_hook]
    return found


@case
def mux(rig):
    dio = rig.dio
    a, b = rig.sound(12)
    nowait, found = dio.IOMUX_NOWAIT, {}
    dio.ioctl(b, dio.FLUSH, 7)
    found["nothing"] = dio.ioctl(b, dio.IOMUX, dio.IOMUX_READ | dio.IOMUX_SIGEVENT | nowait)
    assert dio.ioctl(b, dio.IOMUX, dio.IOMUX_WRITE | nowait) == dio.IOMUX_WRITE
    assert dio.ioctl(b, dio.IOMUX, dio.IOMUX_WRITE | dio.IOMUX_READ) & dio.IOMUX_WRITE
    rig.sleep(60)
    assert dio.ioctl(b, dio.IOMUX, dio.IOMUX_READ | nowait) == dio.IOMUX_READ
    assert dio.ioctl(a, dio.IOMUX, dio.IOMUX_WRITEEMPTY | nowait) == dio.IOMUX_WRITEEMPTY
    dio.write(a, pattern(0))
    dio.write(a, pattern(1))
    assert dio.ioctl(a, dio.IOMUX, dio.IOMUX_WRITEEMPTY | nowait) == 0
    rig.sleep(100)
    assert dio.ioctl(a, dio.IOMUX, dio.IOMUX_WRITEEMPTY | nowait) == dio.IOMUX_WRITEEMPTY
    return found
