"""The application: all groups of commands under one name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from shangyou.faces.cli import (
    alarm,
    assess,
    basin,
    catalogue,
    compensation,
    contract,
    demo,
    device,
    doctor,
    dossier,
    export,
    federation,
    incident,
    ingest,
    ledger,
    loads,
    node,
    passage,
    policy,
    query,
    registry,
    resolution,
    spill,
    trace,
    warn,
)
from shangyou.faces.cli.call import group, t
from shangyou.faces.cli.help import Group


@cache  # groups would be given their commands a second time
def application() -> Callable[..., Any]:
    """The whole command line, to be called with its arguments."""
    app = group("app", Ordered)
    app.callback()(_options)
    app.add_typer(node.app, name="node")
    app.add_typer(ingest.app, name="ingest")
    assess.register(app)
    query.register(app)
    loads.register(app)
    app.add_typer(registry.app, name="registry")
    app.add_typer(device.app, name="device")
    app.add_typer(federation.app, name="federation")
    export.register(app)
    app.add_typer(catalogue.datasets, name="dataset")
    app.add_typer(catalogue.catalogue, name="catalogue")
    app.add_typer(policy.app, name="policy")
    app.add_typer(contract.app, name="contract")
    app.add_typer(contract.transfer, name="transfer")
    app.add_typer(passage.feed, name="feed")
    app.add_typer(ledger.app, name="ledger")
    spill.register(basin.basin_app)
    trace.register(basin.basin_app)
    app.add_typer(basin.basin_app, name="basin")
    app.add_typer(alarm.app, name="alarm")
    app.add_typer(warn.app, name="warn")
    app.add_typer(dossier.app, name="dossier")
    app.add_typer(incident.app, name="incident")
    app.add_typer(resolution.app, name="resolution")
    app.add_typer(compensation.app, name="compensation")
    demo.register(app)
    doctor.register(app)
    return get_command(app)


class Ordered(Group):
    """The commands in the order in which they are needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return sorted(self.commands, key=ORDER.index)


ORDER: Final = (
    "node",
    "ingest",
    "assess",
    "query",
    "loads",
    "export",
    "registry",
    "device",
    "federation",
    "dataset",
    "catalogue",
    "policy",
    "contract",
    "transfer",
    "feed",
    "ledger",
    "basin",
    "alarm",
    "warn",
    "dossier",
    "incident",
    "resolution",
    "compensation",
    "demo",
    "doctor",
)


def _version(wanted: bool) -> None:
    if wanted:
        from shangyou import __version__

        print(__version__)  # noqa: T201
        raise typer.Exit


def _options(
    home: Annotated[
        Path | None, typer.Option(envvar="SHANGYOU_HOME", help=t("option.home"), show_default=False)
    ] = None,
    lang: Annotated[str, typer.Option(help=t("option.lang"), metavar="zh|en", show_default=False)] = "",
    debug: Annotated[bool, typer.Option("--debug", help=t("option.debug"))] = False,
    version: Annotated[
        bool, typer.Option("--version", help=t("option.version"), callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options that may stand before the command too."""
