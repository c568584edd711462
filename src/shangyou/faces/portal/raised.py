"""Open alarms in the warning centre: who has warned of them, and the form that does, filled in with what is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlencode

from shangyou.core import vocabulary
from shangyou.core.errors import ShangyouError
from shangyou.faces.alarms import alarms
from shangyou.faces.api.moments import legal
from shangyou.faces.portal.figures import digits, name_of, unit_of
from shangyou.faces.portal.hall import hall
from shangyou.faces.portal.names import place_name
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.words import Words
from shangyou.faces.told import told_by_id, told_of
from shangyou.faces.warning import watch
from shangyou.governance.detection.alarm import Alarm
from shangyou.governance.detection.kept import SILENT
from shangyou.wiring import Node, rivers

MOST_ALARMS: Final = 20


@dataclass(frozen=True, slots=True)
class Raised:
    """An open alarm of this node."""

    alarm: Alarm
    place: str
    parameter: str
    value: str
    form: str  # address of the form, filled in with what is known
    told: str  # for the address of the earliest warning of the same event; "" = nobody has warned
    by: str  # name of the member that did


def raised(visit: Visit) -> list[Raised]:
    """Alarms that nobody has closed, the last raised first."""
    node = cast("Node", visit.node)
    open_ones = [kept.alarm for kept in alarms(node).alarms(visit.now - SILENT, MOST_ALARMS)]
    told, found = told_of(node, open_ones), []
    for alarm in open_ones:
        first = next(iter(told.get(alarm.id, ())), None)
        found.append(
            Raised(
                alarm=alarm,
                place=place_name(alarm.sections[0], node.registry, visit.t),
                parameter=name_of(alarm.parameter, visit.t),
                value=_value(alarm),
                form=warn_form(visit, alarm),
                told=first.warning.removeprefix("urn:uuid:") if first else "",
                by=hall(visit).name(first.by) if first else "",
            )
        )
    return found


def warn_form(visit: Visit, alarm: Alarm) -> str:
    """Address of the form that warns of an alarm."""
    site, parameter = alarm.sections[0], vocabulary.parameter(alarm.parameter)
    zh, en = (place_name(site, visit.node.registry, Words(language)) for language in ("zh", "en"))
    given = {
        "alarm": alarm.id,
        "title_zh": f"{zh}{parameter.name_zh}异常",
        "title_en": f"{parameter.name_en} unusual at {en}",
        "place": site if rivers(cast("Node", visit.node)).network().has(site) else "",
        "place_zh": zh,
        "substance": alarm.parameter,
        "noticed": legal(alarm.raised)[:16].replace(" ", "T"),
        "evidence": f"{site} {alarm.parameter} {_value(alarm)}, {legal(alarm.since)}",
    }
    return f"/warnings?{urlencode({key: text for key, text in given.items() if text})}#send"


def downstream(visit: Visit, place: str, alarm: str = "") -> set[str]:
    """Members that are ticked to begin with: whom the water reaches and who do not know of the alarm's event yet.

    None for a place that is not on the network.
    """
    node = cast("Node", visit.node)
    try:
        reached = set(watch(node).downstream(place)) if place else set()
    except ShangyouError:
        return set()
    return reached - {member for each in (told_by_id(node, alarm) if alarm else ()) for member in each.whom}


def _value(alarm: Alarm) -> str:
    return f"{digits(alarm.value)} {unit_of(alarm.parameter)}".strip()
