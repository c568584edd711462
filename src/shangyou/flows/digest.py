"""From the raw journal into the store: read, check, keep; refuse what cannot be read, with its reason.

Safe to stop anywhere. Progress in the journal is written in the same transaction as the values, so that after a
crash nothing is lost and nothing is doubled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from shangyou.core.errors import ShangyouError, UnavailableError
from shangyou.core.journal import Entry, Journal, Raw
from shangyou.core.ports import Batch, Intake, ObservationStore, Progress, Registry
from shangyou.core.records import Counts, Flagged, Observations, Parsed, Refusal
from shangyou.core.registry import Section
from shangyou.core.stretch import Stretch, Stretches
from shangyou.flows.columns import from_table
from shangyou.flows.receive import fingerprint
from shangyou.flows.stretch import here, in_time, stretches
from shangyou.ingest.hj212.stretch import KIND
from shangyou.quality.check import check
from shangyou.quality.plan import Plan

LOOK_BACK: Final = 100  # earlier values of each series that checks may see: days of hours, hours of minutes
LOOK_BACK_MS: Final = 3 * 86_400_000  # and how old they may be

FileReader = Callable[[Raw], Iterator[Parsed]]


class Digest:
    """Brings what the journal holds into the store. One at a time is at work in a node."""

    def __init__(
        self,
        journal: Journal,
        store: ObservationStore,
        registry: Registry,
        intake: Intake,
        files: Mapping[str, FileReader],
        plan: Plan,
        choose: Callable[[int, bool], Stretches] | None = None,
    ) -> None:
        """choose: what reads and tests packets when so many journal entries wait; if True, or another than before, it
        remembers nothing. None = this process.
        """
        self._journal, self._store = journal, store
        self._registry, self._intake = registry, intake
        self._files, self._plan = files, plan
        self._choose = choose or here(lambda: stretches(journal, registry, plan))
        self._met: set[Section] = set()  # as they were met; the registry need not hear of them again
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._packets: Stretches | None = None
        self._caught_up = False  # has the reader seen again what was still waited upon when the node last ended?
        self._pending: int | None = None
        self._files_since = False  # has a file brought values since packets were last taken?

    def behind(self) -> int:
        """How many journal entries are not in the store yet."""
        return self._journal.end() - self._store.progress().done

    def run(
        self,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[int, int], None] = lambda done, end: None,
        give_way: Callable[[], None] = lambda: None,
    ) -> Counts:
        """Digest until the end of the journal, or until `stop`; `tell` hears (entries done, entries in all).

        `give_way` is called every few packets, and may wait while something more urgent goes on.

        Raises UnavailableError of the stores, and "digest.behind" if the store knows more than the journal holds.
        """
        try:
            return self._run(stop, tell, give_way)
        except BaseException:
            self._begin_anew()  # what the reader remembers may not have been stored: it reads that again
            raise

    def _run(self, stop: Callable[[], bool], tell: Callable[[int, int], None], give_way: Callable[[], None]) -> Counts:
        total = Counts()
        done, needed = self._store.progress()
        end = self._journal.end()
        if done > end:
            raise UnavailableError("digest.behind", done=done, end=end)
        packets = self._choose(end - done, self._packets is None)
        if packets is not self._packets:  # it remembers nothing: let it see what is still waited upon
            self._packets, self._caught_up, self._pending = packets, False, None
        place = done if self._caught_up else min(done, needed)
        while place < end:
            if stop():
                return total
            taken = packets.take(place, end, done, self._files_since, self._earlier, give_way)
            self._files_since = False
            if taken.stop > place:
                total += self._keep_packets(taken)
                place = taken.stop
            else:
                (entry,) = self._journal.read(place, place + 1)
                total += self._take_file(entry) if place >= done else Counts()
                place += 1
            done = max(done, place)
            tell(done, end)
        self._caught_up = True
        return total

    def _keep_packets(self, taken: Stretch) -> Counts:
        self._pending = taken.pending
        if not taken.fresh:
            return Counts()
        refused: dict[int, tuple[Entry, list[Refusal]]] = {}
        for entry, refusal in taken.refused:
            refused.setdefault(entry.id, (entry, []))[1].append(refusal)
        self._intake.refuse_all(list(refused.values()))
        batch = Batch(taken.first, KIND, KIND, taken.at, entries=taken.fresh)
        after = self._progress(taken.stop)
        return self._store.append(
            batch, taken.flagged, len(taken.refused), after, received=taken.received, again=taken.again
        )

    def _take_file(self, entry: Entry) -> Counts:
        raw = entry.raw
        digest = fingerprint(raw.kind, raw.note, raw.body)
        after = self._progress(entry.id + 1)
        if any(known.batch.id != entry.id for known in self._store.batches(1, digest=digest)):
            self._store.advance(after)  # it came twice before the first was read
            return Counts()
        batch = Batch(entry.id, raw.kind, raw.source, raw.received, digest)
        reader = self._files.get(raw.kind, _unreadable)
        total, refusals = Counts(), list[Refusal]()
        self._files_since = True  # it may hold values of series that packets report too
        for number, (parsed, last) in enumerate(_marked_last(_whole(reader, raw))):
            refusals += parsed.refusals
            if last:  # refusals first: with the last values the progress is written, and this file is never read again
                self._intake.refuse(entry.id, raw.source, raw.kind, raw.received, refusals)
            self._meet(parsed.sections, raw.received)
            earlier = self._earlier(parsed.observations)
            context = earlier.observations if earlier else None
            flagged = check(parsed.observations, context, raw.received, self._plan)
            total += self._store.append(batch, flagged, len(parsed.refusals), after if last else None, part=number)
        return total

    def _meet(self, sections: Sequence[Section], at: int) -> None:
        fresh = [section for section in sections if section not in self._met]
        if fresh:
            self._registry.meet(fresh, at)
            self._met.update(fresh)

    def _progress(self, done: int) -> Progress:
        return Progress(done, done if self._pending is None else self._pending)

    def _earlier(self, observations: Observations) -> Flagged | None:
        """What is in the store of the same series, shortly before their first new value; None if there is nothing."""
        if not len(observations):
            return None
        first = np.full(len(observations.keys), np.iinfo(np.int64).max)
        np.minimum.at(first, observations.series, observations.time)
        table = self._store.context(observations.keys, first.tolist(), LOOK_BACK, LOOK_BACK_MS)
        return from_table(table) if table.num_rows else None


def _whole(reader: FileReader, raw: Raw) -> Iterator[Parsed]:
    """What a reader makes of a file, within the times that can be kept; a fault of the reader refuses the file.

    One file that nobody has thought of must not stop all that stand behind it.
    """
    try:
        for parsed in reader(raw):
            yield _in_time(parsed)
    except ShangyouError:
        raise
    except Exception as error:  # noqa: BLE001 - see above; the file stays in the journal
        yield Parsed(Observations.build([]), (), (Refusal("receive.fault", {"detail": repr(error)[:200]}),))


def _in_time(parsed: Parsed) -> Parsed:
    """Without the observations of times that cannot be kept."""
    o = parsed.observations
    kept, _ = in_time(o, o.time)
    if kept is o:
        return parsed
    refusal = Refusal("receive.time", {"rows": len(o) - len(kept)})
    return Parsed(kept, parsed.sections, (*parsed.refusals, refusal))


def _unreadable(raw: Raw) -> Iterator[Parsed]:
    refusal = Refusal("receive.kind", {"kind": raw.kind, "name": raw.source})
    yield Parsed(Observations.build([]), (), (refusal,))


def _marked_last(parts: Iterator[Parsed]) -> Iterator[tuple[Parsed, bool]]:
    """Each part, and whether it is the last; at least one, so that progress is written for an empty file too."""
    held = next(parts, Parsed(Observations.build([])))
    for following in parts:
        yield held, False
        held = following
    yield held, True
