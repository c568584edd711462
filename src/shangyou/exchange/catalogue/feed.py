"""The change feed of a catalogue: pages of what was published, changed and withdrawn since a place in a sequence.

Every dataset stands in the feed once, at the sequence of its last change; a withdrawn one as a tombstone. So a reader
who begins at 0 gets the whole catalogue, one who goes on from where it stood gets the rest, and nobody needs to be
remembered by the owner. The last page carries the count and a digest of all that the reader should hold then, which
shows a reader who has missed something (the owner's home came from a backup) that it must begin anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

import msgspec

from shangyou.core.errors import InputError, ShangyouError
from shangyou.exchange.catalogue.entry import ENTRY_BYTES, NAME, Entry, read_entry
from shangyou.exchange.dataset import Dataset

PAGE: Final = 500  # changes
PAGE_BYTES: Final = 4_000_000  # of their bodies; a page that is full ends earlier, and has one entry at least
ANSWER_BYTES: Final = PAGE_BYTES + ENTRY_BYTES + 200_000
PATH: Final = "/federation/catalogue/changes"


@dataclass(frozen=True, slots=True)
class OwnChange:
    """The last change of one of the owner's datasets, as a certain member may know of it."""

    sequence: int
    id: str
    dataset: Dataset | None  # None: withdrawn, or no longer for that member


@dataclass(frozen=True, slots=True)
class Gone:
    """A dataset that is no longer there."""

    id: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a reader holds who has read all."""

    count: int
    digest: str  # see `digest`


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the feed."""

    owner: str
    epoch: str  # name of this run of the sequence; another name: begin anew
    since: int  # it holds changes after this
    next: int  # and up to this
    more: bool
    entries: tuple[Entry, ...] = ()
    bodies: tuple[bytes, ...] = ()  # of the entries, as they came
    gone: tuple[Gone, ...] = ()
    refused: tuple[tuple[str, ShangyouError], ...] = ()  # id (or "") and why, of entries that were not taken
    summary: Summary | None = None  # on the last page


def digest(stamps: Iterable[tuple[str, int]]) -> Summary:
    """Count and digest of (id, sequence) pairs, whatever their order.

    The sum of the digests modulo 2^256: one set gives one sum, and a reader need not sort.
    """
    total = count = 0
    for id, sequence in stamps:
        total += int.from_bytes(hashlib.sha256(f"{sequence} {id}".encode()).digest())
        count += 1
    return Summary(count, f"{total % (1 << 256):064x}")


# ---- writing ----------------------------------------------------------------------------------------------------


def write_page(
    place: tuple[str, str],
    since: int,
    changes: Sequence[tuple[int, str, bytes | None]],
    head: int,
    summary: Summary | None,
) -> bytes:
    """The JSON text of a page.

    Args:
        place: owner and epoch.
        since: where the reader stood.
        changes: (sequence, id, body of the entry or None for a tombstone), in order.
        head: up to where the reader has read with this page.
        summary: on the last page, else None: there is more.
    """
    parts = [
        {"sequence": n, "id": id, "gone": True} if body is None else {"sequence": n, "dataset": msgspec.Raw(body)}
        for n, id, body in changes
    ]
    page: dict[str, object] = {"owner": place[0], "epoch": place[1], "since": since, "next": head}
    page |= {"more": summary is None, "changes": parts}
    if summary is not None:
        page["summary"] = {"count": summary.count, "digest": summary.digest}
    return msgspec.json.encode(page)


# ---- reading ----------------------------------------------------------------------------------------------------

_Place = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Change(msgspec.Struct):
    sequence: _Place
    dataset: msgspec.Raw = msgspec.Raw(b"")
    id: Annotated[str, msgspec.Meta(max_length=100)] = ""
    gone: bool = False


class _Summary(msgspec.Struct):
    count: _Place
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Page(msgspec.Struct):
    owner: Annotated[str, msgspec.Meta(max_length=32)]
    epoch: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    since: _Place
    next: _Place
    more: bool
    changes: Annotated[list[_Change], msgspec.Meta(max_length=PAGE)]
    summary: _Summary | None = None


class _Id(msgspec.Struct):
    id: str = msgspec.field(default="", name="@id")


_DECODER: Final = msgspec.json.Decoder(_Page)
_GONE: Final = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=NAME)])


def read_page(body: bytes, owner: str, since: int) -> Page:
    """A page that a member sent. One bad entry is refused alone; a page that is none is refused whole.

    Raises:
        InputError: "catalogue.page_size", "catalogue.page_form" (with what is wrong), "catalogue.page_owner",
            "catalogue.page_order": the sequence does not go up, or it is not the page that was asked for.
    """
    if len(body) > ANSWER_BYTES:
        raise InputError("catalogue.page_size", bytes=len(body), most=ANSWER_BYTES)
    try:
        read = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("catalogue.page_form", detail=str(error)[:200]) from None
    if read.owner != owner:
        raise InputError("catalogue.page_owner", owner=read.owner, sender=owner)
    places = [since, *(change.sequence for change in read.changes)]
    ordered = all(a < b for a, b in pairwise(places)) and places[-1] <= read.next
    if (
        read.since != since
        or not ordered
        or (read.more and read.next <= since)
        or read.more is (read.summary is not None)
    ):
        raise InputError("catalogue.page_order", since=since, next=read.next)
    return _sorted(read, owner)


def _sorted(read: _Page, owner: str) -> Page:
    """The page with its good entries, its tombstones and what was refused apart."""
    entries, bodies, gone, refused = list[Entry](), list[bytes](), list[Gone](), list[tuple[str, ShangyouError]]()
    for change in read.changes:
        body = bytes(change.dataset)
        try:
            if change.gone:
                gone.append(Gone(_gone(change.id, owner), change.sequence))
                continue
            entries.append(read_entry(body, owner, change.sequence))
            bodies.append(body)
        except InputError as error:
            id = change.id or _named(body)
            refused.append((id[:100], error))
            if id.startswith(f"{owner}/"):  # what it was before holds no longer
                gone.append(Gone(id[:100], change.sequence))
    last = Summary(read.summary.count, read.summary.digest) if read.summary else None
    return Page(
        owner,
        read.epoch,
        read.since,
        read.next,
        read.more,
        tuple(entries),
        tuple(bodies),
        tuple(gone),
        tuple(refused),
        last,
    )


def _gone(id: str, owner: str) -> str:
    try:
        _GONE.decode(msgspec.json.encode(id))
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise InputError("catalogue.entry_form", detail="id") from None
    if id.partition("/")[0] != owner:
        raise InputError("catalogue.entry_owner", id=id, owner=id.partition("/")[0], sender=owner)
    return id


def _named(body: bytes) -> str:
    """The id of an entry that was refused, as far as it can be read."""
    if len(body) > ENTRY_BYTES:
        return ""
    try:
        return msgspec.json.decode(body, type=_Id).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def facts_of(error: ShangyouError) -> Mapping[str, object]:
    """What an error says besides its code, as kept with a source."""
    return {name: value for name, value in error.facts.items() if isinstance(value, str | int | float)}
