"""Look at the water: the class of every section at every time of a span, as arrays for pages that show the present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timezone
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.core.clock import from_ms
from shangyou.core.ports import ObservationStore, Registry
from shangyou.core.records import Ints
from shangyou.core.registry import Section
from shangyou.flows.assess import assess

DAY: Final = 86_400_000
COLUMNS: Final = (
    *("site", "time", "class_no", "complete", "uncertain", "limiting_zh", "limiting_en"),
    *("exceeding_zh", "exceeding_en", "edition"),
)


@dataclass(frozen=True, eq=False)
class Samples:
    """n samples of s sections: what each section's water was at each time."""

    sections: tuple[Section, ...]  # (s,) all that are registered, those without samples too, in order of id
    section: NDArray[np.int32]  # (n,) index into sections
    time: Ints  # (n,) ms since 1970 UTC; ordered by section, then time
    classes: NDArray[np.int8]  # (n,) 1 to 6; 0 where the sample has not all that a class wants
    table: pa.Table  # the n samples as flows.assess gives them, with COLUMNS

    def newest(self, stop: int, since: int) -> NDArray[np.intp]:
        """(s,) row of each section's newest sample with a class, at or after `since` and up to `stop`; -1 = none."""
        rows = np.flatnonzero((self.time <= stop) & (self.time >= since) & (self.classes > 0))
        found = np.full(len(self.sections), -1, np.intp)
        found[self.section[rows]] = rows  # later rows of a section overwrite earlier ones
        return found

    def text(self, row: int, column: str) -> str:
        """A text of a sample."""
        return str(self.table[column][row].as_py() or "")

    @cached_property
    def editions(self) -> tuple[str, ...]:
        """What the classes were made by."""
        return tuple(sorted(set(self.table["edition"].unique().to_pylist())))


def look(
    store: ObservationStore,
    registry: Registry,
    start: int,
    stop: int,
    legal: timezone,
    sections: Sequence[str] = (),
) -> Samples:
    """Samples at or after `start` and before `stop` [ms], of all sections or of those with the given ids."""
    period = f"{from_ms(start).isoformat()}/{from_ms(stop).isoformat()}"
    table = assess(store, registry, period, "sample", sections=sections, legal=legal).select(COLUMNS)
    asked = [registry.section(id) for id in sections] if sections else registry.sections()
    known = sorted(asked, key=lambda s: s.id)
    number = {section.id: n for n, section in enumerate(known)}
    section = np.array([number[site] for site in table["site"].to_pylist()], np.int32)
    time = table["time"].cast(pa.int64()).to_numpy()
    order = np.lexsort((time, section))
    table = table.take(pa.array(order))
    classes = np.where(table["complete"].to_numpy(), table["class_no"].to_numpy(), 0).astype(np.int8)
    return Samples(tuple(known), section[order], time[order], classes, table)
