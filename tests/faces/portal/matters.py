"""Two members with an incident and a resolution between them, and people at both nodes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import cast

from shangyou.core.ports import Person
from shangyou.faces.api.acts import perform
from shangyou.faces.api.desk import Desk
from shangyou.faces.dossiers import dossiers
from shangyou.faces.together import of, turn
from shangyou.flows import incident, resolve
from shangyou.flows.incident import Seen
from shangyou.flows.resolve import Standing
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import Basin, basin

WORD = "right horse battery"


class Matters:
    """The federation, and what its members have said to each other."""

    def __init__(self, found: Basin) -> None:
        self.basin, self.clock = found, found.clock
        self._readers: dict[tuple[str, str, date], Reader] = {}
        for id in found:
            for name, role in (("li", "operator"), ("guest", "viewer")):
                found[id].node.people.put_person(Person(name, role, "李工", "zh"), WORD)

    def do(self, member: str, deed: str, /, **given: object) -> str:
        """A deed at a member's node, and let it arrive; the dossier's id."""
        done = perform(Desk(self.basin[member].node, by="li"), deed, **given)
        self.settle()
        return str(done["id"])

    def settle(self) -> None:
        """Wait until all has been handed over."""
        pause = threading.Event()
        for _ in range(300):
            waiting = [dossiers(self.basin[id]).keeping.cabinet.waiting(self.clock.ms() + 10**9) for id in self.basin]
            if not any(waiting):
                return
            for id in self.basin:
                dossiers(self.basin[id]).turn()
            pause.wait(0.02)
        raise AssertionError("it did not arrive")

    def tend(self) -> None:
        """Let every node do what it does by itself."""
        self.clock.advance(minutes=5)
        for id in self.basin:
            turn(self.basin[id])
            self.settle()

    def room(self, member: str, id: str) -> Seen:
        return incident.look(of(self.basin[member]), id)

    def matter(self, member: str, id: str) -> Standing:
        return resolve.look(of(self.basin[member]), id)

    def spill(self) -> str:
        """A benzene spill in Sichuan with much already said about it."""
        said = {"title_zh": "江安槽罐车苯泄漏", "title_en": "Benzene from a tanker at Jiang'an", "river": "长江"}
        id = self.do(
            "sichuan",
            "incidents/open",
            **said,
            place_zh="江安大桥",
            place_en="Jiang'an bridge",
            substance="benzene",
            affected=("chongqing",),
        )
        self.do("sichuan", "incidents/facts", id=id, fact=("crossing=province", "deaths=0"))
        point = {"parameter": ("benzene",), "every": 60}
        self.do(
            "sichuan",
            "incidents/point",
            id=id,
            point="p1",
            name_zh="江津",
            name_en="Jiangjin",
            member="chongqing",
            distance=92_000.0,
            **point,
        )
        self.do(
            "sichuan",
            "incidents/point",
            id=id,
            point="p0",
            name_zh="朱沱",
            name_en="Zhutuo",
            member="sichuan",
            distance=41_000.0,
            **point,
        )
        for hour, (near, far) in enumerate(((0.002, 0.001), (0.021, 0.001), (0.034, 0.004), (0.012, 0.013))):
            self.clock.advance(hours=1)
            for at, value, by in (("p0", near, "sichuan"), ("p1", far, "chongqing")):
                below = "<" if value == 0.001 else ""
                self.do(
                    by,
                    "incidents/sample",
                    id=id,
                    point=at,
                    result=(f"benzene={below}{value}mg/L,limit=0.01",),
                    laboratory=f"站{hour}",
                )
        self.do("chongqing", "incidents/task", id=id, task="monitoring", owner="chongqing", state="doing")
        self.do(
            "sichuan",
            "incidents/measure",
            id=id,
            measure="m1",
            kind="dilute",
            name_zh="向家坝加大下泄",
            member="sichuan",
            flow_m3s=800.0,
            stage="ordered",
        )
        self.do("chongqing", "incidents/decide", id=id, text="暂停江津取水口", why="预计峰值超标")
        return id

    def patrol(self) -> str:
        """A resolution that Sichuan proposed, amended once, discussed."""
        said = {"title_zh": "长江川渝段联合巡查", "title_en": "Joint patrols", "text_zh": "第一条 每季度联合巡查一次。"}
        id = self.do("sichuan", "resolutions/propose", **said, quorum="1/1")
        self.do("chongqing", "resolutions/comment", id=id, text="每季度一次太少。")
        self.do("chongqing", "resolutions/amend", id=id, text_zh="第一条 每月联合巡查一次。", why="汛期需要")
        self.tend()
        return id

    def reader(self, id: str, name: str = "li") -> Reader:
        """Somebody at a member's portal, signed in once a day: hashing a password takes its time."""
        key = (id, name, self.clock.now().date())
        if key not in self._readers:
            self._readers[key] = Reader(cast(FakeNode, self.basin[id].node)).sign_in(name, WORD)
        return self._readers[key]


@contextlib.contextmanager
def matters(folder: Path, members: tuple[str, ...] = ("sichuan", "chongqing")) -> Iterator[Matters]:
    with basin(folder, members, threshold=1) as found:
        yield Matters(found)
