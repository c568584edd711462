"""Substances as people name them: which key is meant in water, what a field offers, what is nearest to another name."""

from __future__ import annotations

from functools import cache

from shangyou.core import vocabulary


def key_of(name: str) -> str:
    """The key that a name in words means in water, so that every member knows what is meant; else as it was written."""
    known, found = vocabulary.parameters(), vocabulary.find(name)
    if name in known or found is None:
        return name
    of_water = f"water_{found.key}"  # what is in air and in water: a river carries that of water
    if of_water in known:
        return of_water
    return found.key if found.group == "water" else name


@cache
def offered(language: str) -> dict[str, str]:
    """What a field offers for each parameter of water: a text that `key_of` takes back, by its key."""
    water = [each for each in vocabulary.parameters().values() if each.group == "water"]
    named = {each.key: each.name_zh if language == "zh" else each.name_en for each in water}
    return {key: name if key_of(name) == key else key for key, name in named.items()}


@cache
def beside(language: str) -> dict[str, str]:
    """What stands beside such an offer, by key: the name in the other language, and the key."""
    known = vocabulary.parameters()
    other = "name_en" if language == "zh" else "name_zh"
    return {key: f"{getattr(known[key], other)} · {key}" for key in offered(language)}


def unknown(name: str, language: str) -> str:
    """The nearest to a name that the vocabulary does not know, as a list; "" for a name that it knows."""
    if not name or name in vocabulary.parameters() or vocabulary.find(name) is not None:
        return ""
    found = vocabulary.nearest(name, "water")
    told = [f"{each.key}（{each.name_zh}）" if language == "zh" else f"{each.key} ({each.name_en})" for each in found]
    return ("、" if language == "zh" else ", ").join(told) or "—"
