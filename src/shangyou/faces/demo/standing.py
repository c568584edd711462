"""A part of a demo of seven: standing subscriptions between the levels, and what comes back by them (回流)."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from shangyou.core.clock import LEGAL
from shangyou.faces.demo.between import HOURLY
from shangyou.faces.demo.course import Course
from shangyou.faces.demo.evidence import Part
from shangyou.faces.demo.seats import MINISTRY, PROVIDER
from shangyou.faces.demo.stage import Post
from shangyou.faces.demo.talks import Row, ask, do, until

SECTION: Final = "51.凉姜沟"  # where the ministry samples by itself: in the provider's province, no part of the spill
HEAD: Final = (
    "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L)"
)
SAMPLES: Final = 3  # of four hours each
UP_SECONDS: Final = 120.0  # until a month of a province has come, on a machine that does all else besides
BACK_SECONDS: Final = 60.0


def stands(course: Course) -> Part:
    """One command at each end: the province's data come to the ministry, and what the ministry measured goes back."""
    _samples(course)
    do(course.ministry, "feeds/stand", source=[PROVIDER], dataset=[HOURLY])
    do(course.provider, "feeds/stand", source=[MINISTRY], give=False)
    back = until("return", lambda: _following(course.provider, f"{MINISTRY}/return-{PROVIDER}"), BACK_SECONDS)
    up = until("stand", lambda: _following(course.ministry, course.dataset(PROVIDER).id), UP_SECONDS)
    returned = len(ask(course.provider, "observations", site=(SECTION,), cadence=("4h",)))
    here = len(ask(course.ministry, "observations", site=(SECTION,), cadence=("4h",)))
    text = course.words(
        "part.standing",
        provider=course.provider.name,
        rows=up["rows"],
        section=SECTION.partition(".")[2],
        returned=returned,
        back=back["rows"],
    )
    return Part(returned == here > 0 and up["rows"] > 0, text)


def _following(post: Post, dataset: str) -> Row | None:
    """The standing subscription of a dataset, once all that was there before has come."""
    rows = [row for row in ask(post, "feeds/standing") if row["dataset"] == dataset]
    return rows[0] if rows and rows[0]["state"] == "following" and rows[0]["rows"] else None


def _samples(course: Course) -> None:
    """The ministry takes in a file of what it sampled by itself. Simulated, as all that is in the node."""
    with tempfile.TemporaryDirectory(prefix="shangyou-samples-") as folder:
        lines, month = samples(datetime.now(LEGAL), course.provider.seat.province)
        path = Path(folder) / month / "national.csv"
        path.parent.mkdir()
        path.write_text("\n".join((HEAD, *lines)) + "\n", encoding="utf-8")
        course.ministry.evidence.command("ingest", folder)


def samples(now: datetime, province: str) -> tuple[list[str], str]:
    """Rows of the newest samples in one month, and that month, which the name of their folder tells."""
    last = now.replace(hour=now.hour // 4 * 4, minute=0, second=0, microsecond=0)
    times = [last - timedelta(hours=4 * number) for number in range(SAMPLES)]
    name = SECTION.partition(".")[2]
    lines = [
        f"{province},长江流域,{name},{time:%m-%d %H:%M},Ⅱ,16.2,7.9,8.{number},2.{number},0.1{number},0.05"
        for number, time in enumerate(times)
        if time.month == last.month
    ]
    return lines, f"{last:%Y-%m}"
