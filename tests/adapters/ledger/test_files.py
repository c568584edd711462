"""The log in files survives whatever a crash leaves behind, and finds what was changed."""

from __future__ import annotations

import os
import shutil
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.ledger import FileLedger
from shangyou.adapters.ledger.files import FRAME
from shangyou.core.errors import UnavailableError
from shangyou.exchange.ledger.entry import Entry
from shangyou.exchange.ledger.log import Kept
from shangyou.exchange.ledger.merkle import root, sha256
from tests.fakes.exchange_log import FakeSigner, entries, reading, signed

MARKED, ACKNOWLEDGED, ALL = 300, 520, 540
LEAVES = entries(ALL)
FOLLOWING = ("offsets", "hashes.0", "hashes.1", "subjects")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int], int]:
    """A log as it lies on disk: sizes at its mark, and the length of what was acknowledged."""
    home = tmp_path_factory.mktemp("before") / "ledger"
    log = FileLedger(home)
    log.append(LEAVES[:MARKED])
    log.mark()
    sizes = {name: (home / name).stat().st_size for name in FOLLOWING}
    log.append(LEAVES[MARKED:ACKNOWLEDGED])
    acknowledged = (home / "entries").stat().st_size
    log.append(LEAVES[ACKNOWLEDGED:])
    shutil.copytree(
        home, home.with_name("kept")
    )  # as a process that was killed leaves it: nothing marked, nothing closed
    log.close()
    return home.with_name("kept"), sizes, acknowledged


@settings(max_examples=40)
@given(data=st.data())
def test_after_a_crash_at_any_step_what_was_acknowledged_is_there_and_the_root_is_that_of_it(
    data: st.DataObject, before: tuple[Path, dict[str, int], int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The entries are durable up to the acknowledgement; of the rest any part may have reached the disk, or zeros."""
    kept, marked, acknowledged = before
    home = tmp_path_factory.mktemp("crashed") / "ledger"
    shutil.copytree(kept, home)
    for name, least in {**marked, "entries": acknowledged}.items():
        file = home / name
        size = data.draw(st.integers(least, file.stat().st_size), label=name)
        os.truncate(file, size)
        if name != "entries" and data.draw(st.booleans(), label=f"zeros in {name}"):
            with file.open("ab") as zeros:
                zeros.write(bytes(640))
    log = FileLedger(home)
    assert ACKNOWLEDGED <= log.size() <= ALL
    assert log.entries(0, ALL) == LEAVES[: log.size()]
    assert log.root(log.size()) == root(sha256, reading(LEAVES), log.size())
    assert log.check() is None
    assert log.append([b"next"]) == range(log.size() - 1, log.size())
    log.close()


def test_a_torn_tail_is_set_aside_and_not_thrown_away(tmp_path: Path) -> None:
    FileLedger(tmp_path).append([b"one", b"two"])  # never closed
    os.truncate(tmp_path / "entries", (tmp_path / "entries").stat().st_size - 1)
    log = FileLedger(tmp_path)
    assert log.entries(0, 9) == [b"one"]
    assert (tmp_path / "entries.torn-0").read_bytes() == FRAME.pack(3, zlib.crc32(b"two")) + b"tw"
    log.close()


@settings(max_examples=40)
@given(data=st.data())
def test_every_changed_bit_is_found(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("changed") / "ledger"
    log = FileLedger(home)
    log.append(entries(300, "entry"))
    log.shelf.put_checkpoint(Kept(signed(entries(300, "entry"), "sichuan", FakeSigner()), 1))
    log.close()
    file = home / data.draw(st.sampled_from(["entries", "hashes.0", "hashes.1"]))
    place = data.draw(st.integers(0, file.stat().st_size - 1))
    whole = bytearray(file.read_bytes())
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(whole)
    try:
        log = FileLedger(home)
    except UnavailableError as error:
        found = error.code
    else:
        found = "" if log.check() is None else "ledger.damaged"
        log.close()
    assert found == "ledger.damaged"


def test_a_log_that_lost_what_it_signed_does_not_open(tmp_path: Path) -> None:
    leaves = entries(9)
    log = FileLedger(tmp_path / "ledger")
    log.append(leaves[:5])
    log.mark()
    shutil.copytree(tmp_path / "ledger", tmp_path / "old")
    log.append(leaves[5:])
    log.shelf.put_checkpoint(Kept(signed(leaves, "sichuan", FakeSigner()), 1))
    log.close()
    shutil.copy(tmp_path / "ledger" / "checkpoint", tmp_path / "old" / "checkpoint")
    with pytest.raises(UnavailableError, match=r"ledger\.damaged"):
        FileLedger(tmp_path / "old")


@pytest.mark.parametrize("name", ["head.json", "entries", "offsets", "hashes.0", "subjects"])
def test_a_file_that_is_gone_is_damage_and_no_new_beginning(name: str, tmp_path: Path) -> None:
    log = FileLedger(tmp_path)
    log.append([Entry("transfer", {"transfer": "t"}, 1).bytes(), b"b"])
    log.close()
    (tmp_path / name).unlink()
    with pytest.raises(UnavailableError, match=r"ledger\.damaged"):
        FileLedger(tmp_path)


def test_damage_in_the_middle_is_no_torn_tail(tmp_path: Path) -> None:
    FileLedger(tmp_path).append(entries(50))
    whole = bytearray((tmp_path / "entries").read_bytes())
    whole[FRAME.size] ^= 1
    (tmp_path / "entries").write_bytes(whole)
    with pytest.raises(UnavailableError, match=r"ledger\.damaged"):
        FileLedger(tmp_path)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """The system refuses to let a file grow beyond a limit, as a full disk does."""
    import resource
    import signal

    log = FileLedger(tmp_path)
    log.append(entries(10))
    was, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "entries").stat().st_size + 20_000, was[1]))
    try:
        with pytest.raises(UnavailableError, match=r"ledger\.write"):
            log.append([b"x" * 30_000])
        with pytest.raises(UnavailableError, match=r"ledger\.write"):
            log.append([b"y"] * 2_000)  # the entries fit, what follows from them does not
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
        signal.signal(signal.SIGXFSZ, handler)
    assert log.append([b"z"]) == range(10, 11)
    assert log.root(11) == root(sha256, reading([*entries(10), b"z"]), 11)
    log.close()
    log = FileLedger(tmp_path)
    assert log.entries(0, 99) == [*entries(10), b"z"]
    log.close()


def test_threads_that_append_together_each_find_their_own(tmp_path: Path) -> None:
    log = FileLedger(tmp_path)
    found: dict[int, list[int]] = {}

    def work(number: int) -> None:
        found[number] = [log.append([f"{number}-{turn}".encode()]).start for turn in range(25)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = log.entries(0, 999)
    assert log.size() == 150
    for number, indices in found.items():
        assert [whole[index] for index in indices] == [f"{number}-{turn}".encode() for turn in range(25)]
    assert log.root(150) == root(sha256, reading(whole), 150)
    log.close()


def test_the_salt_stays_and_the_files_are_private(tmp_path: Path) -> None:
    log = FileLedger(tmp_path / "ledger")
    salt = log.shelf.salt
    log.append([b"a"])
    log.close()
    again = FileLedger(tmp_path / "ledger")
    assert again.shelf.salt == salt
    assert len(salt) == 32
    again.close()
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "ledger").rglob("*"))
