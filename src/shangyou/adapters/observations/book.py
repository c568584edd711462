"""What is written beside the observations: their batches, and how far the journal has been read."""

from __future__ import annotations

import duckdb

from shangyou.core.ports import Batch, Progress
from shangyou.core.records import Counts


def knows(cursor: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    """Has the batch been entered?"""
    return cursor.execute("select 1 from batch where id = ?", [batch.id]).fetchone() is not None


def enter(cursor: duckdb.DuckDBPyConnection, batch: Batch, counts: Counts, resume: bool) -> None:
    """Enter a batch with its counts, or add counts to a batch that goes on."""
    numbers = [counts.received, counts.new, counts.unchanged, counts.revised, counts.refused]
    if resume:
        cursor.execute(
            "update batch set n_received = n_received + ?, n_new = n_new + ?, n_unchanged = n_unchanged + ?,"
            " n_revised = n_revised + ?, n_refused = n_refused + ? where id = ?",
            [*numbers, batch.id],
        )
        return
    cursor.execute("delete from batch where id = ?", [batch.id])
    cursor.execute(
        "insert into batch values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null)",
        [batch.id, batch.kind, batch.source, batch.received, batch.digest, batch.by, batch.entries, *numbers],
    )


def set_progress(cursor: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    """Note how far the journal has been read."""
    cursor.execute(
        "insert or replace into meta values ('done', ?), ('needed', ?)",
        [progress.done, progress.needed],
    )
