"""What an offer is judged by: the port to the policies, and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shangyou.exchange.dataset import Dataset
from shangyou.exchange.member import Member


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a provider answers to an offer."""

    act: str  # agree, counter, refuse, wait
    policy: Mapping[str, object] | None = None  # of a counter-offer
    code: str = ""  # why it is refused, or why a person must decide
    rule: str = ""  # the constraint that was not met
    operands: tuple[str, str] = ("", "")  # what the rule demands, and what was found
    whom: str = ""  # who can change it

    def reasons(self) -> list[object]:
        """As a termination carries them to the other end."""
        told = {"rule": self.rule, "demanded": self.operands[0], "found": self.operands[1], "changeable_by": self.whom}
        return [{name: text for name, text in told.items() if text}] if any(told.values()) else []


class Judge(Protocol):
    """Decides on an offered policy, in one place for the whole node; deny by default."""

    def __call__(self, offered: Mapping[str, object], dataset: Dataset, consumer: Member, at: int) -> Verdict:
        """`offered` is the ODRL policy that the consumer wants; `at` [ms since 1970 UTC]."""
        ...
