"""Parts of a demo of seven that are about the whole: what is proved, what the basin answers, who is away."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from shangyou.core.errors import UnavailableError
from shangyou.core.records import Censor
from shangyou.faces.demo import aftermath, between, spill, standing
from shangyou.faces.demo.course import Course
from shangyou.faces.demo.evidence import Look, Part, classes
from shangyou.faces.demo.seats import CONSUMER, PROVIDER
from shangyou.faces.demo.stage import Post, without
from shangyou.faces.demo.talks import Row, ask, do, negotiate, pull, until, written
from shangyou.faces.verify_proof import __file__ as VERIFIER  # noqa: N812  the file that `ledger verifier` gives away

ITEM: Final = "ammonia_nitrogen"  # what the basin is asked for
PURPOSE: Final = "assessment"
NEAR: Final = 1e-9  # relative difference of two sums of the same numbers in another order
VERIFY_SECONDS: Final = 60.0


# ---- proved ---------------------------------------------------------------------------------------------------------


def proves(course: Course) -> Part:
    """Every ledger is sealed; the agreement is proved without any node, a forged proof is not; two logs agree."""
    sealed = [do(post, "ledger/checkpoint") for post in course.stage.posts]
    entry = written(course.provider, "agreement", course.agreement)[-1]
    with tempfile.TemporaryDirectory(prefix="shangyou-proof-") as folder:
        proof, policy, verifier = (Path(folder) / name for name in ("agreement.tlog-proof", "policy.txt", "verify.py"))
        course.provider.evidence.command("ledger", "prove", str(entry["index"]), str(proof))
        course.provider.evidence.command("ledger", "witnesses", "--policy", str(policy))
        verifier.write_bytes(Path(VERIFIER).read_bytes())
        proved = _verified(verifier, proof, policy)
        _forge(proof)
        forged = _verified(verifier, proof, policy)
    checked = do(course.consumer, "ledger/check", agreement=course.agreement, member=PROVIDER)
    both = [written(post, "agreement", course.agreement) for post in (course.provider, course.consumer)]
    alarms = sum(row["alarms"] for post in course.stage.posts for row in ask(post, "ledger/state"))
    ok = all(each["sealed"] for each in sealed) and proved and not forged and all(both)
    text = course.words(
        "part.ledger",
        nodes=sum(each["sealed"] for each in sealed),
        entries=sum(each["size"] for each in sealed),
        cosigned=min(each["cosigned"] for each in sealed),
        index=entry["index"],
        alarms=alarms,
    )
    return Part(ok and not alarms and not checked["new_alarms"], text)


def _verified(verifier: Path, proof: Path, policy: Path) -> bool:
    """Does the stand-alone verifier accept a proof? It gets nothing but the three files."""
    command = [sys.executable, "-I", str(verifier), str(proof), str(policy)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=VERIFY_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise UnavailableError("demo.command", command=str(verifier), status="-", words="") from None
    return done.returncode == 0


def _forge(proof: Path) -> None:
    """Change the entry that a proof is about: its first line but one that is long is text in base64."""
    lines = proof.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if line.startswith("extra "))
    text = lines[place]
    lines[place] = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    proof.write_text("".join(lines), encoding="utf-8")


# ---- one question ---------------------------------------------------------------------------------------------------


def asks(course: Course) -> Part:
    """One question of the ministry is answered by all, and is what the nodes' own stores add up to."""
    known = datetime.now(UTC).isoformat()
    given = {"parameter": (ITEM,), "period": course.period, "as_of": known}
    begun = time.monotonic()
    rows = ask(course.ministry, "query", by="basin", mean="all", purpose=PURPOSE, **given)
    seconds = time.monotonic() - begun
    lines = ask(course.ministry, "query/nodes", purpose=PURPOSE, parameter=(ITEM,), period=course.period)
    values = [
        row["value"] / 2 if row["censor"] == Censor.BELOW else row["value"]
        for post in course.stage.provinces
        for row in ask(post, "observations", site=course.dataset(post.id).sections, usable=True, **given)
    ]
    count, total = sum(row["count"] for row in rows), math.fsum(row["mean"] * row["count"] for row in rows)
    own = math.fsum(values)
    whole = all(line["state"] == "answered" for line in lines) and len(lines) == len(course.stage.posts)
    ok = whole and count == len(values) > 0 and math.isclose(total, own, rel_tol=NEAR)
    said = course.words.list([f"{_name(course, line)} {line['values']:,}" for line in lines])
    failed = "".join(f" {_name(course, line)}: {line['state']} {line['text']}" for line in lines if line["text"])
    mean = total / count if count else 0.0
    return Part(
        ok, course.words("part.query", values=count, own=len(values), mean=mean, lines=said, seconds=seconds) + failed
    )


def _name(course: Course, line: Row) -> str:
    return course.words.choose(line["name_zh"], line["name_en"])


def assesses(course: Course) -> Part:
    """The ministry's class table of the basin is the one that the nodes compute where the data live.

    With real files it is also the one that a single store gives that holds the files of all.
    """
    given = {"period": course.period, "by": "section", "as_of": datetime.now(UTC).isoformat()}
    basin = _by_site(ask(course.ministry, "assess", nodes=True, **given))
    local = _by_site(
        row
        for post in course.stage.provinces
        for row in ask(post, "assess", section=course.dataset(post.id).sections, **given)
    )
    one = None if course.one_store is None else _by_site(course.one_store().to_pylist())
    ok = basin == local and len(local) > 0 and one in (None, basin)
    numbers = [int(row["class_no"]) for row in basin.values() if row["class_no"]]
    facts = {"period": course.period, "sections": len(basin), "classes": classes(numbers, course.words)}
    facts["same"] = sum(basin.get(site) == row for site, row in local.items())
    text = course.words("part.classes", **facts)
    if one is not None:
        text += " " + course.words("part.classes.one", same=sum(basin.get(site) == row for site, row in one.items()))
    return Part(ok, text)


def _by_site(rows: Iterable[Row]) -> dict[str, Row]:
    """A class table by section, without the label of simulated data, which no assessment computes."""
    return {row["site"]: {name: value for name, value in row.items() if name != "simulated"} for row in rows}


# ---- away -----------------------------------------------------------------------------------------------------------


def goes_on(course: Course) -> Part:
    """Without the ministry two provinces agree, transfer and have their ledgers sealed; it is back, and catches up."""
    with without(course.ministry):
        dataset = between.publish(course, course.provider, "later")
        made = negotiate(course.consumer, dataset.id, f"{dataset.id}#2")
        moved = pull(course.consumer, made.agreement) if made.agreed else None
        sealed = [do(course.stage[id], "ledger/checkpoint") for id in (PROVIDER, CONSUMER)]
        if course.affair is not None:
            spill.works_apart(course)
    found = _caught_up(course.ministry, dataset.id)
    late = negotiate(course.ministry, dataset.id)
    seal = do(course.ministry, "ledger/checkpoint")
    done = moved is not None and moved.state == "COMPLETED"
    ok = done and all(each["sealed"] for each in sealed) and found and late.agreed and bool(seal["sealed"])
    text = course.words(
        "part.away",
        provider=course.provider.name,
        consumer=course.consumer.name,
        rows=_rows(course, made.agreement) if done else 0,
        cosigned=min(each["cosigned"] for each in sealed),
        milliseconds=late.seconds * 1000,
    )
    why = (moved.why if moved is not None else made.why) if not done else late.why
    return Part(ok, f"{text} {why}".rstrip())


def _rows(course: Course, agreement: str) -> int:
    found = until("receipt", lambda: written(course.consumer, "receipt", agreement) or None)
    return int(found[0]["facts"]["rows"])


def _caught_up(post: Post, dataset: str) -> bool:
    """Does the catalogue of a node that is back hold what was published while it was away?"""
    do(post, "catalogue/crawl")
    return dataset in {row["id"] for row in ask(post, "catalogue")}


AFTER: Final[list[tuple[str, Callable[[Course], Part]]]] = [  # what comes of the spill while, and after, one was away
    ("name.room", spill.works_together),
    ("name.traced", aftermath.traces),
    ("name.closed", spill.closes),
    ("name.settled", aftermath.settles),
    ("name.resolved", aftermath.resolves),
    ("name.truth", aftermath.compares),
]


def looks(course: Course) -> list[tuple[str, Look]]:
    """All parts of what the nodes do with each other, in their order, each under the key of its name."""
    found: list[tuple[str, Callable[[Course], Part]]] = [
        ("name.up", between.comes_up),
        ("name.federation", between.federates),
        ("name.catalogue", between.publishes),
        ("name.contract", between.agrees),
        ("name.refusal", between.refuses),
        ("name.transfer", between.transfers),
        *([("name.feed", between.follows)] if course.live else []),
        ("name.query", asks),
        ("name.classes", assesses),
        ("name.revoke", between.revokes),
        ("name.ledger", proves),
        *([("name.detected", spill.detects), ("name.warned", spill.warns)] if course.affair else []),
        ("name.away", goes_on),
        *(AFTER if course.affair else []),
        *([("name.standing", standing.stands)] if course.live else []),
    ]
    return [(name, _bound(part, course)) for name, part in found]


def _bound(part: Callable[[Course], Part], course: Course) -> Look:
    return lambda evidence: part(course)
