"""A plain catalogue of a node's datasets, as the catalogue protocol answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from shangyou.core.errors import NotFoundError
from shangyou.exchange.catalogue.sharing import audience
from shangyou.exchange.dataset import Dataset
from shangyou.exchange.dsp.messages import PATH
from shangyou.exchange.dsp.schemas import CONTEXT

FORMATS: Final = ("Arrow-PULL", "Parquet-PULL", "CSV-PULL", "Arrow-PUSH", "Arrow-FEED")


def shown(datasets: Sequence[Dataset], member: str) -> list[Dataset]:
    """Those of which a member may know."""
    return [each for each in datasets if (known := audience(each)) is None or member in known]


def need_shown(dataset: Dataset, member: str) -> Dataset:
    """The dataset, if the member may know of it; NotFoundError "catalogue.dataset"."""
    if not shown([dataset], member):
        raise NotFoundError("catalogue.dataset", id=dataset.id)
    return dataset


def dataset_body(dataset: Dataset, address: str) -> dict[str, object]:
    """One dataset with its offers, without @context."""
    service = _service(dataset.owner, address)
    return {
        "@type": "Dataset",
        "@id": dataset.id,
        "http://purl.org/dc/terms/title": [
            {"@language": "zh", "@value": dataset.title_zh},
            {"@language": "en", "@value": dataset.title_en},
        ],
        "http://www.w3.org/ns/dcat#keyword": list(dataset.keywords),
        "hasPolicy": [{**offer.policy, "@type": "Offer", "@id": offer.id} for offer in dataset.offers],
        "distribution": [{"@type": "Distribution", "format": name, "accessService": service} for name in FORMATS],
    }


def catalog_body(member: str, address: str, datasets: Sequence[Dataset]) -> Mapping[str, object]:
    """The catalogue of a member. Datasets without an offer cannot be had, and are not in it."""
    body: dict[str, object] = {
        "@context": [CONTEXT],
        "@type": "Catalog",
        "@id": f"urn:shangyou:catalog:{member}",
        "participantId": member,
        "service": [_service(member, address)],
    }
    found = [dataset_body(dataset, address) for dataset in datasets if dataset.offers]
    return body | ({"dataset": found} if found else {})


def dataset_message(dataset: Dataset, address: str) -> Mapping[str, object]:
    """One dataset as an answer of its own."""
    return {"@context": [CONTEXT], **dataset_body(dataset, address)}


def _service(member: str, address: str) -> dict[str, object]:
    return {"@type": "DataService", "@id": f"urn:shangyou:service:{member}", "endpointURL": f"{address}{PATH}"}
