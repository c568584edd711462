"""One parameter at one section as data for a chart, thinned by the node; or whole, as Arrow."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from starlette.responses import Response

from shangyou.core.errors import NotFoundError
from shangyou.core.records import Censor, Flag
from shangyou.faces.portal import figures, files, names, verdicts
from shangyou.faces.portal.spans import Span, span_of
from shangyou.faces.portal.visit import Visit
from shangyou.faces.rows import MEDIA, Rows, encode
from shangyou.flows.look_section import is_floor, item_limits, limit_lines
from shangyou.flows.look_series import Line, holes, kinds, line, superseded, thin

BUCKETS: Final = 600  # of a chart: each has its lowest and its highest value
GHOSTS: Final = 2000  # superseded versions that a chart can show


def series(visit: Visit) -> Response:
    """JSON for the chart; `form=arrow` gives every value with all its columns."""
    shown, span, section, sites = _asked(visit)
    if visit.query("form") == "arrow":
        rows = Rows.of(shown.table).labelled(visit.node.settings.simulated)
        return Response(b"".join(encode(rows, "arrow")), media_type=MEDIA["arrow"])
    parameter = visit.query("parameter")
    keep = thin(shown, visit.number("buckets", BUCKETS, 10, 5000))
    of_class = item_limits(section, figures.legal(span.stop - 1).date())
    old = superseded(visit.node.store, sites, parameter, (shown.cadence, shown.statistic), span.start, span.stop)
    old = old.slice(max(0, len(old) - GHOSTS))
    flagged, notes = _notes(shown, keep, visit)
    body = {
        "name": figures.name_of(parameter, visit.t),
        "unit": figures.unit_of(parameter),
        "section": names.section_name(section, visit.t),
        "start": span.start,
        "stop": span.stop,
        "total": len(shown),
        "time": shown.time[keep].tolist(),
        "value": _numbers(shown.value[keep]),
        "text": [_text(shown, int(row), parameter) for row in keep],
        "broken": np.flatnonzero(holes(shown, keep)).tolist(),
        "flagged": flagged,
        "notes": notes,
        "ghosts": [
            old["time"].cast(pa.int64()).to_pylist(),
            old["value"].to_pylist(),
            old["revision"].to_pylist(),
            old["received"].cast(pa.int64()).to_pylist(),
        ],
        "limits": [
            {"class": n, "value": value, "name": _limit_name(visit, n, value, parameter)}
            for n, value in limit_lines(of_class, parameter)
        ],
        "floor": is_floor(of_class, parameter),
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


def export(visit: Visit) -> Response:
    """The same values, all of them and with all columns, as a file."""
    shown, _, section, _ = _asked(visit)
    return files.send_table(
        visit, f"{section.name_zh}-{visit.query('parameter')}", shown.table, visit.request.path_params["form"]
    )


def _asked(visit: Visit) -> tuple[Line, Span, Any, tuple[str, ...]]:
    node, parameter = visit.node, visit.query("parameter")
    section = node.registry.section(visit.query("section"))
    sites = node.registry.sites_of(section.id)
    every = kinds(node.store.series(), sites, parameter)
    if not every:
        raise NotFoundError("portal.series", section=section.name_zh, parameter=parameter)
    kind = next((k for k in every if f"{k[0]}.{k[1]}" == visit.query("kind")), every[0])
    newest = visit.number("newest", visit.now, 0, 1 << 52)
    span = span_of(visit, newest)
    if visit.query("start") and visit.query("stop"):  # a part that was zoomed into
        start = visit.number("start", span.start, 0, 1 << 52)
        span = Span("own", start, max(start + 1, visit.number("stop", span.stop, 0, 1 << 52)))
    return line(node.store, sites, parameter, kind, span.start, span.stop), span, section, sites


def _numbers(values: Any) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]


def _text(shown: Line, row: int, parameter: str) -> str | None:
    """How a value is written where the number alone would not say it."""
    censor = shown.table["censor"][row].as_py()
    return None if censor == Censor.NONE else figures.measured(float(shown.value[row]), censor, parameter)


def _notes(shown: Line, keep: Any, visit: Visit) -> tuple[list[list[int]], list[str]]:
    """[place among the kept, number of the note, flag] of values with something against them; and the notes."""
    texts: dict[str, int] = {}
    columns = [shown.table[name].to_numpy() for name in ("flag", "suspect", "fail", "mark")]
    found = []
    for place, row in enumerate(keep.tolist()):
        flag, suspect, fail, mark = (int(column[row]) for column in columns)
        if flag in (Flag.SUSPECT, Flag.FAIL):
            text = verdicts.reason(flag, suspect | fail, mark, visit.t)
            found.append([place, texts.setdefault(text, len(texts)), flag])
    return found, list(texts)


def _limit_name(visit: Visit, class_no: int, value: float, parameter: str) -> str:
    if parameter == "ph":
        return visit.t("section.range_limit", value=figures.digits(value))
    return visit.t("section.limit", name=visit.t(f"class.{class_no}"), value=figures.digits(value))
