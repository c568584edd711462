"""Messages as bytes: reading foreign ones within bounds, writing our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec

from shangyou.core.errors import InputError, ShangyouError
from shangyou.exchange.dsp.schemas import CONTEXT, MESSAGES, faults
from shangyou.exchange.dsp.talk import Facts, Talk

VERSION: Final = "2025-1"
PATH: Final = "/dsp/2025-1"
SIZE_LIMIT: Final = 256 * 1024  # bytes: a policy of thousands of constraints; more is nobody's contract
DEPTH_LIMIT: Final = 32  # a logical constraint of a logical constraint ... takes two levels each
IDENTITY_LIMIT: Final = 512  # characters of a pid or an id

TYPES: Final = {  # (kind of talk, message): @type
    ("negotiation", "request"): "ContractRequestMessage",
    ("negotiation", "offer"): "ContractOfferMessage",
    ("negotiation", "agreement"): "ContractAgreementMessage",
    ("negotiation", "verification"): "ContractAgreementVerificationMessage",
    ("negotiation", "accepted"): "ContractNegotiationEventMessage",
    ("negotiation", "finalized"): "ContractNegotiationEventMessage",
    ("negotiation", "termination"): "ContractNegotiationTerminationMessage",
    ("transfer", "request"): "TransferRequestMessage",
    ("transfer", "start"): "TransferStartMessage",
    ("transfer", "suspension"): "TransferSuspensionMessage",
    ("transfer", "completion"): "TransferCompletionMessage",
    ("transfer", "termination"): "TransferTerminationMessage",
}
FOLDERS: Final = {"negotiation": "negotiations", "transfer": "transfers"}
STATUS: Final = {"negotiation": "ContractNegotiation", "transfer": "TransferProcess"}
ERRORS: Final = {"negotiation": "ContractNegotiationError", "transfer": "TransferError", "catalog": "CatalogError"}
ENDINGS: Final = {  # where a message goes, behind the folder and the other end's pid
    "request": "request",
    "offer": "offers",
    "agreement": "agreement",
    "verification": "agreement/verification",
    "accepted": "events",
    "finalized": "events",
    "termination": "termination",
    "start": "start",
    "suspension": "suspension",
    "completion": "completion",
}


def read(body: bytes, *types: str) -> dict[str, Any]:
    """A message of one of the types.

    Raises InputError "dsp.size", "dsp.depth", "dsp.json", "dsp.type" or "dsp.schema"; never anything else.
    """
    value = decoded(body)
    type = value.get("@type")
    if not isinstance(type, str) or type not in types or type not in MESSAGES:
        raise InputError("dsp.type", type=str(type)[:100], expected=", ".join(types))
    wrong = faults(type, value)
    for name in ("providerPid", "consumerPid", "agreementId", "@id"):
        text = value.get(name)
        if isinstance(text, str) and (not text or len(text) > IDENTITY_LIMIT):
            wrong.append(f"/{name} length")
    if wrong:
        raise InputError("dsp.schema", type=type, at="; ".join(wrong)[:1000])
    return value


def decoded(body: bytes) -> dict[str, Any]:
    """A JSON object within bounds; raises as `read`."""
    if len(body) > SIZE_LIMIT:
        raise InputError("dsp.size", size=len(body), limit=SIZE_LIMIT)
    if _depth(body) > DEPTH_LIMIT:
        raise InputError("dsp.depth", limit=DEPTH_LIMIT)
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError("dsp.json", detail=str(error)[:200]) from error
    if not isinstance(value, dict):
        raise InputError("dsp.json", detail="not an object")
    if b"\\u0000" in body and _nul(value):  # databases do not keep it in texts
        raise InputError("dsp.json", detail="U+0000")
    return value


def _depth(body: bytes) -> int:
    """Deepest nesting where it may be too deep, counted without building anything; brackets in texts do not count."""
    if body.count(b"{") + body.count(b"[") <= DEPTH_LIMIT:
        return 0
    depth = deepest = 0
    inside = escaped = False
    for byte in body:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in (0x7B, 0x5B):
            depth += 1
            deepest = max(deepest, depth)
        elif byte in (0x7D, 0x5D):
            depth -= 1
    return deepest


def _nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any("\0" in key or _nul(each) for key, each in value.items())
    return isinstance(value, list) and any(map(_nul, value))


def name_of(kind: str, message: Mapping[str, Any]) -> str:
    """The message's name in the table."""
    if message["@type"] == "ContractNegotiationEventMessage":
        return str(message["eventType"]).lower()
    return next(name for (of, name), type in TYPES.items() if of == kind and type == message["@type"])


def written(talk: Talk, name: str, content: Facts, callback: str) -> dict[str, object]:
    """A message of this end. `talk` has counted it already; `callback` is this end's base, for the first one."""
    message: dict[str, object] = {
        "@context": [CONTEXT],
        "@type": TYPES[talk.kind, name],
        "@id": f"{talk.id}#{talk.sent}",
        **{pid: value for pid, value in talk.pids.items() if value},
    }
    if name in ("accepted", "finalized"):
        message["eventType"] = name.upper()
    if name in ("request", "offer") and not talk.other:
        message["callbackAddress"] = callback
    return message | dict(content)


def path(talk: Talk, name: str) -> str:
    """Where a message goes, behind the other end's base."""
    folder = FOLDERS[talk.kind]
    return f"/{folder}/{quote(talk.other, safe=':')}/{ENDINGS[name]}" if talk.other else f"/{folder}/{ENDINGS[name]}"


def status(talk: Talk, state: str = "") -> dict[str, object]:
    """A talk as the other end may see it."""
    return {"@context": [CONTEXT], "@type": STATUS[talk.kind], **talk.pids, "state": state or talk.state}


def error(kind: str, fault: ShangyouError, pids: Mapping[str, str], reasons: Sequence[object]) -> dict[str, object]:
    """The protocol's own form of an error, with our code."""
    body: dict[str, object] = {"@context": [CONTEXT], "@type": ERRORS[kind], "code": fault.code}
    if kind != "catalog":
        body |= {"providerPid": pids.get("providerPid", ""), "consumerPid": pids.get("consumerPid", "")}
    return body | ({"reason": list(reasons)} if reasons else {})


def version(service: str) -> dict[str, object]:
    """The version document; unversioned, without @context."""
    own = {"version": VERSION, "path": PATH, "binding": "HTTPS", "serviceId": service, "identifierType": "member"}
    return {"protocolVersions": [own | {"auth": {"protocol": "shangyou-token", "version": "1"}}]}


def encoded(message: Mapping[str, object]) -> bytes:
    """JSON."""
    return msgspec.json.encode(message)
