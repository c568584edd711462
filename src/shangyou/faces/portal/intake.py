"""The intake monitor: who is connected, what came, what was refused and why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
from starlette.responses import Response

from shangyou.core.ports import Command, Refused, Session
from shangyou.core.registry import Device
from shangyou.faces.portal import files, names
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence, sentence
from shangyou.flows.overview import Hearing, hearings
from shangyou.ingest.hj212.commands import outcome_words
from shangyou.ingest.hj212.note import KIND as PACKETS

VIEWS: Final = ("sessions", "refused", "batches", "commands")
DAY: Final = 86_400_000
ROWS: Final = 50
OPEN: Final = 10_000  # open connections that are counted
MANY: Final = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """A connection with the device behind it, as far as it is known."""

    session: Session
    device: Device | None
    section: str  # name of the section where it stands
    reason: str  # why it was closed


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal in words."""

    refused: Refused
    said: Sentence


def intake(visit: Visit) -> Response:
    """The page with one of its views."""
    view = visit.query("view") if visit.query("view") in VIEWS else "sessions"
    node = visit.node
    heard = hearings(node.registry, node.intake, visit.now)
    shown = SHOW[view](visit)
    return visit.page(
        "intake.html",
        view=view,
        views=VIEWS,
        title=finding(visit, heard),
        heard=heard,
        counts={"refused": node.intake.refused_count(), "sessions": len(node.intake.sessions(OPEN, open_only=True))},
        rows=shown.rows,
        page=shown,
        silent=[h for h in heard if not h.online],
        done=visit.query("done"),
    )


def finding(visit: Visit, heard: list[Hearing]) -> str:
    """The title: who is heard, and how much was refused since yesterday."""
    t, refused = visit.t, visit.node.intake.refused_count(visit.now - DAY)
    online = sum(h.online for h in heard)
    first = t("intake.online", online=online, devices=len(heard)) if heard else t("intake.no_devices")
    return first + (t.count("intake.refused_today", refused) if refused else t("intake.none_refused_today"))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page of a view, newest first."""

    rows: list[Any]
    number: int
    more: bool  # are there older ones?
    again: tuple[str, ...] = ()  # MN on it whose refused packets can be read again: of devices that are active


def paged(visit: Visit, newest: Callable[[int], Sequence[Any]], show: Callable[[Any], Any]) -> Page:
    """The page that the address asks for, of rows that can be had newest first up to a number."""
    number = visit.number("page", 1, 1, MANY // ROWS)
    found = newest(number * ROWS + 1)
    return Page([show(row) for row in found[(number - 1) * ROWS : number * ROWS]], number, len(found) > number * ROWS)


def sessions(visit: Visit) -> Page:
    """Connections, those with the newest packets first."""
    devices = {device.mn: device for device in visit.node.registry.devices()}
    places = {section.id: names.section_name(section, visit.t) for section in visit.node.registry.sections()}

    def show(s: Session) -> Line:
        device = devices.get(s.mn)
        reason = sentence(s.reason, {}, visit.t.language).text if s.reason else ""
        return Line(s, device, places.get(device.section, "") if device else "", reason)

    return paged(visit, visit.node.intake.sessions, show)


def refused(visit: Visit) -> Page:
    """Refusals, newest first, of one source where the address names it."""
    source = visit.query("source") or None
    page = paged(visit, lambda n: visit.node.intake.refused(n, source=source), lambda r: in_words(r, visit))
    senders = dict.fromkeys(r.refused.source for r in page.rows if r.refused.kind == PACKETS)
    known = [visit.node.registry.device(mn) for mn in senders]
    return replace(page, again=tuple(device.mn for device in known if device and device.status == "active"))


def batches(visit: Visit) -> Page:
    """Acts of intake, newest first; the packets of a second make one."""
    wanted = visit.query("batch")
    if not wanted:
        return paged(visit, visit.node.store.batches, lambda batch: batch)
    return Page([b for b in visit.node.store.batches(limit=MANY) if str(b.batch.id) == wanted], 1, False)


def commands(visit: Visit) -> Page:
    """Orders to devices with their state and outcome."""

    def show(c: Command) -> tuple[Command, str]:
        return c, outcome_words(c.outcome, visit.t.language) if c.outcome else ""

    return paged(visit, lambda n: visit.node.intake.commands(visit.query("mn") or None, limit=n), show)


def in_words(refused: Refused, visit: Visit) -> Refusal:
    """A refusal with its sentence."""
    return Refusal(refused, sentence(refused.refusal.code, refused.refusal.facts, visit.t.language))


SHOW: Final[dict[str, Callable[[Visit], Page]]] = {
    "sessions": sessions,
    "refused": refused,
    "batches": batches,
    "commands": commands,
}


def export_refused(visit: Visit) -> Response:
    """All refusals with their reasons, so that the rows can be set right at their source."""
    rows = [in_words(r, visit) for r in every_refusal(visit)]
    text = pa.string()
    table = pa.table(
        {
            "received": pa.array([r.refused.received for r in rows], pa.timestamp("ms", "UTC")),
            "source": pa.array([r.refused.source for r in rows], text),
            "kind": pa.array([r.refused.kind for r in rows], text),
            "entry": pa.array([r.refused.entry for r in rows], pa.int64()),
            "line": pa.array([r.refused.refusal.line for r in rows], pa.int64()),
            "column": pa.array([r.refused.refusal.column for r in rows], text),
            "code": pa.array([r.refused.refusal.code for r in rows], text),
            "reason": pa.array([r.said.text for r in rows], text),
            "remedy": pa.array([r.said.remedy for r in rows], text),
            "text": pa.array([r.refused.refusal.text for r in rows], text),
        }
    )
    return files.send_table(visit, "refused", table, visit.request.path_params["form"])


def every_refusal(visit: Visit) -> list[Refused]:
    """Refusals of the source in the address, or of all."""
    return visit.node.intake.refused(MANY, source=visit.query("source") or None)
