"""Damage tables, workbooks, answers and pages in many ways and read them: no crash, bounded memory, a reason each.

    python scripts/fuzz_files.py [count [seed [first]]]     # 100000 1 0; "1 7 123" repeats input 123 of seed 7

Exit code 0 only if every input was answered, within the time for one input and the memory for all.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import xlsxwriter

os.environ["RUST_BACKTRACE"] = "0"  # a panic of the workbook reader is caught; naming its stack takes seconds
sys.path.insert(0, str(Path(__file__).parent.parent))

from shangyou.core.errors import InputError
from shangyou.core.journal import Raw
from shangyou.core.records import Parsed
from shangyou.ingest.cnemc.reading import READERS
from shangyou.ingest.cnemc.recognition import recognise
from shangyou.ingest.tables.columns import ColumnMap
from shangyou.ingest.tables.infer import infer
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.mapfile import load
from shangyou.ingest.tables.reading import gathered, read, read_blocks
from tests.fakes.xls import xls
from tests.ingest.cnemc import sources

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "tables"
SLOWEST = 3.0  # seconds of work that one input of a few kilobytes may take, the first one with all that it loads
MEMORY = 1 << 30  # bytes resident in the end; all inputs together are far more
LIMITS = Limits(block=4096, row=2048, cells=200_000, unpacked=4 << 20, refusals=200)
TEXTS = (
    "未检出 原始值： 极值过滤 Ⅱ <0.025 -- * 1e999 nan -9999 2021-02-30_24:00 12-31_20:00 null A1048576 &#10; \\ud800"
)
SIGNS = (
    b",",
    b'"',
    b"\n",
    b"\r",
    b"\x00",
    b"\x1f",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"<",
    b">",
    b"]",
    b"{",
    b"9" * 400,
    b"[" * 50,
)
TOKENS = (*SIGNS, b"<tr>", b"</td>", b"<td", b'"tbody"', *(text.replace("_", " ").encode() for text in TEXTS.split()))


Seed = tuple[str, bytes, ColumnMap | None]  # what it is, the bytes, and the map that reads it


def seeds() -> list[Seed]:
    """Sound inputs of every kind."""
    rows = [
        sources.NORMAL,
        sources.row(name="乙", ammonia="--"),
        sources.row(time="04-01 12:00", state="维护", grade="*"),
    ]
    written = (sources.section_file(rows), sources.answer(rows), sources.page(rows))
    out: list[Seed] = [(raw.kind, raw.body, None) for raw in written]
    for path in sorted(GOLDEN.glob("*.toml")):
        layout = load(path.read_text(encoding="utf-8"))
        body = next(p for p in GOLDEN.glob(f"{path.stem}.*") if p != path).read_bytes()
        out.append(("table", body, layout))
    cells: list[list[str | float | None]] = [
        ["监测时间", "水温(℃)", "氨氮(mg/L)"],
        ["2021-04-01 08:00", 12.5, "<0.025"],
    ]
    out.append(("table", xls(cells), infer(xls(cells), "x.xls").map))
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for i, row in enumerate(cells):
            sheet.write_row(i, 0, row)
    out.append(("table", packed.getvalue(), infer(packed.getvalue(), "x.xlsx").map))
    return out


def damage(rng: random.Random, body: bytes, other: bytes) -> bytes:
    """The same bytes with one to six hurts."""
    data = bytearray(body)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + int(rng.expovariate(1 / 20)))
        how = rng.randrange(8)
        if how == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del data[at:end]
        elif how == 2:
            data[at:at] = data[at:end] * rng.randint(1, 20)
        elif how == 3:
            data[at:end] = rng.randbytes(end - at)
        elif how == 4:
            data[at:at] = rng.choice(TOKENS)
        elif how == 5:
            del data[at:]
        elif how == 6:
            place = rng.randrange(len(other))
            data[at:end] = other[place : place + rng.randint(1, 200)]
        else:
            data[at:end] = rng.choice(TOKENS) * rng.randint(1, 30)
    return bytes(data)


def damage_inside(rng: random.Random, body: bytes) -> bytes:
    """An xlsx file whose parts are hurt and packed again: hurts from outside rarely get past the archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            part = source.read(entry)
            target.writestr(entry.filename, damage(rng, part, part) if rng.random() < 0.3 else part)
    return out.getvalue()


def answer(rng: random.Random, kind: str, body: bytes, layout: ColumnMap | None) -> Parsed:
    """What the readers say of an input: the one for its kind, or any, with its own map or an inferred one."""
    said = recognise("x.csv", body[:65536])
    if layout is None or rng.random() < 0.1:
        chosen = kind if kind != "table" else said if said in READERS else rng.choice(sorted(READERS))
        return READERS[chosen](Raw(chosen, "2021-04", 0, body), (), LIMITS)
    if rng.random() < 0.05:
        try:
            layout = infer(body, "x.csv", limits=LIMITS).map
        except InputError as error:
            REASONS[error.code] += 1
    if rng.random() < 0.5:
        step = rng.randint(1, 5000)
        chunks = (body[i : i + step] for i in range(0, len(body), step))
        return gathered(read_blocks(chunks, layout, "2021-04", "", LIMITS))
    return read(Raw("table", "2021-04", 0, body), layout, LIMITS)


REASONS = Counter[str]()


def one(seed: int, number: int, all_seeds: list[Seed]) -> tuple[str, Parsed]:
    """What one input was made from, and what was said of it; the same each time."""
    rng = random.Random(f"{seed}/{number}")
    kind, body, layout = rng.choice(all_seeds)
    other = rng.choice(all_seeds)[1]
    inside = body.startswith(b"PK") and rng.random() < 0.7
    hurt = damage_inside(rng, body) if inside else damage(rng, body, other)
    return kind, answer(rng, kind, hurt, layout)


def run(numbers: range, seed: int, tell: Callable[[str], None]) -> int:
    """How many inputs failed."""
    all_seeds, failed, slowest, values = seeds(), 0, 0.0, 0
    for i in numbers:
        began = time.process_time()
        try:
            kind, parsed = one(seed, i, all_seeds)
        except Exception:  # noqa: BLE001 - that is what is looked for
            failed += 1
            tell(f"input {i} of seed {seed}:\n{traceback.format_exc()}")
            continue
        took = time.process_time() - began
        if took > SLOWEST or len(parsed.refusals) > LIMITS.refusals + 50:
            failed += 1
            tell(f"input {i} of seed {seed} ({kind}): {took:.1f} s, {len(parsed.refusals)} refusals")
        slowest, values = max(slowest, took), values + len(parsed.observations)
        REASONS.update(refusal.code for refusal in parsed.refusals)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    failed += resident > MEMORY
    tell(json.dumps({"inputs": len(numbers), "failed": failed, "values": values, "slowest_s": round(slowest, 3)}))
    tell(json.dumps({"resident_mb": resident >> 20, "reasons": dict(REASONS.most_common())}, ensure_ascii=False))
    return failed


if __name__ == "__main__":
    count, seed, first = (int(text) for text in (*sys.argv[1:], *("100000", "1", "0")[len(sys.argv) - 1 :]))
    sys.exit(bool(run(range(first, first + count), seed, print)))
