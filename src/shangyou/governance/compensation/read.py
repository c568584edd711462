"""From documents to compacts: all that does not add up is refused at once, each fault with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from shangyou.core.errors import InputError
from shangyou.governance.compensation.compact import GAPS, ROLES, Compact, Index, Party, Watched
from shangyou.governance.compensation.digests import digest
from shangyou.governance.compensation.paper import DEEPEST, Fault, Faults, paper
from shangyou.governance.compensation.rules import Names, read_rules
from shangyou.governance.compensation.sound import in_order, sound
from shangyou.governance.compensation.values import indicators_of, listed, mapping, named, number, whole, word
from shangyou.standards.library import UNVERIFIED
from shangyou.standards.surface_water import CLASSES

HEAD: Final = {
    *("id", "title_zh", "title_en", "source", "status", "valid_from", "valid_to", "parties", "sections", "indicators"),
    *("indices", "declared", "missing", "rules", "not_known", "cases", "note"),
}
MOST: Final = 200  # parties, sections, rules
IN_ORDER: Final = ("cases", "list", "base_years")  # lists whose order means something


def examine(text: bytes) -> tuple[Compact | None, tuple[Fault, ...]]:
    """The compact that a YAML text holds, or all that is wrong with it."""
    faults = Faults()
    document = paper(text, faults)
    compact = compact_of(document, faults) if document else None
    return compact, tuple(sorted(faults.found, key=lambda fault: (fault.line, fault.path)))


def parse(text: bytes) -> Compact:
    """The compact that a YAML text holds. InputError "compensation.faults" with all faults."""
    return _sound(*examine(text))


def read(document: Mapping[str, Any]) -> Compact:
    """The compact of a JSON document, as dossiers carry it. InputError "compensation.faults"."""
    faults = Faults()
    return _sound(compact_of(document, faults), tuple(faults.found))


def _sound(compact: Compact | None, faults: tuple[Fault, ...]) -> Compact:
    if compact is None:
        told = [f"{fault.line or ''}{':' if fault.line else ''}{fault.path or '/'}: {fault.code}" for fault in faults]
        raise InputError("compensation.faults", count=len(faults), faults=told)
    return compact


def compact_of(document: Mapping[str, Any], faults: Faults) -> Compact | None:
    """The compact of a document; None, and all that is wrong with it among the faults."""
    for name in document.keys() - HEAD:
        faults.add(str(name)[:80], "compensation.unknown_key", name=str(name)[:80])
    since, until = (_day(document, name, faults) for name in ("valid_from", "valid_to"))
    if since > until:
        faults.add("valid_to", "compensation.order", first=since.isoformat(), last=until.isoformat())
    parties = tuple(sorted(_parties(document, faults), key=lambda party: party.id))
    indicators = indicators_of(document.get("indicators"), "indicators", faults)
    sections = tuple(sorted(_sections(document, {party.id for party in parties}, faults), key=lambda each: each.id))
    indices = tuple(_indices(document, {section.id for section in sections}, faults))
    facts = tuple(
        (key, word(told, "zh", path, faults), word(told, "en", path, faults))
        for key, told, path in _entries(document.get("declared", {}), "declared", faults)
    )
    names = Names(
        frozenset(party.id for party in parties),
        frozenset(party.id for party in parties if not party.member),
        {section.id: section for section in sections},
        indicators,
        frozenset(index.id for index in indices),
        frozenset(key for key, *_ in facts),
        since,
    )
    rules = read_rules(document.get("rules"), names, faults)
    fewest, months, gap = _missing(document.get("missing", {}), faults)
    compact = Compact(
        id=word(document, "id", "", faults),
        title_zh=word(document, "title_zh", "", faults),
        title_en=word(document, "title_en", "", faults),
        source=word(document, "source", "", faults),
        unverified=tuple(_unverified(document, "")),
        unknown=tuple(
            (word(each, "zh", f"not_known[{i}]", faults), word(each, "en", f"not_known[{i}]", faults))
            for i, each in enumerate(listed(document.get("not_known", []), "not_known", faults))
        ),
        valid_from=since,
        valid_to=until,
        parties=parties,
        sections=sections,
        indicators=indicators,
        indices=indices,
        facts=facts,
        rules=tuple(in_order(rules)),
        fewest=fewest,
        months=months,
        gap=gap,
        document=document,
        digest=digest_of(document),
    )
    sound(compact, rules, faults)
    return compact if not faults.found else None


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a compact's terms [hex]: of all but its cases and notes.

    Order counts only where it means something: parties, sections or rules in another order are the same compact.
    """
    terms = {name: value for name, value in document.items() if name not in ("cases", "note")}
    return digest(_settled(terms))


def _settled(node: object, kept: bool = False, deep: int = 0) -> object:
    """With the lists in one order; kept: this one tells something by its order."""
    if deep > DEEPEST:
        return node
    if isinstance(node, Mapping):
        return {name: _settled(value, name in IN_ORDER, deep + 1) for name, value in node.items()}
    if isinstance(node, list | tuple):
        parts = [_settled(each, deep=deep + 1) for each in node]
        return parts if kept else sorted(parts, key=digest)
    return node


def _unverified(node: object, path: str) -> Iterator[str]:
    """Places that say `status: unverified`, as in every standard."""
    if isinstance(node, Mapping):
        if node.get("status") == UNVERIFIED:
            yield path
            return
        for key, value in node.items():
            yield from _unverified(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list | tuple):
        for place, value in enumerate(node):
            yield from _unverified(value, f"{path}[{place}]")


def _day(document: Mapping[str, Any], name: str, faults: Faults) -> date:
    given = str(document.get(name, ""))
    try:
        return date.fromisoformat(given)
    except ValueError:
        faults.add(name, "compensation.day", text=given[:40])
        return date.min if name == "valid_from" else date.max


def _entries(given: object, path: str, faults: Faults) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    for key, told in mapping(given, path, faults).items():
        yield key, mapping(told, f"{path}.{key}", faults), f"{path}.{key}"


def _things(
    document: Mapping[str, Any], name: str, keys: set[str], faults: Faults, least: int
) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Id, content and path of each entry of a list of things; too few, too many or one twice is a fault."""
    given = listed(document.get(name, []), name, faults)
    if not least <= len(given) <= MOST:
        faults.add(name, "compensation.count", count=len(given), least=least, most=MOST)
    seen: set[str] = set()
    for place, each in enumerate(given[:MOST]):
        path = f"{name}[{place}]"
        told = mapping(each, path, faults, keys)
        id = word(told, "id", path, faults)
        if id in seen:
            faults.add(f"{path}.id", "compensation.twice", name=id)
        seen.add(id)
        yield id, told, path


def _parties(document: Mapping[str, Any], faults: Faults) -> Iterator[Party]:
    keys = {"id", "name_zh", "name_en", "member", "funder", "status", "source", "note"}
    for id, told, path in _things(document, "parties", keys, faults, 2):
        if id in ROLES:
            faults.add(f"{path}.id", "compensation.role_name", name=id)
        member = "" if told.get("funder") is True else str(told.get("member", id))
        yield Party(id, word(told, "name_zh", path, faults), word(told, "name_en", path, faults), member)


def _sections(document: Mapping[str, Any], parties: set[str], faults: Faults) -> Iterator[Watched]:
    keys = {"id", "name_zh", "name_en", "water", "goal", "upstream", "downstream", "river", "status", "source", "note"}
    for id, told, path in _things(document, "sections", keys, faults, 0):
        sides = [named(told.get(role), f"{path}.{role}", parties, faults) if told.get(role) else None for role in ROLES]
        if sides[0] is not None and sides[0] == sides[1]:
            faults.add(path, "compensation.self", name=sides[0])
        goal = told.get("goal")
        if goal is not None and goal not in CLASSES:
            faults.add(f"{path}.goal", "compensation.class", given=str(goal)[:40], known=", ".join(CLASSES))
            goal = None
        water = told.get("water", "river")
        if water not in ("river", "lake"):
            faults.add(f"{path}.water", "compensation.choice", given=str(water)[:40], known="river, lake")
        names = (word(told, "name_zh", path, faults), word(told, "name_en", path, faults))
        yield Watched(id, *names, water == "lake", CLASSES.index(goal) + 1 if goal else None, *sides)


def _indices(document: Mapping[str, Any], sections: set[str], faults: Faults) -> Iterator[Index]:
    keys = {"id", "section", "k0", "weights", "base", "base_years", "decimals", "status", "source", "note"}
    for id, told, path in _things(document, "indices", keys, faults, 0):
        section = named(told.get("section"), f"{path}.section", sections, faults)
        given = {key: told.get(key, {}) for key in ("weights", "base")}
        tables = {key: mapping(value, f"{path}.{key}", faults) for key, value in given.items()}
        indicators_of(list(tables["weights"]), f"{path}.weights", faults)
        amounts = {
            key: {name: number(value, f"{path}.{key}.{name}", faults) for name, value in table.items()}
            for key, table in tables.items()
        }
        if amounts["weights"] and sum(amounts["weights"].values()) != 1:
            faults.add(f"{path}.weights", "compensation.sum", sum=str(sum(amounts["weights"].values())), wanted="1")
        years = _years(told.get("base_years"), f"{path}.base_years", faults)
        if (years is None) == (not amounts["base"]):
            faults.add(path, "compensation.base")
        if amounts["base"] and amounts["base"].keys() != amounts["weights"].keys():
            faults.add(f"{path}.base", "compensation.base_items", wanted=", ".join(sorted(amounts["weights"])))
        yield Index(
            id,
            section,
            number(told.get("k0"), f"{path}.k0", faults),
            tuple(sorted(amounts["weights"].items())),
            amounts["base"],
            years,
            whole(told.get("decimals"), f"{path}.decimals", faults, 0, 6),
        )


def _years(given: object, path: str, faults: Faults) -> tuple[int, int] | None:
    if given is None:
        return None
    pair = listed(given, path, faults)
    years = [whole(each, path, faults, 1950, 2200) for each in pair[:2]]
    if len(pair) != 2 or years != sorted(years):
        faults.add(path, "compensation.years")
        return None
    return years[0], years[1]


def _missing(given: object, faults: Faults) -> tuple[int, int, str]:
    told = mapping(given, "missing", faults, {"values", "months", "then", "status", "source", "note"})
    fewest = whole(told.get("values", 1), "missing.values", faults, 1, 10_000)
    months = whole(told.get("months", 12), "missing.months", faults, 1, 12)
    then = told.get("then", "open")
    if then not in GAPS:
        faults.add("missing.then", "compensation.choice", given=str(then)[:40], known=", ".join(GAPS))
    return fewest, months, str(then)
