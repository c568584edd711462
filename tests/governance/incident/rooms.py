"""Rooms for tests: members that say things to each other in memory, at times that a test sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shangyou.governance.incident.fold import room
from shangyou.governance.incident.room import Room
from shangyou.governance.said import Said
from shangyou.standards.library import editions
from tests.fakes.dossiers import Desk

PLAN, RULES, GUIDANCE = (editions(f"incident_{name}")[-1] for name in ("grading", "reporting", "tasks"))
START = 1_780_000_000_000  # ms
MINUTE = 60_000
OPENING: Mapping[str, object] = {
    "title_zh": "江安槽罐车苯泄漏",
    "title_en": "Benzene from a tanker at Jiang'an",
    "place_zh": "江安大桥",
    "river": "长江",
    "substance": "benzene",
    "noticed": START - 10 * MINUTE,
    "in_charge": ["sichuan"],
    "affected": ["chongqing"],
    "simulated": True,
}


@dataclass(eq=False)
class Stage:
    """Sichuan, Chongqing and the ministry on one dossier."""

    at: int = START
    desk: Desk = field(init=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(lambda: self.at)
        opened = self.desk.at("sichuan").open("incident", ["chongqing", "ministry"], OPENING)
        self.id = opened.dossier
        self.desk.deliver()

    def say(self, member: str, kind: str, minutes: float = 0, /, **body: object) -> str:
        """A member says something so many minutes after the opening; returns the entry's id."""
        self.at = max(self.at, START + round(minutes * MINUTE))
        return self.desk.at(member).add(self.id, f"incident.{kind}", body).id

    def entries(self, member: str = "sichuan") -> list[Said]:
        """As a member holds them."""
        return list(self.desk.at(member).entries(self.id))

    def room(self, member: str = "sichuan") -> Room:
        """As a member sees it."""
        return room(self.entries(member), PLAN, GUIDANCE)
