"""A node is put together, and one home is held by one process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import ConflictError, UnavailableError
from shangyou.settings import Settings
from shangyou.wiring import Made, build, make_home

HOLDER = """
import sys
from pathlib import Path
from shangyou.settings import load
from shangyou.wiring import build
node = build(load(Path(sys.argv[1]), {}))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_on_one_home_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    make_home(settings)
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(ConflictError) as told:
            build(settings)
        assert told.value.code == "home.in_use"
        assert told.value.facts["process"] == str(first.pid)
        first.communicate("")
    build(settings).close()


def test_a_home_is_made_once(tmp_path: Path) -> None:
    make_home(Settings(home=tmp_path))
    with pytest.raises(ConflictError, match=r"home\.exists"):
        make_home(Settings(home=tmp_path))


def test_a_store_that_is_none_is_not_opened_and_the_home_is_let_go(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    make_home(settings)
    (tmp_path / "observations.duckdb").write_bytes(b"not a database at all" * 100)
    with pytest.raises(UnavailableError, match=r"store\.open"):
        build(settings)
    (tmp_path / "observations.duckdb").unlink()
    build(settings).close()


class Ended:
    """Something that must be ended, and how often it was."""

    def __init__(self) -> None:
        self.ended = 0

    def end(self) -> None:
        self.ended += 1


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=12), st.integers(0, 12))
def test_what_threads_make_at_once_is_made_once_and_ended_once_wherever_the_end_falls(keys: list[str], at: int) -> None:
    born: list[Ended] = []
    made, begin = Made(), threading.Barrier(len(keys) + 1)

    def make() -> Ended:
        born.append(Ended())
        return born[-1]

    def ask(key: str) -> None:
        begin.wait()
        with suppress(UnavailableError):
            made.once(key, make, Ended.end)

    def end() -> None:
        begin.wait()
        made.close()

    work: list[Callable[[], None]] = [partial(ask, key) for key in keys]
    work.insert(min(at, len(work)), end)
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(born) <= len(set(keys))
    assert [each.ended for each in born] == [1] * len(born)


def test_what_work_that_is_waited_for_asks_for_at_the_end_is_refused_if_it_would_have_to_be_ended() -> None:
    made, told = Made(), list[str]()
    made.once("known", Ended, Ended.end)

    def last(pool: ThreadPoolExecutor) -> None:
        def work() -> None:
            told.append(type(made.once("known", Ended, Ended.end)).__name__)
            told.append(made.once("harmless", lambda: "made"))
            with pytest.raises(UnavailableError, match=r"node\.ended"):
                made.once("process", Ended, Ended.end)

        pool.submit(work).result()
        pool.shutdown()

    made.once("pool", lambda: ThreadPoolExecutor(1), last)
    made.close()
    assert told == ["Ended", "made"]


def test_what_comes_after_the_end_is_ended_at_once_and_refused() -> None:
    made, late = Made(), Ended()
    made.close()
    with pytest.raises(UnavailableError, match=r"node\.ended"):
        made.at_end(late.end)
    assert late.ended == 1


def test_what_one_thing_needs_is_made_on_the_way_and_ended_after_it() -> None:
    made, order = Made(), list[str]()
    made.once("outer", lambda: made.once("inner", lambda: "inner", order.append) and "outer", order.append)
    made.close()
    assert order == ["outer", "inner"]


def test_what_could_not_be_made_is_made_when_it_is_asked_for_again() -> None:
    made = Made()
    with pytest.raises(ZeroDivisionError):
        made.once("it", lambda: 1 // 0)
    assert made.once("it", lambda: 1) == 1
