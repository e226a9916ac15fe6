"""User-facing text: one gettext domain for everything a technician reads.

`set_language` is called once per process (CLI: from LC_ALL/LC_MESSAGES/LANG/--lang). Texts are written in English in
the code and translated in boardd/locale. Values are put in after translation: `_("...{path}").format(path=...)`.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

DOMAIN = "boardd"
LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"
LANGUAGES = ("zh_CN", "en")

_translation: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def language_of(environ: Mapping[str, str] | None = None) -> str:
    """The language that the environment asks for: `zh_CN` for any Chinese locale, else `en`."""
    environ = os.environ if environ is None else environ
    for name in ("BOARDD_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "")
        if value:
            return "zh_CN" if value.lower().startswith("zh") else "en"
    return "en"


def set_language(language: str) -> None:
    """Translate from now on into `language` (`zh_CN` or `en`)."""
    global _translation, _language
    _language = language
    _translation = gettext.translation(DOMAIN, LOCALE_DIR, [language], fallback=True)


def language() -> str:
    """The language into which texts are translated now."""
    return _language


@contextmanager
def speaking(other: str) -> Iterator[None]:
    """Translate into `other` for a moment: for somebody at the other end of a socket. Unknown ones change nothing."""
    before = _language
    if other in LANGUAGES:
        set_language(other)
    try:
        yield
    finally:
        if other in LANGUAGES:
            set_language(before)


def _(message: str) -> str:
    """The translation of `message` in this process' language."""
    return _translation.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The translation that fits the number `n`."""
    return _translation.ngettext(one, many, n)


def N_(message: str) -> str:  # noqa: N802 - the customary name of the marker
    """Mark `message` for the catalogue without translating it yet (tables of texts)."""
    return message
