"""A node that this process has opened for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

from shangyou.faces.api.acts import perform
from shangyou.faces.api.backup import backup
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.intake import take_in
from shangyou.faces.api.pieces import pieces
from shangyou.faces.api.questions import QUESTIONS
from shangyou.faces.rows import Rows


class LocalSession:
    """core of the commands when nobody serves the node; see `Session`."""

    serving = False

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ask(self, question: str, /, **given: object) -> Rows:
        """See Session."""
        return QUESTIONS[question].ask(self._desk, **{k: v for k, v in given.items() if v is not None})

    def do(self, deed: str, /, **given: object) -> dict[str, Any]:
        """See Session."""
        return perform(self._desk, deed, **{k: v for k, v in given.items() if v is not None})

    def send(
        self, name: str, file: IO[bytes], size: int, kind: str, note: str, tell: Callable[[int], None]
    ) -> dict[str, Any]:
        """See Session."""
        body = file.read()
        taken = take_in(self._desk, name, body, kind, note)
        tell(len(body))
        return taken

    def settle(self, entry: int, tell: Callable[[int, int], None]) -> None:
        """See Session."""
        if self._desk.digest is not None:
            self._desk.digest.run(tell=tell)

    def backup(self) -> Iterator[bytes]:
        """See Session."""
        return pieces(lambda write: backup(self._desk, write))
