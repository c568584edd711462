"""How a resolution stands, from the entries of its dossier. The rules are in the package's docstring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from shangyou.core.errors import InputError
from shangyou.governance.fields import (
    WORDS,
    Void,
    choice,
    flag,
    maybe_moment,
    moment,
    part,
    text,
    texts,
    void,
    whole,
)
from shangyou.governance.past import Past, Standing
from shangyou.governance.resolution.matter import (
    CHOICES,
    FORMS,
    OUTCOMES,
    TASK_STATES,
    Ballot,
    Clash,
    Comment,
    Duty,
    Matter,
    Rule,
    Share,
    Signature,
    Tally,
    Version,
)
from shangyou.governance.said import Said

OPEN: Final = "dossier.open"
INVITE: Final = "dossier.invite"
RECEIVE: Final = "resolution.receive"  # says nothing but that its author holds what it follows
NOT_RECEIVED: Final = "resolution.not_received"  # why something does not count: no other voter had it in time
TEXT: Final = 100_000  # characters of a text or an edition
MOST_VOTERS: Final = 64


def matter(entries: Sequence[Said]) -> Matter:
    """How it stands by entries in their shared order, the opening first.

    Raises InputError if the first entry opens no resolution; nothing else is raised.
    """
    made = _Making(entries)
    for entry in entries[1:]:
        made.take(entry)
    return made.matter()


def rule_of(body: Mapping[str, object], members: Iterable[str], at: int) -> Rule:
    """The rule that an opening sets. InputError "entry.field"."""
    given = part(body, "rule")
    voters = tuple(sorted(texts(given, "voters") or members))
    veto = tuple(sorted(texts(given, "veto")))
    deadline, reception = moment(given, "deadline"), whole(given, "reception", 0, 366 * 86_400_000)
    until = maybe_moment(given, "amend_until") or deadline
    if not set(veto) <= set(voters) <= set(members) or not 0 < len(voters) <= MOST_VOTERS:
        raise InputError("entry.field", field="voters")
    if not at < deadline or not at <= until <= deadline:
        raise InputError("entry.field", field="deadline")
    quorum, majority = _share(given, "quorum"), _share(given, "majority")
    return Rule(voters, quorum, majority, flag(given, "strictly"), veto, until, deadline, reception)


def _share(body: Mapping[str, object], name: str) -> Share:
    value = body.get(name)
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(type(each) is int for each in value):
        raise InputError("entry.field", field=name)
    if not 0 < value[0] <= value[1] <= 1000:
        raise InputError("entry.field", field=name)
    return Share(value[0], value[1])


class _Making:
    """A matter while it is being made."""

    def __init__(self, entries: Sequence[Said]) -> None:
        first = entries[0]
        body = first.body
        if first.kind != OPEN or body.get("subject") != "resolution":
            raise InputError("resolution.opening", kind=first.kind)
        self.entries, self.past, self.first = list(entries), Past(entries), first
        self.members = set(texts(body, "members")) | {first.author}
        self.form = choice(body, "form", FORMS, "resolution")
        self.rule = rule_of(body, self.members, first.at)
        # an id is a digest that is made anew whenever it is asked for: once is enough
        self.words = [(each.id, each.author, each.at) for each in self.entries if each.author in self.rule.voters]
        self.versions = [self._version(first)]
        self.comments: list[Comment] = []
        self.given: list[Ballot] = []
        self.signatures: dict[str, Signature] = {}  # the first of each member
        self.doubled: list[Clash] = []
        self.withdrawn = ""
        self.published: Standing[str] = Standing()
        self.tasks: dict[str, Standing[Duty]] = {}
        self.void: list[Void] = []

    def take(self, entry: Said) -> None:
        """One entry more."""
        try:
            if entry.author not in self.members:
                raise InputError("resolution.stranger", member=entry.author)
            if self.past.dated_back(entry):
                raise InputError("resolution.dated_back", at=entry.at)
            handler = HANDLERS.get(entry.kind)
            if handler is None:
                raise InputError("resolution.kind", kind=entry.kind[:80])
            handler(self, entry)
        except InputError as error:
            self.void.append(void(entry, error))

    # ---- what may be said ---------------------------------------------------------------------------------------

    def invited(self, entry: Said) -> None:
        """More members may read and speak; who votes was fixed in the beginning."""
        self.members |= set(texts(entry.body, "members", need=True))

    def received(self, entry: Said) -> None:
        """Nothing but what it follows."""

    def commented(self, entry: Said) -> None:
        """The discussion."""
        words = text(entry.body, "text", WORDS, need=True)
        number = max(each.number for each in self.versions if each.entry == self.first.id or self._read(entry, each))
        self.comments.append(Comment(words, number, entry.author, entry.at, entry.id))

    def _read(self, entry: Said, version: Version) -> bool:
        return self.past.follows(entry.id, version.entry)

    def amended(self, entry: Said) -> None:
        """Another version of the text."""
        if entry.author not in self.rule.voters:
            raise InputError("resolution.no_voter", member=entry.author)
        if entry.at > self.rule.amend_until:
            raise InputError("resolution.amend_late", until=self.rule.amend_until)
        self.versions.append(self._version(entry))

    def _version(self, entry: Said) -> Version:
        body, number = entry.body, len(self.versions) + 1 if entry is not self.first else 1
        title_zh, text_zh = text(body, "title_zh", need=True), text(body, "text_zh", TEXT, need=True)
        edition = text(body, "edition", TEXT, need=self.form == "standard")
        return Version(
            number,
            entry.id,
            title_zh,
            text(body, "title_en") or title_zh,
            text_zh,
            text(body, "text_en", TEXT) or text_zh,
            edition,
            text(body, "why", WORDS, need=number > 1),
            entry.author,
            entry.at,
        )

    def voted(self, entry: Said) -> None:
        """A ballot; whether it counts is seen at the end."""
        if entry.author not in self.rule.voters:
            raise InputError("resolution.no_voter", member=entry.author)
        version = text(entry.body, "version", need=True)
        if not any(each.entry == version and self._read(entry, each) for each in self.versions):
            raise InputError("resolution.version", version=version[:12])
        made, reason = choice(entry.body, "choice", CHOICES), text(entry.body, "reason", WORDS)
        self.given.append(Ballot(entry.id, entry.author, entry.at, version, made, reason, ""))

    def signed(self, entry: Said) -> None:
        """A name under a result, which must be the one that its author's own entries give."""
        if entry.author not in self.rule.voters:
            raise InputError("resolution.no_voter", member=entry.author)
        body = entry.body
        signature = Signature(
            entry.author,
            entry.at,
            entry.id,
            text(body, "version", need=True),
            choice(body, "outcome", OUTCOMES),
            texts(body, "ballots"),
        )
        known = self.past.known(entry.id)
        seen = self._tally(known)
        if entry.at <= self.rule.closes and not seen.complete:
            raise InputError("resolution.sign_early", until=self.rule.closes)
        if signature.result != (seen.version, seen.outcome, seen.ballots):
            raise InputError("resolution.tally", member=entry.author)
        first = self.signatures.setdefault(entry.author, signature)
        if first is not signature:
            if first.result != signature.result:
                self.doubled.append(Clash(f"sign:{entry.author}", first.entry, (first.entry, entry.id)))
            raise InputError("resolution.signed", member=entry.author)

    def withdrew(self, entry: Said) -> None:
        """The proposer gives it up."""
        if entry.author != self.first.author:
            raise InputError("resolution.not_proposer", member=entry.author)
        self.withdrawn = self.withdrawn or text(entry.body, "why", WORDS, need=True)

    def announced(self, entry: Said) -> None:
        """It is published."""
        self._need_adopted()
        self.published.say(entry, entry.author, self.past)

    def tasked(self, entry: Said) -> None:
        """A task that follows from it."""
        self._need_adopted()
        body, id = entry.body, text(entry.body, "task", need=True)
        owner = text(body, "owner", need=True)
        if owner not in self.members:
            raise InputError("resolution.stranger", member=owner)
        title_zh = text(body, "title_zh", need=True)
        state, note = choice(body, "state", TASK_STATES, "open"), text(body, "note", WORDS)
        duty = Duty(id, title_zh, text(body, "title_en") or title_zh, owner, maybe_moment(body, "due"), state, note)
        self.tasks.setdefault(id, Standing()).say(entry, duty, self.past)

    def _need_adopted(self) -> None:
        settled = self._settled()
        if settled is None or settled.outcome != "adopted":
            raise InputError("resolution.not_adopted")

    # ---- counting -----------------------------------------------------------------------------------------------

    def _ballots(self, known: set[str] | None) -> list[Ballot]:
        """All ballots, each with why it does not count; of what a signer knew, or of everything."""
        given = [each for each in self.given if known is None or each.entry in known]
        current = self._current(known).entry
        found = []
        for each in given:
            if each.version != current:
                why = "resolution.other_version"
            elif each.at > self.rule.deadline:
                why = "resolution.late"
            elif not self._received(each, self.rule.closes, known):
                why = NOT_RECEIVED
            elif any(o.by == each.by and self.past.follows(o.entry, each.entry) for o in given if o.version == current):
                why = "resolution.replaced"
            else:
                why = ""
            found.append(replace(each, not_counted=why))
        return found

    def _received(self, each: Version | Ballot, until: int, known: set[str] | None) -> bool:
        """Does another voter show that it held this by a date? Of what a signer knew, or of everything."""
        return len(self.rule.voters) == 1 or any(
            at <= until and author != each.by and (known is None or id in known) and self.past.follows(id, each.entry)
            for id, author, at in self.words
        )

    def _versions(self, known: set[str] | None) -> list[Version]:
        """All versions, each with why it is none to vote on. The first needs no witness: the dossier is named by it."""
        until = self.rule.amend_until + self.rule.reception
        return [
            each if each.number == 1 or self._received(each, until, known) else replace(each, not_counted=NOT_RECEIVED)
            for each in self.versions
            if known is None or each.entry in known
        ]

    def _current(self, known: set[str] | None) -> Version:
        return [each for each in self._versions(known) if not each.not_counted][-1]

    def _tally(self, known: set[str] | None = None) -> Tally:
        counted = [each for each in self._ballots(known) if not each.not_counted]
        said: dict[str, str] = {}
        for each in counted:  # two of one member that do not know each other: the more cautious
            said[each.by] = max(said.get(each.by, "yes"), each.choice, key=CHOICES.index)
        yes, no, abstain = (tuple(sorted(m for m, c in said.items() if c == want)) for want in ("yes", "no", "abstain"))
        vetoed = tuple(member for member in no if member in self.rule.veto)
        rule, current = self.rule, self._current(known).entry
        if vetoed:
            outcome = "vetoed"
        elif not rule.quorum.reached(len(said), len(rule.voters)):
            outcome = "no_quorum"
        elif yes and rule.majority.reached(len(yes), len(yes) + len(no), rule.strictly):
            outcome = "adopted"
        else:
            outcome = "rejected"
        missing = tuple(member for member in rule.voters if member not in said)
        return Tally(current, outcome, yes, no, abstain, missing, vetoed, tuple(sorted(each.entry for each in counted)))

    def _settled(self) -> Signature | None:
        results = Counter(each.result for each in self.signatures.values())
        for result, count in results.items():
            if 2 * count > len(self.rule.voters):
                return next(each for each in self.signatures.values() if each.result == result)
        return None

    def matter(self) -> Matter:
        """All of it."""
        settled = self._settled()
        tasks = {id: each.held(_undone) for id, each in self.tasks.items()}
        return Matter(
            id=self.first.id,
            form=self.form,
            members=tuple(sorted(self.members)),
            proposer=self.first.author,
            at=self.first.at,
            rule=self.rule,
            versions=tuple(self._versions(None)),
            current=self._current(None),
            comments=tuple(self.comments),
            ballots=tuple(self._ballots(None)),
            tally=self._tally(),
            signatures=tuple(self.signatures.values()),
            settled=settled,
            split=settled is None and set(self.signatures) == set(self.rule.voters),
            withdrawn=self.withdrawn if settled is None else "",
            published=self.published.held(),
            tasks={id: claim for id, claim in tasks.items() if claim is not None},
            clashes=tuple(self._clashes()),
            void=tuple(self.void),
        )

    def _clashes(self) -> list[Clash]:
        found = [
            Clash("amend", self.versions[place + 1].entry, (each.entry, self.versions[place + 1].entry))
            for place, each in enumerate(self.versions[:-1])
            if place and not self.past.follows(self.versions[place + 1].entry, each.entry)
        ]
        by_member: dict[str, list[Ballot]] = {}
        for ballot in self._ballots(None):
            if not ballot.not_counted:
                by_member.setdefault(ballot.by, []).append(ballot)
        for member, ballots in by_member.items():
            if len({each.choice for each in ballots}) > 1:
                held = max(ballots, key=lambda each: CHOICES.index(each.choice))
                found.append(Clash(f"vote:{member}", held.entry, tuple(each.entry for each in ballots)))
        for id, standing in self.tasks.items():
            held_task = standing.held(_undone)
            if held_task is not None and len({repr(each.value) for each in standing.claims}) > 1:
                found.append(Clash(f"task:{id}", held_task.entry, tuple(each.entry for each in standing.claims)))
        return found + self.doubled


def _undone(value: Duty) -> int:
    return ("done", "cannot", "doing", "open").index(value.state)


HANDLERS: Final[Mapping[str, Callable[[_Making, Said], None]]] = {
    INVITE: _Making.invited,
    RECEIVE: _Making.received,
    "resolution.comment": _Making.commented,
    "resolution.amend": _Making.amended,
    "resolution.vote": _Making.voted,
    "resolution.sign": _Making.signed,
    "resolution.withdraw": _Making.withdrew,
    "resolution.publish": _Making.announced,
    "resolution.task": _Making.tasked,
}
