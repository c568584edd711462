"""Decide something with other members: propose, discuss, amend, vote, sign, publish, and track what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.exchange.dossier.entry import Entry
from shangyou.exchange.dossier.port import Heading, Reception
from shangyou.flows.saying import Together, begin, say
from shangyou.governance.fields import Void
from shangyou.governance.past import Past
from shangyou.governance.resolution.fold import NOT_RECEIVED, matter
from shangyou.governance.resolution.matter import Ballot, Matter, Version
from shangyou.standards.adopted import read_adopted

SUBJECT: Final = "resolution"
DAY: Final = 86_400_000  # ms
RULE: Final[Mapping[str, object]] = {"quorum": [2, 3], "majority": [1, 2], "strictly": True, "reception": DAY}
TERM: Final = 7 * DAY  # for ballots, where nobody says otherwise
TURN: Final = 60_000  # ms that one member waits for another to say first that it has received something


class Rulebook(Protocol):
    """Where a node keeps the editions that the members adopted."""

    def put(self, resolution: str, text: str) -> bool:
        """Keep an edition under the resolution that adopted it; False if it is there already."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A resolution at this node at a moment."""

    id: str  # of the dossier
    matter: Matter
    phase: str
    entries: Sequence[Entry]
    receptions: Sequence[Reception]
    at: int  # ms since 1970 UTC


def look(together: Together, id: str) -> Standing:
    """How a resolution stands now. NotFoundError "dossier.unknown"."""
    dossiers, now = together.dossiers, together.now()
    entries = dossiers.entries(id)
    made = matter(entries)
    return Standing(id, made, made.phase(now), entries, dossiers.receptions(id), now)


def resolutions(together: Together, limit: int = 200) -> list[Standing]:
    """Those of this node, the last changed first; an opening that cannot be read is left out."""
    found = []
    for each in together.dossiers.headings(SUBJECT, limit):
        try:
            found.append(look(together, each.id))
        except InputError:
            continue
    return found


def propose(together: Together, members: Sequence[str], body: Mapping[str, object], by: str) -> str:
    """Propose something; the dossier's id.

    body: form, title_zh, title_en, text_zh, text_en, `edition` (YAML) of a standard, and a rule as far as it differs
    from two thirds of the members, more than half of yes and no, seven days, and a day in which ballots may come in.

    Raises InputError "entry.field", "standards.form", "standards.family".
    """
    now = together.now()
    given = body.get("rule")
    rule: dict[str, object] = {**RULE, **(given if isinstance(given, Mapping) else {})}
    deadline = rule.setdefault("deadline", now + TERM)
    if type(deadline) is int:
        rule.setdefault("amend_until", now + (deadline - now) // 2)
    _check_edition(body)
    return begin(together, SUBJECT, members, {**body, "rule": rule}, matter, by)


def amend(together: Together, id: str, body: Mapping[str, object], by: str) -> Entry:
    """Give another version of the text; what is not given stays as it is."""
    current = look(together, id).matter.current
    whole: dict[str, object] = {"title_zh": current.title_zh, "text_zh": current.text_zh, "edition": current.edition}
    if current.title_en != current.title_zh:  # where nobody gave an English one, the Chinese stands for it
        whole["title_en"] = current.title_en
    if current.text_en != current.text_zh:
        whole["text_en"] = current.text_en
    whole |= {key: value for key, value in body.items() if value}
    _check_edition(whole)
    return tell(together, id, "amend", whole, by)


def vote(together: Together, id: str, choice: str, reason: str, by: str) -> Entry:
    """Vote on the version that stands. ConflictError "resolution.over" once nothing can come in any more."""
    found = look(together, id)
    if found.at > found.matter.rule.deadline:
        raise ConflictError("resolution.over", until=found.matter.rule.deadline)
    return tell(together, id, "vote", {"version": found.matter.current.entry, "choice": choice, "reason": reason}, by)


def sign(together: Together, id: str, by: str) -> Entry:
    """Put this member's name under the result that its own entries give.

    ConflictError "resolution.sign_early", "resolution.signed".
    """
    tally = look(together, id).matter.tally
    body = {"version": tally.version, "outcome": tally.outcome, "ballots": list(tally.ballots)}
    return tell(together, id, "sign", body, by)


def tell(together: Together, id: str, verb: str, body: Mapping[str, object], by: str) -> Entry:
    """Say something: comment, amend, vote, sign, withdraw, publish, task. Raises what the fold has against it."""
    return say(together, id, f"{SUBJECT}.{verb}", body, _void, by)


def _void(entries: Sequence[Entry]) -> Sequence[Void]:
    return matter(entries).void


def _check_edition(body: Mapping[str, object]) -> None:
    text = body.get("edition")
    if isinstance(text, str) and text:
        read_adopted(text)


# ---- what a node does by itself ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tended:
    """What a node did by itself about resolutions."""

    received: tuple[str, ...]  # dossiers in which it said that something was received
    adopted: tuple[str, ...]  # whose edition is new in its rulebook
    done: tuple[Heading, ...]  # about which nothing is left to be done until somebody says more


def tend(together: Together, rulebook: Rulebook, headings: Sequence[Heading]) -> Tended:
    """Say that amendments and ballots of others were received, and keep the editions that were adopted.

    A ballot counts only if a second member shows in time that it held it. Everything that a member says shows that; so
    a node says it expressly only where no other voter has, each after the one before it in the list had its turn.
    """
    received, adopted, done = [], [], []
    for heading in headings:
        try:
            entries = together.dossiers.entries(heading.id)
            found = matter(entries)
            if _owes_word(together, heading, entries, found):
                together.dossiers.add(heading.id, f"{SUBJECT}.receive", {})
                received.append(heading.id)
            elif _adopted(together, rulebook, heading.id, found):
                adopted.append(heading.id)
            elif found.settled is not None or together.now() > found.rule.closes:
                done.append(heading)
        except (InputError, NotFoundError):  # an opening that is none, a text that this version cannot read: pages tell
            done.append(heading)
    return Tended(tuple(received), tuple(adopted), tuple(done))


def _owes_word(together: Together, heading: Heading, entries: Sequence[Entry], found: Matter) -> bool:
    rule, now = found.rule, together.now()
    if together.me not in rule.voters or found.settled is not None or now > rule.closes:
        return False
    past = Past(entries)
    given: list[Version | Ballot] = [*found.versions, *found.ballots]
    for each in given:
        others = [voter for voter in rule.voters if voter != each.by]
        if each.not_counted != NOT_RECEIVED or together.me not in others:
            continue
        shown = any(entry.author in others and past.follows(entry.id, each.entry) for entry in entries)
        if not shown and now >= max(each.at, heading.changed) + others.index(together.me) * TURN:
            return True
    return False


def _adopted(together: Together, rulebook: Rulebook, id: str, found: Matter) -> bool:
    settled = found.settled
    if settled is None or settled.outcome != "adopted" or found.published is None or found.form != "standard":
        return False
    text = next(each.edition for each in found.versions if each.entry == settled.version)
    if not rulebook.put(id, text):
        return False
    together.record("notice", {"dossier": id, "said": "resolution.adopted", "by": ""})
    return True
