"""Delete what came under an agreement when its duty to delete says so, and write down that it was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shangyou.exchange.metering import Passage
from shangyou.exchange.outlet import Outlet
from shangyou.exchange.policy.read import read
from shangyou.exchange.ports import Contracts
from shangyou.flows.deliver import Taking, batch_of

MOST: Final = 10_000  # newest passages that are looked at


def due_at(contracts: Contracts, store: Outlet, passage: Passage) -> int | None:
    """When the oldest of what a passage brought here has to be deleted [ms since 1970 UTC]; None: nothing has."""
    after = _duties(contracts, [passage]).get(passage.agreement)
    oldest = None if after is None else store.oldest(batch_of(passage, 0).id)
    return None if after is None or oldest is None else oldest + after


def delete_due(taking: Taking) -> int:
    """Delete what is due by now, each row so long after it came; how many rows that were.

    The ledger is told before it is done: what is cut off between the two is done, and told, again. A row that came
    under two agreements is one row of the store, under the first: it goes with that, and may be fetched again under
    the other.
    """
    passages = taking.meters.passages(limit=MOST)
    duties, rows = _duties(taking.contracts, passages), 0
    for passage in passages:
        after = duties.get(passage.agreement)
        if after is None or passage.role != "consumer":
            continue
        batch, now = batch_of(passage, 0).id, taking.now()
        due = taking.store.due(batch, now - after)
        if due:
            told = {"agreement": passage.agreement, "transfer": passage.id, "dataset": passage.dataset}
            taking.record("erasure", {**told, "peer": passage.peer, "rows": due, "received_up_to": now - after})
            rows += taking.store.erase(batch, now - after, now)
    return rows


def _duties(contracts: Contracts, passages: list[Passage]) -> Mapping[str, int | None]:
    """How long what came under an agreement may stay [ms], for those of passages that brought something here."""
    bound = {each.agreement for each in passages if each.role == "consumer" and each.passed.rows}
    return {id: read(contracts.agreement(id).policy).delete_after for id in bound}
