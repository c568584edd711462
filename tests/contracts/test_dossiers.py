"""What the store of dossiers promises, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import pytest

from shangyou.adapters.state import StateDatabase
from shangyou.adapters.state.dossiers import SqlDossiers
from shangyou.core.errors import NotFoundError
from shangyou.exchange.dossier import border
from shangyou.exchange.dossier.cabinet import Cabinet, Signed, Top
from shangyou.exchange.dossier.entry import OPEN, Entry
from shangyou.exchange.dossier.roll import opening
from tests.exchange import signers

NOW = 1_800_000_000_000


@pytest.fixture
def cabinet(state_database: StateDatabase) -> Cabinet:
    return SqlDossiers(state_database)


def begin(cabinet: Cabinet, nonce: str = "n", members: tuple[str, ...] = ("cq", "gz", "sc")) -> Signed:
    body = opening("warning", members, {"nonce": nonce, "where": "泸州\x00\u2028"})
    entry = Entry(border.dossier_id("sc", NOW, body), OPEN, "sc", NOW, 1, (), body)
    return cabinet.say(entry.dossier, lambda top: border.sign(entry, signers.std("sc")), "sc", NOW)


def said(author: str, text: str, top: Top | None) -> Signed:
    assert top is not None
    return border.sign(border.next_entry(top, "warning.note", author, NOW, {"text": text}), signers.std(author))


def say(cabinet: Cabinet, first: Signed, text: str) -> Signed:
    return cabinet.say(first.entry.dossier, partial(said, "sc", text), "sc", NOW)


def top_of(cabinet: Cabinet, first: Signed) -> Top:
    [found] = [top for top in cabinet.tops("sc") if top.dossier == first.entry.dossier]
    return found


def test_what_is_said_is_there_and_due_for_every_other_member(cabinet: Cabinet) -> None:
    first = begin(cabinet)
    assert cabinet.entries(first.entry.dossier) == [first]
    assert cabinet.waiting(NOW) == ["cq", "gz"]
    assert [each.signed for each in cabinet.take("cq", NOW, NOW + 10, 9)] == [first]
    assert cabinet.take("cq", NOW + 9, NOW + 20, 9) == []  # somebody is sending it
    assert [each.signed for each in cabinet.take("cq", NOW + 10, NOW + 20, 9)] == [first]
    [heading] = cabinet.headings("warning")
    assert (heading.members, heading.entries, heading.opened) == (("cq", "gz", "sc"), 1, NOW)
    assert cabinet.headings("incident") == []


def test_entries_said_at_once_follow_each_other(cabinet: Cabinet) -> None:
    first = begin(cabinet)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: say(cabinet, first, str(n)), range(12)))
    entries = [each.entry for each in cabinet.entries(first.entry.dossier)]
    assert [each.number for each in entries] == list(range(1, 14))
    assert all(later.after == (before.id,) for before, later in pairwise(entries))
    assert top_of(cabinet, first).heads == {entries[-1].id: 13}


def test_hearing_is_in_order_whatever_the_order_and_once_however_often(cabinet: Cabinet) -> None:
    first = begin(cabinet)
    second = said("cq", "a", top_of(cabinet, first))
    third = said("cq", "b", Top(first.entry.dossier, (), {second.id: 2}, 2, NOW, 2))
    alone = cabinet.keep([third], "sc", NOW)
    assert (alone.received, alone.lacking) == ([], {first.entry.dossier: [first.id]})
    both = cabinet.keep([third, second], "sc", NOW + 5)
    assert (both.received, both.fresh) == ([second.id, third.id], [second, third])
    again = cabinet.keep([second, third], "sc", NOW + 9)
    assert (again.received, again.fresh) == ([second.id, third.id], [])
    assert [each.id for each in cabinet.entries(first.entry.dossier)] == [first.id, second.id, third.id]
    assert cabinet.headings()[0].changed == NOW + 5


def test_a_dossier_of_others_is_not_kept(cabinet: Cabinet) -> None:
    first = begin(cabinet, members=("cq", "sc"))
    other = border.sign(
        Entry(
            border.dossier_id("sc", NOW, {**first.entry.body, "nonce": "x"}),
            OPEN,
            "sc",
            NOW,
            1,
            (),
            {**first.entry.body, "nonce": "x"},
        ),
        signers.std("sc"),
    )
    assert cabinet.keep([other], "gz", NOW).refused == {other.id: "dossier.not_ours"}
    with pytest.raises(NotFoundError):
        cabinet.entries(other.entry.dossier)


def test_an_entry_of_one_who_takes_no_part_is_refused_and_the_others_of_the_batch_are_kept(cabinet: Cabinet) -> None:
    first = begin(cabinet, members=("cq", "sc"))
    top = top_of(cabinet, first)
    foreign, right = said("gz", "a", top), said("cq", "b", top)
    kept = cabinet.keep([foreign, right], "sc", NOW)
    assert (kept.received, kept.refused) == ([right.id], {foreign.id: "dossier.foreign"})


def test_what_was_confirmed_is_no_longer_due_and_what_failed_is_later(cabinet: Cabinet) -> None:
    first = begin(cabinet)
    cabinet.confirmed("cq", [first], NOW + 3, "{}")
    cabinet.failed("gz", [first.id], NOW + 100, "peer.unreachable")
    assert cabinet.waiting(NOW + 99) == []
    assert cabinet.waiting(NOW + 100) == ["gz"]
    told = {
        each.member: (each.received, each.attempts, each.trouble) for each in cabinet.receptions(first.entry.dossier)
    }
    assert told == {"cq": (NOW + 3, 1, ""), "gz": (None, 1, "peer.unreachable")}
    cabinet.failed("cq", [first.id], NOW, "late")  # what was confirmed stays so
    assert cabinet.waiting(NOW) == []
    assert cabinet.hasten("gz", NOW)
    assert not cabinet.hasten("gz", NOW)
    assert cabinet.waiting(NOW) == ["gz"]


def test_what_a_member_has_lost_is_due_again(cabinet: Cabinet) -> None:
    first = begin(cabinet)
    cabinet.confirmed("cq", [first], NOW, "{}")
    assert cabinet.queue("cq", [first], NOW) == 1
    assert cabinet.queue("cq", [first], NOW) == 0
    assert "cq" in cabinet.waiting(NOW)


def test_what_is_said_and_heard_is_to_be_written_into_the_ledger(
    cabinet: Cabinet, state_database: StateDatabase
) -> None:
    first = begin(cabinet)
    cabinet.keep([said("cq", "a", top_of(cabinet, first))], "sc", NOW)
    with state_database.plain_reading() as connection:
        acts = [
            (kind, json.loads(facts)) for kind, facts in connection.rows("select kind, facts from act order by id", {})
        ]
    assert [(kind, facts["act"], facts["author"]) for kind, facts in acts] == [
        ("notice", "dossier.said", "sc"),
        ("notice", "dossier.heard", "cq"),
    ]


def test_a_dossier_that_is_not_there_is_said(cabinet: Cabinet) -> None:
    with pytest.raises(NotFoundError, match=r"dossier\.unknown"):
        cabinet.entries("urn:uuid:none")
