"""The catalogue's pages, on real nodes of a federation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from shangyou import wiring
from shangyou.core.ports import Person
from shangyou.settings import Settings
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_catalogue import a_dataset, not_shared
from tests.fakes.exchange_peers import Fate


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Basin]:
    with basin(tmp_path_factory.mktemp("basin"), ("chongqing", "sichuan"), threshold=2) as found:
        for member in found:
            people = found[member].node.people
            people.put_person(Person("li", "engineer", "李工"), "right horse battery")
            people.put_person(Person("zhao", "duty", "赵值班"), "right horse battery")
            people.put_person(Person("guest", "viewer", "访客"), "right horse battery")
        found["sichuan"].catalogue.put(
            a_dataset(
                "sichuan/tp",
                "沱江总磷",
                found.clock.ms(),
                title_en="Phosphorus of the Tuo",
                extra={
                    "quality": {"observations": 9, "series": 1, "acquired": 0.9, "valid": 1, "delay_half": 10**30},
                    "lineage": {"sources": [{"kind": "hj212", "name": "hj212", "observations": 9}]},
                    "places": {"rivers": [{"id": "tuo", "zh": "沱江", "en": "Tuo"}], "sections": "none"},
                },
            )
        )
        found["sichuan"].catalogue.put(not_shared("sichuan/wells"))
        for work in found["chongqing"].crawls(found.clock.ms()):
            work()
        yield found


def reader(two: Basin, member: str, name: str = "li") -> Reader:
    return Reader(cast(FakeNode, two[member].node)).sign_in(name, "right horse battery")


def test_the_catalogue_is_searched_in_both_languages(two: Basin) -> None:
    someone = reader(two, "chongqing")
    page = someone.get("/catalogue?q=总磷").text
    assert "1 个数据集" in page
    assert "沱江总磷" in page
    assert "90.0%" in page
    someone.get("/catalogue?lang=en")
    assert "1 dataset" in someone.get("/catalogue?q=tuo").text
    someone.get("/catalogue?lang=zh")
    assert "没有符合的数据集" in someone.get("/catalogue?q=磷总").text


def test_a_dataset_shows_terms_quality_and_lineage(two: Basin) -> None:
    page = reader(two, "chongqing").get("/catalogue/sichuan/tp").text
    for text in ("沱江总磷", "允许使用", "有条件共享", "hj212", "90.0", "沱江"):
        assert text in page


def test_what_is_not_shared_has_a_page_at_its_owner_alone(two: Basin) -> None:
    assert reader(two, "chongqing").get("/catalogue/sichuan/wells").status_code == 404
    assert "不予共享" in reader(two, "sichuan").get("/catalogue/sichuan/wells").text


def test_a_dataset_is_published_changed_measured_and_withdrawn(two: Basin) -> None:
    someone, form = reader(two, "sichuan"), "/catalogue/publish"
    fields: dict[str, Any] = {
        "name": "day",
        "title_zh": "日均值",
        "cadence:day": "1",
        "delay": "P1D",
        "keyword": "日 day",
    }
    answer = someone.post(form, form, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/catalogue/sichuan/day?done=published")
    page = someone.get("/catalogue/sichuan/day?done=published").text
    assert "延迟 不小于 P1D" in page
    assert "已发布" in page
    assert 'value="日均值"' in someone.get(f"{form}?id=sichuan/day").text
    assert someone.post("/catalogue/measure", form, id="sichuan/day").status_code == 303
    assert someone.post("/catalogue/withdraw", form, id="sichuan/day").status_code == 303
    assert someone.get("/catalogue/sichuan/day").status_code == 404


def test_a_form_with_a_fault_comes_back_with_what_was_written(two: Basin) -> None:
    someone, form = reader(two, "sichuan"), "/catalogue/publish"
    answer = someone.post(form, form, name="A b", title_zh="留着的名称")
    assert answer.status_code == 400
    assert "留着的名称" in answer.text
    assert "不能作本节点数据集的标识" in answer.text


def test_who_may_not_publish_sees_no_form(two: Basin) -> None:
    someone = reader(two, "sichuan", "guest")
    assert someone.get("/catalogue/publish").status_code == 403
    assert "/catalogue/publish" not in someone.get("/catalogue").text
    assert someone.get("/catalogue/sichuan/tp").status_code == 200


def test_who_may_bind_the_agency_can_ask_for_a_contract(two: Basin) -> None:
    path = "/catalogue/sichuan/tp"
    assert "申请合约" in reader(two, "chongqing", "zhao").get(path).text
    assert "申请合约" not in reader(two, "sichuan", "zhao").get(path).text
    guest = reader(two, "chongqing", "guest")
    assert "申请合约" not in guest.get(path).text
    assert guest.post("/catalogue/ask", path, dataset="sichuan/tp").status_code == 403


def test_a_source_that_fails_is_in_the_title_with_its_reason(two: Basin) -> None:
    someone = reader(two, "chongqing")
    two.network.fate = lambda journey: Fate.LOSE_REQUEST
    assert someone.post("/catalogue/crawl", "/catalogue", member="sichuan").status_code == 303
    page = someone.get("/catalogue").text
    assert "1 个成员读不到" in page
    two.network.fate = lambda journey: Fate.DELIVER
    someone.post("/catalogue/crawl", "/catalogue", member="sichuan")
    assert "读不到" not in someone.get("/catalogue").text


@pytest.mark.parametrize(("form", "start"), [("jsonld", "{"), ("ttl", "@prefix")])
def test_the_catalogue_can_be_taken_away(two: Basin, form: str, start: str) -> None:
    answer = reader(two, "chongqing").get(f"/catalogue.{form}")
    assert answer.text.startswith(start)
    assert "attachment" in answer.headers["content-disposition"]


def test_a_node_in_no_federation_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("alone") / "node"
    wiring.make_home(Settings(home=home))
    node = wiring.build(Settings(home=home, memory="64MB", threads=1))
    node.people.put_person(Person("li", "engineer", "李工"), "right horse battery")
    page = Reader(cast(FakeNode, node)).sign_in("li", "right horse battery").get("/catalogue").text
    node.close()
    assert "还没有加入联邦" in page
