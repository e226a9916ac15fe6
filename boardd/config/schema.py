"""Turns a node tree into msgspec structs: types and choices come from the struct, problems name file, line and key.

A schema is an ordinary `Section` struct: field names are keys, annotations are types (str, int, float, bool, enums,
Path, list, dict[str, …], nested sections, `T | None`), defaults are defaults. Every problem is found in one go.
"""

from __future__ import annotations

import types
import typing
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from boardd.config.yamlfile import ConfigProblemsError, Node, Problem, nearest_word
from boardd.contract.text import _

T = TypeVar("T")
S = TypeVar("S", bound="Section")

_YES = ("true", "yes", "on")
_NO = ("false", "no", "off")


class Section(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of configuration sections. Override `problems` to check what types cannot say."""

    def problems(self, node: Node) -> list[Problem]:
        """Further problems of this section, located with `node`."""
        return []


class _BadValue(Exception):  # noqa: N818 - internal signal, never leaves this module
    pass


def decode(node: Node, schema: type[S]) -> S:
    """`node` as `schema`. Raises ConfigProblemsError with all problems of the tree."""
    found: list[Problem] = []
    value = _section(node, schema, found)
    if found or value is None:
        raise ConfigProblemsError(found)
    return value


def _section(node: Node, schema: type[S], found: list[Problem]) -> S | None:
    if node.value == "":
        node = Node(node.file, node.line, node.path, {})
    if not isinstance(node.value, dict):
        found.append(node.problem(_("must be a mapping (key: value)")))
        return None
    hints = typing.get_type_hints(schema)
    fields = {f.encode_name: f for f in msgspec.structs.fields(schema)}
    values: dict[str, Any] = {}
    failed = False
    for key, child in node.value.items():
        if key not in fields:
            found.append(child.problem(_("unknown key"), nearest_word(key, fields)))
            failed = True
            continue
        try:
            values[fields[key].name] = _value(child, hints[fields[key].name], found)
        except _BadValue:
            failed = True
    for key, entry in fields.items():
        if entry.required and key not in node.value:
            where = f"{node.path}.{key}" if node.path else key
            found.append(Problem(node.file, node.line, where, _("is missing")))
            failed = True
    if failed:
        return None
    made = schema(**values)
    found.extend(made.problems(node))
    return made


def _bad(node: Node, found: list[Problem], what: str, nearest: str = "") -> _BadValue:
    found.append(node.problem(what, nearest))
    return _BadValue()


def _value(node: Node, kind: Any, found: list[Problem]) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        options = [a for a in typing.get_args(kind) if a is not type(None)]
        return None if node.value == "" and type(None) in typing.get_args(kind) else _value(node, options[0], found)
    if origin is list or origin is tuple:
        return _list(node, typing.get_args(kind)[0], found, origin)
    if origin is dict:
        return _dict(node, typing.get_args(kind)[1], found)
    if isinstance(kind, type) and issubclass(kind, Section):
        section = _section(node, kind, found)
        if section is None:
            raise _BadValue
        return section
    if not isinstance(node.value, str):
        raise _bad(node, found, _("must be a single value"))
    return _scalar(node, node.value, kind, found)


def _list(node: Node, kind: Any, found: list[Problem], make: Any) -> Any:
    if node.value == "":
        return make()
    if not isinstance(node.value, list):
        raise _bad(node, found, _("must be a list (- item)"))
    values = []
    failed = False
    for child in node.value:
        try:
            values.append(_value(child, kind, found))
        except _BadValue:
            failed = True
    if failed:
        raise _BadValue
    return make(values)


def _dict(node: Node, kind: Any, found: list[Problem]) -> dict[str, Any]:
    if node.value == "":
        return {}
    if not isinstance(node.value, dict):
        raise _bad(node, found, _("must be a mapping (key: value)"))
    values = {}
    failed = False
    for key, child in node.value.items():
        try:
            values[key] = _value(child, kind, found)
        except _BadValue:
            failed = True
    if failed:
        raise _BadValue
    return values


def _scalar(node: Node, text: str, kind: Any, found: list[Problem]) -> Any:
    if kind is str or kind is Any:
        return text
    if kind is Path:
        return Path(text)
    if kind is bool:
        if text.lower() in _YES or text.lower() in _NO:
            return text.lower() in _YES
        raise _bad(node, found, _("must be yes or no, not {value}").format(value=text))
    if kind is int or kind is float:
        try:
            return int(text, 10) if kind is int else float(text)
        except ValueError:
            what = _("must be a whole number, not {value}") if kind is int else _("must be a number, not {value}")
            raise _bad(node, found, what.format(value=text)) from None
    if isinstance(kind, type) and issubclass(kind, Enum):
        choices = {str(member.value): member for member in kind}
        if text in choices:
            return choices[text]
        what = _("must be one of {choices}, not {value}").format(choices=", ".join(choices), value=text)
        raise _bad(node, found, what, nearest_word(text, choices))
    raise TypeError(f"schema type {kind!r} is not supported")
