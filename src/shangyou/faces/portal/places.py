"""Places of the network in a form: found by typing part of a name, a kind or a river, and read back as an id."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from shangyou.faces.archive import names
from shangyou.faces.portal.visit import Visit
from shangyou.wiring import rivers

if TYPE_CHECKING:
    from shangyou.wiring import Node


def offered(visit: Visit) -> dict[str, str]:
    """What a form offers for each place by its id: name, kind, river; no two alike."""
    network, registry, t = rivers(cast("Node", visit.node)).network(), visit.node.registry, visit.t
    known = names(t.language, registry.rivers(), registry.agencies())
    said = {}
    for i, place in enumerate(network.places):
        name = place.name_zh if t.language == "zh" else place.name_en or place.name_zh
        river = network.reaches[int(network.reach_of[i])].river
        said[place.id] = " · ".join((name or place.id, t(f"map.kind.{place.kind.value}"), known.river(river)))
    often = Counter(said.values())
    unlike = {id: text if often[text] == 1 else f"{text} ({id})" for id, text in said.items()}
    return dict(sorted(unlike.items(), key=lambda each: each[1]))


def id_of(visit: Visit, text: str) -> str:
    """The id of what stands in such a field: an id, what was offered for one, or a name that only one place has.

    Anything else is given back as it is, for the deed to refuse.
    """
    text = text.strip()
    network = rivers(cast("Node", visit.node)).network()
    if not text or network.has(text):
        return text
    by_text = {said: id for id, said in offered(visit).items()}
    named = [each.id for each in network.places if text in (each.name_zh, each.name_en)]
    return by_text.get(text) or (named[0] if len(named) == 1 else text)
