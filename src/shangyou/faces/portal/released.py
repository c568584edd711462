"""What entered the water, as a warning or an incident tells it or as somebody supposes it, with its arrival tables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from shangyou.basin.network.network import Network
from shangyou.core.errors import InputError, ShangyouError
from shangyou.faces.archive import names
from shangyou.faces.beside import computing
from shangyou.faces.portal.ahead import ahead
from shangyou.faces.portal.hall import Hall, hall
from shangyou.faces.portal.parties import joined
from shangyou.faces.portal.river_line import HERE, with_point
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence, sentence
from shangyou.faces.together import dossier_id
from shangyou.faces.tracings import learned_of
from shangyou.faces.warning import watch
from shangyou.faces.wording import mass, substance
from shangyou.flows import incident, warn
from shangyou.flows.arrivals import by_transport, by_travel
from shangyou.governance.incident.room import Room
from shangyou.governance.warning.read import content as read_content
from shangyou.governance.warning.read import table as read_table
from shangyou.governance.warning.values import Content, Table
from shangyou.wiring import rivers

if TYPE_CHECKING:
    from shangyou.wiring import Node

KILOGRAMS: Final = 1000.0  # released at once, where nobody says another amount
LEAST_KILOGRAMS: Final = 1e-6
MOST_KILOGRAMS: Final = 1e7
LONGEST: Final = 240.0  # h that a supposed release lasts
HOUR: Final = 3_600_000
SUBSTANCE: Final = 80  # characters
Reckoning = Callable[[], Mapping[str, object]]  # the body of an arrival table


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """A release, real or supposed."""

    key: tuple[Hashable, ...]  # of what is known of it: another key, another release
    title: str
    network: Network
    content: Content | None  # None: an incident of which no warning tells
    tables: tuple[tuple[str, Table], ...]  # name of who computed it; the one to be shown first
    simulated: bool
    supposed: bool = False
    room: Room | None = None

    @property
    def place(self) -> str:
        """Where it entered, on the network; "" where nobody knows."""
        return self.content.place if self.content is not None and self.network.has(self.content.place) else ""

    @property
    def began(self) -> int:
        """ms since 1970 UTC; when it was noticed, where nobody knows when it began. Only with a content."""
        assert self.content is not None
        return self.content.began if self.content.began is not None else self.content.noticed


def released(visit: Visit) -> Released:
    """By the address: `warning`, `incident`, else a supposition at `section`, or at `at` of a `reach`.

    Raises NotFoundError "dossier.unknown", "network.place", "network.reach"; InputError "portal.time".
    """
    if visit.query("warning"):
        at = hall(visit)
        return of_warning(at, dossier_id(at.together, warn.SUBJECT, visit.query("warning")))
    if visit.query("incident"):
        at = hall(visit)
        return of_incident(at, incident.look(at.together, visit.query("incident")))
    return _supposed(visit)


def of_warning(at: Hall, id: str, room: Room | None = None) -> Released:
    """A warning's release as it is known now. NotFoundError "dossier.unknown"."""
    seen = warn.look(at.together, id)
    situation, content = seen.situation, seen.situation.content
    zh = at.visit.t.language == "zh"
    return Released(
        key=("warning", id, warn.latest_change(seen)),
        title=content.title_zh if zh else content.title_en,
        network=_network(at.visit),
        content=content,
        tables=tuple((at.name(each.by), each) for each in warn.best_first(situation, at.found.me)),
        simulated=situation.simulated,
        room=room,
    )


def of_incident(at: Hall, seen: incident.Seen) -> Released:
    """What a room tells of it: by its warning, where this node holds one that names a place; else the room alone."""
    opening, title = seen.room.opening, at.words.of(seen.room.opening, "title")
    if opening.warning and any(each.id == opening.warning for each in at.together.dossiers.headings(warn.SUBJECT, 200)):
        told = of_warning(at, opening.warning, seen.room)
        if told.place or not opening.place:
            return told
    known = (
        opening.place,
        opening.substance,
        opening.amount,
        opening.limit,
        opening.occurred,
    )  # may be learned while it is open
    key, network = ("incident", seen.id, *known), _network(at.visit)
    return Released(key, title, network, incident.release(opening), (), opening.simulated, room=seen.room)


def _supposed(visit: Visit) -> Released:
    network, section = _network(visit), visit.query("section")
    kilograms = visit.decimal("kg", KILOGRAMS, LEAST_KILOGRAMS, MOST_KILOGRAMS)
    hours = visit.decimal("hours", 0.0, 0.0, LONGEST)
    if visit.query("reach"):
        network, section = chosen_point(visit, network), HERE
    place = network.places[network.index(section)]
    name_zh, name_en = place.name_zh, place.name_en or place.name_zh
    if section == HERE:
        name_zh = name_en = point_name(visit, network)
    began = visit.number("began", visit.now // HOUR * HOUR, 1, 1 << 42)
    bounds = {name: visit.decimal(name, 0.0, 0.0, MOST_KILOGRAMS) for name in ("least", "most")}
    given = {
        "title_zh": name_zh,
        "title_en": name_en,
        "place_zh": name_zh,
        "place_en": name_en,
        "place": section,
        "substance": visit.query("substance")[:SUBSTANCE],
        "text": "?",
        "noticed": began,
        "began": began,
        "duration": hours * 3600.0,
        "amount": kilograms * 1000.0,
        **{f"amount_{name}": each * 1000.0 for name, each in bounds.items() if each},
    }
    content = read_content(given)
    network_of = (visit.query("reach"), visit.query("at"))
    key = ("supposed", section, *network_of, kilograms, hours, *bounds.values(), began, content.substance)
    told = filter(None, (mass(kilograms * 1000.0), substance(content, visit.t.language)))
    name = name_zh if visit.t.language == "zh" else name_en
    title = visit.t("map.plume.title", place=name, amount=" ".join(told))
    return Released(key, title, network, content, (), visit.node.settings.simulated, supposed=True)


def chosen_point(visit: Visit, network: Network) -> Network:
    """The network with the point that the address names by `reach` and `at` as a place HERE.

    Raises NotFoundError "network.reach"; InputError "map.point" where `at` is no longitude and latitude.
    """
    reach = network.reaches[network.reach(visit.query("reach"))]
    try:
        longitude, latitude = (float(text) for text in visit.query("at").split(","))
    except ValueError:
        raise InputError("map.point", text=visit.query("at")[:80]) from None
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):  # this way round refuses NaN too
        raise InputError("map.point", text=visit.query("at")[:80])
    registry = visit.node.registry
    said = {each: names(each, registry.rivers(), registry.agencies()).river(reach.river) for each in ("zh", "en")}
    return with_point(network, reach.id, longitude, latitude, said["zh"], said["en"])


def point_name(visit: Visit, network: Network) -> str:
    """The chosen point in words: its river, and the nearest place below it, or else above."""
    own, t = network.places[network.index(HERE)], visit.t
    river = own.name_zh if t.language == "zh" else own.name_en
    below, above = network.downstream(HERE)[:1], network.upstream(HERE)[:1]
    if not (below or above):
        return river
    other = (below or above)[0]
    metres = network.distance(HERE, other.id) if below else network.distance(other.id, HERE)
    name = other.name_zh if t.language == "zh" else other.name_en or other.name_zh
    facts = {"river": river, "place": name, "km": f"{(metres or 0.0) / 1000:,.0f}"}
    return t("map.water.above", **facts) if below else t("map.water.below", **facts)


def _network(visit: Visit) -> Network:
    return rivers(cast("Node", visit.node)).network()


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """The arrival table of a release that is to be shown."""

    by: str  # name of who computed it; "" = this node, for the map alone
    table: Table | None
    pending: bool  # a better one is being computed
    trouble: Sentence | None  # why there will be none


def told(visit: Visit, found: Released) -> Told:
    """The best table there is now; where none has bands one is computed beside, and comes with a later question."""
    by, table = found.tables[0] if found.tables else ("", None)
    if not found.place or (table is not None and table.banded):
        return Told(by, table, pending=False, trouble=None)
    node = cast("Node", visit.node)
    soon, better_later = _reckonings(visit, found)
    try:
        better = ahead(node).ask(found.key, better_later)
    except ShangyouError as error:
        trouble = sentence(error.code, error.facts, visit.t.language)
        return Told(by, table or _read(soon()), pending=False, trouble=trouble)
    if better is not None:
        return Told("", _read(better), pending=False, trouble=None)
    return Told(by, table or _read(soon()), pending=True, trouble=None)


def _reckonings(visit: Visit, found: Released) -> tuple[Reckoning, Reckoning]:
    """By times of travel at once, and by the transport: a warning's as the node would say them to others."""
    node, content, network, now = cast("Node", visit.node), found.content, found.network, visit.now
    assert content is not None
    here = watch(node) if joined(visit) is not None else None
    if here is not None and not found.supposed:
        return partial(here.compute, content, now), partial(here.transport, content, now)
    gauged = here.gauged(found.began) if here is not None else []
    traced = learned_of(node, content.place, found.began)  # where it is what a tracing found
    return (
        partial(by_travel, network, content, gauged, now),
        lambda: by_transport(network, content, gauged, now, computing(node), traced),
    )


def _read(body: object) -> Table | None:
    return read_table({"arrivals": body}, "", "")
