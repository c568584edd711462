"""Resolutions for tests: members that propose, vote and sign in memory, at times that a test sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shangyou.governance.resolution.fold import matter
from shangyou.governance.resolution.matter import Matter
from shangyou.governance.said import Said
from tests.fakes.dossiers import Desk

START = 1_780_000_000_000  # ms
HOUR = 3_600_000
MEMBERS = ("chongqing", "guizhou", "sichuan", "yunnan")
RULE: Mapping[str, object] = {
    "quorum": [2, 3],
    "majority": [1, 2],
    "strictly": True,
    "deadline": START + 48 * HOUR,
    "amend_until": START + 24 * HOUR,
    "reception": 24 * HOUR,
}


@dataclass(eq=False)
class Council:
    """Four provinces and a resolution that Sichuan proposed."""

    rule: Mapping[str, object] = field(default_factory=dict)
    members: tuple[str, ...] = MEMBERS
    form: str = "resolution"
    at: int = START
    desk: Desk = field(init=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(lambda: self.at)
        body = {"form": self.form, "title_zh": "赤水河联合巡查", "text_zh": "第一条 每季度联合巡查。"}
        body |= {"edition": "id: x"} if self.form == "standard" else {}
        opened = self.desk.at("sichuan").open("resolution", self.members, {**body, "rule": {**RULE, **self.rule}})
        self.id = opened.dossier
        self.desk.deliver()

    def say(self, member: str, kind: str, hours: float = 0, /, **body: object) -> str:
        """A member says something so many hours after the opening, by its clock; the entry's id."""
        self.at = START + round(hours * HOUR)
        return self.desk.at(member).add(self.id, f"resolution.{kind}", body).id

    def vote(self, member: str, choice: str, hours: float = 1) -> str:
        """A ballot for the version that the member sees as standing."""
        return self.say(member, "vote", hours, version=self.matter(member).current.entry, choice=choice)

    def sign(self, member: str, hours: float = 80) -> str:
        """A signature under what the member sees as the result."""
        tally = self.matter(member).tally
        told = {"version": tally.version, "outcome": tally.outcome, "ballots": list(tally.ballots)}
        return self.say(member, "sign", hours, **told)

    def matter(self, member: str = "sichuan") -> Matter:
        """As a member sees it."""
        return matter(self.entries(member))

    def entries(self, member: str = "sichuan") -> list[Said]:
        """As a member holds them."""
        return list(self.desk.at(member).entries(self.id))

    def all_vote(self, **choices: str) -> None:
        """Each votes and hears of the others; the first shows at the end that it holds the last ballot."""
        for member, choice in choices.items():
            self.vote(member, choice)
            self.desk.deliver()
        self.say(next(iter(choices)), "receive", 2)
        self.desk.deliver()
