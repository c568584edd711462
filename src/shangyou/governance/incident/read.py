"""Parts of entries, checked: openings, releases, results of samples, what was computed for a measure.

InputError "entry.field".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shangyou.core.errors import InputError
from shangyou.governance.fields import MANY, flag, maybe_moment, maybe_number, moment, number, part, text, texts
from shangyou.governance.incident.room import Effect, Opening, Outlook, Passing, Result
from shangyou.governance.said import Said

LARGEST: Final = 1e13  # g: ten million tonnes
DENSEST: Final = 1e6  # g/m3: water itself
OPEN: Final = "dossier.open"
WORDS: Final = ("place", "place_zh", "place_en", "river", "substance")


def opened(entry: Said) -> Opening:
    """What an opening says. InputError "incident.opening", "entry.field"."""
    body = entry.body
    if entry.kind != OPEN or body.get("subject") != "incident":
        raise InputError("incident.opening", kind=entry.kind)
    title_zh = text(body, "title_zh", need=True)
    noticed, occurred = moment(body, "noticed"), maybe_moment(body, "occurred")
    if noticed > entry.at or (occurred is not None and occurred > noticed):
        raise InputError("entry.field", field="noticed")
    return Opening(
        title_zh=title_zh,
        title_en=text(body, "title_en") or title_zh,
        place_zh=text(body, "place_zh"),
        place_en=text(body, "place_en") or text(body, "place_zh"),
        river=text(body, "river"),
        province=text(body, "province"),
        substance=text(body, "substance"),
        warning=text(body, "warning"),
        occurred=occurred,
        noticed=noticed,
        in_charge=texts(body, "in_charge", need=True),
        affected=texts(body, "affected"),
        simulated=flag(body, "simulated"),
        by=entry.author,
        at=entry.at,
        place=text(body, "place"),
        amount=maybe_number(body, "amount", 0.0, LARGEST),
        limit=maybe_number(body, "limit", 0.0, DENSEST),
    )


def release(body: Mapping[str, object], noticed: int) -> dict[str, Any]:
    """The fields of an opening that were learned since: where on the network, what, how much, its limit, when."""
    occurred = maybe_moment(body, "occurred")
    if occurred is not None and occurred > noticed:
        raise InputError("entry.field", field="occurred")
    said: dict[str, Any] = {name: text(body, name) for name in WORDS}
    said |= {"occurred": occurred, "amount": maybe_number(body, "amount", 0.0, LARGEST)}
    said |= {"limit": maybe_number(body, "limit", 0.0, DENSEST)}
    said["place_en"] = said["place_en"] or said["place_zh"]  # a new place keeps no old name
    known = {name: value for name, value in said.items() if value not in ("", None)}
    if not known:
        raise InputError("entry.field", field="place")
    return known


def result(given: object) -> Result:
    """A result of a sample."""
    if not isinstance(given, Mapping):
        raise InputError("entry.field", field="results")
    return Result(
        text(given, "parameter", need=True),
        number(given, "value"),
        text(given, "unit", need=True),
        flag(given, "below"),
        maybe_number(given, "limit"),
    )


def outlook(body: Mapping[str, object]) -> Outlook | None:
    """What was computed for a measure; None if nothing was."""
    given = part(body, "effect")
    if not given:
        return None
    rows = given.get("places")
    if not isinstance(rows, list | tuple) or len(rows) > MANY:
        raise InputError("entry.field", field="effect")
    places = tuple(_effect(each) for each in rows)
    return Outlook(text(given, "method"), text(given, "unit"), places, maybe_number(given, "limit"))


def _effect(given: object) -> Effect:
    if not isinstance(given, Mapping):
        raise InputError("entry.field", field="effect")
    name_zh, before, after = text(given, "name_zh", need=True), part(given, "without"), part(given, "with")
    return Effect(text(given, "place"), name_zh, text(given, "name_en") or name_zh, _passing(before), _passing(after))


def _passing(given: Mapping[str, object]) -> Passing:
    times = {name: maybe_moment(given, name) for name in ("arrival", "peak_at", "until")}
    return Passing(peak=number(given, "peak"), **times)
