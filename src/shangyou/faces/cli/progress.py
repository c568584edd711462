"""Progress on the standard error: a bar where somebody watches, nothing where nobody does."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """One bar: what is done, how fast, how long it will take still."""

    def __init__(self, words: str, whole: int, size: bool = False) -> None:
        """`whole`: how much there is, 0 = not known yet; `size`: it is counted in bytes."""
        self._words, self._whole, self._size = words, whole, size
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        if self._words and sys.stderr.isatty():
            self._start()
        return self

    @property
    def seen(self) -> bool:
        """Does somebody watch?"""
        return self._progress is not None

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        figures = (DownloadColumn(), TransferSpeedColumn()) if self._size else (MofNCompleteColumn(),)
        text = TextColumn("{task.description}")
        self._progress = Progress(
            text, BarColumn(), *figures, TimeRemainingColumn(), console=Console(stderr=True), transient=True
        )
        self._progress.start()
        self._task = self._progress.add_task(self._words, total=self._whole or None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def note(self, text: str) -> None:
        """Say beside the bar where it is."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=f"{self._words} {text}")

    def advance(self, done: int) -> None:
        """So much more is done."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, done)

    def reach(self, done: int, whole: int) -> None:
        """So much is done, of so much in all; 0 = not known."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=whole or None)
