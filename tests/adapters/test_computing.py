"""Reckoning in a process beside."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shangyou.adapters.computing import ComputingBeside, cache_folder
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
