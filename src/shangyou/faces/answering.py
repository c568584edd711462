"""The working-day clocks of a node's contract desk: how long an answer may take, and how much of that is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shangyou.adapters.workdays import WorkdayFile
from shangyou.core.errors import InputError
from shangyou.exchange import workdays
from shangyou.exchange.dataset import Sharing
from shangyou.exchange.workdays import Due

if TYPE_CHECKING:
    from shangyou.settings import Settings
    from shangyou.wiring import Node

MADE: Final = "answering"


@dataclass(frozen=True, slots=True, eq=False)
class Answering:
    """Days by the settings, counted by the law and the operator's lists as they are at that moment."""

    settings: Settings
    file: WorkdayFile

    def days(self, sharing: Sharing | None) -> int:
        """Working days for an answer to a request; None: to a counter-offer."""
        if sharing is None:
            return self.settings.answer_days_counter
        if sharing is Sharing.NONE:
            return 0
        conditional = sharing is Sharing.CONDITIONAL
        return self.settings.answer_days_conditional if conditional else self.settings.answer_days_unconditional

    def due(self, at: int, sharing: Sharing | None) -> Due:
        """Until when there is time for an answer to what came at `at` [ms since 1970 UTC]."""
        return workdays.due(at, self.days(sharing), self.file.read()[0])

    def left(self, at: int, until: int) -> int:
        """Working days that are left after today; 0 on the last day."""
        return workdays.days_left(at, until, self.file.read()[0])

    def assumed(self, at: int, until: int) -> bool:
        """Is the list of a year missing between two times, so that days which are moved are not known?"""
        return workdays.assumed(at, until, self.file.read()[0])

    def fault(self) -> InputError | None:
        """What is wrong with the operator's list."""
        return self.file.read()[1]


def answering(node: Node) -> Answering:
    """The node's clocks, made once."""
    return node.made.once(MADE, lambda: Answering(node.settings, WorkdayFile(node.settings.home)))
