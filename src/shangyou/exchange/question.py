"""A question to the basin: one value that goes to every node as it is, and that each answers from its own store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from shangyou.core.errors import InputError

SHAPES: Final = ("summary", "rows")
LABELS: Final = ("section", "river", "province", "basin")
PERIODS: Final = ("hour", "day", "month", "quarter", "year", "all")
MOST_NAMES: Final = 10_000  # of each kind


@dataclass(frozen=True, slots=True)
class Question:
    """Which observations, and how much of them is summed up where they live. Empty tuples mean no restriction."""

    sections: tuple[str, ...] = ()  # section ids
    rivers: tuple[str, ...] = ()  # river ids of the registry
    provinces: tuple[str, ...] = ()  # first two digits of the administrative code
    parameters: tuple[str, ...] = ()
    cadences: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    start: int | None = None  # ms since 1970 UTC, from and including
    stop: int | None = None  # up to and not including
    as_of: int | None = None  # what each node knew then
    usable: bool = True  # leave out values that the checks fail
    purpose: str = ""  # what it is for; contracts may ask
    shape: str = "summary"  # summary: see exchange.summaries; rows: observations
    label: str = "section"  # what a group is
    period: str = "month"  # legal period of a group
    offset: int = 28_800_000  # [ms] of the legal day from UTC
    percentiles: bool = False  # count values in buckets too


def parsed(body: bytes) -> Question:
    """A question from the bytes of its JSON; InputError "query.question" says what is wrong with it."""
    try:
        question = msgspec.json.decode(body, type=Question, strict=True)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError("query.question", detail=str(error)[:200]) from error
    return verified(question)


def verified(question: Question) -> Question:
    """The question, if every part of it is one that can be answered; InputError "query.question"."""
    for name, known in (("shape", SHAPES), ("label", LABELS), ("period", PERIODS)):
        if (value := getattr(question, name)) not in known:
            raise InputError("query.question", detail=f"{name}: {str(value)[:40]}, not one of {', '.join(known)}")
    for name in ("sections", "rivers", "provinces", "parameters", "cadences", "statistics"):
        if len(getattr(question, name)) > MOST_NAMES:
            raise InputError("query.question", detail=f"{name}: more than {MOST_NAMES}")
    if abs(question.offset) > 86_400_000:
        raise InputError("query.question", detail="offset: more than a day")
    if question.start is not None and question.stop is not None and question.start >= question.stop:
        raise InputError("query.question", detail="start, stop: nothing is between them")
    return question


def written(question: Question) -> bytes:
    """Its JSON."""
    return msgspec.json.encode(question)
