"""Questions and deeds about the river network: what is up- and downstream, and who has changed what in it and why."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import pyarrow as pa

from shangyou.basin.network.network import Network
from shangyou.basin.network.revision import PLAN, WHATS, Item, Key, Plan, Revision, as_item, key_of, replacing, written
from shangyou.basin.network.rows import REACH, row_of
from shangyou.basin.network.values import Draft, Kind, Place, Reach
from shangyou.basin.network.way import Travel, flow_now, travel, velocity
from shangyou.core.errors import ConflictError, InputError
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.rows import Rows
from shangyou.flows.archive import rivers as cross_border
from shangyou.flows.network import FLOW, gauged
from shangyou.wiring import rivers

EDITORS: Final = frozenset({"operator", "engineer", "manager", "duty"})  # who may change the network and the plans
NUMBER: Final = pa.float64()
REACHES: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "river", "start", "end", "down")),
        *((name, NUMBER) for name in ("length_km", "slope", "width_m", "roughness", "flow_m3s", "area_m2", "speed_ms")),
        *((name, TEXT) for name in ("charge", "source", "confidence")),
        ("revision", WHOLE),
    ]
)
PLACES: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "kind", "name_zh", "name_en", "river", "reach")),
        *((name, NUMBER) for name in ("at_km", "above_km", "longitude", "latitude", "volume_m3", "mixed_m3")),
        *((name, TEXT) for name in ("charge", "beyond", "source", "confidence", "note_zh", "note_en")),
        ("revision", WHOLE),
    ]
)
AWAY: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "kind", "name_zh", "name_en", "river")),
        *((name, NUMBER) for name in ("distance_km", "hours")),
        *((name, TEXT) for name in ("charge", "beyond", "source", "confidence")),
    ]
)
REVISIONS: Final = pa.schema(
    [
        ("revision", WHOLE),
        ("at", TIME),
        *((name, TEXT) for name in ("by", "why", "what")),
        ("changes", WHOLE),
        ("undoes", WHOLE),
    ]
)
RIVERS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "name_zh", "name_en", "into")),
        ("length_km", NUMBER),
        ("across", TEXT),
        *((name, WHOLE) for name in ("borders", "sections", "intakes", "risks", "controls")),
        ("plan", pa.bool_()),
    ]
)


# ---- questions --------------------------------------------------------------------------------------------------


def reaches(desk: Desk, river: Annotated[str, "id of a river"] = "") -> Rows:
    """Reaches of the network in force, in order of flow within each river."""
    found = rivers(desk.node)
    return reach_rows(found.network(), found.book().touched, river)


def places(
    desk: Desk,
    kind: Annotated[Texts, "section, intake, outlet, dam, gate, border, risk, control, gauge, end"] = (),
    river: Annotated[str, "id of a river"] = "",
    text: Annotated[str, "part of its id or names"] = "",
) -> Rows:
    """Places of the network in force."""
    found = rivers(desk.node)
    return place_rows(found.network(), found.book().touched, kind, river, text)


def up(
    desk: Desk,
    id: Annotated[str, "id of a place"],
    kind: Annotated[Texts, "kinds of places; none: all"] = (),
    flow: Annotated[Texts, "what is gauged, PLACE=m3/s"] = (),
    now: Annotated[bool, "at the newest flows that this node has, not older than a day"] = False,
) -> Rows:
    """What lies upstream, how far and how many hours away."""
    return away(rivers(desk.node).network(), id, kind, _flows(desk, flow, now), above=True)


def down(
    desk: Desk,
    id: Annotated[str, "id of a place"],
    kind: Annotated[Texts, "kinds of places; none: all"] = (),
    flow: Annotated[Texts, "what is gauged, PLACE=m3/s"] = (),
    now: Annotated[bool, "at the newest flows that this node has, not older than a day"] = False,
) -> Rows:
    """What lies downstream, how far and how many hours away."""
    return away(rivers(desk.node).network(), id, kind, _flows(desk, flow, now), above=False)


def _flows(desk: Desk, flow: Sequence[str], now: bool) -> dict[str, float]:
    """What is gauged: by this node's newest values, and by what somebody says."""
    own = gauged(rivers(desk.node).network(), desk.node.store.latest((), (FLOW,)), desk.now()) if now else {}
    return own | flows_of(flow)


def archive(desk: Desk) -> Rows:
    """Rivers that cross a border between members, with what there is on them."""
    own, registry = rivers(desk.node), {each.id: each for each in desk.node.registry.rivers()}
    rows = [
        {
            "id": each.id,
            "name_zh": registry[each.id].name_zh if each.id in registry else each.id,
            "name_en": registry[each.id].name_en if each.id in registry else each.id,
            "into": each.into,
            "length_km": each.length / 1000,
            "across": " ".join(each.members),
            **{name: each.count(kind) for name, kind in COUNTED.items()},
            "plan": bool(own.book().plan(each.id).text_zh or own.book().plan(each.id).text_en),
        }
        for each in cross_border(own.network())
    ]
    return made(RIVERS, rows)


COUNTED: Final = {
    "borders": Kind.BORDER,
    "sections": Kind.SECTION,
    "intakes": Kind.INTAKE,
    "risks": Kind.RISK,
    "controls": Kind.CONTROL,
}


def revisions(desk: Desk, id: Annotated[str, "only those that touched this reach, place or river"] = "") -> Rows:
    """Who has changed what in the network, when and why; the newest first."""
    found = reversed(rivers(desk.node).book().revisions)
    return made(REVISIONS, [_revision(r) for r in found if not id or any(c.id == id for c in r.changes)])


def _revision(revision: Revision) -> dict[str, object]:
    shown = [f"{'–' if c.after is None else '+' if c.before is None else '~'}{c.id}" for c in revision.changes[:6]]
    more = len(revision.changes) - len(shown)
    return {
        "revision": revision.number,
        "at": revision.at,
        "by": revision.by,
        "why": revision.why,
        "what": " ".join(shown) + (f" … +{more}" if more else ""),
        "changes": len(revision.changes),
        "undoes": revision.undoes or None,
    }


def items(desk: Desk) -> Rows:
    """The whole network in force, one row of JSON an item: what an export is made of."""
    book = rivers(desk.node).book()
    return item_rows(book.draft().items)


# ---- the same of any network, which a file may hold ---------------------------------------------------------------


def reach_rows(network: Network, touched: Mapping[Key, int] | None = None, river: str = "") -> Rows:
    """Rows of the reaches of a network."""
    speed, rows = velocity(network), list[dict[str, object]]()
    for on in network.rivers().values():
        for i in on:
            reach = network.reaches[i]
            if not river or reach.river == river:
                next_ = int(network.down[i])
                rows.append(
                    _row(reach)
                    | {
                        "down": network.reaches[next_].id if next_ >= 0 else "",
                        "speed_ms": _known(float(speed[i])),
                        "revision": (touched or {}).get(key_of(reach)),
                    }
                )
    return made(REACHES, rows)


def place_rows(
    network: Network,
    touched: Mapping[Key, int] | None = None,
    kind: Sequence[str] = (),
    river: str = "",
    text: str = "",
) -> Rows:
    """Rows of the places of a network."""
    _kinds(kind)

    def fits(place: Place) -> bool:
        named = (place.id, place.name_zh, place.name_en)
        return (
            (not kind or place.kind in kind)
            and (not river or place.river == river)
            and (not text or any(text.lower() in name.lower() for name in named))
        )

    found = [place for on in network.rivers() for place in network.on_river(on) if fits(place)]
    return made(
        PLACES,
        (
            _row(place) | {"above_km": network.mileage(place.id) / 1000, "revision": (touched or {}).get(key_of(place))}
            for place in found
        ),
    )


def away(network: Network, place: str, kind: Sequence[str], flow: Mapping[str, float], *, above: bool) -> Rows:
    """Places up- or downstream of one, the nearest first, with distance and hours."""
    _kinds(kind)
    pace = travel(network, flow_now(network, flow) if flow else None)
    found = network.upstream(place) if above else network.downstream(place)
    chosen = [each for each in found if not kind or each.kind in kind]
    ways = [(each, network.distance(*((each.id, place) if above else (place, each.id))) or 0.0) for each in chosen]
    ways.sort(key=lambda way: way[1])
    return made(AWAY, (_away(pace, place, each, metres, above) for each, metres in ways))


def _row(item: Reach | Place) -> dict[str, Any]:
    return dict(row_of(item)) | {"charge": item.owner}


def _away(pace: Travel, place: str, other: Place, metres: float, above: bool) -> dict[str, Any]:
    ends = (other.id, place) if above else (place, other.id)
    return _row(other) | {"distance_km": metres / 1000, "hours": _known(pace.hours(*ends))}


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _kinds(kind: Sequence[str]) -> None:
    for each in kind:
        if each not in list(Kind):
            raise InputError("network.kind", kind=each[:40], known=", ".join(Kind))


def flows_of(given: Sequence[str]) -> dict[str, float]:
    """Flows written as PLACE=m3/s. InputError "network.gauged"."""
    found = {}
    for each in given:
        place, _, number = each.rpartition("=")
        try:
            found[place] = float(number)
        except ValueError:
            raise InputError("network.gauged", id=each[:80], value=number[:20]) from None
    return found


def item_rows(given: Iterable[Reach | Place]) -> Rows:
    """Reaches and places as rows of JSON."""
    schema = pa.schema([("what", TEXT), ("id", TEXT), ("item", TEXT)])
    rows: list[dict[str, object]] = [
        {"what": what, "id": id, "item": _json(written(each))} for each in given for what, id in [key_of(each)]
    ]
    return made(schema, rows)


def draft_of(rows: Iterable[Mapping[str, Any]]) -> Draft:
    """The reverse of `item_rows`."""
    found = [as_item(row["what"], json.loads(row["item"])) for row in rows]
    reaches = tuple(each for each in found if isinstance(each, Reach))
    return Draft(reaches, tuple(each for each in found if isinstance(each, Place)))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


# ---- deeds ------------------------------------------------------------------------------------------------------


def revise(
    desk: Desk,
    changes: Annotated[str, 'JSON: a list of {"what": "reach" or "place", "id": .., "item": row, or null to remove}'],
    why: Annotated[str, "a sentence for those who look later"],
    seen: Annotated[int, "newest revision that the editor has seen; -1: whatever came since"] = -1,
    whole: Annotated[bool, "the network is to be these and nothing else"] = False,
    new: Annotated[bool, "refuse what is there already"] = False,
) -> Done:
    """Change reaches and places; all of it in one revision, or nothing."""
    found, own = _changes(changes), rivers(desk.node)
    book = own.book()
    known = [key for key in found if key in book.items]
    if new and known:
        raise ConflictError("network.known", id=known[0][1])
    wanted: Mapping[Key, Item | None] = found
    if whole:
        kept = [each for each in found.values() if each is not None]
        draft = Draft(
            tuple(each for each in kept if isinstance(each, Reach)),
            tuple(each for each in kept if isinstance(each, Place)),
        )
        wanted = replacing(book, draft, whole=True)
    return _done(own.change(wanted, desk.by, why, desk.now(), None if seen < 0 else seen))


def undo(
    desk: Desk,
    revision: Annotated[int, "number of the revision"],
    why: Annotated[str, "a sentence for those who look later"],
) -> Done:
    """Take a revision back; what was before is in force again."""
    return _done(rivers(desk.node).undo(revision, desk.by, why, desk.now()))


def plan(
    desk: Desk,
    river: Annotated[str, "id of the river"],
    why: Annotated[str, "a sentence for those who look later"],
    text_zh: Annotated[str, "what both sides do, in Chinese"] = "",
    text_en: Annotated[str, "the same in English"] = "",
    contacts: Annotated[str, 'JSON: {"member id": "whom to call, and how"}'] = "{}",
    seen: Annotated[int, "newest revision that the editor has seen; -1: whatever came since"] = -1,
) -> Done:
    """Write down the response plan of a river and whom to call on both sides."""
    own = rivers(desk.node)
    own.network().of_river(river)
    cells = {"river": river, "text_zh": text_zh, "text_en": text_en, "contacts": _loaded(contacts)}
    wanted = as_item(PLAN, cells)
    assert isinstance(wanted, Plan)
    return _done(own.change({key_of(wanted): wanted}, desk.by, why, desk.now(), None if seen < 0 else seen))


def _changes(text: str) -> dict[Key, Item | None]:
    given = _loaded(text)
    if not isinstance(given, list):
        raise InputError("network.json", detail="[]")
    found: dict[Key, Item | None] = {}
    for each in given:
        what = each.get("what") if isinstance(each, dict) else None
        if what not in WHATS[:2] or not isinstance(each.get("id"), str):
            raise InputError("network.json", detail="what, id")
        cells = each.get("item")
        item = as_item(what, {**cells, "kind": REACH} if what == REACH else cells) if isinstance(cells, dict) else None
        found[what, each["id"] if item is None else key_of(item)[1]] = item
    return found


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("network.json", detail=str(error)[:100]) from error


def _done(revision: Revision | None) -> Done:
    if revision is None:
        return {"revision": 0, "changes": 0}
    return {"revision": revision.number, "changes": len(revision.changes)}


QUESTIONS: Final = (
    Question("network/reaches", reaches, "network"),
    Question("network/places", places, "network"),
    Question("network/up", up, "network"),
    Question("network/down", down, "network"),
    Question("network/rivers", archive, "network"),
    Question("network/revisions", revisions, "network"),
    Question("network/items", items, "network"),
)
DEEDS: Final = (
    Deed("network/revise", revise, "network", EDITORS),
    Deed("network/undo", undo, "network", EDITORS),
    Deed("network/plan", plan, "network", EDITORS),
)
