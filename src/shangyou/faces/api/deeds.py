"""Deeds: what can be done to a node, each a function of the desk.

`DEEDS` is read by the API and by the command line; so whether a node serves or not, the same thing happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any, Final

from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.core.ports import Person
from shangyou.core.registry import Device
from shangyou.faces.api import (
    alarms,
    catalogue,
    compensation,
    contracts,
    federation_deeds,
    incident_deeds,
    ledger,
    network,
    passages,
    resolutions,
    standing,
    tracings,
    warning_deeds,
)
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Deed, Done

ROLES: Final = ("operator", "engineer", "analyst", "duty", "manager", "security", "viewer")
STEWARDS: Final = frozenset({"operator", "engineer", "manager"})  # who may change data and devices
KEEPERS: Final = frozenset({"operator"})  # who may change who may
PASSWORD_LEAST: Final = 12  # characters; NIST SP 800-63B wants 8 at least, 15 where there is no second factor


# ---- the registry -----------------------------------------------------------------------------------------------


def confirm(desk: Desk, id: Annotated[str, "id of the section"]) -> Done:
    """Say that a section is as it stands."""
    desk.node.registry.confirm(id, desk.by, desk.now())
    return {"id": id}


def rename(
    desk: Desk,
    id: Annotated[str, "id of the section; it stays"],
    name_zh: Annotated[str, "new name in Chinese"],
    name_en: Annotated[str, "new name in English; none: as it is"] = "",
) -> Done:
    """Give a section other names."""
    known = desk.node.registry.section(id)
    desk.node.registry.rename(known.id, name_zh, name_en or known.name_en, desk.by, desk.now())
    return {"id": known.id}


def merge(
    desk: Desk,
    id: Annotated[str, "the section that goes up in the other"],
    into: Annotated[str, "the section that stays"],
) -> Done:
    """Say that two sections are one; data of both are found under the one that stays."""
    desk.node.registry.merge(id, into, desk.by, desk.now())
    return {"id": id, "into": desk.node.registry.section(into).id}


def load_facts(desk: Desk) -> Done:
    """Enter the agencies, rivers and sections that ship with the product; what the registry knows already stays."""
    from shangyou.standards import facts

    registry = desk.node.registry
    known_agencies, known_rivers = {a.id for a in registry.agencies()}, {r.id for r in registry.rivers()}
    agencies = [each for each in facts.agencies() if each.id not in known_agencies]
    rivers = [each for each in facts.rivers() if each.id not in known_rivers]
    for agency in agencies:
        registry.put_agency(agency)
    for river in rivers:
        registry.put_river(river)
    return {"agencies": len(agencies), "rivers": len(rivers), "sections": registry.meet(facts.sections(), desk.now())}


# ---- devices ----------------------------------------------------------------------------------------------------


def put_device(
    desk: Desk,
    mn: Annotated[str, "MN, as the device sends it"],
    name: Annotated[str | None, "name for people"] = None,
    section: Annotated[str | None, "id of the section or outlet where it stands; empty: none"] = None,
    system: Annotated[str | None, "ST: 21 surface water, 32 waste water ..."] = None,
    profile: Annotated[str | None, "strict, or lenient: known deviations are accepted and marked"] = None,
    unit_profile: Annotated[str | None, "surface: as national stations send; hj212: units of appendix B"] = None,
    status: Annotated[str | None, "active, quarantined or blocked"] = None,
    encoding: Annotated[str | None, "utf-8 or gb18030"] = None,
    outlet: Annotated[bool | None, "it stands at an outlet"] = None,
    password: Annotated[str | None, "PW that the device sends"] = None,
    change: Annotated[bool, "only change a device that is known"] = False,
) -> Done:
    """Enter a device, or change what is given of one that is known."""
    if not mn.strip() or len(mn) > 64 or not mn.isprintable():
        raise InputError("device.mn", mn=mn[:64])
    old = desk.node.registry.device(mn)
    if change and old is None:
        raise NotFoundError("device.unknown", mn=mn)
    old = old or Device(mn, mn, "")
    given: dict[str, Any] = {
        "name": name,
        "section": section,
        "system": system,
        "profile": profile,
        "unit_profile": unit_profile,
        "status": status,
        "encoding": encoding,
    }
    for field, allowed in ALLOWED.items():
        if given[field] is not None and given[field] not in allowed:
            raise InputError("device.value", field=field, value=given[field], allowed=", ".join(allowed))
    device = replace(old, **{key: value for key, value in given.items() if value is not None})
    device = replace(device, outlet=old.outlet if outlet is None else outlet)
    if section and not device.outlet:
        device = replace(device, section=desk.node.registry.section(section).id)
    desk.node.registry.put_device(device, password, desk.by, desk.now())
    if desk.running is not None and desk.running.listener is not None:
        desk.running.listener.refresh()
    return asdict(device)


ALLOWED: Final = {
    "profile": ("strict", "lenient"),
    "unit_profile": ("surface", "hj212"),
    "status": ("active", "quarantined", "blocked"),
    "encoding": ("utf-8", "gb18030"),
}


ORDERS: Final[Mapping[tuple[str, bool], str]] = {  # (what, is something set?): CN of HJ 212-2017
    ("time", False): "1011",
    ("time", True): "1012",
    ("interval", False): "1061",
    ("interval", True): "1062",
    ("minutes", False): "1063",
    ("minutes", True): "1064",
    ("day", False): "2031",
    ("minute", False): "2051",
    ("hour", False): "2061",
}


def ask_device(
    desk: Desk,
    mn: Annotated[str, "MN of the device"],
    what: Annotated[str, "time, interval, minutes; or history: minute, hour, day"],
    to: Annotated[str, "set it to this: a time or `now`, seconds, minutes; empty: only ask"] = "",
    start: Annotated[str, "history from this time on; legal time unless it carries a zone"] = "",
    stop: Annotated[str, "history up to this time"] = "",
) -> Done:
    """Queue an order to a device; what became of it stands in `commands`."""
    from shangyou.flows.command import ask

    code = ORDERS.get((what, bool(to)))
    if code is None:
        raise InputError("device.order", what=what, known=", ".join(dict.fromkeys(name for name, _ in ORDERS)))
    node = desk.node
    order = ask(node.intake, node.registry, node.clock, mn, code, _arguments(code, to, start, stop), desk.by)
    if desk.running is not None and desk.running.listener is not None:
        desk.running.listener.wake()
    return {"id": order.id, "mn": mn, "code": code, "arguments": order.arguments}


def read_again(desk: Desk, mn: Annotated[str, "MN of a device that is registered and active"]) -> Done:
    """Read the refused packets of a device again, by what the registry says of it now; `batch` is what they become."""
    from shangyou.flows.again import order

    node = desk.node
    packets, entry = order(node.journal, node.intake, node.registry, node.clock, mn, desk.by)
    if desk.running is not None:
        desk.running.worker.wake()
    return {"mn": mn, "packets": packets, "batch": entry}


def _arguments(code: str, to: str, start: str, stop: str) -> dict[str, str]:
    if code == "1012":
        return {} if to == "now" else {"SystemTime": _written(to)}
    if code in ("1062", "1064"):
        return {"RtdInterval" if code == "1062" else "MinInterval": to}
    if code.startswith("20"):
        return {name: _written(text) for name, text in (("BeginTime", start), ("EndTime", stop)) if text}
    return {}


def _written(text: str) -> str:
    """A time as HJ 212 writes it: legal time, fourteen digits."""
    from shangyou.ingest.hj212.times import LegalTime

    ms = moment(text)
    return "" if ms is None else LegalTime().write(ms)


# ---- intake -----------------------------------------------------------------------------------------------------


def withdraw(desk: Desk, batch: Annotated[int, "id of the batch"]) -> Done:
    """Roll a batch back: the versions before it are in force again, and nothing is forgotten."""
    counts = desk.node.store.withdraw(batch, desk.now())
    return {"batch": batch, "withdrawn": counts.received, "restored": counts.revised}


def save_map(
    desk: Desk, name: Annotated[str, "a name for the map"], body: Annotated[str, "the map itself, as TOML"]
) -> Done:
    """Keep a column map under a name, or put a new one in its place; the map is checked first."""
    from shangyou.ingest.tables.mapfile import load

    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise InputError("ingest.map_name", name=name[:100])
    load(body)
    desk.node.intake.save_map(name, body, desk.now())
    return {"name": name}


# ---- people -----------------------------------------------------------------------------------------------------


def put_person(
    desk: Desk,
    name: Annotated[str, "name to sign in with"],
    password: Annotated[str, "at least twelve characters"],
    role: Annotated[str, "operator, engineer, analyst, duty, manager, security or viewer"] = "viewer",
    display: Annotated[str, "name that others see"] = "",
    language: Annotated[str, "zh or en; empty: the node's"] = "",
) -> Done:
    """Let somebody sign in."""
    check_person(name, role, password)
    if any(person.name == name for person in desk.node.people.people()):
        raise ConflictError("person.exists", name=name)
    person = Person(name, role, display or name, language or desk.node.settings.language)
    desk.node.people.put_person(person, password)
    return asdict(person)


def set_password(
    desk: Desk,
    name: Annotated[str, "who"],
    password: Annotated[str, "at least twelve characters"],
    role: Annotated[str, "another role; empty: as it is"] = "",
) -> Done:
    """Give somebody another password; whoever was signed in under the name is signed out."""
    found = {person.name: person for person in desk.node.people.people()}.get(name)
    if found is None:
        raise NotFoundError("person.unknown", name=name)
    person = replace(found, role=role or found.role)
    check_person(name, person.role, password)
    desk.node.people.put_person(person, password)
    return asdict(person)


def check_person(name: str, role: str, password: str) -> None:
    """Is this a name, a role and a password? InputError "person.name", "person.role", "person.password"."""
    if not name.strip() or len(name) > 64 or not name.isprintable():
        raise InputError("person.name", name=name[:64])
    if role not in ROLES:
        raise InputError("person.role", role=role, known=", ".join(ROLES))
    if len(password) < PASSWORD_LEAST:
        raise InputError("person.password", least=PASSWORD_LEAST)


DEEDS: Final[Mapping[str, Deed]] = {
    deed.path: deed
    for deed in (
        Deed("sections/confirm", confirm, "registry", STEWARDS),
        Deed("sections/rename", rename, "registry", STEWARDS),
        Deed("sections/merge", merge, "registry", STEWARDS),
        Deed("facts/load", load_facts, "registry", STEWARDS),
        Deed("devices/put", put_device, "devices", STEWARDS),
        Deed("devices/ask", ask_device, "devices", STEWARDS),
        Deed("devices/read-again", read_again, "devices", STEWARDS),
        Deed("batches/withdraw", withdraw, "intake", STEWARDS),
        Deed("maps/save", save_map, "intake", STEWARDS),
        Deed("people/put", put_person, "node", KEEPERS),
        Deed("people/password", set_password, "node", KEEPERS),
        *(Deed(*each) for each in ledger.DEEDS),
        *catalogue.DEEDS,
        *federation_deeds.DEEDS,
        *contracts.DEEDS,
        *network.DEEDS,
        *passages.DEEDS,
        *standing.DEEDS,
        *alarms.DEEDS,
        *warning_deeds.DEEDS,
        *incident_deeds.DEEDS,
        *resolutions.DEEDS,
        *compensation.DEEDS,
        *tracings.DEEDS,
    )
}
