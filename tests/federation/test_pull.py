"""A pull between two nodes: whole, exact, counted at both ends, stopped in time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from shangyou.adapters.state.contracts import SqlContracts
from shangyou.core.errors import ConflictError, RefusedError, ShangyouError, UnavailableError
from shangyou.core.ports import Batch, Selection
from shangyou.exchange.agreement import AgreementState, Transfer
from shangyou.exchange.dataset import DatasetQuery
from shangyou.exchange.ledger.entry import parse_entry
from shangyou.exchange.outlet import WIRE
from shangyou.flows import blocks as leaving
from shangyou.flows.deliver import RECEIPTS, SECRET, fetch, receipt
from shangyou.flows.passage import stop
from tests.faces.processes import wait_until
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_lots import SITES, Two, constrained, observed, two
from tests.fakes.exchange_peers import Fate, Journey

SAID = [name for name in WIRE.names if name not in ("received", "time")]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Two]:
    with basin(tmp_path, ("sichuan", "chongqing", "ministry"), threshold=2) as found:
        yield two(found)


def told(store: object, selection: Selection = Selection()) -> list[dict[str, object]]:  # noqa: B008
    table: pa.Table = store.select(selection)  # type: ignore[attr-defined]
    return table.select([*SAID, "time"]).to_pylist()  # type: ignore[no-any-return]


class Kept:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.rows: dict[int, pa.RecordBatch] = {}

    def put(self, number: int, rows: pa.RecordBatch) -> None:
        self.rows[number] = rows


@pytest.mark.parametrize("format", ["Arrow-PULL", "Parquet-PULL", "CSV-PULL"])
def test_a_pull_brings_all_of_a_dataset_into_the_own_store(pair: Two, format: str) -> None:
    pair.fill(30)
    passage = pair.start(pair.agree(), format)
    over = pair.taking.move(passage.id)
    assert over.state == "complete"
    assert told(pair.consumer.node.store) == told(pair.provider.node.store)
    [batch] = pair.consumer.node.store.batches(1)
    assert (batch.batch.source, batch.batch.by, batch.counts.new) == ("sichuan/tuojiang", passage.agreement, 120)


def test_both_ends_count_the_same_and_sign_it(pair: Two) -> None:
    pair.fill(30)
    passage = pair.start(pair.agree())
    pair.taking.move(passage.id)
    [own], [theirs] = (end.providing.meters.receipts() for end in (pair.taking, pair.giving))
    assert own.own == theirs.own
    assert own.own["rows"] == 120
    assert len(own.sealed["signatures"]) == 2  # type: ignore[arg-type]
    assert own.differences == theirs.differences == ()
    counted = [
        end.providing.meters.count(passage.agreement, role, None, None)[:2]
        for end, role in ((pair.taking, "consumer"), (pair.giving, "provider"))
    ]
    assert counted[0] == counted[1] == (120, own.own["bytes"])


def test_a_receipt_whose_answer_is_lost_is_handed_over_again_and_written_down_once(pair: Two) -> None:
    pair.fill(3)
    passage = pair.start(pair.agree())
    lost: list[str] = []

    def fate(journey: Journey) -> Fate:
        if journey.path == RECEIPTS and len(lost) < 2:
            lost.append(journey.path)
            return Fate.LOSE_ANSWER
        return Fate.DELIVER

    pair.basin.network.fate = fate
    for _ in range(2):
        with pytest.raises(UnavailableError):
            pair.taking.move(passage.id)
    assert pair.taking.move(passage.id).state == "complete"
    receipt(pair.taking.taking, passage)
    for each in (pair.provider, pair.consumer):
        log = each.node.ledger
        leaves = [parse_entry(leaf) for leaf in log.entries(0, log.size())]
        assert [entry.facts["transfer"] for entry in leaves if entry.kind == "receipt"] == [passage.other]


def test_only_what_the_agreement_allows_is_read(pair: Two) -> None:
    pair.fill(10)
    policy = constrained(("section", "eq", SITES[0]), ("parameter", "eq", "ph"))
    passage = pair.start(pair.agree(policy))
    pair.taking.move(passage.id)
    expected = told(pair.provider.node.store, Selection(sites=(SITES[0],), parameters=("ph",)))
    assert told(pair.consumer.node.store) == expected != []


def test_what_came_from_another_member_is_not_passed_on(pair: Two) -> None:
    pair.fill(10)
    copy = Batch(-1, "transfer", "guizhou/chishui", pair.basin.clock.ms())
    pair.provider.node.store.append(copy, observed(10, sites=("52.丙",)))
    passage = pair.start(pair.agree())
    pair.taking.move(passage.id)
    assert {row["site"] for row in told(pair.provider.node.store)} == {*SITES, "52.丙"}
    assert {row["site"] for row in told(pair.consumer.node.store)} == set(SITES)


def test_means_leave_where_nothing_finer_may(pair: Two) -> None:
    pair.fill(60)
    passage = pair.start(pair.agree(constrained(("resolution", "gteq", "day"))))
    pair.taking.move(passage.id)
    rows = told(pair.consumer.node.store)
    assert {row["cadence"] for row in rows} == {"day"}
    assert len(rows) == 4 * 10


def test_a_selection_narrows_and_never_widens(pair: Two) -> None:
    pair.fill(10)
    query = DatasetQuery(sections=(SITES[0],))
    passage = pair.start(pair.agree(query=query), selection={"sections": list(SITES), "parameters": ["ph"]})
    pair.taking.move(passage.id)
    expected = told(pair.provider.node.store, Selection(sites=(SITES[0],), parameters=("ph",)))
    assert told(pair.consumer.node.store) == expected != []


def test_a_pull_goes_on_where_it_was_cut(pair: Two) -> None:
    pair.cut_into(20)
    pair.fill(30)
    passage = pair.start(pair.agree())
    asked: list[str] = []

    def cut(journey: Journey) -> Fate:
        asked.append(journey.path)
        return Fate.LOSE_ANSWER if len(asked) == 4 else Fate.DELIVER

    pair.basin.network.fate = cut
    with pytest.raises(UnavailableError):
        pair.taking.move(passage.id)
    pair.fill(30, start=100, value=8.0)  # what is stored later is not of this pull, though the clock stands
    pair.basin.network.heal()
    over = pair.taking.move(passage.id)
    assert over.state == "complete"
    assert over.passed.rows == 120 == pair.provider_end(passage).passed.rows
    assert pair.consumer.node.store.size().observations == 120
    assert asked.count(f"{passage.endpoint}?block=0") == 1


def test_rows_beyond_the_quota_do_not_leave_and_both_ends_know_why(pair: Two) -> None:
    pair.cut_into(20)
    pair.fill(30)
    passage = pair.start(pair.agree(constrained(("rows", "lteq", "70"))))
    with pytest.raises(RefusedError, match=r"transfer\.refused"):
        pair.taking.move(passage.id)
    here, there = pair.consumer_end(passage.id), pair.provider_end(passage)
    assert (here.state, there.state) == ("stopped", "stopped")
    assert here.passed.rows == there.passed.rows == pair.consumer.node.store.size().observations == 70
    assert here.code == there.code == "policy.not.rows"
    assert here.notice == there.notice != {}
    assert here.facts == there.facts
    assert (here.facts["operand"], here.facts["wanted"], here.facts["found"]) == ("rows", "70", "70")


def test_who_asks_for_what_was_stopped_before_learns_why_it_was(pair: Two) -> None:
    pair.fill(5)
    passage = pair.start(pair.agree())
    meters = pair.giving.providing.meters
    facts = {"operand": "rows", "operator": "lteq", "path": "permission[0]", "wanted": "70", "found": "70"}
    ended = replace(pair.provider_end(passage), state="stopped", code="policy.not.rows", facts=facts, reason="再议")
    meters.change(ended)  # by the control plane: there is no notice
    with pytest.raises(ConflictError, match=r"transfer\.state"):
        pair.taking.move(passage.id)
    here = pair.consumer_end(passage.id)
    assert (here.code, dict(here.facts), here.reason) == ("policy.not.rows", facts, "再议")


def test_a_notice_with_facts_of_odd_names_is_kept_as_any_other(pair: Two) -> None:
    pair.fill(5)
    passage = pair.start(pair.agree())
    odd = RefusedError("policy.not.rows", self="a", code="b", wanted="7" * 10_000, deep={"a": 1})
    stop(pair.giving.providing, pair.provider_end(passage), odd)
    with pytest.raises(ConflictError, match=r"transfer\.state"):
        pair.taking.move(passage.id)
    assert dict(pair.consumer_end(passage.id).facts) == {"self": "a", "code": "b", "wanted": "7" * 500}


def test_a_block_that_left_before_the_one_that_was_refused_is_kept_and_counted_at_both_ends(pair: Two) -> None:
    pair.cut_into(20)
    pair.fill(10)
    agreement = pair.agree(constrained(("rows", "lteq", "20")))
    passage, counted = pair.start(agreement), pair.giving.providing.meters.count

    def second_first(journey: Journey) -> Fate:
        if journey.path.endswith("block=0"):
            wait_until(lambda: counted(agreement, "provider", None, None)[0])
        return Fate.DELIVER

    pair.basin.network.fate = second_first
    with pytest.raises(RefusedError):
        pair.taking.move(passage.id)
    assert counted(agreement, "provider", None, None)[0] == 20
    assert (
        counted(agreement, "provider", None, None)[:2]
        == pair.taking.taking.meters.count(agreement, "consumer", None, None)[:2]
    )


def test_parallel_pulls_never_exceed_the_quota_together(pair: Two) -> None:
    pair.cut_into(20)
    pair.fill(30)
    agreement = pair.agree(constrained(("rows", "lteq", "150")))
    passages = [pair.start(agreement) for _ in range(3)]

    def run(id: str) -> str:
        try:
            pair.taking.move(id)
        except ShangyouError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(run, [each.id for each in passages])) == {"transfer.refused"}
    assert pair.giving.providing.meters.count(agreement, "provider", None, None)[0] == 150
    assert sum(pair.consumer_end(each.id).passed.rows for each in passages) == 150


def test_no_block_leaves_after_an_agreement_is_revoked(pair: Two) -> None:
    pair.cut_into(20)
    pair.fill(30)
    passage = pair.start(pair.agree())
    contracts = SqlContracts(pair.provider.node.database)

    class Revoking(Kept):
        def put(self, number: int, rows: pa.RecordBatch) -> None:
            super().put(number, rows)
            if number == 0:
                found = contracts.agreement(passage.agreement)
                contracts.put(replace(found, state=AgreementState.REVOKED))

    with pytest.raises(RefusedError):
        fetch(pair.taking.taking, passage, Revoking())
    counted = pair.provider_end(passage).blocks
    assert pair.provider_end(passage).code == "policy.agreement" == pair.consumer_end(passage.id).code
    with pytest.raises(ShangyouError):
        fetch(pair.taking.taking, passage, Kept())
    assert pair.provider_end(passage).blocks == counted < 6


def test_a_body_that_is_on_its_way_breaks_off_when_the_transfer_is_stopped(pair: Two) -> None:
    pair.fill(30_000)
    passage = pair.start(pair.agree())
    path = f"{passage.endpoint}?block=0"
    with pair.consumer.peers.stream(passage.peer, path, {SECRET: passage.secret}) as (answer, pieces):
        assert answer.status == 200
        first = next(pieces)
        there = pair.provider_end(passage)
        pair.giving.stop(
            Transfer(there.id, passage.id, "provider", "chongqing", there.agreement, there.format, "STARTED")
        )
        rest = sum(len(piece) for piece in pieces)
    assert len(first) + rest <= int(answer.headers["content-length"])
    with pytest.raises(UnavailableError):
        pair.taking.move(passage.id)


def test_who_does_not_show_the_secret_is_told_that_there_is_nothing(pair: Two) -> None:
    pair.fill(1)
    passage = pair.start(pair.agree())
    answer = pair.consumer.peers.call("sichuan", "GET", passage.endpoint, headers={SECRET: "x" * 32})
    assert answer.status == 404
    other = pair.basin["ministry"].peers.call("sichuan", "GET", passage.endpoint, headers={SECRET: passage.secret})
    assert other.status == 404


def test_a_block_that_is_other_bytes_by_now_is_not_given(pair: Two) -> None:
    pair.fill(2)
    passage = pair.start(pair.agree())
    end = pair.provider_end(passage)
    leaving.block(pair.giving.providing, end, 0)
    batch = pair.provider.node.store.batches(1)[0].batch
    pair.provider.node.store.append(replace(batch, id=99), observed(1, value=9.0))
    end = pair.provider_end(passage)
    with pytest.raises(ConflictError, match=r"transfer\.changed"):
        leaving.block(pair.giving.providing, end, 0)
