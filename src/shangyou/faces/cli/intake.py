"""Taking many files in: what is there, one after the other into the node, and a summary that leaves nothing out."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from shangyou.core.errors import InputError, NotFoundError, ShangyouError, UnavailableError
from shangyou.core.records import Counts
from shangyou.faces.cli.call import Call, tell
from shangyou.faces.cli.progress import Bar
from shangyou.faces.cli.session import Session
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.flows.notes import FileNote
from shangyou.ingest.cnemc.recognition import HEAD, recognise

PARTS: Final = 6  # of its path that a file keeps as its name: enough to hold the month of a tree by province and basin
ASKED: Final = 100  # fingerprints in one question
SHOWN: Final = 20  # files that a summary lists one by one
REASONS: Final = 100_000  # refusals that are looked through for their reasons
LOOK_EVERY: Final = 1.0  # seconds between two looks at a watched folder

ROWS: Final = pa.schema(
    [("file", pa.string()), ("kind", pa.string()), ("batch", pa.int64())]
    + [(name, pa.int64()) for name in ("received", "new", "unchanged", "revised", "refused")]
    + [("code", pa.string()), ("reason", pa.string())]
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A file and what became of it."""

    file: str
    kind: str = ""
    batch: int | None = None
    digest: str = ""
    known: bool = False  # its bytes were in the store already
    counts: Counts = field(default_factory=Counts)
    code: str = ""  # why nothing of it was taken in
    reason: str = ""

    def row(self) -> dict[str, object]:
        """As a row of the summary."""
        return {name: getattr(self, name) for name in ("file", "kind", "batch", "code", "reason")} | asdict(self.counts)


class Intake:
    """One run of `shangyou ingest`."""

    def __init__(
        self, call: Call, session: Session, kind: str, date: str, provinces: tuple[str, ...], map: str
    ) -> None:
        self._call, self._session, self._kind = call, session, kind
        settings = call.settings()
        self._note = FileNote(date, tuple(provinces or settings.provinces))
        self._quiet = settings.folder_quiet_seconds
        self._map = self._column_map(map) if map else ""

    def _column_map(self, name: str) -> str:
        """The map of a name that was saved, or of a file; it is checked before the first file is sent."""
        from shangyou.faces.cli.ingest import read_text
        from shangyou.ingest.tables.mapfile import load

        known = {row["name"]: row["body"] for row in self._session.ask("maps").table().to_pylist()}
        if name not in known and not Path(name).is_file():
            raise NotFoundError("ingest.map", name=name, known=", ".join(known) or "–")
        text = str(known[name]) if name in known else read_text(Path(name))
        load(text)
        return text

    def run(self, paths: Sequence[Path]) -> int:
        """Take in and tell; returns how many files could not be taken in at all."""
        found, passed = self._find(paths)
        taken = self._send(found)
        taken = self._settle(taken)
        self._show(taken)
        if passed:
            self._call.say("ingest.passed", n=len(passed), first=passed[0])
        return sum(bool(each.code) for each in taken)

    # ---- which files ----------------------------------------------------------------------------------------------

    def _find(self, paths: Sequence[Path]) -> tuple[list[tuple[Path, str]], list[Path]]:
        """(file, kind) in order, and the files in folders that no reader takes. A kind of "" is refused later."""
        found, passed = list[tuple[Path, str]](), list[Path]()
        for path in paths:
            if not path.exists():
                raise NotFoundError("ingest.absent", path=str(path))
            if not path.is_dir():
                found.append((path, self._kind_of(path)))
                continue
            for file in _below(path):
                kind = self._kind_of(file)
                if kind:
                    found.append((file, kind))
                else:
                    passed.append(file)
        return found, passed

    def _kind_of(self, path: Path) -> str:
        if self._kind:
            return self._kind
        try:
            with path.open("rb") as file:
                return recognise(path.name, file.read(HEAD))
        except OSError:  # told when it is sent
            return ""

    # ---- into the node --------------------------------------------------------------------------------------------

    def _send(self, found: list[tuple[Path, str]]) -> list[Taken]:
        whole = sum(path.stat().st_size for path, _ in found)
        taken = []
        with Bar(self._call.words("ingest.receiving"), whole, size=True) as bar:
            for number, (path, kind) in enumerate(found, 1):
                bar.note(f"{number}/{len(found)}")
                taken.append(self._send_one(path, kind, bar))
        return taken

    def _send_one(self, path: Path, kind: str, bar: Bar) -> Taken:
        name = name_of(path)
        try:
            if not kind:
                raise InputError("ingest.kind", name=name)
            with path.open("rb") as file:
                size = path.stat().st_size
                done = self._session.send(name, file, size, kind, self._note_of(kind), bar.advance)
        except UnavailableError:  # the next file would fare no better
            raise
        except ShangyouError as error:
            return self._failed(name, kind, error.code, error.facts)
        except OSError as error:
            facts: dict[str, object] = {"path": str(path), "detail": error.strerror or str(error)}
            return self._failed(name, kind, "ingest.unreadable", facts)
        return Taken(name, kind, done["batch"], done["digest"], done["known"])

    def _note_of(self, kind: str) -> str:
        return replace(self._note, map=self._map if kind == "table" else "").text()

    def _failed(self, name: str, kind: str, code: str, facts: dict[str, object]) -> Taken:
        said = sentence(code, facts, self._call.words.language)
        return Taken(name, kind, code=code, reason=said.text, counts=Counts())

    def _settle(self, taken: list[Taken]) -> list[Taken]:
        """Wait until all of them are in the store, and take their figures from there."""
        fresh = [each.batch for each in taken if each.batch is not None and not each.known]
        if fresh:
            with Bar(self._call.words("ingest.digesting"), 0) as bar:
                self._session.settle(max(fresh), bar.reach)
        figures = self._figures([each.digest for each in taken if each.digest])
        return [self._with_figures(each, figures.get(each.digest)) for each in taken]

    def _figures(self, digests: list[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        unique = list(dict.fromkeys(digests))
        for start in range(0, len(unique), ASKED):
            rows = self._session.ask("outcome", digest=tuple(unique[start : start + ASKED])).table().to_pylist()
            found |= {row["digest"]: row for row in rows}
        return found

    @staticmethod
    def _with_figures(taken: Taken, row: dict[str, Any] | None) -> Taken:
        if row is None:
            return taken
        counts = Counts(*(row[name] for name in ("received", "new", "unchanged", "revised", "refused")))
        if taken.known:
            counts = Counts(counts.received, 0, counts.received - counts.refused, 0, counts.refused)
        return replace(taken, batch=row["batch"], counts=counts)

    # ---- telling --------------------------------------------------------------------------------------------------

    def _show(self, taken: list[Taken]) -> None:
        call = self._call
        rows = taken if call.format != "table" else self._short(taken)
        call.show(Rows.of(pa.Table.from_pylist([each.row() for each in rows], ROWS)), _columns(rows))
        if any(each.known for each in taken):
            call.say("ingest.withdrawn_before")
        self._reasons(taken)

    def _short(self, taken: list[Taken]) -> list[Taken]:
        """Few files one by one; of many those with refusals, and the others together; the sum of all last."""
        listed = taken = [replace(each, file="/".join(each.file.split("/")[-2:])) for each in taken]
        if len(taken) > SHOWN:
            listed = sorted((each for each in taken if each.code or each.counts.refused), key=_weight)[:SHOWN]
            rest = [each for each in taken if each not in listed]
            words = self._call.words("ingest.others", n=len(rest))
            listed = [*listed, Taken(words, counts=_sum(rest))]
        return [*listed, Taken(self._call.words("ingest.total"), counts=_sum(taken))] if len(taken) > 1 else listed

    def _reasons(self, taken: list[Taken]) -> None:
        """Why values were refused, grouped, and where each of them can be seen."""
        batches = {each.batch for each in taken if each.counts.refused and not each.known}
        if not batches:
            return
        rows = self._session.ask("refused", limit=REASONS).table()
        groups: dict[str, tuple[int, str]] = {}
        for entry, code, reason in zip(
            rows["entry"].to_pylist(), rows["code"].to_pylist(), rows["reason"].to_pylist(), strict=True
        ):
            if entry in batches:
                groups[code] = (groups.get(code, (0, ""))[0] + 1, reason)
        self._call.say("ingest.reasons")
        for code, (count, reason) in sorted(groups.items(), key=lambda item: -item[1][0]):
            self._call.say("ingest.reason", n=count, reason=reason, code=code)
        worst = max((each for each in taken if each.batch in batches), key=lambda each: each.counts.refused)
        self._call.say("ingest.where", batch=worst.batch)

    # ---- watching -------------------------------------------------------------------------------------------------

    def watch(self, paths: Sequence[Path]) -> None:
        """Take in what arrives in the folders, until Ctrl-C."""
        from shangyou.adapters.folder import FolderSettings, FolderWatch, FoundFile

        folders = [path for path in paths if path.is_dir()]
        if not folders:
            raise InputError("ingest.watch", paths=", ".join(map(str, paths)))
        seen: set[str] = set()  # what this run has dealt with, taken in or not

        def known(file: FoundFile) -> bool:
            return file.digest in seen

        watches = [(path, FolderWatch(FolderSettings(path, LOOK_EVERY, self._quiet), known)) for path in folders]
        self._call.say("ingest.watching", folders=", ".join(map(str, folders)))
        with _until_asked() as ended:
            while not ended():
                for path, watch in watches:
                    for file in watch.look(time.monotonic()):
                        seen.add(file.digest)
                        self._take(path / file.name)
                    for refusal in watch.refused():
                        tell(sentence(refusal.code, refusal.facts, self._call.words.language).text)
                time.sleep(LOOK_EVERY)
        raise KeyboardInterrupt

    def _take(self, path: Path) -> None:
        kind = self._kind_of(path)
        with Bar("", 0) as bar:
            [taken] = self._settle([self._send_one(path, kind, bar)])
        if taken.code:
            self._call.say("ingest.failed", name=taken.file, text=taken.reason)
        elif not taken.known:
            self._call.say("ingest.found", name=taken.file, **asdict(taken.counts))


@contextmanager
def _until_asked() -> Iterator[Callable[[], bool]]:
    """Has somebody pressed Ctrl-C? The file under way is finished first; pressed again, it ends at once.

    Raised wherever the program happens to be, an interrupt is lost where errors are ignored, as in a finaliser.
    """
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


def _below(folder: Path) -> Iterator[Path]:
    """All files below a folder in order, without hidden ones."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def name_of(path: Path) -> str:
    """The name under which a file is kept: the end of its path, which may tell the year and the province."""
    return "/".join(path.resolve().parts[-PARTS:]).lstrip("/")


def _weight(taken: Taken) -> tuple[bool, int, str]:
    return (not taken.code, -taken.counts.refused, taken.file)


def _sum(taken: Sequence[Taken]) -> Counts:
    return sum((each.counts for each in taken), Counts())


def _columns(taken: Sequence[Taken]) -> tuple[str, ...]:
    """The columns of the summary; a reason only where there is one."""
    names = ("file", "kind", "batch", "received", "new", "unchanged", "revised", "refused")
    return (*names, "reason") if any(each.code for each in taken) else names
