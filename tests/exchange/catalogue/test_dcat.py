"""The catalogue for the world outside: both syntaxes are one graph, read by a reader that is not ours."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, ODRL2, RDF

from shangyou.exchange.catalogue.dcat import catalogue, turtle
from shangyou.exchange.catalogue.entry import Entry
from shangyou.exchange.dataset import DatasetQuery, Offer
from tests.fakes.exchange_catalogue import FewMembers, a_dataset

# rdflib reads JSON-LD through a class that it has deprecated itself
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

LIMITED = {
    "permission": [
        {
            "action": "use",
            "constraint": [
                {"leftOperand": "recipient", "operator": "isAnyOf", "rightOperand": ["cq", "gz"]},
                {"or": [{"leftOperand": "delay", "operator": "gteq", "rightOperand": "P1D"}]},
            ],
        }
    ],
    "obligation": [{"action": "attribute"}],
}
FACTS = {
    "quality": {"acquired": 0.97, "valid": 1, "first": 1_617_206_400_000, "last": 1_619_798_400_000},
    "lineage": {"sources": [{"kind": "hj212", "name": "hj212", "observations": 3}], "rules": [{"name": "plan"}]},
    "places": {"box": [104.1, 28.2, 106.5, 30.0]},
}
HOURLY = a_dataset("sc/hourly", "沱江 “小时值”\n\\", 1_620_000_000_000, extra=FACTS, keywords=("氨氮", "ammonia"))
ENTRIES = [
    Entry(
        replace(HOURLY, offers=(Offer("sc/hourly#all offers", LIMITED),)), 1, ("CSV-PULL",), "https://sc.example/dsp"
    ),
    Entry(a_dataset("cq/day", query=DatasetQuery()), 1),
]
MEMBERS = {member.id: member for member in FewMembers("sc", "cq").members()}


def graphs(entries: list[Entry]) -> tuple[Graph, Graph]:
    document = catalogue(entries, MEMBERS["sc"], MEMBERS)
    return (
        Graph().parse(data=json.dumps(document), format="json-ld"),
        Graph().parse(data="".join(turtle(document)), format="turtle"),
    )


def test_json_ld_and_turtle_are_the_same_graph() -> None:
    linked, plain = graphs(ENTRIES)
    assert isomorphic(linked, plain)
    assert len(plain) > 50


def test_a_reader_finds_what_dcat_ap_asks_for() -> None:
    graph, _ = graphs(ENTRIES)
    dataset = URIRef("urn:shangyou:dataset:sc/hourly")
    assert (URIRef("urn:shangyou:catalogue:sc"), DCAT.dataset, dataset) in graph
    assert Literal("沱江 “小时值”\n\\", lang="zh") in set(graph.objects(dataset, DCTERMS.title))
    for predicate in (DCTERMS.description, DCTERMS.publisher, DCAT.theme, DCTERMS.accessRights, DCTERMS.temporal):
        assert list(graph.objects(dataset, predicate))
    distribution = next(iter(graph.objects(dataset, DCAT.distribution)))
    service = next(iter(graph.objects(distribution, DCAT.accessService)))
    assert (service, DCAT.endpointURL, URIRef("https://sc.example/dsp")) in graph
    assert (service, RDF.type, DCAT.DataService) in graph


def test_terms_of_an_offer_are_there_as_odrl() -> None:
    graph, _ = graphs(ENTRIES)
    recipients = {str(o) for s in graph.subjects(ODRL2.leftOperand, ODRL2.recipient) for o in graph.objects(s)}
    assert {"cq", "gz"} <= recipients


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)


@settings(max_examples=40)
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3), TEXTS, TEXTS)
def test_whatever_the_texts_both_syntaxes_agree(zh: str, en: str, words: list[str], id: str, service: str) -> None:
    dataset = a_dataset("sc/a", zh or "无", title_en=en, keywords=tuple(words), offers=(Offer(id, LIMITED),))
    linked, plain = graphs([Entry(dataset, 1, ("CSV-PULL",), f"https://{service}")])
    assert isomorphic(linked, plain)


@pytest.mark.parametrize(
    "facts", [{"quality": 1}, {"places": {"box": "no"}}, {"lineage": {"sources": 3}}, {"places": []}]
)
def test_facts_of_another_form_are_left_out(facts: dict[str, object]) -> None:
    linked, plain = graphs([Entry(a_dataset("sc/a", extra=facts), 1)])
    assert isomorphic(linked, plain)
