"""A simulator that goes: whoever asks it meanwhile is told so, and why it goes is said before it closes."""

import socket
import threading
from pathlib import Path
from typing import cast

import pytest

from boardd.contract.errors import ConfigurationError
from hwsim.cli import serve
from hwsim.cli.control import ask
from hwsim.kernel.keeper import TokenStuckError
from hwsim.simulator import Simulator

TURNS = 200


def test_who_asks_while_it_goes_is_told(tmp_path: Path) -> None:
    """It hangs up before the question, within it or behind it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(tmp_path / "control.sock"))
        door.listen()

        def go() -> None:
            for _turn in range(TURNS):
                door.accept()[0].close()

        going = threading.Thread(target=go, daemon=True)
        going.start()
        for _turn in range(TURNS):
            with pytest.raises(ConfigurationError, match="the simulator went away"):
                ask(tmp_path, "status")
        going.join()


class Stuck:
    """A simulator one of whose programs keeps the token; whoever started it may kill it while it closes."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.said = ""

    def run(self, *, stop_at_end: bool) -> None:
        raise TokenStuckError("host (pid 7) has held the token")

    def close(self) -> None:
        self.said = self.capsys.readouterr().err


def test_who_keeps_the_token_is_named_before_anything_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    stuck = Stuck(capsys)
    with pytest.raises(SystemExit) as ended:
        serve.drive(cast(Simulator, stuck), stop_at_end=False)
    assert ended.value.code == 1
    assert stuck.said == "host (pid 7) has held the token\n"
