"""What is written beside the observations: their batches, and how far the journal has been read."""

from __future__ import annotations

import duckdb

from shangyou.core.ports import Batch, Progress
from shangyou.core.records import Counts


def parts(cursor: duckdb.DuckDBPyConnection, batch: Batch) -> int:
    """How many parts of the batch are in the store."""
    row = cursor.execute("select parts from batch where id = ?", [batch.id]).fetchone()
    return int(row[0]) if row else 0


def enter(cursor: duckdb.DuckDBPyConnection, batch: Batch, counts: Counts, part: int) -> None:
    """Enter a batch with the counts of its first part, or add those of a further one."""
    numbers = [counts.received, counts.new, counts.unchanged, counts.revised, counts.refused]
    if part:
        cursor.execute(
            "update batch set n_received = n_received + ?, n_new = n_new + ?, n_unchanged = n_unchanged + ?,"
            " n_revised = n_revised + ?, n_refused = n_refused + ?, parts = ? where id = ?",
            [*numbers, part + 1, batch.id],
        )
        return
    cursor.execute(
        "insert into batch values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, 1)",
        [batch.id, batch.kind, batch.source, batch.received, batch.digest, batch.by, batch.entries, *numbers],
    )


def set_progress(cursor: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    """Note how far the journal has been read."""
    cursor.execute(
        "insert or replace into meta values ('done', ?), ('needed', ?)",
        [progress.done, progress.needed],
    )
