"""Counts, sums, extremes and buckets of groups of observations: added up over nodes, then made into what was asked.

A sum is a whole number of very small steps, so adding knows no rounding: the mean of a basin is the same whichever way
its rows lie on nodes. It is never a mean of means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.errors import InputError
from shangyou.core.records import Array
from shangyou.exchange.summaries.sketch import percentile

STEPS: Final = 1e15  # a unit in steps of a sum
POWERS: Final = 1e24  # one in steps of a sum of 10^-x, as rules ask for pH
MOST: Final = 1e12  # canonical units; no true value is above it, and sums of 10^11 values below it fit

KEYS: Final = ("label", "parameter", "cadence", "statistic", "period")
SCHEMA: Final = pa.schema(
    [
        ("label", pa.string()),  # section, river, province or basin, as asked
        ("parameter", pa.string()),
        ("cadence", pa.string()),
        ("statistic", pa.string()),
        ("period", pa.timestamp("ms", "UTC")),  # its start
        ("count", pa.int64()),
        ("censored", pa.int64()),  # of these, how many were below a limit and entered with half of it
        ("total", pa.decimal128(38, 0)),  # steps
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("bucket", pa.list_(pa.int32())),  # sorted; null where no percentile is asked for
        ("tally", pa.list_(pa.int64())),  # values in each bucket
    ]
)
PLAIN: Final = (("count", "sum"), ("censored", "sum"), ("total", "sum"), ("minimum", "min"), ("maximum", "max"))


def checked(table: pa.Table) -> pa.Table:
    """A summary that another node sent, in our schema and believable; InputError "query.answer" says what is wrong."""
    if table.schema.names != SCHEMA.names:
        raise InputError("query.answer", detail=f"columns {', '.join(table.schema.names)[:200]}")
    try:
        table = table.cast(SCHEMA)
        table.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError("query.answer", detail=str(error)[:200]) from error
    for name in (*KEYS, *(name for name, _ in PLAIN)):
        if table[name].null_count:
            raise InputError("query.answer", detail=f"{name} is missing")
    count, censored = table["count"].to_numpy(), table["censored"].to_numpy()
    low, high = table["minimum"].to_numpy(), table["maximum"].to_numpy()
    if not ((count > 0) & (censored >= 0) & (censored <= count) & (low <= high) & (np.abs(low) < np.inf)).all():
        raise InputError("query.answer", detail="count, minimum, maximum")
    if (np.abs(high) == np.inf).any() or not _tallies(table, count):
        raise InputError("query.answer", detail="bucket, tally")
    return table


def _tallies(table: pa.Table, count: np.ndarray) -> bool:
    """Do the buckets of each row hold just its values?"""
    bucket, tally = table["bucket"].combine_chunks(), table["tally"].combine_chunks()
    if bucket.null_count == len(table) and tally.null_count == len(table):
        return True
    if bucket.null_count or tally.null_count or not pc.all(pc.equal(_lengths(bucket), _lengths(tally))).as_py():
        return len(table) == 0
    each = tally.flatten().to_numpy()
    first = np.concatenate([[0], np.cumsum(_lengths(tally).to_numpy())])
    sums = np.concatenate([[0], np.cumsum(each)])
    return bool((each > 0).all() and (np.diff(sums[first]) == count).all() and bucket.flatten().null_count == 0)


def _lengths(lists: pa.Array) -> pa.Array:
    return pc.list_value_length(lists)


def merged(tables: Sequence[pa.Table]) -> pa.Table:
    """The summary of all rows from summaries of parts of them, in order of KEYS. Any split, any order: the same."""
    whole = pa.concat_tables([SCHEMA.empty_table(), *tables])
    plain = whole.drop(["bucket", "tally"]).group_by(list(KEYS), use_threads=False).aggregate(list(PLAIN))
    plain = plain.rename_columns(
        [name.removesuffix("_sum").removesuffix("_min").removesuffix("_max") for name in plain.column_names]
    )
    plain = plain.sort_by([(name, "ascending") for name in KEYS])
    sketches = whole.filter(pc.is_valid(whole["bucket"]))
    bucket, tally = _merged_buckets(plain, sketches) if len(sketches) else (None, None)
    for name, lists in (("bucket", bucket), ("tally", tally)):
        column = pa.nulls(len(plain), SCHEMA.field(name).type) if lists is None else lists
        plain = plain.append_column(SCHEMA.field(name), column)
    return plain.select(SCHEMA.names).cast(SCHEMA)


def _merged_buckets(plain: pa.Table, sketches: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Lists of buckets and of their tallies, one of each a row of `plain`."""
    numbered = plain.select(KEYS).append_column("group", pa.array(np.arange(len(plain))))
    group = sketches.select(KEYS).append_column("row", pa.array(np.arange(len(sketches))))
    group = group.join(numbered, list(KEYS)).sort_by("row")["group"].combine_chunks()
    lists = sketches["bucket"].combine_chunks()
    flat = pa.table(
        {
            "group": group.take(pc.list_parent_indices(lists)),
            "bucket": lists.flatten(),
            "tally": sketches["tally"].combine_chunks().flatten(),
        }
    )
    flat = flat.group_by(["group", "bucket"], use_threads=False).aggregate([("tally", "sum")])
    flat = flat.sort_by([("group", "ascending"), ("bucket", "ascending")])
    length = np.bincount(flat["group"].to_numpy(), minlength=len(plain))
    offsets = pa.array(np.concatenate([[0], np.cumsum(length)]), pa.int32())
    return tuple(pa.ListArray.from_arrays(offsets, flat[name].combine_chunks()) for name in ("bucket", "tally_sum"))


def finished(table: pa.Table, logarithmic: Sequence[str], percentiles: Sequence[float]) -> pa.Table:
    """What people asked for: KEYS, count, censored, mean, minimum, maximum, and p10, p90 ... as asked (0 to 100).

    logarithmic: parameters whose mean is -log10(mean(10^-x)). A percentile is within sketch.ACCURACY of the value at
    its nearest rank, and never beyond minimum or maximum.
    """
    count = table["count"].to_numpy()
    total = np.array([int(each) for each in table["total"].to_pylist()], object)
    powered = pc.is_in(table["parameter"], pa.array(list(logarithmic), pa.string())).to_numpy(zero_copy_only=False)
    mean = np.array(
        [float(t) / n / (POWERS if p else STEPS) for t, n, p in zip(total, count.tolist(), powered, strict=True)]
    )
    mean[powered] = -np.log10(mean[powered])
    answer = table.select([*KEYS, "count", "censored"]).append_column("mean", pa.array(mean, pa.float64()))
    for name in ("minimum", "maximum"):
        answer = answer.append_column(name, table[name])
    for share in percentiles:
        answer = answer.append_column(f"p{share:g}", pa.array(_percentile(table, share), pa.float64()))
    return answer


def _percentile(table: pa.Table, share: float) -> Array:
    bucket, tally = table["bucket"].combine_chunks(), table["tally"].combine_chunks()
    length = pc.fill_null(_lengths(bucket), 0).to_numpy(zero_copy_only=False)
    first = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    flat, counts = (each.flatten().to_numpy().astype(np.int64) for each in (bucket, tally))
    found = percentile(flat, counts, first, share / 100)
    return np.clip(found, table["minimum"].to_numpy(), table["maximum"].to_numpy())
