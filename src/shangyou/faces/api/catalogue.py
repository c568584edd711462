"""Questions and deeds about datasets: own ones, and the catalogue of what all members publish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Final

import pyarrow as pa

from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.errors import InputError, NotFoundError
from shangyou.exchange.catalogue.dcat import catalogue as dcat
from shangyou.exchange.catalogue.dcat import turtle
from shangyou.exchange.catalogue.entry import Entry
from shangyou.exchange.catalogue.offers import in_words
from shangyou.exchange.catalogue.port import Wanted
from shangyou.exchange.dataset import DataLevel, Dataset, DatasetQuery, Offer, Sharing
from shangyou.exchange.ledger.entry import pseudonym
from shangyou.exchange.policy.write import TEMPLATES, Terms, written
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.flows import publish
from shangyou.flows.crawl import crawl, others
from shangyou.wiring_exchange import Exchange, member_exchange

STEWARDS: Final = frozenset({"operator", "engineer", "manager"})  # who may publish
RDF: Final = ("jsonld", "turtle")
SHARE: Final = pa.float64()

ENTRY: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "owner", "title_zh", "title_en", "level", "sharing")),
        *((name, TEXT) for name in ("parameters", "cadences", "rivers")),
        ("sections", WHOLE),
        ("offers", WHOLE),
        *((name, TIME) for name in ("start", "stop", "issued", "changed", "measured")),
        ("observations", WHOLE),
        ("acquired", SHARE),
        ("valid", SHARE),
        ("simulated", pa.bool_()),
        *((name, TEXT) for name in ("about_zh", "about_en", "keywords", "terms", "formats", "service")),
        ("sequence", WHOLE),
    ]
)


# ---- questions --------------------------------------------------------------------------------------------------


def datasets(desk: Desk) -> Rows:
    """Datasets that this node publishes, with those that it keeps to itself."""
    found = _member(desk)
    return made(ENTRY, (_row(each, desk.language) for each in found.catalogue.entries(found.me)))


def search(
    desk: Desk,
    text: Annotated[str, "words in Chinese or English; Latin words are found by their beginning"] = "",
    owner: Annotated[Texts, "member ids"] = (),
    level: Annotated[Texts, "general, important or core"] = (),
    sharing: Annotated[Texts, "unconditional, conditional or none"] = (),
    parameter: Annotated[Texts, "keys of the vocabulary"] = (),
    river: Annotated[Texts, "ids of rivers"] = (),
    limit: Annotated[int, "so many"] = 100,
    offset: Annotated[int, "after so many"] = 0,
) -> Rows:
    """What members publish, as far as this node may know of it; the newest change first."""
    facets = {"owner": owner, "level": level, "sharing": sharing, "parameter": parameter, "river": river}
    wanted = Wanted(text, facets, max(0, offset), min(max(1, limit), 10_000))
    return made(ENTRY, (_row(each, desk.language) for each in _member(desk).catalogue.search(wanted).entries))


def entry(desk: Desk, id: Annotated[str, "id of the dataset, owner/name"]) -> Rows:
    """One dataset of the catalogue."""
    return made(ENTRY, [_row(_member(desk).catalogue.entry(id), desk.language)])


def facts(desk: Desk, id: Annotated[str, "id of the dataset"]) -> Rows:
    """What was measured of a dataset: quality and lineage, a line each."""
    extra = _member(desk).catalogue.entry(id).dataset.extra
    lines: list[dict[str, object]] = [
        {"fact": f"{part}.{name}", "value": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}
        for part in ("quality", "lineage")
        for name, value in _mapping(extra.get(part)).items()
    ]
    return made(pa.schema([("fact", TEXT), ("value", TEXT)]), lines)


def sources(desk: Desk) -> Rows:
    """The members whose catalogues are read: how old what is here is, and why a reading failed."""
    found = _member(desk)
    known = {source.owner: source for source in found.catalogue.sources()}
    names = [(name, WHOLE) for name in ("entries", "new", "changed", "removed", "refused")]
    times = [(name, TIME) for name in ("read", "tried", "failing", "due")]
    rows: list[dict[str, object]] = []
    for id in sorted({*known, *others(found.members)}):
        row: dict[str, object] = {"owner": id, "state": "never"}
        if source := known.get(id):
            counts = source.crawled
            said = sentence(source.code, source.facts, desk.language) if source.code else None
            row |= {"state": "failing" if source.failing is not None else "read", "entries": source.entries}
            row |= {"read": source.succeeded, "tried": source.tried, "failing": source.failing, "due": source.due}
            row |= {"new": counts.new, "changed": counts.changed, "removed": counts.removed, "refused": source.refused}
            row |= {"code": source.code, "reason": said.text if said else "", "remedy": said.remedy if said else ""}
        rows.append(row)
    texts = [(name, TEXT) for name in ("code", "reason", "remedy")]
    return made(pa.schema([("owner", TEXT), ("state", TEXT), *names, *times, *texts]), rows)


def refusals(desk: Desk, owner: Annotated[str, "member id; empty: of all"] = "") -> Rows:
    """Entries of other members that could not be taken, and why."""
    rows: list[dict[str, object]] = [
        {
            "owner": each.owner,
            "id": each.id,
            "at": each.at,
            "code": each.code,
            "reason": sentence(each.code, each.facts, desk.language).text,
        }
        for each in _member(desk).catalogue.refusals(owner)
    ]
    return made(pa.schema([("owner", TEXT), ("id", TEXT), ("at", TIME), ("code", TEXT), ("reason", TEXT)]), rows)


def export(desk: Desk, form: Annotated[str, "jsonld or turtle"] = "jsonld") -> Rows:
    """The whole catalogue as DCAT-AP, a piece of the text a row."""
    if form not in RDF:
        raise InputError("catalogue.form", form=form, known=", ".join(RDF))
    found = _member(desk)
    members = {member.id: member for member in found.members.members()}
    document = dcat(found.catalogue.entries(), members[found.me], members)
    pieces: Iterator[str] = turtle(document) if form == "turtle" else _json(document)
    return made(pa.schema([("text", TEXT)]), ({"text": piece} for piece in pieces))


def _json(document: dict[str, Any]) -> Iterator[str]:
    yield json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _row(found: Entry, language: str) -> dict[str, object]:
    dataset, query = found.dataset, found.dataset.query
    quality, places = _mapping(dataset.extra.get("quality")), _mapping(dataset.extra.get("places"))
    rivers = places.get("rivers")
    named = [each for each in rivers if isinstance(each, dict)] if isinstance(rivers, list) else []
    return {
        "id": dataset.id,
        "owner": dataset.owner,
        "title_zh": dataset.title_zh,
        "title_en": dataset.title_en,
        "level": str(dataset.level),
        "sharing": str(dataset.sharing),
        "parameters": ", ".join(query.parameters),
        "cadences": ", ".join(query.cadences),
        "rivers": ", ".join(str(each.get("zh" if language == "zh" else "en") or each.get("zh")) for each in named),
        "sections": _number(places.get("count")) if "count" in places else len(query.sections),
        "offers": len(dataset.offers),
        "start": query.start if query.start is not None else _number(quality.get("first")),
        "stop": query.stop if query.stop is not None else _number(quality.get("last")),
        "issued": dataset.issued or None,
        "changed": dataset.changed or None,
        "measured": _number(quality.get("measured")),
        "observations": _number(quality.get("observations")),
        "acquired": _share(quality.get("acquired")),
        "valid": _share(quality.get("valid")),
        "simulated": dataset.simulated,
        "about_zh": dataset.about_zh,
        "about_en": dataset.about_en,
        "keywords": ", ".join(dataset.keywords),
        "terms": "\n".join(line for offer in dataset.offers for line in in_words(offer.policy, language)),
        "formats": ", ".join(found.formats),
        "service": found.service,
        "sequence": found.sequence,
    }


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int | None:
    """A whole number that another member says, if it is one and fits."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53 else None


def _share(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


# ---- deeds ------------------------------------------------------------------------------------------------------


def put(
    desk: Desk,
    name: Annotated[str, "name within this node: small letters, digits, - . _"],
    title_zh: Annotated[str, "title in Chinese"],
    title_en: Annotated[str, "title in English"] = "",
    about_zh: Annotated[str, "description in Chinese"] = "",
    about_en: Annotated[str, "description in English"] = "",
    keyword: Annotated[Texts, "keywords"] = (),
    section: Annotated[Texts, "ids of sections; none: all"] = (),
    parameter: Annotated[Texts, "keys of the vocabulary; none: all"] = (),
    cadence: Annotated[Texts, "instant, minute, hour, 4h, day, month; none: all"] = (),
    statistic: Annotated[Texts, "value, mean, min, max, total; none: all"] = (),
    start: Annotated[str, "observations from this time on; legal time unless it carries a zone"] = "",
    stop: Annotated[str, "up to this time"] = "",
    review: Annotated[int, "least level of review, 0 to 3"] = 0,
    level: Annotated[str, "general, important or core"] = "general",
    sharing: Annotated[str, "unconditional, conditional or none"] = "conditional",
    offer: Annotated[Texts, "ODRL policies as JSON; none: the template or the terms below"] = (),
    template: Annotated[str, "terms: unconditional, peers, national, emergency; the others are laid over it"] = "",
    recipient: Annotated[Texts, "terms: members that may have it"] = (),
    purpose: Annotated[Texts, "terms: what it may be used for"] = (),
    until: Annotated[str, "terms: may be used up to this time"] = "",
    delay: Annotated[str, "terms: how old observations must be, such as P1D"] = "",
    resolution: Annotated[str, "terms: finest that leaves: hour, day, month"] = "",
    manual: Annotated[bool, "a person decides on each contract"] = False,
) -> Done:
    """Publish a dataset, or change one; its quality is measured at once."""
    found = _member(desk)
    said = Dataset(
        id=f"{found.me}/{name}",
        owner=found.me,
        title_zh=title_zh,
        title_en=title_en,
        about_zh=about_zh,
        about_en=about_en,
        keywords=tuple(keyword),
        query=DatasetQuery(
            tuple(section), tuple(parameter), tuple(cadence), tuple(statistic), moment(start), moment(stop), review
        ),
        offers=(),
        level=_one(DataLevel, "level", level),
        sharing=_one(Sharing, "sharing", sharing),
        simulated=desk.simulated,
    )
    terms = _terms(
        template, recipients=recipient, purposes=purpose, end=_zoned(until), delay=delay, resolution=resolution
    )
    policies = [_policy(text) for text in offer] or ([] if said.sharing is Sharing.NONE else [terms])
    automatic = not manual and said.level is not DataLevel.IMPORTANT
    offers = tuple(Offer(f"{said.id}#{n + 1}", policy, automatic) for n, policy in enumerate(policies))
    said = publish.publish(
        replace(said, offers=offers),
        found.catalogue,
        desk.node.registry,
        found.tell,
        found.me,
        desk.now(),
        signed(desk),
    )
    return {"id": said.id} | measured(desk, said.id)


def _terms(template: str, **given: object) -> dict[str, object]:
    """The policy of a template with what else is given laid over it."""
    if template and template not in TEMPLATES:
        raise InputError("catalogue.value", field="template", value=template, known=", ".join(TEMPLATES))
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items() if v}
    policy = written(replace(TEMPLATES.get(template, Terms()), **given), "offer")  # type: ignore[arg-type]
    return {name: value for name, value in policy.items() if not name.startswith("@")}


def _zoned(text: str) -> str:
    """A time with its zone, as policies have it."""
    ms = moment(text)
    return "" if ms is None else from_ms(ms).astimezone(LEGAL).isoformat()


def _one(kind: type[Any], field: str, value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(each) for each in kind)
        raise InputError("catalogue.value", field=field, value=value, known=known) from None


def _policy(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("catalogue.offer_text", detail=str(error)[:100]) from None
    if not isinstance(found, dict):
        raise InputError("catalogue.offer_text", detail=type(found).__name__)
    return found


def withdraw(desk: Desk, id: Annotated[str, "id of the dataset, or its name within this node"]) -> Done:
    """Withdraw a dataset: nobody can make a contract on it any more."""
    found = _member(desk)
    return {"id": publish.withdraw(_own(found, id), found.catalogue, found.tell, desk.now(), signed(desk)).id}


def measure(desk: Desk, id: Annotated[str, "id of the dataset, or its name within this node; empty: all"] = "") -> Done:
    """Measure quality and lineage of a dataset, or of all, from the observations that are here now."""
    found = _member(desk)
    ids = [_own(found, id)] if id else [each.id for each in found.catalogue.datasets()]
    total = [measured(desk, each)["observations"] for each in ids]
    return {"datasets": len(ids), "observations": sum(n for n in total if isinstance(n, int))}


def measured(desk: Desk, id: str) -> Done:
    """Measure one dataset; what came of it."""
    from shangyou.quality.reader import packaged_plan

    rules, node = {"quality plan": packaged_plan().edition}, desk.node
    said = publish.measure(id, _member(desk).catalogue, node.store, node.registry, rules, desk.now())
    quality = _mapping(said.extra["quality"])
    return {name: quality[name] for name in ("observations", "acquired", "valid")}


def read(desk: Desk, member: Annotated[str, "member id; empty: all"] = "") -> Done:
    """Read the catalogues of other members now."""
    found = _member(desk)
    if member and member not in others(found.members):
        raise NotFoundError("catalogue.source", member=member)
    results = [
        crawl(id, found.peers, found.catalogue, found.now) for id in ([member] if member else others(found.members))
    ]
    failed = {each.owner: sentence(each.code, each.facts, desk.language).text for each in results if each.code}
    return {
        "members": len(results),
        "new": sum(each.crawled.new for each in results),
        "changed": sum(each.crawled.changed for each in results),
        "removed": sum(each.crawled.removed for each in results),
        "refused": sum(each.refused for each in results),
        "failed": failed,
    }


def signed(desk: Desk) -> str:
    """Who did it, as the ledger may say it: a pseudonym."""
    return pseudonym(desk.node.ledger.shelf.salt, desk.by)


def _own(found: Exchange, id: str) -> str:
    return id if "/" in id else f"{found.me}/{id}"


def _member(desk: Desk) -> Exchange:
    return member_exchange(desk.node)


QUESTIONS: Final = (
    Question("datasets", datasets, "catalogue"),
    Question("catalogue", search, "catalogue"),
    Question("catalogue/entry", entry, "catalogue"),
    Question("catalogue/facts", facts, "catalogue"),
    Question("catalogue/sources", sources, "catalogue"),
    Question("catalogue/refusals", refusals, "catalogue"),
    Question("catalogue/export", export, "catalogue"),
)
DEEDS: Final = (
    Deed("datasets/publish", put, "catalogue", STEWARDS),
    Deed("datasets/withdraw", withdraw, "catalogue", STEWARDS),
    Deed("datasets/measure", measure, "catalogue", STEWARDS),
    Deed("catalogue/crawl", read, "catalogue", STEWARDS),
)
