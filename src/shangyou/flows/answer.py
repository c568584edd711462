"""Answer a question to the basin from a node's own store: for itself, or for a member under its agreements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.errors import InputError, RefusedError
from shangyou.core.ports import ObservationStore, Selection
from shangyou.core.registry import Section
from shangyou.exchange.agreement import Agreement
from shangyou.exchange.member import Member
from shangyou.exchange.metering import Tally
from shangyou.exchange.policy.decision import Permitted
from shangyou.exchange.policy.select import COPIES
from shangyou.exchange.question import Question
from shangyou.exchange.reply import MOST_ROWS, ROWS, Header, Left, digest, empty
from shangyou.exchange.summaries.summary import merged
from shangyou.flows.allow import Provider, decide_on, lots_of, over, uncovered, wanted_of
from shangyou.flows.decide import known
from shangyou.flows.ground import Ground, Waters, labels, need_size, places, survey
from shangyou.governance.means import PH

LONG: Final = 366 * 86_400_000  # ms
LOGARITHMIC: Final = (PH,)


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What a node answers from."""

    me: str  # member id
    store: ObservationStore
    registry: Waters
    simulated: bool = False


def answer_own(own: Own, question: Question, at: int) -> tuple[Header, pa.Table]:
    """What the node itself holds, of its own. InputError "query.too_much"."""
    ground = survey(own.store, own.registry)
    chosen, label = _asked(own, ground, question)
    whole = Selection(
        parameters=question.parameters,
        cadences=question.cadences,
        statistics=question.statistics,
        start=question.start,
        stop=question.stop,
    )
    table = _read(own, ground, question, label, [whole])
    return _header(own, question, at, chosen, label, table), table


def answer_member(
    own: Own, provider: Provider, consumer: Member, question: Question, at: int
) -> tuple[Header, pa.Table]:
    """What a member may have of it, by all its agreements together; a row that several allow counts once.

    The header says what is left out and why. RefusedError "query.no_agreement", "query.refused" (with `left`) if
    nothing may leave; InputError "query.too_much"; UnavailableError "query.busy" if others used up of a quota
    meanwhile.
    """
    agreements = [a for a in provider.contracts.agreements(consumer.id, active=True) if a.provider == own.me]
    if not agreements:
        raise RefusedError("query.no_agreement", node=own.me, member=consumer.id)
    ground = survey(own.store, own.registry)
    chosen, label = _asked(own, ground, question)
    if not label:  # nothing of what is asked for is here
        table = empty(question)
        return _header(own, question, at, chosen, label, table), table
    names = known(list(ground.sections.values()), ground.series, provider.waters())
    wanted = wanted_of(question, chosen)
    left: list[Left] = []
    permits: list[tuple[Agreement, Permitted]] = []
    passed: dict[str, tuple[int, int, int]] = {}
    for agreement in agreements:
        if provider.meter is not None:
            passed[agreement.id] = provider.meter(agreement.id)(None, None)
        decision = decide_on(provider, agreement, consumer, names, question, wanted, at)
        if isinstance(decision, list):
            permits += [(agreement, each) for each in decision]
        else:
            left += [
                Left(r.code, agreement.id, r.path, r.operand, r.operator, r.wanted, r.found, r.who.value)
                for r in decision.reasons
            ]
    lots, covered = lots_of(permits, question, names, ground, at)
    tables: list[pa.Table] = []
    used: list[str] = []
    for agreement, scopes, selections in lots:
        table = _read(own, ground, question, label, selections)
        too_much = over(table, scopes)
        if too_much is not None:
            left.append(replace(too_much, agreement=agreement.id))
            continue
        if provider.spend is not None:
            limited = any(scope.rows is not None or scope.bytes is not None for scope in scopes)
            provider.spend(agreement.id, Tally(len(table), table.nbytes, 1), passed[agreement.id] if limited else None)
        tables.append(table)
        used.append(agreement.id)
    if not used:
        raise _refused(own.me, left)
    left += uncovered(wanted, chosen, ground, covered, at)
    table = tables[0] if len(tables) == 1 else _joined(question, tables)
    header = _header(own, question, at, chosen, label, table)
    return replace(header, agreements=tuple(used), left=tuple(left)), table


def _refused(me: str, left: Sequence[Left]) -> RefusedError:
    first = left[0] if left else Left("policy.outside")
    told = [{name: getattr(each, name) for name in Left.__slots__} for each in left[:20]]
    return RefusedError("query.refused", node=me, reason=first.code, rule=first.rule, left=told)


def _asked(own: Own, ground: Ground, question: Question) -> tuple[dict[str, Section], dict[str, str]]:
    """Sections that take part, and the group of each site. InputError "query.too_much"."""
    rivers = {river.id: river.name_zh for river in own.registry.rivers()} if question.rivers else {}
    chosen = ground.chosen(question, rivers)
    label = labels(ground, chosen, question)
    if question.shape == "summary":
        need_size(ground, label, question, _span(own, question), MOST_ROWS)
    return chosen, label


def _span(own: Own, question: Question) -> int:
    """Time that a question covers of what there is [ms]; the store is asked only where the question leaves it open."""
    start, stop = question.start, question.stop
    if start is None or stop is None or stop - start > LONG:
        size = own.store.size()
        start = max(size.first or 0, start if start is not None else size.first or 0)
        stop = min(size.last or 0, stop if stop is not None else size.last or 0)
    return stop - start


def _header(
    own: Own, question: Question, at: int, chosen: Mapping[str, Section], label: Mapping[str, str], table: pa.Table
) -> Header:
    values = len(table) if question.shape == "rows" else int(pc.sum(table["count"]).as_py() or 0)
    last = own.store.newest(sorted(label), question.parameters) if label else None
    told = question.shape == "rows" or question.label == "section"
    here = set(pc.unique(table["site" if question.shape == "rows" else "label"]).to_pylist()) if told else set()
    about = {id: section for id, section in chosen.items() if id in here}
    return Header(
        question=digest(question),
        node=own.me,
        at=at,
        values=values,
        last=last,
        places=places(about),
        simulated=own.simulated,
    )


# ---- reading -------------------------------------------------------------------------------------------------------


def _read(
    own: Own, ground: Ground, question: Question, label: Mapping[str, str], selections: Sequence[Selection]
) -> pa.Table:
    """Summaries or rows of some selections that share no row. InputError "query.too_much"."""
    if not label:
        return empty(question)
    common = replace(Selection(), as_of=question.as_of, usable=question.usable, besides=COPIES)
    tables = []
    for each in selections:
        sites = tuple(site for site in (each.sites or label) if site in label)
        if not sites:
            continue
        chosen = replace(each, sites=sites, as_of=common.as_of, usable=common.usable, besides=common.besides)
        if question.shape == "summary":
            tables.append(
                own.store.summaries(chosen, label, question.period, question.offset, LOGARITHMIC, question.percentiles)
            )
        else:
            tables.append(_labelled(own.store.select(replace(chosen, limit=MOST_ROWS + 1)), label))
    table = tables[0] if len(tables) == 1 and question.shape == "summary" else _joined(question, tables)
    if question.shape == "rows" and len(table) > MOST_ROWS:
        raise InputError("query.too_much", rows=len(table), most=MOST_ROWS)
    return table


def _joined(question: Question, tables: Sequence[pa.Table]) -> pa.Table:
    """What several selections or agreements gave, as one."""
    if question.shape == "summary":
        return merged(tables)
    return _in_order(pa.concat_tables([ROWS.empty_table(), *tables]))


def _labelled(table: pa.Table, label: Mapping[str, str]) -> pa.Table:
    """Observations with the section in the place of the site, and without their place in our journal."""
    site = table["site"].combine_chunks().dictionary_encode()
    names = pa.array([label[name] for name in site.dictionary.to_pylist()], pa.string())
    columns = [names.take(site.indices), *(table[name] for name in ROWS.names[1:])]
    return pa.table(columns, names=ROWS.names).cast(ROWS)


def _in_order(table: pa.Table) -> pa.Table:
    keys = [(name, "ascending") for name in ("site", "parameter", "cadence", "statistic", "time", "revision")]
    return table.take(pc.sort_indices(table, keys)) if len(table) else table
