"""Ask the whole basin: one question to all nodes at once, their replies combined exactly, and a line on each node.

    found = ask(question, own, members, peers, now)
    table = summed(found, percentiles=(90,))      # or rows(found)
    found.lines                                    # who answered, who did not, and why

A node that is away or refuses costs its own data, never the answer. Sums are added up, never averages of averages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.errors import InputError, NotFoundError, RefusedError, ShangyouError, UnavailableError
from shangyou.exchange.member import Level, Member, Standing
from shangyou.exchange.ports import Answer, Members, Peers
from shangyou.exchange.question import Question, verified, written
from shangyou.exchange.reply import MEDIA, ROWS, Header, Left, Place, unpacked
from shangyou.exchange.summaries.summary import KEYS, finished, merged
from shangyou.exchange.wire import parsed_object
from shangyou.flows.answer import LOGARITHMIC, Own, answer_own

PATH: Final = "/question/1"  # with the version of what is said there
SECONDS: Final = 20.0  # for one node
GRACE: Final = 2.0  # until a call that does not keep its time is left behind
STALE: Final = 86_400_000  # ms without anything new, of a node that is asked for what is new
STATES: Final = ("answered", "narrowed", "stale", "refused", "no_agreement", "away", "wrong")


@dataclass(frozen=True, slots=True)
class Line:
    """What became of the question at one node."""

    node: str  # member id
    name_zh: str
    name_en: str
    state: str  # of STATES; answered, narrowed and stale have their data in the result, the others have not
    values: int = 0  # observations that its reply stands for
    at: int | None = None  # [ms since 1970 UTC] the reply tells what the node knew then
    since: int | None = None  # when it last received something of what is asked for
    code: str = ""  # why not, or not all
    facts: Mapping[str, object] = field(default_factory=dict)
    left: tuple[Left, ...] = ()  # what of it was left out or refused, by rule
    took: int = 0  # ms


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The replies of all nodes."""

    question: Question
    tables: Mapping[str, pa.Table]  # by member id
    lines: tuple[Line, ...]
    places: Mapping[str, Place]  # sections that the replies are about
    simulated: bool = False

    @property
    def complete(self) -> bool:
        """Has every node given all that was asked for?"""
        return all(line.state == "answered" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Alone:
    """The members and peers of a node that is in no federation."""

    name_zh: str = ""
    name_en: str = ""
    me: str = "local"

    def member(self, id: str) -> Member:
        """Itself; NotFoundError "federation.member"."""
        if id != self.me:
            raise NotFoundError("federation.member", id=id)
        return Member(id, self.name_zh, self.name_en, Level.PROVINCIAL, "", "", ())

    def members(self) -> list[Member]:
        """Nobody else."""
        return [self.member(self.me)]

    def call(self, member: str, *_: object, **__: object) -> Answer:
        """There is nobody to ask. NotFoundError "federation.member"."""
        raise NotFoundError("federation.member", id=member)

    def stream(self, member: str, *_: object, **__: object) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        """The same."""
        raise NotFoundError("federation.member", id=member)


def ask(
    question: Question,
    own: Own | None,
    members: Members,
    peers: Peers,
    now: Callable[[], int],
    only: Sequence[str] = (),
    seconds: float = SECONDS,
) -> Found:
    """Ask this node's store (unless `own` is None) and all other members, or those named, at the same time.

    Never raises for what others do. InputError "query.question", "query.too_much" for what nobody could answer;
    NotFoundError "federation.member" for a name that is none.
    """
    verified(question)
    for id in only:
        members.member(id)
    others = [m for m in members.members() if m.id != members.me and (not only or m.id in only)]
    pool = ThreadPoolExecutor(max_workers=max(1, len(others)), thread_name_prefix="query")
    try:
        futures = {m.id: pool.submit(_asked, peers, m, question, now, seconds) for m in others}
        replies: dict[str, tuple[Line, Header | None, pa.Table | None]] = {}
        if own is not None and (not only or members.me in only):
            replies[members.me] = _own(own, members, question, now)
        wait(futures.values(), timeout=seconds + GRACE)
        for member in others:
            replies[member.id] = _heard(futures[member.id], member, seconds)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    places: dict[str, Place] = {}
    for _, header, _ in replies.values():
        for place in header.places if header is not None else ():
            places.setdefault(place.id, place)
    return Found(
        question=question,
        tables={id: table for id, (_, _, table) in replies.items() if table is not None},
        lines=tuple(line for line, _, _ in replies.values()),
        places=places,
        simulated=any(header.simulated for _, header, _ in replies.values() if header is not None),
    )


def _own(
    own: Own, members: Members, question: Question, now: Callable[[], int]
) -> tuple[Line, Header | None, pa.Table | None]:
    began = now()
    header, table = answer_own(own, question, began)
    me = members.member(members.me)
    return _line(me.id, (me.name_zh, me.name_en), header, question, now() - began), header, table


def _asked(
    peers: Peers, member: Member, question: Question, now: Callable[[], int], seconds: float
) -> tuple[Line, Header | None, pa.Table | None]:
    """One node's reply, or a line that says why there is none."""
    began = now()
    names = (member.name_zh, member.name_en)
    try:
        if member.standing is not Standing.ACTIVE:
            raise RefusedError("peer.standing", member=member.id, standing=str(member.standing), reason=member.reason)
        answer = peers.call(member.id, "POST", PATH, written(question), seconds=seconds, headers={"accept": MEDIA})
        if answer.status != 200:
            return _not(member, answer, now() - began), None, None
        header, table = unpacked(answer.body, question, member.id)
    except UnavailableError as error:
        return Line(member.id, *names, "away", code=error.code, facts=error.facts, took=now() - began), None, None
    except InputError as error:
        return Line(member.id, *names, "wrong", code=error.code, facts=error.facts, took=now() - began), None, None
    except ShangyouError as error:
        return Line(member.id, *names, "refused", code=error.code, facts=error.facts, took=now() - began), None, None
    return _line(member.id, names, header, question, now() - began), header, table


def _heard(
    future: Future[tuple[Line, Header | None, pa.Table | None]], member: Member, seconds: float
) -> tuple[Line, Header | None, pa.Table | None]:
    """What a call came to by now; what comes later is not heard any more."""
    names = (member.name_zh, member.name_en)
    if not future.done():
        facts = {"member": member.id, "address": member.address, "reason": "timeout", "detail": f"{seconds:g} s"}
        return Line(member.id, *names, "away", code="peer.unreachable", facts=facts), None, None
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001  whatever one node's reply does here, the others still count
        facts = {"detail": type(error).__name__}
        return Line(member.id, *names, "wrong", code="query.answer", facts=facts), None, None


def _line(node: str, names: tuple[str, str], header: Header, question: Question, took: int) -> Line:
    new = question.as_of is None and (question.stop is None or question.stop > header.at - STALE)
    old = new and header.last is not None and header.last < header.at - STALE
    state = "narrowed" if header.left else "stale" if old else "answered"
    return Line(
        node=node,
        name_zh=names[0],
        name_en=names[1],
        state=state,
        values=header.values,
        at=header.at,
        since=header.last,
        code=header.left[0].code if header.left else "query.stale" if old else "",
        left=header.left,
        took=took,
    )


def _not(member: Member, answer: Answer, took: int) -> Line:
    """A line for an answer that is an error."""
    try:
        said = parsed_object(answer.body, 1 << 18)
    except InputError:
        said = {}
    code, facts = str(said.get("code", ""))[:60], said.get("facts")
    told = dict(facts) if isinstance(facts, dict) else {}
    left = tuple(_left(each) for each in told.pop("left", ())[:20]) if isinstance(told.get("left", ()), list) else ()
    known = code.replace(".", "").replace("_", "").isalnum()
    state = "no_agreement" if code == "query.no_agreement" else "away" if answer.status >= 500 else "refused"
    return Line(
        node=member.id,
        name_zh=member.name_zh,
        name_en=member.name_en,
        state=state,
        code=code if known else "query.status",
        facts={str(k)[:60]: str(v)[:300] for k, v in told.items()} | {"status": answer.status},
        left=left,
        took=took,
    )


def _left(told: object) -> Left:
    """A reason of another node, cut to what a line holds."""
    fields = told if isinstance(told, dict) else {}
    return Left(**{name: str(fields.get(name, ""))[:300] for name in Left.__slots__})


# ---- combining -----------------------------------------------------------------------------------------------------


def summed(found: Found, percentiles: Sequence[float] = ()) -> pa.Table:
    """Of a question for summaries: label, parameter, cadence, statistic, period, count, censored, mean, minimum,
    maximum, the percentiles asked for (0 to 100), and the nodes whose data are in it.
    """
    if percentiles and not found.question.percentiles:
        raise InputError("query.question", detail="percentiles")
    table = finished(merged(list(found.tables.values())), LOGARITHMIC, percentiles)
    table = table.append_column("nodes", _nodes(found.tables))
    return described(table, found)


def _nodes(tables: Mapping[str, pa.Table]) -> pa.Array:
    """The nodes behind each row of the merged table: a bit for each, as each has a group once."""
    names = list(tables)
    keyed = [
        table.select(KEYS).append_column("bit", pa.array(np.full(len(table), 1 << number, np.int64)))
        for number, table in enumerate(tables.values())
    ]
    if not keyed:
        return pa.array([], pa.string())
    whole = pa.concat_tables(keyed).group_by(list(KEYS), use_threads=False).aggregate([("bit", "sum")])
    bits = whole.sort_by([(name, "ascending") for name in KEYS])["bit_sum"].combine_chunks().dictionary_encode()
    texts = [", ".join(n for i, n in enumerate(names) if mask >> i & 1) for mask in bits.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(bits.indices)


def rows(found: Found) -> pa.Table:
    """Of a question for rows: all observations, with the node that each came from."""
    schema = ROWS.append(pa.field("node", pa.string()))
    tables = [
        table.append_column("node", pa.array([id]).take(pa.array(np.zeros(len(table), np.int32))))
        for id, table in found.tables.items()
    ]
    whole = pa.concat_tables([schema.empty_table(), *tables])
    keys = [(name, "ascending") for name in ("site", "parameter", "cadence", "statistic", "time", "revision", "node")]
    return described(whole.take(pc.sort_indices(whole, keys)), found)


def described(table: pa.Table, found: Found) -> pa.Table:
    """The table with the line of each node in its metadata, as JSON under `completeness`."""
    lines = [
        {
            "node": line.node,
            "name_zh": line.name_zh,
            "name_en": line.name_en,
            "state": line.state,
            "values": line.values,
            "at": line.at,
            "since": line.since,
            "code": line.code,
            "facts": {name: str(value) for name, value in line.facts.items()},
            "left": [{name: getattr(each, name) for name in Left.__slots__} for each in line.left],
            "took_ms": line.took,
        }
        for line in found.lines
    ]
    said = {"completeness": json.dumps(lines, ensure_ascii=False), "complete": str(found.complete).lower()}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **said})
