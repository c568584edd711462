"""What a tracing found, as rows for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa

from shangyou.basin.tracing.outlook import Sample
from shangyou.basin.tracing.result import TraceResult
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, made
from shangyou.faces.rows import Rows

REAL: Final = pa.float64()
RANKED: Final = pa.schema(
    [
        ("rank", WHOLE),
        ("place", TEXT),
        ("name_zh", TEXT),
        ("name_en", TEXT),
        ("probability", REAL),
        ("begin_low", TIME),
        ("begin_middle", TIME),
        ("begin_high", TIME),
        ("hours_low", REAL),
        ("hours_high", REAL),
        ("amount_kg_low", REAL),
        ("amount_kg", REAL),
        ("amount_kg_high", REAL),
        ("fit", REAL),
        ("verdict", TEXT),
    ]
)
FURTHER: Final = pa.schema(
    [
        ("place", TEXT),
        ("name_zh", TEXT),
        ("name_en", TEXT),
        ("time", TIME),
        ("bits_place", REAL),
        ("bits_all", REAL),
        ("low", REAL),
        ("high", REAL),
    ]
)
PREDICTED: Final = pa.schema(
    [("station", TEXT), ("time", TIME), ("value", REAL), ("low", REAL), ("middle", REAL), ("high", REAL), ("fit", REAL)]
)
MOST_FURTHER: Final = 20
ELSEWHERE: Final = "elsewhere"  # in place of an id


def moment(ms: float) -> datetime:
    """A time as rows hold it."""
    return datetime.fromtimestamp(round(float(ms)) / 1000, UTC)


def ranked(found: TraceResult) -> Rows:
    """The candidates, best first, each with what would have happened there if it was the source; then the rest."""
    rest: list[dict[str, object]] = (
        [{"place": ELSEWHERE, "probability": found.elsewhere, "verdict": found.verdict.value}] if found.along else []
    )
    own: list[dict[str, object]] = [
        {
            "rank": rank,
            "place": each.candidate.id,
            "name_zh": each.candidate.name_zh,
            "name_en": each.candidate.name_en,
            "probability": each.probability,
            "begin_low": moment(each.begin.low),
            "begin_middle": moment(each.begin.middle),
            "begin_high": moment(each.begin.high),
            "hours_low": each.duration.low / 3600,
            "hours_high": each.duration.high / 3600,
            "amount_kg_low": each.amount.low / 1000,
            "amount_kg": each.amount.middle / 1000,
            "amount_kg_high": each.amount.high / 1000,
            "fit": each.fit,
            "verdict": found.verdict.value,
        }
        for rank, each in enumerate(found.ranked, 1)
    ]
    return made(RANKED, own + rest)


def further(samples: Sequence[Sample]) -> Rows:
    """The samples that would tell most, best first."""
    return made(
        FURTHER,
        (
            {
                "place": each.spot.id,
                "name_zh": each.spot.name_zh,
                "name_en": each.spot.name_en,
                "time": moment(each.time),
                "bits_place": each.tells,
                "bits_all": each.gain,
                "low": each.low,
                "high": each.high,
            }
            for each in samples[:MOST_FURTHER]
        ),
    )


def predicted(found: TraceResult) -> Rows:
    """What was seen beside what the explanations say should have been seen."""
    return made(
        PREDICTED,
        (
            {
                "station": told.station,
                "time": moment(pulse.time[i]),
                "value": float(pulse.value[i]),
                "low": float(told.low[i]),
                "middle": float(told.middle[i]),
                "high": float(told.high[i]),
                "fit": told.fit,
            }
            for told, pulse in zip(found.predicted, found.problem.pulses, strict=True)
            for i in range(len(pulse.time))
        ),
    )
