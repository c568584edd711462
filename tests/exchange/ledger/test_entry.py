"""Entries say what was done in one text only, and two logs are compared by what was done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.ledger.agreeing import GRACE, Difference, differences, names, transaction
from shangyou.exchange.ledger.entry import KINDS, Entry, parse_entry, pseudonym, subjects

FACTS = {"agreement": "urn:uuid:1", "provider": "sichuan", "consumer": "ministry", "transaction": "aa"}


@given(
    st.sampled_from(KINDS), st.dictionaries(st.text(max_size=9), st.text() | st.integers(-9, 9)), st.integers(0, 2**52)
)
def test_an_entry_is_read_as_it_was_written(kind: str, facts: dict[str, object], at: int) -> None:
    entry = Entry(kind, facts, at)
    assert parse_entry(entry.bytes()) == entry
    assert Entry(kind, dict(reversed(facts.items())), at).bytes() == entry.bytes()


def test_an_entry_is_canonical_json() -> None:
    assert Entry("admin", {"b": 1, "a": "河"}, 5).bytes().decode() == '{"at":5,"facts":{"a":"河","b":1},"kind":"admin"}'


@pytest.mark.parametrize(
    "entry",
    [
        Entry("other", {}, 0),
        Entry("admin", {"x": float("nan")}, 0),
        Entry("admin", {"x": 2**60}, 0),
        Entry("admin", {"x": b""}, 0),
        Entry("admin", {"x": "y" * (1 << 20)}, 0),
    ],
)
def test_what_cannot_stand_in_the_log_is_refused(entry: Entry) -> None:
    with pytest.raises(InputError, match=r"ledger\.entry"):
        entry.bytes()


@given(st.binary(max_size=99))
def test_no_bytes_break_the_reader_of_entries(data: bytes) -> None:
    for leaf in (data, b'{"at":1,"facts":' + data + b',"kind":"admin"}', b"[" * 100_000):
        try:
            entry = parse_entry(leaf)
        except InputError:
            continue
        assert isinstance(entry.facts, dict)


def test_a_pseudonym_tells_nothing_without_the_salt_and_the_same_with_it() -> None:
    assert pseudonym(b"salt", "wang") == pseudonym(b"salt", "wang")
    assert len({pseudonym(b"salt", "wang"), pseudonym(b"pepper", "wang"), pseudonym(b"salt", "li")}) == 3
    assert "wang" not in pseudonym(b"salt", "wang")


def test_an_entry_is_found_by_what_it_is_about() -> None:
    facts = {**FACTS, "transfer": "urn:uuid:2", "dataset": "", "negotiation": 7, "text": '"agreement":"not this"'}
    assert subjects(Entry("agreement", facts, 1).bytes()) == {b"urn:uuid:1", b"urn:uuid:2"}
    assert subjects(Entry("notice", {"dossier": "urn:uuid:3", "said": "warning.clear"}, 1).bytes()) == {b"urn:uuid:3"}


def test_two_logs_with_the_same_acts_agree_whatever_their_order_and_times() -> None:
    ours = [Entry("agreement", FACTS, 10), Entry("receipt", {"rows": 7}, 20), Entry("decision", {"local": 1}, 15)]
    theirs = [Entry("receipt", {"rows": 7}, 25), Entry("agreement", {**FACTS, "more": 1}, 11)]
    assert differences(ours, theirs, 10**9) == []


def test_an_act_that_only_one_log_holds_is_a_difference_after_a_while() -> None:
    ours, theirs = [Entry("receipt", {"rows": 7}, 20)], [Entry("receipt", {"rows": 8}, 30)]
    seven, eight = transaction(ours[0]), transaction(theirs[0])
    assert differences(ours, theirs, GRACE) == []
    assert differences(ours, theirs, GRACE + 25) == [Difference("receipt", seven, 1, 0, 20)]
    assert differences(ours, theirs, 10**9) == [
        Difference("receipt", seven, 1, 0, 20),
        Difference("receipt", eight, 0, 1, 30),
    ]


def test_parties_are_named_by_the_facts() -> None:
    assert names(FACTS, "sichuan")
    assert names({"peer": "sichuan"}, "sichuan")
    assert not names(FACTS, "guizhou")
    assert not names(None, "guizhou")
