"""`shangyou demo`: seven nodes, or one, that show themselves, with a simulated river or with real files."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shangyou.core.errors import InputError, NotFoundError, UnavailableError
from shangyou.faces.cli.call import Call, command, t, tell


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "demo", "demo")(demo)


def demo(
    call: Call,
    once: Annotated[bool, typer.Option("--once", help=t("demo.once"))] = False,
    data: Annotated[Path | None, typer.Option(help=t("demo.data"), show_default=False)] = None,
    port: Annotated[int, typer.Option(help=t("demo.port"), min=1, max=65535)] = 8350,
    seed: Annotated[int, typer.Option(help=t("demo.seed"), min=0)] = 1,
    days: Annotated[int, typer.Option(help=t("demo.days"), min=9, max=400)] = 30,
    nodes: Annotated[int, typer.Option(help=t("demo.nodes"), min=1, max=7)] = 7,
) -> None:
    """Run a demo; a home that is named must be new, else a temporary one is used and removed at the end."""
    from shangyou.faces.demo.run import Plan, run

    if nodes not in (1, 7):
        raise InputError("demo.nodes", nodes=nodes)
    if data is not None and not data.exists():
        raise NotFoundError("ingest.absent", path=str(data))
    meant = call.named and str(call.home) != os.environ.get("SHANGYOU_HOME")  # that names the node of everyday work
    home = call.home if meant else None
    plan = Plan(once, data, home, port, seed, days, call.words.language, nodes)
    if not run(plan, partial(print, flush=True), tell):
        raise UnavailableError("demo.parts")
