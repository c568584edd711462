"""What a dossier about a statement says: who reckoned what, what is in dispute, who has signed.

    opening             {"compact": {..}, "period": "2019"}
    statement.compute   {"statement": {..}}                  a member's first reckoning
    statement.correct   {"statement": {..}, "why": ".."}     another in its place
    statement.dispute   {"against": member, "line": key, "why": ".."}
    statement.sign      {"result": digest}                   of the reckoning that the member stands to
                        {"result": digest, "differs": {member: digest}, "why": ".."}  while others state other results
    statement.close     {"note": ".."}                       the money has been paid

A statement is settled when all members signed one and the same result. Who has signed is bound: its corrections and
disputes do not count while its signature stands. A signature falls when another member, not bound, states another
result or disputes. So once it is settled at any member, nothing that arrives later can unsettle it.

While another member states another result, nobody signs by mistake: a signature counts only if it names each result
that differs, and says why. Such a signature is on record; it settles nothing until the results are equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from shangyou.core.errors import InputError
from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.compute import Given, compute
from shangyou.governance.compensation.read import read
from shangyou.governance.compensation.statement import Statement, statement_of
from shangyou.governance.fields import Void, part, text, texts, void
from shangyou.governance.said import Said

OPEN: Final = "dossier.open"
SUBJECT: Final = "statement"
COMPUTE: Final = "statement.compute"
CORRECT: Final = "statement.correct"
DISPUTE: Final = "statement.dispute"
SIGN: Final = "statement.sign"
CLOSE: Final = "statement.close"
KINDS: Final = (COMPUTE, CORRECT, DISPUTE, SIGN, CLOSE)
WORDS: Final = 2_000  # characters of a reason
PHASES: Final = ("waiting", "differing", "disputed", "equal", "settled", "closed")


@dataclass(frozen=True, slots=True)
class Stated:
    """A member's reckoning as it stands."""

    entry: str
    author: str
    at: int  # ms since 1970 UTC
    statement: Statement
    follows: bool  # does it follow from the figures that it names? Anybody can reckon that
    why: str = ""  # of a correction
    replaces: str = ""  # entry


@dataclass(frozen=True, slots=True)
class Dispute:
    """A member does not accept a line of another's reckoning."""

    entry: str
    author: str
    at: int
    against: str  # member
    line: str  # Key.text; "" = the whole
    why: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A member stands to a result."""

    entry: str
    author: str
    at: int
    result: str
    why: str = ""  # it was signed although others stated other results


@dataclass(frozen=True, slots=True)
class Correction:
    """A member stated another reckoning in place of its own: what changed is `compare` of the two."""

    entry: str
    author: str
    at: int
    why: str
    before: Statement
    after: Statement


@dataclass(frozen=True, slots=True)
class Fallen:
    """A signature that does not count any more: another member stated another result, or disputed, after it."""

    signature: Signature
    entry: str  # that made it fall


@dataclass(slots=True)
class State:
    """What a dossier says."""

    compact: Compact | None = None
    period: str = ""
    members: tuple[str, ...] = ()
    stated: dict[str, Stated] = field(default_factory=dict)  # by member, the last
    disputes: list[Dispute] = field(default_factory=list)  # that stand
    signatures: dict[str, Signature] = field(default_factory=dict)  # that stand, by member
    corrections: list[Correction] = field(default_factory=list)  # in their order
    fallen: list[Fallen] = field(default_factory=list)
    settled: int | None = None  # when the last signature came [ms since 1970 UTC]
    closed: tuple[str, int, str] | None = None  # by whom, when, note
    void: list[Void] = field(default_factory=list)

    def differing(self, member: str) -> dict[str, str]:
        """Results other than that of a member, by the member that states it; {} if the member has stated none."""
        own = self.stated.get(member)
        if own is None:
            return {}
        results = {name: each.statement.result for name, each in sorted(self.stated.items())}
        return {name: result for name, result in results.items() if result != own.statement.result}

    @property
    def phase(self) -> str:
        """Where it stands; of PHASES."""
        if self.closed is not None:
            return "closed"
        if self.settled is not None:
            return "settled"
        if self.disputes:
            return "disputed"
        if len(self.stated) < len(self.members) or not self.members:
            return "waiting"
        return "equal" if len({each.statement.result for each in self.stated.values()}) == 1 else "differing"


def fold(entries: Iterable[Said]) -> State:
    """The state after some entries, in the order that all members share. Never raises; what may not be is void."""
    state = State()
    for entry in entries:
        try:
            _take(state, entry)
        except InputError as error:
            state.void.append(void(entry, error))
    return state


def _take(state: State, entry: Said) -> None:
    """Take an entry in; InputError with the code why it does not count."""
    if entry.kind == OPEN:
        _open(state, entry)
    elif entry.kind in KINDS:
        compact = _need_compact(state)
        if entry.author not in state.members:
            raise InputError("statement.author", member=entry.author, members=", ".join(state.members))
        if state.closed is not None:
            raise InputError("statement.closed")
        if entry.author in state.signatures and entry.kind in (COMPUTE, CORRECT, DISPUTE):
            raise InputError("statement.bound", member=entry.author)
        if entry.kind in (COMPUTE, CORRECT):
            _state(state, compact, entry)
        else:
            {DISPUTE: _dispute, SIGN: _sign, CLOSE: _close}[entry.kind](state, entry)
    elif not entry.kind.startswith("dossier."):
        raise InputError("statement.kind", kind=entry.kind[:80])


def _need_compact(state: State) -> Compact:
    if state.compact is None:
        raise InputError("statement.opening")
    return state.compact


def _open(state: State, entry: Said) -> None:
    compact, period = read(part(entry.body, "compact")), text(entry.body, "period", need=True)
    compute(compact, period, Given((), {}))  # is it a year of the compact?
    if not set(compact.members) <= set(texts(entry.body, "members")):
        raise InputError("statement.opening")
    state.compact, state.period, state.members = compact, period, compact.members


def _state(state: State, compact: Compact, entry: Said) -> None:
    earlier = state.stated.get(entry.author)
    if (earlier is None) != (entry.kind == COMPUTE):
        raise InputError("statement.again" if earlier else "statement.first", member=entry.author)
    why = text(entry.body, "why", WORDS, need=earlier is not None)
    statement = statement_of(entry.body.get("statement"))
    if (statement.terms, statement.period) != (compact.digest, state.period):
        raise InputError("statement.other", compact=compact.id, period=state.period)
    follows = _follows(compact, statement)
    replaces = earlier.entry if earlier else ""
    state.stated[entry.author] = Stated(entry.id, entry.author, entry.at, statement, follows, why, replaces)
    state.disputes = [each for each in state.disputes if each.against != entry.author]  # they have been answered
    if earlier is not None:
        state.corrections.append(Correction(entry.id, entry.author, entry.at, why, earlier.statement, statement))
    _drop(state, statement.result, entry)


def _follows(compact: Compact, statement: Statement) -> bool:
    """Do the lines come out of the figures that the statement itself names?"""
    given = Given(statement.figures, dict(statement.declared), statement.exemptions)
    try:
        return compute(compact, statement.period, given).result == statement.result
    except InputError:
        return False


def _drop(state: State, kept: str, entry: Said) -> None:
    """Signatures under another result than this fall."""
    state.fallen += [Fallen(each, entry.id) for each in state.signatures.values() if each.result != kept]
    state.signatures = {name: each for name, each in state.signatures.items() if each.result == kept}


def _dispute(state: State, entry: Said) -> None:
    against, line = text(entry.body, "against", need=True), text(entry.body, "line", WORDS)
    why = text(entry.body, "why", WORDS, need=True)
    if against == entry.author or against not in state.stated:
        raise InputError("statement.against", member=against)
    if line and line not in {each.key.text for each in state.stated[against].statement.lines}:
        raise InputError("statement.line", line=line, member=against)
    said = (entry.author, against, line)
    state.disputes = [each for each in state.disputes if (each.author, each.against, each.line) != said]
    state.disputes.append(Dispute(entry.id, entry.author, entry.at, against, line, why))
    _drop(state, "", entry)


def _sign(state: State, entry: Said) -> None:
    own = state.stated.get(entry.author)
    if own is None:
        raise InputError("statement.first", member=entry.author)
    if text(entry.body, "result") != own.statement.result:
        raise InputError("statement.result")
    if own.statement.open:
        raise InputError("statement.open", count=own.statement.open)
    if any(each.against == entry.author for each in state.disputes):
        raise InputError("statement.disputed", member=entry.author)
    if entry.author in state.signatures:
        raise InputError("statement.signed", member=entry.author)
    why = _named_differences(state, entry)
    state.signatures[entry.author] = Signature(entry.id, entry.author, entry.at, own.statement.result, why)
    state.disputes = [each for each in state.disputes if each.author != entry.author]  # who signs disputes no more
    results = {each.result for each in state.signatures.values()}
    if set(state.signatures) == set(state.members) and len(results) == 1:
        state.settled = max(each.at for each in state.signatures.values())


def _named_differences(state: State, entry: Said) -> str:
    """Why it is signed although others state other results; "" = all are equal. The entry must name every one."""
    stand = state.differing(entry.author)
    if not stand:
        return ""
    named = part(entry.body, "differs") if "differs" in entry.body else {}
    missing = sorted(name for name, result in stand.items() if named.get(name) != result)
    if missing:
        raise InputError("statement.differs", member=entry.author, members=", ".join(missing))
    return text(entry.body, "why", WORDS, need=True)


def _close(state: State, entry: Said) -> None:
    if state.settled is None:
        raise InputError("statement.unsettled")
    state.closed = (entry.author, entry.at, text(entry.body, "note", WORDS))
