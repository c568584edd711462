"""Three parties of the Chishui compact at their nodes, each with the year's data in its own store."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.ports import Person
from shangyou.core.registry import Section, Status
from shangyou.faces.dossiers import dossiers
from shangyou.faces.together import of
from shangyou.flows.saying import Together
from shangyou.flows.settle import look
from shangyou.governance.compensation.fold import State
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_question import APRIL, HOUR, Row, give

WORD = "right horse battery"
PARTIES = ("sichuan", "guizhou", "yunnan")
SECTIONS = ("52.清水铺", "52.鲢鱼溪")
GOOD = {"permanganate_index": 1.6, "ammonia_nitrogen": 0.12, "total_phosphorus": 0.03}
NEW_YEAR = (to_ms(datetime(2020, 1, 1, 10, tzinfo=LEGAL)) - APRIL) // HOUR
APRIL_2020 = NEW_YEAR + 24 * 91 + 1  # an hour at which no other value is


def year(means: dict[str, float] = GOOD, sections: tuple[str, ...] = SECTIONS) -> list[Row]:
    """A value every fifth day of 2020."""
    days = (date(2020, 12, 31) - date(2020, 1, 1) + timedelta(1)).days
    return [
        (section, item, NEW_YEAR + 24 * day, mean)
        for section in sections
        for item, mean in means.items()
        for day in range(0, days, 5)
    ]


class Three:
    """The parties, and how far they have come."""

    def __init__(self, found: Basin) -> None:
        self.basin = found
        for id in found:
            node = found[id].node
            for name, role in (("li", "operator"), ("guest", "viewer"), ("wu", "analyst")):
                node.people.put_person(Person(name, role, "李工", "zh"), WORD)
            for section in SECTIONS:
                node.registry.put_section(
                    Section(section, section[3:], province="贵州省", river="赤水河", status=Status.CONFIRMED), "test", 1
                )
            give(node.store, year())

    def seat(self, id: str) -> Together:
        return of(self.basin[id])

    def state(self, id: str, dossier: str) -> State:
        return look(self.seat(id), dossier)[0]

    def holds(self, id: str, dossier: str) -> bool:
        """Has the dossier come to a member?"""
        return any(each.id == dossier for each in self.seat(id).dossiers.headings())

    def settle(self, ask: Callable[[], bool]) -> None:
        """Let what was said arrive, until it is as asked."""
        pause = threading.Event()
        for _ in range(300):
            if ask():
                return
            for id in self.basin:
                dossiers(self.basin[id]).turn()
            pause.wait(0.02)
        raise AssertionError("it did not come to that")

    def reader(self, id: str, name: str = "li") -> Reader:
        return Reader(cast(FakeNode, self.basin[id].node)).sign_in(name, WORD)


@contextlib.contextmanager
def three(folder: Path) -> Iterator[Three]:
    with basin(folder, PARTIES, threshold=1) as found:
        yield Three(found)
