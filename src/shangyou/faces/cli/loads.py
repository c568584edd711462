"""`shangyou loads`: how much of a substance passed a section."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from shangyou.core.errors import InputError
from shangyou.faces.cli.call import Call, command, t

if TYPE_CHECKING:
    from shangyou.faces.rows import Rows


REMARKS: Final = {
    "used": "loads.used",
    "without_flow": "loads.without_flow",
    "gaps": "loads.gaps",
    "shift": "loads.shift",
    "refused": "loads.refused",
    "unsettled": "loads.unsettled",
    "change": "loads.change",
    "rating": "loads.rating",
}


class Method(StrEnum):
    """How loads are computed."""

    WRTDS = "wrtds"
    RATING = "rating"
    MEAN = "mean"
    BEALE = "beale"


class Every(StrEnum):
    """Of what a row tells."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "loads", "loads", rows=True)(loads)


def loads(
    call: Call,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help=t("loads.files"))] = None,
    parameter: Annotated[str, typer.Option(help=t("loads.parameter"), show_default=False)] = "",
    section: Annotated[str, typer.Option(help=t("loads.section"))] = "",
    flow_section: Annotated[str, typer.Option(help=t("loads.flow_section"))] = "",
    period: Annotated[str, typer.Option(help=t("loads.period"))] = "",
    as_of: Annotated[str, typer.Option(help=t("loads.as_of"))] = "",
    method: Annotated[Method, typer.Option(help=t("loads.method"))] = Method.WRTDS,
    every: Annotated[Every, typer.Option(help=t("loads.every"))] = Every.YEAR,
    year_starts: Annotated[int, typer.Option(help=t("loads.year_starts"), min=1, max=12)] = 1,
    years: Annotated[float, typer.Option(help=t("loads.years"))] = 7.0,
    least: Annotated[int, typer.Option(help=t("loads.least"))] = 100,
    term: Annotated[list[str] | None, typer.Option(help=t("loads.term"))] = None,
) -> None:
    """Compute loads from tables, or from the series of the node."""
    if not parameter or bool(files) == bool(section):
        raise InputError("loads.asked", parameter=parameter, section=section, files=len(files or ()))
    given: dict[str, Any] = {"method": method.value, "every": every.value, "year_starts": year_starts}
    given |= {"years": years, "least": least, "term": tuple(term or ())}
    if files:
        remarks, shown = _of_files(files, parameter, given)
    else:
        with call.session() as session:
            found = session.ask(
                "loads",
                section=section,
                parameter=parameter,
                flow_section=flow_section,
                period=period,
                as_of=as_of,
                **given,
            )
            table = found.table()
        remarks = json.loads((table.schema.metadata or {}).get(b"remarks", b"[]"))
        shown = type(found).of(table)
    for remark in remarks:
        call.say(REMARKS[remark["key"]], **remark["facts"])
    call.show(shown)


def _of_files(files: list[Path], parameter: str, given: dict[str, Any]) -> tuple[list[dict[str, Any]], Rows]:
    """Loads from tables; this needs no node."""
    from shangyou.faces.cli.ingest import read_bytes
    from shangyou.faces.loads import how_of
    from shangyou.faces.rows import Rows
    from shangyou.flows.loads import loads as compute
    from shangyou.flows.loads import of_tables

    told = compute(of_tables([(str(path), read_bytes(path)) for path in files], parameter), how_of(**given))
    return [remark._asdict() for remark in told.remarks], Rows.of(told.table)
