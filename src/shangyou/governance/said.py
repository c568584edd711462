"""What governance reads of a dossier: who said what, when, and after what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Said(Protocol):
    """An entry of a dossier, as a fold takes it; folds get them in the order that all members share."""

    @property
    def id(self) -> str:
        """Name of the entry: the digest of what is signed [hex]."""
        ...

    @property
    def kind(self) -> str:
        """Subject and verb: "warning.first", "incident.grade"."""
        ...

    @property
    def author(self) -> str:
        """The member that said it."""
        ...

    @property
    def at(self) -> int:
        """When, by the author's clock [ms since 1970 UTC]; never before what it follows."""
        ...

    @property
    def number(self) -> int:
        """One more than the greatest of those that it follows; 1 for the opening."""
        ...

    @property
    def after(self) -> tuple[str, ...]:
        """The newest entries that its author knew."""
        ...

    @property
    def body(self) -> Mapping[str, object]:
        """What was said; nothing in it is checked yet."""
        ...
