"""The simulated build between a program and hwsim: readiness of descriptors, waiting, processes and threads."""

import os
import re
import select
import signal
import subprocess
import sys
import threading

import pytest
from dahdibench import DECL, IO, LIBRARY, ROOT, Bench, make_pair
from diokit import POLLIN, POLLOUT, POLLPRI, refused

from hwsim.vendorlibs.dahdi import shared
from hwsim.vendorlibs.dahdi.cards import CardPlan
from hwsim.vendorlibs.dahdi.models import MODELS

SHIM = ROOT / "hwsim" / "vendorlibs" / "dahdi"


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path, [CardPlan("ana", MODELS["TDM410P"], "SN1", ports="OS--")])
    yield made
    made.close()


@pytest.fixture
def rig(bench):
    made = make_pair(bench)
    yield made
    made.close_all()


def test_the_page_has_the_same_fields_on_both_sides():
    text = (SHIM / "page.h").read_text()
    fields = re.findall(r"unsigned (\w+);", text)
    assert [name.upper() for name in fields] == list(shared.Field.__members__)
    for prefix, kind in (("FILE_", shared.Kind), ("FLAG_", shared.Flag)):
        found = re.findall(rf"{prefix}(\w+) = (\d+)", text)
        assert {name: int(value) for name, value in found} == dict(kind.__members__)


@pytest.mark.parametrize(("count", "size"), [(2, 16), (3, 160), (32, 160), (32, 1024), (16, 2048), (4, 8192), (2, 777)])
def test_writable_while_a_block_is_free(rig, count, size):
    dio = rig.dio
    fd, _far = rig.sound(1, count, size)
    written = 0
    while dio.poll({fd: POLLOUT}):
        assert dio.write(fd, bytes(size)) == size
        written += 1
        assert written <= count
    assert written == count
    assert refused(dio.write, fd, b"x") == "EAGAIN"
    rig.sleep(20 + size / 8)
    assert dio.poll({fd: POLLOUT})


def test_small_blocks_take_a_whole_one(rig):
    dio = rig.dio
    fd, _far = rig.sound(1, 4, 1024)
    for _ in range(4):
        assert dio.poll({fd: POLLOUT})
        assert dio.write(fd, b"\xd5") == 1
    assert not dio.poll({fd: POLLOUT})


def test_epoll_says_what_poll_says(rig):
    dio = rig.dio
    a, b = rig.pair(1, dio.SIG_CAS, idle_bits=13)
    dio.buffers(b, 4, 160)
    rig.sleep(5)
    dio.events(b)
    with select.epoll() as poller:
        poller.register(b, select.EPOLLIN | select.EPOLLOUT | select.EPOLLPRI)
        assert poller.poll(0) == [(b, select.EPOLLOUT)]
        rig.sleep(40)
        assert poller.poll(0) == [(b, select.EPOLLIN | select.EPOLLOUT)]
        dio.ioctl(a, dio.SETTXBITS, 1)
        rig.sleep(5)
        assert poller.poll(0)[0][1] & select.EPOLLPRI
        assert dio.event(b) == dio.EVENT_BITSCHANGED
        assert poller.poll(0) == [(b, select.EPOLLIN | select.EPOLLOUT)]
        while refused(dio.read, b) is None:
            pass
        assert poller.poll(0) == [(b, select.EPOLLOUT)]


def test_an_event_taken_with_nothing_else_leaves_nothing_readable(rig):
    """The place of the mark in the socket must not keep it readable."""
    dio = rig.dio
    a, b = rig.pair(1, dio.SIG_CAS, idle_bits=13)
    rig.sleep(5)
    dio.events(b)
    with select.epoll() as poller:
        poller.register(b, select.EPOLLIN | select.EPOLLPRI)
        for bits in (1, 3, 1, 3, 1):
            dio.ioctl(a, dio.SETTXBITS, bits)
            rig.sleep(3)
            assert dio.poll({b: POLLIN | POLLPRI}) and poller.poll(0)
            assert dio.events(b) == [dio.EVENT_BITSCHANGED]
            assert not dio.poll({b: POLLIN | POLLPRI}) and not poller.poll(0)


def test_an_event_between_blocks_leaves_nothing_readable(rig):
    """Blocks before the mark, blocks after it, and every octet of them arrives."""
    dio = rig.dio
    a, b = rig.pair(1, dio.SIG_CAS, idle_bits=13)
    dio.buffers(b, 4, 160)
    rig.sleep(100)
    dio.events(b)
    with select.epoll() as poller:
        poller.register(b, select.EPOLLIN)
        for bits in (1, 3, 1, 3):
            rig.sleep(60)
            dio.ioctl(a, dio.SETTXBITS, bits)
            rig.sleep(3)
            assert dio.events(b) == [dio.EVENT_BITSCHANGED]
            sizes = set()
            while poller.poll(0):
                sizes.add(len(dio.read(b)))
            assert sizes == {160}


def test_flags_of_the_descriptor(bench):
    dio = bench.dio
    fds = [dio.open("ctl", os.O_RDWR), dio.open("ctl", os.O_RDWR | os.O_CLOEXEC)]
    assert [os.get_inheritable(fd) for fd in fds] == [True, False]
    for fd in fds:
        dio.close(fd)
    assert refused(dio.close, fds[0]) == "EBADF"


def test_names_of_files(bench):
    dio = bench.dio
    for name, error in (("", "ENOENT"), ("nobody", "ENOENT"), ("99", "ENOENT"), ("chan/1/9", "ENOENT"), ("3", "ENXIO")):
        assert refused(dio.open, name) == error, name
    assert dio.lib.dio_open(b"/dev/null", os.O_RDWR) == -2
    for name in ("1", "chan/001/002"):
        fd = dio.open(name)
        assert dio.ioctl(fd, dio.CHANNO) == int(name[-1])
        dio.close(fd)


# -- waiting ----------------------------------------------------------------------------------------------------------
def in_thread(function):
    answer = []
    thread = threading.Thread(target=lambda: answer.append(function()))
    thread.start()
    return thread, answer


def parked(bench):
    pid = os.getpid()
    for _ in range(1000):
        if bench.do(lambda: bench.server.parked(pid)):
            return True
        threading.Event().wait(0.002)
    return False


def test_blocking_calls_wait_in_simulated_time(rig):
    dio = rig.dio
    a, b = rig.sound(1)
    for fd in (a, b):
        os.set_blocking(fd, True)
    dio.ioctl(b, dio.FLUSH, 7)
    thread, answer = in_thread(lambda: dio.read(b))
    assert parked(rig.bench) and not answer
    rig.sleep(20)
    thread.join(5)
    assert len(answer[0]) == 160
    for index in range(4):
        dio.write(a, bytes([index]) * 160)
    thread, answer = in_thread(lambda: dio.write(a, bytes(160)))
    assert parked(rig.bench) and not answer
    rig.sleep(20)
    thread.join(5)
    assert answer == [160]
    thread, answer = in_thread(lambda: dio.checked(dio.lib.dio_ioctl(a, dio.SYNC, dio.ffi.NULL)))
    assert parked(rig.bench)
    rig.sleep(100)
    thread.join(5)
    assert answer == [0]
    dio.ioctl(b, dio.FLUSH, 7)
    thread, answer = in_thread(lambda: dio.ioctl(b, dio.IOMUX, dio.IOMUX_READ | dio.IOMUX_SIGEVENT))
    assert parked(rig.bench)
    rig.sleep(20)
    thread.join(5)
    assert answer == [dio.IOMUX_READ]


def test_poll_waits_in_simulated_time(rig):
    dio = rig.dio
    a, b = rig.pair(1, dio.SIG_CAS, idle_bits=13)
    rig.sleep(5)
    dio.events(a), dio.events(b)
    thread, answer = in_thread(lambda: dio.poll({a: POLLPRI, b: POLLPRI}, 500))
    assert parked(rig.bench)
    rig.sleep(499)
    assert not answer
    rig.sleep(1)
    thread.join(5)
    assert answer == [{}]
    thread, answer = in_thread(lambda: dio.poll({a: POLLPRI, b: POLLPRI}, -1))
    assert parked(rig.bench)
    dio.ioctl(a, dio.SETTXBITS, 2)
    rig.sleep(5)
    thread.join(5)
    assert answer == [{b: POLLPRI}]


def test_a_blocking_flash_returns_when_it_is_over(bench):
    dio = bench.dio
    fd = dio.channel(1, os.O_RDWR)
    dio.ioctl(fd, dio.HOOK, dio.OFFHOOK)
    bench.run(700)
    thread, answer = in_thread(lambda: refused(dio.ioctl, fd, dio.HOOK, dio.FLASH))
    assert parked(bench)
    bench.run(799)
    assert not answer
    bench.run(2)
    thread.join(5)
    assert answer == [None]
    assert dio.events(fd) == []
    dio.close(fd)


def test_a_file_that_is_closed_lets_its_waiter_go(rig):
    dio = rig.dio
    a, _b = rig.sound(1)
    os.set_blocking(a, True)
    dio.ioctl(a, dio.FLUSH, 7)
    thread, answer = in_thread(lambda: refused(dio.read, a))
    assert parked(rig.bench)
    rig.close(a)
    thread.join(5)
    assert answer and answer[0] is not None


# -- processes and threads --------------------------------------------------------------------------------------------
CHILD = f"""
import os, sys
sys.path.insert(0, {str(IO)!r})
from diokit import Dio
dio = Dio({str(LIBRARY)!r}, {str(DECL)!r})
fd = dio.channel(1)
dio.ioctl(fd, dio.HOOK, dio.OFFHOOK)
os.write(1, b"ready")
os.read(0, 1)
"""


def spawn(bench):
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert os.read(child.stdout.fileno(), 5) == b"ready"
    return child


def gone(bench, pid):
    for _ in range(1000):
        if bench.do(lambda: pid not in bench.server.pids()):
            return True
        threading.Event().wait(0.002)
    return False


@pytest.mark.parametrize("how", [signal.SIGKILL, None])
def test_a_program_that_ends_has_its_files_closed(bench, how):
    line = bench.machine.analog_lines["ana/1"]
    child = spawn(bench)
    assert line.loop_closed
    assert refused(bench.dio.channel, 1) == "EBUSY"
    if how:
        child.send_signal(how)
    child.communicate(b"x")
    assert gone(bench, child.pid)
    assert not line.loop_closed
    assert not bench.library.files
    fd = bench.dio.channel(1)
    bench.dio.close(fd)
    notes = [fact["what"] for fact in bench.truth.facts if fact.get("pid") == child.pid]
    assert notes == ["dahdi_attached", "dahdi_open", "dahdi_close", "dahdi_detached"]


def test_a_thread_that_ends_takes_no_file_with_it(bench):
    dio = bench.dio
    thread, answer = in_thread(lambda: dio.channel(1))
    thread.join()
    bench.run(20)
    assert dio.ioctl(answer[0], dio.CHANNO) == 1
    dio.close(answer[0])


def test_a_child_made_by_fork_closes_only_its_copy(bench):
    dio = bench.dio
    fd = dio.channel(1)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if dio.close(fd) == 0 and refused(dio.close, fd) == "EBADF" else 1)
    assert os.waitpid(pid, 0)[1] == 0
    bench.run(20)
    assert dio.ioctl(fd, dio.CHANNO) == 1
    dio.close(fd)
    assert not bench.library.files


def test_many_threads_on_one_channel(rig):
    """Blocks are neither torn nor doubled; each is read by one of them."""
    dio = rig.dio
    a, b = rig.sound(1, 32)
    dio.ioctl(b, dio.FLUSH, 7)
    for index in range(32):
        dio.write(a, bytes([index + 10]) * 160)
    got, lock = [], threading.Lock()

    def read():
        for _ in range(200):
            try:
                block = dio.read(b)
            except OSError:
                threading.Event().wait(0.001)
                continue
            with lock:
                got.append(block)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        rig.sleep(20)
    for thread in threads:
        thread.join()
    assert all(len(block) == 160 for block in got)
    loud = sorted(block[0] for block in got if set(block) != {0xD5})
    assert loud == list(range(10, 42))


def test_hwsim_gone(tmp_path):
    bench = Bench(tmp_path, [CardPlan("ana", MODELS["TDM410P"], "SN1", ports="OS--")])
    dio = bench.dio
    fd = dio.channel(1)
    bench.close()
    assert refused(dio.ioctl, fd, dio.CHANNO) == "ENODEV"
    assert refused(dio.open, "ctl") == "ENODEV"
    dio.close(fd)
    again = Bench(tmp_path, [CardPlan("ana", MODELS["TDM410P"], "SN1", ports="OS--")])
    fd = again.dio.channel(1)
    again.dio.close(fd)
    again.close()
