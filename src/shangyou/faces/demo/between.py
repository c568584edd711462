"""Parts of a demo of seven: what the nodes do with each other, in front of the user, in their order."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from shangyou.core.errors import ShangyouError
from shangyou.exchange.policy.write import Terms
from shangyou.exchange.policy.write import written as policy
from shangyou.faces.demo.evidence import Look, Part
from shangyou.faces.demo.seats import CONSUMER, MINISTRY, OUTSIDER, OWNER, PROVIDER
from shangyou.faces.demo.stage import Post, Stage
from shangyou.faces.demo.talks import Row, ask, do, negotiate, pull, until, written
from shangyou.faces.demo.words import Words
from shangyou.faces.sentences import sentence

MOST_SECONDS: Final = 60.0  # that all nodes may take until they serve
MOST_MEMORY: Final = 1.1e9  # bytes that they may hold together while nothing happens
HOURLY: Final = "hourly"  # the dataset that each province publishes
PURPOSES: Final = ("assessment", "warning", "planning")  # of the ministry, by law
PURPOSE: Final[Row] = {"purpose": PURPOSES[0]}
MEGA: Final = 1e6


@dataclass(frozen=True, slots=True)
class Up:
    """How the nodes came up."""

    seconds: float  # until all served
    memory: int  # bytes that they held together then; 0 = not known


@dataclass(slots=True, eq=False)
class Course:
    """What has happened between the nodes so far."""

    stage: Stage
    up: Up
    words: Words
    datasets: dict[str, str] = field(default_factory=dict)  # provider: dataset
    agreement: str = ""  # of the consumer with the provider
    rows: int = 0  # that the first transfer moved

    @property
    def provider(self) -> Post:
        """The node whose data are asked for."""
        return self.stage[PROVIDER]

    @property
    def consumer(self) -> Post:
        """The node that asks."""
        return self.stage[CONSUMER]

    @property
    def ministry(self) -> Post:
        """The national node."""
        return self.stage[MINISTRY]

    # ---- together -----------------------------------------------------------------------------------------------

    def comes_up(self) -> Part:
        """All nodes serve, soon enough and small enough."""
        ok = self.up.seconds <= MOST_SECONDS and self.up.memory <= MOST_MEMORY
        count = len(self.stage.posts)
        return Part(ok, self.words("part.up", nodes=count, seconds=self.up.seconds, memory=self.up.memory / MEGA))

    def federates(self) -> Part:
        """Each node asks each other one over the line; all have the same list, which has a countdown."""
        checks = [row for post in self.stage.posts for row in ask(post, "federation/check")]
        states = [row for post in self.stage.posts for row in ask(post, "federation")]
        count = len(self.stage.posts)
        good = sum(row["level"] == "good" for row in checks)
        one = {(row["federation"], row["version"], row["members"]) for row in states}
        ok = good == len(checks) == count * count and len(one) == 1 and all(row["left_seconds"] > 0 for row in states)
        state = states[0]
        wrong = next((f" {row['text']}" for row in checks if row["level"] != "good"), "")
        text = self.words(
            "part.federation",
            members=state["members"],
            good=good - count,
            version=state["version"],
            left=timedelta(seconds=int(state["left_seconds"])).days,
            quorum=state["witnesses"],
        )
        return Part(ok, text + wrong)

    def publishes(self) -> Part:
        """Each province publishes a dataset; the ministry reads all catalogues and finds them."""
        for post in self.stage.provinces:
            self.datasets[post.id] = self._publish(post)
        read = do(self.ministry, "catalogue/crawl")
        found = {row["id"]: row for row in ask(self.ministry, "catalogue")}
        observations = sum(found[id]["observations"] or 0 for id in self.datasets.values() if id in found)
        ok = not read["failed"] and set(found) == set(self.datasets.values()) and observations > 0
        why = "".join(f" {text}" for text in read["failed"].values())
        return Part(ok, self.words("part.catalogue", datasets=len(found), observations=observations) + why)

    def _publish(self, post: Post, name: str = HOURLY) -> str:
        own = [row["id"] for row in ask(post, "sections")]
        offers = [policy(Terms(level="national", purposes=PURPOSES), "offer")]
        if post.id == PROVIDER:
            terms = Terms(recipients=(CONSUMER,), rows=5_000_000, cite=self.words(f"title.{name}", name=post.name))
            offers.append(policy(terms, "offer"))
        titles = {f"title_{lang}": Words(lang)(f"title.{name}", name=own_name) for lang, own_name in _names(post)}
        texts = [json.dumps({key: value for key, value in each.items() if not key.startswith("@")}) for each in offers]
        return str(do(post, "datasets/publish", name=name, section=own, offer=texts, **titles)["id"])

    # ---- under contracts ----------------------------------------------------------------------------------------

    def agrees(self) -> Part:
        """Two provinces agree, so does the ministry with each; who is not meant is refused, and both ends know why."""
        dataset = self.datasets[PROVIDER]
        made = negotiate(self.consumer, dataset, f"{dataset}#2")
        self.agreement = made.agreement
        national = [negotiate(self.ministry, id) for id in self.datasets.values()]
        ok = made.agreed and all(each.agreed for each in national)
        slowest = max(each.seconds for each in (made, *national))
        text = self.words(
            "part.contract",
            consumer=self.consumer.name,
            provider=self.provider.name,
            milliseconds=made.seconds * 1000,
            others=sum(each.agreed for each in national),
            slowest=slowest * 1000,
        )
        failed = next((f" {each.state}: {each.why}" for each in (made, *national) if not each.agreed), "")
        return Part(ok, text + failed)

    def refuses(self) -> Part:
        """A request for what is meant for another is refused; the reason is the same at both ends."""
        outsider, owner = self.stage[OUTSIDER], self.stage[OWNER]
        asked = negotiate(outsider, self.datasets[OWNER])
        [there] = outsider.evidence.cli("contract", "why", asked.id)
        [here] = owner.evidence.cli("contract", "why", asked.other)
        ok = asked.state == "TERMINATED" and not asked.agreement and bool(there["why"]) and bool(here["why"])
        text = self.words(
            "part.refusal", outsider=outsider.name, owner=owner.name, there=there["why"], here=here["why"]
        )
        return Part(ok, text)

    def transfers(self) -> Part:
        """All rows arrive; both ends have counted the same, and both have signed one receipt."""
        moved = pull(self.consumer, self.agreement)
        receipts = self._receipts(moved.id)
        own = {row["id"] for row in ask(self.provider, "sections")}
        arrived = self.consumer.evidence.table("observations", section=tuple(sorted(own))).num_rows
        counts = [(each["rows"], each["bytes"]) for each in receipts]
        ok = moved.state == "COMPLETED" and len(counts) == 2 and counts[0] == counts[1] and arrived >= counts[0][0] > 0
        self.rows = counts[0][0] if counts else 0
        text = self.words(
            "part.transfer",
            consumer=self.consumer.name,
            provider=self.provider.name,
            there=counts[1][0] if len(counts) > 1 else 0,
            here=self.rows,
            kilobytes=counts[0][1] / 1000 if counts else 0,
            seconds=moved.seconds,
        )
        return Part(ok, text + (f" {moved.why}" if moved.why else ""))

    def _receipts(self, transfer: str) -> list[Row]:
        """What the ledgers of both ends hold of a transfer's receipt."""

        def both() -> list[Row] | None:
            found = [written(post, "receipt", self.agreement) for post in (self.consumer, self.provider)]
            return [each[0]["facts"] for each in found] if all(found) else None

        return until("receipt", both)

    def revokes(self) -> Part:
        """The provider takes its word back; from then on nothing moves, and both ends say why."""
        reason = self.words("reason.revoked")
        do(self.provider, "contracts/revoke", agreement=self.agreement, why=reason)

        def told() -> list[Row] | None:
            ends = [self._end(post) for post in (self.consumer, self.provider)]
            return ends if all(end["state"] == "revoked" for end in ends) else None

        ends = until("revoked", told)
        try:
            moved = pull(self.consumer, self.agreement)
            stopped, why = moved.state != "COMPLETED", moved.why
        except ShangyouError as error:
            stopped, why = True, sentence(error.code, error.facts, self.words.language).text
        ok = stopped and bool(why) and all(end["reason"] == reason for end in ends)
        text = self.words(
            "part.revoke", provider=self.provider.name, consumer=self.consumer.name, reason=reason, why=why
        )
        return Part(ok, text)

    def _end(self, post: Post) -> Row:
        """The agreement at one end."""
        return next(row for row in ask(post, "contracts/agreements") if row["id"] == self.agreement)


def _names(post: Post) -> tuple[tuple[str, str], ...]:
    return (("zh", post.seat.name_zh), ("en", post.seat.name_en))


def looks(stage: Stage, up: Up, words: Words) -> list[tuple[str, Look]]:
    """All parts in their order, each under the key of its name."""
    course = Course(stage, up, words)
    found: list[tuple[str, Callable[[], Part]]] = [
        ("name.up", course.comes_up),
        ("name.federation", course.federates),
        ("name.catalogue", course.publishes),
        ("name.contract", course.agrees),
        ("name.refusal", course.refuses),
        ("name.transfer", course.transfers),
        ("name.revoke", course.revokes),
    ]
    return [(name, _alone(part)) for name, part in found]


def _alone(part: Callable[[], Part]) -> Look:
    """A part that knows where to look."""
    return lambda evidence: part()
