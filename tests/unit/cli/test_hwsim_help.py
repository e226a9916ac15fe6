"""`hwsim` at a terminal: help in the technician's language, quiet when nobody reads on."""

import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from hwsim.cli.main import cli


@pytest.fixture(autouse=True)
def language_of_the_environment(monkeypatch):
    """--lang sets it for gettext; as it was for the next test."""
    monkeypatch.setenv("LANGUAGE", "en")


def verbs(group, words=()):
    yield words
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from verbs(command, (*words, name))
        else:
            yield (*words, name)


@pytest.mark.parametrize("words", list(verbs(cli)), ids=" ".join)
def test_every_help_text_speaks_chinese(words):
    shown = CliRunner().invoke(cli, ["--lang", "zh_CN", *words, "--help"])
    assert shown.exit_code == 0, shown.output
    # What is left of letters are names: words of the command line, kinds, units. A sentence would be four in a row.
    english = re.findall(r"(?:\b[a-z]{2,} ){3}[a-z]{2,}", shown.output)
    assert re.search("[一-鿿]", shown.output) and not english, shown.output


def test_english_is_english():
    shown = CliRunner().invoke(cli, ["--lang", "en", "fault", "--help"])
    assert "Break something" in shown.output and not re.search("[一-鿿]", shown.output)


def test_a_reader_who_has_enough_is_no_fault():
    """As `hwsim scenario list | head -1` does: the reader is gone before anything is written."""
    code = "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1); from hwsim.cli.main import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "scenario", "list"], stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
