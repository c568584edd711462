"""The catalogue between real nodes: signed requests, one feed a reader, nothing that a reader may not see."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from shangyou.exchange.catalogue.feed import PATH
from shangyou.exchange.catalogue.port import Wanted
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_catalogue import a_dataset, not_shared
from tests.fakes.exchange_peers import Fate


@pytest.fixture
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Basin]:
    with basin(tmp_path_factory.mktemp("basin"), ("ministry", "chongqing", "sichuan")) as found:
        yield found


def crawl(basin: Basin, id: str) -> None:
    for work in basin[id].crawls(basin.clock.ms()):
        work()


def ids(basin: Basin, id: str) -> list[str]:
    return [each.dataset.id for each in basin[id].catalogue.entries()]


def test_every_node_finds_what_the_others_publish(three: Basin) -> None:
    three["sichuan"].catalogue.put(a_dataset("sichuan/tp", "沱江总磷"))
    three["sichuan"].catalogue.put(not_shared("sichuan/secret"))
    three["chongqing"].catalogue.put(a_dataset("chongqing/lead", "嘉陵江铅"))
    for id in three:
        crawl(three, id)
    assert ids(three, "ministry") == ["chongqing/lead", "sichuan/tp"]
    assert ids(three, "chongqing") == ["chongqing/lead", "sichuan/tp"]
    assert ids(three, "sichuan") == ["chongqing/lead", "sichuan/secret", "sichuan/tp"]
    found = three["ministry"].catalogue.search(Wanted("总磷")).entries
    assert [each.dataset.id for each in found] == ["sichuan/tp"]
    assert found[0].service.endswith("/dsp/2025-1")


def test_a_member_that_cannot_be_reached_is_told_with_age_and_reason_and_caught_up_with(three: Basin) -> None:
    three["sichuan"].catalogue.put(a_dataset("sichuan/a"))
    crawl(three, "ministry")
    three.network.fate = lambda journey: Fate.LOSE_REQUEST
    three.clock.advance(minutes=5)
    crawl(three, "ministry")
    sources = {source.owner: source for source in three["ministry"].catalogue.sources()}
    assert sources["sichuan"].code == "peer.unreachable"
    assert sources["sichuan"].failing == three.clock.ms()
    assert (sources["sichuan"].succeeded or 0) < three.clock.ms()
    assert ids(three, "ministry") == ["sichuan/a"]
    three.network.fate = lambda journey: Fate.DELIVER
    three["sichuan"].catalogue.remove("sichuan/a", 9)
    three.clock.advance(hours=1)
    crawl(three, "ministry")
    assert ids(three, "ministry") == []
    assert three["ministry"].catalogue.sources()[0].failing is None


@pytest.mark.parametrize("query", ["since=-1", "since=x", "since=1&limit=9999999999999999", "limit=%E4%B8%80"])
def test_a_place_that_is_no_number_is_refused(three: Basin, query: str) -> None:
    answer = three["ministry"].peers.call("sichuan", "GET", f"{PATH}?{query}")
    assert answer.status == 400
    assert json.loads(answer.body)["code"] == "catalogue.since"


def test_who_names_no_place_reads_from_the_beginning(three: Basin) -> None:
    three["sichuan"].catalogue.put(a_dataset("sichuan/a"))
    answer = three["ministry"].peers.call("sichuan", "GET", PATH)
    said = json.loads(answer.body)
    assert (answer.status, said["owner"], said["since"], said["next"], said["more"]) == (200, "sichuan", 0, 1, False)
