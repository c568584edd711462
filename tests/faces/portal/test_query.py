"""The page that asks the whole basin."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from shangyou.core.ports import Person
from shangyou.faces.contracting import contracting
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_question import a_section, agreed, everything, give

APRIL = "/query?from=2021-04-01&to=2021-04-30"


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Basin]:
    with basin(tmp_path, ("ministry", "sichuan", "guizhou")) as found:
        found["ministry"].node.people.put_person(Person("li", "operator", "李工", "zh"), "right horse battery")
        for id, section in (("sichuan", "51.清风峡"), ("guizhou", "52.<清池>")):
            found[id].node.registry.meet([a_section(section)], 0)
            give(found[id].node.store, [(section, "ammonia_nitrogen", hour, 0.25 * hour) for hour in range(1, 5)])
            found[id].catalogue.put(everything(id))
        contracting(found["sichuan"]).control.contracts.put(agreed("sichuan", "ministry"))
        yield found


def reader(found: Basin) -> Reader:
    return Reader(cast(FakeNode, found["ministry"].node)).sign_in("li", "right horse battery")


def test_before_a_question_there_is_the_form(three: Basin) -> None:
    page = reader(three).get("/query").text
    assert "<h1>向全部 3 个节点提一个问题</h1>" in page
    assert 'name="parameter"' in page


def test_the_answer_says_first_how_complete_it_is_and_why_not_more(three: Basin) -> None:
    page = reader(three).get(f"{APRIL}&percentile=90").text
    assert "<h1>3 个节点中 2 个已答复，共 4 个观测值</h1>" in page
    assert "没有生效的合约" in page
    assert "四川省" in page
    assert "0.625" in page
    contracting(three["guizhou"]).control.contracts.put(agreed("guizhou", "ministry"))
    someone = reader(three)
    someone.get("/query?lang=en")
    page = someone.get(f"{APRIL}&by=section").text
    assert "<h1>3 of 3 nodes answered, for 8 observations</h1>" in page
    assert "52.&lt;清池&gt;" in page


def test_the_answer_can_be_taken_away(three: Basin) -> None:
    answer = reader(three).get(APRIL.replace("/query", "/query.csv"))
    assert answer.status_code == 200
    assert "ammonia_nitrogen" in answer.text
    assert reader(three).get("/query.exe?by=section").status_code == 404


def test_what_cannot_be_asked_is_told(three: Basin) -> None:
    assert reader(three).get("/query?percentile=many").status_code == 400
    assert reader(three).get("/query?by=planet").status_code == 400


def lines(page: str) -> dict[str, Any]:
    """What the chart of a page is drawn from."""
    [found] = re.findall(r"data-lines='([^']*)'", page)
    return dict(json.loads(html.unescape(found)))


def test_the_answer_is_drawn_over_time_beside_its_table(three: Basin) -> None:
    someone = reader(three)
    drawn = lines(someone.get(f"{APRIL}&mean=hour&percentile=90").text)
    assert (drawn["name"], drawn["unit"]) == ("氨氮", "mg/L")
    assert {each["value"] for each in drawn["limits"]} == {0.15, 0.5, 1.0, 1.5, 2.0}
    [line] = drawn["lines"]
    assert line["name"] == "四川省"
    assert [value for _, value, _ in line["points"]] == [0.25, 0.5, 0.75, 1.0, 1.0]
    asked = someone.get(f"{APRIL}&percentile=90&drawn=percentile").text
    assert lines(asked)["lines"][0]["points"][0][1] > 0.625  # the mean of the month
    assert "data-lines" not in someone.get(f"{APRIL}&mean=all").text


def test_a_place_s_name_in_the_chart_is_no_markup(three: Basin) -> None:
    contracting(three["guizhou"]).control.contracts.put(agreed("guizhou", "ministry"))
    page = reader(three).get(f"{APRIL}&by=section").text
    assert {each["name"] for each in lines(page)["lines"]} == {"51.清风峡", "52.<清池>"}
    assert "52.<清池>" not in page


def test_of_many_places_those_with_the_most_values_are_drawn(three: Basin) -> None:
    store = three["sichuan"].node.store
    for number in range(9):
        three["sichuan"].node.registry.meet([a_section(f"51.断面{number}")], 0)
        give(store, [(f"51.断面{number}", "ammonia_nitrogen", hour, 0.5) for hour in range(5, 15 + number)])
    page = reader(three).get(f"{APRIL}&by=section").text
    drawn = {each["name"] for each in lines(page)["lines"]}
    assert drawn == {f"51.断面{number}" for number in range(1, 9)}
    assert "只画观测值最多的 8 条，共 10 条。" in page
