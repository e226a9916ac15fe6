"""Fails when a dependency of the distribution has a licence that the project may not ship with, or is undocumented."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ALLOWED = re.compile(r"MIT|BSD|Apache|MPL|PSF|Python Software Foundation|ISC|LGPL|Unlicense", re.IGNORECASE)
REFUSED = re.compile(r"\bGPL|AGPL|GNU General Public|GNU Affero", re.IGNORECASE)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "dependencies.md"


def licence(name: str) -> str:
    meta = distribution(name).metadata
    classifiers = [c for c in meta.get_all("Classifier") or [] if c.startswith("License ::")]
    return " ".join([meta.get("License-Expression") or "", (meta.get("License") or "")[:200], *classifiers])


def main() -> int:
    documented = DOCUMENT.read_text(encoding="utf-8").lower()
    problems = []
    for requirement in distribution("boardd").requires or []:
        name = re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]
        if name.startswith("types-") or name in ("build", "setuptools"):
            continue
        if name.lower() not in documented:
            problems.append(f"{name}: has no line in docs/dependencies.md")
        try:
            text = licence(name)
        except PackageNotFoundError:
            problems.append(f"{name}: not installed, licence unknown")
            continue
        if not ALLOWED.search(text) or (REFUSED.search(text) and "LGPL" not in text and "Lesser" not in text):
            problems.append(f"{name}: licence {text.strip() or 'unknown'!r} is not allowed")
    for problem in problems:
        sys.stderr.write(problem + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
