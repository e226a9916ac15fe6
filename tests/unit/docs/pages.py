"""Reads the documentation as the tests of its truth need it: headings, tables, code words, links."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
_CELLS = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")


@dataclass(frozen=True)
class Table:
    """One table: the heading above it, its column names, its rows."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[str]:
        """The cells of a column."""
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def codes(self, name: str) -> list[str]:
        """The code words of a column, in order."""
        return [word for cell in self.column(name) for word in _CODE.findall(cell)]


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def tables(name: str) -> list[Table]:
    """All tables of a page."""
    found: list[Table] = []
    heading, block = "", []
    for line in [*page(name).splitlines(), ""]:
        if line.startswith("|"):
            block.append(tuple(cell.strip() for cell in _CELLS.split(line)[1:-1]))
            continue
        if len(block) > 2:
            found.append(Table(heading, block[0], tuple(block[2:])))
        block = []
        if line.startswith("#"):
            heading = line.lstrip("# ")
    return found


def table(name: str, heading: str) -> Table:
    """The first table under a heading that begins so."""
    return next(t for t in tables(name) if t.heading.startswith(heading))


def section(name: str, heading: str) -> str:
    """The text under a heading, up to the next one."""
    _before, _found, after = page(name).partition(f"# {heading}\n")
    return re.split(r"^#+ ", after, maxsplit=1, flags=re.MULTILINE)[0]


def codes(text: str) -> list[str]:
    return _CODE.findall(text)


def links(name: str) -> list[str]:
    """Targets of relative links."""
    return [target for target in _LINK.findall(page(name)) if "://" not in target]


def definitions(path: Path) -> set[str]:
    """Functions and classes of a Python file; methods as Class.method."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = (n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}.{method.name}" for method in inner}
    return found
