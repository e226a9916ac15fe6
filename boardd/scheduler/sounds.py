"""Prompts: from names to the files that a card plays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from boardd.scheduler.prompts import FOLDER

COMMON = "common"


class SoundLibrary:
    """Finds sound files by name: the site's folder before the shipped one, the language before `common`."""

    def __init__(self, folder: Path, language: str) -> None:
        self._folders = [
            root / sub for root in dict.fromkeys((folder, FOLDER)) for sub in dict.fromkeys((language, COMMON))
        ]
        self._found: dict[str, Path] = {}

    def find(self, name: str) -> Path | None:
        """The file of a prompt, or None. An absolute path stands for itself."""
        if name in self._found:
            return self._found[name]
        candidates = [Path(name)] if name.startswith("/") else [f / f"{name}.wav" for f in self._folders]
        for path in candidates:
            if path.is_file():
                self._found[name] = path
                return path
        return None

    def names(self) -> set[str]:
        """All names there are."""
        return {path.stem for folder in self._folders for path in folder.glob("*.wav")}

    def files(self, prompts: Iterable[str], variables: Mapping[str, str] | None = None) -> list[str]:
        """The files for a list of prompts, `$variable` spoken digit by digit. What has no file is left out."""
        found: list[str] = []
        for prompt in prompts:
            if prompt.startswith("$"):
                found += self.digits((variables or {}).get(prompt[1:], ""))
            elif (path := self.find(prompt)) is not None:
                found.append(str(path))
        return found

    def digits(self, text: str) -> list[str]:
        """The files that speak the decimal digits of `text`."""
        return self.files(f"digit_{digit}" for digit in text if digit in "0123456789")
