"""Water or air: what a name means that both have, as 苯 or 温度, by its unit, else by the other names of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from shangyou.core import vocabulary
from shangyou.ingest.tables.headers import Heading

_SAID: Final = {"water": ("水", "water"), "air": ("气", "air")}  # what says in a name which of the two is meant
_UNITS: Final = {"/L": "water", "/m3": "air"}  # of a concentration
_SURE: Final = 0.8  # by the other names
_UNSURE: Final = 0.5  # by nothing


def settled(headings: Sequence[Heading], units: Sequence[str]) -> list[Heading]:
    """The headings, with those that could mean either as the table means them.

    units: of each, where the table tells it elsewhere than in the name; "" = it does not.
    """
    twins = [_twin(heading) for heading in headings]
    media = [_medium(h, twin, unit) for h, twin, unit in zip(headings, twins, units, strict=True)]
    told = Counter(media)
    most = "water" if told["water"] > told["air"] else "air" if told["air"] > told["water"] else ""
    return [
        _as_of(heading, twin, medium, most) if twin else heading
        for heading, twin, medium in zip(headings, twins, media, strict=True)
    ]


def _medium(heading: Heading, twin: str, unit: str) -> str:
    """Which of the two a heading is about by itself; "" where it does not say."""
    if not twin:
        return vocabulary.parameter(heading.key).group if heading.key else ""
    unit = heading.unit or unit
    return next((medium for end, medium in _UNITS.items() if unit.endswith(end)), "")


def _as_of(heading: Heading, twin: str, medium: str, most: str) -> Heading:
    if not (medium or most):  # as it was read; but who looks at the map should look here
        return replace(heading, confidence=min(heading.confidence, _UNSURE))
    if vocabulary.parameter(heading.key).group == (medium or most):
        return heading
    return replace(heading, key=twin, confidence=heading.confidence if medium else min(heading.confidence, _SURE))


def _twin(heading: Heading) -> str:
    """The key of the same in the other medium; "" if there is none, or the name says which is meant, as a code does."""
    key = _twins().get(heading.key, "")
    if not key:
        return ""
    text, known = heading.text.casefold(), vocabulary.parameter(heading.key)
    codes = (code.casefold() for code in (known.hj212, known.hj212_2005) if code)
    said = any(word in text for words in _SAID.values() for word in words)
    return "" if said or any(code in text for code in codes) else key


@cache
def _twins() -> dict[str, str]:
    """By key, both ways: keys of the same in water and in air differ by `water_` or `air_` in front."""
    table = vocabulary.parameters()
    pairs = [("water_temperature", "air_temperature")]
    for prefix in ("water_", "air_"):
        bare = [(key, key.removeprefix(prefix)) for key in table if key.startswith(prefix)]
        pairs += [(key, rest) for key, rest in bare if rest in table and table[rest].group != table[key].group]
    return dict(pairs) | {other: key for key, other in pairs}
