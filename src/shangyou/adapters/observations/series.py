"""The series of a store, kept in memory: their ids, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.core.ports import Selection
from shangyou.core.records import Check, Origin, SeriesKey

NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, eq=False)
class Added:
    """What a write did."""

    series: NDArray[np.int32]  # (n,) ids of all that came in
    time: NDArray[np.int64]  # (n,) ms
    newest_series: NDArray[np.int32]  # (k,) series whose newest row is another now
    newest_time: NDArray[np.int64]  # (k,) ms
    new: int
    unchanged: int
    revised: int


class SeriesIndex:
    """Ids 0, 1, 2 ... of series. Written under the store's lock; read by any thread."""

    def __init__(self) -> None:
        self._ids: dict[SeriesKey, int] = {}
        self._at: dict[str, tuple[SeriesKey, ...]] = {}  # by site, so that one section does not look at all series
        self.newest = np.empty(0, np.int64)  # by id: ms of the newest version, withdrawn ones included
        self.shown = np.empty(0, np.int64)  # by id: ms of the row in the table `latest`

    def __len__(self) -> int:
        return len(self._ids)

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read everything from the store anew."""
        rows = connection.execute("select id, site, parameter, cadence, statistic from series order by id").fetchall()
        shown = np.full(len(rows), NEVER, np.int64)
        for series, ms in connection.execute("select series, epoch_ms(time) from latest").fetchall():
            shown[series] = ms
        newest = shown.copy()
        # what `latest` does not show: withdrawn versions, and those of clocks that ran ahead; in two parts, each with
        # a plain bound, so that blocks which hold neither are left unread: they would fill the memory of the store
        found = " union all ".join(
            f"select series, time from observation where {term}"
            for term in ("origin = $withdrawn", "fail >= $clock and fail & $clock <> 0")
        )
        beyond = f"select series, epoch_ms(max(time)) from ({found}) group by series"
        bits = {"withdrawn": int(Origin.WITHDRAWN), "clock": int(Check.TIME)}
        for series, ms in connection.execute(beyond, bits).fetchall():
            newest[series] = max(ms, int(newest[series]))
        self.newest, self.shown = newest, shown
        self._ids = {SeriesKey(*row[1:]): row[0] for row in rows}
        self._at = _by_site({}, self._ids)

    def enter(self, cursor: duckdb.DuckDBPyConnection, keys: tuple[SeriesKey, ...]) -> NDArray[np.int32]:
        """Ids of keys; unknown ones are entered."""
        fresh = [key for key in dict.fromkeys(keys) if key not in self._ids]
        if fresh:
            start = len(self._ids)
            columns = {name: [getattr(key, name) for key in fresh] for name in SeriesKey._fields}
            ids = pa.array(range(start, start + len(fresh)), pa.int32())
            cursor.register("fresh_series", pa.table({"id": ids, **columns}))
            cursor.execute("insert into series select * from fresh_series")
            cursor.unregister("fresh_series")
            never = np.full(len(fresh), NEVER, np.int64)
            self.newest, self.shown = np.append(self.newest, never), np.append(self.shown, never)
            self._ids = self._ids | {
                key: start + i for i, key in enumerate(fresh)
            }  # after the arrays: readers index them
            self._at = _by_site(self._at, fresh)  # last: readers look up the ids of what they find here
        return np.array([self._ids[key] for key in keys], np.int32)

    def remember(self, added: Added) -> None:
        """After a commit: what was added is now the newest of its series."""
        self.shown[added.newest_series] = added.newest_time
        np.maximum.at(self.newest, added.series, added.time)

    def keys(self) -> list[SeriesKey]:
        """All series, by id."""
        return list(self._ids)

    def matching(self, selection: Selection) -> list[int] | None:
        """Ids of series that a selection allows; None if it does not restrict them."""
        sites = set(selection.sites)
        named = (selection.parameters, selection.cadences, selection.statistics)
        wanted = [(place, set(names)) for place, names in enumerate(named, 1) if names]
        if not sites and not wanted:
            return None
        ids = self._ids
        if sites:
            at = self._at
            near = sorted((ids[key], key) for site in sites for key in at.get(site, ()) if key in ids)
        else:
            near = [(id, key) for key, id in ids.items()]
        for place, names in wanted:
            near = [(id, key) for id, key in near if key[place] in names]
        return [id for id, _ in near]

    def reaching(self, keys: Sequence[SeriesKey], before: Sequence[int], back: int) -> list[tuple[int, int]]:
        """(id, before) of those series that may have something not older than `back` [ms] before their time."""
        asked = [(self._ids.get(key, -1), ms) for key, ms in zip(keys, before, strict=True)]
        return [(id, ms) for id, ms in asked if id >= 0 and self.newest[id] >= ms - back]


def _by_site(known: dict[str, tuple[SeriesKey, ...]], more: Iterable[SeriesKey]) -> dict[str, tuple[SeriesKey, ...]]:
    """Series by their site: those of `known`, and more."""
    found: dict[str, list[SeriesKey]] = {}
    for key in more:
        found.setdefault(key.site, []).append(key)
    return known | {site: (*known.get(site, ()), *keys) for site, keys in found.items()}
