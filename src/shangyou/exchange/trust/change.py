"""The next version of a list: one change, the drafts that anchors sign, and what a draft would change, in facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shangyou.core.errors import ConflictError, InputError
from shangyou.exchange.canonical import digest
from shangyou.exchange.keys import counts, key_names, opened
from shangyou.exchange.member import Member, MemberKey, Standing
from shangyou.exchange.trust.acceptance import Accepted
from shangyou.exchange.trust.document import TrustList, check_whole, from_document

HOUR: Final = 3_600_000  # ms
MOST_KEYS: Final = 4  # of a member that still count or will count


def following(current: Accepted, at: int, **changes: object) -> TrustList:
    """The version after the one in force, good for as long as that was, with some fields changed.

    InputError "trust.document" if the parts would not fit together.
    """
    old = current.trusted
    whole = {
        "version": old.version + 1,
        "issued": max(at, old.issued),
        "expires": max(at, old.issued) + old.expires - old.issued,
        "previous": current.digest,
    }
    made = replace(old, **whole, **changes)  # type: ignore[arg-type]
    check_whole(made)
    return made


def admitted(current: Accepted, member: Member, at: int) -> TrustList:
    """With another member; the quorum of witnesses follows their number. ConflictError "federation.known"."""
    old = current.trusted
    if any(each.id == member.id for each in old.members):
        raise ConflictError("federation.known", member=member.id)
    members = (*old.members, member)
    return following(current, at, members=members, witnesses=quorum(len(members)))


def quorum(members: int) -> int:
    """Cosignatures that seal a checkpoint: of six others four, which leaves room for two that are away."""
    others = max(0, members - 1)
    return others - others // 3


def rekeyed(current: Accepted, id: str, key: MemberKey, at: int, overlap: int) -> TrustList:
    """With a new key of a member; those of now count on until it has been in force for `overlap` ms."""
    member = current.trusted.member(id)
    kept = [each for each in member.keys if each.stop is None or each.stop > at]
    if len(kept) >= MOST_KEYS:
        raise ConflictError("federation.keys", member=id, most=MOST_KEYS)
    end = key.start + overlap
    old = [replace(each, stop=end if each.stop is None else min(each.stop, end)) for each in kept]
    return _with_member(current, replace(member, keys=(*old, key)), at)


def restood(current: Accepted, id: str, standing: Standing, reason: str, at: int) -> TrustList:
    """With another standing of a member. ConflictError "federation.standing": what is revoked stays so."""
    member = current.trusted.member(id)
    if member.standing is Standing.REVOKED or member.standing is standing:
        raise ConflictError("federation.standing", member=id, standing=str(member.standing))
    if standing is not Standing.ACTIVE and not reason.strip():
        raise InputError("federation.reason", member=id)
    return _with_member(current, replace(member, standing=standing, reason=reason.strip()), at)


def moved(current: Accepted, id: str, address: str, pins: Sequence[str], at: int) -> TrustList:
    """With another address or other TLS pins of a member."""
    member = current.trusted.member(id)
    return _with_member(current, replace(member, address=address, pins=tuple(pins)), at)


def reanchored(current: Accepted, out: str, new: MemberKey | None, threshold: int, at: int) -> TrustList:
    """With an anchor key gone ("" = none), another come (None = none) or another threshold (0 = as fits)."""
    old = current.trusted
    if out and out not in key_names(old.anchors):
        raise InputError("federation.anchor", kid=out)
    anchors = tuple(each for each in old.anchors if each.kid != out) + ((new,) if new else ())
    return following(current, at, anchors=anchors, threshold=threshold or max(1, len(anchors) // 2 + 1))


def _with_member(current: Accepted, member: Member, at: int) -> TrustList:
    members = tuple(member if each.id == member.id else each for each in current.trusted.members)
    return following(current, at, members=members)


@dataclass(frozen=True, slots=True)
class Draft:
    """A next version that not enough anchors have signed yet."""

    trusted: TrustList
    digest: str
    sealed: Mapping[str, object]
    voices: frozenset[str]  # kids that signed
    lacking: int  # signatures still needed


def draft(current: Accepted, sealed: object) -> Draft:
    """A draft that would follow the list in force; every signature on it is right, if there are any.

    Raises InputError "seal.shape", "trust.document"; ConflictError "trust.stale"; RefusedError as `keys.opened`.
    """
    if not isinstance(sealed, Mapping) or set(sealed) != {"document", "signatures"}:
        raise InputError("seal.shape")
    trusted = from_document(sealed["document"])
    old = current.trusted
    if trusted.federation != old.federation or trusted.version != old.version + 1 or trusted.previous != current.digest:
        raise ConflictError("trust.stale", version=trusted.version, ours=old.version)
    known = {key.kid: key for key in (*old.anchors, *trusted.anchors)}
    voices = opened(sealed, known.values(), None)[1] if sealed["signatures"] else frozenset[str]()
    lacking = max(
        old.threshold - len(voices & key_names(old.anchors)),
        trusted.threshold - len(voices & key_names(trusted.anchors)),
        0,
    )
    return Draft(trusted, digest(sealed["document"]), sealed, voices, lacking)


def merged(one: Draft, other: Draft) -> dict[str, object]:
    """One document with the signatures of both."""
    found = {str(each["kid"]): each for sealed in (one.sealed, other.sealed) for each in _signatures(sealed)}
    return {"document": one.sealed["document"], "signatures": [found[kid] for kid in sorted(found)]}


def _signatures(sealed: Mapping[str, object]) -> list[Mapping[str, object]]:
    given = sealed["signatures"]
    assert isinstance(given, list | tuple)
    return list(given)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a draft would change; `what` names a sentence."""

    what: str
    facts: Mapping[str, object]


def differences(old: TrustList, new: TrustList) -> list[Difference]:
    """What a version changes against the one before it, so that an anchor knows what it signs."""
    found: list[Difference] = []
    before = {member.id: member for member in old.members}
    for member in new.members:
        known = before.pop(member.id, None)
        if known is None:
            found.append(Difference("member", {"member": member.id, "address": member.address}))
        else:
            found += _changed(known, member, new.issued)
    found += [Difference("gone", {"member": id}) for id in before]
    old_kids, new_kids = key_names(old.anchors), key_names(new.anchors)
    found += [Difference("anchor", {"kid": kid}) for kid in sorted(new_kids - old_kids)]
    found += [Difference("anchor_gone", {"kid": kid}) for kid in sorted(old_kids - new_kids)]
    if (old.threshold, len(old_kids)) != (new.threshold, len(new_kids)):
        found.append(Difference("threshold", {"threshold": new.threshold, "anchors": len(new_kids)}))
    if old.witnesses != new.witnesses:
        found.append(Difference("witnesses", {"witnesses": new.witnesses}))
    if (old.warn, old.existing) != (new.warn, new.existing):
        found.append(Difference("phases", {"warn": new.warn, "existing": new.existing}))
    return [*found, Difference("life", {"expires": new.expires})]


def _changed(old: Member, new: Member, at: int) -> list[Difference]:
    found: list[Difference] = []
    if old.standing is not new.standing:
        facts = {"member": new.id, "standing": str(new.standing), "reason": new.reason}
        found.append(Difference("standing", facts))
    if old.address != new.address or old.pins != new.pins:
        found.append(Difference("address", {"member": new.id, "address": new.address}))
    fresh = key_names(new.keys) - key_names(old.keys)
    found += [Difference("key", {"member": new.id, "kid": kid}) for kid in sorted(fresh)]
    lost = key_names([k for k in old.keys if counts(k, at)]) - key_names([k for k in new.keys if counts(k, at)])
    found += [Difference("key_gone", {"member": new.id, "kid": kid}) for kid in sorted(lost)]
    rest = replace(old, standing=new.standing, reason=new.reason, address=new.address, pins=new.pins, keys=new.keys)
    if rest != new:
        found.append(Difference("facts", {"member": new.id}))
    return found
