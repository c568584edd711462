"""The observation store: one DuckDB file, one writer, any number of readers in threads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.adapters.observations import book, read
from shangyou.adapters.observations.arrive import Arrivals, Known, Verdict, arrange, judge
from shangyou.adapters.observations.schema import EDITION, ROW, SAID, TABLES
from shangyou.adapters.observations.withdraw import withdraw
from shangyou.core.errors import UnavailableError
from shangyou.core.ports import Batch, BatchState, Progress, Selection, StoreSize
from shangyou.core.records import Counts, Flag, Flagged, Origin, SeriesKey

NEVER = np.iinfo(np.int64).min


class DuckStore:
    """core.ports.ObservationStore in one DuckDB file (`:memory:` for tests)."""

    def __init__(self, path: Path | str, memory: str = "512MB", threads: int = 2) -> None:
        """Open or make the file. UnavailableError "store.locked" if another process has it, "store.edition"."""
        self._path = None if str(path) == ":memory:" else Path(path)
        self._config: dict[str, str | bool | int | float | list[str]] = {"threads": threads, "memory_limit": memory}
        self._write = threading.Lock()
        self._ids: dict[SeriesKey, int] = {}
        self._newest = np.empty(0, np.int64)  # by series id: ms of its newest version, withdrawn ones included
        self._shown = np.empty(0, np.int64)  # by series id: ms of its row in the table `latest`
        self._connect()

    def _connect(self) -> None:
        path = str(self._path or ":memory:")
        try:
            self._con = duckdb.connect(path, config=self._config)
        except duckdb.IOException as error:
            code = "store.locked" if "lock" in str(error).lower() else "store.open"
            raise UnavailableError(code, path=path) from error
        self._con.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        self._con.execute("set enable_progress_bar = false")
        self._con.execute(TABLES)
        self._con.execute("insert into meta values ('edition', ?) on conflict do nothing", [EDITION])
        edition = self._meta("edition")
        if edition != EDITION:
            raise UnavailableError("store.edition", found=edition, known=EDITION)
        self._load_series()
        self._nothing = self.select(Selection(limit=0))  # an empty table with our columns

    # ---- what is kept in memory -------------------------------------------------------------------------------

    def _load_series(self) -> None:
        rows = self._con.execute("select id, site, parameter, cadence, statistic from series order by id").fetchall()
        self._ids = {SeriesKey(*row[1:]): row[0] for row in rows}
        self._shown = np.full(len(rows), NEVER, np.int64)
        for series, ms in self._con.execute("select series, epoch_ms(time) from latest").fetchall():
            self._shown[series] = ms
        self._newest = self._shown.copy()
        withdrawn = "select series, epoch_ms(max(time)) from observation where origin = ? group by series"
        for series, ms in self._con.execute(withdrawn, [int(Origin.WITHDRAWN)]).fetchall():
            self._newest[series] = max(ms, int(self._newest[series]))

    def _meta(self, name: str) -> int:
        row = self._con.cursor().execute("select number from meta where name = ?", [name]).fetchone()
        return int(row[0]) if row else 0

    def _series(self, cursor: duckdb.DuckDBPyConnection, keys: tuple[SeriesKey, ...]) -> NDArray[np.int32]:
        """Ids of keys; unknown ones are entered."""
        fresh = [key for key in dict.fromkeys(keys) if key not in self._ids]
        if fresh:
            start = len(self._ids)
            table = pa.table(
                {
                    "id": pa.array(range(start, start + len(fresh)), pa.int32()),
                    **{name: [getattr(key, name) for key in fresh] for name in SeriesKey._fields},
                }
            )
            cursor.register("fresh_series", table)
            cursor.execute("insert into series select * from fresh_series")
            cursor.unregister("fresh_series")
            self._ids |= {key: start + i for i, key in enumerate(fresh)}
            never = np.full(len(fresh), NEVER, np.int64)
            self._newest, self._shown = np.append(self._newest, never), np.append(self._shown, never)
        return np.array([self._ids[key] for key in keys], np.int32)

    # ---- writing ----------------------------------------------------------------------------------------------

    def append(
        self,
        batch: Batch,
        flagged: Flagged,
        refused: int = 0,
        progress: Progress | None = None,
        resume: bool = False,
    ) -> Counts:
        """See core.ports.ObservationStore."""
        return self._apply(batch, flagged, refused, progress, resume=resume)

    def correct(self, batch: Batch, flagged: Flagged, origin: int, review: int) -> Counts:
        """See core.ports.ObservationStore."""
        return self._apply(batch, flagged, correction=(origin, review))

    def _apply(
        self,
        batch: Batch,
        flagged: Flagged,
        refused: int = 0,
        progress: Progress | None = None,
        correction: tuple[int, int] | None = None,
        resume: bool = False,
    ) -> Counts:
        o = flagged.observations
        with self._write, self._transaction() as cursor:
            known_series = len(self._ids)
            ids = self._series(cursor, o.keys)
            series = ids[o.series] if len(o) else np.empty(0, np.int32)
            arrivals = arrange(series, flagged)
            known = self._known(cursor, series[arrivals.row], o.time[arrivals.row], known_series)
            verdict = judge(arrivals, known, flagged, always=correction is not None)
            status = correction or (int(Origin.ORIGINAL), 0)
            newest = self._insert(cursor, batch, flagged, series, arrivals, verdict, status)
            self._end(cursor, verdict.end, batch.received)
            counts = Counts(len(o) + refused, verdict.new, verdict.unchanged, verdict.revised, refused)
            if correction is None or not book.knows(cursor, batch):
                book.enter(cursor, batch, counts, resume)
            if progress is not None:
                book.set_progress(cursor, progress)
            cursor.commit()
            self._shown[newest[0]] = newest[1]
            np.maximum.at(self._newest, series, o.time)
        return counts

    def _transaction(self) -> _Transaction:
        return _Transaction(self)

    def _forget(self, fatal: bool) -> None:
        """After a rollback: what is in memory must be what is on disk. A fatal error ends DuckDB's connection."""
        if fatal and self._path is not None:
            self._con.close()
            self._connect()
        else:
            self._load_series()

    def _known(
        self, cursor: duckdb.DuckDBPyConnection, series: NDArray[np.int32], time: NDArray[np.int64], before: int
    ) -> Known:
        """Versions in force for arrivals; those newer than all that is stored need no look."""
        look = np.flatnonzero((series < before) & (time <= self._newest[series])) if len(series) else np.empty(0, int)
        columns: dict[str, NDArray[np.generic]] = {}
        if len(look):
            wanted = pa.table(
                {"n": look, "series": series[look], "time": pa.array(time[look]).cast(pa.timestamp("ms"))}
            )
            cursor.register("wanted", wanted)
            columns = cursor.execute(
                f"select w.n, o.rowid as rowid, o.revision, o.value, o.censor, {SAID} as mark"
                " from observation o join wanted w on o.series = w.series and o.time = w.time"
                " where o.until is null and o.time between ? and ?",
                [_moment(int(time[look].min())), _moment(int(time[look].max()))],
            ).fetchnumpy()
            cursor.unregister("wanted")

        def column(name: str, kind: type[np.generic]) -> NDArray[np.generic]:
            return np.asarray(columns[name], kind) if columns else np.empty(0, kind)

        return Known(
            arrival=column("n", np.intp),  # type: ignore[arg-type]
            rowid=column("rowid", np.int64),  # type: ignore[arg-type]
            revision=column("revision", np.int16),  # type: ignore[arg-type]
            value=column("value", np.float64),  # type: ignore[arg-type]
            censor=column("censor", np.uint8),  # type: ignore[arg-type]
            mark=column("mark", np.uint8),  # type: ignore[arg-type]
        )

    def _insert(
        self,
        cursor: duckdb.DuckDBPyConnection,
        batch: Batch,
        flagged: Flagged,
        series: NDArray[np.int32],
        arrivals: Arrivals,
        verdict: Verdict,
        status: tuple[int, int],
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Add the versions; returns series and times of those that are now the newest of theirs."""
        o, row = flagged.observations, arrivals.row[verdict.add]
        n = len(row)
        received = np.full(n, batch.received, np.int64)
        moment = pa.timestamp("ms")
        columns = {
            "series": series[row],
            "time": pa.array(o.time[row]).cast(moment),
            "revision": verdict.revision,
            "value": o.value[row],
            "censor": o.censor[row],
            "upper": pa.array(o.upper[row], from_pandas=True) if o.upper is not None else pa.nulls(n, pa.float64()),
            "mark": o.mark[row],
            "flag": np.where(np.isnan(o.value[row]), np.uint8(Flag.MISSING), flagged.flag[row]),
            "suspect": flagged.suspect[row],
            "fail": flagged.fail[row],
            "origin": np.full(n, status[0], np.uint8),
            "review": np.full(n, status[1], np.uint8),
            "received": pa.array(received).cast(moment),
            "batch": np.full(n, batch.id, np.int64),
            "entry": o.entry[row] if len(o.entry) else np.full(n, -1, np.int64),
            "until": pa.array(received, mask=~verdict.superseded).cast(moment),
        }
        versions = pa.table(columns)
        cursor.register("versions", versions)
        cursor.execute(f"insert into observation select {', '.join(ROW)} from versions")
        newest = self._newest_of(series[row], o.time[row], verdict.superseded)
        if len(newest):
            cursor.register("newest", versions.take(pa.array(newest)))
            cursor.execute(f"insert or replace into latest select {', '.join(ROW)} from newest")
            cursor.unregister("newest")
        cursor.unregister("versions")
        return series[row][newest], o.time[row][newest]

    def _newest_of(
        self, series: NDArray[np.int32], time: NDArray[np.int64], superseded: NDArray[np.bool_]
    ) -> NDArray[np.intp]:
        """Rows, sorted by series and time, that take the place of the newest row of their series."""
        force = np.flatnonzero(~superseded)
        last = np.append(np.diff(series[force]) != 0, True) if len(force) else np.empty(0, np.bool_)
        row: NDArray[np.intp] = force[last]
        return row[np.flatnonzero(time[row] >= self._shown[series[row]])]

    def _end(self, cursor: duckdb.DuckDBPyConnection, rowids: NDArray[np.int64], at: int) -> None:
        if not len(rowids):
            return
        cursor.register("ended", pa.table({"place": rowids}))
        cursor.execute(
            "update observation set until = ? where rowid in (select place from ended)",
            [_moment(at)],
        )
        cursor.unregister("ended")

    def withdraw(self, batch: int, received: int) -> Counts:
        """See core.ports.ObservationStore."""
        with self._write, self._transaction() as cursor:
            counts = withdraw(cursor, batch, received)
            cursor.commit()
            self._load_series()
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

    def _matching(self, selection: Selection) -> list[int] | None:
        """Ids of series that a selection allows; None if it does not restrict them."""
        wanted = [set(x) for x in (selection.sites, selection.parameters, selection.cadences, selection.statistics)]
        if not any(wanted):
            return None
        return [
            id
            for key, id in list(self._ids.items())
            if all(not w or part in w for w, part in zip(wanted, key, strict=True))
        ]

    def select(self, selection: Selection) -> pa.Table:
        """See core.ports.ObservationStore."""
        query, values = read.rows(selection, self._matching(selection))
        return _table(self._con.cursor().execute(query, values))

    def stream(self, selection: Selection, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """See core.ports.ObservationStore."""
        query, values = read.rows(selection, self._matching(selection))
        for batch in self._con.cursor().execute(query, values).to_arrow_reader(rows):
            yield batch.cast(_in_ms(batch.schema))

    def latest(self, sites: Sequence[str] = (), parameters: Sequence[str] = ()) -> pa.Table:
        """See core.ports.ObservationStore."""
        ids = self._matching(Selection(sites=tuple(sites), parameters=tuple(parameters)))
        query, values = read.latest(ids)
        return _table(self._con.cursor().execute(query, values))

    def means(self, selection: Selection, period: str, offset_ms: int, logarithmic: Sequence[str] = ()) -> pa.Table:
        """See core.ports.ObservationStore."""
        powered = [id for key, id in list(self._ids.items()) if key.parameter in logarithmic]
        query, values = read.means(selection, self._matching(selection), period, offset_ms, powered)
        return _table(self._con.cursor().execute(query, values))

    def context(self, keys: Sequence[SeriesKey], before: Sequence[int], count: int, since: int) -> pa.Table:
        """See core.ports.ObservationStore."""
        ids = [(self._ids.get(key, -1), ms) for key, ms in zip(keys, before, strict=True)]
        pairs = [(id, ms) for id, ms in ids if id >= 0 and self._newest[id] >= since]
        if not pairs:
            return self._nothing
        cursor = self._con.cursor()
        wanted = pa.table(
            {
                "series": pa.array([pair[0] for pair in pairs], pa.int32()),
                "before": pa.array([pair[1] for pair in pairs], pa.timestamp("ms")),
            }
        )
        cursor.register("wanted", wanted)
        query, values = read.context(count, since)
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
        return list(self._ids)

    def size(self) -> StoreSize:
        """See core.ports.ObservationStore."""
        count, first, last = self._con.cursor().execute(
            "select count(*), epoch_ms(min(time)), epoch_ms(max(time)) from observation"
        ).fetchone() or (0, None, None)
        size = 0
        if self._path is not None:
            files = (self._path, self._path.with_name(self._path.name + ".wal"))
            size = sum(file.stat().st_size for file in files if file.exists())
        return StoreSize(count, len(self._ids), size, first, last)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        with self.still():
            pass

    @contextlib.contextmanager
    def still(self) -> Iterator[Path | None]:
        """While within, the file holds everything and nobody writes, so that a copy of it is whole."""
        with self._write:
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
            return
        with contextlib.suppress(duckdb.Error):  # where none is left to roll back, that is what we want
            self._cursor.rollback()
        self._cursor.close()
        self._store._forget(isinstance(error, duckdb.FatalException))
        if isinstance(error, duckdb.Error):
            full = "space" in str(error).lower() or "could not write" in str(error).lower()
            raise UnavailableError("store.full" if full else "store.write") from error


def _table(answer: duckdb.DuckDBPyConnection) -> pa.Table:
    table = answer.to_arrow_table()
    return table.cast(_in_ms(table.schema))


def _in_ms(schema: pa.Schema) -> pa.Schema:
    """DuckDB hands out zoned times in microseconds; ours are milliseconds."""
    ms = pa.timestamp("ms", "UTC")
    return pa.schema([field.with_type(ms) if pa.types.is_timestamp(field.type) else field for field in schema])


def _moment(ms: int) -> np.datetime64:
    return np.datetime64(ms, "ms")
