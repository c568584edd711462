"""Levels and sharing attributes decide who may know of a dataset."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from shangyou.exchange.catalogue.sharing import audience, faults, is_listed, offers_for, recipients
from shangyou.exchange.dataset import DataLevel, Dataset, DatasetQuery, Offer, Sharing

OPEN = {"permission": [{"action": "use"}]}


def only(*members: str) -> dict[str, object]:
    constraint = {"leftOperand": "recipient", "operator": "isAnyOf", "rightOperand": list(members)}
    return {"permission": [{"action": "use", "constraint": [constraint]}]}


HOURLY = Dataset("sc/hourly", "sc", "小时值", "Hourly", DatasetQuery(), (Offer("all", OPEN),))


@pytest.mark.parametrize(("level", "sharing"), list(product(DataLevel, Sharing)))
def test_core_data_and_data_not_shared_are_listed_to_their_owner_alone(level: DataLevel, sharing: Sharing) -> None:
    dataset = replace(HOURLY, level=level, sharing=sharing)
    closed = level is DataLevel.CORE or sharing is Sharing.NONE
    assert is_listed(dataset, "cq") is not closed
    assert is_listed(dataset, "sc")
    assert bool(offers_for(dataset, "cq")) is not closed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"level": DataLevel.CORE}, "catalogue.core_shared"),
        ({"level": DataLevel.CORE, "sharing": Sharing.NONE}, "catalogue.closed_offer"),
        ({"sharing": Sharing.NONE}, "catalogue.closed_offer"),
        ({"offers": ()}, "catalogue.no_offer"),
        ({"level": DataLevel.IMPORTANT, "sharing": Sharing.UNCONDITIONAL}, "catalogue.important_unconditional"),
        ({"level": DataLevel.IMPORTANT}, "catalogue.important_automatic"),
    ],
)
def test_what_the_rules_forbid_is_named(change: dict[str, object], code: str) -> None:
    assert code in [fault.code for fault in faults(replace(HOURLY, **change))]  # type: ignore[arg-type]


def test_what_the_rules_allow_has_no_fault() -> None:
    person = Offer("asked", OPEN, automatic=False)
    assert faults(HOURLY) == []
    assert faults(replace(HOURLY, level=DataLevel.IMPORTANT, offers=(person,))) == []
    assert faults(replace(HOURLY, level=DataLevel.CORE, sharing=Sharing.NONE, offers=())) == []


def test_a_dataset_offered_to_named_members_is_listed_to_them_only() -> None:
    dataset = replace(HOURLY, offers=(Offer("a", only("cq", "yn")), Offer("b", only("gz"))))
    assert audience(dataset) == frozenset({"cq", "yn", "gz"})
    assert [is_listed(dataset, member) for member in ("cq", "gz", "xz", "sc")] == [True, True, False, True]
    assert [offer.id for offer in offers_for(dataset, "gz")] == ["b"]


def test_one_open_offer_lists_it_to_all() -> None:
    assert audience(replace(HOURLY, offers=(Offer("a", only("cq")), Offer("b", OPEN)))) is None


@pytest.mark.parametrize("policy", [{}, {"permission": "x"}, {"permission": [1]}, {"permission": [{"constraint": 3}]}])
def test_a_policy_of_another_form_names_nobody(policy: dict[str, object]) -> None:
    assert recipients(policy) is None
