"""Questions and deeds about datasets, on real nodes of a federation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from rdflib import Graph

from shangyou.core.errors import InputError, NotFoundError
from shangyou.exchange.ledger.entry import pseudonym
from shangyou.faces.api.deeds import DEEDS
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.questions import QUESTIONS
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_peers import Fate

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")


@pytest.fixture
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Basin]:
    with basin(tmp_path_factory.mktemp("basin"), ("ministry", "chongqing", "sichuan")) as found:
        yield found


def desk(basin: Basin, id: str, language: str = "zh") -> Desk:
    return Desk(basin[id].node, by="li", language=language)


def ask(basin: Basin, member: str, question: str, /, **given: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = QUESTIONS[question].ask(desk(basin, member), **given).table().to_pylist()
    return found


def do(basin: Basin, member: str, deed: str, /, **given: object) -> dict[str, Any]:
    return DEEDS[deed].do(desk(basin, member), **given)


def test_a_dataset_is_published_read_by_others_and_withdrawn(three: Basin) -> None:
    acts, people = list[tuple[str, object]](), set[str]()

    def hear(kind: str, facts: Mapping[str, object]) -> None:
        acts.append((kind, facts["act"]))
        people.add(str(facts["by"]))

    three["sichuan"].hearers.append(hear)
    said = {"name": "tp", "title_zh": "总磷小时值", "parameter": ["total_phosphorus"], "cadence": ["hour"]}
    done = do(three, "sichuan", "datasets/publish", **said, delay="P1D")
    assert (done["id"], done["observations"]) == ("sichuan/tp", 0)
    assert do(three, "chongqing", "catalogue/crawl")["new"] == 1
    (row,) = ask(three, "chongqing", "catalogue", text="总磷")
    assert (row["id"], row["owner"], row["sharing"], row["offers"]) == ("sichuan/tp", "sichuan", "conditional", 1)
    assert "延迟 不小于 P1D" in row["terms"]
    assert {"quality.observations", "lineage.rules"} <= {
        each["fact"] for each in ask(three, "chongqing", "catalogue/facts", id="sichuan/tp")
    }
    do(three, "sichuan", "datasets/withdraw", id="tp")
    assert do(three, "chongqing", "catalogue/crawl")["removed"] == 1
    assert ask(three, "chongqing", "catalogue") == []
    with pytest.raises(NotFoundError, match=r"catalogue\.dataset"):
        ask(three, "chongqing", "catalogue/entry", id="sichuan/tp")
    assert acts == [("revision", "dataset.published"), ("revision", "dataset.withdrawn")]
    assert people == {pseudonym(three["sichuan"].node.ledger.shelf.salt, "li")}


def test_what_is_not_shared_is_seen_by_its_owner_alone(three: Basin) -> None:
    said = {"name": "wells", "title_zh": "水源地", "level": "core", "sharing": "none"}
    do(three, "sichuan", "datasets/publish", **said)
    do(three, "chongqing", "catalogue/crawl")
    assert [row["id"] for row in ask(three, "sichuan", "datasets")] == ["sichuan/wells"]
    assert ask(three, "chongqing", "catalogue") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"level": "secret"}, "catalogue.value"),
        ({"offer": ["{"]}, "catalogue.offer_text"),
        ({"offer": ["[]"]}, "catalogue.offer_text"),
        ({"offer": ['{"permission": [{"action": "sell"}]}']}, "catalogue.offer"),
        ({"name": "A b"}, "catalogue.name"),
        ({"start": "yesterday"}, "api.moment"),
    ],
)
def test_what_cannot_be_published_is_refused_with_its_reason(
    three: Basin, change: dict[str, object], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        do(three, "sichuan", "datasets/publish", **({"name": "a", "title_zh": "甲"} | change))
    assert caught.value.code == code


def test_important_data_are_published_for_a_person_to_decide(three: Basin) -> None:
    do(three, "sichuan", "datasets/publish", name="a", title_zh="甲", level="important")
    assert not three["sichuan"].catalogue.dataset("sichuan/a").offers[0].automatic


def test_sources_say_what_failed_in_a_sentence(three: Basin) -> None:
    assert [row["state"] for row in ask(three, "ministry", "catalogue/sources")] == ["never", "never"]
    three.network.fate = lambda journey: Fate.LOSE_REQUEST
    failed = do(three, "ministry", "catalogue/crawl")["failed"]
    assert set(failed) == {"chongqing", "sichuan"}
    rows = ask(three, "ministry", "catalogue/sources")
    assert [(row["state"], row["code"], row["read"]) for row in rows] == [("failing", "peer.unreachable", None)] * 2
    assert all(row["reason"] not in ("", "peer.unreachable") for row in rows)


def test_only_members_are_read(three: Basin) -> None:
    with pytest.raises(NotFoundError, match=r"catalogue\.source"):
        do(three, "ministry", "catalogue/crawl", member="moon")


def test_the_catalogue_is_exported_in_two_syntaxes(three: Basin) -> None:
    do(three, "sichuan", "datasets/publish", name="a", title_zh="甲")
    texts = {
        form: "".join(row["text"] for row in ask(three, "sichuan", "catalogue/export", form=form))
        for form in ("jsonld", "turtle")
    }
    assert len(Graph().parse(data=texts["turtle"], format="turtle")) == len(
        Graph().parse(data=texts["jsonld"], format="json-ld")
    )
    assert json.loads(texts["jsonld"])["@type"] == "dcat:Catalog"
    with pytest.raises(InputError, match=r"catalogue\.form"):
        ask(three, "sichuan", "catalogue/export", form="xml")


def test_numbers_that_another_member_makes_up_do_not_spoil_the_list(three: Basin) -> None:
    said = {"observations": 10**30, "acquired": 7, "valid": "x", "measured": -1.5}
    do(three, "sichuan", "datasets/publish", name="a", title_zh="甲")
    catalogue = three["sichuan"].catalogue
    catalogue.put(
        replace(catalogue.dataset("sichuan/a"), extra={"quality": said, "places": {"count": True, "rivers": 3}})
    )
    do(three, "chongqing", "catalogue/crawl")
    (row,) = ask(three, "chongqing", "catalogue")
    assert [row[name] for name in ("observations", "acquired", "valid", "measured")] == [None] * 4


def test_everybody_reads_and_stewards_publish() -> None:
    assert all(QUESTIONS[path].roles is None for path in ("catalogue", "datasets"))
    assert all("viewer" not in DEEDS[path].roles for path in ("datasets/publish", "catalogue/crawl"))
