"""Questions about loads: how much of a substance passed a section."""

from __future__ import annotations

import json
from typing import Annotated, Final

from shangyou.core.clock import LEGAL
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import Texts
from shangyou.faces.api.moments import moment
from shangyou.faces.rows import Rows


def loads(
    desk: Desk,
    section: Annotated[str, "id of the section with the concentrations"],
    parameter: Annotated[str, "key of the vocabulary"],
    flow_section: Annotated[str, "id of the section with the flows; none: the same"] = "",
    period: Annotated[str, "2021, 2021-Q2, 2021-04, 2021-04-01, or two of them joined by /; none: all"] = "",
    as_of: Annotated[str, "what was known at that time"] = "",
    method: Annotated[str, "wrtds, rating, mean or beale"] = "wrtds",
    every: Annotated[str, "year, month or day"] = "year",
    year_starts: Annotated[int, "month in which a year starts"] = 1,
    years: Annotated[float, "half-width of the window in time [years]"] = 7.0,
    least: Annotated[int, "samples that a regression needs"] = 100,
    term: Annotated[Texts, "of a rating curve: flow, flow2, season, time, time2; none: all"] = (),
) -> Rows:
    """Loads of periods with what can be told of their error. The schema's metadata hold `remarks`."""
    from shangyou.faces.loads import how_of
    from shangyou.flows.loads import loads as compute
    from shangyou.flows.loads import of_series
    from shangyou.governance.periods import parse_period

    span = parse_period(period, LEGAL) if period else None
    between = (span.start, span.stop) if span else (None, None)
    how = how_of(method, every, year_starts, years, least, term)
    node = desk.node
    given = of_series(node.store, node.registry, section, parameter, flow_section, between, moment(as_of))
    told = compute(given, how)
    remarks = json.dumps([{"key": remark.key, "facts": remark.facts} for remark in told.remarks])
    return Rows.of(told.table.replace_schema_metadata({"remarks": remarks})).labelled(desk.simulated)


QUESTIONS: Final = (("loads", loads, "observations"),)
