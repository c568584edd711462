"""How a node comes into a federation: the inviter's side and the newcomer's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shangyou.core.errors import ConflictError, NotFoundError, RefusedError
from shangyou.exchange.keys import STD, decoded, encoded, seal
from shangyou.exchange.member import Level, Member
from shangyou.exchange.ports import Answer
from shangyou.exchange.trust import change, joining
from shangyou.exchange.trust.acceptance import Accepted
from shangyou.exchange.wire import parsed_object
from shangyou.flows.federation import Book, Facts, Outcome, member_of, propose

JOINING = "joining"  # of the newcomer: its invitation and request, until it is in
Ask = Callable[[Member, str, bytes], Answer]  # POST to a node that is not in our list, for we have none yet


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a request to join."""

    state: str  # waiting or admitted
    outcome: Outcome | None = None  # of the change that it caused, where it was admitted at once


# ---- the inviter --------------------------------------------------------------------------------------------------


def invite(book: Book, secret: bytes, at: int, expires: int, at_once: bool = False) -> dict[str, object]:
    """An invitation file for one member. at_once: whoever brings it is proposed for the list without asking again."""
    for name in book.invitations.names():
        known = book.invitations.find(name)
        if known is None or known["expires"] <= at:
            book.invitations.remove(name)
    kept = {"secret": encoded(secret), "expires": expires, "version": book.trusted.version, "kid": ""}
    book.invitations.put(joining.secret_name(secret), kept | {"at_once": at_once})
    return joining.invitation(book.accepted, book.trusted.member(book.me), secret, expires)


def receive(book: Book, sealed: object, at: int) -> Answered:
    """A newcomer asks. The first key that brings an invitation has it; it may ask again until it is in.

    Raises InputError, RefusedError "federation.invitation_unknown", "federation.invitation_used",
    "federation.invitation_expired".
    """
    found = joining.read_request(sealed, book.trusted.federation, at)
    invited = book.invitations.find(found.secret_name) if len(found.secret_name) == 64 else None
    if invited is None or not joining.proved(found, decoded(invited["secret"])):
        raise RefusedError("federation.invitation_unknown", member=found.member.id)
    if at >= invited["expires"]:
        raise RefusedError("federation.invitation_expired")
    kid = found.member.keys[0].kid
    if invited["kid"] not in ("", kid):
        raise RefusedError("federation.invitation_used", member=found.member.id)
    if any(key.kid == kid for member in book.trusted.members for key in member.keys):
        return Answered("admitted")
    if any(member.id == found.member.id for member in book.trusted.members):
        raise ConflictError("federation.known", member=found.member.id)
    book.invitations.put(found.secret_name, invited | {"kid": kid})
    assert isinstance(sealed, Mapping)
    first = book.requests.find(found.member.id) is None
    book.requests.put(found.member.id, dict(sealed))
    return Answered("waiting", admit(book, found.member.id, at) if invited["at_once"] and first else None)


def lists_for(book: Book, sealed: Mapping[str, object], at: int) -> list[Mapping[str, object]]:
    """The lists that a newcomer begins with: from the version that its invitation names."""
    found = joining.read_request(sealed, book.trusted.federation, at)
    invited = book.invitations.find(found.secret_name)
    return book.after(invited["version"] - 1) if invited is not None else []


def admit(book: Book, id: str, at: int) -> Outcome:
    """Propose the list with the member that asked. NotFoundError "federation.request_unknown"."""
    sealed = book.requests.find(id)
    if sealed is None:
        raise NotFoundError("federation.request_unknown", member=id, waiting=book.requests.names())
    found = joining.read_request(sealed, book.trusted.federation, at)
    return propose(book, change.admitted(book.accepted, found.member, at), at)


def tidy(book: Book) -> None:
    """Forget requests of those who are in."""
    for id in book.requests.names():
        if any(member.id == id for member in book.trusted.members):
            book.requests.remove(id)


# ---- the newcomer -------------------------------------------------------------------------------------------------


def prepare(book: Book, bundle: Mapping[str, object], facts: Facts, at: int, suite: str = STD) -> dict[str, object]:
    """The request that answers an invitation, with a new key of ours; asked again, the same one.

    Raises InputError "federation.invitation"; RefusedError "federation.invitation_expired"; ConflictError
    "federation.founded".
    """
    invited = joining.read_invitation(bundle, at)
    try:
        raise ConflictError("federation.founded", federation=book.accepted.trusted.federation)
    except NotFoundError:
        pass
    known = book.requests.find(JOINING)
    if known is not None and known["bundle"] == dict(bundle) and book.me == facts.id:
        again: dict[str, object] = known["request"]
        return again
    key = book.keys.make(suite)
    sealed = seal(joining.request(invited, member_of(facts, key, at), at), key)
    book.requests.put(JOINING, {"bundle": dict(bundle), "request": sealed})
    book.call_me(facts.id)
    return sealed


def knock(book: Book, ask: Ask, at: int) -> Accepted | None:
    """Bring the request to the inviter's node; the list in force once it is granted, None while it waits.

    Raises NotFoundError "federation.not_asked"; RefusedError "federation.join" with what the inviter said.
    """
    known = book.requests.find(JOINING)
    if known is None:
        raise NotFoundError("federation.not_asked")
    invited = joining.read_invitation(known["bundle"], at)
    inviter = Member(invited.inviter, "", "", Level.NATIONAL, "000000", invited.address, (), pins=invited.pins)
    answer = ask(inviter, "/federation/join", json.dumps(known["request"], ensure_ascii=False).encode())
    if answer.status != 200:
        raise RefusedError("federation.join", reason=answer.headers.get("x-shangyou-code", str(answer.status)))
    told = parsed_object(answer.body, 8 << 20)
    if told.get("state") != "admitted":
        return None
    return enter(book, told.get("lists"), at)


def enter(book: Book, lists: object, at: int) -> Accepted:
    """Begin with the lists that an inviter gave, by its node or as a file."""
    known = book.requests.find(JOINING)
    if known is None or not isinstance(lists, list) or not lists:
        raise NotFoundError("federation.not_asked")
    invited = joining.read_invitation(known["bundle"], 0)
    book.begin(lists[0], invited.roots, at)
    accepted = book.accept(lists[1:], at)
    book.requests.remove(JOINING)
    return accepted
