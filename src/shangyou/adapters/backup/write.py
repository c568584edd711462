"""A node in one file: a tar of its settings, stores and raw journal, packed with zstd, digests at the end.

Consistent while the node serves. The observation store is copied first, then the state, then the journal up to its end
of that moment. So the journal holds everything that the stores know, and what they do not know yet is digested again.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, Protocol

import pyarrow as pa

from shangyou.adapters.backup.manifest import MANIFEST, SETTINGS, Manifest, Piece, Tell
from shangyou.core.errors import ConflictError, UnavailableError

STORE: Final = "observations.duckdb"
NETWORK: Final = "network/revisions.jsonl"  # changes of the river network; a line cut off by an append is read as none
WORKDAYS: Final = "workdays.toml"  # the yearly lists of working days, if the operator has entered any
TRUST: Final = "federation"  # folder of trust list and keys: without them the node is no member any more
RULES: Final = "standards"  # folder of the editions that the members adopted
PREFIX: Final = ".backup-"  # of the folder in the home where copies wait to be packed
_ONE = threading.Lock()


class Store(Protocol):
    """An observation store in a file."""

    def still(self) -> AbstractContextManager[Path | None]:
        """While within, the file holds everything and does not change."""
        ...

    def progress(self) -> tuple[int, int]:
        """Entries of the journal that are in the store."""
        ...


class Segments(Protocol):
    """A journal in files."""

    def files(self) -> list[tuple[Path, int]]:
        """Every file with its durable length, in order."""
        ...

    def end(self) -> int:
        """Id that the next entry will have."""
        ...


class Growing(Protocol):
    """A ledger in files."""

    def parts(self, folder: Path) -> list[tuple[str, Path, int]]:
        """(name, file, bytes) of all of it, as of now; what may be replaced meanwhile is copied into `folder`."""
        ...


def write_backup(
    home: Path,
    store: Store,
    state: Callable[[Path], None],
    journal: Segments,
    version: str,
    made: int,
    write: Callable[[bytes], object],
    tell: Tell = lambda done, whole: None,
    ledger: Growing | None = None,
) -> Manifest:
    """Write the backup of the node in `home` piece by piece; `state` writes all of the state into a SQLite file.

    Raises ConflictError "backup.running"; UnavailableError "backup.write".
    """
    if not _ONE.acquire(blocking=False):
        raise ConflictError("backup.running", home=str(home))
    try:
        for old in home.glob(f"{PREFIX}*"):  # of a process that was killed: this one holds the home
            shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=PREFIX, dir=home) as folder:
            copies, digested = _copies(home, store, state, Path(folder))
            entries, files = _journal(journal)
            copies |= _folders(home, Path(folder))
            parts = [(name, path, path.stat().st_size) for name, path in copies.items()]
            parts += [(f"journal/{path.name}", path, size) for path, size in files]
            if ledger is not None:  # last: what the others speak of is in it
                parts += [(f"ledger/{name}", path, size) for name, path, size in ledger.parts(Path(folder))]
            return _pack(parts, Manifest(version, made, entries, digested, True, {}), write, tell)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UnavailableError("backup.write", home=str(home), detail=str(error)) from error
    finally:
        _ONE.release()


def _copies(home: Path, store: Store, state: Callable[[Path], None], folder: Path) -> tuple[dict[str, Path], int]:
    """Settings and stores as they are now, in files that do not change any more; and how far the digest was."""
    entered = [name for name in (SETTINGS, WORKDAYS, NETWORK) if name == SETTINGS or (home / name).exists()]
    (folder / NETWORK).parent.mkdir()
    copies = {name: Path(shutil.copy2(home / name, folder / name)) for name in entered}
    with store.still() as file:
        digested = store.progress()[0]
        if file is not None:
            for source in (file, file.with_name(f"{file.name}.wal")):
                if source.exists():
                    copies[STORE + source.name[len(file.name) :]] = _copy(source, folder / source.name)
    copies["state.sqlite"] = folder / "state.sqlite"
    state(copies["state.sqlite"])
    return copies, digested


def _folders(home: Path, folder: Path) -> dict[str, Path]:
    """What the node knows of its federation, with its private keys, and what it adopted with the others."""
    copies: dict[str, Path] = {}
    for file in sorted([*(home / TRUST).rglob("*"), *(home / RULES).glob("*.yaml")]):
        if file.is_file() and not file.name.startswith("."):  # a dot stands before what is being written
            name = file.relative_to(home).as_posix()
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            copies[name] = Path(shutil.copy2(file, folder / name))
    return copies


def _journal(journal: Segments) -> tuple[int, list[tuple[Path, int]]]:
    """Its entries and its files, of one moment."""
    while True:
        entries, files = journal.end(), journal.files()
        if journal.end() == entries:  # nothing came in between
            return entries, files


def _copy(source: Path, target: Path) -> Path:
    """Copy in another process: a process that closes a file loses its locks on it, those of the store too (POSIX)."""
    command = shutil.which("cp") or "cp"
    subprocess.run([command, "--reflink=auto", "--", source, target], check=True, capture_output=True)  # noqa: S603
    return target


def _pack(
    parts: list[tuple[str, Path, int]], manifest: Manifest, write: Callable[[bytes], object], tell: Tell
) -> Manifest:
    whole, done = sum(size for _, _, size in parts), 0
    pieces: dict[str, Piece] = {}
    with (
        pa.CompressedOutputStream(pa.PythonFile(_Sink(write), "w"), "zstd") as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, path, size in parts:
            with path.open("rb") as file:
                reader = _Measured(file, size)
                tar.addfile(_member(name, size, manifest.made), reader)
            pieces[name] = Piece(size, reader.digest.hexdigest())
            done += size
            tell(done, whole)
        manifest = replace(manifest, files=pieces)
        text = manifest.text()
        tar.addfile(_member(MANIFEST, len(text), manifest.made), io.BytesIO(text))
    return manifest


def _member(name: str, size: int, made: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, made // 1000, 0o600
    return member


class _Sink(io.RawIOBase):
    """A file that hands on what is written to it."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        self._write(piece)
        return len(piece)


class _Measured(io.RawIOBase):
    """The first bytes of a file, digested as they are read; a file that is shorter than it was is an error."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self.digest.update(data)
        return data
