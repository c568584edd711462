"""`shangyou dataset`: what this node publishes; `shangyou catalogue`: what all members publish."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from shangyou.core.errors import InputError
from shangyou.faces.cli.call import Call, command, group, t

datasets = group("dataset")
catalogue = group("catalogue")

Id = Annotated[str, typer.Argument(help=t("dataset.id"))]
Many = list[str] | None
SHOWN: Final = ("id", "title_zh", "title_en", "level", "sharing", "parameters", "start", "stop", "acquired", "valid")
LARGEST: Final = 1 << 20  # bytes of a policy in a file


@command(datasets, "publish", "dataset.publish")
def publish(
    call: Call,
    name: Annotated[str, typer.Argument(help=t("dataset.name"))],
    title_zh: Annotated[str, typer.Argument(help=t("dataset.title_zh"))],
    title_en: Annotated[str, typer.Option(help=t("dataset.title_en"))] = "",
    about_zh: Annotated[str, typer.Option(help=t("dataset.about_zh"))] = "",
    about_en: Annotated[str, typer.Option(help=t("dataset.about_en"))] = "",
    keyword: Annotated[Many, typer.Option(help=t("dataset.keyword"))] = None,
    section: Annotated[Many, typer.Option(help=t("dataset.section"))] = None,
    parameter: Annotated[Many, typer.Option(help=t("dataset.parameter"))] = None,
    cadence: Annotated[Many, typer.Option(help=t("dataset.cadence"))] = None,
    start: Annotated[str, typer.Option(help=t("dataset.start"))] = "",
    stop: Annotated[str, typer.Option(help=t("dataset.stop"))] = "",
    review: Annotated[int, typer.Option(help=t("dataset.review"), min=0, max=3)] = 0,
    level: Annotated[str, typer.Option(help=t("dataset.level"), metavar="general|important|core")] = "general",
    sharing: Annotated[
        str, typer.Option(help=t("dataset.sharing"), metavar="unconditional|conditional|none")
    ] = "conditional",
    offer: Annotated[list[Path] | None, typer.Option(help=t("dataset.offer"))] = None,
    template: Annotated[
        str, typer.Option(help=t("dataset.template"), metavar="unconditional|peers|national|emergency")
    ] = "",
    recipient: Annotated[Many, typer.Option(help=t("dataset.recipient"))] = None,
    purpose: Annotated[Many, typer.Option(help=t("dataset.purpose"))] = None,
    until: Annotated[str, typer.Option(help=t("dataset.until"))] = "",
    delay: Annotated[str, typer.Option(help=t("dataset.delay"))] = "",
    manual: Annotated[bool, typer.Option("--manual", help=t("dataset.manual"))] = False,
) -> None:
    """Publish or change a dataset."""
    said = {"name": name, "title_zh": title_zh, "title_en": title_en, "about_zh": about_zh, "about_en": about_en}
    lists = {"keyword": keyword, "section": section, "parameter": parameter, "cadence": cadence}
    lists |= {"recipient": recipient, "purpose": purpose, "offer": [_text(path) for path in offer or ()]}
    with call.session() as session:
        done = session.do(
            "datasets/publish",
            **said,
            **{key: list(values or ()) for key, values in lists.items()},
            start=start,
            stop=stop,
            review=review,
            level=level,
            sharing=sharing,
            template=template,
            until=until,
            delay=delay,
            manual=manual,
        )
    call.say("dataset.publish.done", **done)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("catalogue.offer_text", detail=f"{path}: {error}") from None


@command(datasets, "list", "dataset.list", rows=True)
def list_own(call: Call) -> None:
    """List what this node publishes."""
    with call.session() as session:
        call.show(session.ask("datasets"), SHOWN)


@command(datasets, "show", "dataset.show", rows=True)
def show_own(call: Call, id: Id) -> None:
    """One dataset; for people with what was measured of it."""
    _show(call, id)


@command(datasets, "withdraw", "dataset.withdraw")
def withdraw(call: Call, id: Id) -> None:
    """Withdraw a dataset."""
    with call.session() as session:
        call.say("dataset.withdraw.done", **session.do("datasets/withdraw", id=id))


@command(datasets, "measure", "dataset.measure")
def measure(call: Call, id: Annotated[str, typer.Argument(help=t("dataset.id"), show_default=False)] = "") -> None:
    """Measure quality and lineage anew."""
    with call.session() as session:
        call.say("dataset.measure.done", **session.do("datasets/measure", id=id))


# ---- of all members ---------------------------------------------------------------------------------------------


@command(catalogue, "search", "catalogue.search", rows=True)
def search(
    call: Call,
    text: Annotated[str, typer.Argument(help=t("catalogue.text"), show_default=False)] = "",
    owner: Annotated[Many, typer.Option(help=t("catalogue.owner"))] = None,
    level: Annotated[Many, typer.Option(help=t("dataset.level"))] = None,
    sharing: Annotated[Many, typer.Option(help=t("dataset.sharing"))] = None,
    parameter: Annotated[Many, typer.Option(help=t("catalogue.parameter"))] = None,
    river: Annotated[Many, typer.Option(help=t("catalogue.river"))] = None,
    limit: Annotated[int, typer.Option(help=t("catalogue.limit"), min=1)] = 100,
) -> None:
    """Find datasets."""
    facets = {"owner": owner, "level": level, "sharing": sharing, "parameter": parameter, "river": river}
    with call.session() as session:
        rows = session.ask(
            "catalogue", text=text, limit=limit, **{name: tuple(values or ()) for name, values in facets.items()}
        )
        call.show(rows, SHOWN)


@command(catalogue, "list", "catalogue.list", rows=True)
def list_all(call: Call) -> None:
    """List all datasets."""
    with call.session() as session:
        call.show(session.ask("catalogue", limit=10_000), SHOWN)


@command(catalogue, "show", "catalogue.show", rows=True)
def show(call: Call, id: Id) -> None:
    """One dataset; for people with what was measured of it."""
    _show(call, id)


def _show(call: Call, id: str) -> None:
    with call.session() as session:
        if "/" not in id:
            id = f"{session.ask('federation').table().to_pylist()[0]['me']}/{id}"
        call.show(session.ask("catalogue/entry", id=id), record=True)
        if call.format == "table":
            call.show(session.ask("catalogue/facts", id=id))


@command(catalogue, "crawl", "catalogue.crawl")
def crawl(
    call: Call, member: Annotated[str, typer.Argument(help=t("catalogue.member"), show_default=False)] = ""
) -> None:
    """Read the catalogues of others now."""
    with call.session() as session:
        done = session.do("catalogue/crawl", member=member)
    call.say("catalogue.crawl.done", **{**done, "failed": len(done["failed"])})
    for id, reason in done["failed"].items():
        call.say("catalogue.crawl.failed", member=id, reason=reason)


@command(catalogue, "sources", "catalogue.sources", rows=True)
def sources(call: Call) -> None:
    """Whose catalogues are read, how old they are and what failed."""
    with call.session() as session:
        call.show(
            session.ask("catalogue/sources"), ("owner", "state", "entries", "read", "failing", "refused", "reason")
        )


@command(catalogue, "export", "catalogue.export")
def export(
    call: Call,
    form: Annotated[str, typer.Option("--format", help=t("catalogue.form"), metavar="jsonld|turtle")] = "jsonld",
    output: Annotated[Path | None, typer.Option("--output", "-o", help=t("option.output"))] = None,
) -> None:
    """The catalogue as DCAT-AP."""
    with call.session() as session:
        text = "".join(session.ask("catalogue/export", form=form).table().column("text").to_pylist())
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
        call.say("catalogue.export.done", file=output)
