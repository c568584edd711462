"""Parts that come after the spill of the demo: where it came from, what it costs, what follows, and how true it was."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

import numpy as np

from shangyou.core.errors import UnavailableError
from shangyou.exchange.policy.write import Terms
from shangyou.exchange.policy.write import written as policy
from shangyou.faces.demo.course import Affair, Course
from shangyou.faces.demo.evidence import Part
from shangyou.faces.demo.seats import CONSUMER, PROVIDER
from shangyou.faces.demo.spill import (
    BANDS_SECONDS,
    BORDER,
    FIRST,
    HOUR,
    SUBSTANCE,
    TOLD_SECONDS,
    at_border,
    hour_of,
    sections_of,
    true_peak,
)
from shangyou.faces.demo.stage import Post, without
from shangyou.faces.demo.talks import Row, ask, do, negotiate, pull, until
from shangyou.faces.demo.words import Words
from shangyou.simulation.events import Kind, truth
from shangyou.simulation.spill import DISPERSION, OUTLET, passage, release
from shangyou.simulation.stretch import SOURCE, stations, travel_hours

AWAY: Final = "tibet"  # who is away when the others sign
SHARE: Final = 0.01  # of its own peak, at which a wave has arrived: as the transport counts it
PAYMENT: Final = "3000000.00"  # yuan a month, invented
ROWS: Final = 1_000_000
TRACED_SECONDS: Final = 90.0  # that a tracing may take; it waits for the ensembles of warnings


# ---- traced ---------------------------------------------------------------------------------------------------------


def traces(course: Course) -> Part:
    """Asked by the neighbour, with evidence under a contract, the province ranks its outlets; nobody is accused."""
    affair, words = course.spill, course.words
    affair.need(affair.warning, words("name.warned"))
    affair.foreseen = _bands(course, affair, "peak_early") or affair.foreseen
    asked = do(course.consumer, "warnings/request", id=affair.warning, text=words("text.request"), to=[PROVIDER])
    rows = _evidence(course)
    affair.traced, candidates = _ranked(course)
    [first, *_] = affair.traced
    outlets = [row for row in affair.traced if row["rank"]]
    rank = next((row["rank"] for row in outlets if row["name_zh"] == OUTLET), 0)
    _answers(course, affair, str(asked["entry"]))
    until("answer", lambda: _answered(course.consumer, affair.warning, str(asked["entry"])), TOLD_SECONDS)
    affair.height = _bands(course, affair, "concentration")
    text = words(
        "part.traced",
        flows=words(
            "part.traced.flow" if affair.tracing["gauges"] else "part.traced.no_flow",
            gauges=affair.tracing["gauges"],
            share=affair.tracing["discharge_sd"],
        ),
        asker=course.consumer.name,
        province=course.provider.name,
        rows=rows,
        stations=sections_of(course, f"{FIRST}, {BORDER}"),
        outlets=candidates,
        ranked=words.list(
            [f"{words.choose(row['name_zh'], row['name_en'])} {row['probability']:.1%}" for row in outlets]
        ),
        elsewhere=next((row["probability"] for row in affair.traced if not row["rank"]), 0.0),
        verdict=words(f"verdict.{first['verdict']}"),
        rank=rank,
    )
    return Part(rank == 1 and candidates > 1, text)


def _bands(course: Course, affair: Affair, name: str) -> Row:
    """The ensemble's row for the border, which replaces that of travel alone; {} if it is not there in time.

    name: what only the ensemble tells of the content in force. The first run on a machine takes long.
    """

    def computed() -> Row | None:
        row = at_border(course.provider, affair.warning).get(PROVIDER)
        return row if row is not None and row[name] is not None else None

    try:
        return until("arrivals", computed, BANDS_SECONDS)
    except UnavailableError:  # the part about the truth says that there is none
        return {}


def _evidence(course: Course) -> int:
    """Rows of the section at the border that go upstream, under a contract for this."""
    titles = {f"title_{language}": Words(language)("title.evidence") for language in ("zh", "en")}
    offer = policy(Terms(recipients=(PROVIDER,), rows=ROWS), "offer")
    text = json.dumps({key: value for key, value in offer.items() if not key.startswith("@")})
    made = do(course.consumer, "datasets/publish", name="evidence", section=(BORDER,), offer=[text], **titles)
    agreed = negotiate(course.provider, str(made["id"]), f"{made['id']}#1")
    moved = pull(course.provider, agreed.agreement) if agreed.agreed else None
    if moved is None or moved.state != "COMPLETED":
        why = agreed.why if moved is None else moved.why
        raise UnavailableError("demo.command", command="contract", status=agreed.state, words=why)
    return len(ask(course.provider, "observations", site=[BORDER]))


def _ranked(course: Course) -> tuple[list[Row], int]:
    """How the province's own node ranks the outlets of the network that are simulated, and how many they are."""
    post, spill = course.provider, course.spill
    outlets = [row["id"] for row in ask(post, "network/places", kind=["outlet"]) if row["source"] == SOURCE]
    began = do(
        post,
        "tracings/begin",
        station=[FIRST, BORDER],
        parameter=SUBSTANCE,
        start=(spill.seen["peak_at"] - 15 * HOUR).isoformat(),
        stop=(spill.foreseen["peak"] + 15 * HOUR).isoformat(),
        candidate=outlets,
    )
    ended = until("tracing", partial(_ended, post, str(began["id"])), TRACED_SECONDS)
    spill.tracing = ended
    return ask(post, "tracing", id=ended["id"]), len(outlets)


def _ended(post: Post, id: str) -> Row | None:
    row = _row(post, "tracings", id)
    return row if row is not None and row["ended"] is not None else None


def _answers(course: Course, affair: Affair, asked: str) -> None:
    """What was found goes to all as an answer, and what is known of the release as an update."""
    first = affair.traced[0]
    name = first["name_zh"]
    said = course.words("text.answer", name=name, probability=first["probability"])
    do(course.provider, "warnings/information", id=affair.warning, text=said, answers=asked)
    do(
        course.provider,
        "warnings/update",
        id=affair.warning,
        text=said,
        place=first["place"],
        began=first["begin_middle"].isoformat(),
        amount=str(first["amount_kg"]),
        amount_least=str(first["amount_kg_low"]),
        amount_most=str(first["amount_kg_high"]),
    )


def _answered(post: Post, id: str, request: str) -> bool | None:
    return any(row["answers"] == request for row in ask(post, "warning/messages", id=id)) or None


# ---- settled --------------------------------------------------------------------------------------------------------


def settles(course: Course) -> Part:
    """Both parties of an invented compact reckon the year from their own and their contracted data, and sign."""
    words = course.words
    parties = (course.provider, course.consumer)
    first, _, last = course.period.partition("/")
    year = str((date.fromisoformat(first) + (date.fromisoformat(last) - date.fromisoformat(first)) / 2).year)
    id = str(do(course.provider, "statements/begin", year=year, text=compact(year))["id"])
    until("statement", lambda: _row(course.consumer, "statements", id), TOLD_SECONDS)
    made = [do(post, "statements/compute", id=id, source="basin") for post in parties]
    for post in parties:
        until("stated", partial(_stated, post, id), TOLD_SECONDS)
    differences = ask(course.provider, "statement/compare", id=id, theirs=CONSUMER)
    named = [[d[name] for name in ("cause", "section", "indicator", "month", "whose")] for d in differences]
    names = "; ".join(dict.fromkeys(" ".join(each) for each in named))
    equal = made[0]["nets"] == made[1]["nets"]
    if equal:  # nobody signs what the other reckons otherwise
        for post in parties:
            do(post, "statements/sign", id=id)
        for post in parties:
            until("settled", partial(_settled, post, id), TOLD_SECONDS)
    ends = [_row(post, "statements", id) or {} for post in parties]
    lines = [row for row in ask(course.provider, "statement/lines", id=id) if row["money"]]
    text = words(
        "part.settled",
        parties=words.list([post.name for post in parties]),
        border=sections_of(course, BORDER),
        year=year,
        figures=made[0]["figures"],
        months=words.list([f"{row['period']} {row['found'].rpartition(': ')[2]}" for row in lines]),
        payments=_named(parties, ends[0].get("payments") or "–"),
        signed=words("part.settled.signed" if equal else "part.settled.apart"),
        difference=words("part.settled.some", names=names) if differences else words("part.settled.none"),
    )
    settled = all(row.get("phase") == "settled" for row in ends) and ends[0]["payments"] == ends[1]["payments"]
    return Part(equal and settled and len(lines) > 0, text)


def compact(year: str) -> str:
    """An agreement of two provinces over the water at their border; both it and its money are invented."""
    return f"""
id: zhutuo-simulated
title_zh: 川渝长江朱沱断面补偿协议（模拟，虚构）
title_en: Compact of Sichuan and Chongqing over the Yangtze at Zhutuo (simulated, invented)
source: invented for the demo; the pattern is that of compacts by the class of a month
status: unverified
valid_from: {year}-01-01
valid_to: {year}-12-31
parties:
  - {{id: sichuan, name_zh: 四川省, name_en: Sichuan}}
  - {{id: chongqing, name_zh: 重庆市, name_en: Chongqing}}
sections:
  - {{id: {BORDER}, name_zh: 朱沱, name_en: Zhutuo, goal: II, upstream: sichuan, downstream: chongqing}}
indicators: [permanganate_index, ammonia_nitrogen, total_phosphorus]
missing: {{values: 48, then: none, status: unverified, note: invented}}
rules:
  - id: class_of_month
    name_zh: 朱沱当月达到或优于Ⅱ类，重庆补四川；否则四川补重庆
    name_en: In a month of class II or better at Zhutuo, Chongqing pays Sichuan; otherwise Sichuan pays Chongqing
    at: [{BORDER}]
    every: month
    status: unverified
    note: invented
    cases:
      - {{if: {{class_at_most: goal}}, then: {{transfer: {PAYMENT}, from: downstream, to: upstream}}}}
      - otherwise: {{transfer: {PAYMENT}, from: upstream, to: downstream}}
"""


def _named(parties: tuple[Post, ...], text: str) -> str:
    """A text with names of parties instead of their ids."""
    for post in parties:
        text = text.replace(post.id, post.name)
    return text


def _row(post: Post, question: str, id: str) -> Row | None:
    return next((row for row in ask(post, question) if row["id"] == id), None)


def _stated(post: Post, id: str) -> Row | None:
    """The statement once both parties have reckoned."""
    row = _row(post, "statements", id)
    return row if row is not None and row["stated"].count(",") == 1 else None


def _settled(post: Post, id: str) -> Row | None:
    row = _row(post, "statements", id)
    return row if row is not None and row["phase"] == "settled" else None


# ---- resolved -------------------------------------------------------------------------------------------------------


def resolves(course: Course) -> Part:
    """A joint task is proposed and voted by all, signed while one is away, and tracked; who was away gets it all."""
    words, posts = course.words, course.stage.posts
    texts = {name: Words(name[-2:])(f"text.{name[:-3]}") for name in ("task_zh", "task_en")}
    titles = {f"title_{language}": Words(language)("title.task") for language in ("zh", "en")}
    id = str(
        do(
            course.provider,
            "resolutions/propose",
            form="task",
            text_zh=texts["task_zh"],
            text_en=texts["task_en"],
            **titles,
        )["id"]
    )
    for post in posts:
        until("resolution", partial(_row, post, "resolutions", id), TOLD_SECONDS)
        do(post, "resolutions/vote", id=id, choice="yes")
    here = [post for post in posts if post.id != AWAY]
    for post in here:
        until("votes", partial(_counted, post, id, len(posts)), TOLD_SECONDS)
    with without(course.stage[AWAY]):
        for post in here:
            do(post, "resolutions/sign", id=id)
        until("adopted", lambda: _adopted(course.provider, id), TOLD_SECONDS)
        do(course.provider, "resolutions/publish", id=id)
        due = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        do(course.provider, "resolutions/task", id=id, task="t1", owner=CONSUMER, due=due, **titles)
        until("task", lambda: _task(course.consumer, id, "open"), TOLD_SECONDS)
        do(course.consumer, "resolutions/task", id=id, task="t1", state="doing")
    late = until("resolution", lambda: _adopted(course.stage[AWAY], id), TOLD_SECONDS)
    until("task", lambda: _task(course.stage[AWAY], id, "doing"), TOLD_SECONDS)
    text = words(
        "part.resolved",
        proposer=course.provider.name,
        voters=late["yes"],
        away=course.stage[AWAY].name,
        signed=late["signed"],
        title=titles[f"title_{words.language}"],
        owner=course.consumer.name,
    )
    return Part(late["yes"] == len(posts) and late["published"] == PROVIDER, text)


def _counted(post: Post, id: str, votes: int) -> Row | None:
    row = _row(post, "resolutions", id)
    return row if row is not None and row["yes"] == votes else None


def _adopted(post: Post, id: str) -> Row | None:
    row = _row(post, "resolutions", id)
    return row if row is not None and row["phase"] == "adopted" else None


def _task(post: Post, id: str, state: str) -> Row | None:
    rows = ask(post, "resolution/tasks", id=id) if _row(post, "resolutions", id) else []
    return next((row for row in rows if row["state"] == state), None)


# ---- the truth ------------------------------------------------------------------------------------------------------


def compares(course: Course) -> Part:
    """What was foreseen at the border and what was traced, beside what the simulation truly did."""
    affair, words = course.spill, course.words
    affair.need(affair.warning, words("name.warned"))
    if not affair.traced:
        raise UnavailableError("demo.before", what=words("name.traced"))
    spilled, first, seen = release(affair.scenario), affair.traced[0], affair.foreseen
    peak, began = true_peak(affair, BORDER), datetime.fromtimestamp(spilled.hour * 3600, UTC)
    said = [
        _held(course, "truth.first", true_arrival(affair, BORDER), (seen["first_early"], seen["first_late"])),
        _held(course, "truth.peak", peak, (seen["peak_early"], seen["peak_late"])),
        _held(course, "truth.began", began, (first["begin_low"], first["begin_high"])),
    ]
    said.insert(2, _height(course, affair))
    low, high = first["amount_kg_low"] / 1000, first["amount_kg_high"] / 1000
    key = "truth.inside" if low <= spilled.mass <= high else "truth.outside"
    said.append(words("truth.amount", low=low, high=high, mass=spilled.mass, judged=words(key)))
    text = words(
        "part.truth",
        border=sections_of(course, BORDER),
        said=words.choose("；", "; ").join(said),
        place=words.choose(first["name_zh"], first["name_en"]),
        right=words("truth.right" if first["name_zh"] == spilled.outlet else "truth.wrong"),
    )
    return Part(seen["peak_early"] is not None and first["name_zh"] == spilled.outlet, text)


def _height(course: Course, affair: Affair) -> str:
    """The highest rise at the border, as told after tracing, beside the true one."""
    key = next(each.key for each in stations() if each.section.id == BORDER)
    true = next(each.size for each in truth(affair.scenario) if each.kind is Kind.SPILL and each.station == key)
    if not affair.height:
        return course.words("truth.no_height", truth=true)
    middle, high = affair.height["concentration"], affair.height["concentration_high"]
    judged = course.words("truth.below" if true <= high else "truth.above")
    return course.words("truth.height", middle=middle, high=high, truth=true, judged=judged)


def true_arrival(affair: Affair, section: str) -> datetime:
    """When the true rise at a section comes to a hundredth of its highest."""
    spilled = release(affair.scenario)
    station = next(each for each in stations() if each.section.id == section)
    metres = (station.km - spilled.km) * 1000
    travel = float(travel_hours(station.km) - travel_hours(spilled.km)) * 3600
    seconds = np.arange(60.0, 2 * travel, 60.0)
    share = passage(seconds, metres, metres / travel, DISPERSION)
    came = seconds[np.argmax(share >= SHARE * share.max())]
    return datetime.fromtimestamp(spilled.hour * 3600 + float(came), UTC)


def _held(course: Course, key: str, truth: datetime, band: tuple[datetime | None, datetime | None]) -> str:
    words, (low, high) = course.words, band
    if low is None or high is None:
        return words("truth.no_band", what=words(key), truth=hour_of(truth))
    judged = words("truth.inside" if low <= truth <= high else "truth.outside")
    return words(
        "truth.held", what=words(key), low=hour_of(low), high=hour_of(high), truth=hour_of(truth), judged=judged
    )
