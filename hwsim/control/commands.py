"""Commands of the side door: a registry that other modules fill, argument checks, and errors with a stable code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from boardd.config.yamlfile import nearest_word
from boardd.contract.text import _

Args = Mapping[str, Any]
Handler = Callable[[Args], Any]


class CommandError(Exception):
    """A command that cannot be done; `code` is one of bad_request, unknown_command, bad_argument, refused, internal."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Commands:
    """Commands by name. A handler gets the request's arguments and returns a JSON value or raises CommandError."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def register(self, name: str, handler: Handler) -> None:
        """Make a command known; a second one of the same name takes its place."""
        self._handlers[name] = handler

    @property
    def names(self) -> list[str]:
        """All known commands, sorted."""
        return sorted(self._handlers)

    def run(self, name: str, args: Args) -> Any:
        """Do it. Raises CommandError."""
        if name not in self._handlers:
            near = nearest_word(name, self._handlers)
            hint = _(" (did you mean {nearest}?)").format(nearest=near) if near else ""
            raise CommandError("unknown_command", _("there is no command {name}{hint}").format(name=name, hint=hint))
        return self._handlers[name](args)


def text(args: Args, key: str, default: str | None = None) -> str:
    """A text argument; required without `default`. Raises CommandError."""
    value = args.get(key, default)
    if value is None:
        raise CommandError("bad_argument", _("{key} is missing").format(key=key))
    if not isinstance(value, str):
        raise CommandError("bad_argument", _("{key} must be a text").format(key=key))
    return value


def number(args: Args, key: str, default: float | None = None) -> float:
    """A numeric argument; required without `default`. Raises CommandError."""
    value = args.get(key, default)
    if value is None:
        raise CommandError("bad_argument", _("{key} is missing").format(key=key))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CommandError("bad_argument", _("{key} must be a number").format(key=key))
    if not math.isfinite(value):
        raise CommandError("bad_argument", _("{key} must be finite").format(key=key))
    return value


def integer(args: Args, key: str, default: int | None = None) -> int:
    """A whole number; required without `default`. Raises CommandError."""
    value = number(args, key, default)
    if value != int(value):
        raise CommandError("bad_argument", _("{key} must be a whole number").format(key=key))
    return int(value)


def words(args: Args, key: str) -> dict[str, str]:
    """An object of texts, empty when left out; numbers and truth values become text. Raises CommandError."""
    value = args.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(v, str | int | float) for v in value.values()):
        raise CommandError("bad_argument", _("{key} must be an object with texts or numbers").format(key=key))
    return {str(k): str(v) for k, v in value.items()}
