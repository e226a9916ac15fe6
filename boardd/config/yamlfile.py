"""The one YAML loader: every scalar is a string, every value knows its line, nothing is guessed.

YAML reads 0571 as a number in another base and 9:00 as sexagesimal; area codes, times and extensions must survive, so
the loader builds the node tree and never resolves scalars. The typed schema (`schema.decode`) turns strings into
numbers and booleans where a field says so. Duplicate keys, aliases that contain themselves and documents that are not
mappings are refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import N_, _


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: where, which key, what, and the nearest word when one was probably meant.

    Line 0: the file as a whole.
    """

    file: str
    line: int
    key: str
    what: str
    nearest: str = ""

    def __str__(self) -> str:
        hint = _(" (did you mean {nearest}?)").format(nearest=self.nearest) if self.nearest else ""
        where = f"{self.file}:{self.line}: {self.key}" if self.line else self.file
        return f"{where}: {self.what}{hint}"


class ConfigProblemsError(ConfigurationError):
    """All problems of a file at once; `problems` lists them."""

    code = "configuration"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems), problems=[str(p) for p in self.problems])

    def __reduce__(self) -> tuple[type[ConfigProblemsError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


@dataclass(slots=True)
class Node:
    """A value of the file. `value` is a string, a list of nodes, or a dict of key -> node; `path` is its dotted key."""

    file: str
    line: int
    path: str
    value: str | list[Node] | dict[str, Node]
    key_lines: dict[str, int] = field(default_factory=dict)

    def problem(self, what: str, nearest: str = "") -> Problem:
        """A problem located here."""
        return Problem(self.file, self.line, self.path or _("(whole file)"), what, nearest)

    def children(self) -> Iterator[Node]:
        """The nodes directly below."""
        if isinstance(self.value, list):
            yield from self.value
        elif isinstance(self.value, dict):
            yield from self.value.values()

    def plain(self) -> object:
        """The same as nested str/list/dict."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, list):
            return [n.plain() for n in self.value]
        return {k: n.plain() for k, n in self.value.items()}


def nearest_word(word: str, known: Iterable[str]) -> str:
    """The known word that `word` was probably meant to be, or empty."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def load_tree(path: Path, remedy: str = "") -> Node:
    """The node tree of a YAML file. Raises ConfigProblemsError: unreadable, not YAML, duplicate keys, not a mapping.

    `remedy` says what to do about a file that cannot be read (` (…)`, in the technician's language).
    """
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        what = _("cannot be read: {problem}").format(problem=error.strerror or error) + remedy
        raise ConfigProblemsError([Problem(name, 0, "", what)]) from error
    except UnicodeDecodeError as error:
        what = _("not UTF-8 text: byte {offset}").format(offset=error.start)
        raise ConfigProblemsError([Problem(name, 0, "", what)]) from error
    return parse_tree(text, name)


def parse_tree(text: str, name: str) -> Node:
    """The node tree of YAML text; `name` is used in messages."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        what = _syntax(getattr(error, "problem", None) or str(error).splitlines()[0])
        raise ConfigProblemsError([Problem(name, line, _("(syntax)"), what)]) from error
    problems: list[Problem] = []
    if root is None:
        return Node(name, 1, "", {})
    tree = _build(root, name, "", problems, ())
    if not isinstance(tree.value, dict):
        problems.append(tree.problem(_("must be a mapping (key: value)")))
    if problems:
        raise ConfigProblemsError(problems)
    return tree


_SYNTAX = (
    ("found character '\\t'", N_("a tab: indent with spaces")),
    ("mapping values are not allowed", N_("a key where none can be: look at the indentation, or at a colon in a text")),
    ("could not find expected ':'", N_("a line without colon: key: value")),
    ("expected <block end>", N_("the indentation does not fit the lines above")),
    ("expected ',' or", N_("a bracket that is not closed, or a comma that is missing")),
    ("found unexpected end of stream", N_("a quotation mark that is not closed")),
    ("found undefined alias", N_("an alias (*name) of nothing")),
    ("found unknown escape", N_("an unknown escape: write paths in single quotes")),
)
"""What YAML calls its mistakes, and what a technician makes of them."""


def _syntax(problem: str) -> str:
    for beginning, text in _SYNTAX:
        if problem.startswith(beginning):
            return _(text)
    return problem


def _build(node: yaml.Node, name: str, path: str, problems: list[Problem], above: tuple[int, ...]) -> Node:
    line = node.start_mark.line + 1
    made = Node(name, line, path, "")
    if id(node) in above:
        problems.append(made.problem(_("an alias that contains itself")))
        return made
    above = (*above, id(node))
    if isinstance(node, yaml.ScalarNode):
        made.value = "" if node.tag == "tag:yaml.org,2002:null" and node.value in ("", "~", "null") else node.value
    elif isinstance(node, yaml.SequenceNode):
        made.value = [_build(child, name, f"{path}[{i}]", problems, above) for i, child in enumerate(node.value)]
    elif isinstance(node, yaml.MappingNode):
        made.value = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            where = f"{path}.{key}" if path else key
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(Problem(name, key_line, where, _("a key must be a plain word")))
                continue
            if key in made.value:
                what = _("given twice (first in line {line})").format(line=made.key_lines[key])
                problems.append(Problem(name, key_line, where, what))
                continue
            child = _build(value_node, name, where, problems, above)
            child.line = key_line
            made.value[key] = child
            made.key_lines[key] = key_line
    return made
