"""Pages and entries that other members send: whatever the bytes, an answer or a reason."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.catalogue.entry import (
    DEEPEST,
    OURS,
    catalog_body,
    dataset_body,
    depth,
    encoded,
    read_entry,
)
from shangyou.exchange.catalogue.feed import Page, digest, read_page, write_page
from shangyou.exchange.dataset import DataLevel, Dataset, Offer, Sharing
from tests.fakes.exchange_catalogue import a_dataset, not_shared

BODY = encoded(dataset_body(a_dataset("sc/a"), "https://sc.example/dsp/2025-1", "cq"))
PAGE = write_page(("sc", "e"), 0, [(1, "sc/a", BODY), (2, "sc/b", None)], 2, digest([("sc/a", 1)]))


def test_what_is_written_is_read() -> None:
    page = read_page(PAGE, "sc", 0)
    assert [(e.dataset, e.sequence) for e in page.entries] == [(a_dataset("sc/a"), 1)]
    assert page.bodies == (BODY,)
    assert [(g.id, g.sequence) for g in page.gone] == [("sc/b", 2)]
    assert (page.more, page.next, page.summary) == (False, 2, digest([("sc/a", 1)]))
    assert page.entries[0].service == "https://sc.example/dsp/2025-1"


TEXTS = st.text(st.characters(codec="utf-8"), max_size=50)


@given(
    st.builds(
        lambda zh, en, about, words, level, sharing, at, sim, automatic: replace(
            a_dataset("sc/a", zh or "无", at),
            title_en=en,
            about_zh=about,
            keywords=tuple(words),
            level=level,
            sharing=sharing,
            simulated=sim,
            offers=(Offer("o", {"permission": [{"action": "use"}]}, automatic),),
        ),
        *(TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=5), st.sampled_from(DataLevel), st.sampled_from(Sharing)),
        *(st.integers(0, 2**47), st.booleans(), st.booleans()),
    )
)
def test_every_dataset_comes_to_its_owner_as_it_was(dataset: Dataset) -> None:
    assert read_entry(encoded(dataset_body(dataset, "", "sc")), "sc", 1).dataset == dataset


def test_offers_carry_no_target_and_no_parties() -> None:
    policy = {"permission": [{"action": "use"}], "target": "x", "assigner": "sc", "assignee": "cq"}
    body = dataset_body(a_dataset("sc/a", offers=(Offer("o", policy),)), "", "cq", alone=True)
    assert body["hasPolicy"] == [{"permission": [{"action": "use"}], "@id": "o", "@type": "Offer"}]
    assert body["@context"] == ["https://w3id.org/dspace/2025/1/context.jsonld"]


def test_a_catalog_lists_what_may_be_had_and_an_empty_one_has_no_list() -> None:
    both = [a_dataset("sc/a"), not_shared("sc/b")]
    assert [d["@id"] for d in catalog_body(both, "sc", "", "cq")["dataset"]] == ["sc/a"]  # type: ignore[attr-defined]
    assert "dataset" not in catalog_body(both[1:], "sc", "", "cq")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_or_are_refused(body: bytes) -> None:
    with pytest.raises(InputError, match=r"catalogue\.page"):
        read_page(body, "sc", 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


PLACES = [place for place in places(json.loads(PAGE)) if place]


@given(st.sampled_from(PLACES), JSON)
def test_a_page_with_anything_anywhere_is_read_or_refused(place: tuple[object, ...], anything: object) -> None:
    said = json.loads(PAGE)
    at = said
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = anything
    with suppress(InputError):
        page = read_page(json.dumps(said).encode(), "sc", 0)
        assert_theirs(page)


def assert_theirs(page: Page) -> None:
    assert {entry.dataset.owner for entry in page.entries} <= {"sc"}
    assert all(each.id.startswith("sc/") for each in page.gone)
    assert {error.code.partition(".")[0] for _, error in page.refused} <= {"catalogue"}


@given(st.integers(0, len(BODY)), st.binary(max_size=4))
def test_an_entry_with_bytes_cut_or_put_in_is_read_or_refused(place: int, bytes_: bytes) -> None:
    with suppress(InputError):
        assert read_entry(BODY[:place] + bytes_ + BODY[place + len(bytes_) :], "sc", 1).dataset.owner == "sc"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'"' + b'\\"' * 32_000, "catalogue.entry_form"),
        (b"[" * 60_000, "catalogue.entry_depth"),
        (b'{"a":' * 10_000, "catalogue.entry_depth"),
        (b" " * 70_000, "catalogue.entry_size"),
        (b'{"@id":"sc/\xff"}', "catalogue.entry_form"),
        (BODY.replace(b'"sc/a"', b'"gz/a"'), "catalogue.entry_owner"),
        (BODY.replace(b'"owner":"sc"', b'"owner":"gz"'), "catalogue.entry_owner"),
        (BODY.replace(b'"sc/a"', b'"sc/../a"'), "catalogue.entry_form"),
        (BODY.replace(b'"review":0', b'"review":9'), "catalogue.entry_form"),
        (BODY.replace(b'"changed":1', b'"changed":9007199254740992'), "catalogue.entry_form"),
    ],
)
def test_hostile_entries_are_refused_with_a_reason(body: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_entry(body, "sc", 1)
    assert caught.value.code == code


def test_a_page_as_deep_as_a_well_is_refused() -> None:
    well = PAGE.replace(b'"@type":"Dataset"', b'"@type":' + b"[" * 20_000 + b"]" * 20_000)
    with pytest.raises(InputError, match=r"catalogue\.page_form"):
        read_page(well, "sc", 0)


def test_depth_counts_brackets_outside_of_texts() -> None:
    assert depth(b'{"a": ["[[[", "\\"{{{"], "b": {}}') == 2
    assert depth(b'"no end [[[') == 0
    assert depth(BODY) <= DEEPEST
    assert OURS.encode() in BODY


@given(JSON)
def test_depth_is_that_of_the_value(value: object) -> None:
    def deep(each: object) -> int:
        inner = list(each.values()) if isinstance(each, dict) else each if isinstance(each, list) else None
        return 0 if inner is None else 1 + max(map(deep, inner), default=0)

    assert depth(json.dumps(value).encode()) == deep(value)


@given(st.lists(st.tuples(TEXTS, st.integers(0, 9)), unique=True, max_size=8), st.randoms())
def test_the_digest_does_not_depend_on_the_order(stamps: list[tuple[str, int]], chance: object) -> None:
    assert digest(reversed(stamps)) == digest(stamps)
    assert not stamps or digest(stamps[1:]) != digest(stamps)
