"""Trust lists and their signed versions, made of names."""

from __future__ import annotations

from dataclasses import replace

from shangyou.exchange.keys import cosigned
from shangyou.exchange.trust.acceptance import Accepted, Roots, accept_first
from shangyou.exchange.trust.change import following
from shangyou.exchange.trust.document import DAY, TrustList, to_document
from tests.exchange.signers import key, member, std

NOW = 1_795_305_600_000
ANCHORS = ("a", "b", "c", "d", "e")


def first(anchors: tuple[str, ...] = ANCHORS, threshold: int = 3) -> TrustList:
    members = tuple(member(id, key(std(id), NOW), port=8000 + n) for n, id in enumerate(("moee", "sichuan", "guizhou")))
    kept = tuple(key(std(name), NOW) for name in anchors)
    return TrustList("basin", 1, NOW, NOW + 30 * DAY, "", members, kept, threshold, 2)


def sealed(trusted: TrustList, *names: str) -> dict[str, object]:
    """Signed by these anchors."""
    found: dict[str, object] = {"document": to_document(trusted), "signatures": []}
    for name in names:
        found = cosigned(found, std(name))
    return found


def roots(trusted: TrustList) -> Roots:
    return Roots(trusted.federation, frozenset(each.kid for each in trusted.anchors), trusted.threshold)


def begun() -> Accepted:
    return accept_first(sealed(first(), *ANCHORS), roots(first()), NOW)


def after(current: Accepted, at: int = NOW + 1000, **changes: object) -> TrustList:
    return following(current, at, **changes)


def with_version(trusted: TrustList, version: int) -> TrustList:
    return replace(trusted, version=version)
