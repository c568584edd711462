"""Deeds of the federation. What needs a file takes and gives its text; the files are the caller's."""

from __future__ import annotations

import json
import secrets
from typing import Annotated, Any, Final

from shangyou.core.errors import InputError
from shangyou.exchange.member import Level, Standing
from shangyou.exchange.trust import joining
from shangyou.exchange.trust.document import DAY
from shangyou.exchange.wire import parsed_object
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.tables import Deed, Done
from shangyou.flows import federation
from shangyou.flows import joining as coming
from shangyou.flows.federation import Facts, Outcome
from shangyou.wiring_exchange import Exchange, exchange, knocking, member_exchange, trust_folder

DEFAULT_DAYS: Final = 30
HOUR: Final = 3_600_000
MOST_FILE: Final = 8 << 20


def _facts(
    desk: Desk, id: str, address: str, name_zh: str, name_en: str, adm_code: str, level: str, pins: str
) -> Facts:
    settings = desk.node.settings
    chosen = level or settings.level
    if chosen not in tuple(Level):
        raise InputError("federation.level", level=chosen, known=", ".join(Level))
    return Facts(
        id=id,
        name_zh=name_zh or settings.name_zh,
        name_en=name_en or settings.name_en,
        level=Level(chosen),
        adm_code=adm_code or settings.adm_code,
        address=address,
        pins=tuple(pin for pin in pins.split(",") if pin),
    )


Id = Annotated[str, "id of this member: a-z, 0-9 and -"]
Address = Annotated[str, "where others reach this node: https://host:port"]
NameZh = Annotated[str, "name in Chinese; empty: the node's"]
NameEn = Annotated[str, "name in English; empty: the node's"]
Code = Annotated[str, "行政区划代码, six digits; empty: the node's"]
LevelName = Annotated[str, "national or provincial; empty: the node's"]
Pins = Annotated[str, "sha256 of its TLS public keys, base64, with commas; empty: a known CA signs"]
Suite = Annotated[str, "std (Ed25519) or gm (SM2, SM3)"]


def init(
    desk: Desk,
    member: Id,
    address: Address,
    name: Annotated[str, "id of the federation: a-z, 0-9 and -"] = "federation",
    name_zh: NameZh = "",
    name_en: NameEn = "",
    adm_code: Code = "",
    level: LevelName = "",
    pins: Pins = "",
    anchors: Annotated[int, "anchor keys that are made and kept here"] = 1,
    suite: Suite = "std",
    days: Annotated[int, "for which a list counts"] = DEFAULT_DAYS,
) -> Done:
    """Begin a federation with this node as its first member."""
    facts = _facts(desk, member, address, name_zh, name_en, adm_code, level, pins)
    book = trust_folder(desk.node)
    accepted = federation.found(book, facts, name, desk.now(), anchors, suite, days * DAY)
    return {"federation": accepted.trusted.federation, "member": member, "version": accepted.trusted.version}


def invite(
    desk: Desk,
    days: Annotated[int, "for which the invitation is good"] = 7,
    at_once: Annotated[bool, "propose whoever brings it without asking again"] = False,
) -> Done:
    """An invitation for one new member. Give it by a way that nobody else reads: it holds a secret."""
    found, at = member_exchange(desk.node), desk.now()
    bundle = coming.invite(found.trust, secrets.token_bytes(joining.SECRET), at, at + max(1, days) * DAY, at_once)
    found.tell("admin", {"act": "invite"})  # who did it stands, salted, in the entry of the deed
    return {"invitation": json.dumps(bundle, ensure_ascii=False, indent=1), "expires": bundle["expires"]}


def join(
    desk: Desk,
    invitation: Annotated[str, "text of the invitation"],
    member: Id,
    address: Address,
    name_zh: NameZh = "",
    name_en: NameEn = "",
    adm_code: Code = "",
    level: LevelName = "",
    pins: Pins = "",
    suite: Suite = "std",
    ask: Annotated[bool, "bring the request to the inviter's node"] = True,
) -> Done:
    """Ask to join a federation; asked again, hear how far that is."""
    facts = _facts(desk, member, address, name_zh, name_en, adm_code, level, pins)
    book = trust_folder(desk.node)
    sealed = coming.prepare(book, _document(invitation), facts, desk.now(), suite)
    request = json.dumps(sealed, ensure_ascii=False, indent=1)
    return knock(desk) | {"request": request} if ask else {"state": "prepared", "request": request, "version": 0}


def knock(desk: Desk) -> Done:
    """Hear how far the request to join is."""
    accepted = coming.knock(trust_folder(desk.node), knocking(desk.node), desk.now())
    return {"state": "admitted" if accepted else "waiting", "version": accepted.trusted.version if accepted else 0}


def sign(
    desk: Desk,
    name: Annotated[str, "draft (the beginning of its digest), or id of who asks to join"] = "",
    document: Annotated[str, "text of a file: a request to join, a draft, or lists that an inviter gave"] = "",
    instead: Annotated[bool, "sign although another draft of that version was signed here"] = False,
) -> Done:
    """Sign with the anchor keys kept here: a draft, or the list with a member that asks to join."""
    if document:
        given = _document(document)
        if "lists" in given:
            return _entered(desk, given)
        found = member_exchange(desk.node)
        inner = given.get("document")
        if isinstance(inner, dict) and inner.get("kind") == joining.REQUEST:
            coming.receive(found.trust, given, desk.now())
            name = str(inner["member"]["id"])
        else:
            name = federation.take_draft(found.trust, given, desk.now()).digest
            if not [each for each in federation.drafts(found.trust) if each.digest == name]:
                return _handed(desk, found, Outcome(found.trust.trusted.version, name, 0), "draft")
    found = member_exchange(desk.node)
    if name in found.trust.requests.names():
        return _handed(desk, found, coming.admit(found.trust, name, desk.now()), f"admit {name}")
    return _handed(desk, found, federation.sign(found.trust, name, desk.now(), instead), "sign")


def _entered(desk: Desk, given: dict[str, Any]) -> Done:
    known = exchange(desk.node)
    if known is None:
        accepted = coming.enter(trust_folder(desk.node), given["lists"], desk.now())
    else:
        accepted = known.trust.accept(given["lists"], desk.now())
    return {"version": accepted.trusted.version, "lacking": 0, "draft": "", "failed": {}, "document": ""}


def rotate(
    desk: Desk,
    what: Annotated[str, "key, anchor, list (renew it) or address"] = "key",
    suite: Annotated[str, "of the new key: std or gm; empty: as the old one"] = "",
    hours: Annotated[float, "until the new key is used; others must have the list by then"] = 1.0,
    overlap: Annotated[float, "hours that the old key still counts after that"] = 24.0,
    out: Annotated[str, "anchor key that goes; empty: the one kept here"] = "",
    threshold: Annotated[int, "anchors that must sign from now on; 0: more than half"] = 0,
    address: Annotated[str, "new address of this node"] = "",
    pins: Pins = "",
) -> Done:
    """Change this member's key or address, change or add the anchor key kept here, or renew the list."""
    found, at = member_exchange(desk.node), desk.now()
    book = found.trust
    if what == "key":
        outcome = federation.rotate_key(book, at, suite, round(hours * HOUR), round(overlap * HOUR))
    elif what == "anchor":
        outcome = federation.rotate_anchor(book, at, out, suite or "std", threshold)
    elif what == "list":
        outcome = federation.renew(book, at)
    elif what == "address":
        me = book.trusted.member(book.me)
        chosen = tuple(pin for pin in pins.split(",") if pin) or me.pins
        outcome = federation.move(book, address or me.address, chosen, at)
    else:
        raise InputError("federation.what", what=what, known="key, anchor, list, address")
    return _handed(desk, found, outcome, f"rotate {what}")


def set_standing(
    desk: Desk,
    member: Annotated[str, "id of the member"],
    standing: Annotated[str, "active, suspended or revoked"],
    reason: Annotated[str, "why; all members see it"] = "",
) -> Done:
    """Suspend a member, revoke it for good, or take a suspension back."""
    if standing not in tuple(Standing):
        raise InputError("federation.what", what=standing, known=", ".join(Standing))
    found = member_exchange(desk.node)
    outcome = federation.set_standing(found.trust, member, Standing(standing), reason, desk.now())
    return _handed(desk, found, outcome, f"{standing} {member}")


def _handed(desk: Desk, found: Exchange, outcome: Outcome, act: str) -> Done:
    """Tell the others, write the act down, and say what became of it."""
    failed = {id: code for id, code in found.hand_on(outcome).items() if code}
    found.tell("admin", {"act": act, "version": outcome.version, "lacking": outcome.lacking})
    if outcome.lacking:
        document: object = federation.find_draft(found.trust, outcome.digest).sealed
    else:
        document = {"lists": found.trust.after(outcome.version - 1)}
    return {
        "version": outcome.version,
        "draft": outcome.digest if outcome.lacking else "",
        "lacking": outcome.lacking,
        "failed": failed,
        "document": json.dumps(document, ensure_ascii=False),
    }


def _document(text: str) -> dict[str, Any]:
    return parsed_object(text.encode(), MOST_FILE)


KEEPERS: Final = frozenset({"operator", "security"})  # who may change whom this node trusts
DEEDS: Final = (
    Deed("federation/init", init, "federation", KEEPERS),
    Deed("federation/invite", invite, "federation", KEEPERS),
    Deed("federation/join", join, "federation", KEEPERS),
    Deed("federation/knock", knock, "federation", KEEPERS),
    Deed("federation/sign", sign, "federation", KEEPERS),
    Deed("federation/rotate", rotate, "federation", KEEPERS),
    Deed("federation/standing", set_standing, "federation", KEEPERS),
)
