"""Why of an agreement: at the provider the decision itself, at the consumer as far as it can know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shangyou.adapters.state.contracts import SqlContracts
from shangyou.adapters.state.meters import SqlMeters
from shangyou.core.errors import InputError, NotFoundError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.metering import Block, Passage
from shangyou.exchange.policy.write import Terms, written
from shangyou.faces import reasons
from shangyou.faces.api.contracts import why
from shangyou.faces.api.desk import Desk
from tests.fakes.exchange_basin import Basin, basin

ID = "urn:uuid:3f2a91c0-0000-4000-8000-000000000001"
PARTIES = {"@type": "Agreement", "target": "sichuan/tuo", "assigner": "sichuan", "assignee": "chongqing"}
TERMS = written(Terms(purposes=("warning",), rows_day=100, delay="P1D"), ID)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Basin]:
    with basin(tmp_path, ("sichuan", "chongqing"), threshold=1) as found:
        dataset = Dataset("sichuan/tuo", "sichuan", "沱江", "Tuo", DatasetQuery(), (Offer("o", TERMS),), simulated=True)
        found["sichuan"].catalogue.put(dataset)
        for each in found:
            agreed = Agreement(ID, "sichuan", "chongqing", "sichuan/tuo", {**TERMS, **PARTIES}, found.clock.ms())
            SqlContracts(found[each].node.database).put(agreed)
        yield found


def pass_rows(found: Basin, id: str, rows: int) -> None:
    meters, role = SqlMeters(found[id].node.database), "provider" if id == "sichuan" else "consumer"
    meters.put(Passage("t", role, "x", "", ID, "sichuan/tuo", "Arrow-PULL"))
    meters.enter("t", "0", found.clock.ms(), lambda count: Block("0", rows, 8 * rows, "d"))


def test_both_ends_say_what_leaves_and_what_does_not(two: Basin) -> None:
    for id in two:
        desk = Desk(two[id].node, language="en")
        first, *_ = why(desk, "3f2a91c0", purpose="warning").table().to_pylist()
        assert (first["kind"], first["outcome"]) == ("verdict", "permitted")
        [verdict, reason, *_] = why(desk, ID, purpose="research").table().to_pylist()
        assert verdict["outcome"] == "refused"
        assert (reason["operand"], reason["found"]) == ("purpose", "research")


def test_what_has_passed_counts_and_tomorrow_counts_anew(two: Basin) -> None:
    pass_rows(two, "sichuan", 100)
    provider = two["sichuan"]
    agreement = reasons.agreement_of(provider, ID)
    [quota] = reasons.quotas(provider, agreement, two.clock.ms())
    assert (quota.meter, quota.used, quota.most, quota.share) == ("rowsPerDay", 100, 100, 1.0)
    [verdict, reason, *_] = why(Desk(provider.node), ID, purpose="warning").table().to_pylist()
    assert (verdict["outcome"], reason["operand"]) == ("拒绝", "rowsPerDay")
    two.clock.advance(days=1)
    assert why(Desk(provider.node), ID, purpose="warning").table().to_pylist()[0]["outcome"] == "许可"
    [quota] = reasons.quotas(two["chongqing"], agreement, two.clock.ms())
    assert (quota.used, quota.share) == (0, 0.0)


def test_an_agreement_that_is_over_permits_nothing(two: Basin) -> None:
    store = SqlContracts(two["chongqing"].node.database)
    store.put(replace(store.agreement(ID), state=AgreementState.REVOKED))
    [verdict, reason, *_] = why(Desk(two["chongqing"].node), ID, purpose="warning").table().to_pylist()
    assert (verdict["outcome"], reason["code"]) == ("拒绝", "policy.agreement")


def test_a_dataset_that_is_withdrawn_refuses_at_its_owner(two: Basin) -> None:
    two["sichuan"].catalogue.remove("sichuan/tuo", two.clock.ms())
    [verdict, reason] = why(Desk(two["sichuan"].node), ID, purpose="warning").table().to_pylist()
    assert (verdict["outcome"], reason["code"]) == ("拒绝", "policy.withdrawn")


def test_what_nobody_can_ask_for_is_refused_by_name(two: Basin) -> None:
    desk = Desk(two["sichuan"].node)
    with pytest.raises(InputError, match=r"policy\.given"):
        why(desk, ID, purpose="fun")
    with pytest.raises(InputError, match=r"policy\.given"):
        why(desk, ID, action="sell")
    with pytest.raises(NotFoundError, match=r"exchange\.agreement"):
        why(desk, "ffff")
