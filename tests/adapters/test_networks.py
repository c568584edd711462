"""Revisions in a file of the home."""

from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.adapters.networks import FILE, FOLDER, NetworkFile
from shangyou.basin.network.revision import Plan, Revision
from shangyou.basin.network.values import Kind
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.flows.network import Rivers
from tests.basin.network.made import fork, place

INTAKE = place("intake", "c", 10.0, Kind.INTAKE)


def rivers(home: Path) -> Rivers:
    return Rivers(fork, NetworkFile(home))


def test_what_was_edited_is_there_after_a_restart(tmp_path: Path) -> None:
    own = rivers(tmp_path)
    own.change({("place", "intake"): INTAKE}, "ann", "surveyed", 1000)
    own.change({("plan", "r"): Plan("r", "关闸", "Shut the gate.", {"sichuan": "duty desk"})}, "ben", "agreed", 2000)
    own.undo(1, "ben", "wrong", 3000)
    again = rivers(tmp_path)
    assert again.book().revisions == own.book().revisions
    assert not again.network().has("intake")
    assert again.book().plan("r").contacts == {"sichuan": "duty desk"}
    assert again.book().plan("s") == Plan("s")


def test_a_line_that_a_crash_cut_off_was_never_acknowledged(tmp_path: Path) -> None:
    rivers(tmp_path).change({("place", "intake"): INTAKE}, "ann", "surveyed", 1000)
    path = tmp_path / FOLDER / FILE
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    own = rivers(tmp_path)
    assert own.book().number == 1
    own.undo(1, "ben", "wrong", 2000)
    assert rivers(tmp_path).book().number == 2


@pytest.mark.parametrize("bad", [b"{}", b"\xff", b"[]", b'{"number":1,"at":0,"by":"","why":"","changes":[1]}'])
def test_a_damaged_line_is_told_with_its_number(tmp_path: Path, bad: bytes) -> None:
    rivers(tmp_path).change({("place", "intake"): INTAKE}, "ann", "surveyed", 1000)
    with (tmp_path / FOLDER / FILE).open("ab") as file:
        file.write(bad + b"\n")
    with pytest.raises(InputError) as caught:
        rivers(tmp_path).book()
    assert (caught.value.code, caught.value.facts["line"]) == ("network.damaged", 2)


def test_of_two_that_take_one_number_the_second_is_told(tmp_path: Path) -> None:
    kept = NetworkFile(tmp_path)
    kept.append(Revision(1, 0, "ann", "first", ()))
    with pytest.raises(ConflictError) as caught:
        kept.append(Revision(1, 0, "ben", "at once", ()))
    assert caught.value.facts["by"] == "ann"


def test_what_is_refused_changes_nothing(tmp_path: Path) -> None:
    own = rivers(tmp_path)
    with pytest.raises(NotFoundError):
        own.change({("place", "nothing"): None}, "ann", "gone", 1)
    assert own.book().number == 0
    assert not (tmp_path / FOLDER).exists()
