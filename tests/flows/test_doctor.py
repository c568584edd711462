"""Findings: what is well is said to be well, and what is not names who can mend it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shangyou.faces.sentences import messages
from shangyou.flows.doctor import (
    BEHIND_BAD,
    CLOCK_MS,
    DISK_BAD,
    DISK_NOTE,
    Damage,
    Inside,
    Level,
    Machine,
    examine,
    worst,
)

WELL = Machine(
    home="/node",
    python=(3, 11),
    free=10 * DISK_NOTE,
    now=1_000_000_000,
    newest=999_999_000,
    unwritable=(),
    open=(),
    leftovers=(),
    busy=(),
    entries=12,
)
QUIET = Inside(serving=True, behind=0, trouble="", unconfirmed=0, state="SQLite 3")


def levels(machine: Machine, inside: Inside | None = QUIET, failed: str = "") -> dict[str, Level]:
    """The levels of all findings that are not good, by code."""
    found = examine(machine, inside, (failed, {}) if failed else None)
    assert all(finding.code in messages() for finding in found)
    return {finding.code: finding.level for finding in found if finding.level is not Level.GOOD}


def test_a_node_that_is_well_gives_good_findings_of_every_check() -> None:
    found = examine(WELL, QUIET, None)
    assert {f.check for f in found} == {"python", "disk", "clock", "files", "ports", "journal", "stores", "digest"}
    assert levels(WELL) == {}
    assert worst(found) == 0


@pytest.mark.parametrize(
    ("machine", "code", "level", "exit_code"),
    [
        (replace(WELL, python=(3, 10)), "doctor.python", Level.CONFLICT, 5),
        (replace(WELL, free=DISK_BAD - 1), "doctor.disk", Level.UNAVAILABLE, 6),
        (replace(WELL, free=DISK_NOTE - 1), "doctor.disk", Level.NOTE, 0),
        (replace(WELL, newest=WELL.now + CLOCK_MS + 1), "doctor.clock_back", Level.CONFLICT, 5),
        (replace(WELL, unwritable=("/node/journal",)), "doctor.unwritable", Level.CONFLICT, 5),
        (replace(WELL, missing=("/node/ledger",)), "doctor.missing", Level.CONFLICT, 5),
        (replace(WELL, mute={"folder": "/node/federation/keys", "listed": ["a"]}), "keys.none", Level.CONFLICT, 5),
        (replace(WELL, open=("/node/state.sqlite",)), "doctor.readable", Level.NOTE, 0),
        (replace(WELL, leftovers=("/node/.backup-1",)), "doctor.leftovers", Level.NOTE, 0),
        (replace(WELL, busy=("127.0.0.1:8350",)), "doctor.port", Level.UNAVAILABLE, 6),
        (replace(WELL, damage=Damage("0.log", 7)), "journal.damaged", Level.CONFLICT, 5),
    ],
)
def test_what_is_wrong_with_the_machine_is_told(machine: Machine, code: str, level: Level, exit_code: int) -> None:
    assert levels(machine) == {code: level}
    assert worst(examine(machine, QUIET, None)) == exit_code


@pytest.mark.parametrize(
    ("inside", "code", "level"),
    [
        (replace(QUIET, trouble="store.full"), "doctor.trouble", Level.UNAVAILABLE),
        (replace(QUIET, ledger_behind=9), "doctor.ledger_behind", Level.CONFLICT),
        (replace(QUIET, behind=BEHIND_BAD + 1), "doctor.behind", Level.CONFLICT),
        (replace(QUIET, behind=1, serving=False), "doctor.waiting", Level.NOTE),
        (replace(QUIET, unconfirmed=3), "doctor.unconfirmed", Level.NOTE),
    ],
)
def test_what_is_wrong_inside_is_told(inside: Inside, code: str, level: Level) -> None:
    assert levels(WELL, inside) == {code: level}


def test_a_few_entries_under_way_are_no_finding_while_the_node_serves() -> None:
    assert levels(WELL, replace(QUIET, behind=5)) == {}


def test_stores_that_do_not_open_are_told_by_their_own_code() -> None:
    assert levels(WELL, None, "store.edition") == {"store.edition": Level.UNAVAILABLE}
