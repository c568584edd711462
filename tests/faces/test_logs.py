"""The log: one line a record, whatever others put into it."""

from __future__ import annotations

import json
import logging

from hypothesis import given
from hypothesis import strategies as st

from shangyou.faces.logs import Json, Text


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("shangyou.portal", logging.ERROR, "", 0, "fault at %s", (text,), None)


@given(st.text())
def test_no_text_of_others_begins_a_line_of_its_own_or_moves_the_cursor(text: str) -> None:
    first, *rest = Text().format(record(text)).split("\n")
    assert "fault at " in first
    assert all(line.startswith("    ") for line in rest)
    assert all(sign.isprintable() or sign == "\t" or ord(sign) > 159 for line in (first, *rest) for sign in line)
    assert "\n" not in Json().format(record(text))


def test_both_forms_tell_what_was_sent() -> None:
    sent = "/a\r\n2026-01-01T00:00:00.000Z INFO shangyou.serve: ended\x1b[2J"
    assert (
        Text().format(record(sent)).endswith("/a\\x0d\n    2026-01-01T00:00:00.000Z INFO shangyou.serve: ended\\x1b[2J")
    )
    assert json.loads(Json().format(record(sent)))["text"] == f"fault at {sent}"
