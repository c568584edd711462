"""Which arrival tables the documents of a warning and of a room carry."""

from __future__ import annotations

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.faces.documents.arrivals import Told
from shangyou.faces.together import together
from shangyou.faces.warning import watch
from shangyou.flows import incident, warn
from shangyou.governance.warning.read import table as read_table
from shangyou.wiring import Node, rivers


def of_warning(seen: warn.Seen, me: str) -> list[Told]:
    """The tables of all members, the one to be read first in front."""
    situation = seen.situation
    return [Told(each, situation.content.limit) for each in warn.best_first(situation, me)]


def of_room(node: Node, seen: incident.Seen) -> list[Told]:
    """The best table of its warning, else what this node reckons now of what the room knows; [] where nobody can."""
    found, opening = together(node), seen.room.opening
    if opening.warning:
        try:
            told = of_warning(warn.look(found, opening.warning), found.me)
        except NotFoundError:  # this node takes no part in the warning
            told = []
        if told:
            return told[:1]
    content = incident.release(opening)
    if content is None or not rivers(node).network().has(content.place):
        return []
    here = watch(node)
    try:
        body = here.transport(content, found.now())
    except ShangyouError:  # the network does not say enough for bands: times of travel are all there is
        body = here.compute(content, found.now())
    table = read_table({"arrivals": body}, found.me, "")
    return [Told(table, content.limit)] if table is not None else []
