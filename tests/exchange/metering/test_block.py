"""Blocks are read as they were written, and any other bytes are refused."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.block import KINDS, decode, digest_of, encode, whole_digest
from shangyou.exchange.outlet import WIRE

FORMS = st.sampled_from(list(KINDS))
NUMBERS = st.integers(0, 200)


def rows(count: int) -> pa.RecordBatch:
    columns = []
    for field in WIRE:
        if pa.types.is_dictionary(field.type):
            columns.append(
                pa.array([f"{field.name}, 甲{i % 3}" for i in range(count)]).dictionary_encode().cast(field.type)
            )
        elif field.name == "upper":
            columns.append(pa.array([None if i % 2 else 1.5 for i in range(count)], pa.float64()))
        else:
            columns.append(pa.array(np.arange(count) % 200).cast(field.type))
    return pa.RecordBatch.from_arrays(columns, schema=WIRE)


def outcome(body: bytes, form: str) -> str:
    try:
        found = decode(body, form)
    except InputError as error:
        return error.code
    return "rows" if found.schema.equals(WIRE) else str(found.schema)


@given(FORMS, NUMBERS)
def test_a_block_comes_back_as_it_was(form: str, count: int) -> None:
    given_rows = rows(count)
    assert decode(encode(given_rows, form), form).to_pylist() == given_rows.to_pylist()


@given(FORMS, NUMBERS)
def test_the_same_rows_are_the_same_bytes(form: str, count: int) -> None:
    assert encode(rows(count), form) == encode(rows(count), form)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.floats(), st.integers(0, 40))
def test_what_lies_in_memory_where_nothing_is_does_not_leave(there: list[bool], junk: float, start: int) -> None:
    def bounded(left_over: float) -> pa.RecordBatch:
        valid = np.packbits(there, bitorder="little")
        values = np.where(there, 7.5, left_over)
        upper = pa.Array.from_buffers(pa.float64(), len(there), [pa.py_buffer(valid), pa.py_buffer(values)])
        place = WIRE.names.index("upper")
        return rows(len(there)).set_column(place, WIRE.field(place), upper).slice(start)

    body = encode(bounded(junk), "Arrow")
    assert body == encode(bounded(1.25), "Arrow")
    assert decode(body, "Arrow").column("upper").to_pylist() == [7.5 if each else None for each in there[start:]]


def test_a_small_block_that_opens_into_a_large_one_is_not_opened() -> None:
    sink, many = io.BytesIO(), rows(1).take(pa.array(np.zeros(500_000, np.int32)))
    with pa.ipc.new_stream(sink, WIRE, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        for _ in range(4):
            writer.write_batch(many)
    body = sink.getvalue()
    assert len(body) < 100_000
    before = pa.total_allocated_bytes()
    with pytest.raises(InputError, match=r"transfer\.block") as refused:
        decode(body, "Arrow")
    assert "compressed" in str(refused.value.facts["detail"])
    assert pa.total_allocated_bytes() - before < 1 << 20


def test_a_parquet_block_of_anothers_making_is_read_by_its_columns() -> None:
    given_rows, sink = rows(50), io.BytesIO()
    pq.write_table(pa.Table.from_batches([given_rows]), sink, store_schema=False)
    assert decode(sink.getvalue(), "Parquet").to_pylist() == given_rows.to_pylist()


@settings(max_examples=300, deadline=None)
@given(FORMS, st.binary(max_size=300))
@example("CSV", b"")
def test_any_bytes_are_rows_or_refused(form: str, body: bytes) -> None:
    assert outcome(body, form) in ("rows", "transfer.block")


@settings(max_examples=300, deadline=None)
@given(FORMS, st.integers(0, 20), st.data())
def test_a_damaged_block_is_rows_or_refused(form: str, count: int, data: st.DataObject) -> None:
    body = bytearray(encode(rows(count), form))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert outcome(bytes(body), form) in ("rows", "transfer.block")


def test_other_columns_are_refused() -> None:
    sink = pa.BufferOutputStream()
    table = pa.table({"site": ["x"]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(InputError, match=r"transfer\.block"):
        decode(sink.getvalue().to_pybytes(), "Arrow")


def test_the_digest_of_the_whole_depends_on_the_order() -> None:
    one, other = digest_of(b"1"), digest_of(b"2")
    assert whole_digest([one, other]) != whole_digest([other, one])
