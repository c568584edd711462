"""Entries of the two tables that the API and the command line read: what can be asked, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shangyou.faces.rows import Rows

Done = dict[str, object]


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its path under /api/v1/."""

    path: str
    ask: Callable[..., Rows]
    about: str  # group of the documentation
    roles: frozenset[str] | None = None  # who may ask; None = everybody who is signed in
    long: tuple[str, ...] = ()  # parameters that are whole texts: with them it is asked by POST, never in an address


@dataclass(frozen=True, slots=True)
class Deed:
    """A deed with its path under /api/v1/."""

    path: str
    do: Callable[..., Done]
    about: str  # group of the documentation
    roles: frozenset[str]
