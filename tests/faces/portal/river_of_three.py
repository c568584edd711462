"""Three parties of the Chishui compact at their nodes, each with the year's data in its own store."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import datetime
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
YEARS = ("2018", "2019", "2020")


def hours(year: str, day: int = 0) -> int:
    """From the beginning of `exchange_question` to ten o'clock of a day of a year."""
    return (to_ms(datetime(int(year), 1, 1, 10, tzinfo=LEGAL)) - APRIL) // HOUR + 24 * day


def year(number: str) -> list[Row]:
    """A value every tenth day of a year."""
    return [
        (section, item, hours(number, day), mean)
        for section in SECTIONS
        for item, mean in GOOD.items()
        for day in range(0, 365, 10)
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
            give(node.store, [row for number in YEARS for row in year(number)])
        self._readers: dict[tuple[str, str], Reader] = {}

    def seat(self, id: str) -> Together:
        return of(self.basin[id])

    def state(self, id: str, dossier: str) -> State:
        return look(self.seat(id), dossier)[0]

    def meet(self, dossier: str) -> None:
        """Until all hold the same."""
        pause = threading.Event()
        for _ in range(600):
            held = [{h.id: h.entries for h in self.seat(id).dossiers.headings()}.get(dossier) for id in self.basin]
            if None not in held and len(set(held)) == 1:
                return
            for id in self.basin:
                dossiers(self.basin[id]).turn()
            pause.wait(0.02)
        raise AssertionError("it did not come to that")

    def reader(self, id: str, name: str = "li") -> Reader:
        """Somebody at a node, signed in once."""
        if (id, name) not in self._readers:
            self._readers[id, name] = Reader(cast(FakeNode, self.basin[id].node)).sign_in(name, WORD)
        return self._readers[id, name]


@contextlib.contextmanager
def three(folder: Path) -> Iterator[Three]:
    with basin(folder, PARTIES, threshold=1) as found:
        yield Three(found)
