"""Asks boardd and the scheduler as any program would: JSON-RPC lines, one conversation per question."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from boardd.contract.errors import BoarddError, from_wire

TIMEOUT_S = 30.0


class NotThereError(BoarddError):
    """The daemon's socket does not answer (yet)."""

    code = "not_there"


def ask(path: Path, method: str, **params: Any) -> Any:
    """The result of one request. Raises NotThereError, or the typed error of the answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(TIMEOUT_S)
        try:
            door.connect(str(path))
            _send(door, 1, "hello", {"client": "demo"})
            _send(door, 2, method, params)
            with door.makefile("rb") as answers:
                while line := answers.readline():
                    answer = json.loads(line)
                    if answer.get("error") is not None and answer.get("id") in (1, 2):
                        raise from_wire(answer["error"])
                    if answer.get("id") == 2:
                        return answer.get("result")
        except OSError as error:
            raise NotThereError(f"{path}: {error}") from error
    raise NotThereError(f"{path}: the connection was closed")


def _send(door: socket.socket, number: int, method: str, params: dict[str, Any]) -> None:
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    door.sendall(json.dumps(request).encode() + b"\n")
