"""The short summary in plain words: where to look, how to sign in, and what was seen to work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from shangyou.faces.demo.evidence import Part
from shangyou.faces.demo.home import SignIn
from shangyou.faces.demo.parts import SHOWN, Report
from shangyou.faces.demo.words import Words
from shangyou.simulation.scenario import Scenario
from shangyou.simulation.spill import HOURS_BEFORE
from shangyou.simulation.stretch import stations

Found = Sequence[tuple[str, Part]]


@dataclass(slots=True)
class Summary:
    """What is told at the end."""

    address: str
    home: Path
    listener: str  # "" = none
    found: Found
    head: tuple[str, dict[str, object]]
    first: tuple[tuple[str, dict[str, object]], ...]
    keeps: str
    people: tuple[SignIn, ...] = ()
    seconds: float = 0.0

    @classmethod
    def simulated(
        cls, address: str, home: Path, listener: str, found: Found, scenario: Scenario, report: Report
    ) -> Summary:
        """Of a simulated demo."""
        shown = next(s for s in stations() if s.section.id == SHOWN)
        spill = {"section": quote(SHOWN), "days": HOURS_BEFORE // 24, "zh": shown.name_zh, "en": shown.name_en}
        return cls(
            address,
            home,
            listener,
            found,
            ("summary.simulated", {"stations": len(stations()), "days": scenario.days}),
            (
                ("first.cockpit", {}),
                ("first.spill", spill),
                ("first.map", {}),
                ("first.intake", {"mn": report.unknown}),
            ),
            "summary.keeps",
        )

    @classmethod
    def real(cls, address: str, home: Path, found: Found, data: Path) -> Summary:
        """Of a demo with real files."""
        first = ("first.cockpit", "first.sections", "first.map.real")
        about: dict[str, object] = {"data": data}
        return cls(
            address, home, "", found, ("summary.real", about), tuple((key, {}) for key in first), "summary.keeps.real"
        )

    @property
    def good(self) -> bool:
        """Was every part seen to work?"""
        return bool(self.found) and all(part.ok for _, part in self.found)

    def lines(self, words: Words, keeps: bool) -> Iterator[str]:
        """The summary, line by line."""
        yield ""
        yield words(self.head[0], **self.head[1])
        yield ""
        yield f"  {words('summary.address')}  {self.address}"
        if self.listener:
            yield f"  {words('summary.listener')}  {self.listener}"
        for who in self.people:
            said = words(f"summary.person.{who.role}", name=who.name, password=who.password)
            yield f"  {words('summary.sign_in')}  {said}"
        yield f"  {words('summary.home')}  {self.home}"
        yield ""
        yield words("summary.first")
        for key, facts in self.first:
            given = {"address": self.address} | facts
            if "zh" in given:
                given["name"] = words.choose(str(given["zh"]), str(given["en"]))
            yield f"  {words(key, **given)}"
        yield ""
        yield words("summary.parts")
        for name, part in self.found:
            yield f"  {'✓' if part.ok else '✗'} {words(name)}  {part.text}"
        yield ""
        failed = sum(not part.ok for _, part in self.found)
        key = "summary.failed" if failed else "summary.all"
        yield words(key, count=len(self.found), failed=failed, seconds=self.seconds)
        if keeps:
            yield words(self.keeps)
