"""What the listener notes beside a frame in the raw journal, and the reader must know."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

KIND: Final = "hj212"  # of raw journal entries


class Note(NamedTuple):
    """How a frame was received.

    >>> Note("lenient", ("length-6",)).text(), Note.of("refused hj212.checksum").refused
    ('lenient length-6', 'hj212.checksum')
    """

    profile: str = "strict"  # strict, lenient, quarantine; "" = it was refused
    deviations: tuple[str, ...] = ()
    refused: str = ""  # code of the refusal

    def text(self) -> str:
        """As it stands in Raw.note."""
        return f"refused {self.refused}" if self.refused else " ".join((self.profile, *self.deviations))

    @staticmethod
    @lru_cache(maxsize=1024)
    def of(text: str) -> Note:
        """The note of a text; "" is strict."""
        first, *rest = text.split() or ["strict"]
        return Note("", (), rest[0] if rest else "") if first == "refused" else Note(first, tuple(rest))
