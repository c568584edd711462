"""The parts of a demo with real files: taken in through the command line, then looked at like the simulated ones."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shangyou import wiring
from shangyou.core.clock import LEGAL
from shangyou.core.registry import Status
from shangyou.faces.demo import evidence as shared
from shangyou.faces.demo.evidence import AT_ONCE, Evidence, Look, Part
from shangyou.faces.demo.home import make
from shangyou.faces.demo.stage import Post, Stage
from shangyou.flows.assess import assess
from shangyou.settings import Settings

AGREEMENT: Final = 0.97  # of the samples with a published class that must get the same class from us. 99 % is aimed at
# and reached in the six provinces; elsewhere it is not known of every section which limits, of a lake or of a river,
# the source takes: docs/validation-classes.md puts every difference under its reason
COUNTS: Final = ("received", "new", "unchanged", "revised", "refused")
MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
Rows = Sequence[dict[str, object]]


def looks(evidence: Evidence, taken: Rows) -> list[tuple[str, Look]]:
    """All parts about what the nodes hold, in the order of the summary; `taken`: what the intake said of each file."""
    latest = evidence.table("latest")
    section = _section_with_most(latest)
    last = pc.max(latest["time"]).as_py() if latest.num_rows else None
    day = last.astimezone(LEGAL).date().isoformat() if last else ""
    return [
        ("name.sign_in", shared.signs_in),
        ("name.files", lambda e: took_in(e, taken)),
        ("name.sections", sections),
        ("name.pages", lambda e: shared.shows_pages(e, section, simulated=False)),
        ("name.assess", assesses),
        ("name.agreement", agrees),
        ("name.export", lambda e: shared.exports(e, day, simulated=False)),
        ("name.cli", shared.commands),
    ]


def take_in(stage: Stage, data: Path) -> Rows:
    """Give each node with data of its own the files through its command line, two at a time; what it said of each.

    UnavailableError "demo.command".
    """
    posts = stage.provinces
    others = {post.seat.province for post in posts if post.seat.province}

    def give(post: Post) -> Rows:
        paths = [str(path) for path in files_for(data, others - {post.seat.province})]
        return post.evidence.cli("ingest", *paths, seconds=3600.0, shown=len(posts) == 1) if paths else []

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [row for rows in pool.map(give, posts) for row in rows]


def files_for(place: Path, others: Collection[str]) -> list[Path]:
    """What of a place to read for a node: all but folders that bear the name of another province.

    What a file holds of others is left out by the node itself (settings `provinces`); this saves the reading.
    """
    if place.name in others:
        return []
    if not place.is_dir() or not any(name in others for _, names, _ in os.walk(place) for name in names):
        return [place]
    return [path for each in sorted(place.iterdir()) for path in files_for(each, others)]


def one_store(evidence: Evidence, provinces: tuple[str, ...], data: Path, period: str) -> pa.Table:
    """The class table of a period over one store of its own, which is given the files of all provinces.

    Where folders are named after the period, only those are read: nothing else can matter to it.
    """
    named = [place for place in sorted(data.rglob(period)) if place.is_dir() and period not in place.parent.parts]
    with tempfile.TemporaryDirectory(prefix="shangyou-one-") as folder:
        settings = Settings(Path(folder) / "one", provinces=provinces, http_port=0, hj212_port=0)
        make(settings, (), ())
        replace(evidence, home=settings.home).cli("ingest", *map(str, named or [data]), seconds=3600.0)
        with contextlib.closing(wiring.build(settings)) as node:
            return assess(node.store, node.registry, period, "section")


def month(data: Path, evidence: Evidence) -> str:
    """The newest month that a folder of tables is named after; where there is none, that of the newest data."""
    named = {place.name for place in data.glob("**/*-*") if place.is_dir() and any(place.glob("**/*.csv"))}
    months = sorted(name for name in named if MONTH.fullmatch(name))
    return months[-1] if months else _period(evidence.table("assess", by="section"))


def _period(table: pa.Table) -> str:
    metadata: dict[bytes, bytes] = table.schema.metadata or {}
    return metadata.get(b"period", b"").decode()


def _section_with_most(latest: pa.Table) -> str:
    sites = latest["site"].to_pylist()
    return max(sorted(set(sites)), key=sites.count, default="")


def took_in(evidence: Evidence, taken: Rows) -> Part:
    """Every file was taken in, and what was received is new, known, revised or refused; refusals have reasons."""
    sums = {name: sum(int(str(row[name])) for row in taken) for name in COUNTS}
    failed = sum(bool(row["code"]) for row in taken)
    reasons = evidence.everywhere("refused", limit=100_000)["reason"].to_pylist()
    balanced = sums["received"] == sum(sums[name] for name in COUNTS[1:])
    ok = failed == 0 and sums["new"] > 0 and balanced and all(reasons) and bool(reasons) == (sums["refused"] > 0)
    return Part(ok, evidence.words("part.files", files=len(taken), failed=failed, **sums))


def sections(evidence: Evidence) -> Part:
    """Sections that the files name are in the registries."""
    status = evidence.everywhere("status").to_pylist()
    known = {row["id"]: row for row in evidence.everywhere("sections").to_pylist()}
    placed = sum(row["longitude"] is not None for row in known.values())
    ok = len(known) > 0 and not any(row["behind"] for row in status)
    unconfirmed = sum(row["status"] == Status.UNCONFIRMED for row in known.values())
    return Part(ok, evidence.words("part.sections", sections=len(known), unconfirmed=unconfirmed, placed=placed))


def assesses(evidence: Evidence) -> Part:
    """The newest month with data gets classes."""
    table = evidence.table("assess", by="section")
    period = _period(table)
    tables = [_assessed(node, by, period) for by in ("section", "province") for node in evidence.nodes]
    half = len(tables) // 2
    numbers = [int(n) for table in tables[:half] for n in table["class_no"].to_pylist() if n]
    provinces = sum(table.num_rows for table in tables[half:])
    return Part(
        len(numbers) > 0 and provinces > 0,
        evidence.words(
            "part.assess.real",
            period=period,
            sections=len(numbers),
            provinces=provinces,
            classes=shared.classes(numbers, evidence.words),
        ),
    )


def _assessed(node: Evidence, by: str, period: str) -> pa.Table:
    return node.table("assess", by=by, period=period)


def agrees(evidence: Evidence) -> Part:
    """Our class of each sample equals the one that its source published."""
    known = same = 0
    for node in evidence.nodes:
        status = node.table("status").to_pylist()[0]
        if status["first_data"] is None:
            continue
        first, last = (status[f"{name}_data"].astimezone(LEGAL).date().isoformat() for name in ("first", "last"))
        equal = node.table("assess", period=f"{first}/{last}", by="sample")["equal"].drop_null()
        known, same = known + len(equal), same + int(pc.sum(equal.cast(pa.int64())).as_py() or 0)
    if not known:
        return Part(True, evidence.words("part.agreement.none"))
    text = evidence.words("part.agreement", known=known, same=same, share=same / known)
    return Part(same >= AGREEMENT * known, text)
