"""What is computed beside for the map: once, and no page waits."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing

import pytest

from shangyou.core.errors import InputError, UnavailableError
from shangyou.faces.portal.ahead import Ahead

Body = Mapping[str, object]


class Work:
    """Something that takes until it is let go."""

    def __init__(self, *errors: Exception) -> None:
        self.go, self.asked, self.errors = threading.Event(), 0, list(errors)

    def __call__(self) -> Body:
        self.asked += 1
        self.go.wait(20)
        if self.errors:
            raise self.errors.pop(0)
        return {"at": self.asked}


def wait(ahead: Ahead, key: str, work: Work) -> Body:
    for _ in range(2000):
        found = ahead.ask(key, work)
        if found is not None:
            return found
        threading.Event().wait(0.005)
    raise AssertionError("it was not computed")


def test_who_asks_does_not_wait_and_all_get_what_was_computed_once() -> None:
    with closing(Ahead()) as ahead:
        work = Work()
        assert ahead.ask("a", work) is None
        assert ahead.ask("a", work) is None
        work.go.set()
        assert wait(ahead, "a", work) == {"at": 1}
        assert ahead.ask("a", work) == {"at": 1}
        assert work.asked == 1


def test_what_cannot_be_computed_is_told_each_time_without_trying_again() -> None:
    with closing(Ahead()) as ahead:
        work = Work(InputError("network.incomplete", count=1, reaches="a: width"))
        work.go.set()
        for _ in range(2):
            with pytest.raises(InputError):
                wait(ahead, "a", work)
        assert work.asked == 1


def test_what_failed_in_passing_is_tried_again() -> None:
    with closing(Ahead()) as ahead:
        work = Work(UnavailableError("computing.ended", status=1))
        work.go.set()
        try:
            assert wait(ahead, "a", work) == {"at": 2}
        except UnavailableError:
            assert wait(ahead, "a", work) == {"at": 2}
