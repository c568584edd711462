"""Blocks of a transfer into one file for a person: Arrow, Parquet or CSV; whole or not there at all."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pyarrow as pa

from shangyou.core.errors import InputError, UnavailableError
from shangyou.exchange.outlet import WIRE

KINDS: Final = {".arrow": "arrow", ".parquet": "parquet", ".csv": "csv"}
PLAIN: Final = pa.schema([(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in WIRE])


class FileSink:
    """Keeps blocks in a file that gets its name when all of them are there. See flows.deliver.Sink."""

    def __init__(self, path: Path) -> None:
        """The ending names the form. InputError "transfer.file"; UnavailableError "transfer.file_write"."""
        if path.suffix not in KINDS:
            raise InputError("transfer.file", path=str(path), known=list(KINDS))
        self._path, self._part = path, path.with_name(path.name + ".part")
        self._next = 0
        try:
            self._writer = _writer(str(self._part), KINDS[path.suffix])
        except OSError as error:
            raise UnavailableError("transfer.file_write", path=str(path), detail=str(error)) from error

    def put(self, number: int, rows: pa.RecordBatch) -> None:
        """See Sink."""
        if number < self._next:
            return
        self._next = number + 1
        if not rows.num_rows:
            return
        try:
            if isinstance(self._writer, pa.ipc.RecordBatchFileWriter):
                self._writer.write_batch(rows.cast(PLAIN))  # a file of Arrow holds one dictionary: names stand in full
            else:
                self._writer.write_table(pa.Table.from_batches([rows]).cast(PLAIN))
        except OSError as error:
            raise UnavailableError("transfer.file_write", path=str(self._path), detail=str(error)) from error

    def __enter__(self) -> FileSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)


def _writer(path: str, kind: str) -> Any:
    if kind == "arrow":
        return pa.ipc.new_file(path, PLAIN)
    if kind == "parquet":
        import pyarrow.parquet as pq

        return pq.ParquetWriter(path, PLAIN, compression="zstd")
    from pyarrow import csv

    return csv.CSVWriter(path, PLAIN)
