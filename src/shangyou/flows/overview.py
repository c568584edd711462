"""The state of the basin in one view: classes now and a day ago, what arrived, which devices are heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timezone
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.ports import Intake, ObservationStore, Registry, Selection, Session
from shangyou.core.records import Flag, Mark
from shangyou.core.registry import Device, Section
from shangyou.flows.look import DAY, Samples, look

HOUR: Final = 3_600_000
TARGET: Final = 3  # the class that counts as good: III
EXPECTED: Final = {"hour": 24, "4h": 6, "day": 1}  # values a day; other cadences promise no number
KNOWN_FOR: Final = 30 * DAY  # a series that was silent longer than this is not expected any more
SESSIONS: Final = 5000
KEY: Final = ("site", "parameter", "cadence", "statistic")
USABLE: Final = pa.array([Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT], pa.uint8())


@dataclass(frozen=True, slots=True)
class Horizon:
    """The moment that "now" means for the data that there are."""

    at: int  # ms since 1970 UTC
    historic: bool  # the newest observation is more than a day old, so its time stands for now


def horizon(store: ObservationStore, now: int) -> Horizon:
    """Now, or the time of the newest observation where that is more than a day ago."""
    last = store.size().last
    if last is not None and last < now - DAY:
        return Horizon(last, True)
    return Horizon(now, False)


@dataclass(frozen=True, slots=True)
class State:
    """A section and what its water is like."""

    section: Section
    class_no: int  # 1 to 6, 0 = no complete sample in the last day
    at: int | None  # ms since 1970 UTC, of the sample
    before: int  # class a day earlier
    exceeding_zh: str  # what is over the limit of class III, and how many times: 总磷(0.2)、氨氮(0.1)
    exceeding_en: str


def states(samples: Samples, at: int) -> list[State]:
    """Every section, those without any data too: its newest class up to `at`, and the one a day before."""
    now, earlier = samples.newest(at, at - DAY), samples.newest(at - DAY, at - 2 * DAY)
    found = []
    for section, row, old in zip(samples.sections, now.tolist(), earlier.tolist(), strict=True):
        class_no = int(samples.classes[row]) if row >= 0 else 0
        over = class_no > TARGET
        found.append(
            State(
                section=section,
                class_no=class_no,
                at=int(samples.time[row]) if row >= 0 else None,
                before=int(samples.classes[old]) if old >= 0 else 0,
                exceeding_zh=samples.text(row, "exceeding_zh") if over else "",
                exceeding_en=samples.text(row, "exceeding_en") if over else "",
            )
        )
    return found


def severity(state: State) -> tuple[int, int, str]:
    """Order of urgency: the worst class first, then how many items exceed."""
    return (-state.class_no, -len(state.exceeding_zh.split("、")), state.section.id)


@dataclass(frozen=True, slots=True)
class Group:
    """Sections of one province or river, counted by class."""

    name: str
    counts: tuple[int, ...]  # (7,) by class number, 0 = no data

    @property
    def known(self) -> int:
        """Sections with a class."""
        return sum(self.counts[1:])

    @property
    def good(self) -> int:
        """Sections of class I to III."""
        return sum(self.counts[1:4])


def group(states: Sequence[State], name: Callable[[Section], str]) -> list[Group]:
    """Sections by a name of theirs, the most first; those whose name is not known come last."""
    counts: dict[str, list[int]] = {}
    for state in states:
        counts.setdefault(name(state.section), [0] * 7)[state.class_no] += 1
    groups = [Group(key, tuple(count)) for key, count in counts.items()]
    return sorted(groups, key=lambda g: (g.name == "", -sum(g.counts), g.name))


@dataclass(frozen=True, slots=True)
class Arrival:
    """How much of what was due has come."""

    start: int  # ms since 1970 UTC
    stop: int
    series: int  # that promise a number of values
    expected: int  # values due
    arrived: int  # values or marks that came for them
    usable: int  # of these, values that an assessment may use
    silent: tuple[str, ...]  # sites from which nothing came


def arrival(store: ObservationStore, stop: int) -> Arrival:
    """Values of a day against those due by cadence: of the last 24 hours whose periods had ended by `stop` [ms].

    A series is expected unless its newest value is more than thirty days older than `stop`.
    """
    due = _due(store.latest().select([*KEY, "time"]), stop)
    counted = due.join(_counted(store, stop), list(KEY), join_type="left outer")
    expected = counted["expected"].to_numpy()
    came, usable = (np.nan_to_num(counted[name].to_numpy()) for name in ("usable_count", "usable_sum"))
    sites, heard = (set(t["site"].unique().to_pylist()) for t in (due, counted.filter(pa.array(came > 0))))
    return Arrival(
        start=stop - DAY,
        stop=stop,
        series=len(due),
        expected=int(expected.sum()),
        arrived=int(np.minimum(came, expected).sum()),
        usable=int(np.minimum(usable, expected).sum()),
        silent=tuple(sorted(sites - heard)),
    )


def _due(newest: pa.Table, stop: int) -> pa.Table:
    """Series that promise values, with how many a day: KEY and `expected`."""
    alive = newest["time"].cast(pa.int64()).to_numpy() >= stop - KNOWN_FOR
    expected = np.zeros(len(newest), np.int64)
    for cadence, count in EXPECTED.items():
        expected[pc.equal(newest["cadence"], cadence).to_numpy()] = count
    due = newest.select(KEY).append_column("expected", pa.array(expected))
    return due.filter(pa.array(alive & (expected > 0)))


def _counted(store: ObservationStore, stop: int) -> pa.Table:
    """Of each series the values or marks, and the usable values, of its last 24 hours of ended periods."""
    came = store.select(Selection(start=stop - 2 * DAY, stop=stop, cadences=tuple(EXPECTED)))
    age = stop - came["time"].cast(pa.int64()).to_numpy()
    period = np.zeros(len(came), np.int64)
    for cadence, count in EXPECTED.items():
        period[pc.equal(came["cadence"], cadence).to_numpy()] = DAY // count
    # a value that was never meant to come (mark: not measured) did not come
    kept = (age >= period) & (age < period + DAY) & (came["mark"].to_numpy() != Mark.NOT_MEASURED)
    came = came.filter(pa.array(kept))
    usable = pc.and_(pc.is_in(came["flag"], USABLE), pc.is_finite(came["value"]))
    table = pa.table([came[k] for k in KEY] + [pc.cast(usable, pa.int64())], [*KEY, "usable"])
    return table.group_by(KEY).aggregate([("usable", "count"), ("usable", "sum")])


@dataclass(frozen=True, slots=True)
class Hearing:
    """A device and when it was last heard."""

    device: Device
    session: Session | None  # its newest
    online: bool


def hearings(registry: Registry, intake: Intake, now: int) -> list[Hearing]:
    """Every active device: online with an open connection or a packet within the last hour."""
    newest: dict[str, Session] = {}
    for session in intake.sessions(limit=SESSIONS):
        known = newest.get(session.mn)
        if known is None or session.last > known.last:
            newest[session.mn] = session
    found = []
    for device in registry.devices():
        if device.status == "active":
            seen = newest.get(device.mn)
            online = seen is not None and (seen.closed is None or now - seen.last <= HOUR)
            found.append(Hearing(device, seen, online))
    return found


@dataclass(frozen=True, slots=True)
class Overview:
    """What the cockpit shows."""

    horizon: Horizon
    states: tuple[State, ...]
    editions: tuple[str, ...]
    arrival: Arrival
    hearings: tuple[Hearing, ...]

    @property
    def all(self) -> Group:
        """All sections as one group."""
        return Group("", tuple(np.bincount([s.class_no for s in self.states], minlength=7).tolist()))

    @property
    def exceeding(self) -> list[State]:
        """Sections worse than class III, the most urgent first."""
        return sorted((s for s in self.states if s.class_no > TARGET), key=severity)

    @property
    def worsened(self) -> list[State]:
        """Of these the ones that were class III or better a day before."""
        return [s for s in self.exceeding if 0 < s.before <= TARGET]


def current(
    store: ObservationStore,
    registry: Registry,
    now: int,
    legal: timezone,
    time: int | None = None,
    sections: Sequence[str] = (),
) -> tuple[Horizon, list[State]]:
    """Sections (all, or those with the given ids) at `time` [ms]; None = now, or the newest of historic data."""
    at = horizon(store, now) if time is None else Horizon(time, False)
    return at, states(look(store, registry, at.at - 2 * DAY, at.at + 1, legal, sections), at.at)


def overview(store: ObservationStore, registry: Registry, intake: Intake, now: int, legal: timezone) -> Overview:
    """Classes, arrival and devices at `now` [ms], or at the newest observation of historic data."""
    at = horizon(store, now)
    samples = look(store, registry, at.at - 2 * DAY, at.at + 1, legal)
    return Overview(
        horizon=at,
        states=tuple(states(samples, at.at)),
        editions=samples.editions,
        arrival=arrival(store, at.at + 1),
        hearings=tuple(hearings(registry, intake, now)),
    )
