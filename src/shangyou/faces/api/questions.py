"""Questions: what can be asked of a node, each a function of the desk that answers with rows.

The command line and the HTTP API read the same table, `QUESTIONS`; so whether a node serves or not, the answer is one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.clock import LEGAL
from shangyou.core.errors import NotFoundError
from shangyou.core.ports import BatchState, Command, Refused, Selection
from shangyou.core.registry import Section
from shangyou.faces.api import vocabulary
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.moments import moment
from shangyou.faces.api.status import MOMENTS, status
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence

TIME: Final = pa.timestamp("ms", "UTC")
TEXT: Final = pa.string()
WHOLE: Final = pa.int64()
Texts = tuple[str, ...]

SECTION: Final = pa.schema(
    [(name, TEXT) for name in ("id", "name_zh", "name_en", "province", "city", "basin", "river", "kind")]
    + [("longitude", pa.float64()), ("latitude", pa.float64())]
    + [(name, TEXT) for name in ("status", "merged_into", "source", "confidence")]
)


def _rows(schema: pa.Schema, rows: Iterable[dict[str, object]]) -> Rows:
    return Rows.of(pa.Table.from_pylist(list(rows), schema))


def _texts(*names: str) -> pa.Schema:
    return pa.schema([(name, TEXT) for name in names])


# ---- the registry -----------------------------------------------------------------------------------------------


def agencies(desk: Desk) -> Rows:
    """Agencies of the federation."""
    fields = _texts("id", "name_zh", "name_en", "level", "adm_code")
    return _rows(fields, (asdict(each) for each in desk.node.registry.agencies()))


def rivers(desk: Desk, text: Annotated[str, "part of a name"] = "") -> Rows:
    """Rivers and lakes."""
    found = [asdict(r) for r in desk.node.registry.rivers() if text in r.name_zh or text.lower() in r.name_en.lower()]
    return _rows(_texts("id", "name_zh", "name_en", "into", "basin"), found)


def sections(
    desk: Desk,
    text: Annotated[str, "part of its id or names"] = "",
    province: Annotated[str, "province, or part of its name"] = "",
    city: Annotated[str, "city, or part of its name"] = "",
    river: Annotated[str, "river, or part of its name"] = "",
    basin: Annotated[str, "basin, or part of its name"] = "",
    status: Annotated[str, "unconfirmed or confirmed"] = "",
) -> Rows:
    """Sections that are not merged into others."""
    wanted = {"province": province, "city": city, "river": river, "basin": basin}

    def fits(section: Section) -> bool:
        named = (section.id, section.name_zh, section.name_en.lower())
        return (
            all(part in getattr(section, name) for name, part in wanted.items())
            and (not status or section.status == status)
            and (not text or any(text.lower() in name.lower() for name in named))
        )

    return _rows(SECTION, (_section(each) for each in desk.node.registry.sections() if fits(each)))


def section(desk: Desk, id: Annotated[str, "id of the section"]) -> Rows:
    """One section, or that into which it was merged."""
    return _rows(SECTION, [_section(desk.node.registry.section(id))])


def _section(found: Section) -> dict[str, object]:
    return asdict(found) | {"kind": str(found.kind), "status": str(found.status)}


def history(desk: Desk, id: Annotated[str, "id of the section"]) -> Rows:
    """What became of a section: every change with who, when and what."""
    schema = pa.schema([("at", TIME), ("by", TEXT), ("what", TEXT), ("change", TEXT)])
    desk.node.registry.section(id)  # refuses an unknown id
    changes = desk.node.registry.history(id)
    rows: list[dict[str, object]] = [
        {"at": c["at"], "by": c["by"], "what": c["what"], "change": _change(c["before"], c["after"])} for c in changes
    ]
    return _rows(schema, rows)


def _change(before: object, after: object) -> str:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ""
    names = [name for name in after if after[name] != before.get(name) and (before or after[name] not in (None, ""))]
    return "; ".join(f"{name}: {before.get(name) or '–'} → {after[name]}" for name in names)


def parameters(
    desk: Desk,
    text: Annotated[str, "part of its key, names or codes"] = "",
    group: Annotated[str, "water, air, sound, process or station"] = "",
) -> Rows:
    """The vocabulary: what can be measured, in which canonical unit, and what others call it."""
    return vocabulary.parameters(text, group)


# ---- intake -----------------------------------------------------------------------------------------------------

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
    return _rows(BATCH, map(_batch, desk.node.store.batches(limit, kind=kind or None)))


def outcome(desk: Desk, digest: Annotated[Texts, "fingerprints of files, as the intake gave them"]) -> Rows:
    """What became of files, in the order of their fingerprints."""
    return _rows(BATCH, (_batch(each) for one in digest for each in desk.node.store.batches(1, digest=one)))


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
    return _rows(REFUSED, (_refused(each, desk.language) for each in chosen))


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
    return _rows(_texts("name", "body"), ({"name": n, "body": b} for n, b in desk.node.intake.maps().items()))


# ---- devices ----------------------------------------------------------------------------------------------------


def devices(desk: Desk, status: Annotated[str, "active, quarantined or blocked"] = "") -> Rows:
    """Monitors that report under an MN."""
    names = ("mn", "name", "section", "system", "profile", "unit_profile", "status", "encoding")
    schema = pa.schema([*_texts(*names), ("outlet", pa.bool_())])
    return _rows(schema, (asdict(d) for d in desk.node.registry.devices() if not status or d.status == status))


COMMAND: Final = pa.schema(
    [
        ("id", WHOLE),
        ("mn", TEXT),
        ("code", TEXT),
        ("arguments", TEXT),
        ("state", TEXT),
        ("outcome", TEXT),
        ("qn", TEXT),
        ("asked", TIME),
        ("changed", TIME),
        ("attempts", WHOLE),
        ("by", TEXT),
    ]
)


def commands(
    desk: Desk,
    mn: Annotated[str, "MN of a device"] = "",
    state: Annotated[Texts, "queued, sent, accepted, done, refused, failed, expired"] = (),
    limit: Annotated[int, "newest so many"] = 100,
) -> Rows:
    """Orders to devices and how far they are."""
    found = desk.node.intake.commands(mn or None, state, limit)
    return _rows(COMMAND, (_command(each, desk.language) for each in found))


def command(desk: Desk, id: Annotated[int, "id of the order"]) -> Rows:
    """One order to a device."""
    found = [each for each in desk.node.intake.commands(limit=1_000_000) if each.id == id]
    if not found:
        raise NotFoundError("command.unknown", id=id)
    return _rows(COMMAND, [_command(found[0], desk.language)])


def _command(found: Command, language: str) -> dict[str, object]:
    from shangyou.ingest.hj212.commands import outcome_words

    arguments = json.dumps(found.arguments, ensure_ascii=False)
    return asdict(found) | {"arguments": arguments, "outcome": outcome_words(found.outcome, language)}


def sessions(
    desk: Desk,
    limit: Annotated[int, "newest so many"] = 200,
    open_only: Annotated[bool, "only those that are open now"] = False,
) -> Rows:
    """Connections of devices, those with the newest packets first."""
    fields = [("id", WHOLE), ("peer", TEXT), ("mn", TEXT), ("opened", TIME), ("last", TIME), ("packets", WHOLE)]
    fields += [("refused", WHOLE), ("bytes", WHOLE), ("closed", TIME), ("reason", TEXT)]
    return _rows(pa.schema(fields), (asdict(s) for s in desk.node.intake.sessions(limit, open_only)))


# ---- observations -----------------------------------------------------------------------------------------------


def latest(
    desk: Desk,
    site: Annotated[Texts, "sections or MN"] = (),
    parameter: Annotated[Texts, "keys of the vocabulary"] = (),
) -> Rows:
    """The newest observation of each series."""
    from shangyou.flows.export import Names

    chosen = Names(desk.node.registry).expand(Selection(sites=site))
    return Rows.of(desk.node.store.latest(chosen.sites, parameter)).labelled(desk.simulated)


def observations(
    desk: Desk,
    site: Annotated[Texts, "sections (with all that was merged into them, and their devices) or MN"] = (),
    parameter: Annotated[Texts, "keys of the vocabulary"] = (),
    cadence: Annotated[Texts, "instant, minute, hour, 4h, day, month"] = (),
    statistic: Annotated[Texts, "value, mean, min, max, total"] = (),
    period: Annotated[str, "2021, 2021-Q2, 2021-04, 2021-04-01, or two of them joined by /"] = "",
    start: Annotated[str, "from this day or time on; legal time unless it carries a zone"] = "",
    stop: Annotated[str, "up to, not including, this day or time"] = "",
    as_of: Annotated[str, "what was known at that time"] = "",
    versions: Annotated[bool, "all versions, not only those in force"] = False,
    usable: Annotated[bool, "only values that an assessment may use"] = False,
    shape: Annotated[str, "long: one row a value; wide: one row a sample"] = "long",
    limit: Annotated[int | None, "at most so many values"] = None,
) -> Rows:
    """Observations with all that is known of each."""
    from shangyou.flows.export import export
    from shangyou.governance.periods import parse_period

    span = parse_period(period, LEGAL) if period else None
    selection = Selection(
        sites=site,
        parameters=parameter,
        cadences=cadence,
        statistics=statistic,
        start=span.start if span else moment(start),
        stop=span.stop if span else moment(stop),
        as_of=moment(as_of),
        versions=versions,
        usable=usable,
        limit=limit,
    )
    found = export(desk.node.store, desk.node.registry, selection, shape)
    return Rows(found.schema, found.batches).labelled(desk.simulated)


def assess(
    desk: Desk,
    period: Annotated[
        str, "2021, 2021-Q2, 2021-04, 2021-04-01, two joined by /; none: the newest month with data"
    ] = "",
    by: Annotated[str, "sample, section, river, province or basin"] = "section",
    as_of: Annotated[str, "what was known at that time"] = "",
    item: Annotated[Texts, "of the 21 items; none: all"] = (),
    basis: Annotated[str, "published: rounded as the portal does; rule: to the decimals of the rules"] = "",
    against: Annotated[str, "another period to compare with"] = "",
    section: Annotated[Texts, "ids of sections; none: all"] = (),
) -> Rows:
    """Classes, limiting factors, grades and main pollutants of a period."""
    from shangyou.flows.assess import assess

    table = assess(
        desk.node.store,
        desk.node.registry,
        period or newest_month(desk),
        by,
        as_of=moment(as_of),
        items=item,
        basis=basis or None,
        against=against or None,
        sections=section,
    )
    return Rows.of(table).labelled(desk.simulated)


def newest_month(desk: Desk) -> str:
    """The month, in legal time, of the newest observation; this month where there is none."""
    from shangyou.core.clock import from_ms

    last = desk.node.store.size().last
    return from_ms(desk.now() if last is None else last).astimezone(LEGAL).strftime("%Y-%m")


def progress(desk: Desk) -> Rows:
    """How far the journal has been read into the store, and what is in the way, if anything."""
    done, end = desk.node.store.progress().done, desk.node.journal.end()
    trouble = desk.running.worker.trouble() if desk.running else ""
    schema = pa.schema([("done", WHOLE), ("end", WHOLE), ("trouble", TEXT)])
    return _rows(schema, [{"done": done, "end": end, "trouble": trouble}])


# ---- the node ---------------------------------------------------------------------------------------------------


def state(desk: Desk) -> Rows:
    """The node itself: where it listens, what it holds, how far it has digested, what it has room for."""
    found = status(desk)
    kinds = {"simulated": pa.bool_(), "serving": pa.bool_()} | dict.fromkeys(MOMENTS, TIME)
    texts = dict.fromkeys(("name_zh", "name_en", "level", "version", "home", "http", "hj212", "trouble"), TEXT)
    return _rows(pa.schema([(name, (kinds | texts).get(name, WHOLE)) for name in found]), [dict(found)])


def people(desk: Desk) -> Rows:
    """Who may sign in."""
    return _rows(_texts("name", "role", "display", "language"), map(asdict, desk.node.people.people()))


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its path under /api/v1/."""

    path: str
    ask: Callable[..., Rows]
    about: str  # group of the documentation
    roles: frozenset[str] | None = None  # who may ask; None = everybody who is signed in


QUESTIONS: Final = {
    question.path: question
    for question in (
        Question("status", state, "node"),
        Question("people", people, "node", frozenset({"operator", "security"})),
        Question("agencies", agencies, "registry"),
        Question("rivers", rivers, "registry"),
        Question("sections", sections, "registry"),
        Question("section", section, "registry"),
        Question("history", history, "registry"),
        Question("parameters", parameters, "registry"),
        Question("batches", batches, "intake"),
        Question("outcome", outcome, "intake"),
        Question("refused", refused, "intake"),
        Question("progress", progress, "intake"),
        Question("maps", maps, "intake"),
        Question("devices", devices, "devices"),
        Question("commands", commands, "devices"),
        Question("command", command, "devices"),
        Question("sessions", sessions, "devices"),
        Question("latest", latest, "observations"),
        Question("observations", observations, "observations"),
        Question("assess", assess, "observations"),
    )
}
