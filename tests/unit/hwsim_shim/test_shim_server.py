"""The server by itself: grouping, parking, lockstep bookkeeping, hostile clients (plain sockets of this process)."""

import os
import socket
import struct

import pytest
from shimkit import Dirt, Fake

from hwsim.kernel.loop import Loop
from hwsim.vendorlibs import wire
from hwsim.vendorlibs.rpc import PARKED, Reply, RpcServer
from tests.tools.descriptors import open_descriptors

PID = os.getpid()


def text(value):
    return struct.pack("<H", len(value)) + value.encode()


def hello(library="synway", protocol=wire.PROTOCOL, role=0):
    return struct.pack("<BHIIBB", wire.HELLO, protocol, PID, 1, 0, role) + text(library) + text("prog")


def call(name, number=1, args=b"", count=0, outs=b""):
    return struct.pack("<BI", wire.CALL, number) + text(name) + bytes([count]) + args + bytes([len(outs)]) + outs


class Bench:
    def __init__(self, path):
        self.loop, self.dirt, self.fake = Loop(), Dirt(), Fake(waits=frozenset({"Wait"}))
        self.server = RpcServer(self.loop, self.dirt, path, self.fake)
        self.path, self.socks = path, []

    def connect(self, *packets):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.connect(str(self.path))
        for packet in packets:
            sock.send(packet)
        self.socks.append(sock)
        self.serve()
        return sock

    def serve(self):
        while self.loop.poll(0):
            pass

    def send(self, sock, packet):
        sock.send(packet)
        self.serve()

    def close(self):
        for sock in self.socks:
            sock.close()
        self.server.close()
        self.loop.close()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "synway.sock")
    yield made
    made.close()


def result(sock):
    sock.setblocking(False)
    return struct.unpack_from("<BIq", sock.recv(100))[1:]


def silent(sock):
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(1)


def test_connections_of_a_process_are_one_client(bench):
    first, second = bench.connect(hello()), bench.connect(hello())
    assert [(c.pid, c.name, c.uid) for c in bench.fake.clients] == [(PID, "prog", os.getuid())]
    assert bench.server.pids() == [PID]
    first.close()
    bench.serve()
    assert bench.fake.gone == []
    second.close()
    bench.serve()
    assert bench.fake.gone == [PID]
    assert bench.server.pids() == []


def test_an_answer_carries_number_and_value(bench):
    bench.fake.handlers["SsmX"] = Reply(-7)
    sock = bench.connect(hello(), call("SsmX", 41))
    assert result(sock) == (41, -7)
    assert bench.dirt.marks == 0, "an answer to a running process is no mail"


def test_a_parked_call_counts_until_it_is_answered_and_then_is_mail(bench):
    bench.fake.handlers["Slow"] = lambda *_: PARKED
    sock = bench.connect(hello(), call("Slow", 5))
    assert (bench.server.parked(PID), bench.server.settled(PID)) == (1, True)
    silent(sock)
    bench.fake.held["Slow"][0].reply(Reply(3))
    assert (bench.server.parked(PID), bench.dirt.marks) == (0, 1)
    assert result(sock) == (5, 3)
    bench.fake.held["Slow"][0].reply(Reply(4))
    silent(sock)


def test_a_call_answered_before_it_is_parked_is_answered_once(bench):
    def at_once(conn, _args, _files):
        conn.reply(Reply(9))
        return PARKED

    bench.fake.handlers["Slow"] = at_once
    sock = bench.connect(hello(), call("Slow"))
    assert result(sock) == (1, 9)
    assert (bench.server.parked(PID), bench.dirt.marks) == (0, 0)


def test_an_event_thread_is_settled_only_back_in_its_wait(bench):
    bench.fake.handlers["Wait"] = lambda *_: PARKED
    bench.connect(hello())
    waiter = bench.connect(hello(), call("Wait"))
    assert (bench.server.parked(PID), bench.server.settled(PID)) == (0, True)
    bench.fake.held["Wait"].pop().reply(Reply(0))
    assert not bench.server.settled(PID), "the event is on its way"
    bench.send(waiter, call("SsmX"))
    assert not bench.server.settled(PID), "the thread works on the event"
    waiter.send(call("Wait", 2))
    assert not bench.server.settled(PID), "the request is unread"
    bench.serve()
    assert bench.server.settled(PID)
    bench.fake.held["Wait"].pop().reply(Reply(-1))
    assert not bench.server.settled(PID), "a wait that timed out comes again"


def test_a_first_wait_that_finds_an_event_makes_an_event_thread(bench):
    waiter = bench.connect(hello(), call("Wait"))
    assert not bench.server.settled(PID)
    bench.fake.handlers["Wait"] = Reply(-2)
    bench.send(waiter, call("Wait"))
    assert bench.server.settled(PID), "a thread whose wait is refused does not come back"


def test_a_thread_of_the_shim_is_awaited_from_its_hello_on(bench):
    bench.fake.handlers["Wait"] = lambda *_: PARKED
    worker = bench.connect(hello(role=1))
    assert not bench.server.settled(PID)
    bench.send(worker, call("Wait"))
    assert bench.server.settled(PID)


def test_an_event_thread_that_ends_or_whose_library_is_closed_does_not_count(bench):
    bench.fake.handlers["Wait"] = lambda *_: PARKED
    main = bench.connect(hello())
    for ending in ("close", "closed"):
        waiter = bench.connect(hello(), call("Wait"))
        bench.fake.held["Wait"].pop().reply(Reply(-1))
        assert not bench.server.settled(PID)
        if ending == "close":
            waiter.close()
            bench.serve()
        else:
            bench.send(main, bytes([wire.CLOSED]))
        assert bench.server.settled(PID)


def test_nobody_is_settled_while_a_connection_is_unaccepted_or_a_request_unread(bench):
    sock = bench.connect(hello())
    late = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    bench.socks.append(late)
    late.connect(str(bench.path))
    assert not bench.server.settled(PID)
    bench.serve()
    assert bench.server.settled(PID)
    late.send(hello())
    assert not bench.server.settled(PID)
    bench.serve()
    sock.send(call("SsmX"))
    assert not bench.server.settled(PID)
    bench.serve()
    assert bench.server.settled(PID)


def test_unknown_processes_are_settled(bench):
    assert (bench.server.settled(1), bench.server.parked(1)) == (True, 0)


@pytest.mark.parametrize(
    "packet",
    [b"", b"\x09", hello(), call("SsmX")[:-1], call("SsmX") + b"x", bytes([wire.CLOSED, 0]), b"\x02" * 70000],
    ids=["eof", "kind", "hello twice", "short", "long", "closed", "too long"],
)
def test_a_malformed_message_costs_only_its_connection(bench, packet):
    good, bad = bench.connect(hello()), bench.connect(hello())
    bench.send(bad, packet) if packet else bad.shutdown(socket.SHUT_WR)
    bench.serve()
    assert bad.recv(1) == b""
    bench.send(good, call("SsmX"))
    assert result(good) == (1, 0)
    assert bench.fake.gone == []


@pytest.mark.parametrize(
    "first",
    [call("SsmX"), hello("donjin"), hello(protocol=99), b"\x01\x01"],
    ids=["call", "other maker", "other protocol", "short"],
)
def test_a_wrong_first_message_is_refused(bench, first):
    sock = bench.connect(first)
    assert sock.recv(1) == b""
    assert bench.fake.clients == []


def test_a_second_call_while_one_is_parked_is_refused(bench):
    bench.fake.handlers["Slow"] = lambda *_: PARKED
    sock = bench.connect(hello(), call("Slow"))
    bench.send(sock, call("SsmX"))
    assert sock.recv(1) == b""
    assert bench.fake.gone == [PID]
    bench.fake.held["Slow"][0].reply(Reply(1))


def test_an_exception_in_the_behaviour_costs_only_the_caller(bench):
    def broken(*_):
        raise RuntimeError("bug")

    bench.fake.handlers.update(Broken=broken, Wrong=("text",))
    other = bench.connect(hello())
    assert bench.connect(hello(), call("Broken")).recv(1) == b""
    assert bench.connect(hello(), call("Wrong", outs=b"i")).recv(1) == b""
    assert bench.server.failures == 2
    bench.send(other, call("SsmX"))
    assert result(other) == (1, 0)


def files_call(count, name="SsmX"):
    args = (b"f" + text("/x") + struct.pack("<i", 0)) * count
    return call(name, args=args, count=count)


def open_fds():
    return open_descriptors()


def test_descriptors_are_closed_unless_they_are_taken(bench, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"hello")
    taken = []
    bench.fake.handlers["SsmX"] = lambda _conn, _args, files: taken.append((files[0].take(), files[1].read())) or 0
    sock = bench.connect(hello())
    fds = [os.open(path, os.O_RDONLY) for _ in range(2)]
    before = open_fds()
    socket.send_fds(sock, [files_call(2)], fds)
    bench.serve()
    assert open_fds() == before + 1
    (fd, data) = taken[0]
    assert (os.read(fd, 9), data) == (b"hello", b"hello")
    assert not os.get_inheritable(fd)
    for each in (fd, *fds):
        os.close(each)


@pytest.mark.parametrize(("declared", "sent"), [(0, 1), (1, 2), (2, 1), (0, 6)])
def test_descriptors_of_refused_packets_are_closed(bench, tmp_path, declared, sent):
    bench.connect(hello())
    sock = bench.connect(hello())
    before = open_fds()
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(sent)]
    socket.send_fds(sock, [files_call(declared)], fds)
    for fd in fds:
        os.close(fd)
    bench.serve()
    assert sock.recv(1) == b""
    assert open_fds() == before - 1


def test_files_of_a_parked_call_live_until_the_answer(bench):
    bench.fake.handlers["Slow"] = lambda *_: PARKED
    sock = bench.connect(hello())
    before = open_fds()
    with open("/dev/null") as null:
        socket.send_fds(sock, [files_call(1, "Slow")], [null.fileno()])
    bench.serve()
    assert open_fds() == before + 1
    bench.fake.held["Slow"][0].reply(Reply(0))
    assert open_fds() == before


def test_a_left_over_socket_file_is_replaced_and_removed_at_the_end(tmp_path):
    path = tmp_path / "synway.sock"
    path.write_bytes(b"")
    bench = Bench(path)
    bench.connect(hello())
    bench.close()
    assert not path.exists()
    assert bench.fake.gone == [PID]
