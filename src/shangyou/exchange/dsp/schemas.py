"""What a message must look like, as JSON Schema of our own wording; members that are not named are ignored.

Source: Dataspace Protocol 2025-1, message types and ODRL policies of it; held against the official schemas by a test.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

Schema = dict[str, object]

CONTEXT: Final = "https://w3id.org/dspace/2025/1/context.jsonld"
TEXT: Final[Schema] = {"type": "string"}
OPERATORS: Final = (
    *("eq", "neq", "gt", "gteq", "lt", "lteq", "term-lteq"),
    *("hasPart", "isPartOf", "isA", "isAllOf", "isAnyOf", "isNoneOf"),
)
MOMENT: Final = (  # found anywhere in the text, as the official pattern is
    "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]|24:00:00)"
)


def record(needed: str = "", /, **members: Schema) -> Schema:
    """An object; `needed` names the members that it must have, `id`, `type` and `context` meaning those with an @."""
    own = {"id": "@id", "type": "@type", "context": "@context"}
    found: Schema = {"type": "object", "properties": {own.get(name, name): kind for name, kind in members.items()}}
    if needed:
        found["required"] = [own.get(name, name) for name in needed.split()]
    return found


def listed(item: Schema | None = None, least: int = 0) -> Schema:
    """An array."""
    found: Schema = {"type": "array"}
    if item is not None:
        found["items"] = item
    if least:
        found["minItems"] = least
    return found


def one(text: str) -> Schema:
    """Exactly this text."""
    return {"const": text}


def ref(name: str) -> Schema:
    """A definition below."""
    return {"$ref": f"#/$defs/{name}"}


def _either(*names: str) -> list[Schema]:
    return [{"required": [name]} for name in names]


_LOGICAL: Final = ("and", "andSequence", "or", "xone")
_RULES: Final[dict[str, Schema]] = {
    name: listed(ref("rule"), 1) for name in ("permission", "prohibition", "obligation")
}
_POLICY: Final[Schema] = record("id", id=TEXT, profile={"anyOf": [TEXT, listed(TEXT)]}, **_RULES) | {
    "anyOf": _either("permission", "prohibition")
}


def _policy(needed: str, /, **more: Schema) -> Schema:
    return {"allOf": [_POLICY, record(needed, **more)]}


DEFINITIONS: Final[dict[str, Schema]] = {
    "context": listed(TEXT) | {"contains": {"const": CONTEXT}},
    "rule": record("action", action=TEXT, constraint=listed(ref("constraint"))),
    "constraint": {
        "oneOf": [
            record("leftOperand operator rightOperand", leftOperand=TEXT, operator={"enum": list(OPERATORS)})
            | {
                "properties": {"leftOperand": TEXT, "operator": {"enum": list(OPERATORS)}, "rightOperand": ref("right")}
            },
            record(**{name: listed(ref("constraint")) for name in _LOGICAL}) | {"oneOf": _either(*_LOGICAL)},
        ]
    },
    "right": {"type": ["string", "object", "array"]},
    "offer": _policy("type", type=one("Offer"), target=TEXT),
    "dataset_offer": _policy("", type=one("Offer")) | {"not": {"required": ["target"]}},
    "agreement": {
        "allOf": [
            _policy("type", type=one("Agreement"), target=TEXT, assigner=TEXT, assignee=TEXT)
            | record("target assigner assignee", timestamp={"type": "string", "pattern": MOMENT})
        ]
    },
    "address": record(
        "type endpointType",
        type=one("DataAddress"),
        endpointType=TEXT,
        endpoint=TEXT,
        endpointProperties=listed(
            record("type name value", type=one("EndpointProperty"), name=TEXT, value=TEXT), least=1
        ),
    ),
    "service": record(
        "id type endpointURL",
        id=TEXT,
        type=one("DataService"),
        endpointURL=TEXT,
        servesDataset=listed(ref("dataset"), 1),
    ),
    "distribution": record(
        "accessService format",
        accessService={"anyOf": [TEXT, ref("service")]},
        format=TEXT,
        hasPolicy=listed(ref("dataset_offer"), 1),
    ),
    "dataset": record(
        "id hasPolicy distribution",
        id=TEXT,
        hasPolicy=listed(ref("dataset_offer"), 1),
        distribution=listed(ref("distribution"), 1),
    ),
    "catalog": record(
        "id type",
        id=TEXT,
        type=one("Catalog"),
        distribution=listed(ref("distribution"), 1),
        dataset=listed(ref("dataset"), 1),
        catalog=listed(ref("catalog"), 1),
        service=listed(ref("service"), 1),
    )
    | {"not": {"required": ["hasPolicy"]}},
}


def _message(type: str, needed: str = "", /, **members: Schema) -> Schema:
    return record(f"context type {needed}", context=ref("context"), type=one(type), **members)


_PIDS: Final[dict[str, Schema]] = {"providerPid": TEXT, "consumerPid": TEXT}
_WHY: Final[dict[str, Schema]] = {"code": TEXT, "reason": listed(least=1)}


def _of_talk(type: str, needed: str = "", /, **members: Schema) -> Schema:
    return _message(type, f"providerPid consumerPid {needed}", **_PIDS, **members)


def _state(*names: str) -> Schema:
    return {"enum": list(names)}


MESSAGES: Final[dict[str, Schema]] = {
    "CatalogRequestMessage": _message("CatalogRequestMessage", filter=listed()),
    "DatasetRequestMessage": _message("DatasetRequestMessage", "dataset", dataset=TEXT),
    "CatalogError": _message("CatalogError", code=TEXT, reason=listed()),
    "Catalog": {"allOf": [ref("catalog"), record("context participantId", context=ref("context"), participantId=TEXT)]},
    "Dataset": {"allOf": [ref("dataset"), record("context", context=ref("context"))]},
    "ContractRequestMessage": _message(
        *("ContractRequestMessage", "consumerPid offer"), **_PIDS, callbackAddress=TEXT, offer=ref("offer")
    )
    | {"oneOf": _either("callbackAddress", "providerPid")},
    "ContractOfferMessage": _message(
        *("ContractOfferMessage", "providerPid offer"),
        **_PIDS,
        callbackAddress=TEXT,
        offer={"allOf": [ref("offer"), record("id target")]},
    )
    | {"oneOf": _either("callbackAddress", "consumerPid")},
    "ContractAgreementMessage": _of_talk("ContractAgreementMessage", "agreement", agreement=ref("agreement")),
    "ContractAgreementVerificationMessage": _of_talk("ContractAgreementVerificationMessage"),
    "ContractNegotiationEventMessage": _of_talk(
        *("ContractNegotiationEventMessage", "eventType"), eventType=_state("ACCEPTED", "FINALIZED")
    ),
    "ContractNegotiationTerminationMessage": _of_talk("ContractNegotiationTerminationMessage", **_WHY),
    "ContractNegotiation": _of_talk(
        *("ContractNegotiation", "state"),
        state=_state("REQUESTED", "OFFERED", "ACCEPTED", "AGREED", "VERIFIED", "FINALIZED", "TERMINATED"),
    ),
    "ContractNegotiationError": _of_talk("ContractNegotiationError", **_WHY),
    "TransferRequestMessage": _message(
        *("TransferRequestMessage", "agreementId format callbackAddress consumerPid"),
        **dict.fromkeys(("agreementId", "format", "callbackAddress", "consumerPid"), TEXT),
        dataAddress=ref("address"),
    ),
    "TransferStartMessage": _of_talk("TransferStartMessage", dataAddress=ref("address")),
    "TransferCompletionMessage": _of_talk("TransferCompletionMessage"),
    "TransferSuspensionMessage": _of_talk("TransferSuspensionMessage", **_WHY),
    "TransferTerminationMessage": _of_talk("TransferTerminationMessage", **_WHY),
    "TransferProcess": _of_talk(
        "TransferProcess", "state", state=_state("REQUESTED", "STARTED", "SUSPENDED", "COMPLETED", "TERMINATED")
    ),
    "TransferError": _of_talk("TransferError", **_WHY),
    "DidService": {
        "type": "object",
        "properties": {
            "@context": {"allOf": [ref("context"), listed() | {"contains": {"const": "https://www.w3.org/ns/did/v1"}}]},
            "id": TEXT,
            "type": {"enum": ["DataService", "CatalogService"]},
            "serviceEndpoint": {"type": "string", "pattern": "https?://.*/catalog$"},
        },
        "required": ["id", "type", "serviceEndpoint"],
    },
    "VersionResponse": record(
        "protocolVersions",
        protocolVersions=listed(
            record(
                "version path binding",
                **dict.fromkeys(("version", "path", "serviceId", "identifierType"), TEXT),
                binding=one("HTTPS"),
                auth=record("protocol version", protocol=TEXT, version=TEXT, profile=listed(TEXT)),
            ),
            1,
        ),
    ),
}


@cache
def validator(type: str) -> Draft202012Validator:
    """The compiled schema of a message type."""
    from jsonschema_rs import Draft202012Validator  # 5 MB: only where messages are read

    return Draft202012Validator({**MESSAGES[type], "$defs": DEFINITIONS})


def faults(type: str, value: object, most: int = 5) -> list[str]:
    """Where a value is not what its type demands: paths from the top; empty if nothing is wrong."""
    check = validator(type)
    if check.is_valid(value):
        return []
    found: list[str] = []
    for error in check.iter_errors(value):
        found.append(f"/{'/'.join(map(str, error.instance_path))} {error.kind.name}")
        if len(found) == most:
            break
    return found
