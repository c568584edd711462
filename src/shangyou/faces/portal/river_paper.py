"""The sheet of a river as a printed document."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from shangyou.adapters.typesetting import typeset
from shangyou.faces.archive import HOTLINE, Line, Sheet
from shangyou.faces.portal.river_map import river_maps
from shangyou.faces.portal.words import Words

ON_A_PAGE: Final = 33  # lines of the map that fit beside what is told on a page


def river_pdf(sheet: Sheet, title: str, t: Words, made: str, simulated: bool) -> bytes:
    """One river, one plan, one map, as PDF. UnavailableError "document.pdf".

    title: the finding, as the page has it; made: when, in words; simulated: the sheet says so on top.
    """
    template = (files("shangyou.faces.portal") / "river.typ").read_text(encoding="utf-8")
    return typeset(template, contents(sheet, title, t, made, simulated))


def contents(sheet: Sheet, title: str, t: Words, made: str, simulated: bool) -> dict[str, object]:
    """What the template shows."""

    into = f" · {t('rivers.into')} {sheet.into}" if sheet.into else ""
    hotline = t("rivers.hotline", number=HOTLINE)
    return {
        "lang": t.language,
        "region": "CN" if t.language == "zh" else "GB",
        "title": title,
        "under": f"{sheet.km:,.0f} km{into} · {t('rivers.whole_way', hours=_hours(sheet.hours))}",
        "band": t("rivers.simulated") if simulated else "",
        "foot": f"{sheet.name} · {t('rivers.revision', n=sheet.revision)} · {t('rivers.made_at')} {made}",
        "map_title": t("rivers.map"),
        "map_note": f"{t('rivers.not_to_scale')}\n{t('rivers.legend')}",
        "maps": [str(part) for part in river_maps(sheet, t, ON_A_PAGE)],
        "contacts_title": t("rivers.contacts"),
        "contacts": [{"name": name, "text": sheet.plan.contacts.get(id) or hotline} for id, name in sheet.members],
        "plan_title": t("rivers.response"),
        "plan": sheet.text(t.language).splitlines() or [t("rivers.no_plan")],
        "threats_title": t("rivers.threats"),
        "threats_none": t("rivers.no_intakes"),
        "threats": _threats(t, sheet),
        "holds_title": t("rivers.holding"),
        "holds_none": t("rivers.no_holding"),
        "holds": {
            "head": [t("rivers.place"), t("rivers.kind"), t("rivers.km_above"), t("rivers.charge")],
            "body": [[_named(e), t(f"rivers.kind_{e.kind}"), f"{e.km:.1f}", e.charge] for e in sheet.holding],
        },
        "risks_title": t("rivers.risk_sources"),
        "risks_none": t("rivers.no_risks"),
        "risks": {
            "head": [t("rivers.place"), t("rivers.km_above"), t("rivers.charge"), t("rivers.confidence")],
            "body": [[_named(e), f"{e.km:.1f}", e.charge, e.confidence] for e in sheet.of("risk", "outlet")],
        },
        "reaches_title": t("rivers.reaches"),
        "reaches": _reaches(t, sheet),
        "how": t("rivers.how_computed"),
    }


def _threats(t: Words, sheet: Sheet) -> dict[str, object]:
    """Intakes below the borders, with the place that can hold water back for each."""
    return {
        "head": [t("rivers.intake"), t("rivers.from_border"), "km", t("rivers.hours"), t("rivers.hold_at")],
        "body": [
            [
                each.intake.name,
                each.border.name,
                f"{each.km:,.0f}",
                _hours(each.hours),
                each.hold.name if each.hold else t("rivers.nowhere"),
            ]
            for each in sheet.threats
        ],
    }


def _reaches(t: Words, sheet: Sheet) -> dict[str, object]:
    """The stretches of the river, with flow and speed."""
    return {
        "head": [
            t("rivers.reach"),
            "km",
            t("rivers.flow"),
            t("rivers.speed"),
            t("rivers.charge"),
            t("rivers.source"),
        ],
        "body": [
            [
                each.reach.id,
                f"{each.reach.length / 1000:,.1f}",
                f"{each.reach.flow:,.0f}" if each.reach.flow == each.reach.flow else "—",
                f"{each.speed:.2f}" if each.speed is not None else "—",
                each.charge,
                "; ".join(filter(None, (each.reach.source, each.reach.confidence))),
            ]
            for each in sheet.stretches
        ],
    }


def _named(line: Line) -> str:
    return f"{line.name} ({line.note})" if line.note else line.name


def _hours(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}" if value < 10 else f"{value:,.0f}"
