"""How a new member comes in: an invitation, and the request that answers it.

The invitation is a small file that goes by hand: which anchors to believe, where to ask, a secret that is good once.
The request is signed with the new member's own key (so it holds the key) and carries a proof by the secret (so it was
invited); the secret itself never travels back.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError, RefusedError
from shangyou.exchange.canonical import canonical
from shangyou.exchange.keys import decoded, encoded, opened
from shangyou.exchange.member import Member
from shangyou.exchange.trust.acceptance import Accepted, Roots
from shangyou.exchange.trust.document import member_in, member_out

BUNDLE: Final = "invitation"
REQUEST: Final = "join-request"
SECRET: Final = 32  # bytes


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation file says."""

    roots: Roots
    version: int  # of the list in force when it was written
    inviter: str  # member id
    address: str  # of the inviter's node
    pins: tuple[str, ...]
    secret: bytes
    expires: int  # ms since 1970 UTC


@dataclass(frozen=True, slots=True)
class Request:
    """What a join request says."""

    member: Member
    made: int  # ms since 1970 UTC
    secret_name: str  # which invitation it answers
    document: Mapping[str, object]


def invitation(current: Accepted, inviter: Member, secret: bytes, expires: int) -> dict[str, object]:
    """The invitation as a document."""
    trusted = current.trusted
    return {
        "kind": BUNDLE,
        "federation": trusted.federation,
        "version": trusted.version,
        "anchors": sorted(key.kid for key in trusted.anchors),
        "threshold": trusted.threshold,
        "inviter": inviter.id,
        "address": inviter.address,
        "pins": list(inviter.pins),
        "secret": encoded(secret),
        "expires": expires,
    }


def read_invitation(document: object, at: int) -> Invitation:
    """What an invitation says. InputError "federation.invitation"; RefusedError "federation.invitation_expired"."""
    try:
        if not isinstance(document, Mapping) or document["kind"] != BUNDLE:
            raise ValueError("kind")
        roots = Roots(str(document["federation"]), frozenset(map(str, document["anchors"])), int(document["threshold"]))
        found = Invitation(
            roots=roots,
            version=int(document["version"]),
            inviter=str(document["inviter"]),
            address=str(document["address"]),
            pins=tuple(map(str, document["pins"])),
            secret=decoded(document["secret"]),
            expires=int(document["expires"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError("federation.invitation", detail=str(error) or type(error).__name__) from error
    if not 0 < roots.threshold <= len(roots.kids) or len(found.secret) != SECRET:
        raise InputError("federation.invitation", detail="anchors")
    if at >= found.expires:
        raise RefusedError("federation.invitation_expired")
    return found


def secret_name(secret: bytes) -> str:
    """What an invitation is called where its secret must not stand."""
    return hashlib.sha256(b"shangyou invitation\n" + secret).hexdigest()


def request(invited: Invitation, member: Member, at: int) -> dict[str, object]:
    """The request as a document, to be sealed with the member's own key."""
    document: dict[str, object] = {
        "kind": REQUEST,
        "federation": invited.roots.federation,
        "invitation": secret_name(invited.secret),
        "member": member_out(member),
        "made": at,
    }
    return document | {"proof": _proof(invited.secret, document)}


def read_request(sealed: object, federation: str, at: int) -> Request:
    """What a request says, signed by the key that it brings; the proof is `proved`'s to judge.

    Raises InputError "federation.request", "trust.document"; RefusedError "trust.federation" and as `keys.opened`.
    """
    document = sealed.get("document") if isinstance(sealed, Mapping) else None
    names = {"kind", "federation", "invitation", "member", "made", "proof"}
    if not isinstance(document, Mapping) or set(document) != names or document["kind"] != REQUEST:
        raise InputError("federation.request")
    if document["federation"] != federation:
        raise RefusedError("trust.federation", federation=str(document["federation"])[:64], ours=federation)
    member = member_in(document["member"])
    opened(sealed, member.keys, None)
    if type(document["made"]) is not int or not isinstance(document["invitation"], str):
        raise InputError("federation.request")
    return Request(member, document["made"], document["invitation"], document)


def proved(found: Request, secret: bytes) -> bool:
    """Does the asker hold the secret of the invitation?"""
    rest = {name: value for name, value in found.document.items() if name != "proof"}
    return hmac.compare_digest(_proof(secret, rest), str(found.document["proof"]))


def _proof(secret: bytes, document: Mapping[str, object]) -> str:
    return hmac.new(secret, b"shangyou join\n" + canonical(document), hashlib.sha256).hexdigest()
