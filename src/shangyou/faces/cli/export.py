"""`shangyou export`: observations for others."""

from __future__ import annotations

from typing import Annotated

import typer

from shangyou.faces.cli.call import Call, command, t

SHOWN = ("section", "site", "parameter_zh", "parameter", "cadence", "time", "revision", "value", "unit", "flag")
Many = list[str] | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "export", "export", rows=True)(export)


def export(
    call: Call,
    section: Annotated[Many, typer.Option(help=t("export.section"))] = None,
    parameter: Annotated[Many, typer.Option(help=t("export.parameter"))] = None,
    cadence: Annotated[Many, typer.Option(help=t("export.cadence"))] = None,
    statistic: Annotated[Many, typer.Option(help=t("export.statistic"))] = None,
    period: Annotated[str, typer.Option(help=t("export.period"))] = "",
    start: Annotated[str, typer.Option(help=t("export.start"))] = "",
    stop: Annotated[str, typer.Option(help=t("export.stop"))] = "",
    as_of: Annotated[str, typer.Option(help=t("export.as_of"))] = "",
    versions: Annotated[bool, typer.Option("--versions", help=t("export.versions"))] = False,
    usable: Annotated[bool, typer.Option("--usable", help=t("export.usable"))] = False,
    shape: Annotated[str, typer.Option(help=t("export.shape"), metavar="long|wide")] = "long",
    limit: Annotated[int | None, typer.Option(help=t("export.limit"), min=1)] = None,
    latest: Annotated[bool, typer.Option("--latest", help=t("export.latest"))] = False,
) -> None:
    """Write or print observations."""
    sites, parameters = tuple(section or ()), tuple(parameter or ())
    with call.session() as session:
        if latest:
            rows = session.ask("latest", site=sites, parameter=parameters)
        else:
            rows = session.ask(
                "observations",
                site=sites,
                parameter=parameters,
                cadence=tuple(cadence or ()),
                statistic=tuple(statistic or ()),
                period=period,
                start=start,
                stop=stop,
                as_of=as_of,
                versions=versions,
                usable=usable,
                shape=shape,
                limit=limit,
            )
        count = call.show(rows, () if shape == "wide" else SHOWN)
    if call.output is not None:
        call.say("export.done", rows=count, file=call.output)
