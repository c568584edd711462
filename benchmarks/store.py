"""The observation store against a plain DuckDB table and PostgreSQL."""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.measure import Figure, best
from benchmarks.postgres import server
from shangyou.adapters.observations import DuckStore
from shangyou.core.ports import Batch, Selection
from shangyou.core.records import Flagged, Observations, SeriesKey

HOUR = 3_600_000
START = 1_600_000_000_000
PARAMETERS = (
    *("ph", "dissolved_oxygen", "ammonia_nitrogen", "total_phosphorus"),
    *("permanganate_index", "turbidity", "conductivity", "water_temperature"),
)
LEGAL_MS = 8 * HOUR
PLAIN_SQL = "select series, date_trunc('month', time + interval 8 hour) as m, avg(value) from plain group by all"


def keys(series: int) -> tuple[SeriesKey, ...]:
    return tuple(SeriesKey(f"51.s{i // 8}", PARAMETERS[i % 8], "hour", "mean") for i in range(series))


def hours(names: tuple[SeriesKey, ...], first: int, count: int, seed: int = 1) -> Flagged:
    """`count` hours of all series in order of arrival, seasonal with noise, two decimals."""
    n = len(names) * count
    series = np.tile(np.arange(len(names), dtype=np.int32), count)
    step = np.repeat(np.arange(first, first + count), len(names))
    noise = np.random.default_rng(seed + first).normal(0, 0.3, n)
    value = np.round(5 + np.sin(step * (2 * np.pi / 24)) + noise, 2)
    o = Observations(
        names, series, START + step * HOUR, value, np.zeros(n, np.uint8), np.ones(n, np.uint8), None, step + 0
    )
    return Flagged(o, np.ones(n, np.uint8), np.zeros(n, np.uint32), np.zeros(n, np.uint32))


def fill(store: DuckStore, series: int, rows: int, block: int = 500) -> float:
    """Put `rows` observations in; seconds that the store took."""
    names, taken = keys(series), 0.0
    for number, first in enumerate(range(0, rows // series, block)):
        lot = hours(names, first, min(block, rows // series - first))
        begin = time.perf_counter()
        store.append(Batch(number, "table", "bench", number), lot)
        taken += time.perf_counter() - begin
    return taken


def run(rows: int = 20_000_000) -> list[Figure]:
    """All figures of the store."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = DuckStore(Path(folder) / "small.duckdb", memory="4GB")
        seconds = [fill(store, 2_000, 1_000_000)]
        store.close()
        store = DuckStore(Path(folder) / "ten.duckdb", memory="4GB")
        seconds.append(fill(store, 2_000, 10_000_000))
        lot = hours(keys(2_000), 0, 500)
        batches = itertools.count(99_000)
        again = best(lambda: store.append(Batch(next(batches), "table", "again", 99), lot))
        latest = best(lambda: store.latest(), 5)
        store.checkpoint()
        size = store.size()
        figures += [
            Figure("versions stored, 1 M at a time", f"{1_000_000 / seconds[0]:,.0f} /s", "part of 200,000 /s"),
            Figure("the same rows again", f"{len(lot.observations) / again:,.0f} /s", "≥ 500,000 /s"),
            Figure("ten times the rows", f"{seconds[1] / seconds[0]:.1f} x the time", "≤ 11 x"),
            Figure("bytes per observation, all metadata", f"{size.bytes / size.observations:.1f}", "≤ 30"),
            Figure("latest of 2,000 series at 10 M", f"{latest * 1000:.1f} ms", "≤ 20 ms"),
        ]
        store.close()
        figures.append(monthly(Path(folder), rows))
    return figures


def monthly(folder: Path, rows: int) -> Figure:
    """Monthly mean per section and parameter: ours, plain DuckDB, PostgreSQL."""
    store = DuckStore(folder / "large.duckdb", memory="4GB")
    fill(store, 4_000, rows)
    plain = duckdb.connect(str(folder / "plain.duckdb"), config={"threads": 2, "memory_limit": "4GB"})
    plain.execute("set enable_progress_bar = false")
    plain.execute("create table plain (series integer, time timestamp_ms, value double)")
    with server() as address:
        postgres = _postgres(address, rows) if address else None
        for first in range(0, rows // 4_000, 500):
            o = hours(keys(4_000), first, min(500, rows // 4_000 - first)).observations
            part = pa.table({"s": o.series, "t": pa.array(o.time).cast(pa.timestamp("ms")), "v": o.value})
            plain.register("part", part)
            plain.execute("insert into plain select * from part")
            if postgres:
                _copy(postgres, o)
        ours = raw = other = float("inf")
        bare = float("inf")
        for _ in range(5):  # by turns: a machine that is slow for a while is so for all of them
            ours = min(ours, best(lambda: store.means(Selection(), "month", LEGAL_MS, ("ph",)), 1))
            raw = min(raw, best(lambda: plain.execute(PLAIN_SQL).to_arrow_table(), 1))
            if postgres:
                other = min(other, best(lambda: postgres.execute(PG_SAME).fetchall(), 1))
                bare = min(bare, best(lambda: postgres.execute(PG_PLAIN).fetchall(), 1))
        peer = f"plain DuckDB {raw:.2f} s (ours {ours / raw:.2f} x)"
        if postgres:
            _agree(store, postgres)
            peer += f"; PostgreSQL, the same answer, {other:.1f} s ({other / ours:.1f} x ours)"
            peer += f"; a plain average there {bare:.1f} s ({bare / ours:.1f} x)"
            postgres.close()
        else:
            peer += "; PostgreSQL is not installed here"
    store.close()
    plain.close()
    what = f"monthly mean by section and parameter, {rows / 1e6:.0f} M"
    return Figure(what, f"{ours:.2f} s", "≤ 1.5 x plain DuckDB, PostgreSQL ≥ 5 x", peer)


PG_PLAIN = "select series, date_trunc('month', time + interval '8 hours') as m, avg(value) from plain group by 1, 2"
PG_SAME = """
select series, m, case when parameter = 'ph' then -log(mean) else mean end from (
    select series, parameter, date_trunc('month', time + interval '8 hours') as m, avg(case when parameter = 'ph'
        then power(10, -case when censor = 1 then value / 2 else value end)
        else case when censor = 1 then value / 2 else value end end) as mean
    from plain join series using (series) where until is null and origin <> 3 and flag <= 3 group by 1, 2, 3) g
"""  # what ours answers: in force and usable, half of what is below the limit, pH over hydrogen ions


def _agree(store: DuckStore, postgres) -> None:  # type: ignore[no-untyped-def]
    """Both must have answered the same."""
    table = store.means(Selection(), "month", LEGAL_MS, ("ph",))
    number = {key: i for i, key in enumerate(keys(4_000))}
    names = zip(*(table[part].to_pylist() for part in ("site", "parameter", "cadence", "statistic")), strict=True)
    mine = np.array([number[SeriesKey(*name)] for name in names])
    month = table["period"].cast(pa.timestamp("ms")).to_numpy() + np.timedelta64(LEGAL_MS, "ms")
    theirs = sorted((series, m, mean) for series, m, mean in postgres.execute(PG_SAME).fetchall())
    order = np.lexsort((month, mine))
    means = table["mean"].to_numpy()[order]
    if [row[0] for row in theirs] != mine[order].tolist() or not np.allclose([row[2] for row in theirs], means):
        raise RuntimeError("PostgreSQL answers otherwise")


def _postgres(address: str, rows: int):  # type: ignore[no-untyped-def]
    import psycopg

    connection = psycopg.connect(address, autocommit=True)
    connection.execute(
        "create unlogged table plain (series integer, time timestamp, value double precision, censor smallint,"
        " flag smallint, origin smallint, until timestamp)"
    )
    connection.execute("create unlogged table series (series integer primary key, parameter text)")
    with connection.cursor().copy("copy series from stdin (format csv)") as copy:
        copy.write("".join(f"{i},{key.parameter}\n" for i, key in enumerate(keys(4_000))))
    return connection


def _copy(connection, o: Observations) -> None:  # type: ignore[no-untyped-def]
    moments = np.datetime_as_string(o.time.astype("datetime64[ms]"))
    with connection.cursor().copy("copy plain from stdin (format csv)") as copy:
        for start in range(0, len(o), 50_000):
            part = slice(start, start + 50_000)
            rows = zip(o.series[part].tolist(), moments[part].tolist(), o.value[part].tolist(), strict=True)
            copy.write("".join(f"{s},{t},{v},0,1,0,\n" for s, t, v in rows))
