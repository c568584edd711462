"""How the water changes over many periods: rank correlation of each item at each section with time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timezone
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError
from shangyou.core.ports import ObservationStore, Registry
from shangyou.core.records import Ints
from shangyou.flows.assess import Question, chosen_items, find_places, offset_ms, selection
from shangyou.governance.change import spearman_trend
from shangyou.governance.means import PH, item_means
from shangyou.governance.periods import parse_period
from shangyou.governance.samples import Samples, pivot, select_series
from shangyou.governance.tables import item_names
from shangyou.standards.surface_water import assessment_rules

EVERY: Final = {"month": 1, "quarter": 3, "year": 12}  # months in one
WORDS: Final = {
    "rising": ("上升", "Rising"),
    "falling": ("下降", "Falling"),
    "none": ("无明显趋势", "No marked trend"),
    "short": ("时段不足", "Too few periods"),
}


def trend(
    store: ObservationStore,
    registry: Registry,
    period: str,
    every: str = "month",
    *,
    items: Sequence[str] = (),
    sections: Sequence[str] = (),
    as_of: int | None = None,
    level: float = 0.05,
    legal: timezone = LEGAL,
) -> pa.Table:
    """One row a section and item: does its mean of each month, quarter or year rise or fall over the period?

    Args:
        period: the whole time looked at, see governance.periods.
        every: month, quarter or year; quarters and years are means of their months.
        level: of significance, 0.05 or 0.01.

    A rise is of the number: rising oxygen is good, rising phosphorus is bad.
    Raises InputError "assess.every", "assess.items", "period.form", "period.order".
    """
    if every not in EVERY:
        raise InputError("assess.every", every=every, known=", ".join(EVERY))
    span = parse_period(period, legal)
    rules = assessment_rules(span.last)
    asked = chosen_items(items, span.last)
    question = Question(span, asked, "rule", as_of, tuple(sections), {}, True, legal)
    table = store.means(selection(registry, question, asked), "month", offset_ms(legal), logarithmic=(PH,))
    places, place_of, _ = find_places(registry, question, pc.unique(table["site"]).to_pylist())
    long = select_series(table, place_of, asked)
    time = pc.cast(table["period"], pa.int64()).to_numpy()[long.row]
    months, _ = pivot(long, time, table["mean"].to_numpy()[long.row], len(asked))
    means = _periods(months, asked, EVERY[every], offset_ms(legal))
    rows = []
    for place in np.unique(means.place).tolist():
        values = means.values[means.place == place]
        there = np.flatnonzero(~np.isnan(values).all(axis=0)).tolist()
        rows += [(place, column, spearman_trend(values[:, column], rules, level)) for column in there]
    zh, en = item_names(span.last, asked)
    at = np.array([row[0] for row in rows], np.int64)
    found = [row[2] for row in rows]
    return pa.table(
        {
            **places.columns(at),
            "parameter": pa.array([asked[row[1]] for row in rows], pa.string()),
            "parameter_zh": pa.array([zh[asked[row[1]]] for row in rows], pa.string()),
            "parameter_en": pa.array([en[asked[row[1]]] for row in rows], pa.string()),
            "periods": pa.array([one.periods for one in found], pa.int64()),
            "correlation": pa.array([one.correlation for one in found], pa.float64()),
            "critical": pa.array([one.critical for one in found], pa.float64()),
            "trend": pa.array([one.key for one in found], pa.string()),
            "trend_zh": pa.array([WORDS[one.key][0] for one in found], pa.string()),
            "trend_en": pa.array([WORDS[one.key][1] for one in found], pa.string()),
        }
    )


def _periods(months: Samples, items: tuple[str, ...], length: int, offset: int) -> Samples:
    """Means of months gathered into periods of so many months; `time` is the number of the period."""
    local = (months.time + offset).astype("datetime64[ms]").astype("datetime64[M]")
    number: Ints = local.astype(np.int64) // length
    keys, group = np.unique(np.stack([months.place, number]), axis=1, return_inverse=True)
    return Samples(keys[0], keys[1], item_means(months.values, items, group.reshape(-1), keys.shape[1]))
