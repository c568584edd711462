"""`shangyou basin`: the river network, and what flows down it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from shangyou.core.errors import InputError, NotFoundError, UnavailableError
from shangyou.faces.cli.call import Call, command, group, t
from shangyou.faces.cli.spill import OWN, own_river, say_read_as

if TYPE_CHECKING:
    from shangyou.basin.network.network import Network
    from shangyou.basin.network.rows import Collected
    from shangyou.basin.network.values import Draft
    from shangyou.core.records import Refusal

basin_app: Final[typer.Typer] = group("basin")

Many = list[str] | None
Place = Annotated[str, typer.Argument(metavar="PLACE", help=t("basin.place"))]
Kinds = Annotated[Many, typer.Option(help=t("basin.kind"))]
Flow = Annotated[Many, typer.Option(metavar="PLACE=M3/S", help=t("basin.flow"))]
Now = Annotated[bool, typer.Option("--now", help=t("basin.now"))]
River = Annotated[str, typer.Option(help=t("basin.river"))]
Given = Annotated[Path | None, typer.Option("--network", metavar="FILE", help=t("basin.file"))]
Why = Annotated[str, typer.Option(help=t("basin.why"))]
Seen = Annotated[int, typer.Option(help=t("basin.seen"))]
Fields = Annotated[Many, typer.Argument(metavar="[COLUMN=VALUE]...", help=t("basin.fields"), show_default=False)]
SHOWN_REACHES: Final = (
    "id",
    "river",
    "down",
    "length_km",
    "flow_m3s",
    "speed_ms",
    "width_m",
    "slope",
    "charge",
    "confidence",
)
SHOWN_PLACES: Final = ("id", "kind", "name_zh", "name_en", "river", "above_km", "charge", "beyond", "confidence")
SHOWN_AWAY: Final = ("id", "kind", "name_zh", "name_en", "river", "distance_km", "hours", "charge")


@command(basin_app, "network", "basin.network", rows=True)
def network(
    call: Call,
    places: Annotated[bool, typer.Option("--places", help=t("basin.network.places"))] = False,
    river: River = "",
    kind: Kinds = None,
    text: Annotated[str, typer.Option(help=t("basin.text"))] = "",
    file: Given = None,
) -> None:
    """Reaches, or places, of the network."""
    if file is not None:
        from shangyou.faces.api.network import place_rows, reach_rows

        found = loaded(file)
        rows = place_rows(found, None, kind or (), river, text) if places else reach_rows(found, None, river)
        call.show(rows, SHOWN_PLACES if places else SHOWN_REACHES)
        return
    with call.session() as session:
        if places:
            rows = session.ask("network/places", kind=tuple(kind or ()), river=river, text=text)
            call.show(rows, SHOWN_PLACES)
        else:
            call.show(session.ask("network/reaches", river=river), SHOWN_REACHES)


@command(basin_app, "up", "basin.up", rows=True)
def up(call: Call, place: Place, kind: Kinds = None, flow: Flow = None, now: Now = False, file: Given = None) -> None:
    """What lies upstream."""
    _away(call, "up", place, kind, flow, now, file)


@command(basin_app, "down", "basin.down", rows=True)
def down(call: Call, place: Place, kind: Kinds = None, flow: Flow = None, now: Now = False, file: Given = None) -> None:
    """What lies downstream."""
    _away(call, "down", place, kind, flow, now, file)


def _away(call: Call, way: str, place: str, kind: Many, flow: Many, now: bool, file: Path | None) -> None:
    if file is not None:
        from shangyou.faces.api.network import away, flows_of

        call.show(away(loaded(file), place, kind or (), flows_of(flow or ()), above=way == "up"), SHOWN_AWAY)
        return
    asked = {"id": place, "kind": tuple(kind or ()), "flow": tuple(flow or ()), "now": now}
    with call.session() as session:
        call.show(session.ask(f"network/{way}", **asked), SHOWN_AWAY)


@command(basin_app, "rivers", "basin.rivers", rows=True)
def rivers(call: Call) -> None:
    """Rivers that cross borders."""
    with call.session() as session:
        call.show(session.ask("network/rivers"))


@command(basin_app, "check", "basin.check", rows=True)
def check(
    call: Call,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help=t("basin.check.file"), show_default=False)
    ] = None,
) -> None:
    """Every fault of a file, or of the network in force."""
    from shangyou.basin.network.rows import Collected, every_fault

    if file is not None and file.suffix.lower() in OWN:
        faults, reaches, places = _faults_of_river(file)
    else:
        found = _read(file) if file is not None else Collected(_of_node(call))
        faults, reaches, places = every_fault(found), len(found.draft.reaches), len(found.draft.places)
        say_read_as(call, found.read_as)
    if faults or call.format != "table":
        call.show(_faults(faults, call.words.language), ("line", "column", "said", "remedy"))
    call.say("basin.check.done", reaches=reaches, places=places, faults=len(faults))
    if faults:
        raise typer.Exit(InputError.exit_code)


@command(basin_app, "import", "basin.import")
def take_in(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=t("basin.import.file"))],
    why: Why = "",
    whole: Annotated[bool, typer.Option("--whole", help=t("basin.import.whole"))] = False,
) -> None:
    """Bring a file's reaches and places in."""
    from shangyou.basin.network.revision import key_of, written

    found = _read(file)
    if found.faults:
        from shangyou.basin.network.values import NetworkError

        raise NetworkError(tuple(found.faults))
    say_read_as(call, found.read_as)
    items = found.draft.items
    changes = [{"what": what, "id": id, "item": written(each)} for each in items for what, id in [key_of(each)]]
    with call.session() as session:
        done = session.do("network/revise", changes=json.dumps(changes, ensure_ascii=False), why=why, whole=whole)
    call.say("basin.import.done" if done["changes"] else "basin.same", **done)


@command(basin_app, "export", "basin.export")
def export(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=t("basin.export.file"))],
    given: Given = None,
) -> None:
    """Write the network to a file."""
    from shangyou.adapters.network_files import save

    draft = _of_node(call) if given is None else loaded(given).draft()
    data = save(draft, file.name)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UnavailableError("cli.write", path=str(file), detail=error.strerror or str(error)) from error
    call.say("basin.export.done", path=file, reaches=len(draft.reaches), places=len(draft.places))


@command(basin_app, "add", "basin.add")
def add(
    call: Call,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=t("basin.add.kind"))],
    id: Annotated[str, typer.Argument(metavar="ID", help=t("basin.id"))],
    fields: Fields = None,
    why: Why = "",
) -> None:
    """Add a place or reach."""
    item = {**_fields(fields), "kind": kind, "id": id}
    _revise(call, [{"what": "reach" if kind == "reach" else "place", "id": id, "item": item}], why, new=True)


@command(basin_app, "change", "basin.change")
def change(
    call: Call,
    id: Annotated[str, typer.Argument(metavar="ID", help=t("basin.id"))],
    fields: Fields = None,
    why: Why = "",
    seen: Seen = -1,
) -> None:
    """Change some columns of a place or reach."""
    what, item = _found(call, id)
    changed = _fields(fields)
    if {"river", "above_km"} & changed.keys():  # told by mileage from now on
        item = {name: cell for name, cell in item.items() if name not in ("reach", "at_km")}
    item = {name: cell for name, cell in {**item, **changed}.items() if cell != ""}
    _revise(call, [{"what": what, "id": id, "item": item}], why, seen=seen)


@command(basin_app, "remove", "basin.remove")
def remove(
    call: Call,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help=t("basin.id"))],
    why: Why = "",
    seen: Seen = -1,
) -> None:
    """Take places or reaches away."""
    _revise(call, [{"what": _found(call, id)[0], "id": id, "item": None} for id in ids], why, seen=seen)


@command(basin_app, "history", "basin.history", rows=True)
def history(
    call: Call, id: Annotated[str, typer.Argument(metavar="[ID]", help=t("basin.id"), show_default=False)] = ""
) -> None:
    """Revisions of the network."""
    with call.session() as session:
        call.show(session.ask("network/revisions", id=id))


@command(basin_app, "undo", "basin.undo")
def undo(
    call: Call,
    revision: Annotated[int, typer.Argument(metavar="REVISION", help=t("basin.revision"), min=1)],
    why: Why = "",
) -> None:
    """Take a revision back."""
    with call.session() as session:
        done = session.do("network/undo", revision=revision, why=why)
    call.say("basin.done", **done)


# ---- what they share ----------------------------------------------------------------------------------------------


def loaded(path: Path) -> Network:
    """The network of a file; every fault is in the error."""
    from shangyou.adapters.network_files import load

    return load(path)


def _read(path: Path) -> Collected:
    from shangyou.adapters.network_files import parse

    try:
        return parse(path.name, path.read_bytes())
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFoundError("network.file", path=str(path)) from error


def _faults_of_river(path: Path) -> tuple[list[Refusal], int, int]:
    """Of a river in a file of its own; and how many reaches and places it has."""
    from shangyou.basin.transport.riverfile import RiverFileError

    try:
        river = own_river(path)
    except RiverFileError as error:
        return list(error.faults), 0, 0
    return [], len(river.names), len(river.course.places)


def _of_node(call: Call) -> Draft:
    from shangyou.faces.api.network import draft_of

    with call.session() as session:
        return draft_of(session.ask("network/items").table().to_pylist())


def _found(call: Call, id: str) -> tuple[str, dict[str, Any]]:
    """What an id is, and its row."""
    with call.session() as session:
        rows = [row for row in session.ask("network/items").table().to_pylist() if row["id"] == id]
    if not rows:
        raise NotFoundError("network.place", id=id)
    return rows[0]["what"], json.loads(rows[0]["item"])


def _fields(given: Many) -> dict[str, str]:
    from shangyou.basin.network.table import COLUMNS

    found = {}
    for each in given or []:
        column, sign, value = each.partition("=")
        if not sign or column not in COLUMNS or column in ("kind", "id", "line"):
            raise InputError("network.column", column=column[:40], known=", ".join(COLUMNS[2:-1]))
        found[column] = value
    return found


def _revise(call: Call, changes: list[dict[str, object]], why: str, **more: object) -> None:
    with call.session() as session:
        done = session.do("network/revise", changes=json.dumps(changes, ensure_ascii=False), why=why, **more)
    call.say("basin.done" if done["changes"] else "basin.same", **done)


def _faults(faults: list[Refusal], language: str) -> Any:
    import pyarrow as pa

    from shangyou.faces.api.kinds import TEXT, WHOLE, made
    from shangyou.faces.sentences import sentence

    schema = pa.schema([("line", WHOLE), ("column", TEXT), ("code", TEXT), ("said", TEXT), ("remedy", TEXT)])
    rows: list[dict[str, object]] = []
    for each in faults:
        told = sentence(each.code, each.facts, language)
        rows.append(
            {"line": each.line, "column": each.column, "code": each.code, "said": told.text, "remedy": told.remedy}
        )
    return made(schema, rows)
