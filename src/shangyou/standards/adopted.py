"""Editions that the members of a federation adopt for themselves: a text becomes an edition, or is refused whole.

A joint standard may make water limits or assessment rules of its own. It is read with the very code that reads the
national ones, so what would not work in an assessment is refused before anybody votes on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import yaml

from shangyou.core.errors import InputError, ShangyouError
from shangyou.core.registry import WaterKind
from shangyou.standards.library import Edition, editions, frozen, parse, under
from shangyou.standards.surface_water import AT_LEAST, AT_MOST, RANGE, assessment_rules, limits

MOST_BYTES: Final = 100_000
SENSES: Final = ("range", "at_most", "at_least")  # an item has one of them
DEEPEST: Final = 20  # mappings and lists inside each other


def read_adopted(text: str) -> Edition:
    """The edition that a text describes.

    A text with `base: <id>` names only what differs from an edition that ships; the rest comes from there, within
    `items` key by key.

    Raises InputError "standards.form" with what is missing or wrong, "standards.adopt" for a family that nobody may
    adopt an edition of, "standards.laxer" for a limit that allows more than the national one.
    """
    content = frozen(_parsed(text))
    if not isinstance(content, Mapping):
        raise InputError("standards.form", name="edition", what="mapping")
    for key in ("id", "family", "title_zh", "title_en", "source"):
        if key in content and not (isinstance(content[key], str) and content[key].strip()):
            raise InputError("standards.form", name="edition", what=key)
    found = parse("edition", content)
    check = CHECKS.get(found.family)
    if check is None:
        raise InputError("standards.adopt", family=found.family, known=", ".join(CHECKS))
    if any(found.id == one.id for one in editions(found.family)):
        raise InputError("standards.form", name=found.id, what="id")
    try:
        found = _whole(found)
        with under([found]):
            check(found)
    except InputError:
        raise
    except (ShangyouError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError("standards.form", name=found.id, what=str(error)[:200]) from error
    return found


def _whole(found: Edition) -> Edition:
    """With what it takes over from the edition that it changes."""
    base = found.body.get("base")
    if base is None:
        return found
    known = {one.id: one for one in editions(found.family)}
    if base not in known:
        raise InputError("standards.form", name=found.id, what="base")
    body = {**known[base].body, **found.body}
    if isinstance(found.body.get("items"), Mapping):
        theirs, own = known[base].body["items"], found.body["items"]
        body["items"] = MappingProxyType(theirs | {key: {**theirs.get(key, {}), **own[key]} for key in own})
    return replace(found, body=MappingProxyType(body))


def _parsed(text: str) -> Any:
    if len(text.encode()) > MOST_BYTES:
        raise InputError("standards.form", name="edition", what=f"> {MOST_BYTES} bytes")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):  # a few lines of these can stand for gigabytes
                raise InputError("standards.form", name="edition", what="alias")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise InputError("standards.form", name="edition", what="depth")
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise InputError("standards.form", name="edition", what=str(error)[:200]) from error


def _water(one: Edition) -> None:
    """All items of the national standard have limits that can be read, and none allows more.

    Source: Environmental Protection Law, article 15: local standards on what the national ones cover are stricter
    (from memory).
    """
    double = [key for key, entry in one.body["items"].items() if sum(sense in entry for sense in SENSES) > 1]
    if double:
        raise InputError("standards.laxer", items=", ".join(double))
    for kind in WaterKind:
        items = tuple(key for key, entry in one.body["items"].items() if _graded(entry, kind))
        own = limits(one.valid_from, items, kind)
        with under([]):
            national = limits(max(one.valid_from, editions("gb3838")[0].valid_from), items, kind)
        at_most = (own.sense == AT_MOST)[:, None] & (own.bounds > national.bounds)
        at_least = (own.sense == AT_LEAST)[:, None] & (own.bounds < national.bounds)
        other = own.sense != national.sense
        wide = (own.sense == RANGE) & (
            (own.bounds[:, 0] < national.bounds[:, 0]) | (own.bounds[:, 1] > national.bounds[:, 1])
        )
        laxer = other | wide | (at_most | at_least).any(axis=1)
        if laxer.any() or np.isnan(own.bounds[:, :2]).any():
            raise InputError("standards.laxer", items=", ".join(np.array(items)[laxer]))


def _graded(entry: Mapping[str, Any], kind: WaterKind) -> bool:
    return any(key in entry for key in (*SENSES, *(("lake_at_most",) if kind is WaterKind.LAKE else ())))


def _assessment(one: Edition) -> None:
    assessment_rules(one.valid_from)


CHECKS: Final[Mapping[str, Callable[[Edition], None]]] = {"gb3838": _water, "assessment": _assessment}
