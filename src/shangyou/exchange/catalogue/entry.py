"""An entry of a catalogue: a dataset with what its owner says of it, as it travels and as it is read.

The body is a Dataset of the Dataspace Protocol in plain JSON; what DSP leaves open (names, level, quality, lineage)
stands under one key of ours, and the title also under Dublin Core's for readers of other makes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
import numpy as np

from shangyou.core.errors import InputError
from shangyou.exchange.catalogue.sharing import offers_for
from shangyou.exchange.dataset import DataLevel, Dataset, DatasetQuery, Offer, Sharing

OURS: Final = "urn:shangyou:dataset"  # key of our description in the body of a dataset
FORMATS: Final = ("Arrow-PULL", "Parquet-PULL", "CSV-PULL", "Arrow-PUSH", "Arrow-FEED")  # unless the plane says others
CONTEXT: Final = ("https://w3id.org/dspace/2025/1/context.jsonld",)
ENTRY_BYTES: Final = 65_536  # of the body of one entry
DEEPEST: Final = 16  # objects and arrays within each other
_TEXT: Final = re.compile(rb'"[^"]*"?')
_REST: Final = bytes(set(range(256)) - set(b'"[]{}'))
_STEP: Final = np.array([{0x7B: 1, 0x5B: 1, 0x7D: -1, 0x5D: -1}.get(byte, 0) for byte in range(256)], np.int32)
NAME: Final = r"^[a-z0-9][a-z0-9-]{0,31}/[a-z0-9][a-z0-9._-]{0,63}$"  # owner/name


@dataclass(frozen=True, slots=True)
class Entry:
    """A dataset as a catalogue knows it."""

    dataset: Dataset
    sequence: int  # of the owner's change feed
    formats: tuple[str, ...] = FORMATS
    service: str = ""  # address of the owner's DSP endpoints


# ---- writing ----------------------------------------------------------------------------------------------------


def dataset_body(
    dataset: Dataset, service: str, member: str, formats: Sequence[str] = FORMATS, *, alone: bool = False
) -> dict[str, object]:
    """A dataset in the plain JSON of DSP 2025-1, with the offers that `member` may know of.

    service: base address of the owner's DSP endpoints. alone: with the context, as an answer of its own.
    Offers have no target, assigner or assignee: which dataset is meant is clear from where they stand.
    """
    access: dict[str, object] = {
        "@id": f"urn:shangyou:service:{dataset.owner}",
        "@type": "DataService",
        "endpointURL": service,
    }
    body: dict[str, object] = {"@context": list(CONTEXT)} if alone else {}
    body |= {
        "@id": dataset.id,
        "@type": "Dataset",
        "dct:title": _texts(dataset.title_zh, dataset.title_en),
        "dct:description": _texts(dataset.about_zh, dataset.about_en),
        "hasPolicy": [_offer(offer) for offer in offers_for(dataset, member)],
        "distribution": [{"@type": "Distribution", "format": name, "accessService": access} for name in formats],
        OURS: description(dataset, member),
    }
    return body


def _texts(zh: str, en: str) -> list[dict[str, str]]:
    return [{"@value": text, "@language": code} for code, text in (("zh", zh), ("en", en)) if text]


def _offer(offer: Offer) -> dict[str, object]:
    kept = {k: v for k, v in offer.policy.items() if k not in ("target", "assigner", "assignee", "@context")}
    return kept | {"@id": offer.id, "@type": "Offer"}


def description(dataset: Dataset, member: str) -> dict[str, object]:
    """What DSP has no words for."""
    query = dataset.query
    return {
        "titleZh": dataset.title_zh,
        "titleEn": dataset.title_en,
        "aboutZh": dataset.about_zh,
        "aboutEn": dataset.about_en,
        "keywords": list(dataset.keywords),
        "owner": dataset.owner,
        "level": str(dataset.level),
        "sharing": str(dataset.sharing),
        "issued": dataset.issued,
        "changed": dataset.changed,
        "simulated": dataset.simulated,
        "manual": [offer.id for offer in offers_for(dataset, member) if not offer.automatic],
        "query": {
            "sections": list(query.sections),
            "parameters": list(query.parameters),
            "cadences": list(query.cadences),
            "statistics": list(query.statistics),
            "start": query.start,
            "stop": query.stop,
            "review": query.review,
        },
        "facts": dict(dataset.extra),
    }


def catalog_body(
    datasets: Sequence[Dataset], owner: str, service: str, member: str, formats: Sequence[str] = FORMATS
) -> dict[str, object]:
    """A Catalog of DSP 2025-1: what of the owner's datasets a member may contract for."""
    bodies = [dataset_body(dataset, service, member, formats) for dataset in datasets if offers_for(dataset, member)]
    catalog: dict[str, object] = {
        "@context": list(CONTEXT),
        "@id": f"urn:shangyou:catalogue:{owner}",
        "@type": "Catalog",
        "participantId": owner,
        "service": [{"@id": f"urn:shangyou:service:{owner}", "@type": "DataService", "endpointURL": service}],
    }
    if bodies:  # an empty list is against the schema
        catalog["dataset"] = bodies
    return catalog


# ---- reading ----------------------------------------------------------------------------------------------------

_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Long = Annotated[str, msgspec.Meta(max_length=4000)]
_Names = Annotated[tuple[_Short, ...], msgspec.Meta(max_length=1000)]
_Ms = Annotated[int, msgspec.Meta(ge=-62_000_000_000_000, le=253_000_000_000_000)]  # within the years 6 to 9987


class _Query(msgspec.Struct):
    sections: _Names = ()
    parameters: _Names = ()
    cadences: _Names = ()
    statistics: _Names = ()
    start: _Ms | None = None
    stop: _Ms | None = None
    review: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0


class _Description(msgspec.Struct, rename="camel"):
    title_zh: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    owner: _Short
    level: DataLevel
    sharing: Sharing
    query: _Query
    title_en: _Short = ""
    about_zh: _Long = ""
    about_en: _Long = ""
    keywords: Annotated[tuple[_Short, ...], msgspec.Meta(max_length=200)] = ()
    issued: _Ms = 0
    changed: _Ms = 0
    simulated: bool = False
    manual: _Names = ()
    facts: dict[str, Any] = {}


class _Service(msgspec.Struct):
    endpoint: Annotated[str, msgspec.Meta(max_length=500)] = msgspec.field(default="", name="endpointURL")


class _Distribution(msgspec.Struct):
    format: _Short
    service: _Service | _Short = msgspec.field(default="", name="accessService")


class _Body(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(pattern=NAME)] = msgspec.field(name="@id")
    policies: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=50)] = msgspec.field(name="hasPolicy")
    distributions: Annotated[list[_Distribution], msgspec.Meta(max_length=50)] = msgspec.field(name="distribution")
    said: _Description = msgspec.field(name=OURS)


_DECODER: Final = msgspec.json.Decoder(_Body)


def read_entry(body: bytes, owner: str, sequence: int) -> Entry:
    """The entry in a body that a member sent, or that was kept.

    Raises:
        InputError: "catalogue.entry_size", "catalogue.entry_depth", "catalogue.entry_form" (with what is wrong),
            "catalogue.entry_owner": it is not the sender's own.
    """
    if len(body) > ENTRY_BYTES:
        raise InputError("catalogue.entry_size", bytes=len(body), most=ENTRY_BYTES)
    if depth(body) > DEEPEST:
        raise InputError("catalogue.entry_depth", most=DEEPEST)
    try:
        read = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
        raise InputError("catalogue.entry_form", detail=str(error)[:200]) from None
    if read.said.owner != owner or read.id.partition("/")[0] != owner:
        raise InputError("catalogue.entry_owner", id=read.id, owner=read.said.owner[:32], sender=owner)
    said, query = read.said, read.said.query
    dataset = Dataset(
        id=read.id,
        owner=owner,
        title_zh=said.title_zh,
        title_en=said.title_en,
        query=DatasetQuery(
            query.sections, query.parameters, query.cadences, query.statistics, query.start, query.stop, query.review
        ),
        offers=tuple(_offers(read.policies, frozenset(said.manual))),
        level=said.level,
        sharing=said.sharing,
        about_zh=said.about_zh,
        about_en=said.about_en,
        keywords=said.keywords,
        issued=said.issued,
        changed=said.changed,
        simulated=said.simulated,
        extra=said.facts,
    )
    formats = tuple(dict.fromkeys(each.format for each in read.distributions))
    services = [each.service.endpoint for each in read.distributions if isinstance(each.service, _Service)]
    return Entry(dataset, sequence, formats, services[0] if services else "")


def _offers(policies: list[dict[str, Any]], manual: frozenset[str]) -> list[Offer]:
    found = []
    for policy in policies:
        id = policy.get("@id")
        if not isinstance(id, str) or not 0 < len(id) <= 200:
            raise InputError("catalogue.entry_form", detail="hasPolicy: @id")
        terms: Mapping[str, object] = {k: v for k, v in policy.items() if k not in ("@id", "@type")}
        found.append(Offer(id, terms, id not in manual))
    return found


def depth(body: bytes) -> int:
    """How deep objects and arrays of a JSON text stand in each other; text within quotation marks does not count."""
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")  # now each quotation mark begins or ends a text
    marks = _TEXT.sub(b"", plain.translate(None, _REST))
    return int(np.cumsum(_STEP[np.frombuffer(marks, np.uint8)]).max(initial=0))


def encoded(body: Mapping[str, object]) -> bytes:
    """The JSON text of a body."""
    return msgspec.json.encode(body)


def is_name(id: str) -> bool:
    """Is this owner/name?"""
    return re.fullmatch(NAME.removeprefix("^").removesuffix("$"), id) is not None
