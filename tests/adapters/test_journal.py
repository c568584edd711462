"""The raw journal: nothing acknowledged is lost, whatever happens to the file's end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.adapters.journal import FileJournal
from shangyou.core.errors import NotFoundError, UnavailableError
from shangyou.core.journal import Raw


def raw(number: int, size: int = 40) -> Raw:
    return Raw("hj212", f"MN{number}", 1_600_000_000_000 + number, bytes([number % 256]) * size, "")


def bodies(journal: FileJournal, start: int = 0) -> list[Raw]:
    return [entry.raw for entry in journal.read(start)]


def test_what_was_appended_is_read_back_in_order_with_its_number(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    assert journal.append([raw(0), raw(1)]) == range(2)
    assert journal.append([raw(2)]) == range(2, 3)
    assert [entry.id for entry in journal.read(1)] == [1, 2]
    assert bodies(journal) == [raw(0), raw(1), raw(2)]
    assert journal.get(2).raw == raw(2)
    journal.close()


def test_numbers_go_on_after_the_journal_is_opened_again(tmp_path: Path) -> None:
    first = FileJournal(tmp_path)
    first.append([raw(0)])
    first.close()
    again = FileJournal(tmp_path)
    assert again.append([raw(1)]) == range(1, 2)
    assert bodies(again) == [raw(0), raw(1)]
    again.close()


def test_segments_are_rolled_and_read_across(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, segment_bytes=1_000)
    for number in range(60):
        journal.append([raw(number)])
    assert len(list(tmp_path.glob("*.log"))) > 3
    assert bodies(journal) == [raw(number) for number in range(60)]
    assert bodies(journal, 47) == [raw(number) for number in range(47, 60)]
    journal.close()


def test_an_unknown_entry_is_said_to_be_unknown(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    with pytest.raises(NotFoundError, match=r"journal\.entry"):
        journal.get(0)
    journal.close()


@given(cut=st.integers(1, 200), sizes=st.lists(st.integers(0, 60), min_size=1, max_size=8))
def test_a_torn_end_loses_only_what_was_torn(
    tmp_path_factory: pytest.TempPathFactory, cut: int, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    journal = FileJournal(folder)
    journal.append([raw(number, size) for number, size in enumerate(sizes)])
    journal.close()
    (file,) = folder.glob("*.log")
    whole = file.read_bytes()
    file.write_bytes(whole[: max(len(whole) - cut, 0)])
    again = FileJournal(folder)
    kept = bodies(again)
    assert kept == [raw(number, size) for number, size in enumerate(sizes)][: len(kept)]
    torn = b"".join(path.read_bytes() for path in folder.glob("*.torn-*"))
    assert file.read_bytes() + torn == whole[: max(len(whole) - cut, 0)]
    assert again.append([raw(99)]).start == len(kept)
    assert bodies(again)[-1] == raw(99)
    again.close()


def test_damage_in_the_middle_is_told_and_not_passed_over(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, segment_bytes=500)
    for number in range(20):
        journal.append([raw(number)])
    journal.close()
    first = min(tmp_path.glob("*.log"))
    data = bytearray(first.read_bytes())
    data[60] ^= 1
    first.write_bytes(bytes(data))
    again = FileJournal(tmp_path, segment_bytes=500)
    with pytest.raises(UnavailableError, match=r"journal\.damaged"):
        list(again.read(0))
    again.close()


def test_zeros_after_the_last_record_are_no_records(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    journal.append([raw(0), raw(1)])
    journal.close()
    with next(tmp_path.glob("*.log")).open("ab") as file:
        file.write(bytes(64))
    again = FileJournal(tmp_path)
    assert again.end() == 2
    assert bodies(again) == [raw(0), raw(1)]
    again.close()


def test_damage_in_the_last_segment_is_no_torn_end(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    journal.append([raw(number) for number in range(9)])
    journal.close()
    (file,) = tmp_path.glob("*.log")
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(UnavailableError, match=r"journal\.damaged"):
        FileJournal(tmp_path)
    assert file.read_bytes() == bytes(data)


def test_a_torn_head_that_names_gigabytes_is_not_believed(tmp_path: Path) -> None:
    FileJournal(tmp_path).close()
    with next(tmp_path.glob("*.log")).open("ab") as file:
        file.write(b"\xff" * 20)
    journal = FileJournal(tmp_path)
    assert journal.end() == 0
    journal.close()


def test_an_entry_that_was_not_kept_is_not_found(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    journal.append([raw(0)])
    with pytest.raises(NotFoundError, match=r"journal\.entry"):
        journal.get(-1)
    journal.close()


FULL = """
import resource, sys
from pathlib import Path
from shangyou.adapters.journal import FileJournal
from shangyou.core.errors import UnavailableError
from shangyou.core.journal import Raw
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = FileJournal(Path(sys.argv[1]))
journal.append([Raw("a", "s", 1, b"x" * 500)])
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
try:
    journal.append([Raw("a", "s", 2, b"y" * 5_000)])
    print("kept")
except UnavailableError as error:
    print(error.code)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(journal.append([Raw("a", "s", 3, b"z")]).start, [entry.raw.received for entry in journal.read(0)])
"""


def test_a_full_disk_is_said_and_when_there_is_room_again_it_goes_on(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["journal.full", "1 [1, 3]"]


WRITER = """
import sys
from pathlib import Path
from shangyou.adapters.journal import FileJournal
from shangyou.core.journal import Raw
journal = FileJournal(Path(sys.argv[1]), segment_bytes=20_000)
while True:
    ids = journal.append([Raw("a", "s", 1, bytes(300))] * 7)
    sys.stdout.write(f"{ids.stop}\\n")
    sys.stdout.flush()
"""


def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    acknowledged = 0
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(20):
                acknowledged = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            rest = [line for line in writer.stdout.read().split("\n")[:-1] if line]
            acknowledged = int(rest[-1]) if rest else acknowledged
        journal = FileJournal(tmp_path, segment_bytes=20_000)
        assert journal.end() >= acknowledged
        assert sum(1 for _ in journal.read(0)) == journal.end()
        journal.close()
    assert acknowledged >= 10 * 20 * 7
