"""A push between two nodes: whole, once, counted at both ends, however often it is cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.core.errors import RefusedError, UnavailableError
from shangyou.flows.deliver import DIGEST, SECRET
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_lots import Two, constrained, two
from tests.fakes.exchange_peers import Fate, Journey


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Two]:
    with basin(tmp_path, ("sichuan", "chongqing"), threshold=1) as found:
        yield two(found)


def test_a_push_brings_all_whatever_answers_are_lost(pair: Two) -> None:
    pair.cut_into(20)
    pair.fill(30)
    passage = pair.start(pair.agree(), "Arrow-PUSH")
    sent: list[str] = []

    def lose(journey: Journey) -> Fate:
        sent.append(journey.path)
        return (Fate.LOSE_ANSWER, Fate.DELIVER, Fate.LOSE_REQUEST, Fate.DOUBLE)[len(sent) % 4]

    pair.basin.network.fate = lose
    for _ in range(40):
        try:
            over = pair.giving.move(passage.other)
        except UnavailableError:
            continue
        if over.state == "complete":
            break
    assert pair.consumer_end(passage.id).state == "complete"
    assert pair.consumer.node.store.size().observations == 120
    assert pair.consumer_end(passage.id).passed == pair.provider_end(passage).passed


def test_a_push_is_receipted_like_a_pull(pair: Two) -> None:
    pair.fill(5)
    passage = pair.start(pair.agree(), "Arrow-PUSH")
    pair.giving.move(passage.other)
    pair.taking.pool.shutdown(wait=True)
    [own], [theirs] = (end.providing.meters.receipts() for end in (pair.taking, pair.giving))
    assert own.own == theirs.own
    assert own.differences == ()


def test_a_push_ends_with_the_quota(pair: Two) -> None:
    pair.cut_into(20)
    pair.fill(30)
    passage = pair.start(pair.agree(constrained(("rows", "lteq", "50"))), "Arrow-PUSH")
    with pytest.raises(RefusedError):
        pair.giving.move(passage.other)
    assert pair.consumer.node.store.size().observations == 50
    assert pair.provider_end(passage).code == "policy.not.rows"


def test_who_was_not_asked_may_not_push(pair: Two) -> None:
    pair.fill(1)
    passage = pair.start(pair.agree(), "Arrow-PUSH")
    headers = {SECRET: "wrong", DIGEST: "x"}
    answer = pair.provider.peers.call("chongqing", "POST", f"{passage.endpoint}?block=0", b"x", headers=headers)
    assert answer.status == 404
    headers = {SECRET: passage.secret, DIGEST: "x"}
    answer = pair.provider.peers.call("chongqing", "POST", f"{passage.endpoint}?block=0", b"x", headers=headers)
    assert answer.status == 503
