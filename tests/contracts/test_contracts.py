"""What the store of talks and agreements promises; held against the one in memory and the state database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

import pytest

from shangyou.adapters.state import StateDatabase
from shangyou.adapters.state.contracts import LEASE_MS, SqlContracts
from shangyou.core.errors import NotFoundError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.dsp.talk import Act, Change, Letter, Talk, Talks
from shangyou.exchange.ports import Contracts
from tests.fakes.exchange_talks import FakeContracts


class Both(Talks, Contracts, Protocol):
    """Talks and agreements are written together."""


@pytest.fixture(params=["memory", "sqlite_database", "postgres_database"])
def store(request: pytest.FixtureRequest) -> Iterator[Both]:
    if request.param == "memory":
        yield FakeContracts()
        return
    database: StateDatabase = request.getfixturevalue(request.param)
    yield SqlContracts(database)


TALK = Talk("negotiation", "p1", "provider", "chongqing", "https://c/dsp/2025-1", "REQUESTED", other="c1", opened=1)
AGREEMENT = Agreement("a1", "sichuan", "chongqing", "sichuan/tuojiang", {"permission": [{"action": "use"}]}, 5)


def letter(talk: str, number: int = 1, due: int = 0) -> Letter:
    return Letter(f"{talk}#{number}", talk, "chongqing", "https://c", "/negotiations/c1/agreement", "{}", due)


def test_a_change_is_written_whole(store: Both) -> None:
    act = Act("decision", {"act": "agree", "at": 1}, 7)
    offer = {"@id": "o", "permission": [{"action": "use"}]}
    assert store.commit(Change(replace(TALK, offer=offer, heard=("c1#1",)), letter("p1"), False, (act,), (AGREEMENT,)))
    talk = store.talk("negotiation", "p1")
    assert talk == replace(TALK, offer=offer, heard=("c1#1",), version=1)
    assert store.letter("p1") == letter("p1")
    assert [each for _, each in store.acts()] == [act]
    assert store.agreement("a1") == AGREEMENT


def test_of_two_who_have_read_the_same_only_one_writes(store: Both) -> None:
    store.commit(Change(TALK))
    read = store.talk("negotiation", "p1")
    assert store.commit(Change(replace(read, state="AGREED"), letter("p1"), acts=(Act("decision", {}, 1),)))
    assert not store.commit(Change(replace(read, state="TERMINATED"), letter("p1", 2), acts=(Act("decision", {}, 2),)))
    assert store.talk("negotiation", "p1").state == "AGREED"
    assert store.letter("p1") == letter("p1")
    assert len(store.acts()) == 1


def test_a_request_that_comes_twice_opens_one_talk(store: Both) -> None:
    assert store.commit(Change(TALK))
    assert not store.commit(Change(replace(TALK, id="p2")))
    assert store.opened("negotiation", "provider", "chongqing", "c1") == replace(TALK, version=1)
    assert store.opened("negotiation", "provider", "tibet", "c1") is None
    assert store.commit(Change(replace(TALK, id="p3", peer="tibet")))
    for id in ("x1", "x2"):  # the other end's pid is not known yet
        assert store.commit(Change(replace(TALK, id=id, role="consumer", other="")))


def test_of_many_requests_at_once_one_opens_the_talk(store: Both) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: store.commit(Change(replace(TALK, id=f"p{n}"))), range(24)))
    assert sum(done) == 1
    assert len(store.talks("negotiation")) == 1


def test_what_is_not_there_is_said(store: Both) -> None:
    store.commit(Change(TALK))
    with pytest.raises(NotFoundError, match=r"dsp\.unknown"):
        store.talk("transfer", "p1")
    with pytest.raises(NotFoundError, match=r"exchange\.agreement"):
        store.agreement("a1")
    assert store.letter("p1") is None


def test_whoever_writes_a_letter_has_it_first_and_after_the_lease_anybody(store: Both) -> None:
    store.commit(Change(TALK, letter("p1")))
    assert store.take(LEASE_MS - 1, 10**6) == []
    assert store.take(LEASE_MS, 10**6) == [letter("p1")]
    assert store.take(LEASE_MS, 10**6) == []
    assert store.take(10**6, 10**7) == [letter("p1")]


def test_a_letter_that_failed_is_due_later_and_one_that_arrived_is_gone(store: Both) -> None:
    store.commit(Change(TALK, letter("p1")))
    store.failed("p1#1", 500, "peer.unreachable")
    assert store.take(499, 10**6) == []
    assert store.take(500, 10**6) == [replace(letter("p1"), due=500, attempts=1, error="peer.unreachable")]
    store.delivered("p1#1")
    assert store.letter("p1") is None
    assert store.take(10**9, 10**10) == []


def test_a_new_letter_takes_the_place_of_the_one_under_way_and_settling_drops_it(store: Both) -> None:
    store.commit(Change(TALK, letter("p1")))
    store.commit(Change(store.talk("negotiation", "p1"), letter("p1", 2)))
    assert store.letter("p1") == letter("p1", 2)
    store.commit(Change(store.talk("negotiation", "p1"), settled=True))
    assert store.letter("p1") is None


def test_letters_go_to_one_who_takes_them(store: Both) -> None:
    for n in range(20):
        store.commit(Change(replace(TALK, id=f"p{n}", other=f"c{n}"), letter(f"p{n}")))
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: store.take(LEASE_MS, 10**9, limit=5), range(8)))
    ids = [each.id for some in taken for each in some]
    assert len(ids) == len(set(ids)) == 20


def test_talks_are_found_by_kind_agreement_and_whether_they_go_on(store: Both) -> None:
    for n, (kind, state, agreement) in enumerate(
        [("negotiation", "FINALIZED", "a1"), ("transfer", "STARTED", "a1"), ("transfer", "TERMINATED", "a1")]
    ):
        talk = replace(TALK, kind=kind, id=f"t{n}", other=f"o{n}", state=state, agreement=agreement, opened=n)
        store.commit(Change(talk))
    assert [talk.id for talk in store.talks("transfer")] == ["t2", "t1"]
    assert [talk.id for talk in store.talks("transfer", active=True, agreement="a1")] == ["t1"]
    assert store.talks("transfer", agreement="other") == []
    assert [talk.id for talk in store.talks("transfer", limit=1)] == ["t2"]


def test_talks_are_due_when_they_say(store: Both) -> None:
    store.commit(Change(replace(TALK, due=10)))
    store.commit(Change(replace(TALK, id="p2", other="c2")))
    assert store.due(9) == []
    assert [talk.id for talk in store.due(10)] == ["p1"]


def test_acts_are_kept_in_order_until_they_are_recorded(store: Both) -> None:
    for n in range(5):
        store.commit(Change(acts=(Act("decision", {"n": n}, n),)))
    numbers = [number for number, _ in store.acts()]
    assert [act.facts["n"] for _, act in store.acts()] == [0, 1, 2, 3, 4]
    store.recorded(numbers[:3])
    assert [act.facts["n"] for _, act in store.acts()] == [3, 4]


def test_agreements_are_found_by_either_end_dataset_and_force(store: Both) -> None:
    store.put(AGREEMENT)
    store.put(replace(AGREEMENT, id="a2", consumer="tibet", agreed=6))
    store.put(replace(AGREEMENT, id="a2", consumer="tibet", agreed=6, state=AgreementState.REVOKED, reason="x"))
    assert [a.id for a in store.agreements()] == ["a2", "a1"]
    assert [a.id for a in store.agreements(peer="chongqing")] == ["a1"]
    assert [a.id for a in store.agreements(peer="sichuan", dataset="sichuan/tuojiang", active=True)] == ["a1"]
    assert store.agreement("a2").reason == "x"
    assert store.agreements(dataset="other") == []


def test_many_writers_share_commits_and_lose_nothing(store: Both) -> None:
    def work(n: int) -> bool:
        made = store.commit(Change(replace(TALK, id=f"p{n}", other=f"c{n}"), letter(f"p{n}"), acts=(Act("x", {}, n),)))
        store.delivered(f"p{n}#1")
        return made

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(200)))
    assert len(store.talks("negotiation")) == len(store.acts()) == 200
    assert store.take(10**12, 10**13) == []


def test_a_chinese_reason_and_nested_terms_come_back_as_they_were(store: Both) -> None:
    talk = replace(TALK, reasons=("期限已过", {"rule": "目的", "found": ["x", 1, None]}), terms={"a": {"b": ["ü"]}})
    store.commit(Change(talk))
    assert store.talk("negotiation", "p1") == replace(talk, version=1)
