"""What of a question a member may have: all its agreements weighed together, no row under two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa

from shangyou.core.clock import to_ms
from shangyou.core.errors import NotFoundError
from shangyou.core.ports import Selection
from shangyou.core.registry import Section
from shangyou.exchange.agreement import Agreement
from shangyou.exchange.dataset import Dataset
from shangyou.exchange.member import Member
from shangyou.exchange.metering import Tally
from shangyou.exchange.policy.decision import Permitted, Refused, refusal
from shangyou.exchange.policy.read import read
from shangyou.exchange.policy.region import Names, Region, Span, rest
from shangyou.exchange.policy.scopes import NAMED, region_of
from shangyou.exchange.policy.select import selection
from shangyou.exchange.policy.terms import Who
from shangyou.exchange.ports import Contracts
from shangyou.exchange.question import Question
from shangyou.exchange.reply import Left
from shangyou.exchange.scope import Scope
from shangyou.flows.decide import Count, Known, decide_for
from shangyou.flows.ground import Ground

RESOLUTIONS: Final = {"hour": "hour", "day": "day", "month": "month", "quarter": "month", "year": "year", "all": "year"}
COARSE: Final = ("year", "month", "day", "hour")
SHOWN: Final = 10  # names told of what is left out


# agreement, what is to leave, and what had left when it was decided (None: there is no quota to keep).
# UnavailableError "query.busy" if more has left since.
Spend = Callable[[str, Tally, tuple[int, int, int] | None], None]


@dataclass(frozen=True, slots=True, eq=False)
class Provider:
    """What it needs besides to answer others."""

    contracts: Contracts
    dataset: Callable[[str], Dataset]  # own dataset by id; NotFoundError "catalogue.dataset"
    meter: Callable[[str], Count] | None = None  # what has left under an agreement; None: no quota can be kept
    spend: Spend | None = None  # count what is to leave, before it does
    waters: Callable[[], Sequence[Sequence[str]]] = tuple  # sections in order of flow; () = nobody knows


def wanted_of(question: Question, chosen: Mapping[str, Section]) -> Scope:
    """A question as the policies see it."""
    narrowed = question.sections or question.rivers or question.provinces
    return Scope(
        sections=frozenset(section.id for section in chosen.values()) if narrowed else None,
        parameters=frozenset(question.parameters) or None,
        cadences=frozenset(question.cadences) or None,
        statistics=frozenset(question.statistics) or None,
        start=question.start,
        stop=question.stop,
    )


def resolution_of(question: Question) -> str:
    """How fine the answer can tell what was: a month that is asked for by the hour is told by the hour.

    >>> resolution_of(Question(period="month", start=3_600_000))
    'hour'
    """
    if question.shape == "rows":
        return "observed"
    coarsest = COARSE.index(RESOLUTIONS[question.period])
    for resolution in COARSE[coarsest:]:
        if all(
            end is None or _floor(end, resolution, question.offset) == end for end in (question.start, question.stop)
        ):
            return resolution
    return "observed"


def _floor(ms: int, resolution: str, offset: int) -> int:
    """Start of the legal period that holds a moment."""
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms + offset)
    fields = {"minute": 0, "second": 0, "microsecond": 0}
    if resolution != "hour":
        fields["hour"] = 0
    if resolution in ("month", "year"):
        fields["day"] = 1
    if resolution == "year":
        fields["month"] = 1
    return to_ms(local.replace(**fields)) - offset  # type: ignore[arg-type]


def decide_on(
    provider: Provider,
    agreement: Agreement,
    consumer: Member,
    names: Known,
    question: Question,
    wanted: Scope,
    at: int,
) -> list[Permitted] | Refused:
    """What an agreement allows: at the finest, and beyond that at the resolution that is asked for.

    Sums need `aggregate`, or that the rows themselves may be read.
    """
    try:
        dataset = provider.dataset(agreement.dataset)
    except NotFoundError:
        return refusal("policy.withdrawn", agreement.dataset, "", Who.STEWARD)
    tries = [("read", "observed")]
    if question.shape == "summary":
        policy = read(agreement.policy)
        tries = tries if all(rule.action != "aggregate" for rule in policy.prohibitions) else []
        tries = [("aggregate", "observed"), *tries, ("aggregate", resolution_of(question))]
    count = provider.meter(agreement.id) if provider.meter is not None else _spent
    decisions = [
        decide_for(
            agreement,
            dataset,
            consumer,
            names,
            count,
            at,
            purpose=question.purpose,
            action=action,
            resolution=resolution,
            wanted=wanted,
            offset=question.offset,
        )
        for action, resolution in dict.fromkeys(tries)
    ]
    permitted = [each for each in decisions if isinstance(each, Permitted)]
    refused = [each for each in decisions if isinstance(each, Refused)]
    return permitted or refused[-1]


def _spent(start: int | None, stop: int | None) -> tuple[int, int, int]:
    """Where nothing is metered every quota is used up: in doubt nothing leaves."""
    return (10**15,) * 3


Lot = tuple[Agreement, list[Scope], list[Selection]]


def lots_of(
    permits: Sequence[tuple[Agreement, Permitted]], question: Question, names: Known, ground: Ground, at: int
) -> tuple[list[Lot], list[Region]]:
    """What is read under each agreement, no row twice, and all that is covered. InputError "policy.complex"."""
    flat = [(_flat(scope, question, at), scope, agreement) for agreement, permit in permits for scope in permit.scopes]
    boxes = [(region, scope, agreement) for region, scope, agreement in flat if region is not None]
    boxes.sort(key=lambda box: _least_review(box[0]))  # so that what is left of a later one is again "at least"
    covered: list[Region] = []
    found: dict[str, Lot] = {}
    sites: dict[str, list[str]] = {}
    for site, section in ground.sites.items():
        sites.setdefault(section, []).append(site)
    for region, scope, agreement in boxes:
        for piece in rest(region, covered):
            chosen = selection(_scope(piece, names), at, lambda section: sites.get(section, ()))
            if chosen is not None:
                lot = found.setdefault(agreement.id, (agreement, [], []))
                lot[1].append(scope)
                lot[2].append(chosen)
        covered.append(region)
    return list(found.values()), covered


def _flat(scope: Scope, question: Question, at: int) -> Region | None:
    """The rows of a scope at this moment; of a coarse one only whole periods, or differences would tell finer ones."""
    stop = scope.stop
    if scope.delay:
        stop = at - scope.delay + 1 if stop is None else min(stop, at - scope.delay + 1)
    if scope.resolution:
        stop = _floor(at if stop is None else min(stop, at), scope.resolution, question.offset)
    if scope.start is not None and stop is not None and scope.start >= stop:
        return None
    return region_of(replace(scope, stop=stop, delay=0))


def _least_review(region: Region) -> int:
    extent = region.get("review")
    return (extent.start or 0) if isinstance(extent, Span) else 0


def _scope(piece: Region, names: Known) -> Scope:
    """A piece as a scope; "all but" is counted from what is known."""
    all_of = (frozenset(names.places.rivers), names.parameters, names.cadences, names.statistics)
    found: list[frozenset[str] | None] = []
    for axis, everything in zip(NAMED, all_of, strict=True):
        extent = piece.get(axis)
        if isinstance(extent, Names):
            found.append(everything - extent.values if extent.but else extent.values)
        else:
            found.append(None)
    observed = piece.get("observed")
    span = observed if isinstance(observed, Span) else Span()
    return Scope(found[0], found[1], found[2], found[3], span.start, span.stop, review=_least_review(piece))


def over(table: pa.Table, scopes: Iterable[Scope]) -> Left | None:
    """Is it more than is left of a quota?"""
    for scope in scopes:
        for name, size, most in (("rows", len(table), scope.rows), ("bytes", table.nbytes, scope.bytes)):
            if most is not None and size > most:
                return Left(
                    "query.quota", operand=name, operator="lteq", wanted=str(most), found=str(size), who="steward"
                )
    return None


def uncovered(
    wanted: Scope, chosen: Mapping[str, Section], ground: Ground, covered: Sequence[Region], at: int
) -> list[Left]:
    """What was asked for, is held here and may not leave. A section of which nothing is held leaves nothing out."""
    ids = {section.id for section in chosen.values()}
    held = [
        (ground.sites[key.site], key)
        for key in ground.series
        if ground.sites.get(key.site) in ids
        and (wanted.parameters is None or key.parameter in wanted.parameters)
        and (wanted.cadences is None or key.cadence in wanted.cadences)
        and (wanted.statistics is None or key.statistic in wanted.statistics)
    ]
    if not held:
        return []
    asked = replace(
        wanted,
        sections=frozenset(section for section, _ in held),
        parameters=frozenset(key.parameter for _, key in held),
        cadences=frozenset(key.cadence for _, key in held),
        statistics=frozenset(key.statistic for _, key in held),
        stop=at + 1 if wanted.stop is None else min(wanted.stop, at + 1),
    )
    region = region_of(asked)
    if isinstance(span := region.get("observed"), Span) and span.empty:
        return []
    if not rest(region, covered):
        return []
    found = []
    for axis in NAMED:
        want = region[axis]
        if not isinstance(want, Names):
            continue
        there = [each.get(axis) for each in covered]
        lacking = sorted(
            n for n in want.values if not any(e is None or (isinstance(e, Names) and e.holds(n)) for e in there)
        )
        if lacking:
            shown = ", ".join(lacking[:SHOWN]) + (" …" if len(lacking) > SHOWN else "")
            found.append(Left("query.left", operand=axis, wanted=shown, found=str(len(lacking)), who="steward"))
    return found or [Left("query.left_some", who="steward")]
