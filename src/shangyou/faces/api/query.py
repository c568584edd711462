"""One question to the whole basin, through this node; and what became of it at each node."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

import pyarrow as pa

from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError
from shangyou.exchange import question as asking
from shangyou.exchange.reply import Left
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Question
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.flows.answer import Own
from shangyou.flows.basin import Basin
from shangyou.flows.query import SECONDS, STATES, Alone, Found, Line, ask, rows, summed
from shangyou.governance.periods import parse_period
from shangyou.wiring_exchange import exchange

LINES: Final = pa.schema(
    [
        *((name, TEXT) for name in ("node", "name_zh", "name_en", "state")),
        ("values", WHOLE),
        ("at", TIME),
        ("since", TIME),
        *((name, TEXT) for name in ("code", "text", "remedy", "who")),
        ("took_ms", WHOLE),
    ]
)
Sections = Annotated[Texts, "ids of sections; none: all"]
Rivers = Annotated[Texts, "ids or names of rivers; none: all"]
Provinces = Annotated[Texts, "first two digits of administrative codes; none: all"]
Parameters = Annotated[Texts, "keys of the vocabulary; none: all"]
Cadences = Annotated[Texts, "instant, minute, hour, 4h, day, month"]
Statistics = Annotated[Texts, "value, mean, min, max, total"]
Period = Annotated[str, "2021, 2021-Q2, 2021-04, 2021-04-01, or two of them joined by /"]
Start = Annotated[str, "from this day or time on; legal time unless it carries a zone"]
Stop = Annotated[str, "up to, not including, this day or time"]
AsOf = Annotated[str, "what each node knew at that time"]
Purpose = Annotated[str, "what it is for; agreements may ask"]
AlsoUnusable = Annotated[bool, "values that the checks fail too"]
Shape = Annotated[str, "summary: counts, means, extremes, percentiles; rows: observations"]
By = Annotated[str, "section, river, province or basin: what is summed up together"]
Mean = Annotated[str, "hour, day, month, quarter, year or all: over which legal period"]
Percentiles = Annotated[Texts, "numbers from 0 to 100"]
Nodes = Annotated[Texts, "ids of members to ask; none: all"]
Seconds = Annotated[float, "that a node may take"]


def query(
    desk: Desk,
    section: Sections = (),
    river: Rivers = (),
    province: Provinces = (),
    parameter: Parameters = (),
    cadence: Cadences = (),
    statistic: Statistics = (),
    period: Period = "",
    start: Start = "",
    stop: Stop = "",
    as_of: AsOf = "",
    purpose: Purpose = "",
    unusable: AlsoUnusable = False,
    shape: Shape = "summary",
    by: By = "section",
    mean: Mean = "month",
    percentile: Percentiles = (),
    node: Nodes = (),
    seconds: Seconds = SECONDS,
) -> Rows:
    """One question to all nodes. The schema's metadata tell under `completeness` what became of it at each node."""
    span = parse_period(period, LEGAL) if period else None
    shares = tuple(_share(text) for text in percentile)
    question = asking.Question(
        sections=section,
        rivers=river,
        provinces=province,
        parameters=parameter,
        cadences=cadence,
        statistics=statistic,
        start=span.start if span else moment(start),
        stop=span.stop if span else moment(stop),
        as_of=moment(as_of),
        usable=not unusable,
        purpose=purpose,
        shape=shape,
        label=by,
        period=mean,
        percentiles=bool(shares) and shape == "summary",
    )
    found = asked(desk, question, node, seconds)
    table = rows(found) if shape == "rows" else summed(found, shares)
    return Rows.of(with_lines(table, [found], desk.language)).labelled(found.simulated)


def nodes(
    desk: Desk,
    section: Sections = (),
    river: Rivers = (),
    province: Provinces = (),
    parameter: Parameters = (),
    period: Period = "",
    purpose: Purpose = "",
    shape: Shape = "summary",
    mean: Mean = "month",
    node: Nodes = (),
    seconds: Seconds = SECONDS,
) -> Rows:
    """The same question, and instead of its answer the line of each node: how much it would give, and why not more."""
    found = query(
        desk,
        section=section,
        river=river,
        province=province,
        parameter=parameter,
        period=period,
        purpose=purpose,
        shape=shape,
        by="basin" if shape == "summary" else "section",
        mean=mean,
        node=node,
        seconds=seconds,
    )
    return completeness(found.schema)


def completeness(schema: pa.Schema) -> Rows:
    """The lines that a result carries in its metadata."""
    said = lines_of(schema)
    columns = [pa.array([line.get(f.name) for line in said], WHOLE if f.type == TIME else f.type) for f in LINES]
    return Rows.of(pa.table(columns, names=LINES.names).cast(LINES))


def lines_of(schema: pa.Schema) -> list[dict[str, Any]]:
    """The same, with times as ms since 1970 UTC and reasons one by one under `left`."""
    found: list[dict[str, Any]] = json.loads((schema.metadata or {}).get(b"completeness", b"[]"))
    return found


def with_lines(table: pa.Table, found: Sequence[Found], language: str) -> pa.Table:
    """The table with the line of each node in its metadata; of several questions the one that gave the least."""
    worst: dict[str, Line] = {}
    for each in found:
        for line in each.lines:
            known = worst.get(line.node)
            if known is None or STATES.index(line.state) > STATES.index(known.state):
                worst[line.node] = line
    lines = [line_of(line, language) for line in worst.values()]
    said = {b"completeness": json.dumps(lines, ensure_ascii=False).encode()}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **said})


def basin_of(desk: Desk) -> Basin:
    """All nodes as one, for an assessment."""
    return Basin(desk.node.registry, lambda question: asked(desk, question))


def asked(desk: Desk, question: asking.Question, only: Texts = (), seconds: float = SECONDS) -> Found:
    """The replies of all nodes; of a node that is in no federation its own."""
    joined, node = exchange(desk.node), desk.node
    if joined is None:
        alone = Alone(node.settings.name_zh, node.settings.name_en)
        return ask(question, own_of(desk, alone.me), alone, alone, desk.now, only, seconds)
    return ask(question, own_of(desk, joined.me), joined.members, joined.peers, joined.now, only, seconds)


def own_of(desk: Desk, me: str) -> Own:
    """What this node answers from."""
    return Own(me, desk.node.store, desk.node.registry, desk.simulated)


def line_of(line: Line, language: str) -> dict[str, object]:
    """A node's line with its sentences."""
    first = line.left[0] if line.left else None
    said = sentence(line.code, facts_of(first) if first and line.code == first.code else line.facts, language)
    texts = [said.text] if line.code else []
    if line.code == "query.refused":
        texts += [sentence(each.code, facts_of(each), language).text for each in line.left[:3]]
    elif len(line.left) > 1:
        texts += [sentence(each.code, facts_of(each), language).text for each in line.left[1:3]]
    return {
        "node": line.node,
        "name_zh": line.name_zh,
        "name_en": line.name_en,
        "state": line.state,
        "values": line.values,
        "at": line.at,
        "since": line.since,
        "code": line.code,
        "text": " ".join(texts),
        "remedy": said.remedy if line.code else "",
        "who": first.who if first else "",
        "took_ms": line.took,
        "left": [{name: getattr(each, name) for name in Left.__slots__} for each in line.left],
    }


def facts_of(left: Left) -> dict[str, object]:
    """The facts of a reason, by the names that its sentence uses."""
    return {name: getattr(left, name) for name in Left.__slots__} | {"path": left.rule}


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 100:
        raise InputError("query.question", detail=f"percentile: {text[:40]}")
    return share


QUESTIONS: Final = (
    Question("query", query, "observations"),
    Question("query/nodes", nodes, "observations"),
)
