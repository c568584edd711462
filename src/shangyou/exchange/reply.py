"""A node's reply to a question, on the wire: an Arrow stream behind zstd, whose schema carries a versioned header.

What another node sends is opened within bounds and believed only as far as it can be what was asked for.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.errors import InputError
from shangyou.exchange.compressed import is_compressed
from shangyou.exchange.question import Question, written
from shangyou.exchange.summaries.summary import SCHEMA, checked

MEDIA: Final = "application/vnd.shangyou.reply"
VERSION: Final = 1
KEY: Final = b"shangyou.reply"  # of the header in the schema's metadata
MOST_BYTES: Final = 15 << 20  # as sent
MOST_OPEN: Final = 256 << 20  # opened
MOST_ROWS: Final = 1_000_000
LONGEST: Final = 200  # characters of a name
USABLE: Final = 3  # records.Flag: worse ones allow no assessment

_NAME: Final = pa.dictionary(pa.int32(), pa.string())
_MOMENT: Final = pa.timestamp("ms", "UTC")
ROWS: Final = pa.schema(  # observations; `site` is the section's id
    [
        *((name, pa.string()) for name in ("site", "parameter", "cadence", "statistic")),
        ("time", _MOMENT),
        ("revision", pa.int32()),
        ("value", pa.float64()),
        ("censor", pa.uint8()),
        ("upper", pa.float64()),
        ("mark", pa.uint8()),
        ("flag", pa.uint8()),
        ("suspect", pa.uint32()),
        ("fail", pa.uint32()),
        ("origin", pa.uint8()),
        ("review", pa.uint8()),
        ("received", _MOMENT),
    ]
)


@dataclass(frozen=True, slots=True)
class Left:
    """A part of what was asked for that is not in the reply, and why."""

    code: str  # of messages/query.toml or messages/policy.toml
    agreement: str = ""
    rule: str = ""  # path in the policy
    operand: str = ""
    operator: str = ""
    wanted: str = ""
    found: str = ""
    who: str = ""  # who can change it: policy.terms.Who


@dataclass(frozen=True, slots=True)
class Place:
    """What the node knows of a section that its reply is about."""

    id: str
    name_zh: str
    name_en: str = ""
    province: str = ""
    city: str = ""
    basin: str = ""
    river: str = ""
    kind: str = "river"
    status: str = "unconfirmed"
    confidence: str = ""
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What a reply says of itself."""

    question: str  # digest of the question that it answers
    node: str  # member id
    at: int  # ms since 1970 UTC, when it was made
    values: int = 0  # observations that it stands for
    last: int | None = None  # [ms since 1970 UTC] when the node last received something of what is asked for
    agreements: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()  # what is not in it; () = all that was asked for
    places: tuple[Place, ...] = ()
    simulated: bool = False
    version: int = VERSION


def digest(question: Question) -> str:
    """By which a reply names its question."""
    return hashlib.sha256(written(question)).hexdigest()


def packed(table: pa.Table, header: Header) -> bytes:
    """A reply. InputError "query.too_much" if it would be larger than an answer may be."""
    columns = [
        column.cast(_NAME) if pa.types.is_string(field.type) else column
        for column, field in zip(table.columns, table.schema, strict=True)
    ]
    said = {KEY: msgspec.json.encode(header)}
    table = pa.table(columns, names=table.column_names).replace_schema_metadata(said).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as pipe, pa.ipc.new_stream(pipe, table.schema) as writer:
        writer.write_table(table)
    body: bytes = sink.getvalue().to_pybytes()
    if len(body) > MOST_BYTES:
        raise InputError("query.too_much", rows=len(table), most=MOST_ROWS)
    return body


def unpacked(body: bytes, question: Question, node: str) -> tuple[Header, pa.Table]:
    """A reply of a node, if it can be one to this question; InputError "query.answer" says why it cannot."""
    try:
        header, table = _opened(body)
    except (pa.ArrowException, OSError, ValueError, struct.error, IndexError, MemoryError) as error:
        raise _wrong(f"{type(error).__name__}: {error}") from error
    if header.version != VERSION or header.question != digest(question) or header.node != node:
        raise _wrong(f"version {header.version}, node {header.node[:40]}, or another question")
    table = checked(table) if question.shape == "summary" else _rows(table)
    _within(table, question)
    return header, table


def _wrong(detail: str) -> InputError:
    return InputError("query.answer", detail=detail[:200])


def _opened(body: bytes) -> tuple[Header, pa.Table]:
    """Opened no further than MOST_OPEN, whatever it says of itself."""
    with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as pipe:
        opened = pipe.read(MOST_OPEN + 1)
    if len(opened) > MOST_OPEN:
        raise _wrong(f"more than {MOST_OPEN} bytes")
    if is_compressed(opened):
        raise _wrong("buffers are compressed")
    reader = pa.ipc.open_stream(pa.BufferReader(opened))
    header: Header = msgspec.json.decode((reader.schema.metadata or {}).get(KEY, b""), type=Header)
    table = reader.read_all()
    table.validate(full=True)
    if len(table) > MOST_ROWS:
        raise _wrong(f"{len(table)} rows")
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            names = [chunk.dictionary for chunk in column.chunks]
            if any(pa.types.is_string(n.type) and (pc.max(pc.utf8_length(n)).as_py() or 0) > LONGEST for n in names):
                raise _wrong("a name is too long")
    return header, table


def _rows(table: pa.Table) -> pa.Table:
    """Observations in our schema, each with what it must have."""
    if table.schema.names != ROWS.names:
        raise _wrong(f"columns {', '.join(table.schema.names)}")
    try:
        table = table.cast(ROWS)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _wrong(str(error)) from error
    for name in ROWS.names:
        if name != "upper" and table[name].null_count:
            raise _wrong(f"{name} is missing")
    value = table["value"].to_numpy()
    if (np.isinf(value) | (np.isnan(value) & (table["flag"].to_numpy() <= USABLE))).any():
        raise _wrong("a value that is none is called usable")
    return table


def _within(table: pa.Table, question: Question) -> None:
    """Nothing else than was asked for."""
    asked = {"parameter": question.parameters, "cadence": question.cadences, "statistic": question.statistics}
    if question.shape == "rows":
        asked["site"] = question.sections
    elif question.label == "section":
        asked["label"] = question.sections
    for name, names in asked.items():
        if names and not set(pc.unique(table[name]).to_pylist()) <= set(names):
            raise _wrong(f"{name}: not what was asked for")
    if question.shape == "summary":
        if question.percentiles and table["bucket"].null_count:
            raise _wrong("buckets are missing")
        return
    time = table["time"].cast(pa.int64()).to_numpy()
    early = question.start is not None and bool((time < question.start).any())
    if early or (question.stop is not None and bool((time >= question.stop).any())):
        raise _wrong("time: not what was asked for")
    if question.usable and bool((table["flag"].to_numpy() > USABLE).any()):
        raise _wrong("flag: not what was asked for")


def empty(question: Question) -> pa.Table:
    """A reply's table without rows."""
    return (SCHEMA if question.shape == "summary" else ROWS).empty_table()
