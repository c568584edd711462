"""One question to the basin: exact whichever way the rows lie, and honest about every node."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.records import Flag
from shangyou.exchange.member import Standing
from shangyou.exchange.ports import Answer
from shangyou.exchange.question import Question
from shangyou.exchange.summaries.sketch import ACCURACY
from shangyou.flows.query import Found, rows, summed
from tests.fakes.exchange_question import (
    APRIL,
    HOUR,
    Respondents,
    Row,
    agreed,
    constraint,
    everything,
    give,
    may,
)
from tests.flows.asking import NAMES, REGISTRY, SECTIONS, WHOLE_APRIL, asked, basin, line

# ---- the same answer whichever way the rows lie


each_row = st.tuples(
    st.sampled_from(SECTIONS),
    st.sampled_from(["ammonia_nitrogen", "ph"]),
    st.integers(0, 800),
    st.floats(0, 14).map(lambda value: round(value, 3)),
)
lots = st.lists(each_row, max_size=40, unique_by=lambda row: row[:3])
questions = st.builds(
    Question,
    label=st.sampled_from(["section", "river", "province", "basin"]),
    period=st.sampled_from(["hour", "day", "month", "quarter", "year", "all"]),
    start=st.sampled_from([None, APRIL]),
    percentiles=st.just(True),
)


@given(lots, st.lists(st.integers(0, 3), min_size=40, max_size=40), questions)
def test_any_split_of_the_rows_over_nodes_gives_the_answer_of_one_store(
    given_rows: list[Row], at: list[int], question: Question
) -> None:
    many, one = basin(), basin()
    for number, name in enumerate(("ministry", *NAMES)):
        give(many.store(name), [row for row, place in zip(given_rows, at, strict=False) if place == number])
    give(one.store("ministry"), given_rows)
    tables = [summed(asked(each, question), (50, 90)).drop(["nodes"]) for each in (many, one)]
    assert tables[0].equals(tables[1])


@given(lots, st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_rows_come_back_as_they_are_whichever_node_has_them(given_rows: list[Row], at: list[int]) -> None:
    nodes = basin()
    for number, name in enumerate(("ministry", *NAMES)):
        give(nodes.store(name), [row for row, place in zip(given_rows, at, strict=False) if place == number])
    found = rows(asked(nodes, Question(shape="rows"))).to_pylist()
    came = [(r["site"], r["parameter"], (int(r["time"].timestamp() * 1000) - APRIL) // HOUR, r["value"]) for r in found]
    assert sorted(came) == sorted(given_rows)


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=60), st.sampled_from([10.0, 50.0, 90.0]))
def test_percentiles_of_the_basin_are_within_their_bound(values: list[float], share: float) -> None:
    nodes = basin()
    for number, name in enumerate(NAMES):
        lot = [(SECTIONS[0], "ammonia_nitrogen", h, v) for h, v in enumerate(values) if h % 3 == number]
        give(nodes.store(name), lot)
    question = Question(label="basin", period="all", percentiles=True)
    (row,) = summed(asked(nodes, question), (share,)).to_pylist()
    rank = max(int(np.ceil(share / 100 * len(values) - 1e-9)), 1)
    assert row[f"p{share:g}"] == pytest.approx(sorted(values)[rank - 1], rel=ACCURACY * 1.001)


def test_a_mean_over_nodes_is_the_mean_of_all_values_and_no_mean_of_means() -> None:
    nodes = basin()
    give(nodes.store("sichuan"), [(SECTIONS[0], "ammonia_nitrogen", h, 1.0) for h in range(9)])
    give(nodes.store("chongqing"), [(SECTIONS[0], "ammonia_nitrogen", 9, 11.0)])
    (row,) = summed(asked(nodes)).to_pylist()
    assert (row["mean"], row["count"], row["nodes"]) == (2.0, 10, "sichuan, chongqing")


def test_copies_of_the_data_of_others_are_not_counted_again(nodes: Respondents) -> None:
    give(nodes.store("ministry"), [("51.清风峡", "ammonia_nitrogen", h, 0.1 * (h + 1)) for h in range(4)], "transfer")
    counts = {row["label"]: row["count"] for row in summed(asked(nodes)).to_pylist()}
    assert counts == dict.fromkeys(SECTIONS, 4)


def test_values_that_the_checks_fail_take_no_part_unless_they_are_asked_for(nodes: Respondents) -> None:
    give(nodes.store("sichuan"), [("51.清风峡", "ammonia_nitrogen", 9, 99.0)], flag=Flag.FAIL)
    of = Question(sections=("51.清风峡",))
    assert summed(asked(nodes, of))["maximum"].to_pylist() == [0.4]
    assert summed(asked(nodes, replace(of, usable=False)))["maximum"].to_pylist() == [99.0]


def test_places_narrow_a_question(nodes: Respondents) -> None:
    def labels(**more: Any) -> list[str]:
        return sorted(summed(asked(nodes, Question(**more)))["label"].to_pylist())

    assert labels(sections=("50.朱沱",)) == ["50.朱沱"]
    assert labels(provinces=("51", "52")) == ["51.清风峡", "52.清池"]
    assert labels(rivers=("赤水河",)) == ["52.清池"]
    assert labels(rivers=("黄河",)) == []


# ---- a line on each node


def test_every_node_has_its_line(nodes: Respondents) -> None:
    found = asked(nodes)
    assert [(each.node, each.state, each.values) for each in found.lines] == [
        ("ministry", "answered", 0),
        ("sichuan", "answered", 4),
        ("chongqing", "answered", 4),
        ("guizhou", "answered", 4),
    ]
    assert found.complete
    said = json.loads((summed(found).schema.metadata or {})[b"completeness"])
    assert [each["node"] for each in said] == ["ministry", *NAMES]


def test_a_node_that_is_away_costs_its_own_data_only(nodes: Respondents) -> None:
    nodes.down.add("sichuan")
    found = asked(nodes)
    assert (line(found, "sichuan").state, line(found, "sichuan").code) == ("away", "peer.unreachable")
    assert summed(found)["label"].to_pylist() == ["50.朱沱", "52.清池"]
    assert not found.complete


def test_a_node_that_never_answers_is_left_behind(nodes: Respondents) -> None:
    end = threading.Event()

    def hold(member: str, answer: Answer) -> Answer:
        if member == "guizhou":
            end.wait(30)
        return answer

    nodes.spoil = hold
    found = asked(nodes, seconds=-1.9)
    end.set()
    assert line(found, "guizhou").state == "away"
    assert line(found, "guizhou").facts["reason"] == "timeout"
    assert "52.清池" not in summed(found)["label"].to_pylist()


def test_without_an_agreement_nothing_leaves_and_the_line_says_so(nodes: Respondents) -> None:
    nodes.contracts["sichuan"] = type(nodes.contracts["sichuan"])()
    found = asked(nodes)
    assert (line(found, "sichuan").state, line(found, "sichuan").code) == ("no_agreement", "query.no_agreement")


def test_a_refusal_names_its_rule_and_who_can_change_it(nodes: Respondents) -> None:
    policy = may(constraint("purpose", "isA", "statutory"))
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", policy))
    refused = line(asked(nodes), "sichuan")
    assert (refused.state, refused.code) == ("refused", "query.refused")
    assert [(each.code, each.operand, each.who) for each in refused.left] == [
        ("policy.not.purpose", "purpose", "consumer")
    ]
    assert line(asked(nodes, replace(WHOLE_APRIL, purpose="assessment")), "sichuan").state == "answered"


def test_a_suspended_member_is_not_even_asked(nodes: Respondents) -> None:
    nodes.members.stand("sichuan", Standing.SUSPENDED)
    assert (line(asked(nodes), "sichuan").code, line(asked(nodes), "sichuan").state) == ("peer.standing", "refused")


def test_a_node_that_has_heard_nothing_for_days_says_since_when() -> None:
    nodes = basin()
    give(nodes.store("sichuan"), [(SECTIONS[0], "ph", 1, 7.0)], received=APRIL + 2 * HOUR)
    stale = line(asked(nodes, Question()), "sichuan")
    assert (stale.state, stale.code, stale.since) == ("stale", "query.stale", APRIL + 2 * HOUR)
    assert line(asked(nodes, Question(stop=APRIL + 9 * HOUR)), "sichuan").state == "answered"


def test_only_named_nodes_are_asked_and_a_name_that_is_none_is_refused(nodes: Respondents) -> None:
    assert [each.node for each in asked(nodes, only=("sichuan",)).lines] == ["sichuan"]
    with pytest.raises(NotFoundError):
        asked(nodes, only=("nowhere",))


def test_a_question_that_is_none_is_refused_before_anybody_is_asked(nodes: Respondents) -> None:
    with pytest.raises(InputError, match=r"query\.question"):
        asked(nodes, Question(period="fortnight"))
    with pytest.raises(InputError, match=r"query\.question"):
        summed(asked(nodes), (90,))


def test_more_rows_than_an_answer_holds_are_refused(nodes: Respondents) -> None:
    give(nodes.store("sichuan"), [("51.清风峡", "ph", 24 * 365 * 200, 7.0)])
    assert line(asked(nodes, Question(period="hour")), "sichuan").code == "query.too_much"


# ---- agreements


def counts(found: Found) -> dict[str, int]:
    return {row["label"]: row["count"] for row in summed(found).to_pylist()}


def test_only_what_the_agreement_covers_leaves_and_the_rest_is_named(nodes: Respondents) -> None:
    give(nodes.store("sichuan"), [("50.朱沱", "ph", 1, 7.0), ("51.清风峡", "ph", 1, 7.0)])
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", may(constraint("section", "isAnyOf", ["51.清风峡"]))))
    found = asked(nodes, Question(parameters=("ph",)))
    assert counts(found) == {"51.清风峡": 1}
    (left,) = line(found, "sichuan").left
    assert (line(found, "sichuan").state, left.code, left.operand, left.wanted) == (
        "narrowed",
        "query.left",
        "section",
        "50.朱沱",  # and not 52.清池, of which nothing is held
    )


def test_a_row_that_two_agreements_allow_counts_once(nodes: Respondents) -> None:
    early = may(constraint("observed", "lt", "2021-04-01T03:00:00+08:00"))
    late = may(constraint("observed", "gteq", "2021-04-01T01:00:00+08:00"), action="read")
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", early))
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", late, 2))
    assert counts(asked(nodes))["51.清风峡"] == 4
    assert line(asked(nodes, replace(WHOLE_APRIL, shape="rows")), "sichuan").values == 4


@given(
    st.lists(st.tuples(st.sets(st.sampled_from(SECTIONS)), st.integers(0, 9), st.integers(0, 9)), max_size=4),
    st.booleans(),
)
def test_what_leaves_is_the_union_of_what_the_agreements_allow(
    terms: list[tuple[set[str], int, int]], as_rows: bool
) -> None:
    nodes = Respondents("ministry", REGISTRY, "sichuan")
    nodes.contracts["sichuan"] = type(nodes.contracts["sichuan"])()
    held = [(section, "ph", hour, 7.0) for section in SECTIONS for hour in range(10)]
    give(nodes.store("sichuan"), held)
    allowed = set()
    for number, (sections, start, stop) in enumerate(terms):
        policy = may(
            constraint("section", "isAnyOf", sorted(sections) or ["99.无"]),
            constraint("observed", "gteq", f"2021-04-01T{start:02}:00:00+08:00"),
            constraint("observed", "lteq", f"2021-04-01T{stop:02}:00:00+08:00"),
        )
        nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", policy, number))
        allowed |= {(s, p, h, v) for s, p, h, v in held if s in sections and start <= h <= stop}
    found = asked(nodes, Question(shape="rows" if as_rows else "summary"))
    assert line(found, "sichuan").values == len(allowed)


def test_an_agreement_on_months_gives_whole_months_only_and_no_hours() -> None:
    nodes = basin()
    give(nodes.store("sichuan"), [("51.清风峡", "ph", h, 7.0) for h in range(24 * 30 + 6)])
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", may(constraint("resolution", "gteq", "month"))))
    only = {"only": ("sichuan",)}
    assert line(asked(nodes, Question(period="month"), **only), "sichuan").values == 24 * 30  # May is under way
    for finer in (
        Question(period="day"),
        Question(shape="rows"),
        Question(period="month", start=APRIL + HOUR),
        Question(period="all", start=APRIL, stop=APRIL + HOUR),
    ):
        refused = line(asked(nodes, finer, **only), "sichuan")
        assert (refused.state, refused.left[0].operand) == ("refused", "resolution")


def test_sums_may_leave_where_rows_may_not() -> None:
    nodes = basin()
    give(nodes.store("sichuan"), [("51.清风峡", "ph", 1, 7.0)])
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", may(action="aggregate")))
    assert line(asked(nodes), "sichuan").values == 1
    assert line(asked(nodes, Question(shape="rows")), "sichuan").state == "refused"


def test_a_quota_that_nobody_meters_lets_nothing_leave(nodes: Respondents) -> None:
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", may(constraint("rowsPerDay", "lteq", "1000"))))
    assert line(asked(nodes), "sichuan").left[0].operand == "rowsPerDay"


def test_of_a_dataset_that_is_gone_nothing_leaves(nodes: Respondents) -> None:
    nodes.datasets["sichuan"] = replace(everything("sichuan"), id="sichuan/other")
    assert line(asked(nodes), "sichuan").code == "query.refused"


def test_a_delay_holds_back_what_is_too_new(nodes: Respondents) -> None:
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", may(constraint("delay", "gteq", "P1D"))))
    nodes.now = APRIL + 26 * HOUR
    assert line(asked(nodes), "sichuan").values == 3  # hours 0, 1 and 2
