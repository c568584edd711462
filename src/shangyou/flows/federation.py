"""A federation's life: found it, invite, join, change its list with enough signatures, tell everybody.

Every change is the next version of the trust list. A node signs it with the anchor keys that it keeps; while that is
not enough, the draft travels to the nodes that keep others, as a file or over the line. Whoever sees it complete puts
it in force and hands it on (`flows.telling`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, ShangyouError
from shangyou.exchange.keys import STD, cosigned, key_names, member_key
from shangyou.exchange.member import Level, Member, Role, Standing
from shangyou.exchange.ports import Signer
from shangyou.exchange.trust import change
from shangyou.exchange.trust.acceptance import SKEW, Accepted, Roots
from shangyou.exchange.trust.document import DAY, TrustList, check_address, check_whole, to_document

LIFE: Final = 30 * DAY  # of a list: long enough for holidays, short enough that a forgotten node stops
LEAD: Final = change.HOUR  # until a new key is used: by then every node that is up has the list that names it
OVERLAP: Final = DAY  # that the old key still counts, for those that were away


class OwnKey(Signer, Protocol):
    """A private key of this node."""

    @property
    def public(self) -> bytes:
        """Its public half."""
        ...


class Keys(Protocol):
    """A folder of private keys."""

    def make(self, suite: str) -> OwnKey:
        """A new one."""
        ...

    def signer(self, kid: str) -> OwnKey:
        """One by its name."""
        ...

    def kids(self) -> list[str]:
        """All names."""
        ...


class Pile(Protocol):
    """Small documents by name."""

    def put(self, name: str, document: Mapping[str, object]) -> None:
        """Keep."""
        ...

    def find(self, name: str) -> dict[str, Any] | None:
        """One, if it is there."""
        ...

    def names(self) -> list[str]:
        """All names."""
        ...

    def remove(self, name: str) -> None:
        """Forget."""
        ...


class Book(Protocol):
    """What a node keeps of its federation; the adapter is `adapters.trust.TrustFolder`."""

    @property
    def me(self) -> str: ...  # noqa: D102
    @property
    def accepted(self) -> Accepted: ...  # noqa: D102
    @property
    def trusted(self) -> TrustList: ...  # noqa: D102
    @property
    def keys(self) -> Keys: ...  # noqa: D102
    @property
    def anchors(self) -> Keys: ...  # noqa: D102
    @property
    def drafts(self) -> Pile: ...  # noqa: D102
    @property
    def signed(self) -> Pile: ...  # noqa: D102
    @property
    def invitations(self) -> Pile: ...  # noqa: D102
    @property
    def requests(self) -> Pile: ...  # noqa: D102
    def call_me(self, id: str) -> None: ...  # noqa: D102
    def begin(self, sealed: Mapping[str, object], roots: Roots, at: int) -> Accepted: ...  # noqa: D102
    def accept(self, chain: Sequence[object], at: int) -> Accepted: ...  # noqa: D102
    def after(self, version: int) -> list[Mapping[str, object]]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Facts:
    """What a member says of itself."""

    id: str
    name_zh: str
    name_en: str
    level: Level
    adm_code: str
    address: str
    pins: tuple[str, ...] = ()
    roles: tuple[Role, ...] = (Role.PROVIDER, Role.CONSUMER, Role.WITNESS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change."""

    version: int
    digest: str
    lacking: int  # anchors that must still sign; 0 = in force


def member_of(facts: Facts, key: OwnKey, at: int) -> Member:
    """The member that a list will name. Its first key counts a little before now, for nodes whose clock is behind."""
    return Member(
        id=facts.id,
        name_zh=facts.name_zh,
        name_en=facts.name_en,
        level=facts.level,
        adm_code=facts.adm_code,
        address=check_address(facts.address.rstrip("/")),
        keys=(member_key(key.suite, key.public, max(0, at - SKEW)),),
        roles=facts.roles,
        pins=facts.pins,
    )


def make_federation(
    seats: Sequence[tuple[Book, Facts]],
    at: int,
    federation: str = "federation",
    anchors: int = 5,
    threshold: int = 3,
    suites: Mapping[str, str] | None = None,
    life: int = LIFE,
) -> Accepted:
    """A whole federation at once, by somebody who holds all homes: every member with its own key, one list in force.

    The first `anchors` seats keep an anchor key each, as many as there are. suites: of members that do not use std.
    The same as `init` on one home and an invitation for each other, without the travelling.
    """
    if not seats:
        raise InputError("federation.seats")
    members, keepers = list[Member](), list[OwnKey]()
    for book, facts in seats:
        key = book.keys.make((suites or {}).get(facts.id, STD))
        members.append(member_of(facts, key, at))
        book.call_me(facts.id)
        if len(keepers) < anchors:
            keepers.append(book.anchors.make(STD))
    count = len(keepers)
    trusted = _first(federation, members, keepers, min(max(threshold, count // 2 + 1), count), at, life)
    sealed = _sealed_by(trusted, keepers)
    roots = Roots(federation, key_names(trusted.anchors), trusted.threshold)
    begun = [book.begin(sealed, roots, at) for book, _ in seats]
    return begun[0]


def found(
    book: Book, facts: Facts, federation: str, at: int, anchors: int = 1, suite: str = STD, life: int = LIFE
) -> Accepted:
    """Begin a federation with this node as its first member and keeper of all anchors.

    Raises ConflictError "federation.founded"; InputError "trust.document".
    """
    if not 1 <= anchors <= 16:
        raise InputError("federation.anchors", anchors=anchors)
    _refuse_second(book)
    keepers = [book.anchors.make(suite) for _ in range(anchors)]
    member = member_of(facts, book.keys.make(suite), at)
    trusted = _first(federation, [member], keepers, anchors // 2 + 1, at, life)
    book.call_me(facts.id)
    return book.begin(
        _sealed_by(trusted, keepers), Roots(federation, key_names(trusted.anchors), trusted.threshold), at
    )


def _first(
    federation: str, members: Sequence[Member], keepers: Sequence[OwnKey], threshold: int, at: int, life: int
) -> TrustList:
    trusted = TrustList(
        federation=federation,
        version=1,
        issued=at,
        expires=at + life,
        previous="",
        members=tuple(members),
        anchors=tuple(member_key(key.suite, key.public, at) for key in keepers),
        threshold=threshold,
        witnesses=change.quorum(len(members)),
        warn=life // 3,
        existing=life // 10,
    )
    check_whole(trusted)
    return trusted


def _sealed_by(trusted: TrustList, keepers: Sequence[Signer]) -> dict[str, object]:
    sealed: dict[str, object] = {"document": to_document(trusted), "signatures": []}
    for keeper in keepers:
        sealed = cosigned(sealed, keeper)
    return sealed


def _refuse_second(book: Book) -> None:
    try:
        accepted = book.accepted
    except NotFoundError:
        return
    raise ConflictError("federation.founded", federation=accepted.trusted.federation)


# ---- changes ------------------------------------------------------------------------------------------------------


def propose(book: Book, trusted: TrustList, at: int) -> Outcome:
    """Make a version the next: sign it with the anchors kept here; keep it as a draft while others must sign."""
    return _sign(book, {"document": to_document(trusted), "signatures": []}, at, instead=False)


def sign(book: Book, name: str, at: int, instead: bool = False) -> Outcome:
    """Sign a draft that waits, named by (the beginning of) its digest.

    Raises NotFoundError "federation.draft"; ConflictError "federation.signed_other" where another draft of the same
    version was signed here: two complete ones would be two stories. `instead` signs all the same.
    """
    found = find_draft(book, name)
    if not _mine(book, found):
        raise RefusedError("federation.no_anchor", member=book.me)
    return _sign(book, found.sealed, at, instead)


def take_draft(book: Book, sealed: object, at: int) -> Outcome:
    """Keep a draft that came from elsewhere, with the signatures of both; in force if that makes it whole."""
    came = change.draft(book.accepted, sealed)
    return _settle(book, came, at)


def drafts(book: Book) -> list[change.Draft]:
    """What waits for signatures; what has been overtaken is forgotten."""
    waiting: list[change.Draft] = []
    for name in book.drafts.names():
        try:
            waiting.append(change.draft(book.accepted, book.drafts.find(name)))
        except ShangyouError:
            book.drafts.remove(name)
    return waiting


def find_draft(book: Book, name: str) -> change.Draft:
    """The one draft whose digest begins so. NotFoundError "federation.draft"."""
    fit = [each for each in drafts(book) if each.digest.startswith(name)]
    if len(fit) != 1:
        raise NotFoundError("federation.draft", name=name[:64], waiting=[each.digest[:12] for each in drafts(book)])
    return fit[0]


def _mine(book: Book, found: change.Draft) -> list[OwnKey]:
    """The anchor keys kept here that may sign it and have not."""
    asked = key_names(book.trusted.anchors) | key_names(found.trusted.anchors)
    return [book.anchors.signer(kid) for kid in book.anchors.kids() if kid in asked and kid not in found.voices]


def _sign(book: Book, sealed: Mapping[str, object], at: int, instead: bool) -> Outcome:
    found = change.draft(book.accepted, sealed)
    name = f"version-{found.trusted.version:06}"
    keepers = _mine(book, found)
    if keepers:
        before = book.signed.find(name)
        if before is not None and before["digest"] != found.digest and not instead:
            raise ConflictError("federation.signed_other", version=found.trusted.version, other=before["digest"][:12])
        for old in book.signed.names():
            if old < name:
                book.signed.remove(old)
        book.signed.put(name, {"digest": found.digest, "at": at})  # on disk before the signature exists
    for keeper in keepers:
        sealed = cosigned(sealed, keeper)
    return _settle(book, change.draft(book.accepted, sealed), at)


def _settle(book: Book, came: change.Draft, at: int) -> Outcome:
    known = book.drafts.find(came.digest)
    if known is not None:
        came = change.draft(book.accepted, change.merged(change.draft(book.accepted, known), came))
    if came.lacking:
        book.drafts.put(came.digest, came.sealed)
    else:
        book.accept([came.sealed], at)
        drafts(book)  # forgets what it has overtaken
    return Outcome(came.trusted.version, came.digest, came.lacking)


def rotate_key(book: Book, at: int, suite: str = "", lead: int = LEAD, overlap: int = OVERLAP) -> Outcome:
    """Give this member a new key, from `lead` ms on; the old one counts on for `overlap` ms after that."""
    me = book.trusted.member(book.me)
    key = book.keys.make(suite or me.keys[-1].suite)
    made = member_key(key.suite, key.public, at + lead)
    return propose(book, change.rekeyed(book.accepted, book.me, made, at, overlap), at)


def rotate_anchor(book: Book, at: int, out: str = "", suite: str = STD, threshold: int = 0) -> Outcome:
    """A new anchor key, kept here, in the place of `out` ("" = of the one kept here; beside the others if none is)."""
    listed = key_names(book.trusted.anchors)
    mine = [kid for kid in book.anchors.kids() if kid in listed]
    going = out or (mine[0] if mine else "")
    key = book.anchors.make(suite)
    new = member_key(key.suite, key.public, at)
    return propose(book, change.reanchored(book.accepted, going, new, threshold, at), at)


def renew(book: Book, at: int) -> Outcome:
    """The same list for another term."""
    return propose(book, change.following(book.accepted, at), at)


def set_standing(book: Book, id: str, standing: Standing, reason: str, at: int) -> Outcome:
    """Suspend a member, revoke it for good, or take it back."""
    return propose(book, change.restood(book.accepted, id, standing, reason, at), at)


def move(book: Book, address: str, pins: Sequence[str], at: int) -> Outcome:
    """Say where this member's node is now."""
    return propose(book, change.moved(book.accepted, book.me, check_address(address.rstrip("/")), pins, at), at)
