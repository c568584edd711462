"""Reading policies: all faults at once, nothing that is not understood permits, and no input does harm."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.member import Level
from shangyou.exchange.policy.decide import decide
from shangyou.exchange.policy.decision import Facts, Permitted, Refused, Request
from shangyou.exchange.policy.policy import Reach
from shangyou.exchange.policy.read import DEEPEST, MOST_CONSTRAINTS, checked, read
from shangyou.exchange.policy.terms import OPERANDS, OPERATORS
from shangyou.exchange.policy.values import count, duration, reach, time
from shangyou.faces.sentences import messages
from tests.exchange.policy.lots import policy

WORDS = st.sampled_from(
    [
        *OPERANDS,
        *OPERATORS,
        "use",
        "read",
        "distribute",
        "delete",
        "attribute",
        "and",
        "or",
        "xone",
        "@id",
        "@type",
        "Offer",
        "Agreement",
        "permission",
        "prohibition",
        "obligation",
        "duty",
        "constraint",
        "action",
        "leftOperand",
        "operator",
        "rightOperand",
        "from",
        "to",
        "P1D",
        "2021-04-01T00:00:00Z",
        "12",
        "@value",
        "@list",
        "odrl:use",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=5),
    max_leaves=40,
)
ANYBODY = Request("sichuan", Level.PROVINCIAL, "assessment")


def offer(*permissions: object, **more: object) -> dict[str, Any]:
    return {"@id": "urn:uuid:1", "@type": "Offer", "permission": list(permissions), **more}


def use(*constraints: object) -> dict[str, Any]:
    return {"action": "use", "constraint": list(constraints)}


def atom(operand: str, operator: str, value: object) -> dict[str, Any]:
    return {"leftOperand": operand, "operator": operator, "rightOperand": value}


def codes(given: object) -> list[tuple[str, str]]:
    return [(fault.path, fault.code) for fault in read(given).faults]


@given(JSON)
def test_any_json_is_read_and_what_has_faults_in_its_head_permits_nothing(given: object) -> None:
    found = read(given)
    assert {fault.code for fault in found.faults} <= set(messages())
    decision = decide(found, ANYBODY, Facts("ministry", "ministry/all"), 0)
    if not isinstance(given, dict) or given.get("@type") not in ("Offer", "Agreement", "Set"):
        assert isinstance(decision, Refused)


@given(st.integers(0, 2**40), JSON, st.data())
def test_a_policy_with_anything_put_in_anywhere_is_read(seed: int, put: object, data: st.DataObject) -> None:
    given = policy(random.Random(seed))
    place: Any = given
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if data.draw(st.booleans()) or not isinstance(place[key], dict | list):
            place[key] = put
            break
        place = place[key]
    decide(read(given), ANYBODY, Facts("ministry", "ministry/all"), 0)


def test_all_faults_are_told_at_once_with_their_places() -> None:
    given = offer(
        use(atom("weather", "eq", "fine"), atom("section", "resembles", "a"), atom("rows", "lteq", "many")),
        {"action": "sell"},
        "everything",
        prohibition=[{"action": "read", "constraint": [atom("review", "gteq", "first")]}],
        obligation=[{"action": "pay"}],
        perm=[],
    )
    assert codes(given) == [
        ("perm", "policy.key"),
        ("permission[0].constraint[0]", "policy.operand"),
        ("permission[0].constraint[1]", "policy.operator"),
        ("permission[0].constraint[2]", "policy.value"),
        ("permission[1].action", "policy.action"),
        ("permission[2]", "policy.form"),
        ("prohibition[0].constraint[0]", "policy.operator"),
        ("obligation[0].action", "policy.action"),
    ]
    with pytest.raises(InputError, match=r"policy\.faults"):
        checked(given)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"permision": []},
        {"conflict": "perm"},
        {"@type": "Ticket"},
        {"target": 7},
        {"obligation": [{"action": "pay"}]},
        {"obligation": {"action": "delete"}},
        {"prohibition": "none"},
        {"prohibition": [{"action": "sell"}]},
        {"prohibition": [7]},
    ],
)
def test_a_policy_that_is_wrong_as_a_whole_permits_nothing(spoiled: dict[str, object]) -> None:
    facts = Facts("ministry", "ministry/all")
    assert isinstance(decide(read(offer(use())), ANYBODY, facts, 0), Permitted)
    assert isinstance(decide(read({**offer(use()), **spoiled}), ANYBODY, facts, 0), Refused)


def test_an_unknown_duty_makes_its_permission_void() -> None:
    facts = Facts("ministry", "ministry/all")
    assert isinstance(decide(read(offer({"action": "use", "duty": [{"action": "pay"}]})), ANYBODY, facts, 0), Refused)
    assert isinstance(
        decide(read(offer({"action": "use", "duty": {"action": "pay"}}, use())), ANYBODY, facts, 0), Permitted
    )


def test_constraints_too_deep_or_too_many_are_not_understood() -> None:
    deep: dict[str, Any] = atom("section", "eq", "a")
    for _ in range(DEEPEST):
        deep = {"and": [deep]}
    assert [code for _, code in codes(offer(use(deep)))] == ["policy.depth"]
    assert codes(offer(use(deep["and"][0]))) == []
    many = [atom("section", "eq", "a")] * (MOST_CONSTRAINTS + 1)
    assert [code for _, code in codes(offer(use(*many)))] == ["policy.size"]
    assert codes(offer(use(*many[1:]))) == []


def test_a_policy_as_deep_as_json_goes_is_read() -> None:
    text = '{"and": [' * 400 + "1" + "]}" * 400
    assert [code for _, code in codes(offer(use(json.loads(text))))] == ["policy.depth"]


def test_terms_may_bear_the_prefix_of_their_vocabulary_and_values_their_type() -> None:
    found = checked(
        offer(
            {
                "action": "odrl:use",
                "constraint": [
                    atom("odrl:dateTime", "odrl:lt", {"@value": "2030-01-01T00:00:00Z", "@type": "xsd:dateTime"}),
                    {"@type": "LogicalConstraint", "or": {"@list": [atom("recipient", "eq", {"@id": "sichuan"})]}},
                ],
            }
        )
    )
    assert isinstance(decide(found, ANYBODY, Facts("ministry", "ministry/all"), 0), Permitted)


@pytest.mark.parametrize("name", OPERANDS)
def test_the_example_of_every_operand_is_well_formed(name: str) -> None:
    operand = OPERANDS[name]
    for kind, operators in (("permission", operand.operators), ("prohibition", operand.prohibits or operand.operators)):
        for operator in sorted(operators):
            value = operand.example
            value = value[0] if isinstance(value, list) else value
            given = {"@id": "x", "@type": "Offer", kind: [use(atom(name, operator, value))]}
            assert codes(given) == [], (name, operator)


def test_every_operator_of_the_standard_is_taken_by_some_operand() -> None:
    taken = {operator for operand in OPERANDS.values() for operator in operand.operators} | {"term-lteq"}
    assert taken == set(OPERATORS)
    assert codes(offer(use(atom("rows", "term-lteq", "5")))) == []


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("P1D", 86400000),
        ("PT6H", 21600000),
        ("P1DT1M", 86460000),
        ("P2W", 1209600000),
        ("PT0S", 0),
        ("P1M", None),
        ("P1Y", None),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("-P1D", None),
        ("1D", None),
    ],
)
def test_durations_are_of_weeks_days_and_shorter(text: str, ms: int | None) -> None:
    assert duration(text) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T08:00:00+08:00", 0),
        ("1970-01-01T00:00:00.250Z", 250),
        ("1970-01-01T00:00Z", 0),
        ("1970-01-01T00:00:00", None),
        ("1970-01-01", None),
        ("1970-02-30T00:00:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", -62135647200000),
    ],
)
def test_times_have_a_zone(text: str, ms: int | None) -> None:
    assert time(text) == ms


@pytest.mark.parametrize("value", ["", "-1", "1.5", "1e3", "٣", "9" * 16, 5, None, ["5"]])
def test_counts_are_whole_numbers_in_text(value: object) -> None:
    assert count(value) is None


def test_a_reach_has_at_least_one_end() -> None:
    assert reach({"from": "a"}) == Reach("a", "")
    assert reach({}) is None
    assert reach({"from": "", "to": ""}) is None
    assert reach({"from": "a", "via": "b"}) is None
    assert reach({"from": 1}) is None


def test_a_misspelt_parameter_is_a_fault_so_that_no_prohibition_is_void() -> None:
    assert codes(offer(use(atom("parameter", "eq", "amonia")))) == [("permission[0].constraint[0]", "policy.value")]
