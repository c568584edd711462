"""What moves between stores: the columns on the wire, and what the data plane asks of an observation store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import pyarrow as pa

from shangyou.core.ports import Batch, Selection
from shangyou.core.records import Counts

NAME: Final = pa.dictionary(pa.int32(), pa.string())  # names repeat: a number in each row, the names once a block
MOMENT: Final = pa.timestamp("ms", "UTC")
WIRE: Final = pa.schema(  # of every table of observations that leaves a node; no place in the owner's journal
    [
        *((name, NAME) for name in ("site", "parameter", "cadence", "statistic")),
        ("time", MOMENT),
        ("revision", pa.int32()),  # of the owner: the highest one counts, whichever way it came
        ("value", pa.float64()),  # canonical unit; NaN = no value
        ("censor", pa.uint8()),
        ("upper", pa.float64()),
        ("mark", pa.uint8()),
        ("flag", pa.uint8()),
        ("suspect", pa.uint32()),
        ("fail", pa.uint32()),
        ("origin", pa.uint8()),  # 3, withdrawn: there is no value any more
        ("review", pa.uint8()),
        ("received", MOMENT),  # by the owner
    ]
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far the versions of a store have been read: all with a number below `row` whose time is before `horizon`.

    `check` is the digest of the version before `row`; a store in which it is another has been made anew.
    """

    row: int = 0
    horizon: int | None = None  # [ms since 1970 UTC]; None = no limit
    check: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """Versions that came after a place, in the order in which they were stored."""

    rows: pa.RecordBatch  # WIRE
    place: Place  # how far that reads
    more: bool  # is there more already


class Outlet(Protocol):
    """An observation store as the data plane sees it."""

    def cuts(self, selection: Selection, rows: int) -> list[tuple[int, int]]:
        """Spans of time [ms since 1970 UTC), in order, that hold all that is selected, each about so many rows."""
        ...

    def runs(self, selection: Selection, rows: int) -> list[tuple[int, int]]:
        """Spans of places in the order in which the store took versions in, that hold all that is selected, each about
        so many rows. What is stored after this belongs to the last one.
        """
        ...

    def extract(self, selection: Selection, run: tuple[int, int] | None = None) -> pa.RecordBatch:
        """WIRE, in order of site, parameter, cadence, statistic, time: the same rows give the same bytes.

        run: one of `runs`; a store reads it several times as fast as a span of time.
        """
        ...

    def changes(
        self, selection: Selection, after: Place, horizon: int | None, limit: int, until: int | None = None
    ) -> Changes:
        """New, revised and withdrawn versions since a place, whatever their review; until: only those before that row.

        selection: its sites, parameters, cadences, statistics, start and stop. horizon: only what was observed before.
        ConflictError "feed.reset" if the place is none of this store.
        """
        ...

    def here(self, horizon: int | None) -> Place:
        """The place behind everything that the store holds now."""
        ...

    def holds(self, place: Place) -> bool:
        """Is it a place of this store, and not of one that was there before it?"""
        ...

    def take(self, batch: Batch, rows: pa.RecordBatch, mark: tuple[str, str, str] | None = None) -> Counts | None:
        """Versions of another store (WIRE): each is put in under the owner's number, once, whatever the order.

        mark: name, the text it must have ("" = none yet) and the text it gets, in the same transaction. Where it has
        another, None comes back and nothing is done.
        """
        ...

    def oldest(self, batch: int) -> int | None:
        """When the oldest came of what a batch brought and the store still holds [ms since 1970 UTC]; None: nothing."""
        ...

    def due(self, batch: int, upto: int) -> int:
        """How many rows of a batch that came up to and including a time [ms since 1970 UTC] the store still holds."""
        ...

    def erase(self, batch: int, upto: int, at: int) -> int:
        """Forget what these rows say, for good and for every question, as of any time too; how many there were.

        Safe to repeat, and to be cut off anywhere: what was not done is still due.
        """
        ...

    def mark(self, name: str) -> str:
        """The text of a mark; "" if there is none."""
        ...

    def on_change(self, heard: Callable[[], None]) -> None:
        """Call it, from any thread, after each change of the store."""
        ...
