"""What a message's body says, checked. InputError "entry.field", "warning.required" for what must not be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from shangyou.core.errors import InputError
from shangyou.governance.fields import (
    WORDS,
    choice,
    maybe_moment,
    maybe_number,
    moment,
    number,
    part,
    text,
    texts,
)
from shangyou.governance.warning.values import BANKS, Arrival, Contact, Content, Table, Traced

MOST_ARRIVALS: Final = 300
FURTHEST: Final = 50.0  # from what formulas tell, as a factor
UNSURE: Final = 2.0  # standard deviation of a logarithm, at most
LARGEST: Final = 1e13  # g: ten million tonnes
Body = Mapping[str, object]

READERS: Final[Mapping[str, Callable[[Body, str], Any]]] = {
    "title_zh": text,
    "title_en": text,
    "text": lambda body, name: text(body, name, WORDS),
    "place": text,
    "place_zh": text,
    "place_en": text,
    "river": text,
    "bank": lambda body, name: choice(body, name, BANKS, ""),
    "began": maybe_moment,
    "noticed": moment,
    "substance": text,
    "amount": lambda body, name: maybe_number(body, name, 0.0, LARGEST),
    "amount_least": lambda body, name: maybe_number(body, name, 0.0, LARGEST),
    "amount_most": lambda body, name: maybe_number(body, name, 0.0, LARGEST),
    "duration": lambda body, name: maybe_number(body, name, 0.0, 1e8),
    "limit": lambda body, name: maybe_number(body, name, 0.0, 1e6),
    "evidence": texts,
    "alarm": text,
    "contact": lambda body, name: contact(body),
}
assert set(READERS) == {field.name for field in fields(Content)}


def content(body: Body) -> Content:
    """What a first message says. Title and place are needed, and somewhere to see what it rests on."""
    return _complete({name: read(body, name) for name, read in READERS.items()})


def _complete(given: dict[str, Any]) -> Content:
    missing = [name for name in ("title_zh", "place_zh") if not str(given[name]).strip()]
    if not (given["substance"] or given["text"]):
        missing.append("substance")
    if not (given["evidence"] or given["alarm"] or given["text"]):
        missing.append("evidence")
    if missing:
        raise InputError("warning.required", fields=", ".join(missing))
    given["title_en"] = given["title_en"] or given["title_zh"]
    given["place_en"] = given["place_en"] or given["place_zh"]
    return Content(**_ordered(given))


def changes(body: Body) -> dict[str, Any]:
    """The fields of the content that an update names, with their new values."""
    given = part(body, "changes")
    unknown = sorted(set(given) - set(READERS))
    if unknown:
        raise InputError("entry.field", field=unknown[0][:80])
    return {name: READERS[name](given, name) for name in sorted(given)}


def amended(old: Content, changed: Mapping[str, Any]) -> Content:
    """The content with other values of some fields. Raises as `content`: what must be said is not taken back."""
    return _complete({name: getattr(old, name) for name in READERS} | dict(changed))


def _ordered(given: dict[str, Any]) -> dict[str, Any]:
    least, amount, most = given["amount_least"], given["amount"], given["amount_most"]
    known = [each for each in (least, amount, most) if each is not None]
    if known != sorted(known):
        raise InputError("entry.field", field="amount")
    if given["began"] is not None and given["began"] > given["noticed"]:
        raise InputError("entry.field", field="began")
    return given


def contact(body: Body) -> Contact | None:
    """Whom to call; None if nobody is named."""
    given = part(body, "contact")
    if not given:
        return None
    return Contact(text(given, "office"), text(given, "phone", need=True))


def table(body: Body, by: str, entry: str) -> Table | None:
    """An arrival table; None if there is none."""
    given = part(body, "arrivals")
    if not given:
        return None
    other = part(given, "as_told")
    told = _table(other, text(other, "by", need=True), entry) if other else None
    return replace(_table(given, by, entry), as_told=told)


def _table(given: Body, by: str, entry: str) -> Table:
    rows = given.get("rows", [])
    if not isinstance(rows, list | tuple) or len(rows) > MOST_ARRIVALS:
        raise InputError("entry.field", field="arrivals")
    found = tuple(_arrival(row) for row in rows)
    if len({each.place for each in found}) != len(found):
        raise InputError("entry.field", field="arrivals")
    return Table(by, moment(given, "at"), text(given, "method", WORDS), found, entry, _traced(given))


def _traced(given: Body) -> Traced | None:
    said = part(given, "traced")
    if not said:
        return None
    return Traced(
        number(said, "velocity", 1 / FURTHEST, FURTHEST),
        number(said, "velocity_sd", 0.0, UNSURE),
        number(said, "dispersion", 1 / FURTHEST, FURTHEST),
        number(said, "dispersion_sd", 0.0, UNSURE),
    )


def _arrival(row: object) -> Arrival:
    if not isinstance(row, Mapping):
        raise InputError("entry.field", field="arrivals")
    first = [maybe_moment(row, name) for name in ("first_early", "first", "first_late")]
    peak = [maybe_moment(row, name) for name in ("peak_early", "peak", "peak_late")]
    until = [maybe_moment(row, name) for name in ("until_early", "until", "until_late")]
    for band in (first, peak, until):
        known = [each for each in band if each is not None]
        if known != sorted(known):
            raise InputError("entry.field", field="arrivals")
    return Arrival(
        place=text(row, "place", need=True),
        name_zh=text(row, "name_zh"),
        name_en=text(row, "name_en"),
        member=text(row, "member"),
        distance=maybe_number(row, "distance", 0.0, 1e8),
        first=first[1],
        first_early=first[0],
        first_late=first[2],
        peak=peak[1],
        peak_early=peak[0],
        peak_late=peak[2],
        until=until[1],
        concentration=maybe_number(row, "concentration", 0.0, 1e6),
        concentration_high=maybe_number(row, "concentration_high", 0.0, 1e6),
        until_early=until[0],
        until_late=until[2],
    )


def minutes(body: Mapping[str, Any], kind: str) -> float | None:
    """How long an edition of warning_clocks gives for a kind of message; None = it needs no word back."""
    for group in ("acknowledge", "answer"):
        if kind in body[group]:
            return number(body[group], kind)
    return None
