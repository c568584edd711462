"""Blocks: what a transfer moves at a time, as bytes in one of three forms, and the digest of the whole.

A block is complete in itself, so that it can be checked, stored, sent again and counted alone.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterable
from typing import Final

import numpy as np
import pyarrow as pa

from shangyou.core.errors import InputError
from shangyou.exchange.compressed import is_compressed
from shangyou.exchange.outlet import WIRE

ROWS: Final = 122_880  # of a block, about: what DuckDB packs together, so that few rows are unpacked twice
MOST_ROWS: Final = 4_000_000
MOST_OPEN: Final = 1 << 29  # bytes of a block in memory: so many rows have two thirds of that
HEAD: Final = 1 << 14  # bytes of a block beside its columns, about
KINDS: Final = {  # form: content type
    "Arrow": "application/vnd.apache.arrow.stream",
    "Parquet": "application/vnd.apache.parquet",
    "CSV": "text/csv; charset=utf-8",
}
FORMATS: Final = ("Arrow-PULL", "Parquet-PULL", "CSV-PULL", "Arrow-PUSH", "Arrow-FEED")


def form_of(format: str) -> tuple[str, str]:
    """Form and way of a format of transfers. InputError "transfer.format".

    >>> form_of("CSV-PULL")
    ('CSV', 'PULL')
    """
    if format not in FORMATS:
        raise InputError("transfer.format", format=format[:40], known=list(FORMATS))
    form, _, way = format.partition("-")
    return form, way


def encode(rows: pa.RecordBatch, form: str) -> bytes:
    """The bytes of rows (WIRE): the same rows give the same bytes."""
    sink = io.BytesIO()
    if form == "Arrow":
        sink.seek(rows.nbytes + HEAD)  # room for all of it at once: it would be moved with each column otherwise
        sink.write(b"\0")
        sink.seek(0)
        with pa.ipc.new_stream(sink, WIRE) as writer:
            writer.write_batch(_blanked(rows))
        sink.truncate()
    elif form == "Parquet":
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_batches([rows], WIRE), sink, compression="zstd")
    else:
        from pyarrow import csv

        csv.write_csv(pa.Table.from_batches([rows], WIRE).cast(_plain()), sink)
    return sink.getvalue()


def _blanked(rows: pa.RecordBatch) -> pa.RecordBatch:
    """With 0 where there is no `upper`: there stands what lay in memory, never twice alike, maybe of other rows."""
    place = WIRE.names.index("upper")
    upper = rows.column(place)
    if not upper.null_count:
        return rows
    there = np.packbits(upper.is_valid().to_numpy(zero_copy_only=False), bitorder="little")
    bounds = [pa.py_buffer(there), pa.py_buffer(upper.fill_null(0.0).to_numpy())]
    return rows.set_column(place, WIRE.field(place), pa.Array.from_buffers(upper.type, len(upper), bounds))


def decode(body: bytes, form: str) -> pa.RecordBatch:
    """The rows of a block. InputError "transfer.block" for anything that is not one."""
    try:
        table = _table(body, form)
        if table.num_rows > MOST_ROWS or table.schema.names != WIRE.names:
            raise InputError("transfer.block", detail=f"{table.num_rows} rows, {','.join(table.schema.names)[:200]}")
        table.validate(full=True)
        rows = table.cast(WIRE)
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError, struct.error, LookupError) as error:
        raise InputError("transfer.block", detail=str(error)[:200]) from error
    if any(rows.column(i).null_count for i, field in enumerate(WIRE) if field.name != "upper"):
        raise InputError("transfer.block", detail="null")
    batches = rows.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], WIRE)


def _table(body: bytes, form: str) -> pa.Table:
    if form == "Arrow":
        with pa.ipc.open_stream(pa.BufferReader(body)) as reader:
            if not reader.schema.equals(WIRE):
                raise InputError("transfer.block", detail=str(reader.schema)[:200])
            if is_compressed(body):
                raise InputError("transfer.block", detail="buffers are compressed")
            return reader.read_all()
    if form == "Parquet":
        import pyarrow.parquet as pq

        names = [field.name for field in WIRE if pa.types.is_dictionary(field.type)]  # else a text counts for each row
        file = pq.ParquetFile(pa.BufferReader(body), read_dictionary=names)
        told, groups = file.metadata, range(file.metadata.num_row_groups)
        opened = sum(told.row_group(i).total_byte_size for i in groups)
        if told.num_rows > MOST_ROWS or opened > MOST_OPEN:
            raise InputError("transfer.block", detail=f"{told.num_rows} rows, {opened} bytes")
        return file.read()
    from pyarrow import csv

    plain = _plain()
    options = csv.ConvertOptions(column_types=plain, strings_can_be_null=False, null_values=[""])
    return csv.read_csv(pa.BufferReader(body), convert_options=options)


def _plain() -> pa.Schema:
    return pa.schema([(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in WIRE])


def digest_of(body: bytes) -> str:
    """SHA-256 of a block, hex."""
    return hashlib.sha256(body).hexdigest()


def whole_digest(digests: Iterable[str]) -> str:
    """Digest of all blocks in order: SHA-256 of their digests, one a line."""
    return hashlib.sha256("".join(f"{each}\n" for each in digests).encode()).hexdigest()
