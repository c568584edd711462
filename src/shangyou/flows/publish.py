"""Publishing datasets of this node: said, checked, measured, changed, withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.errors import InputError, NotFoundError, ShangyouError
from shangyou.core.ports import ObservationStore, Registry, Selection
from shangyou.core.registry import Section
from shangyou.core.vocabulary import parameter
from shangyou.exchange.canonical import digest
from shangyou.exchange.catalogue.entry import dataset_body, is_name
from shangyou.exchange.catalogue.quality import Tally, lineage, quality
from shangyou.exchange.catalogue.sharing import faults as sharing_faults
from shangyou.exchange.dataset import Dataset
from shangyou.exchange.policy.read import read as read_policy
from shangyou.exchange.policy.terms import CADENCES, STATISTICS
from shangyou.exchange.ports import Datasets

Tell = Callable[[str, Mapping[str, object]], object]  # kind and facts of an act: it goes into the ledger

KIND: Final = "revision"  # of the ledger: what is published has changed
TITLE: Final = 200  # characters
ABOUT: Final = 4000
NAMED: Final = 400  # sections that a description names; all of them count
BATCHES: Final = 100_000  # newest, among which the sources of a dataset are looked up


def publish(dataset: Dataset, datasets: Datasets, registry: Registry, tell: Tell, me: str, at: int, by: str) -> Dataset:
    """Publish a dataset, or change it; returns it as it stands in the catalogue.

    Raises InputError as `faults` names them: the first, with how many more there are.
    """
    found = faults(dataset, registry, me)
    if found:
        raise InputError(found[0].code, **{**found[0].facts, "more": len(found) - 1})
    known = _known(datasets, dataset.id)
    said = replace(
        dataset,
        issued=known.issued if known else at,
        changed=at,
        extra={**(known.extra if known else {}), **dataset.extra, "places": places(dataset, registry)},
    )
    datasets.put(said)
    _tell(tell, "changed" if known else "published", said, by)
    return said


def withdraw(id: str, datasets: Datasets, tell: Tell, at: int, by: str) -> Dataset:
    """Withdraw a dataset: nobody can contract for it any more. NotFoundError "catalogue.dataset"."""
    dataset = datasets.dataset(id)
    datasets.remove(id, at)
    _tell(tell, "withdrawn", dataset, by)
    return dataset


def measure(
    id: str,
    datasets: Datasets,
    store: ObservationStore,
    registry: Registry,
    rules: Mapping[str, str],
    at: int,
) -> Dataset:
    """Measure a dataset's quality and lineage from the store, and publish it with them."""
    dataset = datasets.dataset(id)
    query, tally = dataset.query, Tally()
    selection = Selection(
        sites=tuple(site for each in query.sections for site in registry.sites_of(each)),
        parameters=query.parameters,
        cadences=query.cadences,
        statistics=query.statistics,
        start=query.start,
        stop=query.stop,
    )
    for batch in store.stream(selection):
        tally.add(_reviewed(batch, query.review))
    facts = {
        "quality": quality(tally, query.start, query.stop, at),
        "lineage": lineage(tally, store.batches(BATCHES), rules),
        "places": places(dataset, registry),
    }
    measured = replace(dataset, changed=at, extra={**dataset.extra, **facts})
    datasets.put(measured)
    return measured


def _reviewed(batch: pa.RecordBatch, least: int) -> pa.RecordBatch:
    return batch.filter(pc.greater_equal(batch.column("review"), least)) if least else batch


def _known(datasets: Datasets, id: str) -> Dataset | None:
    try:
        return datasets.dataset(id)
    except NotFoundError:
        return None


def _tell(tell: Tell, what: str, dataset: Dataset, by: str) -> None:
    body = digest(dataset_body(dataset, "", dataset.owner))
    facts = {"act": f"dataset.{what}", "dataset": dataset.id, "digest": body, "by": by}
    tell(KIND, facts | {"level": str(dataset.level), "sharing": str(dataset.sharing)})


# ---- checks -----------------------------------------------------------------------------------------------------


def faults(dataset: Dataset, registry: Registry, me: str) -> list[ShangyouError]:
    """Everything that keeps a dataset from being published; [] if nothing does."""
    found: list[ShangyouError] = []
    if not is_name(dataset.id) or dataset.owner != me or dataset.id.partition("/")[0] != me:
        found.append(InputError("catalogue.name", id=dataset.id[:100], owner=me))
    if not 0 < len(dataset.title_zh.strip()) <= TITLE or len(dataset.title_en) > TITLE:
        found.append(InputError("catalogue.title", most=TITLE))
    if max(len(dataset.about_zh), len(dataset.about_en)) > ABOUT:
        found.append(InputError("catalogue.about", most=ABOUT))
    return found + _query_faults(dataset, registry) + sharing_faults(dataset) + _offer_faults(dataset)


def _query_faults(dataset: Dataset, registry: Registry) -> list[ShangyouError]:
    query, found = dataset.query, list[ShangyouError]()
    if query.sections:
        known = {section.id for section in registry.sections()}
        lost = [id for id in query.sections if id not in known]
        if lost:
            found.append(NotFoundError("registry.section", id=", ".join(lost[:10])))
    for key in query.parameters:
        try:
            parameter(key)
        except NotFoundError as error:
            found.append(error)
    for field, values, allowed in (
        ("cadence", query.cadences, CADENCES),
        ("statistic", query.statistics, STATISTICS),
        ("review", (str(query.review),), ("0", "1", "2", "3")),
    ):
        found += [
            InputError("catalogue.value", field=field, value=value, known=", ".join(allowed))
            for value in values
            if value not in allowed
        ]
    if query.start is not None and query.stop is not None and query.start >= query.stop:
        found.append(InputError("catalogue.period", start=query.start, stop=query.stop))
    return found


def _offer_faults(dataset: Dataset) -> list[ShangyouError]:
    """Offers that the policy decision would not understand: it would deny, and nobody would know why."""
    found: list[ShangyouError] = []
    ids = [offer.id for offer in dataset.offers]
    if len(set(ids)) < len(ids):
        found.append(InputError("catalogue.offer_twice", offers=ids))
    for offer in dataset.offers:
        policy = read_policy({**offer.policy, "@type": "Offer", "@id": offer.id})
        if policy.faults:
            places = [f"{fault.path or '/'}: {fault.code}" for fault in policy.faults]
            found.append(InputError("catalogue.offer", offer=offer.id, faults=places))
    return found


# ---- places -----------------------------------------------------------------------------------------------------


def places(dataset: Dataset, registry: Registry) -> dict[str, object]:
    """Names that a dataset is found by: sections, rivers, parameters, and the box [degrees] around the sections."""
    wanted = set(dataset.query.sections)
    sections = [each for each in registry.sections() if not wanted or each.id in wanted]
    rivers = {each.id: each for each in registry.rivers()} | {each.name_zh: each for each in registry.rivers()}
    names = dict.fromkeys(each.river for each in sections if each.river)
    met = {rivers[name].id: rivers[name] for name in names if name in rivers}
    found: dict[str, object] = {
        "count": len(sections),
        "sections": [_names(each.id, each.name_zh, each.name_en) for each in sections[:NAMED]],
        "rivers": [_names(each.id, each.name_zh, each.name_en) for each in met.values()]
        + [_names(name, name, "") for name in names if name not in rivers],
        "parameters": [_names(key, p.name_zh, p.name_en) for key in dataset.query.parameters if (p := parameter(key))],
    }
    box = _box(sections)
    return found | ({"box": box} if box else {})


def _names(id: str, zh: str, en: str) -> dict[str, str]:
    return {"id": id, "zh": zh, "en": en}


def _box(sections: list[Section]) -> list[float]:
    """West, south, east, north of the sections whose place is known."""
    points = [(s.longitude, s.latitude) for s in sections if s.longitude is not None and s.latitude is not None]
    if not points:
        return []
    x, y = [p[0] for p in points], [p[1] for p in points]
    return [min(x), min(y), max(x), max(y)]
