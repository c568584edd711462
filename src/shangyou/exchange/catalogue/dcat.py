"""A catalogue for the world outside: DCAT-AP as JSON-LD, and the same graph as Turtle.

One tree of nodes is made and written in either syntax, so that both say the same. Terms: W3C DCAT 3, DCMI Terms,
ODRL 2.2, Data Quality Vocabulary, FOAF; levels and sharing attributes have no word there and are `sy:` of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from shangyou.exchange.catalogue.entry import Entry
from shangyou.exchange.dataset import Dataset, Sharing
from shangyou.exchange.member import Member

Node = dict[str, Any]

PREFIXES: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "sy": "urn:shangyou:terms:",
}
THEME: Final = "http://publications.europa.eu/resource/authority/data-theme/ENVI"  # environment, as DCAT-AP asks
RIGHTS: Final = {
    Sharing.UNCONDITIONAL: "http://publications.europa.eu/resource/authority/access-right/PUBLIC",
    Sharing.CONDITIONAL: "http://publications.europa.eu/resource/authority/access-right/RESTRICTED",
    Sharing.NONE: "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC",
}
STEPS: Final = {"minute": "PT1M", "hour": "PT1H", "4h": "PT4H", "day": "P1D", "month": "P1M"}
MEASURES: Final = ("acquired", "valid", "corrected", "revised", "delay_half", "delay_most", "observations")
MOST: Final = 253_402_300_799_999  # ms, the last moment of the year 9999


# ---- the tree ---------------------------------------------------------------------------------------------------


def catalogue(entries: Iterable[Entry], me: Member, others: Mapping[str, Member]) -> Node:
    """The catalogue of a node with all its entries, as a JSON-LD document."""
    found = list(entries)
    owners = {entry.dataset.owner for entry in found} | {me.id}
    return {
        "@context": dict(PREFIXES),
        "@id": _urn("catalogue", me.id),
        "@type": "dcat:Catalog",
        "dct:title": _texts(f"{me.name_zh}数据目录", f"Catalogue of {me.name_en}"),
        "dct:description": _texts("长江上游水环境数据", "Water data of the upper Yangtze"),
        "dct:publisher": {"@id": _urn("member", me.id)},
        "dcat:dataset": [dataset(entry) for entry in found],
        "sy:member": [_agent(others.get(id), id) for id in sorted(owners)],
    }


def dataset(entry: Entry) -> Node:
    """One dataset."""
    said = entry.dataset
    node: Node = {
        "@id": _urn("dataset", said.id),
        "@type": "dcat:Dataset",
        "dct:identifier": said.id,
        "dct:title": _texts(said.title_zh, said.title_en),
        "dct:description": _texts(said.about_zh or said.title_zh, said.about_en or said.title_en),
        "dct:publisher": {"@id": _urn("member", said.owner)},
        "dcat:keyword": [{"@value": word} for word in dict.fromkeys(said.keywords) if word],
        "dcat:theme": {"@id": THEME},
        "dct:accessRights": {"@id": RIGHTS[said.sharing]},
        "dct:issued": _time(said.issued),
        "dct:modified": _time(said.changed),
        "sy:level": str(said.level),
        "sy:sharing": str(said.sharing),
        "sy:simulated": {"@value": str(said.simulated).lower(), "@type": "xsd:boolean"},
        "sy:parameter": sorted(set(said.query.parameters)),
        "dcat:temporalResolution": [
            {"@value": STEPS[name], "@type": "xsd:duration"} for name in said.query.cadences if name in STEPS
        ],
        "dct:temporal": _period(said),
        "dct:spatial": _box(said),
        "dct:provenance": _provenance(said),
        "dqv:hasQualityMeasurement": _measures(said),
        "odrl:hasPolicy": [_policy(offer.id, offer.policy) for offer in said.offers],
        "dcat:distribution": [_distribution(entry, name) for name in entry.formats],
    }
    return {key: value for key, value in node.items() if value not in (None, [], {})}


def _agent(member: Member | None, id: str) -> Node:
    node: Node = {"@id": _urn("member", id), "@type": "foaf:Agent", "dct:identifier": id}
    return node | {"foaf:name": _texts(member.name_zh, member.name_en) if member else id}


def _distribution(entry: Entry, format: str) -> Node:
    service: Node = {"@id": _urn("service", entry.dataset.owner), "@type": "dcat:DataService"}
    if _is_address(entry.service):
        service["dcat:endpointURL"] = {"@id": entry.service}
    return {
        "@id": _urn("distribution", f"{entry.dataset.id}/{format}"),
        "@type": "dcat:Distribution",
        "dct:title": format,
        "dct:format": {"@id": _urn("format", format)},
        "dcat:accessURL": service.get("dcat:endpointURL"),
        "dcat:accessService": service,
    }


def _policy(id: str, policy: Mapping[str, object]) -> Node:
    """An offer: who reads ODRL finds the actions and constraints as ODRL has them."""
    node: Node = {"@id": _urn("offer", id), "@type": "odrl:Offer"}
    for kind, name in (("permission", "Permission"), ("prohibition", "Prohibition"), ("obligation", "Duty")):
        rules = policy.get(kind)
        found = [_rule(rule, name) for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []
        if found:
            node[f"odrl:{kind}"] = found
    return node


def _rule(rule: Mapping[str, object], name: str) -> Node:
    node: Node = {"@type": f"odrl:{name}", "odrl:action": _word(rule.get("action"))}
    constraints = rule.get("constraint")
    found = (
        [_constraint(each) for each in constraints if isinstance(each, Mapping)]
        if isinstance(constraints, list)
        else []
    )
    return node | ({"odrl:constraint": found} if found else {})


def _constraint(each: Mapping[str, object]) -> Node:
    for name in ("and", "or", "xone", "andSequence"):
        inner = each.get(name)
        if isinstance(inner, list):
            parts = [_constraint(part) for part in inner if isinstance(part, Mapping)]
            return {"@type": "odrl:LogicalConstraint", f"odrl:{name}": parts}
    right = each.get("rightOperand")
    values = right if isinstance(right, list) else [right]
    return {
        "@type": "odrl:Constraint",
        "odrl:leftOperand": _word(each.get("leftOperand")),
        "odrl:operator": _word(each.get("operator")),
        "odrl:rightOperand": [str(value) for value in values],
    }


def _word(term: object) -> Node:
    """A term of ODRL, or one of our profile."""
    text = str(term).removeprefix("odrl:")
    return {"@id": f"{PREFIXES['odrl']}{quote(text, safe='')}"}


def _period(said: Dataset) -> Node | None:
    quality = said.extra.get("quality")
    measured = quality if isinstance(quality, Mapping) else {}
    start = said.query.start if said.query.start is not None else measured.get("first")
    stop = said.query.stop if said.query.stop is not None else measured.get("last")
    node: Node = {"@type": "dct:PeriodOfTime", "dcat:startDate": _time(start), "dcat:endDate": _time(stop)}
    return {k: v for k, v in node.items() if v} if len([v for v in node.values() if v]) > 1 else None


def _box(said: Dataset) -> Node | None:
    places = said.extra.get("places")
    box = places.get("box") if isinstance(places, Mapping) else None
    if not isinstance(box, list | tuple) or len(box) != 4 or not all(isinstance(n, int | float) for n in box):
        return None
    west, south, east, north = (float(n) for n in box)
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    ring = ", ".join(f"{x:g} {y:g}" for x, y in corners)
    return {"@type": "dct:Location", "dcat:bbox": {"@value": f"POLYGON(({ring}))", "@type": "geo:wktLiteral"}}


def _provenance(said: Dataset) -> list[Node]:
    lineage = said.extra.get("lineage")
    if not isinstance(lineage, Mapping):
        return []
    lines = [
        f"{each.get('kind')}: {each.get('name')} ({each.get('observations')})" for each in _mappings(lineage, "sources")
    ]
    lines += [f"{each.get('name')} {each.get('edition')}" for each in _mappings(lineage, "rules")]
    return [{"@type": "dct:ProvenanceStatement", "rdfs:label": line} for line in lines]


def _mappings(facts: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = facts.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list | tuple) else []


def _measures(said: Dataset) -> list[Node]:
    quality = said.extra.get("quality")
    if not isinstance(quality, Mapping):
        return []
    numbers = [(name, quality.get(name)) for name in MEASURES]
    return [
        {
            "@type": "dqv:QualityMeasurement",
            "dqv:isMeasurementOf": {"@id": f"{PREFIXES['sy']}{name}"},
            "dqv:value": {"@value": repr(float(value)), "@type": "xsd:double"},
        }
        for name, value in numbers
        if isinstance(value, int | float) and abs(value) < 2**53
    ]


def _texts(zh: str, en: str) -> list[Node]:
    return [{"@value": text, "@language": code} for text, code in ((zh, "zh"), (en, "en")) if text]


def _time(ms: object) -> Node | None:
    if not isinstance(ms, int) or not 0 < ms <= MOST:
        return None
    text = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
    return {"@value": text, "@type": "xsd:dateTime"}


def _urn(kind: str, name: str) -> str:
    return f"urn:shangyou:{kind}:{quote(name, safe='/')}"


def _is_address(text: str) -> bool:
    """Can it stand as an IRI?"""
    return text.startswith(("https://", "http://")) and text.isascii() and not set(text) & set(' <>"{}|\\^`')


# ---- Turtle -----------------------------------------------------------------------------------------------------


def turtle(document: Node) -> Iterator[str]:
    """The same graph in Turtle, line by line. Named nodes stand alone, nameless ones in brackets where they belong."""
    for name, address in PREFIXES.items():
        yield f"@prefix {name}: <{address}> .\n"
    waiting = [document]
    written: set[str] = set()
    while waiting:
        node = waiting.pop()
        facts = _facts(node, waiting)
        text = f"\n<{node['@id']}>\n    {facts} .\n"
        if facts and text not in written:  # a service stands under each distribution of its owner
            written.add(text)
            yield text


def _facts(node: Node, waiting: list[Node]) -> str:
    """Predicates and objects of a node; named nodes with facts of their own are put to `waiting`."""
    lines = [f"a {node['@type']}"] if "@type" in node else []
    for key, value in node.items():
        if key.startswith("@") or value is None:
            continue
        values = value if isinstance(value, list) else [value]
        if values:
            lines.append(f"{key} {', '.join(_object(each, waiting) for each in values)}")
    return " ;\n    ".join(lines)


def _object(value: Any, waiting: list[Node]) -> str:
    if not isinstance(value, dict):
        return _quoted(str(value))
    if "@value" in value:
        kind = f"@{value['@language']}" if "@language" in value else f"^^{value['@type']}" if "@type" in value else ""
        return _quoted(value["@value"]) + kind
    if "@id" in value:
        if len(value) > 1:
            waiting.append(value)
        return f"<{value['@id']}>"
    return f"[ {_facts(value, waiting)} ]"


_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(c, c if c >= " " else f"\\u{ord(c):04X}") for c in text) + '"'
