"""What the flows need of the world, as protocols. Adapters fulfil them; tests bring small real ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import pyarrow as pa

from shangyou.core.journal import Entry
from shangyou.core.records import Counts, Flagged, Ints, Refusal, SeriesKey
from shangyou.core.registry import Agency, Device, River, Section


@dataclass(frozen=True, slots=True)
class Batch:
    """One act of intake: a file, a pulled page, or the packets of about a second."""

    id: int  # id of its first journal entry, so that a replay makes the same batch
    kind: str  # as Raw.kind
    source: str  # file name, address, or "hj212"
    received: int  # ms since 1970 UTC
    digest: str = ""  # sha256 of the bytes and the note, hex; "" for live packets
    by: str = ""  # person or programme that asked for it
    entries: int = 1  # how many journal entries it covers, from id on


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch with what became of it."""

    batch: Batch
    counts: Counts
    withdrawn: int | None = None  # ms since 1970 UTC, when it was rolled back


@dataclass(frozen=True, slots=True)
class Selection:
    """Which observations. Empty tuples mean no restriction."""

    sites: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    cadences: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    start: int | None = None  # ms since 1970 UTC, from and including
    stop: int | None = None  # up to and not including
    as_of: int | None = None  # what was known at that time (received at or before it)
    versions: bool = False  # all versions, not only the one in force
    review: int = 0  # at least this level of review, records.Review
    usable: bool = False  # only values that flags allow in an assessment: GOOD, NOT_EVALUATED, SUSPECT
    limit: int | None = None
    besides: tuple[str, ...] = ()  # not what came in batches of these kinds


OBSERVATION_COLUMNS = (  # of every table of observations that a store hands out, in this order
    "site",  # string
    "parameter",  # string
    "cadence",  # string
    "statistic",  # string
    "time",  # timestamp[ms, UTC]
    "revision",  # int32, 0 = as first received
    "value",  # float64, canonical unit
    "censor",  # uint8, Censor
    "upper",  # float64
    "mark",  # uint8, Mark
    "flag",  # uint8, Flag
    "suspect",  # uint32, Check bits
    "fail",  # uint32, Check bits
    "origin",  # uint8, Origin
    "review",  # uint8, Review
    "received",  # timestamp[ms, UTC]
    "batch",  # int64, Batch.id
    "entry",  # int64, raw journal entry, -1 = not kept
)

MEASURES = (  # what ObservationStore.means can tell of the usable values of a period
    "mean",  # float64, canonical unit; what is below a limit enters with half of it
    "count",  # int64
    "minimum",  # float64
    "maximum",  # float64
    "censored",  # int64, how many were below a limit
)


class Progress(NamedTuple):
    """How far the journal has been read into the store."""

    done: int = 0  # entries before it are in the store
    needed: int = 0  # oldest entry that a reader still waits upon, e.g. part 1 of 2; <= done


class ObservationStore(Protocol):
    """Versions of observations. Nothing is overwritten; `append` is safe to repeat."""

    def append(
        self,
        batch: Batch,
        flagged: Flagged,
        refused: int = 0,
        progress: Progress | None = None,
        *,
        part: int = 0,
        received: Ints | None = None,
        again: Flagged | None = None,
    ) -> Counts:
        """Add what is new or changed, in one transaction with the batch's row and the journal progress.

        Of several values for one (series, time) in the batch the last one counts: if it equals the version
        in force the whole is unchanged; otherwise each different value becomes a revision, in order.

        Args:
            batch, flagged, refused: what came in, and how much of it was refused.
            progress: how far the journal is in the store with this.
            part: 0, 1, 2 ... of a batch that comes in parts, whose counts add up. A part that is there already,
                because a crash came before the next, is not applied again.
            received: (n,) [ms since 1970 UTC], where the rows of a batch did not come together.
            again: observations in force that were judged again in the light of the new ones. Where they still say
                the same and nobody has reviewed them, a version with the new verdict takes their place.
        """
        ...

    def correct(self, batch: Batch, flagged: Flagged, origin: int, review: int) -> Counts:
        """Append corrected versions, or versions at a new review level, of observations that exist.

        The batch is entered if it is not known; the counts of a known one stay.
        """
        ...

    def withdraw(self, batch: int, received: int) -> Counts:
        """Roll a batch back by new versions: the newest of a batch that was not is in force again, or none is.

        Raises NotFoundError "store.batch"; ConflictError "store.withdrawn" if it was rolled back before,
        "store.unfinished" while it is still being taken in.
        """
        ...

    def select(self, selection: Selection) -> pa.Table:
        """Observations in order of site, parameter, cadence, statistic, time, revision."""
        ...

    def stream(self, selection: Selection, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """The same in batches of about so many rows, memory bounded."""
        ...

    def latest(self, sites: Sequence[str] = (), parameters: Sequence[str] = ()) -> pa.Table:
        """The newest observation of each series; same columns."""
        ...

    def newest(self, sites: Sequence[str] = (), parameters: Sequence[str] = ()) -> int | None:
        """When the newest of these arrived [ms since 1970 UTC]; None if there are none."""
        ...

    def means(
        self,
        selection: Selection,
        period: str,
        offset_ms: int,
        logarithmic: Sequence[str] = (),
        measures: Sequence[str] = ("mean", "count"),
    ) -> pa.Table:
        """Means of usable values: site, parameter, cadence, statistic, period (its start, timestamp[ms, UTC]), and the
        MEASURES asked for, in the order asked; what is not asked for is not worked out.

        period: hour, day, month, quarter, year or all; offset_ms: of the legal day from UTC. The mean of parameters
        named in `logarithmic` is -log10(mean(10^-x)), as rules ask for pH; all others are arithmetic.
        Raises InputError "store.period", "store.measure".
        """
        ...

    def summaries(
        self,
        selection: Selection,
        labels: Mapping[str, str],
        period: str,
        offset_ms: int,
        logarithmic: Sequence[str] = (),
        percentiles: bool = False,
    ) -> pa.Table:
        """What several stores can add up: exchange.summaries, one row a group, in order of its keys.

        labels: by site the group that its series belong to; sites without one take no part. period, offset_ms,
        logarithmic: as of `means`. percentiles: count the values in buckets too. Values that cannot be (beyond 10^12)
        are left out. Raises InputError "store.period".
        """
        ...

    def context(self, keys: Sequence[SeriesKey], before: Sequence[int], count: int, back: int) -> pa.Table:
        """Up to `count` versions in force of each series before its own time `before` and at most `back` [ms] earlier,
        for checks that look back.
        """
        ...

    def batches(self, limit: int = 100, digest: str | None = None, kind: str | None = None) -> list[BatchState]:
        """Newest first; with `digest` only those of that content that are not withdrawn."""
        ...

    def progress(self) -> Progress:
        """How far the journal is in the store."""
        ...

    def advance(self, progress: Progress) -> None:
        """Say that entries up to there need nothing more (they held no values)."""
        ...

    def series(self) -> list[SeriesKey]:
        """All series that have ever had an observation."""
        ...

    def size(self) -> StoreSize:
        """How much there is."""
        ...


@dataclass(frozen=True, slots=True)
class StoreSize:
    """How much a store holds."""

    observations: int  # versions
    series: int
    bytes: int
    first: int | None  # ms since 1970 UTC
    last: int | None


class Registry(Protocol):
    """Agencies, rivers, sections, devices, and the other names that sources use for sections."""

    def agencies(self) -> list[Agency]: ...

    def rivers(self) -> list[River]: ...

    def sections(self) -> list[Section]:
        """All that are not merged away."""
        ...

    def section(self, id: str) -> Section:
        """The section, or that into which it was merged; NotFoundError "registry.section"."""
        ...

    def sites_of(self, id: str) -> tuple[str, ...]:
        """All site ids under which its observations may stand: itself, merged ones, its devices' MN."""
        ...

    def put_agency(self, agency: Agency) -> None: ...

    def put_river(self, river: River) -> None: ...

    def put_section(self, section: Section, by: str, at: int) -> None:
        """Enter or change; what it was before is kept in its history."""
        ...

    def meet(self, sections: Sequence[Section], at: int) -> int:
        """Enter those not known yet, as they are; fill blanks of known ones; return how many were new."""
        ...

    def confirm(self, id: str, by: str, at: int) -> None: ...

    def rename(self, id: str, name_zh: str, name_en: str, by: str, at: int) -> None: ...

    def merge(self, id: str, into: str, by: str, at: int) -> None:
        """Say that two are one; ConflictError "registry.merge" if that makes a circle."""
        ...

    def history(self, id: str) -> list[dict[str, object]]:
        """Changes, oldest first: at, by, what, before, after."""
        ...

    def devices(self) -> list[Device]: ...

    def device(self, mn: str) -> Device | None: ...

    def put_device(self, device: Device, password: str | None, by: str, at: int) -> None:
        """Enter or change; `password` None leaves it as it is."""
        ...

    def device_password(self, mn: str) -> str | None:
        """The PW that the device sends (six characters of the protocol: an identifier, not a secret)."""
        ...

    def reporters(self, mns: Collection[str]) -> dict[str, tuple[Device, str]]:
        """By MN the device and its PW, of those that are known. Many at once cost little more than one."""
        ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as it was kept."""

    id: int
    entry: int  # raw journal entry
    source: str
    kind: str
    received: int  # ms since 1970 UTC
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Command:
    """An order to a device (HJ 212 request), with its state. The table of moves is ingest.hj212.commands."""

    id: int
    mn: str
    code: str  # CN
    arguments: dict[str, str]
    state: str  # queued, sent, accepted, done, refused, failed, expired
    outcome: str = ""  # QnRtn or ExeRtn in words of the vocabulary of codes
    qn: str = ""
    asked: int = 0  # ms since 1970 UTC
    changed: int = 0
    attempts: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One connection of a device, as the monitor page shows it."""

    id: int
    peer: str  # address:port
    mn: str  # "" until the first packet
    opened: int
    last: int  # last packet
    packets: int
    refused: int
    bytes: int
    closed: int | None = None
    reason: str = ""  # why it was closed


class Intake(Protocol):
    """What was refused, which connections there were, what devices were asked."""

    def refuse(self, entry: int, source: str, kind: str, received: int, refusals: Sequence[Refusal]) -> None:
        """Keep refusals; repeating the same entry changes nothing."""
        ...

    def refuse_all(self, refused: Sequence[tuple[Entry, Sequence[Refusal]]]) -> None:
        """The same for many entries at once."""
        ...

    def refuse_anew(self, refused: Sequence[tuple[Entry, Sequence[Refusal]]]) -> None:
        """What is refused of entries by now, in place of what was; no refusals: nothing of the entry is any more."""
        ...

    def refused(self, limit: int = 100, source: str | None = None, since: int | None = None) -> list[Refused]: ...

    def refused_count(self, since: int | None = None) -> int: ...

    def save_session(self, session: Session) -> int:
        """Enter (id 0) or update a session; returns its id."""
        ...

    def sessions(self, limit: int = 200, open_only: bool = False) -> list[Session]: ...

    def ask(self, command: Command) -> int:
        """Queue a command; returns its id."""
        ...

    def commands(self, mn: str | None = None, states: Sequence[str] = (), limit: int = 100) -> list[Command]: ...

    def move(self, id: int, state: str, at: int, outcome: str = "", qn: str = "", attempts: int = 0) -> None: ...

    def save_map(self, name: str, body: str, at: int) -> None:
        """Keep a column map of tables under a name (body: its TOML or JSON text)."""
        ...

    def maps(self) -> dict[str, str]: ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in."""

    name: str
    role: str  # operator, engineer, analyst, duty, manager, security, viewer
    display: str = ""
    language: str = "zh"


class People(Protocol):
    """Who may sign in, and who is signed in."""

    def put_person(self, person: Person, password: str) -> None: ...

    def check(self, name: str, password: str) -> Person | None: ...

    def open_login(self, name: str, at: int, until: int) -> str:
        """Start a signed-in stay; returns its secret token (only a digest is kept)."""
        ...

    def login(self, token: str, at: int) -> Person | None: ...

    def close_login(self, token: str) -> None: ...

    def people(self) -> list[Person]: ...
