"""Socket files, sessions, refusals, and the client's side that stays connected."""

import asyncio
import os
import socket
import stat

import pytest
from virtualtime import run, until

from boardd.api import server as server_module
from boardd.api.board_schema import CallParams, Nothing
from boardd.api.codec import UnknownMethodError
from boardd.api.connection import DisconnectedError, open_connection
from boardd.api.listener import Listener
from boardd.api.method import Method, Right, table
from boardd.api.peer import Peer
from boardd.api.remote import NoNotifications, Remote
from boardd.api.rights import GroupRights
from boardd.api.server import Server
from boardd.contract.errors import ArgumentError, BugError, ConfigurationError, ForbiddenError, OverloadError

METHODS = table(
    [
        Method("look", Nothing, Nothing, Right.READ, ""),
        Method("act", CallParams, CallParams, Right.CONTROL, ""),
    ]
)


class Service:
    def __init__(self):
        self.open = []
        self.opened = 0

    def handlers(self):
        return {"look": lambda session, params: None, "act": self._act}

    async def _act(self, session, params):
        return params

    def session_opened(self, session):
        self.open.append(session)
        self.opened += 1

    def session_closed(self, session):
        self.open.remove(session)

    def notification(self, session, method, params):
        raise UnknownMethodError("none", method=method)


def serve(path, **more):
    service = Service()
    return service, Server(path, METHODS, service, GroupRights.of(["readers"], [], []), **more)


def test_requests_are_typed_and_mode_is_set(tmp_path):
    async def main():
        service, server = serve(tmp_path / "s.sock", mode=0o660)
        await server.start()
        assert stat.S_IMODE((tmp_path / "s.sock").stat().st_mode) == 0o660
        connection = await open_connection(str(tmp_path / "s.sock"), NoNotifications())
        assert await connection.request("look", Nothing(), Nothing) == Nothing()
        assert (await connection.request("act", CallParams(call="c"), CallParams)).call == "c"
        with pytest.raises(ArgumentError):
            await connection.request("act", {"call": 4}, CallParams)
        with pytest.raises(UnknownMethodError):
            await connection.request("fly", {}, Nothing)
        await server.stop()
        await connection.wait_closed()
        assert service.open == []
        assert not (tmp_path / "s.sock").exists()

    run(main)


def test_rights_are_checked_per_method_and_strangers_are_refused(tmp_path, monkeypatch):
    async def main():
        peer = Peer(pid=9, uid=os.geteuid() + 1, groups=frozenset({"readers"}))
        monkeypatch.setattr(server_module, "peer_of", lambda _sock: peer)
        service, server = serve(tmp_path / "s.sock")
        await server.start()
        connection = await open_connection(str(tmp_path / "s.sock"), NoNotifications())
        await connection.request("look", Nothing(), Nothing)
        with pytest.raises(ForbiddenError):
            await connection.request("act", CallParams(call="c"), CallParams)
        peer = Peer(pid=9, uid=os.geteuid() + 1, groups=frozenset({"cleaners"}))
        stranger = await open_connection(str(tmp_path / "s.sock"), NoNotifications())
        with pytest.raises(ForbiddenError, match="readers"):
            await stranger.request("look", Nothing(), Nothing)
        assert (service.opened, server.counters["refused"]) == (1, 1)
        await server.stop()

    run(main)


def test_connections_are_limited(tmp_path, monkeypatch):
    async def main():
        monkeypatch.setattr(server_module, "CONNECTION_LIMIT", 1)
        _service, server = serve(tmp_path / "s.sock")
        await server.start()
        first = await open_connection(str(tmp_path / "s.sock"), NoNotifications())
        await first.request("look", Nothing(), Nothing)
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s.sock"))
        assert OverloadError.code.encode() in await reader.read()
        writer.close()
        await server.stop()

    run(main)


def test_every_method_needs_a_handler(tmp_path):
    class Forgetful(Service):
        def handlers(self):
            return {"look": lambda session, params: None}

    with pytest.raises(BugError):
        Server(tmp_path / "s.sock", METHODS, Forgetful(), GroupRights())


def test_a_taken_socket_is_one_clear_error_and_a_stale_one_is_replaced(tmp_path):
    path = tmp_path / "s.sock"
    first = Listener(path, 0o600)
    with pytest.raises(ConfigurationError, match="another process"):
        Listener(path, 0o600)
    os.close(first._lock)
    with pytest.raises(ConfigurationError, match="another process"):
        Listener(path, 0o600)
    first.socket.close()
    second = Listener(path, 0o600)
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
    second.close()
    assert not path.exists()


def test_a_file_in_the_way_is_not_removed(tmp_path):
    path = tmp_path / "s.sock"
    path.write_text("precious")
    with pytest.raises(ConfigurationError, match="in the way"):
        Listener(path, 0o600)
    assert path.read_text() == "precious"


def test_impossible_paths_and_groups_are_configuration_errors(tmp_path):
    with pytest.raises(ConfigurationError, match="bytes"):
        Listener(tmp_path / ("x" * 120), 0o600)
    with pytest.raises(ConfigurationError, match="No such file"):
        Listener(tmp_path / "none" / "s.sock", 0o600)
    with pytest.raises(ConfigurationError, match="no_such_group"):
        Listener(tmp_path / "s.sock", 0o600, "no_such_group")
    Listener(tmp_path / "s.sock", 0o600).close()


def test_remote_comes_again_with_growing_pauses(tmp_path):
    async def main():
        path = tmp_path / "s.sock"
        greeted = []
        loop = asyncio.get_running_loop()

        async def greet(connection):
            await connection.request("look", Nothing(), Nothing)
            greeted.append(loop.time())

        remote = Remote(path, NoNotifications(), greet)
        began_s = loop.time()
        remote.start()
        await asyncio.sleep(10)
        _service, server = serve(path)
        await server.start()
        connection = await remote.connection()
        assert 0 < greeted[0] - began_s - 10 <= 1.0
        await server.stop()
        await connection.wait_closed()
        with pytest.raises(DisconnectedError):
            await connection.request("look", Nothing(), Nothing)
        _service, server = serve(path)
        await server.start()
        lost_s = loop.time()
        again = await remote.connection()
        assert again is not connection
        assert greeted[1] - lost_s <= 0.11
        await remote.stop()
        await until(lambda: not server.sessions)
        await server.stop()

    run(main)


def test_remote_once_fails_at_once(tmp_path):
    async def main():
        async def greet(connection):
            pass

        remote = Remote(tmp_path / "none.sock", NoNotifications(), greet, once=True)
        remote.start()
        with pytest.raises(DisconnectedError, match="No such file"):
            await remote.connection()
        await remote.stop()

    run(main)


def test_a_refused_greeting_is_told_to_who_waits(tmp_path):
    async def main():
        _service, server = serve(tmp_path / "s.sock")
        await server.start()

        async def greet(connection):
            await connection.request("fly", {}, Nothing)

        remote = Remote(tmp_path / "s.sock", NoNotifications(), greet, once=True)
        remote.start()
        with pytest.raises(UnknownMethodError):
            await remote.connection()
        await remote.stop()
        await server.stop()

    run(main)
