"""Parts of a demo of seven: what the nodes do with each other, in front of the user, in their order."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Final

from shangyou.core.clock import LEGAL
from shangyou.core.errors import ShangyouError
from shangyou.exchange.policy.write import Terms
from shangyou.exchange.policy.write import written as policy
from shangyou.faces.demo.course import Course, Dataset
from shangyou.faces.demo.evidence import Part
from shangyou.faces.demo.seats import CONSUMER, OUTSIDER, OWNER, PROVIDER
from shangyou.faces.demo.stage import Post
from shangyou.faces.demo.talks import Row, ask, begin, do, negotiate, pull, transfer, until, written
from shangyou.faces.demo.words import Words
from shangyou.faces.sentences import sentence

MOST_SECONDS: Final = 60.0  # that all nodes may take until they serve
MOST_MEMORY: Final = 1.1e9  # bytes that they may hold together while nothing happens
HOURLY: Final = "hourly"  # the dataset that each province publishes
PURPOSES: Final = ("assessment", "warning", "planning")  # of the ministry, by law
ROWS: Final = 5_000_000  # that the consumer may have, all in all
MEGA: Final = 1e6
STOP_SECONDS: Final = 2.0  # in which a revocation stops what runs
FEED_SECONDS: Final = 45.0  # until a station has sent something new, and a little


# ---- together -----------------------------------------------------------------------------------------------


def comes_up(course: Course) -> Part:
    """All nodes serve, soon enough and small enough."""
    ok = course.up.seconds <= MOST_SECONDS and course.up.memory <= MOST_MEMORY
    count = len(course.stage.posts)
    return Part(ok, course.words("part.up", nodes=count, seconds=course.up.seconds, memory=course.up.memory / MEGA))


def federates(course: Course) -> Part:
    """Each node asks each other one over the line; all have the same list, which has a countdown."""
    checks = [row for post in course.stage.posts for row in ask(post, "federation/check")]
    states = [row for post in course.stage.posts for row in ask(post, "federation")]
    count = len(course.stage.posts)
    good = sum(row["level"] == "good" for row in checks)
    one = {(row["federation"], row["version"], row["members"]) for row in states}
    ok = good == len(checks) == count * count and len(one) == 1 and all(row["left_seconds"] > 0 for row in states)
    state = states[0]
    wrong = next((f" {row['text']}" for row in checks if row["level"] != "good"), "")
    text = course.words(
        "part.federation",
        members=state["members"],
        good=good - count,
        version=state["version"],
        left=timedelta(seconds=int(state["left_seconds"])).days,
        quorum=state["witnesses"],
    )
    return Part(ok, text + wrong)


def publishes(course: Course) -> Part:
    """Each province publishes a dataset; the ministry reads all catalogues and finds them."""
    for post in course.stage.provinces:
        course.published[post.id] = publish(course, post)
    read = do(course.ministry, "catalogue/crawl")
    found = {row["id"]: row for row in ask(course.ministry, "catalogue")}
    ids = {dataset.id for dataset in course.published.values()}
    observations = sum(found[id]["observations"] or 0 for id in ids if id in found)
    ok = not read["failed"] and set(found) == ids and observations > 0
    why = "".join(f" {text}" for text in read["failed"].values())
    return Part(ok, course.words("part.catalogue", datasets=len(found), observations=observations) + why)


def publish(course: Course, post: Post, name: str = HOURLY) -> Dataset:
    """Publish the sections of a province: for the ministry, and of the provider for the consumer too.

    With real files each node holds its own province alone, and publishes all that it has.
    """
    own = tuple(row["id"] for row in ask(post, "sections") if row["province"] == post.seat.province)
    offers = [policy(Terms(level="national", purposes=PURPOSES), "offer")]
    if post.id == PROVIDER:
        cite = course.words(f"title.{name}", name=post.name)
        offers.append(policy(Terms(recipients=(CONSUMER,), rows=ROWS, cite=cite), "offer"))
    names = {"zh": post.seat.name_zh, "en": post.seat.name_en}
    titles = {f"title_{language}": Words(language)(f"title.{name}", name=said) for language, said in names.items()}
    texts = [json.dumps({key: value for key, value in each.items() if not key.startswith("@")}) for each in offers]
    return Dataset(
        str(do(post, "datasets/publish", name=name, section=own if course.live else (), offer=texts, **titles)["id"]),
        own,
    )


# ---- under contracts ----------------------------------------------------------------------------------------


def agrees(course: Course) -> Part:
    """Two provinces agree, so does the ministry with each; who is not meant is refused, and both ends know why."""
    wanted = course.dataset(PROVIDER).id
    made = negotiate(course.consumer, wanted, f"{wanted}#2")
    course.agreed = made.agreement
    national = [negotiate(course.ministry, dataset.id) for dataset in course.published.values()]
    ok = made.agreed and all(each.agreed for each in national)
    slowest = max(each.seconds for each in (made, *national))
    text = course.words(
        "part.contract",
        consumer=course.consumer.name,
        provider=course.provider.name,
        milliseconds=made.seconds * 1000,
        others=sum(each.agreed for each in national),
        slowest=slowest * 1000,
    )
    failed = next((f" {each.state}: {each.why}" for each in (made, *national) if not each.agreed), "")
    return Part(ok, text + failed)


def refuses(course: Course) -> Part:
    """A request for what is meant for another is refused; the reason is the same at both ends."""
    outsider, owner = course.stage[OUTSIDER], course.stage[OWNER]
    asked = negotiate(outsider, course.dataset(OWNER).id)
    [there] = outsider.evidence.cli("contract", "why", asked.id)
    [here] = owner.evidence.cli("contract", "why", asked.other)
    ok = asked.state == "TERMINATED" and not asked.agreement and bool(there["why"]) and bool(here["why"])
    text = course.words("part.refusal", outsider=outsider.name, owner=owner.name, there=there["why"], here=here["why"])
    return Part(ok, text)


def transfers(course: Course) -> Part:
    """All rows arrive; both ends have counted the same, and both have signed one receipt."""
    moved = pull(course.consumer, course.agreement)
    receipts = _receipts(course)
    arrived = len(ask(course.consumer, "observations", site=course.dataset(PROVIDER).sections))
    there, here = ((each["rows"], each["bytes"]) for each in receipts)
    ok = moved.state == "COMPLETED" and there == here and arrived >= here[0] > 0
    text = course.words(
        "part.transfer",
        consumer=course.consumer.name,
        provider=course.provider.name,
        there=there[0],
        here=here[0],
        kilobytes=here[1] / 1000,
        seconds=moved.seconds,
    )
    return Part(ok, text + (f" {moved.why}" if moved.why else ""))


def _receipts(course: Course) -> list[Row]:
    """What the ledgers of both ends hold of the newest receipt under the agreement."""

    def both() -> list[Row] | None:
        found = [written(post, "receipt", course.agreement) for post in (course.provider, course.consumer)]
        return [each[0]["facts"] for each in found] if all(found) else None

    return until("receipt", both)


def follows(course: Course) -> Part:
    """What a station of the provider sends is at the subscriber soon after."""
    before = _newest(course.provider, course)
    course.feed = begin(course.consumer, course.agreement, "Arrow-FEED")
    begun = time.monotonic()

    def came() -> tuple[float, str] | None:
        there = {(row["site"], row["time"]): row for row in _instants(course.provider, course)}
        for row in _instants(course.consumer, course):
            sent = there.get((row["site"], row["time"]))
            if sent is not None and row["time"] > before:
                return (row["received"] - sent["received"]).total_seconds(), row["site"]
        return None

    seconds, site = until("feed", came, FEED_SECONDS)
    text = course.words(
        "part.feed",
        consumer=course.consumer.name,
        provider=course.provider.name,
        site=site.partition(".")[2],
        seconds=max(seconds, 0.0),
        waited=time.monotonic() - begun,
    )
    return Part(True, text)


def _instants(post: Post, course: Course) -> list[Row]:
    latest = ask(post, "latest", site=course.dataset(PROVIDER).sections, parameter=("ph",))
    return [row for row in latest if row["cadence"] == "instant"]


def _newest(post: Post, course: Course) -> datetime:
    return max((row["time"] for row in _instants(post, course)), default=datetime.fromtimestamp(0, LEGAL))


def revokes(course: Course) -> Part:
    """The provider takes its word back: what runs stops, nothing more can begin, and both ends say why."""
    reason = course.words("reason.revoked")
    begun = time.monotonic()
    do(course.provider, "contracts/revoke", agreement=course.agreement, why=reason)

    def told() -> list[Row] | None:
        ends = [_end(course, post) for post in (course.consumer, course.provider)]
        runs = course.feed and transfer(course.consumer, course.feed)["state"] != "TERMINATED"
        return ends if all(end["state"] == "revoked" for end in ends) and not runs else None

    ends = until("revoked", told)
    seconds = time.monotonic() - begun
    try:
        moved = pull(course.consumer, course.agreement)
        stopped, why = moved.state != "COMPLETED", moved.why
    except ShangyouError as error:
        stopped, why = True, sentence(error.code, error.facts, course.words.language).text
    ok = stopped and bool(why) and seconds <= STOP_SECONDS and all(end["reason"] == reason for end in ends)
    key = "part.revoke.feed" if course.feed else "part.revoke"
    names = {"provider": course.provider.name, "consumer": course.consumer.name}
    return Part(ok, course.words(key, reason=reason, why=why, seconds=seconds, **names))


def _end(course: Course, post: Post) -> Row:
    """The agreement at one end."""
    return next(row for row in ask(post, "contracts/agreements") if row["id"] == course.agreement)
