"""What the entries of a warning's dossier amount to.

The opening is itself the first message: a first warning, or an information request of somebody who has found a
substance and looks for its cause (Suchmeldung on the Rhine), or an information. Then:

    warning.first         what was asked about becomes a warning, or a cleared one is warned of again
    warning.update        those in charge change what is known
    warning.request       somebody needs to know something
    warning.information   somebody knows something: an answer, measurements, an arrival table of its own
    warning.clear         all-clear: by those in charge for all, by others for their own waters
    warning.acknowledge   somebody at a member has read everything that was there
    warning.comment       whatever else

An entry that may not be stays among the void ones, without effect. An all-clear that did not know of a newer warning
does not end it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shangyou.core.errors import InputError
from shangyou.governance.fields import WORDS, Void, choice, flag, text, texts, void
from shangyou.governance.past import Past
from shangyou.governance.said import Said
from shangyou.governance.warning.read import amended, changes, contact, content, table
from shangyou.governance.warning.values import TYPES, Contact, Content, Message, Situation, Table, Taken

OPEN: Final = "dossier.open"
INVITE: Final = "dossier.invite"
ROLES: Final = ("duty", "supervisor")
NEEDS_WORD: Final = ("first", "update", "request", "clear")  # to which a word back is owed


def situation(entries: Sequence[Said]) -> Situation:
    """The warning that entries make, in their shared order, the opening first.

    Raises InputError if the first entry opens no warning; nothing else is raised.
    """
    made = _Making(entries)
    for entry in entries[1:]:
        made.take(entry)
    return made.situation()


class _Making:
    """A warning while it is being made."""

    def __init__(self, entries: Sequence[Said]) -> None:
        first = entries[0]
        body = first.body
        if first.kind != OPEN or body.get("subject") != "warning":
            raise InputError("warning.opening", kind=first.kind[:80])
        self.first, self.past = first, Past(entries)
        self.kind = choice(body, "type", TYPES, "first")
        self.content: Content = content(body)
        self.members = dict.fromkeys(texts(body, "members", need=True), first.at) | {first.author: first.at}
        self.in_charge = list(texts(body, "in_charge")) or ([first.author] if self.kind == "first" else [])
        self.exercise, self.simulated = flag(body, "exercise"), flag(body, "simulated")
        self.firsts = [first.id] if self.kind == "first" else []
        self.clears: list[Said] = []  # by those in charge
        self.own: dict[str, str] = {}  # all-clear of a member for its own waters
        self.messages: list[Message] = []
        self.acknowledged: list[tuple[Said, str]] = []
        self.tables: dict[str, Table] = {}
        self.contacts: dict[str, Contact] = {}
        self.void: list[Void] = []
        self._say(first, self.kind, to=texts(body, "to"))

    def take(self, entry: Said) -> None:
        """One entry more."""
        try:
            if entry.author not in self.members:
                raise InputError("warning.stranger", member=entry.author)
            handler = HANDLERS.get(entry.kind)
            if handler is None:
                raise InputError("warning.kind", kind=entry.kind[:80])
            handler(self, entry)
        except InputError as error:
            self.void.append(void(entry, error))

    def _say(self, entry: Said, kind: str, **more: Any) -> None:
        """A message, with what every message may carry: words, an arrival table, whom to call."""
        body = entry.body
        words, told, line = text(body, "text", WORDS), table(body, entry.author, entry.id), contact(body)
        refers = text(body, "refers")
        message = Message(
            entry.id, kind, entry.author, entry.at, words, table=told, contact=line, refers=refers, **more
        )
        if told is not None:
            self.tables[entry.author] = told
        if line is not None:
            self.contacts[entry.author] = line
        self.messages.append(message)

    def _need_in_charge(self, entry: Said) -> None:
        if entry.author not in self.in_charge:
            raise InputError("warning.not_in_charge", member=entry.author)

    # ---- what may be said ---------------------------------------------------------------------------------------

    def invited(self, entry: Said) -> None:
        """More members."""
        for member in texts(entry.body, "members", need=True):
            self.members.setdefault(member, entry.at)
        self.messages.append(Message(entry.id, "invite", entry.author, entry.at, "", texts(entry.body, "members")))

    def warned(self, entry: Said) -> None:
        """Something that was asked about is warned of now; or it begins anew after the all-clear."""
        if self.firsts:
            self._need_in_charge(entry)
        new = content(entry.body)
        self._say(entry, "first")
        self.content = new
        if entry.author not in self.in_charge:
            self.in_charge.append(entry.author)
        self.firsts.append(entry.id)

    def updated(self, entry: Said) -> None:
        """Those in charge know more."""
        self._need_in_charge(entry)
        if self._knew_the_end(entry):
            raise InputError("warning.cleared")
        changed = changes(entry.body)
        new = amended(self.content, changed)
        self._say(entry, "update", changed=tuple(changed))
        self.content = new

    def asked(self, entry: Said) -> None:
        """Somebody needs to know something."""
        text(entry.body, "text", WORDS, need=True)
        to = texts(entry.body, "to")
        if not set(to) <= set(self.members):
            raise InputError("warning.stranger", member=", ".join(sorted(set(to) - set(self.members))))
        self._say(entry, "request", to=to)

    def informed(self, entry: Said) -> None:
        """Somebody knows something."""
        if not entry.body.get("arrivals"):  # a reference says in words what it refers to
            text(entry.body, "text", WORDS, need=True)
        answers = text(entry.body, "answers")
        if answers and not any(each.entry == answers and each.kind == "request" for each in self.messages):
            raise InputError("warning.request", id=answers)
        self._say(entry, "information", answers=answers)

    def cleared(self, entry: Said) -> None:
        """All-clear."""
        if not self.firsts:
            raise InputError("warning.none")
        if self._knew_the_end(entry):
            raise InputError("warning.cleared")
        self._say(entry, "clear")
        if entry.author in self.in_charge:
            self.clears.append(entry)
        else:
            self.own[entry.author] = entry.id

    def acknowledged_by(self, entry: Said) -> None:
        """Somebody at a member has read it."""
        role = choice(entry.body, "role", ROLES, "duty")
        self._say(entry, "acknowledge", role=role)
        self.acknowledged.append((entry, role))

    def commented(self, entry: Said) -> None:
        """Whatever else."""
        text(entry.body, "text", WORDS, need=True)
        self._say(entry, "comment")

    # ---- what it amounts to -------------------------------------------------------------------------------------

    def _ends(self) -> list[Said]:
        """All-clears that knew every first warning there is."""
        return [end for end in self.clears if all(self.past.follows(end.id, first) for first in self.firsts)]

    def _knew_the_end(self, entry: Said) -> bool:
        return any(self.past.follows(entry.id, end.id) for end in self._ends())

    def _taken(self) -> dict[tuple[str, str], Taken]:
        """What each member has acknowledged: all that it had read when it said so; a request by its answer."""
        found: dict[tuple[str, str], Taken] = {}
        owed = [each for each in self.messages if each.kind in NEEDS_WORD]
        for entry, role in self.acknowledged:
            for message in owed:
                if message.kind != "request" and self.past.follows(entry.id, message.entry):
                    found.setdefault((message.entry, entry.author), Taken(entry.at, role, entry.id))
        for message in self.messages:
            if message.answers:
                found.setdefault((message.answers, message.by), Taken(message.at, "", message.entry))
        return found

    def situation(self) -> Situation:
        """What the entries make."""
        ends = self._ends()
        state = "asked" if not self.firsts else "cleared" if ends else "open"
        own = [member for member, id in self.own.items() if all(self.past.follows(id, first) for first in self.firsts)]
        return Situation(
            id=self.first.id,
            state=state,
            content=self.content,
            members=dict(sorted(self.members.items())),
            in_charge=tuple(self.in_charge),
            messages=tuple(self.messages),
            taken=self._taken(),
            tables=self.tables,
            contacts=self.contacts,
            cleared=tuple(sorted(own)),
            ended=min(end.at for end in ends) if ends else None,
            exercise=self.exercise,
            simulated=self.simulated,
            void=tuple(self.void),
            refers=tuple(sorted({each.refers for each in self.messages if each.refers and each.by in self.in_charge})),
        )


HANDLERS: Final[Mapping[str, Callable[[_Making, Said], None]]] = {
    INVITE: _Making.invited,
    "warning.first": _Making.warned,
    "warning.update": _Making.updated,
    "warning.request": _Making.asked,
    "warning.information": _Making.informed,
    "warning.clear": _Making.cleared,
    "warning.acknowledge": _Making.acknowledged_by,
    "warning.comment": _Making.commented,
}
