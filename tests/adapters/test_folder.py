"""A watched folder hands over complete new files once, in order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shangyou.adapters.folder import FolderSettings, FolderWatch, FoundFile
from shangyou.core.errors import UnavailableError


class Taken:
    """What has been taken in, by digest."""

    def __init__(self) -> None:
        self.digests = set[str]()

    def knows(self, file: FoundFile) -> bool:
        return file.digest in self.digests

    def take(self, watch: FolderWatch, now: float) -> list[str]:
        names = []
        for file in watch.look(now):
            self.digests.add(file.digest)
            names.append(file.name)
        return names


def write(path: Path, body: bytes, changed: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (changed, changed))


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def watch(tmp_path: Path, taken: Taken) -> FolderWatch:
    return FolderWatch(FolderSettings(tmp_path, every=10.0, stable=5.0, largest=1000), taken.knows)


def test_a_file_is_handed_over_once_it_has_not_changed_for_a_while(
    tmp_path: Path, watch: FolderWatch, taken: Taken
) -> None:
    write(tmp_path / "2021-04/a.csv", b"half", 100.0)
    assert taken.take(watch, 0.0) == []
    assert taken.take(watch, 4.9) == []
    write(tmp_path / "2021-04/a.csv", b"half and half", 105.0)
    assert taken.take(watch, 6.0) == []
    assert taken.take(watch, 11.0) == ["2021-04/a.csv"]
    assert taken.take(watch, 30.0) == []


def test_the_same_size_with_another_time_is_a_change(tmp_path: Path, watch: FolderWatch, taken: Taken) -> None:
    write(tmp_path / "a.csv", b"one", 100.0)
    assert taken.take(watch, 0.0) == []
    write(tmp_path / "a.csv", b"two", 103.0)
    assert taken.take(watch, 5.0) == []
    assert taken.take(watch, 10.0) == ["a.csv"]


def test_files_come_in_the_order_in_which_they_were_written(tmp_path: Path, watch: FolderWatch, taken: Taken) -> None:
    for name, changed in (("a.csv", 300.0), ("b.csv", 100.0), ("c/d.csv", 200.0)):
        write(tmp_path / name, name.encode(), changed)
    assert taken.take(watch, 0.0) == []
    assert taken.take(watch, 5.0) == ["b.csv", "c/d.csv", "a.csv"]


def test_a_file_that_was_taken_in_before_a_restart_is_not_handed_over_again(
    tmp_path: Path, watch: FolderWatch, taken: Taken
) -> None:
    write(tmp_path / "a.csv", b"one", 100.0)
    assert [taken.take(watch, now) for now in (0.0, 5.0)] == [[], ["a.csv"]]
    again = FolderWatch(FolderSettings(tmp_path, stable=5.0), taken.knows)
    assert [taken.take(again, now) for now in (0.0, 5.0, 10.0)] == [[], [], []]


def test_a_changed_file_is_handed_over_anew_and_a_copy_is_not(tmp_path: Path, watch: FolderWatch, taken: Taken) -> None:
    write(tmp_path / "a.csv", b"one", 100.0)
    assert [taken.take(watch, now) for now in (0.0, 5.0)] == [[], ["a.csv"]]
    write(tmp_path / "a.csv", b"one, revised", 200.0)
    write(tmp_path / "copy.csv", b"one", 200.0)
    assert [taken.take(watch, now) for now in (10.0, 15.0)] == [[], ["a.csv"]]


def test_a_file_that_nobody_takes_in_is_offered_again_ever_more_rarely(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"one", 100.0)
    watch = FolderWatch(FolderSettings(tmp_path, every=10.0, stable=0.0), lambda file: False)
    offered = [now for now in range(0, 400, 10) if list(watch.look(float(now)))]
    assert offered == [0, 20, 60, 140, 300]


def test_unfinished_and_hidden_files_and_links_are_passed_over(
    tmp_path: Path, watch: FolderWatch, taken: Taken
) -> None:
    for name in (".hidden.csv", "~$a.xlsx", "a.csv.part", "a.tmp", ".git/x.csv"):
        write(tmp_path / name, b"x", 100.0)
    (tmp_path / "link.csv").symlink_to("/etc/hostname")
    assert [taken.take(watch, now) for now in (0.0, 5.0)] == [[], []]


def test_a_link_or_a_pipe_that_takes_the_place_of_a_file_after_the_look_is_not_read(tmp_path: Path) -> None:
    folder, secret = tmp_path / "folder", tmp_path / "secret"
    write(secret, b"token", 100.0)
    for number, name in enumerate(("a", "link", "pipe")):
        write(folder / name, b"12345", 100.0 + number)

    def swap(file: FoundFile) -> bool:
        """Called of the first file, when all have been looked at."""
        if file.name == "a":
            for each in ("link", "pipe"):
                (folder / each).unlink(missing_ok=True)
            (folder / "link").symlink_to(secret)
            os.mkfifo(folder / "pipe")
        return False

    watch = FolderWatch(FolderSettings(folder, every=10.0, stable=5.0, largest=1000), swap)
    assert list(watch.look(0.0)) == []
    assert [file.name for file in watch.look(6.0)] == ["a"]
    assert [(refusal.code, Path(str(refusal.facts["path"])).name) for refusal in watch.refused()] == [
        ("folder.file", "link")
    ]


def test_a_file_beyond_the_limit_is_told_once(tmp_path: Path, watch: FolderWatch, taken: Taken) -> None:
    write(tmp_path / "a.csv", b"x" * 1001, 100.0)
    assert [taken.take(watch, now) for now in (0.0, 5.0, 10.0)] == [[], [], []]
    assert [(r.code, r.facts["size"]) for r in watch.refused()] == [("folder.too_large", 1001)]
    assert watch.refused() == []


def test_a_folder_that_is_not_there_is_unavailable_until_it_is(tmp_path: Path, taken: Taken) -> None:
    watch = FolderWatch(FolderSettings(tmp_path / "later", stable=0.0), taken.knows)
    with pytest.raises(UnavailableError, match=r"folder\.missing"):
        taken.take(watch, 0.0)
    write(tmp_path / "later/a.csv", b"one", 100.0)
    assert taken.take(watch, 1.0) == ["a.csv"]


def test_a_file_that_vanishes_is_forgotten(tmp_path: Path, watch: FolderWatch, taken: Taken) -> None:
    write(tmp_path / "a.csv", b"one", 100.0)
    assert taken.take(watch, 0.0) == []
    (tmp_path / "a.csv").unlink()
    assert taken.take(watch, 5.0) == []
    write(tmp_path / "a.csv", b"one", 100.0)
    assert taken.take(watch, 6.0) == []
    assert taken.take(watch, 11.0) == ["a.csv"]
