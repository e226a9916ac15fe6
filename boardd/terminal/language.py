"""The language at a terminal: ours, click's own messages, and the words that help texts are written in."""

from __future__ import annotations

import gettext
import os
import sys

from boardd.contract.text import DOMAIN, LOCALE_DIR, language_of, set_language

_SAMPLE = "通道"


def choose(asked: str | None) -> str:
    """`asked`, else what the locale says; English when the terminal cannot show Chinese."""
    language = asked or language_of()
    if asked is None and language == "zh_CN" and not _can_show_chinese():
        return "en"
    return language


def use(language: str) -> None:
    """Speak `language` from now on. click looks its own messages up in gettext's default domain: that becomes ours."""
    set_language(language)
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, str(LOCALE_DIR))
    gettext.textdomain(DOMAIN)


def _can_show_chinese() -> bool:
    try:
        _SAMPLE.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
