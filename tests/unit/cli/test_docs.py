"""docs/boardctl.md against the program, and the two READMEs against each other."""

import re
from pathlib import Path

import click

from boardd.cli.exits import Exit
from boardd.cli.main import VERBS, cli

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "boardctl.md").read_text(encoding="utf-8")


def test_every_verb_and_option_is_described():
    for option in cli.params:
        assert option.name in ("version", "help") or option.opts[0] in PAGE
    for verb in VERBS:
        assert re.search(rf"^## .*\b{verb.name}\b", PAGE, re.MULTILINE), verb.name
        commands = [verb, *verb.commands.values()] if isinstance(verb, click.Group) else [verb]
        for command in commands:
            assert re.search(rf"\b{command.name}\b", PAGE), command.name
            for option in command.params:
                assert not isinstance(option, click.Option) or option.opts[0] in PAGE, f"{command.name} {option.opts}"


def test_every_exit_code_is_described():
    for code in Exit:
        assert f"\n| {int(code)} |" in PAGE


def test_the_readmes_say_the_same():
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))

    def shape(text):
        links = {link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("README")}
        return len(re.findall(r"^## ", text, re.MULTILINE)), len(re.findall(r"^\d+\. ", text, re.MULTILINE)), links

    assert shape(english) == shape(chinese)
    for link in shape(english)[2]:
        assert (ROOT / link).exists(), link
    for path in re.findall(r"`((?:boardd|drivers|hwsim|tests|docs|config)/[\w./]+)`", english):
        assert (ROOT / path).exists(), path
        assert path in chinese
