"""What is believed of an entry that comes from outside, and where it may stand in a dossier."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError
from shangyou.exchange import keys
from shangyou.exchange.canonical import canonical
from shangyou.exchange.dossier.cabinet import Signed, Top
from shangyou.exchange.dossier.entry import MOST_AFTER, MOST_BYTES, OPEN, Entry, entry_of
from shangyou.exchange.dossier.roll import known_to, named, subject_of, taking_part
from shangyou.exchange.ports import Members, Signer
from shangyou.exchange.wire import parsed

MOST_DEPTH: Final = 24  # of a body: a batch of entries is 32 deep at most, and four levels stand around it
MOST_ENTRIES: Final = 10_000  # of one dossier
AHEAD_MS: Final = 300_000  # that a member's clock may be ahead of ours
_NAME: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID: Final = re.compile(r"[0-9a-f]{64}")
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}")


def dossier_id(author: str, at: int, body: Mapping[str, object]) -> str:
    """Name of the dossier that an opening begins: its own digest, so that nobody can open another under that name.

    A UUID of version 8 (RFC 9562, 5.8) of the first 16 bytes of SHA-256.
    """
    found = bytearray(hashlib.sha256(canonical({"at": at, "author": author, "body": body})).digest()[:16])
    found[6] = found[6] & 0x0F | 0x80
    found[8] = found[8] & 0x3F | 0x80
    return f"urn:uuid:{UUID(bytes=bytes(found))}"


def sign(entry: Entry, signer: Signer) -> Signed:
    """An entry of our own. InputError "dossier.size", "dossier.body", "wire.depth"."""
    try:
        text = canonical(entry.document)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("dossier.body", detail=type(error).__name__) from error
    entry = _bounded(entry_of(_document(text)))
    sealed = keys.seal(entry.document, signer)
    return Signed(entry, entry.id, json.dumps(sealed, ensure_ascii=False, separators=(",", ":")))


def believed(sealed: object, members: Members, now: int) -> Signed:
    """An entry as it came, if its author has signed it.

    Raises:
        InputError: "seal.shape", "dossier.entry", "dossier.kind", "dossier.size", "wire.depth".
        RefusedError: "dossier.author" for one who is no member; "dossier.future" for a clock that is ahead;
            "seal.*" if not one key of the author signed it, that counted at the time of the entry.
    """
    document = sealed.get("document") if isinstance(sealed, Mapping) else None
    if not isinstance(document, Mapping):
        raise InputError("seal.shape")
    entry = _bounded(entry_of(document))
    try:
        author = members.member(entry.author)
    except NotFoundError:
        raise RefusedError("dossier.author", member=entry.author) from None
    _, signers = keys.opened(sealed, author.keys, entry.at)
    if len(signers) != 1:  # one text for one entry, whoever hands it on
        raise InputError("seal.shape")
    if entry.at > now + AHEAD_MS:
        raise RefusedError("dossier.future", member=entry.author, ahead=(entry.at - now) // 1000)
    return Signed(entry, entry.id, json.dumps(sealed, ensure_ascii=False, separators=(",", ":")))


def read(sealed: str) -> Signed:
    """An entry from our own store."""
    entry = entry_of(json.loads(sealed)["document"])
    return Signed(entry, entry.id, sealed)


def _document(text: bytes) -> dict[str, object]:
    if len(text) > MOST_BYTES:
        raise InputError("dossier.size", bytes=len(text), most=MOST_BYTES)
    found: dict[str, object] = json.loads(text)
    return found


def _bounded(entry: Entry) -> Entry:
    """Within the bounds of size and form, with an opening or an invitation that can be read."""
    try:
        text = canonical(entry.document)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("dossier.body", detail=type(error).__name__) from error
    _document(text)
    parsed(canonical(entry.body), MOST_BYTES, MOST_DEPTH)
    if not _KIND.fullmatch(entry.kind):
        raise InputError("dossier.kind", kind=entry.kind[:80])
    if not _NAME.fullmatch(entry.dossier) or not all(map(_ID.fullmatch, entry.after)):
        raise InputError("dossier.name", id=entry.dossier)
    whom = named(entry)
    if entry.kind == OPEN:
        subject_of(entry)
        if entry.dossier != dossier_id(entry.author, entry.at, entry.body):
            raise InputError("dossier.name", id=entry.dossier)
        if entry.author not in whom:
            raise RefusedError("dossier.foreign", member=entry.author, id=entry.dossier)
    return entry


def need_fitting(entry: Entry, top: Top, before: Sequence[Entry], held: Sequence[Entry]) -> None:
    """May an entry stand in a dossier, after the entries `before`? `held`: all, where its author is not in the opening.

    Raises ConflictError "dossier.order" if number or time do not follow, "dossier.full"; RefusedError
    "dossier.foreign" if its author did not take part as far as it could know.
    """
    if entry.number != 1 + max(each.number for each in before) or any(each.dossier != top.dossier for each in before):
        raise ConflictError("dossier.order", id=entry.dossier, number=entry.number)
    if entry.at < max(each.at for each in before):
        raise ConflictError("dossier.order", id=entry.dossier, number=entry.number)
    if top.entries >= MOST_ENTRIES:
        raise ConflictError("dossier.full", id=entry.dossier, most=MOST_ENTRIES)
    if held and entry.author not in taking_part(known_to(entry, {each.id: each for each in held})):
        raise RefusedError("dossier.foreign", member=entry.author, id=entry.dossier)


def next_entry(top: Top, kind: str, author: str, now: int, body: Mapping[str, object]) -> Entry:
    """The entry that a member adds to a dossier that stands so; its time is never before what it follows."""
    newest = sorted(top.heads, key=lambda each: (-top.heads[each], each))[:MOST_AFTER]
    return Entry(top.dossier, kind, author, max(now, top.at), top.number + 1, tuple(sorted(newest)), body)
