"""`shangyou assess`: the state of the water."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shangyou.faces.cli.call import Call, command, t
from shangyou.faces.cli.query import tell_nodes

if TYPE_CHECKING:
    import pyarrow as pa


class By(StrEnum):
    """What is assessed."""

    SAMPLE = "sample"
    SECTION = "section"
    RIVER = "river"
    PROVINCE = "province"
    BASIN = "basin"


NAMES = ("province", "city", "river", "basin", "section")
SHOWN = {  # columns of a table for people
    By.SAMPLE: (
        *NAMES,
        *("time", "class", "published", "equal", "limiting_zh", "limiting_en", "exceeding_zh", "exceeding_en"),
    ),
    By.SECTION: (
        *NAMES,
        *("class", "grade_zh", "grade_en", "main_zh", "main_en", "samples"),
        *("class_before", "change_zh", "change_en"),
    ),
}
OF_GROUPS = (
    *("rank", "river", "province", "basin", "sections", "grade_zh", "grade_en", "percent_good", "percent_worse"),
    *("main_zh", "main_en", "class_before", "percent_good_before", "change_zh", "change_en"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "assess", "assess", rows=True)(assess)


def assess(
    call: Call,
    period: Annotated[str, typer.Option(help=t("assess.period"), show_default=False)] = "",
    by: Annotated[By, typer.Option(help=t("assess.by"))] = By.SECTION,
    as_of: Annotated[str, typer.Option(help=t("assess.as_of"))] = "",
    item: Annotated[list[str] | None, typer.Option(help=t("assess.item"))] = None,
    basis: Annotated[str, typer.Option(help=t("assess.basis"))] = "",
    against: Annotated[str, typer.Option(help=t("assess.against"))] = "",
    section: Annotated[list[str] | None, typer.Option(help=t("assess.section"))] = None,
    all_nodes: Annotated[bool, typer.Option("--all-nodes", help=t("assess.all_nodes"))] = False,
    rulebook: Annotated[str, typer.Option(help=t("assess.rulebook"), metavar="national|joint")] = "national",
) -> None:
    """Assess a period."""
    given: dict[str, object] = {"period": period, "by": by.value, "as_of": as_of, "basis": basis, "against": against}
    given |= {"nodes": True} if all_nodes else {}
    given |= {"rulebook": rulebook} if rulebook != "national" else {}
    with call.session() as session:
        rows = session.ask("assess", **given, item=tuple(item or ()), section=tuple(section or ()))
        table = rows.table()
    said = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    if not period:
        call.say("assess.assumed", period=said.get("period", ""))
    call.say("assess.described", editions=said["editions"], period=said["period"], basis=said["basis"])
    if all_nodes:
        tell_nodes(call, table.schema)
    if by is By.SAMPLE:
        _agreement(call, table)
    call.show(type(rows).of(table), SHOWN.get(by, OF_GROUPS))


def _agreement(call: Call, table: pa.Table) -> None:
    """How many samples that carry a published class are of the same class."""
    equal = [value for value in table["equal"].to_pylist() if value is not None]
    if equal:
        call.say("assess.agreement", known=len(equal), equal=sum(equal), share=sum(equal) / len(equal))
