"""Policies, requests and small stores by lot, and what compiled scopes let out of a store."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shangyou.exchange.member import Level
from shangyou.exchange.policy.compile import Places
from shangyou.exchange.policy.decide import decide
from shangyou.exchange.policy.decision import Decision, Facts, Permitted, Request
from shangyou.exchange.policy.policy import Policy
from shangyou.exchange.policy.read import read
from shangyou.exchange.policy.select import selection
from shangyou.exchange.policy.terms import BANNED, CADENCES, METERS, PURPOSES, RESOLUTIONS, REVIEWS, STATISTICS
from shangyou.exchange.scope import Scope
from tests.oracles.policies import Ask, leaves

RIVERS = {"a1": "jinsha", "a2": "jinsha", "a3": "yangtze", "a4": "yangtze", "b1": "jialing", "b2": "jialing", "x": ""}
WATERS = (("a1", "a2", "a3", "a4"), ("b1", "b2"))
PARAMETERS = ("ammonia_nitrogen", "total_phosphorus", "ph", "dissolved_oxygen")
START = 1_617_206_400_000  # 2021-04-01 00:00 in China
HOUR = 3_600_000
SPAN = 96  # hours in which rows, bounds and moments lie
Row = dict[str, Any]


@dataclass(frozen=True)
class Lot:
    """A policy, a request and a store."""

    policy: dict[str, Any]
    ask: Ask
    rows: list[Row]


def at_hour(hour: float) -> str:
    return (datetime.fromtimestamp(START / 1000, UTC) + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")


def lot(random: random.Random, rows: int = 24) -> Lot:
    """One of everything."""
    used = {meter: random.choice((0, 3, 9, 10, 11)) for meter in METERS if random.random() < 0.95}
    ask = Ask(
        recipient=random.choice(("sichuan", "chongqing")),
        level=random.choice(("national", "provincial")),
        purpose=random.choice((*PURPOSES, "")),
        action=random.choice(("read", "read", "aggregate")),
        resolution=random.choice(("observed", *RESOLUTIONS)),
        at=START + random.randint(0, SPAN) * HOUR + random.choice((0, 0, 1, -1)),
        used=used,
        rivers=RIVERS,
        waters=WATERS,
    )
    return Lot(policy(random), ask, [row(random) for _ in range(rows)])


def row(random: random.Random) -> Row:
    return {
        "section": random.choice(tuple(RIVERS)),
        "parameter": random.choice(PARAMETERS),
        "cadence": random.choice(("instant", "4h")),
        "statistic": random.choice(("value", "mean")),
        "time": START + random.randint(0, SPAN) * HOUR + random.choice((0, 0, 1, -1)),
        "review": random.randint(0, 3),
    }


def policy(random: random.Random) -> dict[str, Any]:
    """An offer with one to three permissions and up to three prohibitions; now and then something is wrong with it."""
    rules = [rule(random, True) for _ in range(random.choice((1, 1, 2, 3)))]
    bans = [rule(random, False) for _ in range(random.choice((0, 0, 1, 1, 2, 3)))]
    found: dict[str, Any] = {"@id": "urn:uuid:1", "@type": "Offer", "permission": rules}
    if bans:
        found["prohibition"] = bans
    return found


def rule(random: random.Random, permits: bool) -> dict[str, Any]:
    action = random.choice(("use", "use", "use", "read", "aggregate", *(() if permits else BANNED)))
    if random.random() < 0.02:
        action = "sell"
    count = random.choice((0, 1, 1, 2) if permits else (1, 1, 2, 3))
    return {"action": action, "constraint": [constraint(random, permits, 0) for _ in range(count)]}


def constraint(random: random.Random, permits: bool, depth: int, either: bool = False) -> dict[str, Any]:
    if depth < 2 and random.random() < 0.3:
        word = random.choice(("and", "or", "or", "xone", "andSequence"))
        members = [
            constraint(random, permits, depth + 1, either or word == "xone") for _ in range(random.choice((1, 2, 2, 3)))
        ]
        return {word: members}
    operand, operator, value = atom(random, permits)
    if random.random() < 0.02:
        operand, operator, value = random.choice(
            ((operand, "resembles", value), ("weather", operator, value), (operand, operator, ["?", 7]))
        )
    return {"leftOperand": operand, "operator": operator, "rightOperand": value}


def some(random: random.Random, names: tuple[str, ...]) -> Any:
    return random.sample(names, random.randint(1, min(3, len(names))))


def atom(random: random.Random, permits: bool) -> tuple[str, str, Any]:
    named = {
        "recipient": ("sichuan", "chongqing", "qinghai"),
        "recipientLevel": ("national", "provincial"),
        "purpose": tuple(PURPOSES),
        "section": (*RIVERS, "gone"),
        "river": ("jinsha", "yangtze", "jialing", "nile"),
        "parameter": PARAMETERS,
        "cadence": CADENCES,
        "statistic": STATISTICS,
        "resolution": RESOLUTIONS,
    }
    kind = random.choice(
        (*named, "section", "parameter", "reach", "dateTime", "observed", "observed", "delay", "delay")
    )
    if random.random() < 0.15:
        kind = random.choice(("review", "review", *METERS))
    order = random.choice(("lt", "lteq", "gt", "gteq"))
    if kind == "reach":
        ends = {"from": random.choice((*RIVERS, "gone")), "to": random.choice(tuple(RIVERS))}
        if random.random() < 0.3:
            ends.pop(random.choice(("from", "to")))
        return kind, "isPartOf", ends
    if kind in ("dateTime", "observed"):
        return kind, order, at_hour(random.randint(0, SPAN))
    if kind == "delay":
        return kind, order, random.choice(("P0D", "P1D", "P2D", "PT6H", "PT30H"))
    if kind == "resolution" and random.random() < 0.5:
        return kind, order, random.choice(RESOLUTIONS)
    if kind in METERS or kind == "review":
        up = permits is (kind == "review")
        right = random.choice(("gt", "gteq") if up else ("lt", "lteq"))
        operator = right if random.random() < 0.95 else order
        return kind, operator, random.choice(REVIEWS if kind == "review" else ("0", "9", "10", "11", "12", "100"))
    operator = random.choice(("eq", "neq", "isAnyOf", "isNoneOf", "isAnyOf", "isNoneOf", "isAllOf"))
    if kind == "purpose" and random.random() < 0.4:
        operator = random.choice(("isA", "isPartOf", "hasPart"))
    value = some(random, named[kind])
    if operator not in ("isAnyOf", "isNoneOf"):
        value = value[:1] if random.random() < 0.97 else value
    return kind, operator, value[0] if len(value) == 1 and random.random() < 0.5 else value


def facts_of(ask: Ask) -> Facts:
    return Facts(
        provider="ministry",
        dataset="ministry/all",
        places=Places(ask.rivers, tuple(tuple(w) for w in ask.waters)),
        parameters=frozenset(PARAMETERS),
        cadences=frozenset({"instant", "4h"}),
        statistics=frozenset({"value", "mean"}),
        used=ask.used,
    )


def request_of(ask: Ask) -> Request:
    return Request(ask.recipient, Level(ask.level), ask.purpose, ask.action, ask.resolution)


def decided(policy: Mapping[str, Any] | Policy, ask: Ask) -> Decision:
    known = policy if isinstance(policy, Policy) else read(policy)
    return decide(known, request_of(ask), facts_of(ask), ask.at)


def egress(scopes: tuple[Scope, ...], rows: list[Row], at: int) -> list[int]:
    """How often each row leaves when a store is asked for each scope."""
    counts = [0] * len(rows)
    for scope in scopes:
        wanted = selection(scope, at)
        if wanted is None:
            continue
        for i, row in enumerate(rows):
            counts[i] += (
                (not wanted.sites or row["section"] in wanted.sites)
                and (not wanted.parameters or row["parameter"] in wanted.parameters)
                and (not wanted.cadences or row["cadence"] in wanted.cadences)
                and (not wanted.statistics or row["statistic"] in wanted.statistics)
                and (wanted.start is None or row["time"] >= wanted.start)
                and (wanted.stop is None or row["time"] < wanted.stop)
                and row["review"] >= wanted.review
            )
    return counts


def compared(lot: Lot) -> tuple[list[int], list[int]]:
    """What leaves by scopes, and by the oracle: 0 or 1 for each row."""
    decision = decided(lot.policy, lot.ask)
    scopes = decision.scopes if isinstance(decision, Permitted) else ()
    return egress(scopes, lot.rows, lot.ask.at), [int(leaves(lot.policy, lot.ask, row)) for row in lot.rows]
