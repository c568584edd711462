"""What does not add up is refused with all its faults, each at its line."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.governance.compensation.read import digest_of, examine, parse, read
from shangyou.standards.compacts import compact_text, compact_texts

CHISHUI = compact_text("chishui-2018")


def document() -> dict[str, Any]:
    """A compact that adds up, to be spoilt."""
    return copy.deepcopy(dict(parse(CHISHUI).document))


def faults(told: dict[str, Any]) -> set[tuple[str, str]]:
    """Of a document that was written as YAML."""
    found = examine(yaml.safe_dump(told, allow_unicode=True).encode())
    assert (found[0] is None) == bool(found[1])
    return {(fault.path, fault.code.removeprefix("compensation.")) for fault in found[1]}


def test_percentages_that_do_not_make_a_hundred_are_refused() -> None:
    told = document()
    told["rules"][1]["cases"][1]["otherwise"]["to"] = {"percent": {"guizhou": 50, "sichuan": 40}}
    assert faults(told) == {("rules[1].cases[1].otherwise.to.percent", "sum")}


def test_amounts_in_yuan_must_make_the_whole_pot() -> None:
    told = document()
    told["rules"][0]["always"]["pay_in"] = {"yuan": {"yunnan": 1, "guizhou": 2, "sichuan": 3}}
    assert faults(told) == {("rules[0].always.pay_in.yuan", "sum")}


def test_all_faults_come_at_once() -> None:
    told = document()
    told["valid_to"] = "2017-12-31"
    told["surprise"] = 1
    told["parties"].append({"id": "tibet", "name_zh": "西藏", "name_en": "Tibet"})
    told["sections"][0]["goal"] = "VII"
    told["rules"][0]["always"]["pay_in"] = {"yunnan": 1, "nobody": 5}
    told["rules"][1]["cases"][1]["otherwise"]["from"] = "guizhou"
    told["rules"][2]["cases"].pop()
    assert faults(told) >= {
        ("valid_to", "order"),
        ("surprise", "unknown_key"),
        ("parties", "idle"),
        ("sections[0].goal", "class"),
        ("rules[0].always.pay_in.nobody", "name"),
        ("rules[1].cases[1].otherwise", "self"),
        ("rules[2].cases[0].if", "unknown_key"),
    }


def test_a_fault_tells_its_line() -> None:
    text = CHISHUI.replace(b"pay_in: {yunnan: 1, guizhou: 5, sichuan: 4}", b"pay_in: {yunnan: 1, nobody: 5}")
    [fault, *_] = examine(text)[1]
    assert text.splitlines()[fault.line - 1].strip().startswith(b"pay_in")
    with pytest.raises(InputError) as refused:
        parse(text)
    assert refused.value.code == "compensation.faults"
    assert f"{fault.line}:rules[0].always.pay_in.nobody: compensation.name" in str(refused.value.facts["faults"])


def test_rules_that_deduct_from_each_other_in_a_circle_are_refused() -> None:
    told = document()
    for rule, of in ((1, "lianyuxi"), (2, "qingshuipu")):
        told["rules"][rule]["cases"][1]["otherwise"]["of"] = of
    assert ("rules", "circular") in faults(told)


def test_more_than_a_party_gets_cannot_be_deducted() -> None:
    told = document()
    told["rules"][1]["cases"][1]["otherwise"]["deduct"] = "0.6"
    told["rules"][2]["cases"][1]["otherwise"] |= {"deduct": "0.5", "from": "yunnan"}
    assert ("rules", "overdrawn") in faults(told)
    told["rules"][2]["cases"][1]["otherwise"]["deduct"] = "0.4"
    assert faults(told) == set()


def test_nothing_can_be_deducted_from_a_party_that_gets_nothing() -> None:
    told = document()
    told["rules"][0]["always"]["pay_out"] = {"yunnan": 1, "sichuan": 1}
    assert ("rules[2]", "no_gain") in faults(told)


def test_an_amount_may_only_be_left_open_where_it_is_marked_unverified() -> None:
    told = document()
    told["rules"][1]["status"] = "confirmed"
    assert faults(told) == {("rules[1].cases[1].otherwise.deduct", "no_amount")}


def test_a_class_of_an_indicator_without_limits_is_refused() -> None:
    told = document()
    told["indicators"].append("total_nitrogen")
    assert {code for _, code in faults(told)} == {"no_limits"}


def test_sections_that_a_rule_names_must_be_there_and_all_must_be_used() -> None:
    told = document()
    told["sections"].append({"id": "52.茅台", "name_zh": "茅台", "name_en": "Maotai"})
    told["rules"][1]["at"] = ["52.龙岩"]
    assert faults(told) >= {("sections", "idle"), ("rules[1].at", "name")}


def test_a_role_that_nobody_plays_at_a_section_is_refused_unless_somebody_fills_it() -> None:
    told = copy.deepcopy(dict(parse(compact_text("chongqing-districts-2018")).document))
    told["sections"][0]["upstream"] = None
    assert ("parties", "idle") in faults(told) or faults(told) == set()
    del told["rules"][0]["filled_by"]
    assert ("rules[0]", "no_role") in faults(told)


def test_steps_must_rise() -> None:
    told = copy.deepcopy(dict(parse(compact_text("xinanjiang-2015")).document))
    told["rules"][0]["steps"]["list"].insert(0, told["rules"][0]["steps"]["list"].pop(1))
    assert faults(told) == {("rules[0].steps.list", "steps")}


def test_weights_of_an_index_must_make_one() -> None:
    told = copy.deepcopy(dict(parse(compact_text("xinanjiang-2018")).document))
    told["indices"][0]["weights"]["total_nitrogen"] = "0.27"
    assert faults(told) == {("indices[0].weights", "sum")}


def test_a_small_text_cannot_stand_for_a_large_document() -> None:
    bomb = b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 120))
    assert [fault.code for fault in examine(bomb)[1]] == ["compensation.alias"]
    assert [fault.code for fault in examine(b"#" * 200_000)[1]] == ["compensation.size"]
    for nested in (b"rules: " + b"[" * 60 + b"]" * 60, b"[" * 100_000, b"{a: " * 30_000, b"- " * 60_000):
        [fault] = examine(b"id: x\n" * nested.startswith(b"rules") + nested)[1]
        assert (fault.code, fault.line) == ("compensation.deep", 1 + nested.startswith(b"rules"))


def test_a_key_that_is_there_twice_is_a_fault_at_its_second_line() -> None:
    [fault] = examine(CHISHUI + b"\nid: other\n")[1]
    assert (fault.code, fault.line) == ("compensation.twice", CHISHUI.count(b"\n") + 2)


@pytest.mark.parametrize("id", list(compact_texts()))
def test_a_compact_stays_the_same_through_json(id: str) -> None:
    compact = parse(compact_text(id))
    again = read(json.loads(json.dumps(compact.document)))
    assert again == compact
    turned = dict(reversed(list(compact.document.items())))
    assert digest_of(turned) == compact.digest


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_with_faults(text: bytes) -> None:
    compact, found = examine(text)
    assert compact is None
    assert found


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["each", "goal", "nothing", "1.5"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_compact_with_any_part_replaced_is_read_or_refused_with_faults(data: st.DataObject) -> None:
    told = copy.deepcopy(dict(parse(compact_text(data.draw(st.sampled_from(sorted(compact_texts()))))).document))
    node: Any = told
    for _ in range(data.draw(st.integers(0, 5))):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key]:
            break
        node = node[key]
    key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else list(range(len(node)))))
    node[key] = data.draw(JSON)
    whole, found = examine(yaml.safe_dump(told, allow_unicode=True).encode())
    assert (whole is None) == bool(found)
    assert all(fault.code.startswith(("compensation.", "vocabulary.")) for fault in found)
