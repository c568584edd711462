"""Parts of a document as values; what is of another shape is a fault, and a harmless value stands for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final

from shangyou.core import vocabulary
from shangyou.core.errors import ShangyouError
from shangyou.governance.compensation.money import Shares, yuan
from shangyou.governance.compensation.paper import Faults

LONGEST: Final = 2000  # characters of a text
ONE: Final = Decimal(1)
DIGITS: Final = 18  # of a number


def mapping(given: object, path: str, faults: Faults, keys: set[str] | None = None) -> Mapping[str, Any]:
    """A mapping, with no other keys than these."""
    if not isinstance(given, Mapping):
        faults.add(path, "compensation.form", wanted="{...}")
        return {}
    for name in sorted(given.keys() - keys) if keys is not None else ():
        faults.add(f"{path}.{str(name)[:80]}", "compensation.unknown_key", name=str(name)[:80])
    return given


def listed(given: object, path: str, faults: Faults) -> list[Any]:
    """A list."""
    if not isinstance(given, list | tuple):
        faults.add(path, "compensation.form", wanted="[...]")
        return []
    return list(given)


def word(told: object, key: str, path: str, faults: Faults) -> str:
    """A text that must be there."""
    given = told.get(key) if isinstance(told, Mapping) else None
    if not isinstance(given, str) or not given.strip() or len(given) > LONGEST:
        faults.add(f"{path}.{key}" if path else key, "compensation.missing_key", name=key)
        return "?"
    return given.strip()


def named(given: object, path: str, known: Collection[str], faults: Faults) -> str:
    """One of some names."""
    if not isinstance(given, str) or given not in known:
        faults.add(path, "compensation.name", name=str(given)[:80], known=", ".join(sorted(known))[:300])
        return next(iter(sorted(known)), "?")
    return given


def number(given: object, path: str, faults: Faults) -> Decimal:
    """A number above 0."""
    text = str(given) if isinstance(given, int | float | str) and not isinstance(given, bool) else ""
    if not text.replace(".", "", 1).isdecimal() or not text.isascii() or len(text) > DIGITS or not Decimal(text):
        faults.add(path, "compensation.number", given=str(given)[:40])
        return ONE
    return Decimal(text)


def whole(given: object, path: str, faults: Faults, least: int, most: int) -> int:
    """A whole number between two."""
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= most:
        faults.add(path, "compensation.whole", given=str(given)[:40], least=least, most=most)
        return least
    return given


def amount(given: object, path: str, faults: Faults, unverified: bool) -> Decimal | None:
    """Money; None where the sources do not tell it, which only a rule may that is marked unverified."""
    if given is None:
        if not unverified:
            faults.add(path, "compensation.no_amount")
        return None
    found = yuan(given)
    if found is None or not found:
        faults.add(path, "compensation.money", given=str(given)[:40])
        return ONE
    return found


def shares(given: object, path: str, names: Collection[str], faults: Faults, money: Decimal | None) -> Shares:
    """Who takes which part: a name, a ratio {a: 1, b: 5}, {percent: ..} making 100, {yuan: ..} making `money`."""
    if isinstance(given, str):
        return ((named(given, path, names, faults), ONE),)
    told = mapping(given, path, faults)
    unit = next((unit for unit in ("percent", "yuan") if unit in told), "")
    if unit:
        mapping(told, path, faults, {unit})
        path, told = f"{path}.{unit}", mapping(told[unit], f"{path}.{unit}", faults)
    if not told:
        faults.add(path, "compensation.no_shares")
    parts = {
        named(name, f"{path}.{name}", names, faults): number(part, f"{path}.{name}", faults)
        for name, part in told.items()
    }
    wanted = {"percent": Decimal(100), "yuan": money}.get(unit)
    if wanted is not None and sum(parts.values()) != wanted:
        faults.add(path, "compensation.sum", sum=str(sum(parts.values())), wanted=str(wanted))
    return tuple(sorted(parts.items()))


def indicators_of(given: object, path: str, faults: Faults) -> tuple[str, ...]:
    """Keys of the vocabulary, at least one, none twice."""
    found: list[str] = []
    for place, each in enumerate(listed(given, path, faults)):
        try:
            found.append(vocabulary.parameter(str(each)).key)
        except ShangyouError as error:
            faults.add(f"{path}[{place}]", error.code, **error.facts | {"key": str(each)[:80]})
    if not found or len(set(found)) < len(found) or len(found) > 32:
        faults.add(path, "compensation.indicators", count=len(found))
    return tuple(dict.fromkeys(found))
