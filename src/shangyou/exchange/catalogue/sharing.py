"""Who may know of a dataset and who may have it: levels of 数据安全法, sharing attributes of 政务数据共享条例."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from shangyou.core.errors import InputError, ShangyouError
from shangyou.exchange.dataset import DataLevel, Dataset, Offer, Sharing

RECIPIENT: Final = frozenset({"recipient", "assignee", "odrl:recipient"})  # left operands that name members
NAMING: Final = frozenset({"eq", "isAnyOf", "isPartOf"})  # operators by which they are let in


def faults(dataset: Dataset) -> list[ShangyouError]:
    """What its level and its sharing attribute do not allow; [] if all is well.

    Core data and data that are not shared are offered to nobody; important data are never shared without
    conditions, and a person decides on each contract; what is shared has an offer.
    """
    found: list[ShangyouError] = []
    closed = is_closed(dataset)
    if dataset.level is DataLevel.CORE and dataset.sharing is not Sharing.NONE:
        found.append(InputError("catalogue.core_shared", id=dataset.id))
    if dataset.level is DataLevel.IMPORTANT and dataset.sharing is Sharing.UNCONDITIONAL:
        found.append(InputError("catalogue.important_unconditional", id=dataset.id))
    if closed and dataset.offers:
        found.append(InputError("catalogue.closed_offer", id=dataset.id, offers=[o.id for o in dataset.offers]))
    if not closed and not dataset.offers:
        found.append(InputError("catalogue.no_offer", id=dataset.id))
    if dataset.level is DataLevel.IMPORTANT and any(offer.automatic for offer in dataset.offers):
        found.append(InputError("catalogue.important_automatic", id=dataset.id))
    return found


def is_closed(dataset: Dataset) -> bool:
    """Is it for its owner alone?"""
    return dataset.level is DataLevel.CORE or dataset.sharing is Sharing.NONE


def audience(dataset: Dataset) -> frozenset[str] | None:
    """Member ids to whom it is listed besides its owner; None = all members."""
    if is_closed(dataset):
        return frozenset()
    named: set[str] = set()
    for offer in dataset.offers:
        members = recipients(offer.policy)
        if members is None:
            return None
        named |= members
    return frozenset(named)


def is_listed(dataset: Dataset, member: str) -> bool:
    """May this member know that it exists?"""
    if member == dataset.owner:
        return True
    known = audience(dataset)
    return known is None or member in known


def offers_for(dataset: Dataset, member: str) -> tuple[Offer, ...]:
    """The offers that this member may know of."""
    if member == dataset.owner:
        return dataset.offers
    if is_closed(dataset):
        return ()
    return tuple(o for o in dataset.offers if (named := recipients(o.policy)) is None or member in named)


def recipients(policy: Mapping[str, object]) -> frozenset[str] | None:
    """Members to whom the permissions of a policy are tied; None where one is open to all.

    It only decides what is listed. Whether somebody gets a contract is the policy decision's own matter, so
    a constraint that is not understood here hides nothing and opens nothing.
    """
    named: set[str] = set()
    permissions = policy.get("permission")
    for rule in permissions if isinstance(permissions, list | tuple) else ():
        members = _named(rule.get("constraint")) if isinstance(rule, Mapping) else None
        if members is None:
            return None
        named |= members
    return frozenset(named) if named else None


def _named(constraints: object) -> frozenset[str] | None:
    """Members whom all naming constraints of a rule (they hold together) let in."""
    found: frozenset[str] | None = None
    for each in constraints if isinstance(constraints, list | tuple) else ():
        if not isinstance(each, Mapping) or each.get("leftOperand") not in RECIPIENT:
            continue
        if each.get("operator") not in NAMING:
            continue
        members = frozenset(_texts(each.get("rightOperand")))
        found = members if found is None else found & members
    return found


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return _texts(value.get("@value", value.get("@id")))
    return [text for each in value for text in _texts(each)] if isinstance(value, list | tuple) else []
