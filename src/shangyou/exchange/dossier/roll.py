"""Who takes part in a dossier: those whom the opening names, and whom one of them has invited since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shangyou.core.errors import InputError
from shangyou.exchange.dossier.entry import OPEN, Entry

INVITE: Final = "dossier.invite"  # its body says {"members": [..]}
OWN: Final = (OPEN, INVITE)  # kinds that belong to the dossier itself; every other belongs to its subject
MOST_MEMBERS: Final = 64


def opening(subject: str, members: Iterable[str], body: Mapping[str, object]) -> dict[str, object]:
    """Body of an opening: what the subject needs, the subject, and who takes part. InputError "dossier.members"."""
    return {**body, "subject": subject, **naming(members)}


def naming(members: Iterable[str]) -> dict[str, object]:
    """Body of an invitation. InputError "dossier.members" for nobody or too many."""
    listed = sorted(set(members))
    if not 1 <= len(listed) <= MOST_MEMBERS:
        raise InputError("dossier.members", count=len(listed), most=MOST_MEMBERS)
    return {"members": listed}


def named(entry: Entry) -> tuple[str, ...]:
    """Whom an opening or an invitation names; () for every other entry. InputError "dossier.members"."""
    if entry.kind not in OWN:
        return ()
    given = entry.body.get("members")
    listed = [each for each in given if isinstance(each, str) and each] if isinstance(given, list | tuple) else []
    if not 1 <= len(listed) <= MOST_MEMBERS or listed != given or listed != sorted(set(listed)):
        raise InputError("dossier.members", count=len(listed), most=MOST_MEMBERS)
    return tuple(listed)


def subject_of(entry: Entry) -> str:
    """What an opening is about. InputError "dossier.subject"."""
    subject = entry.body.get("subject")
    if not isinstance(subject, str) or not subject.isascii() or not subject.isidentifier() or len(subject) > 40:
        raise InputError("dossier.subject", subject=str(subject)[:80])
    return subject


def taking_part(entries: Iterable[Entry]) -> tuple[str, ...]:
    """All who take part, sorted."""
    return tuple(sorted({member for entry in entries for member in named(entry)}))


def known_to(entry: Entry, held: Mapping[str, Entry]) -> list[Entry]:
    """What the author of an entry had read: all that it follows, near and far. KeyError where one is not held."""
    found: dict[str, Entry] = {}
    left: list[str] = list(entry.after)
    while left:
        id = left.pop()
        if id not in found:
            found[id] = held[id]
            left += held[id].after
    return list(found.values())


def beyond(entries: Sequence[Entry], heads: Iterable[str]) -> list[Entry]:
    """What somebody lacks who holds these heads and all before them, in the given order."""
    held = {entry.id: entry for entry in entries}
    done: set[str] = set()
    left = [id for id in heads if id in held]
    while left:
        id = left.pop()
        if id not in done:
            done.add(id)
            left += held[id].after
    return [entry for entry in entries if entry.id not in done]
