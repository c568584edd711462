"""What experts marked in the Logan River files, beside what the packaged plan flags there.

Only the four files that the experts have worked through. They mark whole stretches, for drift and fouling too,
which no test of single values can see; what their codes mean is not stated in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shangyou.core.records import Bits, Bytes, Check, Flag, Observations, SeriesKey
from shangyou.quality.check import check
from shangyou.quality.lines import Mask
from shangyou.quality.reader import packaged_plan
from tests.quality.logan import PARAMETERS, Column, columns

HEAD = "| | values | marked | flagged | both | precision | recall | failed | of them marked |"
WORKED_THROUGH = ("FranklinBasin2014", "FranklinBasin2020", "MainStreet2019", "Mendon2019")


@dataclass(frozen=True)
class Finding:
    """Counts of values; precision and recall follow."""

    name: str
    values: int = 0
    marked: int = 0  # by the experts
    flagged: int = 0  # by ours, as suspect or fail
    both: int = 0
    failed: int = 0  # by ours, as fail
    failed_marked: int = 0

    @property
    def precision(self) -> float:
        return self.both / max(self.flagged, 1)

    @property
    def recall(self) -> float:
        return self.both / max(self.marked, 1)

    def __add__(self, other: Finding) -> Finding:
        counts = ("values", "marked", "flagged", "both", "failed", "failed_marked")
        return Finding(self.name, *(getattr(self, c) + getattr(other, c) for c in counts))

    def row(self) -> str:
        return (
            f"| {self.name} | {self.values:,} | {self.marked:,} | {self.flagged:,} | {self.both:,} "
            f"| {self.precision:.2f} | {self.recall:.2f} | {self.failed:,} | {self.failed_marked:,} |"
        )


def findings(folder: Path) -> list[Finding]:
    """By file, parameter, and test, and all together."""
    by_file, by_parameter = dict[str, Finding](), dict[str, Finding]()
    by_test = {bit: Finding((bit.name or "").lower().replace("_", " ")) for bit in Check}
    for file in WORKED_THROUGH:
        for column, bits, flag in _checked([c for c in columns(folder) if c.file == file]):
            found = _count(column, (flag == Flag.SUSPECT) | (flag == Flag.FAIL), flag == Flag.FAIL)
            by_file[file] = by_file.get(file, Finding(file)) + found
            name = PARAMETERS[column.name].replace("_", " ")
            by_parameter[name] = by_parameter.get(name, Finding(name)) + found
            for bit in Check:
                by_test[bit] += _count(column, (bits & bit) != 0, ((bits & bit) != 0) & (flag == Flag.FAIL))
    whole = sum(by_file.values(), Finding("all"))
    return [*by_file.values(), *by_parameter.values(), *(f for f in by_test.values() if f.flagged), whole]


def _checked(
    together: list[Column],
) -> list[tuple[Column, Bits, Bytes]]:
    n = len(together[0].value)
    nothing = np.zeros(n * len(together), np.uint8)
    rows = Observations(
        tuple(SeriesKey(column.file, column.parameter, "instant") for column in together),
        np.repeat(np.arange(len(together), dtype=np.int32), n),
        np.concatenate([column.time for column in together]),
        np.concatenate([column.value for column in together]),
        nothing,
        nothing,
    )
    flagged = check(rows, None, int(rows.time.max()), packaged_plan())
    bits, flag = (flagged.suspect | flagged.fail).reshape(-1, n), flagged.flag.reshape(-1, n)
    return list(zip(together, bits, flag, strict=True))


def _count(
    column: Column,
    flagged: Mask,
    failed: Mask,
) -> Finding:
    assert column.judged is not None
    there = ~np.isnan(column.value)
    flagged, failed, marked = flagged & there, failed & there, column.judged & there
    counts = (there, marked, flagged, flagged & marked, failed, failed & marked)
    return Finding("", *(int(np.sum(c)) for c in counts))
