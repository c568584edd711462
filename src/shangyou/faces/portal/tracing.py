"""Source tracing: stations and a span are chosen, candidates ranked, and what is not known is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode

import numpy as np
from starlette.responses import Response

from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Kind, Place
from shangyou.basin.tracing.outlook import Sample
from shangyou.basin.tracing.result import Ranked, TraceResult, Verdict
from shangyou.basin.tracing.trace import trace
from shangyou.basin.tracing.ways import sources_above
from shangyou.core import vocabulary
from shangyou.core.errors import ShangyouError
from shangyou.faces.api.moments import legal
from shangyou.faces.portal.line_map import Line, line_map
from shangyou.faces.portal.spans import Span, span_of
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.words import Words
from shangyou.faces.sentences import sentence
from shangyou.flows.ask_upstream import owners, request
from shangyou.flows.overview import horizon
from shangyou.flows.trace import Asked, further, lay_out, seen_at
from shangyou.wiring import rivers

if TYPE_CHECKING:
    from shangyou.wiring import Node

MOST_STATIONS: Final = 4  # that a page traces with; the command line takes more
FREE: Final = 10e3  # m of a stretch
USUAL: Final = "ammonia_nitrogen"
NAMED: Final = 0.005  # probability of a candidate that is listed one by one
DAYS: Final = 14  # that a page looks at, at most
SHOWN_SAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that could go to a member."""

    member: str
    chance: float  # that the source lies in its waters
    text: str
    form: str  # address of the form of the warning centre, filled in


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """An answer, with what the page shows beside it."""

    found: TraceResult
    samples: tuple[Sample, ...]
    line: Line
    requests: tuple[Asking, ...]


def page(visit: Visit) -> Response:
    """The page."""
    network = rivers(cast("Node", visit.node)).network()
    parameter = visit.query("parameter") or USUAL
    span = span_of(visit, horizon(visit.node.store, visit.now).at, "week")
    offered = _offered(visit, network, parameter)
    chosen = [p for p in offered if p.id in visit.request.query_params.getlist("station")][:MOST_STATIONS]
    traced, wrong = None, None
    if chosen:
        free = visit.query("free") == "yes"
        key = ("tracing", parameter, tuple(p.id for p in chosen), span.start, span.stop, free, visit.t.language)
        try:
            traced = visit.once(key, lambda: _traced(visit, network, parameter, chosen, span))
        except ShangyouError as error:
            wrong = sentence(error.code, error.facts, visit.t.language)
    return visit.page(
        "tracing.html",
        title=_title(visit, traced),
        offered=offered,
        chosen={place.id for place in chosen},
        parameter=parameter,
        parameters=sorted({key.parameter for key in visit.node.store.series()} & set(vocabulary.parameters())),
        span=span,
        traced=traced,
        ranked=[each for each in traced.found.ranked if each.probability >= NAMED] if traced else [],
        name=lambda each: named(each, visit),
        place=lambda p: p.name_zh if visit.t.language == "zh" else p.name_en or p.name_zh,
        rounded=rounded,
        member_name=lambda member: _member(visit, member),
        wrong=wrong,
        most=MOST_STATIONS,
    )


def rounded(value: float) -> str:
    """A figure with two digits that count: more would promise what an estimate does not hold."""
    shown = float(f"{value:.2g}")
    return f"{shown:,.0f}" if shown >= 10 else f"{shown:g}"


def _member(visit: Visit, id: str) -> str:
    """The name of a member."""
    own = next((each for each in visit.node.registry.agencies() if each.id == id), None)
    return id if own is None else own.name_zh if visit.t.language == "zh" else own.name_en


def named(each: Ranked, visit: Visit) -> str:
    """A candidate in the page's language."""
    own = each.candidate
    return (own.name_zh if visit.t.language == "zh" else own.name_en or own.name_zh) or own.id


def _offered(visit: Visit, network: Network, parameter: str) -> list[Place]:
    """Sections of the network that have values of a parameter here, upstream first on each river."""
    sites = {key.site for key in visit.node.store.series() if key.parameter == parameter}
    known = [s.id for s in visit.node.registry.sections() if network.has(s.id)]
    found = [id for id in known if sites & set(visit.node.registry.sites_of(id))]
    places = [network.places[network.index(id)] for id in found]
    wanted = [place for place in places if place.kind is Kind.SECTION]
    return sorted(wanted, key=lambda place: (_river(network, place), -_to_end(network, place.id)))


def _to_end(network: Network, place: str) -> float:
    i = network.index(place)
    return float(network.to_end[network.reach_of[i]] - network.at[i])


def _river(network: Network, place: Place) -> str:
    return str(network.reaches[network.reach_of[network.index(place.id)]].river)


def _traced(visit: Visit, network: Network, parameter: str, chosen: list[Place], span: Span) -> Traced:
    start = max(span.start, span.stop - DAYS * 86_400_000)
    series = [seen_at(visit.node.store, visit.node.registry, place.id, parameter, start, span.stop) for place in chosen]
    sources = [p.id for p in sources_above(network, [p.id for p in chosen]) if _may_be_named(visit, p)]
    free = visit.query("free") == "yes" or not sources
    asked = Asked(candidates=tuple(sources), free=FREE if free else 0.0, far=100e3)
    problem = lay_out(network, [each for each, _ in series], asked, [support for _, support in series])
    found = trace(problem)
    last = int(max(each.time[-1] for each, _ in series))
    samples = further(problem, found, network, last)
    told = tuple(
        _asking(found, network, member, chance, parameter, chosen[0])
        for member, chance in owners(found, network).items()
        if chance >= NAMED
    )
    return Traced(found, _best(samples), line_map(found, visit.t), told)


def _asking(found: TraceResult, network: Network, member: str, chance: float, parameter: str, station: Place) -> Asking:
    """The request to one member. It is sent by a person, from the warning centre."""
    body = request(found, network, member, parameter)
    text = str(body["text"])
    given = {
        "type": "request",
        "title_zh": _subject(Words("zh"), station.name_zh),
        "title_en": _subject(Words("en"), station.name_en or station.name_zh),
        "place": station.id,
        "place_zh": station.name_zh,
        "substance": parameter,
        "noticed": legal(int(found.problem.pulses[0].time[-1]))[:16].replace(" ", "T"),
        "evidence": "\n".join(map(str, cast("list[str]", body["evidence"]))),
        "text": text,
    }
    return Asking(member, chance, text, f"/warnings?{urlencode(given)}#send")


def _subject(t: Words, place: str) -> str:
    return t("tracing.request_title", place=place)


def _may_be_named(visit: Visit, place: Place) -> bool:
    """Where everything is simulated, no real place is ever read beside a made-up offence."""
    return not visit.node.settings.simulated or place.source == "simulated"


def _best(samples: list[Sample]) -> tuple[Sample, ...]:
    """The best sample of each place, of those that tell something."""
    seen: dict[str, Sample] = {}
    for each in samples:
        if each.gain >= 0.01:
            seen.setdefault(each.spot.id, each)
    return tuple(seen.values())[:SHOWN_SAMPLES]


def _title(visit: Visit, traced: Traced | None) -> str:
    """What may be said, no more."""
    if traced is None:
        return visit.t("tracing.title")
    found = traced.found
    first = found.ranked[0]
    if found.verdict is Verdict.STRETCH:
        low, high = _along(found)
        return visit.t("tracing.verdict.stretch", low=f"{low:,.0f}", high=f"{high:,.0f}")
    share = found.elsewhere if found.verdict is Verdict.ELSEWHERE else first.probability
    return visit.t(
        f"tracing.verdict.{found.verdict.value}",
        place=named(first, visit),
        share=f"{share:.0%}",
        n=len(found.alike) + 1,
    )


def _along(found: TraceResult) -> tuple[float, float]:
    """km above the first station between which nine tenths of the probability lie, on the most probable way."""
    way = found.ranked[0].candidate.way
    own = np.array([found.problem.candidates[int(c)].at for c in found.draws.which])
    on = np.array([found.problem.candidates[int(c)].way == way for c in found.draws.which])
    station = float(np.nanmin(found.problem.ways[way].stations))
    low, high = np.quantile((station - own[on]) / 1000, (0.05, 0.95))
    return float(low), float(high)
