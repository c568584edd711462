"""What people and programmes are told of data under agreements, and what they can do about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from shangyou.core.clock import from_ms
from shangyou.core.errors import NotFoundError
from shangyou.faces.api import passages
from shangyou.faces.api.desk import Desk
from shangyou.wiring_exchange import Exchange
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_lots import USE, Two, two
from tests.fakes.exchange_peers import Fate, Journey


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Two]:
    with basin(tmp_path, ("sichuan", "chongqing"), threshold=1) as found:
        yield two(found)


def desk(exchange: Exchange) -> Desk:
    return Desk(exchange.node, by="li")


def rows(found: Any) -> list[dict[str, Any]]:
    return found.table().to_pylist()  # type: ignore[no-any-return]


def test_a_transfer_is_fetched_into_the_store_and_into_a_file(pair: Two, tmp_path: Path) -> None:
    pair.fill(30)
    passage = pair.start(pair.agree())
    done = passages.fetch(desk(pair.consumer), passage.id.removeprefix("urn:uuid:"))
    assert (done["state"], done["rows"]) == ("complete", 120)
    file = tmp_path / "out.parquet"
    passages.fetch(desk(pair.consumer), passage.id, str(file))
    assert pq.read_table(file).num_rows == 120
    assert rows(passages.passages(desk(pair.consumer)))[0]["rows"] == 120


def test_meters_and_receipts_of_both_ends_say_the_same(pair: Two) -> None:
    pair.fill(3)
    passage = pair.start(pair.agree())
    passages.fetch(desk(pair.consumer), passage.id)
    [own], [theirs] = (rows(passages.meters(desk(each))) for each in (pair.consumer, pair.provider))
    assert (own["rows"], own["bytes"]) == (theirs["rows"], theirs["bytes"]) != (0, 0)
    assert (own["role"], theirs["role"]) == ("consumer", "provider")
    [receipt] = rows(passages.receipts(desk(pair.provider)))
    assert (receipt["rows"], receipt["signatures"], receipt["differences"]) == (12, 2, "")


def test_feeds_are_told_apart(pair: Two) -> None:
    agreement = pair.agree()
    pair.start(agreement)
    feed = pair.start(agreement, "Arrow-FEED")
    assert [row["id"] for row in rows(passages.passages(desk(pair.consumer), feeds=True))] == [feed.id]


def test_the_consumer_is_told_by_when_data_are_to_be_deleted(pair: Two) -> None:
    pair.fill(3)
    kept = [{"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": span} for span in ("P90D", "P30D")]
    duties = [{"action": "delete", "constraint": [each]} for each in kept]
    free, bound = pair.start(pair.agree()), pair.start(pair.agree({**USE, "obligation": duties}))
    for passage in (bound, free):  # what is here by the one is not put in again by the other
        passages.fetch(desk(pair.consumer), passage.id)
    due = {row["id"]: row["delete_by"] for row in rows(passages.passages(desk(pair.consumer)))}
    assert due[free.id] is None
    assert due[bound.id] == from_ms(bound.opened + 30 * 86_400_000)
    assert {row["delete_by"] for row in rows(passages.passages(desk(pair.provider)))} == {None}


def test_a_transfer_that_is_not_there_is_not_found(pair: Two) -> None:
    with pytest.raises(NotFoundError, match=r"transfer\.unknown"):
        passages.fetch(desk(pair.consumer), "ffff")


def test_how_far_a_pull_is_can_be_seen_while_it_is_under_way(pair: Two, tmp_path: Path) -> None:
    pair.cut_into(40)
    pair.fill(50)
    passage = pair.start(pair.agree())
    seen: list[tuple[int | None, int | None]] = []

    def look(journey: Journey) -> Fate:
        [row] = rows(passages.passages(desk(pair.consumer)))
        seen.append((row["reached"], row["whole"]))
        return Fate.DELIVER

    pair.basin.network.fate = look
    passages.fetch(desk(pair.consumer), passage.id, str(tmp_path / "out.arrow"))
    reached = [each for each in seen if each != (None, None)]
    assert reached == sorted(reached)
    assert {whole for _, whole in reached} == {5}
    assert max(done for done, _ in reached if done is not None) >= 3
    assert rows(passages.passages(desk(pair.consumer)))[0]["reached"] is None
