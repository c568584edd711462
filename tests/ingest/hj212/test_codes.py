"""The tables against the collected facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shangyou.ingest.hj212.codes import (
    CADENCES,
    COMMANDS,
    EXE_RETURN,
    KEPT_RAW,
    MARKS,
    QN_RETURN,
    SUFFIXES,
    SYSTEMS,
    edition,
)


@pytest.mark.shared
def test_the_tables_hold_every_code_of_the_collected_facts(shared: Path) -> None:
    facts = json.loads((shared / "reference" / "facts" / "hj212_protocol.json").read_text("utf-8"))
    assert set(facts["ST_2017"]) | set(facts["ST_2025_added"]) == set(SYSTEMS)
    assert set(facts["CN_2017"]) | set(facts["CN_2025_added"]) == set(COMMANDS) - {"9021"}
    assert set(facts["QnRtn"]) == set(QN_RETURN)
    assert set(facts["ExeRtn"]) == set(EXE_RETURN)
    assert set(facts["data_flags_2017"]) <= set(MARKS)
    assert set(SUFFIXES) <= set(facts["suffixes"])


@pytest.mark.parametrize("table", [SYSTEMS, COMMANDS, QN_RETURN, EXE_RETURN])
def test_what_only_the_2025_edition_has_is_unverified(table: dict[str, object]) -> None:
    only = [row for row in table.values() if getattr(row, "editions", ()) == (2025,)]
    assert all(getattr(row, "status", "") == "unverified" for row in only)


def test_every_command_has_a_kind() -> None:
    assert {row.kind for row in COMMANDS.values()} == {"request", "upload", "notice", "interaction"}
    assert set(CADENCES) | set(KEPT_RAW) <= set(COMMANDS)


def test_the_edition_is_in_the_upper_bits_of_flag() -> None:
    assert [edition(flag) for flag in (None, 0, 1, 4, 5, 7, 8, 9, 12)] == [
        *(2005, 2005, 2005, 2017, 2017, 2017, 2025, 2025, None)
    ]
