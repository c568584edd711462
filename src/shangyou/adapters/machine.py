"""What can be seen of a node's home and machine from outside, while the node serves or while it does not."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import struct
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

SECRET: Final = ("node.toml", "state.sqlite", "state.sqlite-wal", "serving.json")  # of the owner alone
OURS: Final = ("node.toml", "state.sqlite", "observations.duckdb", "lock", "journal")
KEPT: Final = ("state.sqlite", "journal", "ledger")  # what nothing else can be made of, from the first start on
HEAD: Final = struct.Struct("<II")  # of a record of the journal: length and checksum


def python() -> tuple[int, int]:
    """Version of the interpreter."""
    return sys.version_info[:2]


def free(home: Path) -> int:
    """Bytes free on the disk of a folder."""
    return shutil.disk_usage(home).free


def newest(home: Path) -> int:
    """When the newest file of a home was written [ms since 1970 UTC]."""
    times = [path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()]
    return max(times, default=0) // 1_000_000


def missing(home: Path, state: str) -> tuple[str, ...]:
    """What is gone of a home that was in use; opened, the node would begin it anew. state: its address, "" = here."""
    there = {name: (home / name).exists() for name in KEPT if name != "state.sqlite" or not state}
    return tuple(str(home / name) for name, found in there.items() if not found) if any(there.values()) else ()


def unwritable(home: Path) -> tuple[str, ...]:
    """Files of a home that this user cannot write."""
    paths = [home, *(home / name for name in OURS)]
    return tuple(str(path) for path in paths if path.exists() and not os.access(path, os.W_OK))


def readable(home: Path) -> tuple[str, ...]:
    """Files with digests of passwords or with tokens that others than the owner can reach and read."""
    if home.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH) == 0:
        return ()
    found = [home / name for name in SECRET]
    return tuple(str(p) for p in found if p.exists() and p.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def leftovers(home: Path) -> tuple[str, ...]:
    """What a killed backup or a torn write left behind."""
    return tuple(str(path) for path in sorted([*home.glob(".backup-*"), *home.glob("journal/*.torn-*")]))


def busy(places: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Of the addresses (host, port) those that somebody listens on; port 0 is always free."""
    return tuple(f"{host}:{port}" for host, port in places if port and _taken(host, port))


def _taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def scan(journal: Path, quick: bool = False) -> tuple[int, tuple[str, int] | None]:
    """Read a raw journal through: how many records are whole, and (file, entry) where it cannot be read on.

    A last segment may end within a record: it is being written, or was when the power went; that is no damage.
    `quick` looks only at the lengths, not at the checksums.
    """
    segments = sorted(journal.glob("*.log"))
    entries = 0
    for number, path in enumerate(segments):
        first = int(path.stem)
        if first != entries:
            return entries, (str(path), entries)
        entries, whole = _read(path, entries, quick)
        if not whole and number < len(segments) - 1:
            return entries, (str(path), entries)
        if whole is None:
            return entries, (str(path), entries)
    return entries, None


def _read(path: Path, entries: int, quick: bool) -> tuple[int, bool | None]:
    """Entries after this segment; True if it ends with a record, False within one, None if a record is damaged."""
    size = path.stat().st_size
    with path.open("rb", buffering=1 << 20) as file:
        at = 0
        while at < size:
            head = file.read(HEAD.size)
            if len(head) < HEAD.size:
                return entries, False
            length, check = HEAD.unpack(head)
            at += HEAD.size + length
            if at > size:
                return entries, False
            if quick:
                file.seek(length, os.SEEK_CUR)
            elif zlib.crc32(file.read(length)) != check:
                return entries, None if at < size else False
            entries += 1
    return entries, True
