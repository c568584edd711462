"""Source tracing: stations and a span are chosen, candidates ranked beside the node, and what is not known is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode

import numpy as np
from starlette.responses import Response

from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Kind, Place
from shangyou.basin.tracing.outlook import Sample
from shangyou.basin.tracing.result import Ranked, TraceResult, Verdict
from shangyou.basin.tracing.ways import middle_of
from shangyou.core import vocabulary
from shangyou.core.errors import InputError, NotFoundError, ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.api.moments import legal
from shangyou.faces.api.tracings import BEGIN
from shangyou.faces.portal.line_map import Line, line_map
from shangyou.faces.portal.parties import desk_of
from shangyou.faces.portal.river_line import point_on
from shangyou.faces.portal.spans import span_of
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.words import Words
from shangyou.faces.sentences import Sentence, sentence
from shangyou.faces.tracings import Run, tracings
from shangyou.flows.ask_upstream import owners, request
from shangyou.flows.overview import horizon
from shangyou.wiring import rivers

if TYPE_CHECKING:
    from shangyou.wiring import Node

MOST_STATIONS: Final = 4  # that a page traces with; the command line takes more
FREE: Final = 10  # km of a stretch
USUAL: Final = "ammonia_nitrogen"
NAMED: Final = 0.005  # probability of a candidate that is listed one by one
DAYS: Final = 14  # that a page looks at, at most
SHOWN_SAMPLES: Final = 5
SHOWN_RUNS: Final = 6
SHOWN_ON_MAP: Final = (Verdict.FOUND, Verdict.LIKELY, Verdict.OPEN, Verdict.STRETCH)  # with a button of the page
STATION: Final = "station."  # begins the name of a box of the form


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

    run: Run
    found: TraceResult
    samples: tuple[Sample, ...]
    line: Line
    requests: tuple[Asking, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form holds."""

    parameter: str
    stations: tuple[str, ...]
    first_day: str
    last_day: str
    free: bool


def page(visit: Visit) -> Response:
    """The form, and beside it a tracing: how far it is, or what it found."""
    span = span_of(visit, horizon(visit.node.store, visit.now).at, "week")
    stations = tuple(visit.request.query_params.getlist("station"))
    parameter = visit.query("parameter") or USUAL
    wanted = Wanted(parameter, stations, span.first_day, span.last_day, visit.query("free") == "yes")
    id = visit.query("id")
    if not id:
        return _shown(visit, wanted)
    try:
        run = tracings(cast("Node", visit.node)).run(id)
    except NotFoundError as error:  # the node was started since: the form still holds what was asked
        return _shown(visit, wanted, wrong=_said(visit, error))
    return _shown(visit, wanted, run)


def begin(visit: Visit) -> Response:
    """Begin a tracing, and go to where it is told."""
    by, form = visit.need("tracing.begin"), visit.form
    stations = tuple(key.removeprefix(STATION) for key in form if key.startswith(STATION))[:MOST_STATIONS]
    first, last = form.get("from", ""), form.get("to", "")
    wanted = Wanted(form.get("parameter", USUAL), stations, first, last, form.get("free") == "yes")
    try:
        start, stop = _days(first, last)
        done = perform(
            desk_of(visit, by),
            BEGIN,
            station=stations,
            parameter=wanted.parameter,
            start=start,
            stop=stop,
            free=float(FREE if wanted.free else 0),
        )
    except ShangyouError as error:
        if error.retryable or error.status >= 500:
            raise
        return _shown(visit, wanted, wrong=_said(visit, error))
    query = [("id", str(done["id"])), ("parameter", wanted.parameter), ("from", first), ("to", last)]
    query += [("station", each) for each in stations] + ([("free", "yes")] if wanted.free else [])
    return visit.go(f"/tracing?{urlencode(query)}")


def _days(first: str, last: str) -> tuple[str, str]:
    """From and up to which legal day values are taken: the newest DAYS. InputError "portal.days"."""
    try:
        stop = date.fromisoformat(last) + timedelta(days=1)
        start = max(date.fromisoformat(first), stop - timedelta(days=DAYS))
    except (ValueError, OverflowError):
        raise InputError("portal.days", first=first[:20], last=last[:20]) from None
    return start.isoformat(), stop.isoformat()


def _said(visit: Visit, error: ShangyouError) -> Sentence:
    return sentence(error.code, error.facts, visit.t.language)


def _shown(visit: Visit, wanted: Wanted, run: Run | None = None, wrong: Sentence | None = None) -> Response:
    network = rivers(cast("Node", visit.node)).network()
    state = "" if run is None else run.state  # looked at once: it may end meanwhile
    traced, under_way = None, state in ("waiting", "running")
    if run is not None and run.found is not None and state == "done":
        key = ("tracing", run.id, visit.t.language)
        traced = visit.once(key, lambda: _traced(visit, network, run))
    elif run is not None and run.error is not None and state == "failed":
        wrong = _said(visit, run.error)
    before = tracings(cast("Node", visit.node)).runs()
    return visit.page(
        "tracing.html",
        title=_title(visit, under_way, traced),
        offered=_offered(visit, network, wanted.parameter),
        wanted=wanted,
        parameters=sorted({key.parameter for key in visit.node.store.series()} & set(vocabulary.parameters())),
        run=run,
        under_way=under_way,
        state=state,
        ahead=max(0, sum(each.under_way and each.at <= run.at for each in before) - 1) if run is not None else 0,
        before=before[:SHOWN_RUNS],
        verdict=lambda each: _verdict(visit, each),
        address=_address,
        on_map=lambda each: _on_map(network, each, run.asked.parameter) if run is not None else "",
        head_map=traced is not None and traced.found.verdict in SHOWN_ON_MAP,
        stations=lambda each: _stations(visit, network, each),
        station=lambda each: _station(visit, network, each),
        traced=traced,
        ranked=[each for each in traced.found.ranked if each.probability >= NAMED] if traced else [],
        name=lambda each: named(each, visit),
        place=lambda p: p.name_zh if visit.t.language == "zh" else p.name_en or p.name_zh,
        rounded=rounded,
        member_name=lambda member: _member(visit, member),
        wrong=wrong,
        most=MOST_STATIONS,
    )


def _stations(visit: Visit, network: Network, run: Run) -> str:
    """The stations of a tracing by name."""
    return visit.t("tracing.comma").join(_station(visit, network, each) for each in run.asked.stations)


def _station(visit: Visit, network: Network, id: str) -> str:
    """The name of a station; its id where the network has it no more."""
    if not network.has(id):
        return id
    own = network.places[network.index(id)]
    return own.name_zh if visit.t.language == "zh" else own.name_en or own.name_zh


def _address(run: Run) -> str:
    """Where a tracing is told."""
    asked = run.asked
    days = [legal(asked.start)[:10], legal(asked.stop - 1)[:10]]
    query = [("id", run.id), ("parameter", asked.parameter), ("from", days[0]), ("to", days[1])]
    query += [("station", each) for each in asked.stations] + ([("free", "yes")] if asked.free else [])
    return f"/tracing?{urlencode(query)}"


def _on_map(network: Network, each: Ranked, parameter: str) -> str:
    """The map with the plume that would go down from a candidate; "" where its place is not on the network's lines."""
    id, amount = each.candidate.id, each.amount
    place = {"section": id}
    if not network.has(id):
        spot = middle_of(network, id)
        where = None if spot is None else point_on(network, *spot)
        if spot is None or where is None:
            return ""
        place = {"reach": network.reaches[spot[0]].id, "at": f"{where[0]},{where[1]}"}
    figures = {
        "kg": _plain(amount.middle / 1000),
        "least": _plain(amount.low / 1000),
        "most": _plain(amount.high / 1000),
        "hours": _plain(each.duration.middle / 3600, 2),
        "began": str(round(each.begin.middle)),
    }
    return f"/map?{urlencode({**place, **figures, 'substance': parameter})}"


def _plain(value: float, count: int = 4) -> str:
    """So many digits that count, without an exponent."""
    return np.format_float_positional(float(f"{value:.{count}g}"), trim="-")


def _verdict(visit: Visit, run: Run) -> str:
    """What may be said of an earlier one, or how far it is."""
    state = run.state
    if run.found is None or state != "done":
        return visit.t(f"tracing.state.{state}", share=f"{run.share:.0%}")
    return _finding(visit, run.found)


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


def _traced(visit: Visit, network: Network, run: Run) -> Traced:
    found, asked = cast(TraceResult, run.found), run.asked
    station = network.places[network.index(found.problem.pulses[0].station)]
    told = tuple(
        _asking(found, network, member, chance, asked.parameter, station)
        for member, chance in owners(found, network).items()
        if chance >= NAMED
    )
    names = [_station(visit, network, pulse.station) for pulse in found.problem.pulses]
    return Traced(run, found, _best(run.samples), line_map(found, names, visit.t), told)


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


def _best(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """The best sample of each place, of those that tell something."""
    seen: dict[str, Sample] = {}
    for each in samples:
        if each.gain >= 0.01:
            seen.setdefault(each.spot.id, each)
    return tuple(seen.values())[:SHOWN_SAMPLES]


def _title(visit: Visit, under_way: bool, traced: Traced | None) -> str:
    """What may be said, no more."""
    if traced is not None:
        return _finding(visit, traced.found)
    return visit.t("tracing.computing") if under_way else visit.t("tracing.title")


def _finding(visit: Visit, found: TraceResult) -> str:
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
