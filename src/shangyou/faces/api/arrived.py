"""Questions about the intake: what arrived, what became of it, what was refused and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.ports import BatchState, Refused
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made, texts
from shangyou.faces.api.moments import moment
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence

BATCH: Final = pa.schema(
    [
        ("batch", WHOLE),
        ("kind", TEXT),
        ("source", TEXT),
        ("at", TIME),
        ("by", TEXT),
        ("entries", WHOLE),
        ("received", WHOLE),
        ("new", WHOLE),
        ("unchanged", WHOLE),
        ("revised", WHOLE),
        ("refused", WHOLE),
        ("withdrawn", TIME),
        ("digest", TEXT),
    ]
)


def batches(
    desk: Desk,
    limit: Annotated[int, "newest so many"] = 100,
    kind: Annotated[str, "kind of intake: hj212, table, cnemc-csv ..."] = "",
) -> Rows:
    """Acts of intake, the newest first."""
    return made(BATCH, map(_batch, desk.node.store.batches(limit, kind=kind or None)))


def outcome(desk: Desk, digest: Annotated[Texts, "fingerprints of files, as the intake gave them"]) -> Rows:
    """What became of files, in the order of their fingerprints."""
    return made(BATCH, (_batch(each) for one in digest for each in desk.node.store.batches(1, digest=one)))


def _batch(state: BatchState) -> dict[str, object]:
    batch, counts = state.batch, state.counts
    return {
        "batch": batch.id,
        "kind": batch.kind,
        "source": batch.source,
        "at": batch.received,
        "by": batch.by,
        "entries": batch.entries,
        **asdict(counts),
        "withdrawn": state.withdrawn,
        "digest": batch.digest,
    }


REFUSED: Final = pa.schema(
    [
        ("at", TIME),
        ("source", TEXT),
        ("kind", TEXT),
        ("line", WHOLE),
        ("column", TEXT),
        ("code", TEXT),
        ("reason", TEXT),
        ("remedy", TEXT),
        ("text", TEXT),
        ("entry", WHOLE),
    ]
)


def refused(
    desk: Desk,
    limit: Annotated[int, "newest so many"] = 100,
    source: Annotated[str, "file, address or MN"] = "",
    since: Annotated[str, "day or time; legal time unless it carries a zone"] = "",
    batch: Annotated[int | None, "id of a batch"] = None,
) -> Rows:
    """What was not taken in, with the reason and where it stands in its source."""
    most = limit if batch is None else 1_000_000
    found = desk.node.intake.refused(most, source=source or None, since=moment(since))
    chosen = [each for each in found if batch is None or each.entry == batch][:limit]
    return made(REFUSED, (_refused(each, desk.language) for each in chosen))


def _refused(found: Refused, language: str) -> dict[str, object]:
    refusal = found.refusal
    said = sentence(refusal.code, refusal.facts, language)
    return {
        "at": found.received,
        "source": found.source,
        "kind": found.kind,
        "line": refusal.line,
        "column": refusal.column,
        "code": refusal.code,
        "reason": said.text,
        "remedy": said.remedy,
        "text": refusal.text,
        "entry": found.entry,
    }


def maps(desk: Desk) -> Rows:
    """Column maps of tables that were kept under a name."""
    return made(texts("name", "body"), ({"name": n, "body": b} for n, b in desk.node.intake.maps().items()))


def progress(desk: Desk) -> Rows:
    """How far the journal has been read into the store, and what is in the way, if anything."""
    done, end = desk.node.store.progress().done, desk.node.journal.end()
    trouble = desk.running.worker.trouble() if desk.running else ""
    schema = pa.schema([("done", WHOLE), ("end", WHOLE), ("trouble", TEXT)])
    return made(schema, [{"done": done, "end": end, "trouble": trouble}])
