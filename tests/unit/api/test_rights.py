"""Unix groups -> rights, and what the kernel tells of a peer."""

import grp
import os
import socket

import pytest

from boardd.api import peer as peer_module
from boardd.api.method import Right
from boardd.api.peer import Peer, peer_of
from boardd.api.rights import GroupRights, require
from boardd.contract.errors import ForbiddenError

RIGHTS = GroupRights.of(["readers"], ["agents"], ["techs"])


def stranger(*groups):
    return Peer(pid=1, uid=os.geteuid() + 54321, groups=frozenset(groups))


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([], set()),
        (["other"], set()),
        (["readers"], {Right.READ}),
        (["other", "agents"], {Right.READ, Right.CONTROL}),
        (["techs"], {Right.READ, Right.CONTROL, Right.ADMIN}),
        (["readers", "techs"], {Right.READ, Right.CONTROL, Right.ADMIN}),
    ],
)
def test_rights_follow_from_any_group(groups, expected):
    assert RIGHTS.rights_of(stranger(*groups)) == expected


@pytest.mark.parametrize("uid", [0, os.geteuid()])
def test_root_and_own_user_may_everything(uid):
    assert RIGHTS.rights_of(Peer(pid=1, uid=uid, groups=frozenset())) == set(Right)


def test_no_group_makes_a_host():
    assert Right.HOST not in RIGHTS.rights_of(stranger("readers", "agents", "techs"))


def test_refusal_names_the_groups_that_would_do():
    with pytest.raises(ForbiddenError) as refused:
        require(frozenset({Right.READ}), Right.CONTROL, "call.dial", RIGHTS.groups_for(Right.CONTROL))
    assert refused.value.data == {"method": "call.dial", "right": "control", "groups": ["agents", "techs"]}


def test_the_kernel_names_the_peer_and_all_its_groups():
    a, b = socket.socketpair()
    with a, b:
        found = peer_of(a)
    assert (found.pid, found.uid) == (os.getpid(), os.geteuid())
    for gid in {os.getegid(), *os.getgroups()}:
        assert grp.getgrgid(gid).gr_name in found.groups


def test_supplementary_groups_are_read_from_proc_when_the_socket_does_not_tell(tmp_path, monkeypatch):
    status = tmp_path / "status"
    status.write_text("Name:\tivr\nGid:\t7\t7\nGroups:\t4 24 1000 \nSeccomp:\t0\n")
    assert peer_module._proc_gids(status) == {4, 24, 1000}
    status.write_text("Groups:\t\n")
    assert peer_module._proc_gids(status) == set()
    assert peer_module._proc_gids(tmp_path / "gone") == set()

    class Old:
        def getsockopt(self, *_args):
            raise OSError

    assert peer_module._session_gids(Old(), os.getpid()) == set(os.getgroups())


def test_groups_of_the_user_database_count_without_a_new_login(monkeypatch):
    monkeypatch.setattr(peer_module.os, "getgrouplist", lambda name, gid: [gid, 4242])
    assert 4242 in peer_module._database_gids(os.geteuid(), os.getegid())
    assert peer_module._database_gids(2**31 - 7, 0) == set()
