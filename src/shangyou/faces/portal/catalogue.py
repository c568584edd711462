"""The catalogue in the portal: what members publish, one dataset, and publishing one of this node's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.responses import Response

from shangyou.core.errors import ShangyouError
from shangyou.core.vocabulary import parameters
from shangyou.exchange.catalogue.offers import in_words
from shangyou.exchange.catalogue.port import FACETS, Source, Wanted
from shangyou.exchange.dataset import DataLevel, Sharing
from shangyou.exchange.policy.terms import CADENCES, PURPOSES
from shangyou.exchange.policy.write import TEMPLATES
from shangyou.faces.api import catalogue as deeds
from shangyou.faces.api.acts import perform
from shangyou.faces.api.desk import Desk
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence, sentence
from shangyou.flows.crawl import others
from shangyou.wiring_exchange import Exchange, exchange, member_exchange

if TYPE_CHECKING:
    from shangyou.wiring import Node

ROWS: Final = 50
REQUEST: Final = "contracts/request"  # the deed by which a contract is asked for


def page(visit: Visit) -> Response:
    """Search with facets, and how old each member's part is."""
    found = exchange(cast("Node", visit.node))
    if found is None:
        return visit.page("catalogue_none.html")
    number = visit.number("page", 1, 1, 10_000)
    chosen = {kind: [v for v in visit.request.query_params.getlist(kind) if v] for kind in FACETS}
    shown = found.catalogue.search(Wanted(visit.query("q"), chosen, (number - 1) * ROWS, ROWS))
    sources = _sources(visit, found)
    return visit.page(
        "catalogue.html",
        shown=shown,
        number=number,
        pages=max(1, -(-shown.total // ROWS)),
        chosen=chosen,
        sources=sources,
        failing=[source for source, _, _ in sources if source.failing is not None],
        names=_names(visit, found),
        me=found.me,
        quality=quality_of,
    )


def _sources(visit: Visit, found: Exchange) -> list[tuple[Source, str, Sentence | None]]:
    """Each other provider with its name and what went wrong."""
    known = {source.owner: source for source in found.catalogue.sources()}
    names = _names(visit, found)
    rows = []
    for id in sorted({*known, *others(found.members)}):
        source = known.get(id, Source(id))
        said = sentence(source.code, source.facts, visit.t.language) if source.code else None
        rows.append((source, names.get(id, id), said))
    return rows


def _names(visit: Visit, found: Exchange) -> dict[str, str]:
    return {m.id: m.name_zh if visit.t.language == "zh" else m.name_en for m in found.members.members()}


SHARES: Final = ("acquired", "valid", "corrected", "revised")
NUMBERS: Final = ("observations", "series", "first", "last", "measured", "delay_half", "delay_most")
LARGEST: Final = 250_000_000_000_000  # as ms it is within the year 9999


def quality_of(extra: Mapping[str, object]) -> Mapping[str, Any]:
    """What was measured, None where it was not; what another member makes up that is not of our form is left out."""
    facts = extra.get("quality")
    said = facts if isinstance(facts, dict) else {}
    flags = said.get("flags")
    found: dict[str, Any] = {name: _share(said.get(name)) for name in SHARES}
    found |= {name: _number(said.get(name)) for name in NUMBERS}
    shares = {str(k): _share(v) for k, v in flags.items()} if isinstance(flags, dict) else {}
    return found | {"flags": {k: v for k, v in shares.items() if v is not None}}


def _share(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST else None


def dataset(visit: Visit) -> Response:
    """One dataset with its quality, its lineage and its terms."""
    found = member_exchange(cast("Node", visit.node))
    entry = found.catalogue.entry(visit.request.path_params["id"])
    said, language = entry.dataset, visit.t.language
    lineage, places = said.extra.get("lineage"), said.extra.get("places")
    return visit.page(
        "dataset.html",
        entry=entry,
        said=said,
        owner=_names(visit, found).get(said.owner, said.owner),
        mine=said.owner == found.me,
        quality=quality_of(said.extra),
        lineage=lineage if isinstance(lineage, dict) else {},
        places=places if isinstance(places, dict) else {},
        offers=[(offer, in_words(offer.policy, language)) for offer in said.offers],
        seen=found.catalogue.seen(said.id),
        done=visit.query("done"),
        listed=_listed,
    )


def _listed(value: object) -> list[dict[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def ask(visit: Visit) -> Response:
    """Ask the owner for a contract under one of its offers."""
    by, id = visit.need("contract.ask"), visit.form.get("dataset", "")
    done = perform(_desk(visit, by), REQUEST, dataset=id, offer=visit.form.get("offer", ""))
    return visit.go(f"/contracts/negotiations/{done['id']}")


# ---- publishing -------------------------------------------------------------------------------------------------


def form(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The form by which a dataset is published or changed."""
    visit.need("dataset.publish")
    found = member_exchange(cast("Node", visit.node))
    here = {key.parameter for key in visit.node.store.series()}
    return visit.page(
        "dataset_form.html",
        status=error.status if error else 200,
        given=visit.form or _of(visit, found),
        me=found.me,
        members=[(id, name) for id, name in sorted(_names(visit, found).items()) if id != found.me],
        sections=sorted(visit.node.registry.sections(), key=lambda s: (s.river, s.name_zh)),
        keys=[key for key in parameters() if key in here] or list(parameters())[:40],
        cadences=CADENCES,
        levels=tuple(DataLevel),
        sharings=tuple(Sharing),
        purposes=tuple(PURPOSES),
        templates=tuple(TEMPLATES),
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
    )


def _of(visit: Visit, found: Exchange) -> Mapping[str, str]:
    """What a dataset that is to be changed says now, as the form's fields."""
    id = visit.query("id")
    if not id:
        return {}
    said = found.catalogue.dataset(id)
    query = said.query
    given = {"name": said.id.partition("/")[2], "title_zh": said.title_zh, "title_en": said.title_en}
    given |= {"about_zh": said.about_zh, "about_en": said.about_en, "keyword": " ".join(said.keywords)}
    given |= {"level": str(said.level), "sharing": str(said.sharing), "review": str(query.review)}
    for field, values in (("section", query.sections), ("parameter", query.parameters), ("cadence", query.cadences)):
        given |= {f"{field}:{value}": "1" for value in values}
    return given


def publish(visit: Visit) -> Response:
    """Publish what the form says; with a fault, the form again with what is wrong."""
    by, given = visit.need("dataset.publish"), visit.form

    def many(field: str) -> tuple[str, ...]:
        return tuple(key.partition(":")[2] for key in given if key.startswith(f"{field}:"))

    try:
        done = perform(
            _desk(visit, by),
            "datasets/publish",
            name=given.get("name", "").strip(),
            title_zh=given.get("title_zh", ""),
            title_en=given.get("title_en", ""),
            about_zh=given.get("about_zh", ""),
            about_en=given.get("about_en", ""),
            keyword=tuple(given.get("keyword", "").split()),
            section=many("section"),
            parameter=many("parameter"),
            cadence=many("cadence"),
            start=given.get("start", ""),
            stop=given.get("stop", ""),
            review=int(given["review"]) if given.get("review", "") in ("1", "2", "3") else 0,
            level=given.get("level", "general"),
            sharing=given.get("sharing", "conditional"),
            template=given.get("template", ""),
            recipient=many("recipient"),
            purpose=many("purpose"),
            until=given.get("until", ""),
            delay=given.get("delay", "").strip().upper(),
            manual="manual" in given,
        )
    except ShangyouError as error:
        return form(visit, error)
    return visit.go(f"/catalogue/{done['id']}?done=published")


def withdraw(visit: Visit) -> Response:
    """Withdraw a dataset of this node."""
    return _done(visit, "datasets/withdraw", "/catalogue?done=withdrawn")


def measure(visit: Visit) -> Response:
    """Measure a dataset of this node anew."""
    return _done(visit, "datasets/measure", f"/catalogue/{visit.form.get('id', '')}?done=measured")


def crawl(visit: Visit) -> Response:
    """Read the catalogues of the others now."""
    by = visit.need("dataset.publish")
    deeds.read(_desk(visit, by), visit.form.get("member", ""))
    return visit.go("/catalogue#sources")


def _done(visit: Visit, deed: str, where: str) -> Response:
    by = visit.need("dataset.publish")
    perform(_desk(visit, by), deed, id=visit.form.get("id", ""))
    return visit.go(where)


def _desk(visit: Visit, by: str) -> Desk:
    return Desk(cast("Node", visit.node), by=by, language=visit.t.language)


def export(visit: Visit) -> Response:
    """The catalogue as DCAT-AP."""
    form = visit.request.path_params["form"]
    rows = deeds.export(Desk(cast("Node", visit.node)), {"ttl": "turtle"}.get(form, form))
    text = "".join(rows.table().column("text").to_pylist())
    kind = "text/turtle; charset=utf-8" if form == "ttl" else "application/ld+json"
    return Response(text, media_type=kind, headers={"content-disposition": f'attachment; filename="catalogue.{form}"'})
