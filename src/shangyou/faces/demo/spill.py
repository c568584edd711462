"""Parts about the spill of the demo: found in Sichuan, warned to Chongqing, worked on by both, closed.

Everything is asked of the nodes and done at them as people there would; the truth of the simulation is looked at only
where a part says how far the nodes were off.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import numpy as np

from shangyou.core.clock import LEGAL
from shangyou.core.errors import ShangyouError
from shangyou.faces.demo import gauges
from shangyou.faces.demo.course import Affair, Course
from shangyou.faces.demo.evidence import Part
from shangyou.faces.demo.seats import CONSUMER, MINISTRY, PROVIDER
from shangyou.faces.demo.stage import Post
from shangyou.faces.demo.talks import Row, ask, do, until
from shangyou.faces.demo.words import Words
from shangyou.simulation.spill import release
from shangyou.simulation.stretch import stations, travel_hours

SUBSTANCE: Final = "ammonia_nitrogen"
FIRST: Final = "51.手爬岩"  # the first section below the outlet
BORDER: Final = "50.朱沱"  # the first of Chongqing
INTAKES: Final = "50.寸滩"  # below the mouth of the Jialing: a release from its last reservoir thins what comes here
CLASS_III: Final = 1.0  # mg/L, GB 3838-2002 table 1
TOLD_SECONDS: Final = 30.0  # until what one node said is at all others
BANDS_SECONDS: Final = 90.0  # until the ensemble is there: a first run on a machine compiles it
DILUTION: Final = 1_500.0  # m3/s that the reservoir releases in addition
HOUR: Final = timedelta(hours=1)


def hour_of(text: datetime) -> str:
    """A time as people here read it."""
    return text.astimezone(LEGAL).strftime("%m-%d %H:%M")


def true_peak(affair: Affair, section: str) -> datetime:
    """When the highest water of the simulated wave truly passes a section of the main stem."""
    spilled = release(affair.scenario)
    station = next(each for each in stations() if each.section.id == section)
    hours = spilled.hour + float(travel_hours(station.km) - travel_hours(spilled.km))
    return datetime.fromtimestamp(hours * 3600, UTC)


# ---- detected -------------------------------------------------------------------------------------------------------


def detects(course: Course) -> Part:
    """The province upstream has raised one alarm for the spill, says since when, where, and what it is not."""
    affair = course.spill
    truth = true_peak(affair, FIRST)

    def raised() -> list[Row] | None:
        rows = [row for row in ask(course.provider, "alarms") if abs(row["since"] - truth) < 24 * HOUR]
        return rows or None

    [affair.alarm, *more] = until("alarm", raised)
    [affair.seen, *_] = ask(course.provider, "alarm", id=affair.alarm["id"])
    all_of_them = ask(course.provider, "alarms")
    excluded = str(affair.seen["excluded_zh"]).split("; ")
    began = datetime.fromtimestamp(release(affair.scenario).hour * 3600, UTC)
    known = affair.alarm["raised"] + HOUR  # a mean is known when its hour is over
    ok = not more and affair.alarm["sections"] == FIRST and affair.alarm["parameter"] == SUBSTANCE and len(excluded) > 1
    text = course.words(
        "part.detected",
        province=course.provider.name,
        id=affair.alarm["id"][:8],
        since=hour_of(affair.alarm["since"]),
        sections=sections_of(course, affair.alarm["sections"]),
        peak=affair.alarm["peak"],
        usual=affair.alarm["usual"],
        count=len(excluded),
        excluded=affair.seen[f"excluded_{course.words.language}"],
        others=len(all_of_them) - 1,
        after=(known - began) / HOUR,
        front=(known - affair.seen["since"]) / HOUR,
    )
    return Part(ok, text)


def sections_of(course: Course, text: str) -> str:
    """Names of sections in the language of the demo."""
    names = {each.section.id: course.words.choose(each.name_zh, each.name_en) for each in stations()}
    return course.words.list([names.get(each, each) for each in text.split(", ")])


# ---- warned ---------------------------------------------------------------------------------------------------------


def warns(course: Course) -> Part:
    """A first warning with arrivals goes down the river; who is told acknowledges, and computes its own table."""
    affair, words = course.spill, course.words
    alarm = affair.need(affair.alarm.get("id", ""), words("name.detected"))
    gauges.hand_over(course, (FIRST, BORDER))
    highest = affair.seen["peak_at"] + HOUR / 2  # of the hour that the mean is of
    downstream = [row["member"] for row in ask(course.provider, "warning/downstream", place=FIRST)]
    sent = do(
        course.provider,
        "warnings/send",
        title_zh=Words("zh")("title.warning"),
        title_en=Words("en")("title.warning"),
        place=FIRST,
        river="长江",
        substance=SUBSTANCE,
        began=highest.isoformat(),
        limit=str(CLASS_III),
        text=words("text.warning", id=alarm[:8]),
        evidence=[alarm],
        alarm=alarm,
        to=sorted({*downstream, MINISTRY}),
    )
    affair.warning = sent["id"]
    told = [course.stage[member] for member in sent["to"]]
    for post in told:
        until("warning", partial(_held, post, affair.warning), TOLD_SECONDS)
        do(post, "warnings/acknowledge", id=affair.warning, text=words("text.seen"))

    def receipts() -> list[Row] | None:
        rows = ask(course.provider, "warning/receipts", id=affair.warning)
        return rows if all(row["acknowledged"] and not row["waiting"] for row in rows) else None

    signed = until("acknowledged", receipts, TOLD_SECONDS)
    own, theirs = until("arrivals", lambda: _tables(course, affair.warning), TOLD_SECONDS)
    affair.foreseen = own
    [told_of] = ask(course.provider, "warning", id=affair.warning)
    seconds = max((row["received"] - _sent(course.provider, affair.warning)).total_seconds() for row in signed)
    same = abs(theirs["peak"] - own["peak"])
    text = words(
        "part.warned",
        province=course.provider.name,
        other=course.consumer.name,
        downstream=words.list([course.stage[each].name for each in downstream]),
        receipts=words.list([words("part.warned.receipt", name=_name(course, r), at=_clock(r)) for r in signed]),
        seconds=seconds,
        border=sections_of(course, BORDER),
        first=hour_of(own["first"]),
        peak=hour_of(own["peak"]),
        hours=(own["peak"] - told_of["began"]) / HOUR,
        apart=same.total_seconds() / 60,
    )
    return Part(bool(downstream) and {row["member"] for row in signed} == set(sent["to"]), text)


def _held(post: Post, id: str) -> Row | None:
    return next((row for row in ask(post, "warnings") if row["id"] == id), None)


def _sent(post: Post, id: str) -> datetime:
    times: list[datetime] = [row["at"] for row in ask(post, "warning/messages", id=id)]
    return min(times)


def _name(course: Course, row: Row) -> str:
    return course.stage[row["member"]].name


def _clock(row: Row) -> str:
    at: datetime = row["acknowledged"]
    return at.astimezone(LEGAL).strftime("%H:%M:%S")


def at_border(post: Post, warning: str) -> dict[str, Row]:
    """The border's row in each member's arrival table."""
    rows = ask(post, "warning/arrivals", id=warning)
    return {row["by"]: row for row in rows if row["place"] == BORDER}


def _tables(course: Course, warning: str) -> tuple[Row, Row] | None:
    found = at_border(course.provider, warning)
    return (found[PROVIDER], found[CONSUMER]) if {PROVIDER, CONSUMER} <= set(found) else None


# ---- worked on without the ministry ---------------------------------------------------------------------------------


def works_apart(course: Course) -> None:
    """While the ministry is away both provinces open a room and work in it; what goes wrong is told by its part."""
    affair = course.spill
    try:
        affair.need(affair.warning, course.words("name.warned"))
        _opens(course, affair)
        _speaks(course, affair)
        affair.apart = {post.id: until("room", partial(_settled, course, post)) for post in _sides(course)}
    except ShangyouError as error:
        affair.trouble = error


def _sides(course: Course) -> tuple[Post, Post]:
    return course.provider, course.consumer


def _opens(course: Course, affair: Affair) -> None:
    upstream, downstream = _sides(course)
    made = do(
        upstream,
        "incidents/open",
        warning=affair.warning,
        in_charge=[upstream.id],
        affected=[downstream.id],
        member=[MINISTRY],
    )
    affair.room = made["id"]
    do(upstream, "incidents/facts", id=affair.room, fact=["crossing=province", "deaths=0", "intake=none"])
    do(upstream, "incidents/grade", id=affair.room)
    do(upstream, "incidents/task", id=affair.room, task="monitoring", owner=downstream.id, state="open")


def _speaks(course: Course, affair: Affair) -> None:
    """What both sides enter: the downstream one once it has the room."""
    upstream, downstream = _sides(course)
    until("room", lambda: _has_room(downstream, affair.room), TOLD_SECONDS)
    do(downstream, "incidents/task", id=affair.room, task="monitoring", state="doing")
    point = {"point": "p1", "name_zh": "朱沱", "name_en": "Zhutuo", "section": BORDER, "parameter": [SUBSTANCE]}
    do(downstream, "incidents/point", id=affair.room, member=downstream.id, every=60, **point)
    highest = max(_passing(course, downstream, BORDER), key=lambda row: row["value"])
    value = f"{SUBSTANCE}={highest['value']}mg/L,limit={CLASS_III}"
    do(downstream, "incidents/sample", id=affair.room, point="p1", result=[value], taken=highest["time"].isoformat())
    do(
        downstream,
        "incidents/measure",
        id=affair.room,
        measure="m1",
        kind="dilute",
        name_zh=Words("zh")("title.measure"),
        name_en=Words("en")("title.measure"),
        member=downstream.id,
        point=INTAKES,
        flow_m3s=DILUTION,
        spill_at=FIRST,
        mass_kg=_passed(course, upstream),
        limit=CLASS_III,
    )
    do(upstream, "incidents/report", id=affair.room, type="initial", duty=["neighbour"], to=[downstream.id])
    do(upstream, "incidents/note", id=affair.room, text=course.words("text.note"))


def _passing(course: Course, post: Post, section: str) -> list[Row]:
    """Hourly values of a section on the day on which the wave was to pass it."""
    peak = course.spill.foreseen["peak"] if section == BORDER else course.spill.seen["peak_at"]
    start, stop = peak - 12 * HOUR, peak + 12 * HOUR
    rows = ask(post, "observations", site=[section], parameter=[SUBSTANCE], cadence=["hour"], usable=True)
    return [row for row in rows if start <= row["time"] <= stop and row["value"] is not None]


def _passed(course: Course, post: Post) -> float:
    """kg that passed the first section by its own values and its own gauge."""
    usual = course.spill.seen["usual"]
    flows = {row["time"]: row["value"] for row in gauges.flows(post, FIRST) or []}
    mean = float(np.mean(list(flows.values())))
    above = [(max(row["value"] - usual, 0.0), row["time"]) for row in _passing(course, post, FIRST)]
    return float(round(sum(3.6 * value * flows.get(at, mean) for value, at in above)))


def _has_room(post: Post, id: str) -> bool | None:
    return any(row["id"] == id for row in ask(post, "incidents")) or None


def _view(post: Post, id: str) -> Row:
    """All of a room that does not depend on who looks at it when."""
    [room] = ask(post, "incident", id=id)
    kept = {name: value for name, value in room.items() if name not in ("next_due", "next_duty", "late", "simulated")}
    lines = [(row["at"], row["by"], row["kind"], row["body"]) for row in ask(post, "incident/timeline", id=id)]
    tasks = ask(post, "incident/tasks", id=id)
    samples = ask(post, "incident/samples", id=id)
    entries = [row["id"] for row in ask(post, "dossier/entries", id=id)]
    return {"room": kept, "lines": lines, "tasks": tasks, "samples": samples, "entries": entries}


def _settled(course: Course, post: Post) -> Row | None:
    """A side's view once it has all that both have said."""
    views = [_view(each, course.spill.room) for each in _sides(course)]
    same = {tuple(each["entries"]) for each in views}
    return views[_sides(course).index(post)] if len(same) == 1 else None


def works_together(course: Course) -> Part:
    """Both sides saw the same without the ministry, which is back, and has everything, once."""
    affair, words = course.spill, course.words
    if affair.trouble is not None:
        raise affair.trouble
    affair.need(affair.room, words("name.away"))
    one, two = (affair.apart[post.id] for post in _sides(course))

    def caught_up() -> Row | None:
        if not _has_room(course.ministry, affair.room):
            return None
        view = _view(course.ministry, affair.room)
        return view if set(one["entries"]) <= set(view["entries"]) else None

    begun = datetime.now(UTC)
    there = until("room", caught_up, TOLD_SECONDS)
    once = len(there["entries"]) == len(set(there["entries"]))
    clocks = ask(course.provider, "incident/clocks", id=affair.room)
    ran = [row for row in clocks if row["due"] is not None]
    measure = json.loads(one["room"]["measures"])[0]
    effect = measure["effect"]["places"][0]
    text = words(
        "part.room",
        sides=words.list([post.name for post in _sides(course)]),
        grade=one["room"]["grade"],
        clocks=len(ran),
        late=sum(row["state"] == "late" for row in ran),
        tasks=len(one["tasks"]),
        samples=len(one["samples"]),
        flow=DILUTION,
        place=words.choose(effect["name_zh"], effect["name_en"]),
        without=effect["before"]["peak"],
        changed=effect["after"]["peak"],
        lines=len(one["lines"]),
        entries=len(there["entries"]),
        seconds=(datetime.now(UTC) - begun).total_seconds(),
    )
    return Part(one == two and once and there == one and bool(ran), text)


# ---- closed ---------------------------------------------------------------------------------------------------------


def closes(course: Course) -> Part:
    """All-clear, the final report as a document, the room closed by both; everybody sees it closed."""
    affair, words = course.spill, course.words
    upstream, downstream = _sides(course)
    affair.need(affair.room, words("name.room"))
    do(upstream, "warnings/clear", id=affair.warning, text=words("text.clear"))
    do(downstream, "incidents/task", id=affair.room, task="monitoring", state="done")
    for post in _sides(course):
        until("clear", partial(_cleared, post, affair.warning), TOLD_SECONDS)
    _fulfil(course, affair)
    [document] = ask(upstream, "incident/document", id=affair.room, type="final", form="docx", language=words.language)
    do(upstream, "incidents/report", id=affair.room, type="final", document=document["sha256"])
    for post in _sides(course):
        do(post, "incidents/close", id=affair.room, summary_zh=Words("zh")("text.closed"))
    ends = [until("closed", partial(_closed, post, affair.room), TOLD_SECONDS) for post in course_of(course)]
    text = words(
        "part.closed",
        members=words.list([post.name for post in course_of(course)]),
        document=document["name"],
        kilobytes=len(document["body"]) / 1000,
        sha=document["sha256"][:12],
        at=_clock({"acknowledged": max(row["closed"] for row in ends)}),
    )
    return Part(document["body"][:2] == b"PK" and all(row["closed"] for row in ends), text)


def _fulfil(course: Course, affair: Affair) -> None:
    """Every duty whose clock runs is fulfilled by its report: nobody closes while one is overdue."""
    for post in _sides(course):
        rows = ask(post, "incident/clocks", id=affair.room)
        owed = sorted({row["duty"] for row in rows if row["state"] in ("running", "late")})
        if owed and post is course.provider:
            do(post, "incidents/report", id=affair.room, type="initial", duty=owed, to=[course.consumer.id])


def course_of(course: Course) -> tuple[Post, ...]:
    """Who takes part in the room."""
    return (*_sides(course), course.ministry)


def _cleared(post: Post, id: str) -> bool | None:
    row = _held(post, id)
    return (row is not None and row["state"] == "cleared") or None


def _closed(post: Post, id: str) -> Row | None:
    return next((row for row in ask(post, "incidents") if row["id"] == id and row["closed"]), None)
