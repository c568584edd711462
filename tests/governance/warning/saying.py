"""Warnings for tests: a desk of three members, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from shangyou.governance.warning.fold import situation
from shangyou.governance.warning.values import Situation
from shangyou.standards.library import edition
from tests.fakes.dossiers import Desk

NOW = 1_800_000_000_000
MINUTE = 60_000
RULES = edition("warning_clocks", date(2026, 11, 22))
FIRST: Mapping[str, Any] = {
    "type": "first",
    "title_zh": "泸州江段苯泄漏",
    "title_en": "Benzene spill near Luzhou",
    "place": "51.纳溪大渡口",
    "place_zh": "纳溪大渡口下游 2 km 左岸",
    "river": "changjiang",
    "bank": "left",
    "noticed": NOW,
    "substance": "benzene",
    "amount": None,
    "evidence": ["自动站序列 51.纳溪大渡口 14:00 起超标"],
    "contact": {"office": "省厅应急值班室", "phone": "028-0000000"},
}


class Talk:
    """Members of one warning, on a desk whose clock is moved by hand."""

    def __init__(self, **changed: Any) -> None:
        self.now = NOW
        self.desk = Desk(lambda: self.now)
        self.id = self.desk.at("sc").open("warning", ["cq", "gz"], {**FIRST, **changed}).dossier
        self.desk.deliver()

    def say(self, member: str, verb: str, after: int = 0, deliver: bool = True, **body: Any) -> str:
        """After so many minutes; the entry's id."""
        self.now += after * MINUTE
        said = self.desk.at(member).add(self.id, f"warning.{verb}", body)
        if deliver:
            self.desk.deliver()
        return said.id

    def seen(self, member: str = "sc") -> Situation:
        return situation(self.desk.at(member).entries(self.id))
