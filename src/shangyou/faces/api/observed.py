"""Questions about the river: observations, the newest of them, and what the water is like."""

from __future__ import annotations

from typing import Annotated

from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError
from shangyou.core.ports import Selection
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import Texts
from shangyou.faces.api.moments import moment
from shangyou.faces.rows import Rows
from shangyou.standards.library import Edition, under


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
    nodes: Annotated[bool, "over the data of all nodes, under the agreements with them"] = False,
    rulebook: Annotated[str, "national, or joint: with the standards that the members adopted"] = "national",
) -> Rows:
    """Classes, limiting factors, grades and main pollutants of a period.

    Over all nodes the schema's metadata tell under `completeness` what each of them gave.
    """
    from shangyou.faces.api.query import basin_of, with_lines
    from shangyou.flows.assess import assess

    basin = basin_of(desk) if nodes else None
    with under(adopted_editions(desk, rulebook)):
        table = assess(
            basin or desk.node.store,
            basin or desk.node.registry,
            period or newest_month(desk),
            by,
            as_of=moment(as_of),
            items=item,
            basis=basis or None,
            against=against or None,
            sections=section,
        )
    if basin is not None:
        simulated = any(found.simulated for found in basin.found)
        return Rows.of(with_lines(table, basin.found, desk.language)).labelled(simulated)
    return Rows.of(table).labelled(desk.simulated)


def adopted_editions(desk: Desk, rulebook: str) -> tuple[Edition, ...]:
    """The editions that an assessment is to use beside the national ones. InputError "assess.rulebook"."""
    if rulebook == "national":
        return ()
    if rulebook != "joint":
        raise InputError("assess.rulebook", rulebook=rulebook[:40], known="national, joint")
    from shangyou.faces.together import rulebook as of

    return of(desk.node).editions()


def newest_month(desk: Desk) -> str:
    """The month, in legal time, of the newest observation; this month where there is none."""
    from shangyou.core.clock import from_ms

    last = desk.node.store.size().last
    return from_ms(desk.now() if last is None else last).astimezone(LEGAL).strftime("%Y-%m")
