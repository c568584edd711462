"""Dated editions: read whole or refused, chosen by the day."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest

from shangyou.core.errors import InputError, NotFoundError
from shangyou.standards.library import CONFIRMED, UNVERIFIED, Edition, edition, editions, load, parse

HEAD: dict[str, object] = {
    "id": "T 1-2002",
    "family": "t",
    "title_zh": "试",
    "title_en": "Trial",
    "source": "none",
    "status": CONFIRMED,
    "valid_from": date(2002, 6, 1),
    "valid_to": date(2010, 1, 1),
}


def all_editions() -> list[Edition]:
    names = [entry.name for entry in files("shangyou.standards").iterdir() if entry.name.endswith(".yaml")]
    dated = [load(name) for name in sorted(names)]
    return [parse("a file", content) for content in dated if "valid_from" in content]


@pytest.mark.parametrize("one", all_editions(), ids=lambda one: one.id)
def test_every_edition_names_its_source_and_can_be_found_by_its_first_day(one: Edition) -> None:
    assert one.source.strip()
    assert one.title_zh
    assert one.title_en
    assert one in editions(one.family)
    assert edition(one.family, one.valid_from).valid_from == one.valid_from


def test_an_edition_is_in_force_from_its_first_to_its_last_day() -> None:
    one = parse("t.yaml", HEAD)
    days = [date(2002, 5, 31), date(2002, 6, 1), date(2010, 1, 1), date(2010, 1, 2)]
    assert [one.in_force(day) for day in days] == [False, True, True, False]


def test_before_its_first_edition_a_standard_does_not_apply() -> None:
    with pytest.raises(NotFoundError) as caught:
        edition("gb3838", date(2002, 5, 31))
    assert caught.value.code == "standards.edition"


def test_an_unknown_standard_and_an_unknown_file_are_said_to_be_so() -> None:
    with pytest.raises(NotFoundError) as family:
        editions("nothing")
    with pytest.raises(NotFoundError) as file:
        load("nothing.yaml")
    assert (family.value.code, file.value.code) == ("standards.family", "standards.file")


@pytest.mark.parametrize(
    "change",
    [{"status": "sure"}, {"valid_from": "2002"}, {"valid_to": date(2001, 1, 1)}],
    ids=["status", "date as text", "end before start"],
)
def test_a_file_with_a_wrong_head_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"standards.form"):
        parse("t.yaml", HEAD | change)


def test_a_file_without_source_is_refused_and_told_what_it_lacks() -> None:
    with pytest.raises(InputError) as caught:
        parse("t.yaml", {key: value for key, value in HEAD.items() if key != "source"})
    assert caught.value.facts["what"] == "source"


def test_what_is_from_memory_is_listed_by_its_path() -> None:
    inside = {"limits": {"a": {"status": UNVERIFIED, "value": 1}, "b": {"value": 2}}, "list": ({"status": UNVERIFIED},)}
    assert parse("t.yaml", HEAD | inside).unverified() == ("limits.a", "list.0")
    assert parse("t.yaml", HEAD | inside | {"status": UNVERIFIED}).unverified() == ("",)


def test_the_rules_say_which_of_their_numbers_are_from_memory() -> None:
    found = edition("assessment", date(2021, 4, 1)).unverified()
    assert {"trend.larger", "samples.quarter", "samples.year"} <= set(found)
    assert edition("gb3838", date(2021, 4, 1)).unverified() == ("table_3.organics_remembered",)


def test_what_was_read_cannot_be_changed() -> None:
    body = edition("gb3838", date(2021, 4, 1)).body
    with pytest.raises(TypeError):
        body["items"]["ph"] = {}
