"""Delete what came under an agreement when its duty to delete says so, and write down that it was done."""

from __future__ import annotations

from typing import Final

from shangyou.exchange.metering import Passage
from shangyou.exchange.outlet import Outlet
from shangyou.exchange.policy.read import read
from shangyou.exchange.ports import Contracts
from shangyou.flows.deliver import Taking, batch_of

MOST: Final = 1 << 31  # passages of an agreement: all


def due_at(contracts: Contracts, store: Outlet, passage: Passage) -> int | None:
    """When the oldest of what a passage brought here has to be deleted [ms since 1970 UTC]; None: nothing has."""
    if passage.role != "consumer" or not passage.passed.rows:
        return None
    after = read(contracts.agreement(passage.agreement).policy).delete_after
    oldest = None if after is None else store.oldest(batch_of(passage, 0).id)
    return None if after is None or oldest is None else oldest + after


def delete_due(taking: Taking) -> int:
    """Delete what is due by now, each row so long after it came; how many rows that were.

    The ledger is told before it is done: what is cut off between the two is done, and told, again. A row that came
    under two agreements is one row of the store, under the first: it goes with that, and may be fetched again under
    the other.
    """
    rows = 0
    for agreement in taking.contracts.agreements():
        after = read(agreement.policy).delete_after
        if after is None or agreement.consumer != taking.members.me:
            continue
        for passage in taking.meters.passages(agreement=agreement.id, limit=MOST):
            rows += _deleted(taking, passage, after)
    return rows


def _deleted(taking: Taking, passage: Passage, after: int) -> int:
    """How many rows of a passage had been here for longer than `after` [ms]."""
    batch, now = batch_of(passage, 0).id, taking.now()
    due = taking.store.due(batch, now - after)
    if due:
        told = {"agreement": passage.agreement, "transfer": passage.id, "dataset": passage.dataset}
        taking.record("erasure", {**told, "peer": passage.peer, "rows": due, "received_up_to": now - after})
        taking.store.erase(batch, now - after, now)
    return due
