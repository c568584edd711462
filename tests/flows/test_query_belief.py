"""Answers of other nodes that cannot be believed, and what becomes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.exchange.question import Question
from shangyou.exchange.reply import KEY, Header, digest, packed
from shangyou.flows.query import Line, summed
from tests.fakes.exchange_question import (
    APRIL,
    NOW,
    Respondents,
)
from tests.flows.asking import REGISTRY, WHOLE_APRIL, asked, line


def spoilt(nodes: Respondents, body: bytes) -> Line:
    nodes.spoil = lambda member, answer: replace(answer, body=body) if member == "sichuan" else answer
    found = asked(nodes)
    assert summed(found)["label"].to_pylist() == ["50.朱沱", "52.清池"]
    return line(found, "sichuan")


@pytest.mark.parametrize("body", [b"", b"no arrow", b"\x28\xb5\x2f\xfd" + bytes(40), b"\xff" * 5000])
def test_bytes_that_are_no_answer_are_not_believed(nodes: Respondents, body: bytes) -> None:
    assert (spoilt(nodes, body).state, spoilt(nodes, body).code) == ("wrong", "query.answer")


def reply(question: Question, **columns: Any) -> bytes:
    """A reply of Sichuan with one group, some of whose columns are as given."""
    good = {"label": "51.清风峡", "parameter": "ph", "cadence": "hour", "statistic": "value", "period": APRIL}
    good |= {"count": 1, "censored": 0, "total": 7, "minimum": 7.0, "maximum": 7.0, "bucket": None, "tally": None}
    from shangyou.exchange.summaries.summary import SCHEMA

    table = pa.table({k: pa.array([v], SCHEMA.field(k).type) for k, v in (good | columns).items()}, schema=SCHEMA)
    return packed(table, Header(digest(question), "sichuan", NOW))


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum": float("nan")},
        {"maximum": float("inf")},
        {"count": -1},
        {"label": None},
        {"total": None},
        {"parameter": "长" * 300},
    ],
)
def test_a_summary_with_impossible_numbers_is_not_believed(nodes: Respondents, wrong: dict[str, Any]) -> None:
    assert spoilt(nodes, reply(WHOLE_APRIL, **wrong)).code == "query.answer"


def test_an_answer_to_another_question_or_of_another_node_is_not_believed(nodes: Respondents) -> None:
    assert spoilt(nodes, reply(replace(WHOLE_APRIL, as_of=1))).state == "wrong"
    good, said = reply(WHOLE_APRIL), []
    nodes.spoil = lambda member, answer: replace(answer, body=good)
    said = [each.state for each in asked(nodes).lines]
    assert said == ["answered", "answered", "wrong", "wrong"]


def test_more_than_was_asked_for_is_not_believed(nodes: Respondents) -> None:
    question = replace(WHOLE_APRIL, parameters=("ph",), sections=("51.清风峡",))
    for other in ({"label": "50.朱沱"}, {"parameter": "ammonia_nitrogen"}):
        body = reply(question, **other)
        nodes.spoil = lambda _, answer, body=body: replace(answer, body=body)  # type: ignore[misc]
        assert line(asked(nodes, question), "sichuan").state == "wrong"


def test_a_small_answer_that_opens_into_a_large_one_is_not_opened(nodes: Respondents) -> None:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as pipe:
        for _ in range(300):
            pipe.write(bytes(1 << 20))
    assert spoilt(nodes, sink.getvalue().to_pybytes()).state == "wrong"


def test_buffers_that_are_compressed_within_are_not_opened(nodes: Respondents) -> None:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    table = pa.table({"label": pa.array(["x"] * 100_000)}).replace_schema_metadata({KEY: b"{}"})
    with (
        pa.CompressedOutputStream(sink, "zstd") as pipe,
        pa.ipc.new_stream(pipe, table.schema, options=options) as writer,
    ):
        writer.write_table(table)
    found = spoilt(nodes, sink.getvalue().to_pybytes())
    assert "compressed" in str(found.facts["detail"])


@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_bytes_whatever_bring_the_asker_down(noise: bytes, at: int) -> None:
    nodes = Respondents("ministry", REGISTRY, "sichuan")
    good = reply(WHOLE_APRIL)
    for body in (noise, good[:at] + noise + good[at:], good[:at]):
        nodes.spoil = lambda _, answer, body=body: replace(answer, body=body)  # type: ignore[misc]
        assert line(asked(nodes), "sichuan").state in ("wrong", "answered")


def test_a_refusal_full_of_nonsense_is_cut_to_a_line(nodes: Respondents) -> None:
    told = {"code": "evil<script>", "facts": {"left": [{"code": "x" * 9999, "rule": {"a": 1}}, 7], "a" * 99: "b" * 999}}
    body = json.dumps(told).encode()
    nodes.spoil = lambda member, answer: replace(answer, status=403, body=body) if member == "sichuan" else answer
    found = line(asked(nodes), "sichuan")
    assert (found.state, found.code, len(found.left[0].code)) == ("refused", "query.status", 300)
