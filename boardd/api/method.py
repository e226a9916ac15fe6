"""How a method of the protocol is described: name, parameters, result, who may call it, one line of text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Right(StrEnum):
    """What a peer's Unix groups must allow."""

    READ = "read"
    CONTROL = "control"
    ADMIN = "admin"
    HOST = "host"
    """Only host processes of boardd itself."""


@dataclass(frozen=True, slots=True)
class Method:
    """One entry of the protocol. `params` and `result` are msgspec types."""

    name: str
    params: type[Any]
    result: Any
    right: Right
    text: str


def table(methods: Iterable[Method]) -> dict[str, Method]:
    """The methods by name."""
    return {method.name: method for method in methods}
