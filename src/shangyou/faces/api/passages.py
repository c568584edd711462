"""Questions and deeds about the data of transfers: how far they are, what both ends counted, feeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import pyarrow as pa

from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.exchange.metering import OPEN, Meters, Passage
from shangyou.faces.api.contracts import DESK, control
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, made
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.rows import Rows
from shangyou.flows.delete import due_at
from shangyou.wiring_exchange import member_exchange

if TYPE_CHECKING:
    from shangyou.faces.moving import Moving

PASSAGES: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "role", "peer", "agreement", "dataset", "format", "state")),
        *((name, WHOLE) for name in ("rows", "bytes", "blocks")),
        *((name, TEXT) for name in ("code", "reason")),
        *((name, TIME) for name in ("opened", "changed")),
        *((name, WHOLE) for name in ("reached", "whole")),
        ("delete_by", TIME),  # when the oldest that is still here will be deleted, by the agreement's duty
    ]
)
RECEIPTS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "agreement", "peer")),
        ("at", TIME),
        *((name, WHOLE) for name in ("rows", "bytes", "blocks", "signatures")),
        ("digest", TEXT),
        ("differences", TEXT),
    ]
)
METERS: Final = pa.schema(
    [
        *((n, TEXT) for n in ("agreement", "role", "peer", "dataset")),
        *((n, WHOLE) for n in ("rows", "bytes", "requests")),
    ]
)


def passages(
    desk: Desk,
    agreement: Annotated[str, "only those of an agreement"] = "",
    open_only: Annotated[bool, "only those that may still move"] = False,
    feeds: Annotated[bool, "only feeds"] = False,
) -> Rows:
    """Data of transfers at this end: how far they are, and why they stopped."""
    found = _meters(desk).passages(open_only, agreement)
    reached, contracts, store = _plane(desk).reached, control(desk).contracts, desk.node.store
    chosen = [each for each in found if not feeds or each.format.endswith("-FEED")]
    due = {each.id: due_at(contracts, store, each) for each in chosen}
    return made(PASSAGES, [_row(each, reached) | {"delete_by": due[each.id]} for each in chosen])


def _row(passage: Passage, reached: Mapping[str, tuple[int, int]]) -> dict[str, object]:
    row = {field: getattr(passage, field) for field in PASSAGES.names if hasattr(passage, field)}
    row |= {"rows": passage.passed.rows, "bytes": passage.passed.bytes}
    return row | dict(zip(("reached", "whole"), reached.get(passage.id, (None, None)), strict=True))


def receipts(desk: Desk, agreement: Annotated[str, "only those of an agreement"] = "") -> Rows:
    """Receipts that both ends signed; where their counts differ, both figures."""
    rows = []
    for each in _meters(desk).receipts(agreement):
        counted = {name: each.own.get(name) for name in ("rows", "bytes", "blocks", "digest")}
        signatures = each.sealed.get("signatures")
        differences = [f"{d['what']}: {d['own']} | {d['theirs']}" for d in each.differences]
        row = {"id": each.id, "agreement": each.agreement, "peer": each.peer, "at": each.at, **counted}
        signed = len(signatures) if isinstance(signatures, list) else 0
        rows.append(row | {"signatures": signed, "differences": "; ".join(differences)})
    return made(RECEIPTS, rows)


def meters(desk: Desk) -> Rows:
    """What has passed under each agreement, by this end's own count."""
    joined, counted = member_exchange(desk.node), _meters(desk)
    rows = []
    for each in control(desk).contracts.agreements():
        role, peer = ("provider", each.consumer) if each.provider == joined.me else ("consumer", each.provider)
        figures = dict(zip(("rows", "bytes", "requests"), counted.count(each.id, role, None, None), strict=True))
        rows.append({"agreement": each.id, "role": role, "peer": peer, "dataset": each.dataset, **figures})
    return made(METERS, rows)


def fetch(
    desk: Desk,
    id: Annotated[str, "id of the transfer; its beginning is enough"],
    path: Annotated[str, "file on the node's machine (.arrow, .parquet, .csv); none: go on into the store"] = "",
) -> Done:
    """Fetch what is left of a pull; into a file all of it."""
    plane, passage = _plane(desk), _found(desk, id)
    if not path:
        over = plane.move(passage.id)
    else:
        from shangyou.adapters.blocks import FileSink

        with FileSink(Path(path)) as sink:
            over = plane.fetch(replace(passage, state="started"), sink, again=True)
    return _done(over) | {"path": path}


def push(
    desk: Desk,
    agreement: Annotated[str, "id of the agreement"],
    selection: Annotated[str, "which part of the dataset, as JSON; empty: all"] = "",
) -> Done:
    """Ask the provider to push data to this node."""
    from shangyou.flows.push import address

    plane = _plane(desk)
    return _started(desk, agreement, "Arrow-PUSH", _chosen(selection), address(plane.taking, plane.joined.new_id))


def add_feed(
    desk: Desk,
    agreement: Annotated[str, "id of the agreement"],
    selection: Annotated[str, "which part of the dataset, as JSON; empty: all"] = "",
    backfill: Annotated[bool, "also what was there before, after what is fresh"] = True,
) -> Done:
    """Follow a dataset from now on."""
    return _started(desk, agreement, "Arrow-FEED", {**_chosen(selection), "backfill": backfill}, None)


def pause_feed(desk: Desk, id: Annotated[str, "id of the feed; its beginning is enough"]) -> Done:
    """Hold a feed; nothing is lost meanwhile."""
    from shangyou.flows import transfer

    passage = _found(desk, id)
    transfer.suspend(control(desk), passage.id, "feed.paused", [], desk.by)
    return _done(_meters(desk).passage(passage.id))


def resume_feed(desk: Desk, id: Annotated[str, "id of the feed; its beginning is enough"]) -> Done:
    """Go on with a feed that is held."""
    from shangyou.flows import transfer

    passage = _found(desk, id)
    transfer.resume(control(desk), passage.id, desk.by)
    return _done(_meters(desk).passage(passage.id))


def _started(
    desk: Desk, agreement: str, format: str, chosen: dict[str, object], address: dict[str, object] | None
) -> Done:
    from shangyou.flows import transfer
    from shangyou.flows.passage import asked

    asked(chosen)
    talk = transfer.start(control(desk), agreement, format, desk.by, chosen or None, address)
    return {"id": talk.id, "state": talk.state, "peer": talk.peer, "dataset": talk.dataset}


def _chosen(text: str) -> dict[str, object]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise InputError("transfer.selection", where=str(error)[:80]) from error
    if not isinstance(found, dict):
        raise InputError("transfer.selection", where="{...}")
    return found


def _plane(desk: Desk) -> Moving:
    from shangyou.faces.moving import moving

    return moving(member_exchange(desk.node))


def _meters(desk: Desk) -> Meters:
    return _plane(desk).providing.meters


def _found(desk: Desk, id: str) -> Passage:
    """By the beginning of its id. NotFoundError "transfer.unknown"; ConflictError "transfer.ambiguous"."""
    start = id.removeprefix("urn:uuid:")
    listed = _meters(desk).passages(limit=10_000)
    known = [each for each in listed if start and each.id.removeprefix("urn:uuid:").startswith(start)]
    if not known:
        raise NotFoundError("transfer.unknown", id=id[:80])
    if len(known) > 1:
        raise ConflictError("transfer.ambiguous", id=id[:80], count=len(known))
    return known[0]


def _done(passage: Passage) -> Done:
    return {
        "id": passage.id,
        "state": passage.state,
        "peer": passage.peer,
        "dataset": passage.dataset,
        "rows": passage.passed.rows,
        "open": passage.state in OPEN,
    }


QUESTIONS: Final = (
    Question("passages", passages, "contracts"),
    Question("receipts", receipts, "contracts"),
    Question("meters", meters, "contracts"),
)
DEEDS: Final = (
    Deed("transfers/fetch", fetch, "contracts", DESK),
    Deed("transfers/push", push, "contracts", DESK),
    Deed("feeds/add", add_feed, "contracts", DESK),
    Deed("feeds/pause", pause_feed, "contracts", DESK),
    Deed("feeds/resume", resume_feed, "contracts", DESK),
)
