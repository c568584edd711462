"""A home from a backup: it appears under its name only when every digest has been found right."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa

from shangyou.adapters.backup.manifest import ALLOWED, MANIFEST, STEP, Manifest, Piece, Tell, check, read_manifest
from shangyou.core.errors import ConflictError, InputError, UnavailableError


def restore_backup(
    file: Path,
    home: Path,
    tell: Tell = lambda done, whole: None,
    settle: Callable[[Path, Manifest], object] = lambda folder, manifest: None,
) -> Manifest:
    """Make a home from a backup. `settle` does the rest in its folder before it gets its name.

    Raises ConflictError "restore.home" if there is anything in `home`; InputError "backup.read", "backup.manifest",
    "backup.format", "backup.damaged", "backup.member"; UnavailableError "restore.write".
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise ConflictError("restore.home", home=str(home))
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    except OSError as error:
        raise UnavailableError("restore.write", home=str(home), detail=str(error)) from error
    try:
        manifest = _unpack(file, folder, tell)
        settle(folder, manifest)
        if home.exists():
            home.rmdir()
        folder.rename(home)
        _sync(home.parent)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise UnavailableError("restore.write", home=str(home), detail=str(error)) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return manifest


def check_backup(file: Path, tell: Tell = lambda done, whole: None) -> Manifest:
    """Read a backup through and hold every digest against its manifest; raises as `restore_backup`."""
    return _unpack(file, None, tell)


def _unpack(file: Path, folder: Path | None, tell: Tell) -> Manifest:
    found: dict[str, Piece] = {}
    text = None
    with _reading(file) as (tar, place):
        for member in tar:
            reader = tar.extractfile(member)
            if reader is None or not (ALLOWED.fullmatch(member.name) or member.name == MANIFEST):
                raise InputError("backup.member", name=member.name[:200])
            if member.name == MANIFEST:
                text = reader.read(STEP * 16)
            else:
                found[member.name] = _keep(reader, folder / member.name if folder else None)
            tell(place(), file.stat().st_size)
    manifest = read_manifest(text)
    check(manifest, found)
    return manifest


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[tuple[tarfile.TarFile, Callable[[], int]]]:
    """The tar in a backup, and a function that says how many packed bytes were read so far.

    Whatever is wrong with the bytes is InputError "backup.read"; what is wrong with a disk stays an OSError.
    """
    try:
        with (
            file.open("rb") as source,
            pa.CompressedInputStream(pa.PythonFile(source, "r"), "zstd") as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as tar,
        ):
            yield tar, source.tell
    except FileNotFoundError as error:
        raise InputError("backup.absent", path=str(file)) from error
    except (tarfile.TarError, pa.ArrowException, EOFError) as error:
        raise InputError("backup.read", path=str(file)) from error
    except OSError as error:
        if error.errno is None:  # so Arrow tells of damage
            raise InputError("backup.read", path=str(file)) from error
        raise


def _keep(reader: IO[bytes], path: Path | None) -> Piece:
    digest, size = hashlib.sha256(), 0
    with contextlib.ExitStack() as stack:
        target: IO[bytes] | None = None
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target = stack.enter_context(os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"))
        while data := reader.read(STEP):
            digest.update(data)
            size += len(data)
            if target is not None:
                target.write(data)
        if target is not None:
            target.flush()
            os.fsync(target.fileno())
    return Piece(size, digest.hexdigest())


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
