"""The peer: nothing that arrives ends a connection, everything is answered with a typed error, slow readers go."""

import asyncio
import json
import socket

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtualtime import run, until

from boardd.api import codec
from boardd.api.board_schema import CallParams, DialParams, Nothing, SubscribeResult
from boardd.api.connection import Connection, DisconnectedError, Limits
from boardd.api.framing import LineReader, TooLong
from boardd.contract.errors import (
    ArgumentError,
    BoarddError,
    BugError,
    DeadlineError,
    OverloadError,
    WrongStateError,
    _tree,
)


class Echo:
    def __init__(self):
        self.notes = []
        self.ended = 0
        self.gate = asyncio.Event()

    def opened(self, connection):
        pass

    def closed(self, connection):
        self.ended += 1

    def request(self, connection, method, params):
        if method == "echo":
            return params
        if method == "later":
            return self._later(params)
        if method == "refuse":
            raise WrongStateError("no", state="idle")
        if method == "bug":
            raise KeyError("oops")
        if method == "nothing":
            return None
        raise codec.UnknownMethodError("no such method", method=method)

    async def _later(self, params):
        await self.gate.wait()
        return params

    def notification(self, connection, method, params):
        self.notes.append((method, bytes(params)))


async def pair(left, right, limits=None):
    """Two connected peers."""
    limits = limits or Limits()
    a, b = socket.socketpair()
    loop = asyncio.get_running_loop()
    _, one = await loop.create_unix_connection(lambda: Connection(left, limits), sock=a)
    _, two = await loop.create_unix_connection(lambda: Connection(right, limits), sock=b)
    return one, two


async def raw_peer(handler, limits=None):
    """A connection with a bare socket at the other end."""
    a, b = socket.socketpair()
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_unix_connection(lambda: Connection(handler, limits or Limits()), sock=a)
    reader, writer = await asyncio.open_unix_connection(sock=b, limit=1 << 22)
    return connection, reader, writer


async def hang_up(connection, writer):
    writer.close()
    await connection.wait_closed()


def test_both_sides_ask_and_notify():
    async def main():
        left, right = Echo(), Echo()
        one, two = await pair(left, right)
        assert await one.request("echo", CallParams(call="x"), CallParams) == CallParams(call="x")
        assert await two.request("echo", {"a": [1]}, dict) == {"a": [1]}
        assert await one.request("nothing", Nothing(), Nothing) == Nothing()
        one.notify("hint", {"n": 1})
        await until(lambda: right.notes)
        assert right.notes == [("hint", b'{"n":1}')]
        one.close()
        await two.wait_closed()
        assert (left.ended, right.ended) == (1, 1)

    run(main)


def test_errors_arrive_typed_and_bugs_do_not_leak():
    async def main():
        one, two = await pair(Echo(), Echo())
        with pytest.raises(WrongStateError) as refused:
            await one.request("refuse", {}, dict)
        assert refused.value.data == {"state": "idle"}
        with pytest.raises(BugError) as bug:
            await one.request("bug", {}, dict)
        assert "oops" not in bug.value.message
        with pytest.raises(codec.UnknownMethodError):
            await one.request("what", {}, dict)
        with pytest.raises(codec.InvalidRequestError):
            await one.request("echo", {"a": 1}, list[int])
        one.close()
        await two.wait_closed()

    run(main)


def test_answers_come_before_what_was_sent_after_them():
    """`at_once` runs before the notification that follows the answer in the same packet."""

    async def main():
        order = []

        class Server(Echo):
            def request(self, connection, method, params):
                asyncio.get_running_loop().call_soon(connection.notify, "event", {})
                return {"epoch": "e", "seq": 1, "gap": False}

        class Client(Echo):
            def notification(self, connection, method, params):
                order.append(method)

        one, two = await pair(Client(), Server())
        await one.request("subscribe", {}, SubscribeResult, at_once=lambda _r: order.append("answer"))
        await until(lambda: len(order) == 2)
        assert order == ["answer", "event"]
        one.close()
        await two.wait_closed()

    run(main)


def test_lost_connection_and_deadline():
    async def main():
        one, two = await pair(Echo(), Echo())
        with pytest.raises(DeadlineError) as late:
            await one.request("later", {}, dict, timeout_s=3)
        assert late.value.data["deadline_ms"] == 3000
        waiting = asyncio.ensure_future(one.request("later", {}, dict))
        await asyncio.sleep(0)
        two.close()
        two.cancel_requests()
        with pytest.raises(DisconnectedError):
            await waiting
        with pytest.raises(DisconnectedError):
            await one.request("echo", {}, dict)

    run(main)


def test_half_closed_peer_still_gets_its_answers():
    async def main():
        echo = Echo()
        connection, reader, writer = await raw_peer(echo)
        writer.write(b'{"id":1,"method":"later"}\n{"id":"two","method":"echo","params":{"x":1}}\n')
        writer.write_eof()
        first = json.loads(await reader.readline())
        assert first == {"jsonrpc": "2.0", "id": "two", "result": {"x": 1}}
        echo.gate.set()
        assert json.loads(await reader.readline())["id"] == 1
        assert await reader.read() == b""
        await hang_up(connection, writer)

    run(main)


def test_a_peer_that_does_not_read_is_told_and_closed():
    async def main():
        limits = Limits(backlog_bytes=10_000)
        echo = Echo()
        connection, reader, writer = await raw_peer(echo, limits)
        line = b"x" * 5000 + b"\n"
        sent = 0
        while connection.open:
            connection.send_line(line)
            sent += 1
            assert sent < 10_000
        assert connection.reason == "too_slow"
        assert connection.backlog_bytes < 10_000 + len(line) + 500
        lines = (await reader.read()).splitlines()
        error = codec.decode_error(json.loads(lines[-1])["error"])
        assert isinstance(error, OverloadError)
        assert error.data["reason"] == "too_slow"
        await hang_up(connection, writer)

    run(main)


def test_a_peer_that_never_reads_again_is_dropped_after_a_second():
    async def main():
        connection, _reader, writer = await raw_peer(Echo(), Limits(backlog_bytes=10_000))
        while connection.open:
            connection.send_line(b"x" * 50_000 + b"\n")
        _reader._transport.pause_reading()
        await connection.wait_closed()
        writer.close()

    run(main)


def test_too_many_requests_are_refused_one_by_one():
    async def main():
        echo = Echo()
        connection, reader, writer = await raw_peer(echo, Limits(requests=2))
        for number in range(3):
            writer.write(b'{"id":%d,"method":"later"}\n' % number)
        refused = json.loads(await reader.readline())
        assert refused["id"] == 2
        assert refused["error"]["data"]["reason"] == "too_many_requests"
        echo.gate.set()
        assert {json.loads(await reader.readline())["id"] for _ in range(2)} == {0, 1}
        await hang_up(connection, writer)

    run(main)


KINDS = [kind for kind in _tree(BoarddError).values() if kind.__init__ is BoarddError.__init__]


@pytest.mark.parametrize(
    "error",
    [
        {"data": "text"},
        {"message": 7, "data": {"error": "configuration", "message": "x", "self": 1}},
        {"data": {"error": ["?"]}},
        {},
    ],
)
def test_odd_errors_from_the_peer_are_errors_not_accidents(error):
    async def main():
        class Odd(Echo):
            def request(self, connection, method, params):
                connection.send_line(json.dumps({"id": 1, "error": error}).encode() + b"\n")
                return {}

        one, two = await pair(Echo(), Odd())
        with pytest.raises(BoarddError):
            await one.request("x", {}, dict)
        assert one.open
        one.close()
        await two.wait_closed()

    run(main)


BAD_LINES = [
    (b"{", -32700),
    (b"\xff\xfe", -32700),
    (b"[" * 100_000, -32600),
    (b'{"params":' + b"[" * 100_000 + b"}", -32700),
    (b"[]", -32600),
    (b"17", -32600),
    (b"{}", -32600),
    (b'{"id":[1],"method":"echo"}', -32600),
    (b'{"id":1,"method":7}', -32600),
    (b'{"id":1,"method":"nope"}', -32601),
    (b'{"id":1,"method":"echo","params":{"a":' + b"x" * 2000 + b"}}", -32700),
    (b"y" * 3_000, -32600),
]


@pytest.mark.parametrize(("line", "number"), BAD_LINES, ids=range(len(BAD_LINES)))
def test_bad_lines_get_a_typed_answer_and_the_connection_stays(line, number):
    async def main():
        limit = 2_500 if line.startswith(b"y") else 1 << 20
        connection, reader, writer = await raw_peer(Echo(), Limits(line_bytes=limit))
        writer.write(line + b"\n")
        answer = json.loads(await reader.readline())
        assert answer["error"]["code"] == number
        assert isinstance(codec.decode_error(answer["error"]), BoarddError)
        writer.write(b'{"id":2,"method":"echo","params":{"still":"here"}}\n')
        assert json.loads(await reader.readline())["result"] == {"still": "here"}
        await hang_up(connection, writer)

    run(main)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(1, 64))
def test_arbitrary_bytes_never_kill_the_connection(chunks, step):
    async def main():
        connection, reader, writer = await raw_peer(Echo(), Limits(line_bytes=128))
        stream = b"".join(chunks) + b"\n"
        for start in range(0, len(stream), step):
            writer.write(stream[start : start + step])
        writer.write(b'{"id":"end","method":"echo","params":{}}\n')
        while True:
            line = await reader.readline()
            assert line, "the connection ended"
            if json.loads(line).get("id") == "end":
                break
        await hang_up(connection, writer)

    run(main)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**53), st.text(st.characters(codec="utf-8"), min_size=1), st.dictionaries(st.text(), json_values)
)
def test_messages_round_trip(number, method, params):
    params = {k.encode("utf-8", "ignore").decode(): v for k, v in params.items()}
    line = codec.request_line(number, method, params)
    assert line.endswith(b"\n") and b"\n" not in line[:-1]
    message = codec.decode_envelope(line[:-1])
    assert (message.id, message.method) == (number, method)
    assert codec.decode_params(message.params, dict) == params
    answer = codec.decode_envelope(codec.result_line(number, params)[:-1])
    assert codec.decode_result(answer.result, dict) == params


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\n", b" ")), max_size=10), st.integers(1, 70))
def test_framing_cuts_the_same_lines_however_the_stream_is_chopped(lines, step):
    stream = b"".join(line + b"\n" for line in lines)
    reader = LineReader(40)
    found = []
    for start in range(0, len(stream), step):
        found += list(reader.feed(stream[start : start + step]))
    shown = [item.size if isinstance(item, TooLong) else item for item in found]
    assert shown == [len(line) if len(line) > 40 else line for line in lines if len(line) > 40 or line.strip()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.code)
def test_every_error_survives_the_wire(kind):
    line = codec.error_line(5, kind("what happened", channel="e1a/1/3"))
    back = codec.decode_error(codec.decode_envelope(line[:-1]).error)
    assert type(back) is kind
    assert (back.message, back.data) == ("what happened", {"channel": "e1a/1/3"})


def test_errors_with_odd_data_still_travel():
    line = codec.error_line(None, BoarddError("bad \ud800", thing=object()))
    assert b"object object" in line


@pytest.mark.parametrize(
    ("params", "kind", "argument"),
    [
        (b"{}", CallParams, "call"),
        (b'{"call":3}', CallParams, "call"),
        (b'{"group":"a","orphan":{"max_s":"x"}}', DialParams, "orphan.max_s"),
        (b"[1]", CallParams, "params"),
        (b'{"call":"\xff"}', CallParams, "params"),
    ],
)
def test_bad_params_name_the_field(params, kind, argument):
    with pytest.raises(ArgumentError) as wrong:
        codec.decode_params(msgspec.Raw(params), kind)
    assert wrong.value.data["argument"] == argument


def test_null_and_missing_params_are_empty():
    assert codec.decode_params(msgspec.Raw(b"null"), Nothing) == Nothing()
    assert codec.decode_params(codec.decode_envelope(b'{"id":1,"method":"x"}').params, Nothing) == Nothing()


def test_a_peer_that_is_refused_while_it_writes_learns_why():
    async def main():
        asking, refusing = await pair(Echo(), Echo())
        asking._transport.pause_reading()
        refusing.close("forbidden", ArgumentError("you may not", argument="client"))
        await asyncio.sleep(0.1)
        answer = asyncio.ensure_future(asking.request("echo", {}, dict))
        await asyncio.sleep(0.1)
        asking._transport.resume_reading()
        with pytest.raises(ArgumentError, match="you may not"):
            await answer
        await refusing.wait_closed()

    run(main)
