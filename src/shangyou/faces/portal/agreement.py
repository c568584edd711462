"""One agreement: terms, quotas, transfers and receipts; why it permits or refuses; renew, amend, end it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from shangyou.adapters.state.meters import SqlMeters
from shangyou.core.errors import InputError, NotFoundError, ShangyouError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.block import FORMATS
from shangyou.exchange.catalogue.offers import in_words
from shangyou.exchange.policy.explain import why as explained
from shangyou.exchange.policy.policy import Policy
from shangyou.exchange.policy.read import read
from shangyou.exchange.policy.terms import PURPOSES, RESOLUTIONS
from shangyou.faces import reasons
from shangyou.faces.api.acts import perform
from shangyou.faces.policies import told, word
from shangyou.faces.portal.desk import Desk, desk
from shangyou.faces.portal.limits import CHOICES, Base, bare, policy_of
from shangyou.faces.portal.parties import desk_of, need_joined
from shangyou.faces.portal.transfers import moved, receipted
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence

REVOKE: Final = "contracts/revoke"  # deeds
RENEW: Final = "contracts/renew"
START: Final = "transfers/start"


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The page, and after a fault in one of its forms what is wrong."""
    at = desk(visit, need_joined(visit))
    agreement = at.control.contracts.agreement(visit.form.get("id") or visit.request.path_params["id"])
    meters, role = SqlMeters(at.found.node.database), "provider" if agreement.provider == at.found.me else "consumer"
    rows, bytes, requests = meters.count(agreement.id, role, None, None)
    active = agreement.state is AgreementState.ACTIVE
    return visit.page(
        "agreement.html",
        status=error.status if error else 200,
        held=at.held(agreement),
        agreement=agreement,
        names={id: at.parties.name(id) for id in (agreement.provider, agreement.consumer)},
        terms=in_words(agreement.policy, visit.t.language),
        quotas=reasons.quotas(at.found, agreement, visit.now),
        passed={"rows": rows, "bytes": bytes, "requests": requests},
        moved=moved(at, meters, agreement.id),
        receipts=receipted(at, meters.receipts(agreement.id, 20)),
        why=_why(visit, at, agreement),
        next=_replaced_by(at, agreement),
        active=active,
        renewable=role == "consumer" and agreement.state in (AgreementState.ACTIVE, AgreementState.EXPIRED),
        may=visit.may("contract.ask"),
        formats=FORMATS,
        purposes=tuple(PURPOSES),
        bases=bases(at, agreement),
        choices=CHOICES,
        given=visit.form,
        text=visit.form.get("policy") or "",
        start=bare(agreement.policy),
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
        done=visit.query("done"),
        word=word,
    )


def _replaced_by(at: Desk, agreement: Agreement) -> Agreement | None:
    """The agreement that took its place."""
    peer = agreement.consumer if agreement.provider == at.found.me else agreement.provider
    found = at.control.contracts.agreements(peer, agreement.dataset)
    return next((each for each in found if each.replaces == agreement.id), None)


def bases(at: Desk, agreement: Agreement) -> list[Base]:
    """Terms that a renewal may begin with: its own, or what the provider offers now."""
    t = at.visit.t
    found = [Base("own", t("contracts.base_own"), agreement.policy)]
    try:
        offers = at.found.catalogue.entry(agreement.dataset).dataset.offers
    except NotFoundError:
        offers = ()
    return found + [
        Base(f"offer {n}", t("contracts.base_offer", id=offer.id.rpartition(":")[2][:24]), offer.policy)
        for n, offer in enumerate(offers)
    ]


# ---- why --------------------------------------------------------------------------------------------------------


def why(visit: Visit) -> Response:
    """Why an agreement permits or refuses a request: the page, or the part beside the page."""
    at = desk(visit, need_joined(visit))
    agreement = reasons.agreement_of(at.found, visit.query("agreement"))
    return visit.page(
        "policy_why_part.html" if visit.partial else "policy_why_page.html",
        **_why(visit, at, agreement),
        agreement=agreement,
        held=at.held(agreement),
        purposes=tuple(PURPOSES),
    )


def _why(visit: Visit, at: Desk, agreement: Agreement) -> dict[str, Any]:
    """Without a purpose in the address, the first that the terms name: what its holder may do now."""
    policy = read(agreement.policy)
    purpose = visit.query("purpose", "-")
    asked = reasons.Asked(
        purpose=_first(policy) if purpose == "-" else purpose,
        action=visit.query("action", "read"),
        resolution=visit.query("resolution"),
        parameters=tuple(filter(None, (visit.query("parameter").strip(),))),
    )
    decision = reasons.decided(at.found, agreement, asked, visit.now)
    lines = explained(decision)
    faults = {fault.path for fault in policy.faults}
    shown = [replace(line, wanted=line.wanted or line.code) if line.path in faults else line for line in lines]
    return {
        "told": told(shown, visit.t.language),
        "asked": asked,
        "resolutions": ("", *RESOLUTIONS),
        "actions": reasons.ACTIONS,
    }


def _first(policy: Policy) -> str:
    from shangyou.exchange.policy.policy import Atom, atoms

    for rule in policy.permissions:
        for atom in atoms(rule.condition):
            if isinstance(atom, Atom) and atom.operand == "purpose" and isinstance(atom.value, tuple):
                known = [each for each in PURPOSES if each in atom.value]
                if known and atom.operator in ("eq", "isAnyOf"):
                    return known[0]
    return ""


# ---- deeds ------------------------------------------------------------------------------------------------------


def revoke(visit: Visit) -> Response:
    """End it from this end. It cannot be undone, so the name of the dataset is typed."""
    by, id = visit.need("contract.ask"), visit.form.get("id", "")
    agreement = desk(visit, need_joined(visit)).control.contracts.agreement(id)
    try:
        if visit.form.get("typed", "").strip() != agreement.dataset:
            raise InputError("portal.typed", name=agreement.dataset)
        perform(desk_of(visit, by), REVOKE, agreement=id, why=visit.form.get("why", "").strip()[:1000])
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/contracts/agreements/{id}?done=ended")


def renew(visit: Visit) -> Response:
    """Ask for an agreement in its place, with its terms or with others."""
    by, id = visit.need("contract.ask"), visit.form.get("id", "")
    at = desk(visit, need_joined(visit))
    agreement = at.control.contracts.agreement(id)
    try:
        policy = policy_of(visit.form, bases(at, agreement)) if visit.form.get("amend") else ""
        done = perform(desk_of(visit, by), RENEW, agreement=id, policy=policy)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/contracts/negotiations/{done['id']}?done=renewed")


def start(visit: Visit) -> Response:
    """Ask for data under it."""
    by, id = visit.need("contract.ask"), visit.form.get("id", "")
    try:
        perform(
            desk_of(visit, by), START, agreement=id, format=visit.form.get("format", ""), selection=_selection(visit)
        )
    except ShangyouError as error:
        return page(visit, error)
    return visit.go("/transfers?done=started")


def _selection(visit: Visit) -> str:
    import json

    purpose = visit.form.get("purpose", "")
    return json.dumps({"purpose": purpose}) if purpose else ""
