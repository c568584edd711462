"""Parts of entries, checked: results of samples, and what was computed for a measure. InputError "entry.field"."""

from __future__ import annotations

from collections.abc import Mapping

from shangyou.core.errors import InputError
from shangyou.governance.fields import MANY, flag, maybe_moment, maybe_number, number, part, text
from shangyou.governance.incident.room import Effect, Outlook, Passing, Result


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
    return Outlook(text(given, "method"), text(given, "unit"), tuple(_effect(each) for each in rows))


def _effect(given: object) -> Effect:
    if not isinstance(given, Mapping):
        raise InputError("entry.field", field="effect")
    name_zh, before, after = text(given, "name_zh", need=True), part(given, "without"), part(given, "with")
    return Effect(text(given, "place"), name_zh, text(given, "name_en") or name_zh, _passing(before), _passing(after))


def _passing(given: Mapping[str, object]) -> Passing:
    return Passing(maybe_moment(given, "arrival"), number(given, "peak"), maybe_moment(given, "peak_at"))
