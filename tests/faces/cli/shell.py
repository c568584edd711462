"""The command line in this process: fast, and without its own interpreter. Real processes are in test_process.py."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shangyou.core.errors import ShangyouError
from shangyou.faces.cli.app import application


@dataclass(frozen=True)
class Said:
    """What a run came to."""

    code: int
    out: bytes
    err: str
    error: ShangyouError | None = None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The standard output, as JSON."""
        found: list[dict[str, Any]] = json.loads(self.out)
        return found


class Shell:
    """Runs commands on one home."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.home, self._capture = home, capture

    def __call__(self, *words: str | Path) -> Said:
        self._capture.readouterr()
        error, code = None, 0
        try:
            code = application()(args=["--home", str(self.home), *map(str, words)], prog_name="shangyou") or 0
        except ShangyouError as raised:
            error, code = raised, raised.exit_code
        except SystemExit as raised:
            code = int(raised.code or 0)
        told = self._capture.readouterr()
        return Said(code, told.out.encode(), told.err, error)

    def rows(self, *words: str | Path) -> list[dict[str, Any]]:
        """Rows that a command prints as JSON; it must succeed."""
        said = self(*words, "--format", "json")
        assert said.code == 0, said
        return said.rows
