"""What is believed of an entry from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import ConflictError, InputError, RefusedError
from shangyou.exchange import keys
from shangyou.exchange.dossier import border
from shangyou.exchange.dossier.cabinet import Signed, Top
from shangyou.exchange.dossier.entry import OPEN, Entry, following, ordered
from shangyou.exchange.dossier.roll import INVITE, beyond, known_to, named, naming, opening, taking_part
from tests.exchange import signers
from tests.fakes.dossier_world import Roll

NOW = 1_800_000_000_000
OLD = signers.std("sc-old")
LISTED = {
    "sc": signers.member("sc", signers.key(OLD, 0, NOW - 1000), signers.key(signers.std("sc"), NOW - 1000)),
    "cq": signers.member("cq", signers.key(signers.std("cq"))),
}
ROLL = Roll("cq", LISTED)


def opened(author: str = "sc", at: int = NOW, **body: object) -> Entry:
    told = {**opening("warning", {"sc", "cq"}, {"nonce": "n"}), **body}
    return Entry(border.dossier_id(author, at, told), OPEN, author, at, 1, (), told)


def sealed(entry: Entry, signer: Any = None) -> dict[str, Any]:
    document = json.loads(json.dumps(keys.seal(entry.document, signer or signers.std("sc"))))
    assert isinstance(document, dict)
    return document


def test_what_its_author_has_signed_is_believed() -> None:
    first = opened()
    told = border.believed(sealed(first), ROLL, NOW)
    assert (told.entry, told.id) == (first, first.id)
    assert border.read(told.sealed) == told
    second = border.sign(border.next_entry(top(first), "warning.update", "sc", NOW - 5, {"a": 1.0}), signers.std("sc"))
    assert border.believed(json.loads(second.sealed), ROLL, NOW) == second
    assert second.entry.at == NOW  # never before what it follows


def top(entry: Entry, **changed: Any) -> Top:
    return replace(Top(entry.dossier, ("cq", "sc"), {entry.id: 1}, entry.number, entry.at, 1), **changed)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: {**sealed(opened()), "more": 1}, "seal.shape"),
        (lambda: sealed(opened(), signers.std("cq")), "seal.kid"),
        (lambda: sealed(opened(), OLD), "seal.key_time"),
        (lambda: sealed(opened(at=NOW - 2000)), "seal.key_time"),
        (lambda: sealed(opened(at=NOW + border.AHEAD_MS + 1)), "dossier.future"),
        (lambda: sealed(opened("gz"), signers.std("gz")), "dossier.foreign"),
        (
            lambda: sealed(replace(opened(), dossier="urn:uuid:" + "0" * 8 + "-0000-8000-8000-" + "0" * 12)),
            "dossier.name",
        ),
        (lambda: sealed(replace(opened(), kind="Warning")), "dossier.entry"),
        (lambda: sealed(opened(members=["sc", "cq"])), "dossier.members"),
        (lambda: sealed(opened(subject="a b")), "dossier.subject"),
        (lambda: sealed(opened(text="x" * 300_000)), "dossier.size"),
        (lambda: keys.cosigned(sealed(opened()), OLD), "seal.key_time"),
    ],
)
def test_what_is_forged_foreign_or_out_of_bounds_is_refused_with_a_code(made: Any, code: str) -> None:
    with pytest.raises((InputError, RefusedError)) as caught:
        border.believed(made(), ROLL, NOW)
    assert caught.value.code == code


def test_an_entry_of_one_who_is_no_member_is_refused() -> None:
    entry = replace(following([opened()], "warning.update", "gz", NOW, {}))
    with pytest.raises(RefusedError) as caught:
        border.believed(sealed(entry, signers.std("gz")), ROLL, NOW)
    assert caught.value.code == "dossier.author"


def test_a_changed_word_breaks_the_signature() -> None:
    told = sealed(opened(text="10 t"))
    told["document"]["body"]["text"] = "1 t"
    told["document"]["dossier"] = border.dossier_id("sc", NOW, told["document"]["body"])
    with pytest.raises(RefusedError) as caught:
        border.believed(told, ROLL, NOW)
    assert caught.value.code == "seal.signature"


def test_a_body_that_is_nested_too_deep_is_refused_when_it_is_said_and_when_it_is_heard() -> None:
    deep: dict[str, Any] = {}
    for _ in range(border.MOST_DEPTH + 1):
        deep = {"deep": deep}
    entry = following([opened()], "warning.update", "sc", NOW, deep)
    with pytest.raises(InputError, match=r"wire\.depth"):
        border.sign(entry, signers.std("sc"))
    with pytest.raises(InputError, match=r"wire\.depth"):
        border.believed(sealed(entry), ROLL, NOW)


def test_an_entry_fits_only_where_number_time_and_author_follow() -> None:
    first = opened()
    second = border.next_entry(top(first), "warning.update", "cq", NOW, {})
    border.need_fitting(second, top(first), [first], [])
    for wrong in (replace(second, number=3), replace(second, at=NOW - 1)):
        with pytest.raises(ConflictError, match=r"dossier\.order"):
            border.need_fitting(wrong, top(first), [first], [])
    with pytest.raises(RefusedError, match=r"dossier\.foreign"):
        border.need_fitting(replace(second, author="gz"), top(first), [first], [first])
    with pytest.raises(ConflictError, match=r"dossier\.full"):
        border.need_fitting(second, top(first, entries=border.MOST_ENTRIES), [first], [])


def test_who_is_invited_may_speak_after_the_invitation_and_not_beside_it() -> None:
    first = opened()
    invited = following([first], INVITE, "cq", NOW, naming(["gz"]))
    after = following([first, invited], "warning.acknowledge", "gz", NOW, {})
    border.need_fitting(after, top(first), [invited], [first, invited])
    beside = following([first], "warning.acknowledge", "gz", NOW, {})
    with pytest.raises(RefusedError, match=r"dossier\.foreign"):
        border.need_fitting(beside, top(first), [first], [first, invited])
    assert taking_part([first, invited]) == ("cq", "gz", "sc")
    assert named(after) == ()
    assert known_to(after, {each.id: each for each in (first, invited)}) == [invited, first]


@settings(max_examples=50)
@given(st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=1, max_size=8), st.sets(st.integers(0, 8)))
def test_what_somebody_lacks_is_all_but_what_leads_to_its_heads(links: list[set[int]], chosen: set[int]) -> None:
    said = [opened()]
    for number, each in enumerate(links):
        before = sorted({said[i % len(said)].id for i in each} or {said[0].id})
        top_number = max(entry.number for entry in said if entry.id in before)
        said.append(Entry(said[0].dossier, "warning.note", "sc", NOW, top_number + 1, tuple(before), {"n": number}))
    said = ordered(said)
    heads = [said[i].id for i in chosen if i < len(said)]
    lacking = beyond(said, heads)
    held = {entry.id for entry in said} - {entry.id for entry in lacking}
    assert set(heads) <= held
    assert all(set(entry.after) <= held for entry in said if entry.id in held)
    reached = {e.id for head in heads for e in known_to(next(s for s in said if s.id == head), {e.id: e for e in said})}
    assert held == reached | set(heads)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
FIELDS = ("after", "at", "author", "body", "dossier", "kind", "number")


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.booleans())
def test_nothing_that_comes_is_a_fault(changed: Mapping[str, Any], signed: bool) -> None:
    document = {**opened().document, **changed}
    told: object = {"document": document, "signatures": [{"kid": "k", "signature": "s"}]}
    if signed:
        try:
            told = keys.seal(document, signers.std("sc"))
        except InputError:
            return
    try:
        found = border.believed(told, ROLL, NOW)
    except (InputError, RefusedError):
        return
    assert isinstance(found, Signed)
    assert found.entry.author in LISTED


@settings(max_examples=100)
@given(JSON)
def test_no_json_is_believed_that_nobody_signed(value: object) -> None:
    with pytest.raises((InputError, RefusedError)):
        border.believed(value, ROLL, NOW)
