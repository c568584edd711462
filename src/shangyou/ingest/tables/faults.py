"""All faults of a source at once, and no more of them in detail than anyone can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
import pyarrow as pa

from shangyou.core.records import Ints, Refusal

DETAILED: Final = 10_000  # refusals kept one by one: about 5 MB; who has more has a wrong map, not wrong cells
TEXT: Final = 500  # characters of a refused text that are kept


class Faults:
    """Collects refusals; beyond the cap they are counted by code."""

    def __init__(self, cap: int = DETAILED) -> None:
        self._cap, self._kept, self._more = cap, list[Refusal](), Counter[str]()

    def add(
        self, code: str, line: int | None = None, column: str | None = None, text: str = "", **facts: object
    ) -> None:
        """One fault."""
        self.add_refusal(Refusal(code, facts, line, column, text[:TEXT]))

    def add_refusal(self, refusal: Refusal) -> None:
        """One that is made already."""
        if len(self._kept) < self._cap:
            self._kept.append(refusal)
        else:
            self._more[refusal.code] += 1

    def add_rows(
        self, code: str, rows: Ints, lines: Ints, column: str | None, texts: pa.Array | None = None, **facts: object
    ) -> None:
        """The same fault at many rows of a block; `lines` and `texts` are those of the whole block."""
        room = max(self._cap - len(self._kept), 0)
        for row in rows[:room].tolist():
            text = texts[row].as_py() if texts is not None else ""
            self._kept.append(Refusal(code, facts, int(lines[row]), column, text[:TEXT]))
        if len(rows) > room:
            self._more[code] += len(rows) - room

    def take(self) -> tuple[Refusal, ...]:
        """What was collected since the last call, in order of lines; the cap holds for all calls together."""
        kept, self._cap = self._kept, self._cap - len(self._kept)
        self._kept = []
        return tuple(sorted(kept, key=lambda r: (r.line is None, r.line or 0)))

    def rest(self) -> tuple[Refusal, ...]:
        """One refusal a code for what is beyond the cap; call it at the end of the source."""
        more, self._more = self._more, Counter()
        return tuple(Refusal("tables.more", {"code": code, "count": count}) for code, count in sorted(more.items()))


def spans(numbers: Iterable[int]) -> str:
    """Line numbers as people write them.

    >>> spans([3, 4, 5, 9])
    '3-5, 9'
    """
    array = np.unique(np.fromiter(numbers, np.int64))
    if not len(array):
        return ""
    parts = np.split(array, np.flatnonzero(np.diff(array) > 1) + 1)
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)
