"""Reckoning in a process beside."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shangyou.adapters.computing import ComputingBeside, cache_folder, use_folder
from shangyou.core.errors import InputError, UnavailableError


@pytest.fixture
def computing() -> Iterator[ComputingBeside]:
    found = ComputingBeside()
    yield found
    found.close()


def in_three_parts(tell: Callable[[float], None]) -> str:
    for part in (0.25, 0.5, 1.0):
        tell(part)
    return "whole"


def refuses() -> None:
    raise InputError("course.unknown", place="nowhere")


def end() -> None:
    os._exit(3)


def test_a_function_is_called_in_another_process(computing: ComputingBeside) -> None:
    assert computing.run(math.hypot, 3.0, 4.0) == 5.0
    other = computing.run(os.getpid)
    assert other == computing.process() != os.getpid()
    assert computing.run(os.nice, 0) >= 10


def test_progress_is_told_on_the_way(computing: ComputingBeside) -> None:
    told: list[float] = []
    assert computing.run(in_three_parts, tell=told.append) == "whole"
    assert told == [0.25, 0.5, 1.0]


def test_an_error_of_ours_comes_back_as_it_is(computing: ComputingBeside) -> None:
    with pytest.raises(InputError) as caught:
        computing.run(refuses)
    assert (caught.value.code, caught.value.facts) == ("course.unknown", {"place": "nowhere"})


def test_any_other_error_is_named_and_the_process_goes_on(computing: ComputingBeside) -> None:
    with pytest.raises(UnavailableError) as caught:
        computing.run(math.sqrt, -1.0)
    assert caught.value.code == "computing.failed"
    assert caught.value.facts["function"] == "sqrt"
    assert computing.run(math.sqrt, 4.0) == 2.0


def test_a_process_that_was_killed_is_replaced(computing: ComputingBeside) -> None:
    first = computing.run(os.getpid)
    os.kill(first, signal.SIGKILL)
    assert computing.run(os.getpid) != first


def test_work_that_ends_the_process_is_tried_twice_and_then_told(computing: ComputingBeside) -> None:
    with pytest.raises(UnavailableError) as caught:
        computing.run(end)
    assert caught.value.code == "computing.ended"
    assert computing.run(math.sqrt, 9.0) == 3.0


def test_it_ends_when_nothing_is_asked_of_it() -> None:
    computing = ComputingBeside(quiet=0.1)
    first = computing.run(os.getpid)
    until = time.monotonic() + 20
    while computing.process() is not None and time.monotonic() < until:
        os.sched_yield()
    assert computing.process() is None
    assert computing.run(os.getpid) != first  # and is there again when it is needed
    computing.close()


def test_work_that_still_waited_when_it_was_closed_begins_no_process(computing: ComputingBeside) -> None:
    computing.run(os.getpid)
    computing.close()
    with pytest.raises(UnavailableError) as caught:
        computing.run(os.getpid)
    assert (caught.value.code, computing.process()) == ("computing.closed", None)


def test_compiled_code_is_kept_in_the_users_cache() -> None:
    assert str(cache_folder({"XDG_CACHE_HOME": "/c"}).parent) == "/c/shangyou/compiled"
    assert str(cache_folder({"NUMBA_CACHE_DIR": "/n"})) == "/n"


def test_it_is_known_whether_somebody_has_to_wait_for_the_compiler(tmp_path: Path) -> None:
    computing = ComputingBeside(tmp_path)
    assert not computing.compiled()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "kernel.nbi").touch()
    assert computing.compiled()


DAYS = 86_400.0


def folders(base: Path, ages: dict[str, float], now: float) -> Path:
    """Folders of compiled code that were used so many days ago; the folder that they are in."""
    kept = base / "shangyou" / "compiled"
    for name, age in ages.items():
        (kept / name / "transport_1").mkdir(parents=True)
        (kept / name / "transport_1" / "kernel.nbi").touch()
        os.utime(kept / name, (now - age * DAYS, now - age * DAYS))
    return kept


def names(kept: Path) -> set[str]:
    return {each.name for each in kept.iterdir()}


OLD = {"0" * 12: 31.0, "1" * 12: 29.0, "2" * 12 + ".77": 40.0, "notes": 400.0}


def test_the_first_use_of_a_new_state_takes_away_what_nobody_has_used_for_thirty_days(tmp_path: Path) -> None:
    now = time.time()
    kept = folders(tmp_path, OLD, now)
    use_folder(kept / "abcdefabcdef", now)
    assert names(kept) == {"1" * 12, "notes", "abcdefabcdef"}


def test_what_is_used_again_is_not_old(tmp_path: Path) -> None:
    now = time.time()
    kept = folders(tmp_path, OLD, now)
    use_folder(kept / ("0" * 12), now)
    assert names(kept) == set(OLD)  # it is no first time, so nothing is looked through
    use_folder(kept / "abcdefabcdef", now + 10 * DAYS)
    assert names(kept) == {"0" * 12, "notes", "abcdefabcdef"}


def test_a_folder_that_somebody_named_is_left_alone(tmp_path: Path) -> None:
    now = time.time()
    folders(tmp_path, OLD, now)
    other = tmp_path / "shangyou" / "elsewhere" / ("0" * 12)
    other.mkdir(parents=True)
    os.utime(other, (0, 0))
    use_folder(other.parent / "abcdefabcdef", now)
    assert names(other.parent) == {"0" * 12}


def test_nodes_that_take_the_same_away_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    now = time.time()
    many = {f"{number:012x}": 60.0 for number in range(40)}
    kept = folders(tmp_path, many, now)
    begin, faults = threading.Barrier(4), list[Exception]()

    def use(number: int) -> None:
        begin.wait()
        try:
            use_folder(kept / f"{number:012x}", now)
        except Exception as error:  # noqa: BLE001  whatever it is
            faults.append(error)

    threads = [threading.Thread(target=use, args=(1000 + number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert {f"{1000 + number:012x}" for number in range(4)} <= names(kept)
    use_folder(kept / ("f" * 12), now)
    assert len(names(kept)) == 5


def test_a_process_marks_the_folder_that_it_uses(tmp_path: Path) -> None:
    kept = tmp_path / "shangyou" / "compiled" / "abcdefabcdef"
    computing = ComputingBeside(kept)
    computing.run(os.getpid)
    computing.close()
    assert time.time() - kept.stat().st_mtime < DAYS
