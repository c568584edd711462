"""When a list counts: the first by the fingerprints that an invitation gave, every later one by the list before it.

One step at a time, as The Update Framework does with its root role (TUF 1.0, 5.3): version + 1, chained by digest,
signed by enough anchors of the list in force and, where the anchors change, by enough of the new ones. So nothing ever
goes back, and nobody can pass over a change of anchors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shangyou.core.errors import ConflictError, RefusedError
from shangyou.exchange.canonical import digest
from shangyou.exchange.keys import key_names, opened
from shangyou.exchange.member import MemberKey
from shangyou.exchange.trust.document import TrustList, from_document

SKEW: Final = 600_000  # ms that the issuer's clock may be ahead of ours
MOST_STEPS: Final = 1000


@dataclass(frozen=True, slots=True)
class Accepted:
    """A list that counts, as it was signed."""

    trusted: TrustList
    digest: str  # of the document
    sealed: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Roots:
    """What an invitation says of the anchors: enough to know a first list."""

    federation: str
    kids: frozenset[str]
    threshold: int


def accept_first(sealed: object, roots: Roots, at: int) -> Accepted:
    """The list with which a node begins.

    Raises InputError "trust.document", "seal.shape"; RefusedError "trust.federation", "trust.signatures",
    "trust.future", "trust.expired" and as `keys.opened`.
    """
    found = _read(sealed)
    if found.trusted.federation != roots.federation:
        raise RefusedError("trust.federation", federation=found.trusted.federation, ours=roots.federation)
    voices = _voices(found, found.trusted.anchors)
    _enough(voices & roots.kids, roots.threshold)
    _enough(voices, found.trusted.threshold)
    _check_time(found.trusted, None, at)
    if found.trusted.expires <= at:
        raise RefusedError("trust.expired", version=found.trusted.version)
    return found


def accept_next(current: Accepted, sealed: object, at: int) -> Accepted:
    """The version after the one in force; that one itself is given back as it is.

    An expired one is taken: what it says of suspensions is newer than what we know, and its age still stops us.

    Raises InputError as above; ConflictError "trust.gap" where versions between are missing; RefusedError
    "trust.rollback", "trust.fork", "trust.federation", "trust.signatures", "trust.future" and as `keys.opened`.
    """
    found = _read(sealed)
    old, new = current.trusted, found.trusted
    if new.federation != old.federation:
        raise RefusedError("trust.federation", federation=new.federation, ours=old.federation)
    if new.version < old.version:
        raise RefusedError("trust.rollback", version=new.version, ours=old.version)
    voices = _voices(found, (*old.anchors, *new.anchors))
    _enough(voices & key_names(old.anchors), old.threshold)
    _enough(voices & key_names(new.anchors), new.threshold)
    if new.version == old.version:
        if found.digest != current.digest:  # two lists of one version, both signed: somebody tells two stories
            raise RefusedError("trust.fork", version=new.version)
        return current
    if new.version > old.version + 1:
        raise ConflictError("trust.gap", version=new.version, ours=old.version)
    if new.previous != current.digest:
        raise RefusedError("trust.fork", version=old.version)
    _check_time(new, old, at)
    return found


def accept_all(current: Accepted, chain: Sequence[object], at: int) -> Accepted:
    """The newest of a chain of versions, each accepted by the one before it; raises as `accept_next`."""
    for sealed in chain[:MOST_STEPS]:
        current = accept_next(current, sealed, at)
    return current


def signatures(sealed: object, keys: Sequence[MemberKey]) -> frozenset[str]:
    """Which of the keys have signed; raises as `keys.opened`."""
    return opened(sealed, keys, None)[1]


class Phase(StrEnum):
    """What the age of the list allows."""

    FRESH = "fresh"
    WARN = "warn"  # all goes, and pages say that the list must be renewed
    EXISTING = "existing"  # what was agreed goes on; nothing new begins
    STOP = "stop"  # nothing goes between members


@dataclass(frozen=True, slots=True)
class Countdown:
    """The phase now, and when the next begins."""

    phase: Phase
    next: Phase | None
    left: int  # ms until then; 0 at the end


def countdown(trusted: TrustList, at: int) -> Countdown:
    """What the clock says of a list. One that is issued in the future by more than the skew allows nothing."""
    if at < trusted.issued - SKEW:
        return Countdown(Phase.STOP, None, 0)
    edges = (
        (trusted.expires - trusted.warn, Phase.FRESH, Phase.WARN),
        (trusted.expires - trusted.existing, Phase.WARN, Phase.EXISTING),
        (trusted.expires, Phase.EXISTING, Phase.STOP),
    )
    for edge, phase, following in edges:
        if at < edge:
            return Countdown(phase, following, edge - at)
    return Countdown(Phase.STOP, None, 0)


def _read(sealed: object) -> Accepted:
    if not isinstance(sealed, Mapping):
        sealed = {}
    trusted = from_document(sealed.get("document"))
    return Accepted(trusted, digest(sealed["document"]), sealed)


def _voices(found: Accepted, anchors: Sequence[MemberKey]) -> frozenset[str]:
    return signatures(found.sealed, anchors)


def _enough(voices: frozenset[str], threshold: int) -> None:
    if len(voices) < threshold:
        raise RefusedError("trust.signatures", signatures=len(voices), threshold=threshold)


def _check_time(new: TrustList, old: TrustList | None, at: int) -> None:
    if new.issued > at + SKEW:
        raise RefusedError("trust.future", version=new.version, seconds=(new.issued - at) // 1000)
    if old is not None and new.issued < old.issued:
        raise RefusedError("trust.order", version=new.version)
