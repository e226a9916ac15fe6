"""The catalogues are complete, agree with the source, and compile."""

import importlib.util
import io
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo

ROOT = Path(__file__).resolve().parents[3]
_SPEC = importlib.util.spec_from_file_location("catalogue", ROOT / "tests" / "tools" / "catalogue.py")
catalogue = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(catalogue)


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_text_is_translated(language):
    found = catalogue.problems(language)
    assert not found, "run: python tests/tools/catalogue.py update, then translate:\n" + "\n".join(found)


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_it_compiles(language):
    compiled = io.BytesIO()
    stored = catalogue.stored(language)
    write_mo(compiled, stored)
    compiled.seek(0)
    read = read_mo(compiled)
    for message in stored:
        if message.id and all(catalogue.strings(message.string)):
            assert catalogue.strings(read.get(message.id).string) == catalogue.strings(message.string)


def test_help_texts_are_found():
    found = [text for text, _file in catalogue.texts()]
    assert "List present calls." in found
    assert "Stable JSON instead of tables." in found
    assert "{n} channel" in [text[0] for text in found if isinstance(text, tuple)]


def test_what_is_wrong_is_reported(monkeypatch):
    wanted = Catalog(locale="zh_CN")
    for text in ("good {x}", "bare", "missing"):
        wanted.add(text)
    have = Catalog(locale="zh_CN")
    have.add("good {x}", "好 {y}")
    have.add("bare", "")
    have.add("old", "旧")
    monkeypatch.setattr(catalogue, "template", lambda: wanted)
    monkeypatch.setattr(catalogue, "stored", lambda language: have)
    found = "\n".join(catalogue.problems("zh_CN"))
    assert "other placeholders: 'good {x}'" in found
    assert "not translated: 'bare'" in found and "not translated: 'missing'" in found
    assert "not in the source any more: 'old'" in found
