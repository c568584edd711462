"""What a tracing found, and how far it can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shangyou.basin.tracing.problem import Candidate, Problem
from shangyou.basin.tracing.region import Region
from shangyou.basin.tracing.sampling import Draws
from shangyou.core.records import Array


class Verdict(StrEnum):
    """What may be said."""

    QUIET = "quiet"  # nothing stands out of the background: there is nothing to trace
    UNEXPLAINED = "unexplained"  # no candidate explains what was seen; the ranking is only among them
    FOUND = "found"  # one candidate has nine tenths of the probability or more
    LIKELY = "likely"  # one has three times the probability of the next, or more
    OPEN = "open"  # two or more cannot be told apart
    ELSEWHERE = "elsewhere"  # more probably from somewhere else along the water than from any candidate
    STRETCH = "stretch"  # the place was free: see the region


@dataclass(frozen=True, slots=True)
class Range:
    """A value with the shortest span that holds nine tenths of its probability."""

    low: float
    middle: float  # median
    high: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate, with what would have happened there if it was the source."""

    candidate: Candidate
    probability: float
    place: Range  # m from the start of the way
    begin: Range  # ms since 1970 UTC
    duration: Range  # s
    amount: Range  # g
    fit: float  # probability of a misfit as large as its best, if it was the source; small = it does not explain


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What the explanations say a station should have seen [g/m3], with the background."""

    station: str
    low: Array  # (m,) 5 %
    middle: Array  # (m,) median
    high: Array  # (m,) 95 %
    fit: float  # probability of a misfit as large as that of the best explanation, at this station


@dataclass(frozen=True, slots=True, eq=False)
class TraceResult:
    """The answer of a tracing."""

    problem: Problem
    verdict: Verdict
    ranked: tuple[Ranked, ...]  # outlets, or stretches where there are no others, best first; without the hopeless
    along: tuple[Ranked, ...]  # stretches, where both were asked about
    elsewhere: float  # probability that it came from one of those and not from an outlet
    alike: tuple[str, ...]  # ids that cannot be told from the first
    unseen: tuple[str, ...]  # ids below all stations: nothing flows upstream, so nothing can be said
    predicted: tuple[Predicted, ...]
    fit: float  # as of the best explanation of all, over all stations
    region: Region
    groups: tuple[int, ...]  # of each candidate, the group in the region
    draws: Draws
    log_odds: float  # of a release against none, natural logarithm
    effective: float  # number of independent draws that the ranking rests on, at the first candidate

    def holds(self, candidate: str, place: float, begin: int, amount: float) -> bool:
        """Is an explanation in the credible region? place [m], begin [ms since 1970 UTC], amount [g]."""
        groups = {each.id: group for each, group in zip(self.problem.candidates, self.groups, strict=True)}
        return self.region.holds(groups.get(candidate, -1), place, float(self.problem.seconds(begin)), amount)
