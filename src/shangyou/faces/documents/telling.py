"""What was said in an incident's room, as sentences; for the timeline of a page and of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from shangyou.core.errors import NotFoundError
from shangyou.core.vocabulary import parameter
from shangyou.faces.api.moments import legal
from shangyou.faces.archive import river_name
from shangyou.faces.documents.words import Words
from shangyou.faces.wording import mass
from shangyou.governance.incident.grading import Value
from shangyou.governance.incident.room import Line, Result, Room
from shangyou.standards.library import Edition

MOST: Final = 300  # characters of a text in a timeline
Name = Callable[[str], str]  # of a member, by id


def told(line: Line, room: Room, plan: Edition, name: Name, t: Words) -> str:
    """One entry as a sentence without its author."""
    body: Mapping[str, Any] = line.body
    verb = line.kind.partition(".")[2]
    match line.kind:
        case "incident.facts":
            facts = "; ".join(
                f"{fact_name(key, plan, t)}: {fact_value(key, v, plan, t)}" for key, v in body["facts"].items()
            )
            members = ", ".join(map(name, body.get("members", ())))
            return t("said.facts", facts=facts) + (t("said.from_network", members=members) if members else "")
        case "incident.place":
            return t("said.place", known="; ".join(_release(body, t)))
        case "incident.grade":
            why = body.get("why") or ""
            key = "graded" if body["grade"] == body["proposed"] else "graded_otherwise"
            return t(f"said.{key}", grade=body["grade"], proposed=body["proposed"], why=_cut(why))
        case "incident.report":
            to = ", ".join(map(name, body.get("to", ())))
            return t(
                "said.report", type=t(f"report.{body['type']}"), sent=minute(body["sent"]), to=f" → {to}" if to else ""
            )
        case "incident.task":
            title = body.get(f"title_{t.language}") or body["task"]
            owner = name(body["owner"]) if body.get("owner") else "—"
            return t("said.task", title=title, owner=owner, state=t(f"task.{body.get('state', 'open')}"))
        case "incident.point":
            key = "point_removed" if body.get("removed") else "point"
            return t(f"said.{key}", name=_either(body, t), every=body["every"], member=name(body["member"]))
        case "incident.sample":
            point = t.of(room.points[body["point"]].value, "name")
            return t("said.sample", point=point, taken=minute(body["taken"])[5:], results=_results(body, t))
        case "incident.measure":
            stage, kind = t(f"stage.{body.get('stage', 'proposed')}"), t(f"measure.{body['kind']}")
            return t("said.measure", kind=kind, name=_either(body, t), member=name(body["member"]), stage=stage)
        case "incident.decision":
            return t("said.decision", text=_cut(body["text"]), why=_cut(body["why"]))
        case "dossier.invite":
            return t("said.invite", members=", ".join(map(name, body["members"])))
        case "incident.note" | "incident.reopen" | "incident.close":
            return t(f"said.{verb}", text=_cut(body.get("text") or body.get("why") or body.get("summary_zh") or ""))
    return t("said.open")


def _release(body: Mapping[str, Any], t: Words) -> list[str]:
    """What was learned of a release, each with its name."""
    where = body.get(f"place_{t.language}") or body.get("place_zh") or body.get("place") or ""
    texts = {
        "occurred": minute(body.get("occurred")),
        "place": where,
        "river": river_name(body.get("river", ""), t.language),
        "substance": label(body["substance"], t) if body.get("substance") else "",
        "amount": mass(body["amount"]) if body.get("amount") else "",
        "limit": f"{body['limit']:g} mg/L" if body.get("limit") else "",
    }
    return [f"{t('basics.' + key)}: {text}" for key, text in texts.items() if text]


def fact_name(key: str, plan: Edition, t: Words) -> str:
    """A fact of the grading plan, as people call it."""
    return str(plan.body["facts"][key][t.language])


def fact_value(key: str, value: Value, plan: Edition, t: Words) -> str:
    """What is known of it."""
    known = plan.body["facts"][key]
    if known["kind"] == "scale":
        return str(known["words"][value][t.language])
    return f"{value:,.2f}".removesuffix(".00") if isinstance(value, float) else f"{value:,}"


def label(key: str, t: Words) -> str:
    """A parameter by its name; a substance that is in no vocabulary speaks for itself."""
    try:
        found = parameter(key)
    except NotFoundError:
        return key
    return found.name_zh if t.language == "zh" else found.name_en


def result_text(result: Result, t: Words) -> str:
    """A result with its limit."""
    limit = t("said.limit", limit=f"{result.limit:g}") if result.limit is not None else ""
    return f"{label(result.parameter, t)} {'<' if result.below else ''}{result.value:g} {result.unit}{limit}"


def minute(ms: int | None) -> str:
    """Legal time to the minute; "" for none."""
    return legal(ms)[:16]


def _results(body: Mapping[str, Any], t: Words) -> str:
    made = (
        Result(each["parameter"], each["value"], each["unit"], each.get("below", False), each.get("limit"))
        for each in body["results"]
    )
    return "; ".join(result_text(each, t) for each in made)


def _either(body: Mapping[str, Any], t: Words) -> str:
    return str((body.get("name_en") if t.language == "en" else "") or body["name_zh"])


def _cut(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
