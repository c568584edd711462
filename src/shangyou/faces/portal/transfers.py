"""Transfers and meters: what moves now and how fast, why something stopped, feeds, what both sides have counted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from shangyou.adapters.state.meters import SqlMeters
from shangyou.adapters.state.standing import SqlWishes
from shangyou.core.errors import NotFoundError
from shangyou.exchange.dsp.talk import Talk
from shangyou.exchange.metering import Passage, Receipt, Tally
from shangyou.faces import ended
from shangyou.faces.api import standing
from shangyou.faces.api.acts import perform
from shangyou.faces.api.desk import Desk as ApiDesk
from shangyou.faces.portal.desk import Desk, desk
from shangyou.faces.portal.parties import desk_of, joined
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence
from shangyou.flows.delete import due_at

if TYPE_CHECKING:
    from shangyou.wiring import Made

STOP: Final = "transfers/stop"  # the deed
MADE: Final = "portal speeds"
MOST: Final = 200
SHORT: Final = 1000  # ms: two looks that are closer tell no speed
STALE: Final = 60_000  # ms: and of one that is older it is not "now"
COUNTED: Final = ("rows", "bytes", "blocks")


@dataclass(eq=False, slots=True)
class Speeds:
    """How fast passages move, from one look at them to the next."""

    seen: OrderedDict[str, tuple[int, int, float | None]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, id: str, rows: int, since: int, now: int) -> float | None:
        """Rows a second. On the first look since the start [ms since 1970 UTC]; None where that is too short."""
        with self.lock:
            at, before, known = self.seen.pop(id, (since, 0, None))
            if now - at >= SHORT:
                at, before, known = now, rows, 1000 * (rows - before) / (now - at)
            self.seen[id] = (at, before, known)
            while len(self.seen) > 10 * MOST:
                self.seen.popitem(last=False)
            return known


def speeds(made: Made) -> Speeds:
    """Those of a node, shared by all readers."""
    return made.once(MADE, Speeds)


@dataclass(frozen=True, slots=True)
class Moved:
    """A transfer as a line of a table: the talk about it, and what has passed."""

    id: str
    peer: str
    title: str
    dataset: str
    agreement: str
    format: str
    out: bool  # data leave this node
    state: str  # of the passage; of the talk where nothing has passed yet
    passed: Tally
    blocks: int
    rate: float | None  # rows a second
    opened: int
    changed: int
    why: Sentence | None
    reason: str
    open: bool  # may be stopped
    feed: bool
    simulated: bool
    backfill: str  # of a feed at the subscriber: under_way, done, ""
    delete_by: int | None  # when the oldest that is here goes, by the agreement's duty


def moved(at: Desk, meters: SqlMeters, agreement: str = "") -> list[Moved]:
    """Transfers, the newest first, of one agreement or of all."""
    talks = {t.id: t for t in at.control.talks.talks("transfer", agreement=agreement, limit=MOST)}
    passages = {p.id: p for p in meters.passages(agreement=agreement, limit=MOST)}
    lines = [_line(at, id, talks.get(id), passages.get(id)) for id in {**talks, **passages}]
    return sorted(lines, key=lambda line: -line.opened)


def _line(at: Desk, id: str, talk: Talk | None, passage: Passage | None) -> Moved:
    agreement = passage.agreement if passage else talk.agreement if talk else ""
    dataset = passage.dataset if passage else _dataset(at, agreement)
    role = passage.role if passage else talk.role if talk else ""
    format = passage.format if passage else talk.format if talk else ""
    code = (passage.code if passage else "") or (talk.code if talk else "")
    peer = passage.peer if passage else talk.peer if talk else ""
    state = state_of(talk, passage)
    passed = passage.passed if passage else Tally()
    opened = passage.opened if passage and passage.opened else talk.opened if talk else 0
    moving = state == "started" and passage is not None
    feed = format.endswith("-FEED")
    rate = speeds(at.found.node.made).of(id, passed.rows, opened, at.visit.now) if moving and not feed else None
    return Moved(
        id=id,
        peer=at.parties.name(peer),
        title=at.parties.title(dataset),
        dataset=dataset,
        agreement=agreement,
        format=format,
        out=role == "provider",
        state=state,
        passed=passed,
        blocks=passage.blocks if passage else 0,
        rate=rate,
        opened=opened,
        changed=max(passage.changed if passage else 0, talk.since if talk else 0),
        why=_said(at, code, state, talk, passage) if code else None,
        reason=(passage.reason if passage else "") or ended.texts(talk.reasons if talk else ()),
        open=talk is not None and talk.state in ("REQUESTED", "STARTED", "SUSPENDED"),
        feed=feed,
        simulated=at.parties.simulated(dataset),
        backfill=_backfill(at, passage) if passage is not None and feed else "",
        delete_by=due_at(at.control.contracts, at.found.node.store, passage) if passage is not None else None,
    )


def state_of(talk: Talk | None, passage: Passage | None) -> str:
    """asked, offered, started, paused, stopped, complete: the later of what both planes say."""
    ended = {"TERMINATED": "stopped", "COMPLETED": "complete", "SUSPENDED": "paused"}
    if talk is not None and talk.state in ended:
        return ended[talk.state]
    if passage is not None:
        return passage.state
    return "started" if talk is not None and talk.state == "STARTED" else "asked"


def _dataset(at: Desk, agreement: str) -> str:
    try:
        return at.control.contracts.agreement(agreement).dataset
    except NotFoundError:
        return ""


def _said(at: Desk, code: str, state: str, talk: Talk | None, passage: Passage | None) -> Sentence:
    """Why it stopped, with the facts that the data plane keeps, else those of the talk."""
    of = passage or talk
    assert of is not None
    peer, t = at.parties.name(of.peer), at.visit.t
    names = {"peer": peer, "member": peer, "id": of.id, "state": t(f"transfer_state.{state}"), "dataset": of.dataset}
    reasons = talk.reasons if talk and talk.code == code else ()
    return ended.why(code, names, reasons, t.language, passage.facts if passage and passage.code == code else None)


def _backfill(at: Desk, passage: Passage) -> str:
    """Where the subscriber stands with what was there before: by the marks in its store."""
    if passage.role != "consumer":
        return ""
    mark = getattr(at.visit.node.store, "mark", None)
    if mark is None:
        return ""
    if not mark(f"feed {passage.id}"):
        return "begins"
    return "done" if mark(f"feed {passage.id} back") == "done" else "under_way"


# ---- both sides -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Both:
    """A receipt: what this end has counted, what the other has, and on what they differ."""

    receipt: Receipt
    peer: str
    title: str
    own: Mapping[str, object]
    theirs: Mapping[str, object]
    differ: tuple[str, ...]
    signatures: int


def receipted(at: Desk, receipts: Sequence[Receipt]) -> list[Both]:
    """Receipts side by side."""
    found = []
    for each in receipts:
        other = {str(d["what"]): d["theirs"] for d in each.differences}
        signed = each.sealed.get("signatures")
        found.append(
            Both(
                each,
                at.parties.name(each.peer),
                at.parties.title(str(each.own.get("dataset", ""))),
                each.own,
                {**each.own, **other},
                tuple(other),
                len(signed) if isinstance(signed, list) else 0,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Meter:
    """What this end has counted under an agreement, and how much of it both ends have signed for."""

    agreement: str
    peer: str
    title: str
    dataset: str
    out: bool
    simulated: bool
    passed: Tally
    signed: Tally  # by receipts, as the other end counts
    differ: int  # receipts with a difference


def metered(at: Desk, meters: SqlMeters, lines: Sequence[Moved], receipts: Sequence[Both]) -> list[Meter]:
    """A line for each agreement that something has passed under."""
    found = []
    for agreement in dict.fromkeys(line.agreement for line in lines):
        mine = [line for line in lines if line.agreement == agreement]
        theirs = [each for each in receipts if each.receipt.agreement == agreement]
        first = mine[0]
        counted = Tally(*meters.count(agreement, "provider" if first.out else "consumer", None, None))
        signed = Tally(*(sum(_whole(each.theirs.get(name)) for each in theirs) for name in ("rows", "bytes")))
        differ = sum(bool(each.differ) for each in theirs)
        found.append(
            Meter(
                agreement, first.peer, first.title, first.dataset, first.out, first.simulated, counted, signed, differ
            )
        )
    return found


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def page(visit: Visit) -> Response:
    """The page."""
    found = joined(visit)
    if found is None:
        return visit.page("contracts_none.html")
    at, meters = desk(visit, found), SqlMeters(found.node.database)
    lines, receipts = moved(at, meters), receipted(at, meters.receipts(limit=MOST))
    running = [line for line in lines if not line.feed and line.state in ("asked", "offered", "started", "paused")]
    feeds = [line for line in lines if line.feed and line.state not in ("stopped", "complete")]
    differ = [each for each in receipts if each.differ]
    return visit.page(
        "transfers.html",
        title=finding(visit, running, feeds, differ),
        running=running,
        feeds=feeds,
        stands=stood(at),
        over=[line for line in lines if line.state in ("stopped", "complete")][:50],
        meters=metered(at, meters, lines, receipts),
        receipts=receipts[:50],
        counted=COUNTED,
        done=visit.query("done"),
    )


@dataclass(frozen=True, slots=True)
class Stood:
    """A dataset of a standing subscription as a line of a table."""

    owner: str
    title: str
    dataset: str
    kind: str  # good: it follows; warn: a person has to act; "": it goes on by itself
    why: str
    rows: int
    last: int | None  # ms since 1970 UTC: when it last brought any


def stood(at: Desk) -> list[Stood]:
    """How far the standing subscriptions of this node are."""
    visit, database = at.visit, at.found.node.database
    if not SqlWishes(database).wishes():
        return []
    rows = standing.stands(ApiDesk(at.found.node, language=visit.t.language)).table().to_pylist()
    return [
        Stood(
            at.parties.name(row["owner"]),
            at.parties.title(row["dataset"]),
            row["dataset"],
            "good" if row["state"] == "following" else "" if row["by_itself"] else "warn",
            row["why"],
            row["rows"],
            visit.ms(row["last"]) if row["last"] is not None else None,
        )
        for row in rows
    ]


def finding(visit: Visit, running: Sequence[Moved], feeds: Sequence[Moved], differ: Sequence[Both]) -> str:
    """The title: differences first, then what moves."""
    t = visit.t
    if differ:
        return t.count("transfers.differ", len(differ))
    now = sum(line.state == "started" for line in running)
    if now or feeds:
        return t.count("transfers.now", now) + (t.count("transfers.and_feeds", len(feeds)) if feeds else "")
    waits = len(running)
    return t.count("transfers.wait", waits) if waits else t("transfers.calm")


def stop(visit: Visit) -> Response:
    """End a transfer."""
    by = visit.need("contract.ask")
    perform(desk_of(visit, by), STOP, id=visit.form.get("id", ""), why=visit.form.get("why", "").strip()[:1000])
    return visit.go("/transfers?done=stopped")
