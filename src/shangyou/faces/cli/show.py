"""Print rows for people, or write them for machines."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import typer

from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError, UnavailableError
from shangyou.faces.cli.words import LANGUAGES, Words
from shangyou.faces.rows import Rows, encode

if TYPE_CHECKING:
    from rich.text import Text

MOST = 10_000  # rows of a table: nobody reads more, and the widths of all must be known before the first is printed
SIZES = ("journal_bytes", "store_bytes", "disk_free", "bytes")
NUMBERS = ("id", "batch", "entry", "line", "process")  # that count nothing
WIDE = 400  # columns of a page that is no terminal


def show(
    rows: Rows, format: str, output: Path | None, words: Words, columns: Sequence[str] = (), record: bool = False
) -> int:
    """Print or write; returns the number of rows. See Call.show."""
    if format == "table":
        return _table(rows, words, columns, record)
    counted = _Counted(rows)
    if output is None:
        if format in ("parquet", "xlsx", "arrow") and sys.stdout.isatty():
            raise InputError("cli.binary", format=format)
        _print(encode(counted.rows, format))
    else:
        _write(counted.rows, format, output)
    return counted.count


def _print(pieces: Iterable[bytes]) -> None:
    """To the standard output, for as long as somebody reads it."""
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # `| head` has seen enough; what is left in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


class _Counted:
    """Rows that are counted as they pass."""

    def __init__(self, rows: Rows) -> None:
        self.count = 0
        self.rows = Rows(rows.schema, self._pass(rows))

    def _pass(self, rows: Rows) -> Iterator[pa.RecordBatch]:
        for batch in rows.batches:
            self.count += batch.num_rows
            yield batch


def _write(rows: Rows, format: str, output: Path) -> None:
    """A file appears under its name when it is whole."""
    part = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            for piece in encode(rows, format):
                file.write(piece)
        part.replace(output)
    except OSError as error:
        raise UnavailableError("cli.write", path=str(output), detail=error.strerror or str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def _table(rows: Rows, words: Words, columns: Sequence[str], record: bool) -> int:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    names = _chosen(rows.schema, words.language, columns)
    found, count = _first(rows, MOST)
    shown = found.select(names)
    terminal = sys.stdout.isatty()
    page = io.StringIO()
    width = Console().width if terminal else WIDE
    console = Console(file=page, force_terminal=terminal, highlight=False, width=width, soft_wrap=False)
    kinds = [shown.schema.field(name).type for name in names]
    headings = [words.known(f"column.{name}", name) for name in names]
    cells = [
        [_text(name, value, words) for value in column.to_pylist()]
        for name, column in zip(names, shown.columns, strict=True)
    ]
    table = Table(box=box.SIMPLE_HEAD, show_header=not record, pad_edge=False)
    if record:
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for heading, values in zip(headings, cells, strict=True):
            if values:
                table.add_row(heading, _plain(values[0]))
    else:
        for heading, kind in zip(headings, kinds, strict=True):
            number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
            table.add_column(heading, justify="right" if number else "left", overflow="fold", no_wrap=number)
        for row in zip(*cells, strict=True):
            table.add_row(*map(_plain, row))
    console.print(table)
    if count > MOST:
        console.print(words("show.more", shown=MOST, rows=count))
    _print([page.getvalue().encode()])
    return count


def _first(rows: Rows, most: int) -> tuple[pa.Table, int]:
    """The first rows, and how many there are in all; no more than those are held in memory."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in rows.batches:
        if count < most:
            held.append(batch.slice(0, most - count))
        count += batch.num_rows
    return pa.Table.from_batches(held, rows.schema), count


def _chosen(schema: pa.Schema, language: str, columns: Sequence[str]) -> list[str]:
    """The columns a table shows: those asked for that there are, and of twins (_zh, _en) the one of the language."""
    names = [name for name in columns if name in schema.names] if columns else list(schema.names)
    if "simulated" in schema.names and "simulated" not in names:
        names.append("simulated")
    other = next(each for each in LANGUAGES if each != language)
    twins = {name for name in names if name.endswith(f"_{other}") and f"{name[:-2]}{language}" in names}
    return [name for name in names if name not in twins]


def _plain(text: str) -> Text:
    """Text as it is: brackets in it are no markup, and what is no character to print is made visible."""
    from rich.text import Text

    return Text("".join(c if c.isprintable() else repr(c)[1:-1] for c in text))


def size(bytes: float) -> str:
    """A size as people read it."""
    for unit in ("B", "kB", "MB"):
        if bytes < 1000:
            return f"{bytes:.0f} {unit}" if unit == "B" else f"{bytes:.1f} {unit}"
        bytes /= 1000
    return f"{bytes:.1f} GB"


def _text(name: str, value: object, words: Words) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return words("yes" if value else "no")
    if isinstance(value, int):
        return size(value) if name in SIZES else str(value) if name in NUMBERS else f"{value:,}"
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    if isinstance(value, datetime):
        return value.astimezone(LEGAL).strftime("%Y-%m-%d %H:%M:%S")
    return str(value)
