"""A home seen from outside."""

from __future__ import annotations

import socket
from pathlib import Path

from shangyou.adapters import machine
from shangyou.adapters.journal import FileJournal
from shangyou.core.journal import Raw


def journal(folder: Path, entries: int, segment: int = 1 << 20) -> list[Path]:
    made = FileJournal(folder, segment)
    for number in range(entries):
        made.append([Raw("table", f"{number}.csv", number, b"x" * 100)])
    made.close()
    return sorted(folder.glob("*.log"))


def test_a_whole_journal_is_read_to_its_end_over_all_segments(tmp_path: Path) -> None:
    assert len(journal(tmp_path, 50, segment=1000)) > 3
    assert machine.scan(tmp_path) == (50, None)
    assert machine.scan(tmp_path, quick=True) == (50, None)


def test_an_empty_or_missing_journal_is_whole(tmp_path: Path) -> None:
    assert machine.scan(tmp_path / "none") == (0, None)


def test_a_changed_byte_is_found_with_its_file_and_entry(tmp_path: Path) -> None:
    path = journal(tmp_path, 20)[0]
    data = bytearray(path.read_bytes())
    size = len(data) // 20
    data[7 * size + 60] ^= 1
    path.write_bytes(data)
    assert machine.scan(tmp_path) == (7, (str(path), 7))


def test_a_torn_end_is_no_damage(tmp_path: Path) -> None:
    path = journal(tmp_path, 20)[-1]
    path.write_bytes(path.read_bytes()[:-5])
    assert machine.scan(tmp_path) == (19, None)


def test_a_segment_that_ends_early_or_is_gone_is_damage(tmp_path: Path) -> None:
    first, second, *_ = journal(tmp_path, 50, segment=1000)
    first.write_bytes(first.read_bytes()[:-5])
    entries, damage = machine.scan(tmp_path)
    assert damage == (str(first), entries)
    first.unlink()
    assert machine.scan(tmp_path) == (0, (str(second), 0))


def test_a_port_that_somebody_listens_on_is_busy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert machine.busy([("127.0.0.1", port), ("127.0.0.1", 0)]) == (f"127.0.0.1:{port}",)
    assert machine.busy([("127.0.0.1", port)]) == ()


def test_secrets_that_others_can_read_are_told_unless_the_home_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"")
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    assert machine.readable(tmp_path) == (str(path),)
    tmp_path.chmod(0o700)
    assert machine.readable(tmp_path) == ()


def test_the_newest_file_tells_the_time_of_the_last_write(tmp_path: Path) -> None:
    import os

    (tmp_path / "a").write_text("")
    os.utime(tmp_path / "a", (2_000_000_000, 2_000_000_000))
    assert machine.newest(tmp_path) == 2_000_000_000_000


def test_what_a_killed_backup_left_is_told(tmp_path: Path) -> None:
    (tmp_path / ".backup-x").mkdir()
    assert machine.leftovers(tmp_path) == (str(tmp_path / ".backup-x"),)
    assert machine.unwritable(tmp_path) == ()
    assert machine.free(tmp_path) > 0
    assert machine.python() >= (3, 11)
