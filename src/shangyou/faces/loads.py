"""How loads are asked for: words of the command line and the API as what the flow takes."""

from __future__ import annotations

from collections.abc import Sequence

from shangyou.basin.loads.rating import TERMS
from shangyou.basin.loads.windows import Windows
from shangyou.flows.loads import How


def how_of(method: str, every: str, year_starts: int, years: float, least: int, term: Sequence[str]) -> How:
    """The method with its windows; half of the samples that a regression needs have to be values. InputError."""
    windows = Windows(years=years, least=least, least_known=max(least // 2, 8))
    return How(method, every, year_starts, windows, terms=tuple(term) or TERMS)
