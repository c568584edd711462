"""Answering other members who read this node's catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shangyou.core.errors import UnavailableError
from shangyou.exchange.catalogue.entry import dataset_body, encoded
from shangyou.exchange.catalogue.feed import PAGE, PAGE_BYTES, OwnChange, write_page
from shangyou.exchange.catalogue.port import Catalogue

STEADY: Final = 20  # looks until nothing is published between two of them


def page(
    catalogue: Catalogue, me: str, member: str, since: int, limit: int, service: str, formats: Sequence[str]
) -> bytes:
    """One page of the change feed as a member may see it.

    since: the sequence up to which it has read. limit: changes wanted, PAGE at most. service: base address of this
    node's DSP endpoints. formats: in which a transfer can be had. UnavailableError "catalogue.busy" while datasets
    are published without a pause.
    """
    for _ in range(STEADY):
        place, (written, more) = catalogue.head(), _changes(catalogue, member, since, limit, service, formats)
        if more:
            return write_page((me, place[0]), since, written, written[-1][0], None)
        summary = catalogue.listed(member)
        if catalogue.head() == place:  # else something came in between, and the summary holds for a later page
            return write_page((me, place[0]), since, written, max(place[1], since), summary)
    raise UnavailableError("catalogue.busy")


def _changes(
    catalogue: Catalogue, member: str, since: int, limit: int, service: str, formats: Sequence[str]
) -> tuple[list[tuple[int, str, bytes | None]], bool]:
    """Changes of a page, and whether there are more behind them."""
    limit = min(max(limit, 1), PAGE)
    found = catalogue.changes(since, limit, member)
    written, size = list[tuple[int, str, bytes | None]](), 0
    for change in found:
        body = _body(change, member, service, formats)
        if written and size + len(body or b"") > PAGE_BYTES:
            return written, True
        written.append((change.sequence, change.id, body))
        size += len(body or b"")
    return written, len(found) == limit


def _body(change: OwnChange, member: str, service: str, formats: Sequence[str]) -> bytes | None:
    if change.dataset is None:
        return None
    return encoded(dataset_body(change.dataset, service, member, formats))
