"""Say something in a dossier: what the fold would call void is told to the speaker at once and is never said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shangyou.core.errors import ConflictError, InputError
from shangyou.exchange.dossier.entry import OPEN, Entry, following
from shangyou.exchange.dossier.port import Dossiers
from shangyou.exchange.dossier.roll import opening
from shangyou.governance.fields import Void


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """What a node works on common matters with."""

    dossiers: Dossiers
    me: str  # member id of this node
    now: Callable[[], int]  # ms since 1970 UTC
    record: Callable[[str, Mapping[str, object]], object]  # writes an act into the ledger: kind and facts


def begin(
    together: Together,
    subject: str,
    members: Sequence[str],
    body: Mapping[str, object],
    check: Callable[[Sequence[Entry]], object],
    by: str,
) -> str:
    """Open a dossier if `check` takes its opening; its id. Raises what `check` raises."""
    told = opening(subject, {together.me, *members}, body)
    check([Entry("", OPEN, together.me, together.now(), 1, (), told)])
    entry = together.dossiers.open(subject, members, body)
    _record(together, entry, by)
    return entry.dossier


def say(
    together: Together,
    dossier: str,
    kind: str,
    body: Mapping[str, object],
    void: Callable[[Sequence[Entry]], Sequence[Void]],
    by: str,
) -> Entry:
    """Add an entry that has effect. Raises what the fold has against it: InputError "entry.field", else ConflictError.

    void: the void entries of what it is given, by the subject's fold.
    by: pseudonym of the person, for the ledger alone: the other members learn the member, not the person.
    """
    held = together.dossiers.entries(dossier)
    at = max(together.now(), *(entry.at for entry in held))
    draft = following(held, kind, together.me, at, body)
    for each in void([*held, draft]):
        if each.entry == draft.id:
            error = InputError if each.code.startswith("entry.") else ConflictError
            raise error(each.code, **each.facts)
    entry = together.dossiers.add(dossier, kind, body)
    _record(together, entry, by)
    return entry


def _record(together: Together, entry: Entry, by: str) -> None:
    facts = {"dossier": entry.dossier, "entry": entry.id, "said": entry.kind, "by": by}
    together.record("notice", facts)
