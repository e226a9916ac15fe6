"""The public package: every method is there and typed; streams are bounded; waiting ends as asked."""

import asyncio
import inspect

import pytest
from virtualtime import run

from boardd.api.board_methods import BoardMethods
from boardd.api.board_schema import METHODS
from boardd.api.client import Client
from boardd.api.connection import DisconnectedError
from boardd.api.stream import LIMIT, Stream
from boardd.contract.errors import OverloadError

OWN = {"hello", "subscribe", "claim", "unclaim", "lease", "facts"}
"""Methods that `Client` itself wraps."""


class Recorder(BoardMethods):
    def __init__(self):
        self.sent = {}

    async def call(self, method, params, kind):
        self.sent[method] = (params, kind)


async def test_every_method_of_the_protocol_is_declared_with_its_types():
    recorder = Recorder()
    for name, function in inspect.getmembers(BoardMethods, inspect.iscoroutinefunction):
        if name == "call":
            continue
        parameters = list(inspect.signature(function).parameters.values())[1:]
        required = [[] if p.name in ("files", "links", "keys") else "x" for p in parameters if p.default is p.empty]
        await function(recorder, *required)
    assert recorder.sent.keys() | OWN == METHODS.keys()
    for method, (params, kind) in recorder.sent.items():
        assert type(params) is METHODS[method].params, method
        assert kind == METHODS[method].result, method


def test_no_daemon_ends_the_wait_as_asked(tmp_path):
    async def main():
        with pytest.raises(DisconnectedError, match="No such file"):
            async with Client.connect(tmp_path / "none", name="x", reconnect=False):
                pass
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(DisconnectedError):
            async with Client.connect(tmp_path / "none", name="x", wait_s=5):
                pass
        assert asyncio.get_running_loop().time() - began_s == pytest.approx(5, abs=0.01)

    run(main)


async def test_a_program_that_does_not_read_its_events_is_told_how_many_it_missed():
    closed = []
    stream = Stream(closed.append)
    for number in range(LIMIT + 3):
        stream.put(number)
    with pytest.raises(OverloadError) as missed:
        await anext(stream)
    assert missed.value.data["missed"] == LIMIT
    assert [await anext(stream) for _ in range(3)] == [LIMIT, LIMIT + 1, LIMIT + 2]
    stream.close()
    assert closed == [stream]
    assert [item async for item in stream] == []


async def test_a_failed_stream_gives_what_it_has_and_then_the_failure():
    stream = Stream(lambda _s: None)
    stream.put(1)
    stream.fail(DisconnectedError("gone"))
    assert await anext(stream) == 1
    with pytest.raises(DisconnectedError):
        await anext(stream)
