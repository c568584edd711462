"""The yearly lists of working days that an operator enters: workdays.toml in the home, read again when it changes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from shangyou.core.errors import InputError
from shangyou.exchange.workdays import Calendar, by_law, with_list

FILE: Final = "workdays.toml"
LARGEST: Final = 1 << 20  # bytes: a century of lists
Mark = tuple[int, int] | None  # time of the last change and size; None = no file


class WorkdayFile:
    """The calendar of a node: the law, and over it what the operator has entered."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        self._lock = threading.Lock()
        self._law = by_law()
        self._known: tuple[Mark, Calendar, InputError | None] = (None, self._law, None)

    def read(self) -> tuple[Calendar, InputError | None]:
        """The calendar now, and what is wrong with the list: the clocks go on by the law alone then, and say so."""
        with self._lock:
            mark = self._mark()
            if mark != self._known[0]:
                self._known = (mark, *self._fresh())
            return self._known[1:]

    def _mark(self) -> Mark:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _fresh(self) -> tuple[Calendar, InputError | None]:
        try:
            with self.path.open("rb") as file:
                return with_list(self._law, file.read(LARGEST).decode("utf-8-sig")), None
        except FileNotFoundError:
            return self._law, None
        except (OSError, UnicodeDecodeError) as error:
            return self._law, InputError("workdays.list", faults=[str(error)[:200]])
        except InputError as error:
            return self._law, error
