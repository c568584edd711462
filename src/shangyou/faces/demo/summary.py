"""The short summary in plain words: where to look, how to sign in, and what was seen to work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import east_asian_width
from urllib.parse import quote

from shangyou.faces.demo.evidence import Part
from shangyou.faces.demo.parts import SHOWN, Report
from shangyou.faces.demo.seats import CONSUMER, MINISTRY, PROVIDER
from shangyou.faces.demo.stage import Post
from shangyou.faces.demo.words import Words
from shangyou.simulation.scenario import Scenario
from shangyou.simulation.spill import HOURS_BEFORE
from shangyou.simulation.stretch import stations

Found = Sequence[tuple[str, Part]]


@dataclass(slots=True)
class Summary:
    """What is told at the end."""

    posts: tuple[Post, ...]
    found: Found
    head: tuple[str, dict[str, object]]
    first: tuple[tuple[str, str, dict[str, object]], ...]  # key of the text, id of the node it leads to, facts
    keeps: str
    seconds: float = 0.0

    @classmethod
    def simulated(cls, posts: Sequence[Post], found: Found, scenario: Scenario, report: Report) -> Summary:
        """Of a simulated demo."""
        shown = next(s for s in stations() if s.section.id == SHOWN)
        spill = {"section": quote(SHOWN), "days": HOURS_BEFORE // 24, "zh": shown.name_zh, "en": shown.name_en}
        mouth = CONSUMER if len(posts) > 1 else posts[0].id  # where the section lies and the stranger dials
        first: list[tuple[str, str, dict[str, object]]] = [
            ("first.cockpit", mouth, {}),
            ("first.spill", mouth, spill),
            ("first.map", mouth, {}),
            ("first.intake", mouth, {"mn": report.unknown}),
        ]
        about: dict[str, object] = {"stations": len(stations()), "days": scenario.days, "nodes": len(posts)}
        if len(posts) > 1:
            first += [("first.warnings", CONSUMER, {}), ("first.incidents", PROVIDER, {})]
        return cls(tuple(posts), found, ("summary.simulated", about), (*first, *_between(posts)), "summary.keeps")

    @classmethod
    def real(cls, posts: Sequence[Post], found: Found, data: Path) -> Summary:
        """Of a demo with real files."""
        at = CONSUMER if len(posts) > 1 else posts[0].id
        first: list[tuple[str, str, dict[str, object]]] = [
            (key, at, {}) for key in ("first.cockpit", "first.sections", "first.map.real")
        ]
        about: dict[str, object] = {"data": data, "nodes": len(posts)}
        return cls(tuple(posts), found, ("summary.real", about), (*first, *_between(posts)), "summary.keeps.real")

    @property
    def good(self) -> bool:
        """Was every part seen to work?"""
        return bool(self.found) and all(part.ok for _, part in self.found)

    def lines(self, words: Words, keeps: bool) -> Iterator[str]:
        """The summary, line by line."""
        yield ""
        yield words(self.head[0], **self.head[1])
        yield ""
        yield from self._alone(words) if len(self.posts) == 1 else self._table(words)
        yield ""
        yield words("summary.first")
        for key, id, facts in self.first:
            given = {"address": next(address_of(post) for post in self.posts if post.id == id)} | facts
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

    def _alone(self, words: Words) -> Iterator[str]:
        """Where one node is and who may sign in."""
        [post] = self.posts
        yield f"  {words('summary.address')}  {address_of(post)}"
        if post.settings.hj212_port:
            yield f"  {words('summary.listener')}  {post.settings.hj212_host}:{post.settings.hj212_port}"
        for who in post.people:
            said = words(f"summary.person.{who.role}", name=who.name, password=who.password)
            yield f"  {words('summary.sign_in')}  {said}"
        yield f"  {words('summary.home')}  {post.settings.home}"

    def _table(self, words: Words) -> Iterator[str]:
        """The same of several, a line each."""
        people = [words(f"summary.column.{who.role}", name=who.name) for who in self.posts[0].people]
        rows = [[words("summary.node"), words("summary.address"), words("summary.column.listener"), *people]]
        for post in self.posts:
            listener = f":{post.settings.hj212_port}" if post.settings.hj212_port else "–"
            rows.append([post.name, address_of(post), listener, *(who.password for who in post.people)])
        widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell + " " * (most - width(cell)) for cell, most in zip(row, widths, strict=True))
            yield f"  {'  '.join(cells).rstrip()}"
        yield f"  {words('summary.home')}  {self.posts[0].settings.home.parent}"


def _between(posts: Sequence[Post]) -> tuple[tuple[str, str, dict[str, object]], ...]:
    """Where to see what several nodes do with each other."""
    if len(posts) == 1:
        return ()
    pages = (("federation", MINISTRY), ("catalogue", MINISTRY), ("standing", MINISTRY), ("ledger", PROVIDER))
    return tuple((f"first.{page}", id, {}) for page, id in pages)


def address_of(post: Post) -> str:
    """Where its portal is."""
    return f"http://{post.settings.http_host}:{post.settings.http_port}"


def width(text: str) -> int:
    """Columns that a text takes on a terminal: Chinese characters take two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
