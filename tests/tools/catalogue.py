"""Message catalogues: collect all texts of boardd and hwsim, keep the .po files in step, check translations.

    python tests/tools/catalogue.py update     new texts come in untranslated, texts that are gone leave
    python tests/tools/catalogue.py check      exit 1 naming every text without a translation or with other placeholders

The build (setup.py) compiles the .po files.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LOCALE_DIR = ROOT / "boardd" / "locale"
LANGUAGES = ("zh_CN", "en")
PACKAGES = ("boardd", "drivers", "hwsim")
HELP_FOLDERS = (ROOT / "boardd" / "cli", ROOT / "hwsim" / "cli")
"""Where docstrings of commands and help texts of options are shown through gettext."""
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "both": (1, 2)}
_COMMAND_MAKERS = {"verb", "verb_group", "command", "group"}
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?:![rsa])?(?::[^}]*)?\}|%\(([a-z_]+)\)")

HEADER = """# Texts of boardd and hwsim ({language}), kept in step by tests/tools/catalogue.py.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

Text = str | tuple[str, str]


def po_path(language: str) -> Path:
    """The catalogue of a language."""
    return LOCALE_DIR / language / "LC_MESSAGES" / "boardd.po"


def texts() -> Iterator[tuple[Text, str]]:
    """Every text in the source with the file it is in."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            for _line, message, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
                yield (message if isinstance(message, str) else (message[0], message[1])), name
            if path.parent in HELP_FOLDERS:
                for text in help_texts(path.read_text(encoding="utf-8")):
                    yield text, name


def help_texts(source: str) -> Iterator[str]:
    """Docstrings of commands and `help=` of options."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and any(_makes_command(made) for made in node.decorator_list):
            text = ast.get_docstring(node, clean=False)
            if text:
                yield inspect.cleandoc(text)
        if isinstance(node, ast.Call) and _called(node) == "option":
            for keyword in node.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    yield inspect.cleandoc(str(keyword.value.value))


def _makes_command(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and _called(decorator) in _COMMAND_MAKERS


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def template() -> Catalog:
    """All texts, untranslated."""
    catalog = Catalog(project="boardd", charset="utf-8", fuzzy=False)
    for text, file in texts():
        catalog.add(text, locations=[(file, 0)])
    return catalog


def stored(language: str) -> Catalog:
    """The catalogue as it is on disk; empty when there is none yet."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, project="boardd", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Bring the .po files in step with the source; English texts are their own translation."""
    wanted = template()
    for language in LANGUAGES:
        old = stored(language)
        new = Catalog(locale=language, project="boardd", charset="utf-8", fuzzy=False)
        new.header_comment = (
            f"# Texts of boardd and hwsim ({language}). Kept in step by tests/tools/catalogue.py update."
        )
        for message in wanted:
            if not message.id:
                continue
            before = old.get(message.id)
            translation = message.id if language == "en" else (before.string if before else None)
            new.add(message.id, translation, locations=sorted({(file, 0) for file, _line in message.locations}))
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(HEADER.format(language=language, plurals=new.plural_forms).encode())
            write_po(file, new, sort_output=True, width=120, omit_header=True, include_lineno=False)


def strings(value: object) -> list[str]:
    """A message id or translation as a list."""
    return [value] if isinstance(value, str) else [str(part) for part in (value or ())]  # type: ignore[attr-defined]


def placeholders(text: str) -> set[str]:
    """Names of the values that are put into a text."""
    return {first or second for first, second in _PLACEHOLDER.findall(text)}


def problems(language: str) -> list[str]:
    """What is wrong with a catalogue: missing, superfluous, other placeholders."""
    found = []
    have = stored(language)
    wanted = template()
    for message in wanted:
        if not message.id:
            continue
        translated = have.get(message.id)
        if translated is None or not all(strings(translated.string)) or not strings(translated.string):
            found.append(f"{language}: not translated: {message.id!r} ({_files(message)})")
            continue
        ids = strings(message.id)
        # A language without plural uses the plural's text for one as well.
        wanted_texts = ids if len(strings(translated.string)) == len(ids) else ids[-1:]
        for text, origin in zip(strings(translated.string), wanted_texts, strict=True):
            if placeholders(text) != placeholders(origin):
                found.append(f"{language}: other placeholders: {message.id!r} -> {text!r}")
        if translated.fuzzy:
            found.append(f"{language}: fuzzy: {message.id!r}")
    found += [f"{language}: not in the source any more: {m.id!r}" for m in have if m.id and wanted.get(m.id) is None]
    return found


def _files(message: Message) -> str:
    return ", ".join(sorted({file for file, _line in message.locations}))


def main(arguments: list[str]) -> int:
    """See the module text."""
    if arguments == ["update"]:
        update()
        return 0
    if arguments == ["check"]:
        found = [problem for language in LANGUAGES for problem in problems(language)]
        sys.stdout.write("".join(f"{problem}\n" for problem in found))
        return 1 if found else 0
    sys.stderr.write(f"{__doc__}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
