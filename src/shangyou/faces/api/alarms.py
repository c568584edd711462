"""Questions and deeds about alarms: what detection raised, why, and what people made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.clock import from_ms
from shangyou.core.errors import NotFoundError
from shangyou.core.vocabulary import parameter
from shangyou.faces.alarms import alarms as alarms_of
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, made
from shangyou.faces.api.moments import legal
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.faces.told import told_of
from shangyou.governance.detection.alarm import Alarm, Seen
from shangyou.governance.detection.kept import SILENT, Closing, Kept
from shangyou.governance.warning.event import Told

REAL: Final = pa.float64()
ALARMS: Final = pa.schema(
    [
        *(("id", TEXT), ("standing", TEXT), ("level", TEXT), ("parameter", TEXT), ("sections", TEXT)),
        *(("since", TIME), ("raised", TIME), ("last", TIME), ("ended", TIME)),
        *(("value", REAL), ("limit", REAL), ("usual", REAL), ("peak", REAL), ("unit", TEXT), ("rules", TEXT)),
        *(("closed", TIME), ("closed_by", TEXT), ("outcome", TEXT), ("note", TEXT)),
        *(("warning", TEXT), ("warned_by", TEXT), ("warned", TIME)),  # the earliest that tells of the same event
    ]
)
SEEN: Final = pa.schema(
    [
        *(("section", TEXT), ("parameter", TEXT), ("unit", TEXT), ("since", TIME), ("raised", TIME), ("last", TIME)),
        *((name, REAL) for name in ("value", "limit", "usual", "peak")),
        *(("peak_at", TIME), ("rules", TEXT), ("excluded_zh", TEXT), ("excluded_en", TEXT), ("quiet", pa.bool_())),
        *(("signs_zh", TEXT), ("signs_en", TEXT)),
    ]
)
CLOSE: Final = "alarms/close"  # deed
CLOSERS: Final = frozenset({"operator", "duty", "manager"})
Id = Annotated[str, "id of the alarm; its beginning is enough"]


def alarms(
    desk: Desk,
    open_only: Annotated[bool, "only those that are neither ended nor closed"] = False,
    limit: Annotated[int, "at most so many"] = 200,
) -> Rows:
    """Alarms, the last raised first."""
    now = desk.now()
    found = alarms_of(desk.node).alarms(now - SILENT if open_only else None, limit)
    told = told_of(desk.node, [kept.alarm for kept in found])
    return made(ALARMS, [_row(kept, now) | _told(told.get(kept.alarm.id, ())) for kept in found]).labelled(
        desk.simulated
    )


def alarm(desk: Desk, id: Id) -> Rows:
    """One alarm: each series in which it was seen, and which explanations were tried there."""
    kept = alarms_of(desk.node).alarm(id)
    return made(SEEN, [_seen(one) for one in kept.alarm.seen]).labelled(desk.simulated)


def close(
    desk: Desk,
    id: Id,
    outcome: Annotated[str, "event, false, known or test"],
    note: Annotated[str, "what was found"] = "",
) -> Done:
    """Say what an alarm was."""
    kept = alarms_of(desk.node).close(id, Closing(desk.now(), desk.by, outcome, note))
    return {"id": kept.alarm.id, "outcome": outcome}


def _row(kept: Kept, now: int) -> dict[str, object]:
    alarm, first, closing = kept.alarm, kept.alarm.seen[0], kept.closing
    rules = dict.fromkeys(rule.value for one in alarm.seen for rule in one.rules)
    row: dict[str, object] = {"id": alarm.id, "standing": str(kept.standing(now)), "level": alarm.level.name.lower()}
    row |= {"parameter": alarm.parameter, "sections": ", ".join(alarm.sections), "rules": ", ".join(rules)}
    row |= {"since": from_ms(alarm.since), "raised": from_ms(alarm.raised), "last": from_ms(kept.last)}
    row |= {"ended": _time(alarm.ended), "value": alarm.value, "limit": alarm.limit, "usual": first.usual}
    row |= {"peak": _peak(alarm), "unit": _unit(alarm.parameter), "closed": _time(closing.at if closing else None)}
    if closing is not None:
        row |= {"closed_by": closing.by, "outcome": closing.outcome, "note": closing.note}
    return row


def _told(found: Sequence[Told]) -> dict[str, object]:
    return {"warning": found[0].warning, "warned_by": found[0].by, "warned": from_ms(found[0].at)} if found else {}


def _seen(one: Seen) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(one, name) for name in ("section", "parameter", "value", "limit", "usual")}
    row |= {"unit": _unit(one.parameter), "peak": one.peak, "quiet": one.quiet, "rules": ", ".join(one.rules)}
    row |= {name: from_ms(getattr(one, name)) for name in ("since", "raised", "last", "peak_at")}
    for language in ("zh", "en"):
        row |= {f"excluded_{language}": "; ".join(tried(one, language))}
        row |= {f"signs_{language}": "; ".join(signs(one, language))}
    return row


def tried(one: Seen, language: str) -> list[str]:
    """A sentence for each explanation that was tried, in the order in which they were."""
    return [sentence(f"alarm.tried.{each.how}", _short(each.facts, language), language).text for each in one.excluded]


def signs(one: Seen, language: str, name: Callable[[str], str] = str) -> list[str]:
    """A sentence for each thing that other parameters of the place, or other members, say for it.

    name: what a member is called where it is shown; by itself its id.
    """
    told = []
    for each in one.signs:
        facts = _short(each.facts, language)
        if "member" in facts:
            facts["member"] = name(str(facts["member"]))
        told.append(sentence(f"alarm.sign.{each.how}", facts, language).text)
    return told


NAMES: Final = ("by", "whole", "other", "others")  # facts that name parameters
SHORT: Final = 8  # signs of an id that is named in a sentence; they are enough to ask for it
MOMENTS: Final = ("from", "to")  # facts that are times


def _short(facts: Mapping[str, float | str], language: str) -> dict[str, float | str]:
    """Numbers with the digits that a reader needs, parameters and doubts in words."""
    told: dict[str, float | str] = {}
    for name, value in facts.items():
        if name in MOMENTS and isinstance(value, float):
            told[name] = legal(round(value))[:16]
        elif isinstance(value, float):
            told[name] = f"{value:.4g}" if abs(value) < 10_000 else f"{value:.3g}"
        elif name in NAMES and isinstance(value, str):
            told[name] = ("、" if language == "zh" else ", ").join(_named(key, language) for key in value.split())
        elif name == "warning":
            told[name] = str(value).removeprefix("urn:uuid:")[:SHORT]
        elif name == "doubt":
            told[name] = sentence(f"alarm.doubt.{value}", {}, language).text
        else:
            told[name] = value
    return told


def _named(key: str, language: str) -> str:
    """Of a parameter in the middle of a sentence."""
    try:
        known = parameter(key)
    except NotFoundError:  # a vocabulary that has lost a key since
        return key
    return known.name_zh if language == "zh" else known.name_en[:1].lower() + known.name_en[1:]


def _peak(alarm: Alarm) -> float:
    """The farthest from the usual, of the parameter in which it was seen first."""
    return max((s for s in alarm.seen if s.parameter == alarm.parameter), key=lambda s: abs(s.peak - s.usual)).peak


def _unit(name: str) -> str:
    try:
        return parameter(name).unit
    except NotFoundError:  # a vocabulary that has lost a key since
        return ""


def _time(at: int | None) -> object:
    return None if at is None else from_ms(at)


QUESTIONS: Final = (Question("alarms", alarms, "warnings"), Question("alarm", alarm, "warnings"))
DEEDS: Final = (Deed(CLOSE, close, "warnings", CLOSERS),)
