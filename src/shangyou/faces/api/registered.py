"""Questions about the registry: agencies, rivers, sections, devices, and the orders given to devices."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.errors import NotFoundError
from shangyou.core.ports import Command
from shangyou.core.registry import Section
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made, texts
from shangyou.faces.rows import Rows

SECTION: Final = pa.schema(
    [(name, TEXT) for name in ("id", "name_zh", "name_en", "province", "city", "basin", "river", "kind")]
    + [("longitude", pa.float64()), ("latitude", pa.float64())]
    + [(name, TEXT) for name in ("status", "merged_into", "source", "confidence")]
)


def agencies(desk: Desk) -> Rows:
    """Agencies of the federation."""
    fields = texts("id", "name_zh", "name_en", "level", "adm_code")
    return made(fields, (asdict(each) for each in desk.node.registry.agencies()))


def rivers(desk: Desk, text: Annotated[str, "part of a name"] = "") -> Rows:
    """Rivers and lakes."""
    found = [asdict(r) for r in desk.node.registry.rivers() if text in r.name_zh or text.lower() in r.name_en.lower()]
    return made(texts("id", "name_zh", "name_en", "into", "basin"), found)


def sections(
    desk: Desk,
    text: Annotated[str, "part of its id or names"] = "",
    province: Annotated[str, "province, or part of its name"] = "",
    city: Annotated[str, "city, or part of its name"] = "",
    river: Annotated[str, "river, or part of its name"] = "",
    basin: Annotated[str, "basin, or part of its name"] = "",
    status: Annotated[str, "unconfirmed or confirmed"] = "",
) -> Rows:
    """Sections that are not merged into others."""
    wanted = {"province": province, "city": city, "river": river, "basin": basin}

    def fits(section: Section) -> bool:
        named = (section.id, section.name_zh, section.name_en.lower())
        return (
            all(part in getattr(section, name) for name, part in wanted.items())
            and (not status or section.status == status)
            and (not text or any(text.lower() in name.lower() for name in named))
        )

    return made(SECTION, (_section(each) for each in desk.node.registry.sections() if fits(each)))


def section(desk: Desk, id: Annotated[str, "id of the section"]) -> Rows:
    """One section, or that into which it was merged."""
    return made(SECTION, [_section(desk.node.registry.section(id))])


def _section(found: Section) -> dict[str, object]:
    return asdict(found) | {"kind": str(found.kind), "status": str(found.status)}


def history(desk: Desk, id: Annotated[str, "id of the section"]) -> Rows:
    """What became of a section: every change with who, when and what."""
    schema = pa.schema([("at", TIME), ("by", TEXT), ("what", TEXT), ("change", TEXT)])
    desk.node.registry.section(id)  # refuses an unknown id
    changes = desk.node.registry.history(id)
    rows: list[dict[str, object]] = [
        {"at": c["at"], "by": c["by"], "what": c["what"], "change": _change(c["before"], c["after"])} for c in changes
    ]
    return made(schema, rows)


def _change(before: object, after: object) -> str:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ""
    names = [name for name in after if after[name] != before.get(name) and (before or after[name] not in (None, ""))]
    return "; ".join(f"{name}: {before.get(name) or '–'} → {after[name]}" for name in names)


# ---- devices ----------------------------------------------------------------------------------------------------


def devices(desk: Desk, status: Annotated[str, "active, quarantined or blocked"] = "") -> Rows:
    """Monitors that report under an MN."""
    names = ("mn", "name", "section", "system", "profile", "unit_profile", "status", "encoding")
    schema = pa.schema([*texts(*names), ("outlet", pa.bool_())])
    return made(schema, (asdict(d) for d in desk.node.registry.devices() if not status or d.status == status))


COMMAND: Final = pa.schema(
    [
        ("id", WHOLE),
        ("mn", TEXT),
        ("code", TEXT),
        ("arguments", TEXT),
        ("state", TEXT),
        ("outcome", TEXT),
        ("qn", TEXT),
        ("asked", TIME),
        ("changed", TIME),
        ("attempts", WHOLE),
        ("by", TEXT),
    ]
)


def commands(
    desk: Desk,
    mn: Annotated[str, "MN of a device"] = "",
    state: Annotated[Texts, "queued, sent, accepted, done, refused, failed, expired"] = (),
    limit: Annotated[int, "newest so many"] = 100,
) -> Rows:
    """Orders to devices and how far they are."""
    found = desk.node.intake.commands(mn or None, state, limit)
    return made(COMMAND, (_command(each, desk.language) for each in found))


def command(desk: Desk, id: Annotated[int, "id of the order"]) -> Rows:
    """One order to a device."""
    found = [each for each in desk.node.intake.commands(limit=1_000_000) if each.id == id]
    if not found:
        raise NotFoundError("command.unknown", id=id)
    return made(COMMAND, [_command(found[0], desk.language)])


def _command(found: Command, language: str) -> dict[str, object]:
    from shangyou.ingest.hj212.commands import outcome_words

    arguments = json.dumps(found.arguments, ensure_ascii=False)
    return asdict(found) | {"arguments": arguments, "outcome": outcome_words(found.outcome, language)}


def sessions(
    desk: Desk,
    limit: Annotated[int, "newest so many"] = 200,
    open_only: Annotated[bool, "only those that are open now"] = False,
) -> Rows:
    """Connections of devices, those with the newest packets first."""
    fields = [("id", WHOLE), ("peer", TEXT), ("mn", TEXT), ("opened", TIME), ("last", TIME), ("packets", WHOLE)]
    fields += [("refused", WHOLE), ("bytes", WHOLE), ("closed", TIME), ("reason", TEXT)]
    return made(pa.schema(fields), (asdict(s) for s in desk.node.intake.sessions(limit, open_only)))
