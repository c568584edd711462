"""The provider's end of a transfer's data: its address, who may ask there, what decides, and how it is stopped."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, ShangyouError
from shangyou.core.ports import ObservationStore, Registry
from shangyou.exchange.agreement import Agreement, Transfer
from shangyou.exchange.block import ROWS, form_of
from shangyou.exchange.metering import Count, Meters, Passage
from shangyou.exchange.outlet import Outlet
from shangyou.exchange.policy.decision import Decision, Permitted
from shangyou.exchange.policy.terms import PURPOSES, RESOLUTIONS
from shangyou.exchange.ports import Contracts, Datasets, Members
from shangyou.exchange.scope import Scope
from shangyou.flows.decide import Known, decide_for, known

LEGAL: Final = 8 * 3_600_000  # of the legal day from UTC [ms]
NAMES: Final = ("sections", "parameters", "cadences", "statistics")
MOST_NAMES: Final = 10_000
MOST_FACTS: Final = 20
LONGEST: Final = 500  # characters of a fact, or of what else was said


class Supply(Outlet, ObservationStore, Protocol):
    """A store that can be asked and read in blocks."""


Told = Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Providing:
    """What a provider's end of the data plane works with."""

    members: Members
    contracts: Contracts
    datasets: Datasets
    registry: Registry
    store: Supply
    meters: Meters
    now: Callable[[], int]
    name: Callable[[], str]  # a secret
    seal: Callable[[Told], Mapping[str, object]]  # sign a document
    record: Callable[[str, Told], None]  # into the ledger
    stopped: Callable[[Passage], None]  # tell the control plane that a passage cannot go on
    rows: int = ROWS  # of a block, about
    waters: Callable[[], Sequence[Sequence[str]]] = tuple  # sections in order of flow; () = nobody knows


# ---- the address ------------------------------------------------------------------------------------------------


def offer(providing: Providing, transfer: Transfer) -> dict[str, object]:
    """The DataAddress of a pull or feed, {} of a push. The same transfer has the same address each time.

    InputError "transfer.format", "transfer.selection".
    """
    _, way = form_of(transfer.format)
    agreement = providing.contracts.agreement(transfer.agreement)
    asked(transfer.selection)
    path, secret = f"/data/{'feeds' if way == 'FEED' else 'transfers'}/{transfer.id}", providing.name()
    if way == "PUSH":
        path, secret = secret_of(transfer.address)
    passage = providing.meters.put(
        Passage(
            id=transfer.id,
            role="provider",
            peer=transfer.peer,
            other=transfer.other_id,
            agreement=agreement.id,
            dataset=agreement.dataset,
            format=transfer.format,
            secret=secret,
            endpoint=path,
            selection=dict(transfer.selection or {}),
            opened=providing.now(),
        )
    )
    if way == "PUSH":
        return {}
    me = providing.members.member(providing.members.me).address.rstrip("/")
    return data_address(me + passage.endpoint, passage.secret)


def data_address(endpoint: str, secret: str) -> dict[str, object]:
    """A DataAddress of DSP for our data plane; properties as in the HTTP pull profile 2025-1."""
    told = {"refresh-token": secret, "refresh-endpoint": endpoint, "authentication": secret}
    return {
        "@type": "DataAddress",
        "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
        "endpoint": endpoint,
        "endpointProperties": [{"@type": "EndpointProperty", "name": k, "value": v} for k, v in told.items()],
    }


def secret_of(address: Mapping[str, object] | None) -> tuple[str, str]:
    """Path of the endpoint and secret of a DataAddress. InputError "transfer.address"."""
    from urllib.parse import urlsplit

    found = address or {}
    listed = found.get("endpointProperties")
    told = (
        {str(p.get("name")): p.get("value") for p in listed if isinstance(p, dict)} if isinstance(listed, list) else {}
    )
    path, secret = urlsplit(str(found.get("endpoint") or "")).path, told.get("authentication")
    if not path.startswith("/data/") or not path.isascii() or not isinstance(secret, str) or not secret:
        raise InputError("transfer.address", endpoint=str(found.get("endpoint"))[:200])
    return path, secret


def asked(selection: Mapping[str, object] | None) -> tuple[Scope, str, str | None]:
    """What of a dataset a transfer wants, for what purpose, how fine. InputError "transfer.selection"."""
    given = dict(selection or {})
    names: dict[str, frozenset[str] | None] = {}
    for name in NAMES:
        listed = given.pop(name, None)
        if listed is not None and not (
            isinstance(listed, list | tuple) and len(listed) <= MOST_NAMES and all(isinstance(x, str) for x in listed)
        ):
            raise InputError("transfer.selection", where=name)
        names[name] = frozenset(listed) if listed else None
    times = {name: given.pop(name, None) for name in ("start", "stop")}
    for name, time in times.items():
        if time is not None and (type(time) is not int or not -(1 << 53) < time < 1 << 53):
            raise InputError("transfer.selection", where=name)
    purpose, resolution = given.pop("purpose", ""), given.pop("resolution", None)
    if purpose and purpose not in PURPOSES:
        raise InputError("transfer.selection", where="purpose")
    if resolution is not None and resolution not in RESOLUTIONS:
        raise InputError("transfer.selection", where="resolution")
    given.pop("backfill", None)
    if given:
        raise InputError("transfer.selection", where=sorted(given)[0][:40])
    scope = Scope(**names, start=times["start"], stop=times["stop"])  # type: ignore[arg-type]
    return scope, str(purpose), None if resolution is None else str(resolution)


# ---- who may --------------------------------------------------------------------------------------------------------


def admitted(providing: Providing, id: str, member: str, secret: str) -> Passage:
    """The passage that a member asks for. Who has no part in it is not told that there is one.

    NotFoundError "transfer.unknown"; ConflictError "transfer.state".
    """
    passage = providing.meters.passage(id)
    if passage.peer != member or not hmac.compare_digest(passage.secret.encode(), secret.encode()):
        raise NotFoundError("transfer.unknown", id=id[:80])
    if passage.role == "provider" and passage.state in ("stopped", "paused", "offered"):
        raise not_now(passage)
    return passage


def not_now(passage: Passage) -> ConflictError:
    """That no data may be had of it, and why: with the facts, so that the other end can say so too."""
    told = {"why": passage.code, "reason": passage.reason, "because": dict(passage.facts)}
    return ConflictError("transfer.state", state=passage.state, **told)


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a decision on a passage needs, read before anything is counted."""

    agreement: Agreement
    decide: Callable[[Count], Decision]


def terms(providing: Providing, passage: Passage, at: int) -> Terms:
    """What decides on a passage at a time."""
    agreement = providing.contracts.agreement(passage.agreement)
    dataset = providing.datasets.dataset(agreement.dataset)
    consumer = providing.members.member(passage.peer)
    facts: Known = known(providing.registry.sections(), providing.store.series(), providing.waters())
    wanted, purpose, resolution = asked(passage.selection)

    def decide(count: Count) -> Decision:
        return decide_for(
            *(agreement, dataset, consumer, facts, count, at),
            purpose=purpose,
            resolution=resolution,
            wanted=wanted,
            offset=LEGAL,
        )

    return Terms(agreement, decide)


def permit(decision: Decision) -> Permitted:
    """RefusedError with the first reason's code, and all reasons as facts."""
    if isinstance(decision, Permitted):
        return decision
    first = decision.reasons[0]
    raise RefusedError(
        "transfer.refused",
        rule=first.code,
        path=first.path,
        operand=first.operand,
        operator=first.operator,
        wanted=first.wanted,
        found=first.found,
        who=first.who.value,
        reasons=[
            f"{r.code} {r.path} {r.operand} {r.operator} {r.wanted} ({r.found})".strip() for r in decision.reasons
        ],
    )


def cause(error: ShangyouError) -> tuple[str, dict[str, object], str]:
    """Why a passage ends with an error: the code of the rule, the facts that its sentence names, what else was said.

    Who asks for one that has ended already ("transfer.state") learns why it had.
    """
    told = error.facts
    if error.code == "transfer.state" and told.get("why"):
        because, said = told.get("because"), told.get("reason")
        code, facts = str(told["why"]), because if isinstance(because, Mapping) else {}
    else:
        code, facts, said = str(told.get("rule") or error.code), told, told.get("reasons")
    if isinstance(said, list):  # where there is an operand, the facts are the first of the reasons
        said = "; ".join(map(str, said["operand" in told :]))
    return code[:80], _plain(facts), str(said or "")[:LONGEST]


def _plain(facts: Mapping[str, object]) -> dict[str, object]:
    """What can be signed and kept of the facts of an error, which may be another node's: texts, short enough."""
    kept = [
        (name, value)
        for name, value in facts.items()
        if isinstance(value, str | int) and name not in ("rule", "reasons")
    ]
    return {str(name)[:40]: str(value)[:LONGEST] for name, value in kept[:MOST_FACTS]}


def stop(providing: Providing, passage: Passage, error: ShangyouError) -> Passage:
    """End a passage from the provider's end: nothing leaves any more; a signed notice says so, and why."""
    at = providing.now()
    code, facts, reason = cause(error)
    document = {
        "act": "stop",
        "agreement": passage.agreement,
        "at": at,
        "by": providing.members.me,
        "code": code,
        "facts": facts,
        "reason": reason,
        "transfer": passage.id,
    }
    over = replace(
        passage, state="stopped", code=code, facts=facts, reason=reason, notice=providing.seal(document), changed=at
    )
    providing.meters.change(over)
    providing.record("notice", document)
    providing.stopped(over)
    return over
