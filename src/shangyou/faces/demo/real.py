"""The parts of a demo with real files: taken in through the command line, then looked at like the simulated ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.clock import LEGAL
from shangyou.faces.demo import evidence as shared
from shangyou.faces.demo.evidence import Evidence, Look, Part

AGREEMENT: Final = 0.97  # of the samples with a published class that must get the same class from us. 99 % is aimed at
# and reached in the six provinces; elsewhere it is not known of every section which limits, of a lake or of a river,
# the source takes: docs/validation-classes.md puts every difference under its reason
COUNTS: Final = ("received", "new", "unchanged", "revised", "refused")
Rows = Sequence[dict[str, object]]


def looks(evidence: Evidence, taken: Rows) -> list[tuple[str, Look]]:
    """All parts in the order of the summary; `taken`: what the intake said of each file."""
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


def _section_with_most(latest: pa.Table) -> str:
    sites = latest["site"].to_pylist()
    return max(sorted(set(sites)), key=sites.count, default="")


def took_in(evidence: Evidence, taken: Rows) -> Part:
    """Every file was taken in, and what was received is new, known, revised or refused; refusals have reasons."""
    sums = {name: sum(int(str(row[name])) for row in taken) for name in COUNTS}
    failed = sum(bool(row["code"]) for row in taken)
    reasons = evidence.table("refused", limit=100_000)["reason"].to_pylist()
    balanced = sums["received"] == sum(sums[name] for name in COUNTS[1:])
    ok = failed == 0 and sums["new"] > 0 and balanced and all(reasons) and bool(reasons) == (sums["refused"] > 0)
    return Part(ok, evidence.words("part.files", files=len(taken), failed=failed, **sums))


def sections(evidence: Evidence) -> Part:
    """Sections that the files name are in the registry."""
    status = evidence.table("status").to_pylist()[0]
    known = evidence.table("sections")
    placed = known.num_rows - known["longitude"].null_count
    ok = known.num_rows > 0 and status["behind"] == 0
    return Part(
        ok,
        evidence.words("part.sections", sections=known.num_rows, unconfirmed=status["unconfirmed"], placed=placed),
    )


def assesses(evidence: Evidence) -> Part:
    """The newest month with data gets classes."""
    table = evidence.table("assess", by="section")
    numbers = [int(n) for n in table["class_no"].to_pylist() if n]
    period = (table.schema.metadata or {}).get(b"period", b"").decode()
    provinces = evidence.table("assess", by="province").num_rows
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


def agrees(evidence: Evidence) -> Part:
    """Our class of each sample equals the one that its source published."""
    status = evidence.table("status").to_pylist()[0]
    first, last = (status[f"{name}_data"].astimezone(LEGAL).date().isoformat() for name in ("first", "last"))
    equal = evidence.table("assess", period=f"{first}/{last}", by="sample")["equal"].drop_null()
    if not len(equal):
        return Part(True, evidence.words("part.agreement.none"))
    same = int(pc.sum(equal.cast(pa.int64())).as_py())
    text = evidence.words("part.agreement", known=len(equal), same=same, share=same / len(equal))
    return Part(same >= AGREEMENT * len(equal), text)
