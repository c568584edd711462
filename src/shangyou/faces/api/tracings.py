"""Questions and deeds of source tracing: begin one, see how far it is, read what it found."""

from __future__ import annotations

from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.errors import InputError
from shangyou.faces import traced
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, Texts, made
from shangyou.faces.api.moments import moment
from shangyou.faces.api.network import flows_of
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.rows import Rows
from shangyou.faces.tracings import Question as Asked
from shangyou.faces.tracings import Run
from shangyou.faces.tracings import tracings as tracings_of

BEGIN: Final = "tracings/begin"  # deed
TRACERS: Final = frozenset({"operator", "engineer", "analyst", "duty", "manager"})
REAL: Final = pa.float64()
RUNS: Final = pa.schema(
    [
        *(("id", TEXT), ("state", TEXT), ("share", REAL), ("by", TEXT), ("asked", TIME), ("ended", TIME)),
        *(("parameter", TEXT), ("stations", TEXT), ("start", TIME), ("stop", TIME)),
        *(("gauges", pa.int64()), ("velocity_sd", REAL), ("discharge_sd", REAL)),
        *(("verdict", TEXT), ("first", TEXT), ("probability", REAL), ("elsewhere", REAL)),
        *(("inputs", TEXT), ("result", TEXT), ("code", TEXT)),
    ]
)
Id = Annotated[str, "id of the tracing; its beginning is enough"]


def runs(desk: Desk) -> Rows:
    """Tracings that this node has done since it started: how far each is, and what may be said."""
    return made(RUNS, map(_row, tracings_of(desk.node).runs())).labelled(desk.simulated)


def ranked(desk: Desk, id: Id) -> Rows:
    """The candidates of one that is done, best first, with ranges of 90 %; the last row is "elsewhere"."""
    _, found = tracings_of(desk.node).done(id)
    return traced.ranked(found).labelled(desk.simulated)


def further(desk: Desk, id: Id) -> Rows:
    """Which further sample would tell most, by one that is done."""
    run, _ = tracings_of(desk.node).done(id)
    return traced.further(run.samples).labelled(desk.simulated)


def predicted(desk: Desk, id: Id) -> Rows:
    """What the explanations of one that is done say the stations should have seen, beside what they saw."""
    _, found = tracings_of(desk.node).done(id)
    return traced.predicted(found).labelled(desk.simulated)


def begin(
    desk: Desk,
    station: Annotated[Texts, "ids of sections that saw the pulse, or that saw nothing of it"],
    parameter: Annotated[str, "key of the vocabulary"],
    start: Annotated[str, "values from this time on, with some quiet before the pulse"],
    stop: Annotated[str, "values up to this time"],
    candidate: Annotated[Texts, "ids of places; none: all outlets and risk sources above"] = (),
    free: Annotated[float, "km: look along the water in stretches of this length instead"] = 0.0,
    longest: Annotated[float, "hours that the release lasted at most"] = 24.0,
    velocity: Annotated[
        float | None, "how well velocities are known [%]; none: as the flows of those days tell"
    ] = None,
    flow: Annotated[Texts, "what is gauged besides what the node has, PLACE=m3/s"] = (),
    seed: Annotated[int, "of the draws"] = 0,
) -> Done:
    """Begin a tracing, beside the node; `tracing` tells what it found. Equal inputs are one tracing."""
    first, last = moment(start), moment(stop)
    if first is None or last is None:
        raise InputError("trace.span", days=31)
    asked = Asked(
        tuple(station),
        parameter,
        first,
        last,
        1000 * free,
        tuple(candidate),
        3600 * longest,
        None if velocity is None else velocity / 100,
        tuple(flows_of(flow).items()),
        seed,
    )
    run = tracings_of(desk.node).begin(asked, desk.by)
    return {"id": run.id, "state": run.state, "inputs": run.inputs}


def _row(run: Run) -> dict[str, object]:
    row: dict[str, object] = {
        "id": run.id,
        "state": run.state,
        "share": run.share,
        "by": run.by,
        "asked": run.at,
        "ended": run.ended,
        "parameter": run.asked.parameter,
        "stations": ", ".join(run.asked.stations),
        "start": run.asked.start,
        "stop": run.asked.stop,
        "gauges": len(run.river.gauged) if run.river.told else 0,
        "velocity_sd": run.problem.problem.priors.velocity_sd,
        "discharge_sd": run.problem.problem.priors.discharge_sd,
        "inputs": run.inputs,
        "result": run.result,
        "code": run.error.code if run.error is not None else "",
    }
    if run.found is not None:
        first = run.found.ranked[0]
        row |= {"verdict": run.found.verdict.value, "first": first.candidate.id, "probability": first.probability}
        row["elsewhere"] = run.found.elsewhere
    return row


QUESTIONS: Final = (
    Question("tracings", runs, "tracing"),
    Question("tracing", ranked, "tracing"),
    Question("tracing/further", further, "tracing"),
    Question("tracing/predicted", predicted, "tracing"),
)
DEEDS: Final = (Deed(BEGIN, begin, "tracing", TRACERS),)
