"""Read refused packets of a device again, once it is registered, active or lenient.

The order is itself an entry of the journal, so that a replay reads the same packets again at the same place, and a
crash between order and outcome loses neither. To read them twice doubles nothing: equal statements are no versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.core.clock import Clock, to_ms
from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.core.journal import Entry, Journal, Raw
from shangyou.core.ports import Intake, ObservationStore, Registry, Selection
from shangyou.core.records import Observations, Parsed, Refusal, SeriesKey
from shangyou.flows.columns import rows
from shangyou.ingest.hj212.note import KIND as PACKETS
from shangyou.ingest.hj212.read import read_again

if TYPE_CHECKING:  # the digest brings all checks with it, which the pages of an idle node do without
    from shangyou.flows.digest import FileReader

AGAIN: Final = "hj212-again"  # kind of journal entries that are such orders
MOST: Final = 50_000  # packets of one order, the newest: about 50 MB while they are read


class Order(NamedTuple):
    """What is to be read again."""

    mn: str
    entries: tuple[int, ...]  # of the journal, in order
    at: int  # ms since 1970 UTC; two orders for the same packets are two, for the registry may have changed between
    by: str = ""


def order(
    journal: Journal, intake: Intake, registry: Registry, clock: Clock, mn: str, by: str
) -> tuple[int, int | None]:
    """Order that the refused packets of a device be read again, the newest 50,000 of them.

    Returns how many there are, and the order's journal entry, which is also the id of its batch; None if none are
    refused. Raises NotFoundError "device.unknown", ConflictError "again.standing"; UnavailableError of the journal.
    """
    device = registry.device(mn)
    if device is None:
        raise NotFoundError("device.unknown", mn=mn)
    if device.status != "active":
        raise ConflictError("again.standing", mn=mn, status=device.status)
    entries = tuple(sorted({r.entry for r in intake.refused(MOST, source=mn) if r.kind == PACKETS}))
    if not entries:
        return 0, None
    at = to_ms(clock.now())
    body = msgspec.json.encode(Order(mn, entries, at, by))
    return len(entries), journal.append([Raw(AGAIN, mn, at, body)]).start


def reader(journal: Journal, store: ObservationStore, registry: Registry, intake: Intake) -> FileReader:
    """The reader of such orders for the digest.

    Packets that are taken now are no longer among the refused; those that are not stay there with the reason of now.
    """

    def read(raw: Raw) -> Iterator[Parsed]:
        try:
            told = msgspec.json.decode(raw.body, type=Order)
        except (msgspec.DecodeError, msgspec.ValidationError):
            yield Parsed(Observations.build([]), (), (Refusal("again.order", {}),))
            return
        entries = list(_entries(journal, told.entries))
        devices = {device.mn: device for device in registry.devices()}
        reading = read_again(entries, lambda mn: devices.get(mn), cache(registry.device_password))
        by_now: dict[int, tuple[Entry, list[Refusal]]] = {entry.id: (entry, []) for entry in entries}
        for entry, refusal in reading.refused:
            by_now[entry.id][1].append(refusal)
        intake.refuse_anew(list(by_now.values()))  # before the values: with them the order counts as done
        yield Parsed(_without_outdated(reading.parsed.observations, entries, store))

    return read


def _entries(journal: Journal, ids: Sequence[int]) -> Iterator[Entry]:
    """The packets among some entries, neighbours read together."""
    known = np.unique(np.array([id for id in ids if 0 <= id < journal.end()], np.int64))[-MOST:]
    for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        if len(run):
            found = journal.read(int(run[0]), int(run[-1]) + 1)
            yield from (entry for entry in found if entry.raw.kind == PACKETS)


def _without_outdated(o: Observations, entries: Sequence[Entry], store: ObservationStore) -> Observations:
    """Without values that came before the version in force: the device has corrected them since."""
    if not len(o):
        return o
    ids = np.array([entry.id for entry in entries], np.int64)
    came = np.array([entry.raw.received for entry in entries], np.int64)[np.searchsorted(ids, o.entry)]
    keep = np.ones(len(o), np.bool_)
    for number, key in enumerate(o.keys):
        at = np.flatnonzero(o.series == number)
        if len(at):
            keep[at] = came[at] >= _in_force_since(store, key, o.time[at])
    return rows(o, np.flatnonzero(keep))


def _in_force_since(store: ObservationStore, key: SeriesKey, time: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) when the version in force at each time of a series was received [ms]; very long ago where there is none."""
    start, stop = int(time.min()), int(time.max()) + 1
    table = store.select(Selection((key.site,), (key.parameter,), (key.cadence,), (key.statistic,), start, stop))
    since = np.full(len(time), np.iinfo(np.int64).min)
    if table.num_rows:
        known, received = (table.column(name).cast(pa.int64()).to_numpy() for name in ("time", "received"))
        place = np.minimum(np.searchsorted(known, time), len(known) - 1)
        since = np.where(known[place] == time, received[place], since)
    return since
