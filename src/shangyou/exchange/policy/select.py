"""A scope to the question that a store is asked, so that what may not leave is never read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shangyou.core.ports import Selection
from shangyou.exchange.scope import Scope

COPIES = ("transfer",)  # kind of the batches that transfers and feeds bring

Sites = Callable[[str], Sequence[str]]


def selection(scope: Scope, at: int, sites: Sites | None = None) -> Selection | None:
    """The question for what a scope lets through at a time [ms since 1970 UTC]; None if that is nothing.

    sites: site ids under which the observations of a section stand, as Registry.sites_of; None = its own id alone.
    Resolution, rows and bytes are for the caller to keep: means instead of values, and where to stop.
    """
    named = (scope.sections, scope.parameters, scope.cadences, scope.statistics)
    if any(names is not None and not names for names in named):  # to a store an empty tuple would mean "all"
        return None
    sections = sorted(scope.sections or ())
    where = [site for section in sections for site in (sites(section) if sites is not None else (section,))]
    if sections and not where:
        return None
    stop = scope.stop
    if scope.delay:
        aged = at - scope.delay + 1
        stop = aged if stop is None else min(stop, aged)
    if scope.start is not None and stop is not None and scope.start >= stop:
        return None
    return Selection(
        sites=tuple(dict.fromkeys(where)),
        parameters=tuple(sorted(scope.parameters or ())),
        cadences=tuple(sorted(scope.cadences or ())),
        statistics=tuple(sorted(scope.statistics or ())),
        start=scope.start,
        stop=stop,
        review=scope.review,
        besides=COPIES,  # the owner answers for its data: what came from another member goes to nobody from here
    )
