"""Piles of small documents in files: drafts of the list, invitations, requests to join."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shangyou.adapters.keys import write_whole
from shangyou.core.errors import ConflictError, InputError

MOST: Final = 16  # of each kind that wait at a time: more is somebody's mistake, or an attack
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")


class Pile:
    """A bounded pile of small documents by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, document: Mapping[str, object]) -> None:
        """Keep it. ConflictError "federation.pile" if there are too many."""
        path = self._path(name)
        if not path.is_file() and len(self.names()) >= MOST:
            raise ConflictError("federation.pile", folder=self._folder.name, most=MOST)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, json.dumps(document, ensure_ascii=False).encode())

    def find(self, name: str) -> dict[str, Any] | None:
        """The document of that name, if it is there. InputError "trust.file"."""
        path = self._path(name)
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError("trust.file", path=str(path), detail=type(error).__name__) from error
        return found if isinstance(found, dict) else None

    def names(self) -> list[str]:
        """All names."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def remove(self, name: str) -> None:
        """Forget it."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise InputError("federation.name", name=name[:64])
        return self._folder / f"{name}.json"
