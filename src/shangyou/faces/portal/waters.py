"""The river network on the map: its lines, and what lies up- or downstream of a section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import msgspec
from starlette.responses import Response

from shangyou.basin.network.facts import SCHEMATIC
from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Kind, Place
from shangyou.basin.network.way import Travel, travel
from shangyou.faces.portal.released import chosen_point, point_name
from shangyou.faces.portal.river_line import HERE
from shangyou.faces.portal.visit import Visit
from shangyou.wiring import rivers

if TYPE_CHECKING:
    from shangyou.wiring import Node

LISTED: Final = (Kind.SECTION, Kind.INTAKE, Kind.BORDER, Kind.DAM, Kind.CONTROL, Kind.OUTLET, Kind.RISK)
MOST: Final = 60  # places that are listed; the nearest
LARGE: Final = 1000.0  # m3/s of a reach that is drawn wide


def lines(visit: Visit) -> Response:
    """Every reach whose course is known, as GeoJSON."""
    network = rivers(cast("Node", visit.node)).network()
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": reach.line},
            "properties": {
                "id": reach.id,
                "river": reach.river,
                "wide": 3 if reach.flow >= LARGE else 2 if reach.flow >= LARGE / 10 else 1,
            },
        }
        for reach in network.reaches
        if reach.line
    ]
    body = {"type": "FeatureCollection", "features": features, "source": SCHEMATIC}
    return Response(msgspec.json.encode(body), media_type="application/geo+json")


def drawer(visit: Visit) -> Response:
    """What may be asked of a point of a river; raises as `chosen_point`."""
    return visit.page("map_water.html", water=water(visit))


def water(visit: Visit) -> str:
    """The name of the point that the address names; raises as `chosen_point`."""
    return point_name(visit, chosen_point(visit, rivers(cast("Node", visit.node)).network()))


def named(visit: Visit, id: str) -> str:
    """The name of a place of the network; "" where it has none of that id."""
    network = rivers(cast("Node", visit.node)).network()
    if not network.has(id):
        return ""
    place = network.places[network.index(id)]
    return place.name_zh if visit.t.language == "zh" else place.name_en or place.name_zh


def way(visit: Visit) -> Response:
    """Reaches and places above or below a section, or a point of a reach, with distances and hours.

    Raises NotFoundError "network.place", and as `chosen_point`.
    """
    network = rivers(cast("Node", visit.node)).network()
    section, up = visit.query("section"), visit.query("to") == "up"
    if visit.query("reach"):
        network, section = chosen_point(visit, network), HERE
    hours = travel(network)
    found = network.upstream(section) if up else network.downstream(section)
    listed = [_told(network, hours, section, place, up, visit) for place in found if place.kind in LISTED]
    listed.sort(key=lambda each: cast("float", each["km"]))
    own = network.places[network.index(section)]
    name = own.name_zh if visit.t.language == "zh" else own.name_en or own.name_zh
    if section == HERE:
        name = point_name(visit, network)
    body = {
        "reaches": _reaches(network, section, up),
        "title": visit.t(f"map.way.{'up' if up else 'down'}", place=name),
        "count": visit.t.count("map.way.places", len(listed)),
        "places": listed[:MOST],
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


def _reaches(network: Network, section: str, up: bool) -> list[str]:
    own = int(network.reach_of[network.index(section)])
    if up:
        return [reach.id for reach in network.reaches[own : int(network.leave[own])]]
    found = []
    while own >= 0:
        found.append(network.reaches[own].id)
        own = int(network.down[own])
    return found


def _told(network: Network, hours: Travel, section: str, place: Place, up: bool, visit: Visit) -> dict[str, object]:
    ends = (place.id, section) if up else (section, place.id)
    metres, took = network.distance(*ends), hours.hours(*ends)
    known = took is not None and took == took
    return {
        "id": place.id if place.kind is Kind.SECTION else "",
        "name": place.name_zh if visit.t.language == "zh" else place.name_en or place.name_zh,
        "kind": visit.t(f"map.kind.{place.kind.value}"),
        "km": round((metres or 0.0) / 1000, 1),
        "hours": f"{abs(took or 0.0):,.0f}" if known else "?",  # of a point on a place the rest may be below nothing
    }
