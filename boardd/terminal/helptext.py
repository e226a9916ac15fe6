"""click commands and options whose help is translated when it is shown, and laid out for double-width characters.

@verb_group()            a group            @verb()     a command, also as `@group.command()` of such a group
@option("--state", …)    an option
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import click
from rich.cells import cell_len

from boardd.contract.text import _

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Formatter(click.HelpFormatter):
    """Wraps and aligns by cells: a Chinese character takes two and may end a line anywhere."""

    def write_text(self, text: str) -> None:
        """See click."""
        indent = " " * self.current_indent
        paragraphs = [" ".join(part.split("\n")) for part in text.split("\n\n")]
        wrapped = [wrap(paragraph, self.width - self.current_indent) for paragraph in paragraphs]
        self.write("\n\n".join("\n".join(indent + line for line in lines) for lines in wrapped) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """See click."""
        listed = list(rows)
        first_cells = min(max(cell_len(first) for first, _second in listed), col_max) + col_spacing
        indent = " " * self.current_indent
        for first, second in listed:
            lines = wrap(second, max(self.width - first_cells - self.current_indent, 20))
            fits = cell_len(first) <= first_cells - col_spacing
            head = first + " " * (first_cells - cell_len(first)) if fits else first
            if not fits:
                lines = ["", *lines]
            self.write(f"{indent}{head}{lines[0]}".rstrip() + "\n")
            for line in lines[1:]:
                self.write(indent + " " * first_cells + line + "\n")


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells; breaks at blanks and between double-width characters. At least one line."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and cell_len(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    lines.append(line.rstrip())
    return lines


_NEVER_FIRST = "，。；：、？！）》”,.;:)"


def _pieces(text: str) -> Iterable[str]:
    """What must stay on one line: words with the blanks after them, single wide characters with their punctuation."""
    piece = ""
    for character in text:
        wide = cell_len(character) == 2 and character not in _NEVER_FIRST
        before = piece[-1:]
        if piece and (wide or (before == " " and character != " ") or _after_wide(piece, character)):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _after_wide(piece: str, character: str) -> bool:
    return cell_len(piece[-1]) == 2 and character not in _NEVER_FIRST and character != " "


class _Context(click.Context):
    formatter_class = Formatter


class _Help:
    """A help text in English, read in the language of the moment."""

    def __init__(self, name: str = "_help_text") -> None:
        self._name = name

    def __get__(self, owner: object, _kind: type | None = None) -> str | None:
        text = getattr(owner, self._name, None)
        return _(text) if text else None

    def __set__(self, owner: object, text: str | None) -> None:
        setattr(owner, self._name, inspect.cleandoc(text) if text else None)


class Verb(click.Command):
    """A command with translated help."""

    context_class = _Context
    help = _Help()

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """See click, which keeps the option and its text from the first time."""
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = _("Show this message and exit.")
        return found

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence, whole: a list of commands with cut sentences helps nobody."""
        paragraph = " ".join((self.help or "").split("\n\n")[0].split("\n"))
        ends = [at for at in (paragraph.find(". "), paragraph.find("。")) if at >= 0]
        return paragraph[: min(ends)] if ends else paragraph.rstrip(".。")


class ReaderGoneError(Exception):
    """Nobody reads our output any more (`boardctl events --follow | head`). click would call that a failure."""


class VerbGroup(Verb, click.Group):
    """A group with translated help. A broken pipe ends its commands with ReaderGoneError."""

    command_class = Verb

    def invoke(self, ctx: click.Context) -> Any:
        """See click."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGoneError from None


class VerbOption(click.Option):
    """An option with translated help."""

    help = _Help()


def verb(**settings: Any) -> Callable[[Callable[..., Any]], Verb]:
    """Make a function a command; its docstring is the help text."""
    return click.command(cls=Verb, **settings)


def verb_group(**settings: Any) -> Callable[[Callable[..., Any]], VerbGroup]:
    """Make a function a group of commands."""
    return click.group(cls=VerbGroup, **settings)


def option(*names: str, **settings: Any) -> Decorator:
    """An option; `help` is translated."""
    return click.option(*names, cls=VerbOption, **settings)
