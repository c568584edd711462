"""Editions that the members adopted, as files of the home: one for each resolution, written once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from shangyou.core.errors import InputError, UnavailableError
from shangyou.standards.adopted import read_adopted
from shangyou.standards.library import Edition

FOLDER: Final = "standards"
MOST: Final = 200  # editions that are read


class RulebookFolder:
    """See flows.resolve.Rulebook."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def put(self, resolution: str, text: str) -> bool:
        """See Rulebook. Raises as `read_adopted`; UnavailableError "rulebook.write"."""
        found = read_adopted(text)
        path = self._path(found.family, resolution)
        if path.exists():
            return False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            with part.open("w", encoding="utf-8") as file:
                file.write(f"# adopted by {resolution}\n{text}")
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise UnavailableError("rulebook.write", path=str(path), detail=str(error)) from error
        return True

    def editions(self) -> tuple[Edition, ...]:
        """All that can be read, the oldest first. A file that somebody spoilt is left out; `spoilt` names it."""
        return tuple(sorted((e for e in map(_read, self._files()) if e is not None), key=lambda e: e.valid_from))

    def spoilt(self) -> tuple[str, ...]:
        """Names of files that cannot be read as editions."""
        return tuple(path.name for path in self._files() if _read(path) is None)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.yaml"))[:MOST]

    def _path(self, family: str, resolution: str) -> Path:
        return self._folder / f"{family}-{hashlib.sha256(resolution.encode()).hexdigest()[:16]}.yaml"


def _read(path: Path) -> Edition | None:
    try:
        return read_adopted(path.read_text(encoding="utf-8"))
    except (InputError, OSError, UnicodeDecodeError):
        return None
