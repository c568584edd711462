"""Do our classes equal the published ones? Each difference is put under a reason that can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Ints
from shangyou.core.registry import WaterKind
from shangyou.governance.assessment import Bools, assess_values
from shangyou.governance.classify import Classes, class_range
from shangyou.standards.surface_water import decimals, limits


class Reason(IntEnum):
    """Why a published class is not ours. The first that holds counts."""

    EQUAL = 0
    NO_VALUES = 1  # a class without any value to make it of
    OTHER_VERSION = 2  # it fits another version of the same sample's values: they were revised
    SHOWN_DIGITS = 3  # a value stands so near a limit that the digits that were not shown decide
    SECTION_LIMITS = 4  # at this section the source mostly uses the limits of the other kind of water
    EARLIER_CLASS = 5  # it is the class of the sample before: values were shown before their class
    OTHER_LIMITS = 6  # it fits the limits of the other kind of water, in this sample only
    UNEXPLAINED = 7


REASON_TEXT = {
    Reason.EQUAL: "equal",
    Reason.NO_VALUES: "published without values",
    Reason.OTHER_VERSION: "fits another version of the same sample (values were revised)",
    Reason.SHOWN_DIGITS: "a value on a limit: the digits not shown decide",
    Reason.SECTION_LIMITS: "the source uses the other limits (lake or river) at this section",
    Reason.EARLIER_CLASS: "the class of the sample before is still shown",
    Reason.OTHER_LIMITS: "fits the other limits (lake or river) in this sample only",
    Reason.UNEXPLAINED: "no reason found",
}


@dataclass(frozen=True, slots=True, eq=False)
class PublishedSamples:
    """n samples with the class that a source published."""

    items: tuple[str, ...]  # (m,)
    place: Ints  # (n,) any number of the section
    time: Ints  # (n,) ms since 1970 UTC; several rows of one place and time are versions
    values: Array  # (n, m) in canonical units
    lake: Bools  # (n,) which we class by lake limits
    published: Classes  # (n,) 1 to 6

    def __len__(self) -> int:
        return len(self.published)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The comparison, row by row."""

    computed: Classes  # (n,)
    reason: NDArray[np.int8]  # (n,) Reason

    def count(self, reason: Reason) -> int:
        """How many rows have a reason."""
        return int(np.count_nonzero(self.reason == reason))

    @property
    def share(self) -> float:
        """Equal rows in percent of all."""
        return 100.0 * self.count(Reason.EQUAL) / len(self.reason) if len(self.reason) else float("nan")


def compare(samples: PublishedSamples, on: date, *, rounded: bool, shown: str | None) -> Compared:
    """Compare published with computed classes.

    Args:
        on: day whose editions apply.
        rounded: whether the source rounds to the decimals of assessment first (standards.publication).
        shown: to which decimals the values that we have were cut ("hourly", "assess"); None = they are whole.
    """
    computed = _classes(samples, samples.lake, on, rounded)
    other = _classes(samples, ~samples.lake, on, rounded)
    group, versions, earlier = _neighbours(samples, computed)
    differs = computed != samples.published
    fits_other = differs & (other == samples.published)
    bit = np.left_shift(1, samples.published.astype(np.int64))
    reason = np.full(len(samples), Reason.UNEXPLAINED, np.int8)
    # written from the last reason to the first, so that the first that holds stays
    reason[fits_other] = Reason.OTHER_LIMITS
    reason[(earlier[group] & bit) != 0] = Reason.EARLIER_CLASS
    reason[fits_other & _sections_by(samples, fits_other, (computed == samples.published) & (other != computed))] = (
        Reason.SECTION_LIMITS
    )
    if shown is not None:
        reason[_within_shown(samples, on, rounded, shown)] = Reason.SHOWN_DIGITS
    reason[(versions[group] & bit) != 0] = Reason.OTHER_VERSION
    reason[computed == 0] = Reason.NO_VALUES
    reason[~differs] = Reason.EQUAL
    return Compared(computed, reason)


def _classes(samples: PublishedSamples, lake: Bools, on: date, rounded: bool) -> Classes:
    return assess_values(samples.values, lake, samples.items, on, rounded=rounded).classified.overall


def _neighbours(samples: PublishedSamples, computed: Classes) -> tuple[NDArray[np.intp], Ints, Ints]:
    """Group of each row by place and time; per group, the classes computed in it and those published just before it.

    Sets of classes are bits.
    """
    start = int(samples.time.min()) if len(samples) else 0
    span = int(samples.time.max()) - start + 1 if len(samples) else 1
    keys, group = np.unique(samples.place * span + (samples.time - start), return_inverse=True)
    versions, published = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    np.bitwise_or.at(versions, group, np.left_shift(1, computed.astype(np.int64)))
    np.bitwise_or.at(published, group, np.left_shift(1, samples.published.astype(np.int64)))
    earlier = np.zeros(len(keys), np.int64)
    earlier[1:] = np.where(keys[1:] // span == keys[:-1] // span, published[:-1], 0)
    return group, versions, earlier


def _sections_by(samples: PublishedSamples, follows_other: Bools, follows_ours: Bools) -> Bools:
    """Rows of sections where, of the samples that tell the two kinds of limits apart, most follow the other kind."""
    _, place = np.unique(samples.place, return_inverse=True)
    balance = np.bincount(place, weights=follows_other.astype(float)) - np.bincount(
        place, weights=follows_ours.astype(float)
    )
    result: Bools = (balance > 0)[place]
    return result


def _within_shown(samples: PublishedSamples, on: date, rounded: bool, shown: str) -> Bools:
    """Rows whose published class is possible for some of the numbers that round to the values shown."""
    places = decimals(on, samples.items, shown)
    half = np.array([0.5 * 10.0**-digits if digits is not None else 0.0 for digits in places])
    result = np.zeros(len(samples), np.bool_)
    digits = decimals(on, samples.items) if rounded else None
    for kind, rows in ((WaterKind.RIVER, ~samples.lake), (WaterKind.LAKE, samples.lake)):
        values = samples.values[rows]
        best, worst = class_range(values - half, values + half, limits(on, samples.items, kind), digits)
        published = samples.published[rows]
        result[rows] = (best.max(axis=1, initial=0) <= published) & (published <= worst.max(axis=1, initial=0))
    return result


def summary(rows: Sequence[tuple[str, Compared]]) -> str:
    """A table in Markdown: one row a source, the share that is equal, and how many differences have which reason."""
    reasons = [r for r in Reason if r is not Reason.EQUAL and any(c.count(r) for _, c in rows)]
    lines = [
        "| source | samples | equal | share | " + " | ".join(REASON_TEXT[r] for r in reasons) + " |",
        "|---|--:|--:|--:|" + "--:|" * len(reasons),
    ]
    for name, compared in rows:
        counts = [f"{compared.count(r):,}" for r in reasons]
        equal = compared.count(Reason.EQUAL)
        lines.append(
            f"| {name} | {len(compared.reason):,} | {equal:,} | {compared.share:.2f} % | " + " | ".join(counts) + " |"
        )
    return "\n".join(lines) + "\n"
