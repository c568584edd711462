"""The observation store: one DuckDB file, one writer, any number of readers in threads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.adapters.observations import book, changes, erase, merge, read
from shangyou.adapters.observations.means import means
from shangyou.adapters.observations.rejudge import rejudge
from shangyou.adapters.observations.schema import EDITION, TABLES
from shangyou.adapters.observations.series import SeriesIndex
from shangyou.adapters.observations.summaries import Groups, in_order, summaries
from shangyou.adapters.observations.withdraw import withdraw
from shangyou.adapters.observations.write import add
from shangyou.core.errors import UnavailableError
from shangyou.core.ports import Batch, BatchState, Progress, Selection, StoreSize
from shangyou.core.records import Counts, Flagged, SeriesKey
from shangyou.exchange.outlet import Changes, Place


class DuckStore:
    """core.ports.ObservationStore in one DuckDB file (`:memory:` for tests)."""

    def __init__(self, path: Path | str, memory: str = "512MB", threads: int = 2) -> None:
        """Open or make the file. UnavailableError "store.locked" if another process has it, "store.edition"."""
        self._path = None if str(path) == ":memory:" else Path(path)
        self._config: dict[str, str | bool | int | float | list[str]] = {"threads": threads, "memory_limit": memory}
        self._write = threading.Lock()
        self._index = SeriesIndex()
        self._hearers: list[Callable[[], None]] = []
        self._connect()

    def _connect(self) -> None:
        path = str(self._path or ":memory:")
        self._held: Place | None = None  # what `holds` was last sure of
        try:
            self._con = duckdb.connect(path, config=self._config)
        except duckdb.Error as error:
            code = "store.locked" if "lock" in str(error).lower() else "store.open"
            raise UnavailableError(code, path=path) from error
        self._con.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        self._con.execute("set enable_progress_bar = false")
        self._con.execute(TABLES)
        self._con.execute("insert into meta values ('edition', ?) on conflict do nothing", [EDITION])
        edition = self._meta("edition")
        if edition != EDITION:
            raise UnavailableError("store.edition", found=edition, known=EDITION)
        self._index.load(self._con)
        self._nothing = self.select(Selection(limit=0))  # an empty table with our columns

    def _meta(self, name: str) -> int:
        row = self._con.cursor().execute("select number from meta where name = ?", [name]).fetchone()
        return int(row[0]) if row else 0

    # ---- writing ----------------------------------------------------------------------------------------------

    def append(
        self,
        batch: Batch,
        flagged: Flagged,
        refused: int = 0,
        progress: Progress | None = None,
        *,
        part: int = 0,
        received: NDArray[np.int64] | None = None,
        again: Flagged | None = None,
    ) -> Counts:
        """See core.ports.ObservationStore."""
        with self._write, self._transaction() as cursor:
            if progress is not None:
                book.set_progress(cursor, progress)
            if book.parts(cursor, batch) > part:
                cursor.commit()
                return Counts()
            o = flagged.observations
            came = received if received is not None else np.full(len(o), batch.received, np.int64)
            added = add(cursor, self._index, batch, flagged, came)
            if again is not None and len(again.observations):
                rejudge(cursor, self._index.enter(cursor, again.observations.keys), again, batch.received)
            counts = Counts(len(o) + refused, added.new, added.unchanged, added.revised, refused)
            book.enter(cursor, batch, counts, part)
            cursor.commit()
            self._index.remember(added)
        return counts

    def correct(self, batch: Batch, flagged: Flagged, origin: int, review: int) -> Counts:
        """See core.ports.ObservationStore."""
        with self._write, self._transaction() as cursor:
            came = np.full(len(flagged.observations), batch.received, np.int64)
            added = add(cursor, self._index, batch, flagged, came, (origin, review))
            counts = Counts(len(flagged.observations), added.new, added.unchanged, added.revised)
            if not book.parts(cursor, batch):
                book.enter(cursor, batch, counts, 0)
            cursor.commit()
            self._index.remember(added)
        return counts

    def _transaction(self) -> _Transaction:
        return _Transaction(self)

    def _forget(self, fatal: bool) -> None:
        """After a rollback: what is in memory must be what is on disk. A fatal error ends DuckDB's connection."""
        if fatal and self._path is not None:
            self._con.close()
            self._connect()
        else:
            self._index.load(self._con)

    def withdraw(self, batch: int, received: int) -> Counts:
        """See core.ports.ObservationStore."""
        with self._write, self._transaction() as cursor:
            counts = withdraw(cursor, batch, received)
            cursor.commit()
            self._index.load(self._con)
        return counts

    def advance(self, progress: Progress) -> None:
        """See core.ports.ObservationStore."""
        with self._write, self._transaction() as cursor:
            book.set_progress(cursor, progress)
            cursor.commit()

    # ---- reading ----------------------------------------------------------------------------------------------

    def progress(self) -> Progress:
        """See core.ports.ObservationStore."""
        return Progress(self._meta("done"), self._meta("needed"))

    def _ask(self, query: str, values: list[object]) -> pa.Table:
        with _reading():
            return _table(self._con.cursor().execute(query, values))

    def select(self, selection: Selection) -> pa.Table:
        """See core.ports.ObservationStore."""
        query, values = read.rows(selection, self._index.matching(selection))
        return self._ask(query, values)

    def stream(self, selection: Selection, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """See core.ports.ObservationStore."""
        query, values = read.rows(selection, self._index.matching(selection))
        for batch in self._con.cursor().execute(query, values).to_arrow_reader(rows):
            yield batch.cast(_in_ms(batch.schema))

    def latest(self, sites: Sequence[str] = (), parameters: Sequence[str] = ()) -> pa.Table:
        """See core.ports.ObservationStore."""
        ids = self._index.matching(Selection(sites=tuple(sites), parameters=tuple(parameters)))
        query, values = read.latest(ids)
        return self._ask(query, values)

    def newest(self, sites: Sequence[str] = (), parameters: Sequence[str] = ()) -> int | None:
        """See core.ports.ObservationStore."""
        query, values = read.newest(self._index.matching(Selection(sites=tuple(sites), parameters=tuple(parameters))))
        with _reading():
            (found,) = self._con.cursor().execute(query, values).fetchone() or (None,)
        return None if found is None else int(found)

    def means(
        self,
        selection: Selection,
        period: str,
        offset_ms: int,
        logarithmic: Sequence[str] = (),
        measures: Sequence[str] = ("mean", "count"),
    ) -> pa.Table:
        """See core.ports.ObservationStore."""
        ids = self._index.matching(selection)
        return self._ask(*means(selection, ids, period, offset_ms, logarithmic, measures))

    def summaries(
        self,
        selection: Selection,
        labels: Mapping[str, str],
        period: str,
        offset_ms: int,
        logarithmic: Sequence[str] = (),
        percentiles: bool = False,
    ) -> pa.Table:
        """See core.ports.ObservationStore."""
        keys = self._index.keys()
        ids = self._index.matching(selection)
        groups = Groups({id: keys[id] for id in (range(len(keys)) if ids is None else ids)}, labels, logarithmic)
        return in_order(groups.named(self._ask(*summaries(selection, groups, period, offset_ms, percentiles))))

    def context(self, keys: Sequence[SeriesKey], before: Sequence[int], count: int, back: int) -> pa.Table:
        """See core.ports.ObservationStore."""
        pairs = self._index.reaching(keys, before, back)
        if not pairs:
            return self._nothing
        moment = pa.timestamp("ms")
        wanted = pa.table(
            {
                "series": pa.array([id for id, _ in pairs], pa.int32()),
                "before": pa.array([ms for _, ms in pairs], moment),
                "since": pa.array([ms - back for _, ms in pairs], moment),
            }
        )
        query, values = read.context(count, min(ms for _, ms in pairs) - back)
        with _reading():
            cursor = self._con.cursor()
            cursor.register("wanted", wanted)
            return _table(cursor.execute(query, values))

    def batches(self, limit: int = 100, digest: str | None = None, kind: str | None = None) -> list[BatchState]:
        """See core.ports.ObservationStore."""
        query, values = read.batches(limit, digest, kind)
        return [
            BatchState(Batch(*row[:7]), Counts(*row[7:12]), row[12])
            for row in self._con.cursor().execute(query, values).fetchall()
        ]

    def series(self) -> list[SeriesKey]:
        """See core.ports.ObservationStore."""
        return self._index.keys()

    def size(self) -> StoreSize:
        """See core.ports.ObservationStore."""
        count, first, last = self._con.cursor().execute(
            "select count(*) - (select count(*) from observation where revision < 0), epoch_ms(min(time)),"
            " epoch_ms(max(time)) from observation"
        ).fetchone() or (0, None, None)
        size = 0
        if self._path is not None:
            files = (self._path, self._path.with_name(self._path.name + ".wal"))
            size = sum(file.stat().st_size for file in files if file.exists())
        return StoreSize(count, len(self._index), size, first, last)

    # ---- between stores, see exchange.outlet.Outlet -------------------------------------------------------------

    def cuts(self, selection: Selection, rows: int) -> list[tuple[int, int]]:
        """See Outlet."""
        with _reading():
            return changes.cuts(self._con, self._index.matching(selection), selection, rows)

    def runs(self, selection: Selection, rows: int) -> list[tuple[int, int]]:
        """See Outlet."""
        with _reading():
            return changes.runs(self._con, self._index.matching(selection), selection, rows)

    def extract(self, selection: Selection, run: tuple[int, int] | None = None) -> pa.RecordBatch:
        """See Outlet."""
        ids, keys = self._index.matching(selection), self._index.keys
        with _reading():
            return changes.extract(self._con, keys, ids, selection, run)

    def changes(
        self, selection: Selection, after: Place, horizon: int | None, limit: int, until: int | None = None
    ) -> Changes:
        """See Outlet."""
        ids, keys = self._index.matching(selection), self._index.keys
        with _reading():
            return changes.changes(self._con, keys, ids, selection, after, horizon, limit, until)

    def here(self, horizon: int | None) -> Place:
        """See Outlet."""
        with _reading():
            return changes.here(self._con, horizon)

    def holds(self, place: Place) -> bool:
        """See Outlet. Asked for each block of a pull: what this file held once it holds as long as it is open."""
        if place != self._held:
            with _reading():
                if not changes.holds(self._con, place):
                    return False
            self._held = place
        return True

    def take(self, batch: Batch, rows: pa.RecordBatch, mark: tuple[str, str, str] | None = None) -> Counts | None:
        """See Outlet."""
        with self._write, self._transaction() as cursor:
            if mark is not None and merge.said(cursor, mark[0]) != mark[1]:
                cursor.rollback()
                return None
            counts = Counts()
            if rows.num_rows:
                added = merge.merge(cursor, self._index, batch, rows)
                counts = Counts(rows.num_rows, added.new, added.unchanged, added.revised)
                book.enter(cursor, batch, counts, book.parts(cursor, batch))
            if mark is not None:
                merge.say(cursor, mark[0], mark[2])
            cursor.commit()
            if rows.num_rows:
                self._index.remember(added)
        return counts

    def oldest(self, batch: int) -> int | None:
        """See Outlet."""
        with _reading():
            return erase.oldest(self._con, batch)

    def due(self, batch: int, upto: int) -> int:
        """See Outlet."""
        with _reading():
            return erase.due(self._con, batch, upto)[0]

    def erase(self, batch: int, upto: int, at: int) -> int:
        """See Outlet."""
        erased = 0
        for run in erase.due(self._con, batch, upto)[1]:
            with self._write, self._transaction() as cursor:
                erased += erase.erase(cursor, batch, upto, at, run)
                cursor.commit()
                self._index.load(self._con)
        if erased:  # else the file keeps what it said until it is folded in
            self.checkpoint()
        return erased

    def mark(self, name: str) -> str:
        """See Outlet."""
        with _reading():
            return merge.said(self._con.cursor(), name)

    def on_change(self, heard: Callable[[], None]) -> None:
        """See Outlet."""
        self._hearers.append(heard)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        with self.still():
            pass

    @contextlib.contextmanager
    def still(self) -> Iterator[Path | None]:
        """While within, the file holds everything and nobody writes, so that a copy of it is whole."""
        with self._write:
            with contextlib.suppress(duckdb.TransactionException):  # somebody reads: the log beside the file stays
                self._con.cursor().execute("checkpoint")
            yield self._path

    def close(self) -> None:
        """Let go of the file."""
        with self._write:
            self._con.close()


class _Transaction:
    """One write: rolled back, in memory too, unless it was committed."""

    def __init__(self, store: DuckStore) -> None:
        self._store = store
        self._cursor = store._con.cursor()

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        self._cursor.begin()
        return self._cursor

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self._cursor.close()
            for hear in self._store._hearers:
                hear()
            return
        with contextlib.suppress(duckdb.Error):  # where none is left to roll back, that is what we want
            self._cursor.rollback()
        self._cursor.close()
        self._store._forget(isinstance(error, duckdb.FatalException))
        if isinstance(error, duckdb.Error):
            full = "space" in str(error).lower() or "could not write" in str(error).lower()
            raise UnavailableError("store.full" if full else "store.write") from error


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Nothing of duckdb passes upward: UnavailableError "store.read"."""
    try:
        yield
    except duckdb.Error as error:
        raise UnavailableError("store.read") from error


def _table(answer: duckdb.DuckDBPyConnection) -> pa.Table:
    table = answer.to_arrow_table()
    return table.cast(_in_ms(table.schema))


def _in_ms(schema: pa.Schema) -> pa.Schema:
    """DuckDB hands out zoned times in microseconds; ours are milliseconds."""
    ms = pa.timestamp("ms", "UTC")
    return pa.schema([field.with_type(ms) if pa.types.is_timestamp(field.type) else field for field in schema])
