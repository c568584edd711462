"""`shangyou query`: one question to the whole basin."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from shangyou.faces.cli.call import Call, command, t

if TYPE_CHECKING:
    import pyarrow as pa

Many = list[str] | None
SHOWN: Final = (
    *("label", "parameter", "cadence", "statistic", "period"),
    *("count", "censored", "mean", "minimum", "maximum"),
)
NODES: Final = ("node", "name_zh", "name_en", "state", "values", "at", "since", "text")


class By(StrEnum):
    """What is summed up together."""

    SECTION = "section"
    RIVER = "river"
    PROVINCE = "province"
    BASIN = "basin"


class Mean(StrEnum):
    """Over which legal period."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ALL = "all"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "query", "query", rows=True)(query)


def query(
    call: Call,
    sections: Annotated[Many, typer.Option(help=t("query.sections"))] = None,
    rivers: Annotated[Many, typer.Option(help=t("query.rivers"))] = None,
    provinces: Annotated[Many, typer.Option(help=t("query.provinces"))] = None,
    parameters: Annotated[Many, typer.Option(help=t("query.parameters"))] = None,
    cadence: Annotated[Many, typer.Option(help=t("query.cadence"))] = None,
    statistic: Annotated[Many, typer.Option(help=t("query.statistic"))] = None,
    period: Annotated[str, typer.Option(help=t("query.period"))] = "",
    as_of: Annotated[str, typer.Option(help=t("query.as_of"))] = "",
    purpose: Annotated[str, typer.Option(help=t("query.purpose"))] = "",
    by: Annotated[By, typer.Option(help=t("query.by"))] = By.SECTION,
    mean: Annotated[Mean, typer.Option(help=t("query.mean"))] = Mean.MONTH,
    percentile: Annotated[Many, typer.Option(help=t("query.percentile"))] = None,
    rows: Annotated[bool, typer.Option("--rows", help=t("query.rows"))] = False,
    unusable: Annotated[bool, typer.Option("--unusable", help=t("query.unusable"))] = False,
    node: Annotated[Many, typer.Option(help=t("query.node"))] = None,
    seconds: Annotated[float, typer.Option(help=t("query.seconds"), min=0.1, max=600.0)] = 20.0,
    nodes: Annotated[bool, typer.Option("--nodes", help=t("query.nodes"))] = False,
) -> None:
    """Ask all nodes."""
    lists = {"section": sections, "river": rivers, "province": provinces, "parameter": parameters}
    lists |= {"cadence": cadence, "statistic": statistic, "percentile": percentile, "node": node}
    with call.session() as session:
        found = session.ask(
            "query",
            **{name: _names(values) for name, values in lists.items()},
            period=period,
            as_of=as_of,
            purpose=purpose,
            by=by.value,
            mean=mean.value,
            shape="rows" if rows else "summary",
            unusable=unusable,
            seconds=seconds,
        )
        table = found.table()
    if nodes:
        from shangyou.faces.api.query import completeness

        call.show(completeness(table.schema), NODES)
        return
    tell_nodes(call, table.schema)
    shares = [name for name in table.column_names if name[:1] == "p" and name[1:].replace(".", "").isdigit()]
    shown = () if rows else (*SHOWN, *shares, "nodes")
    call.show(type(found).of(table), shown)


def _names(values: Many) -> tuple[str, ...]:
    """Names, each as an option of its own or several with commas."""
    return tuple(name.strip() for value in values or () for name in value.split(",") if name.strip())


def tell_nodes(call: Call, schema: pa.Schema) -> None:
    """A line on each node, beside the data."""
    from shangyou.faces.api.moments import legal
    from shangyou.faces.api.query import lines_of

    for line in lines_of(schema):
        name = line["name_zh"] if call.words.language == "zh" else line["name_en"]
        call.say(
            f"query.line.{line['state']}",
            node=line["node"],
            name=name,
            values=f"{line['values']:,}",
            at=legal(line["at"]),
            since=legal(line["since"]),
            text=line["text"],
        )
