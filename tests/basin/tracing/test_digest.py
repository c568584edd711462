"""Digests of a tracing: equal for equal inputs, another for any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from shangyou.basin.tracing.digest import of_problem, of_result
from shangyou.basin.tracing.problem import Problem
from shangyou.basin.tracing.trace import trace
from shangyou.flows.trace import Asked, lay_out
from tests.flows.test_trace import NETWORK, observed


def problem() -> Problem:
    return lay_out(NETWORK, observed(), Asked(candidates=("outlet.demo_spill", "risk.panzhihua"), elsewhere=0.0))


def other_value(one: Problem) -> Problem:
    pulse = one.pulses[0]
    value = pulse.value.copy()
    value[3] = np.nextafter(value[3], 9.0)
    return replace(one, pulses=(replace(pulse, value=value), *one.pulses[1:]))


OTHERS: dict[str, Callable[[Problem], Problem]] = {
    "a value that differs in its last digit": other_value,
    "a candidate less": lambda one: replace(one, candidates=one.candidates[:1]),
    "another weight": lambda one: replace(one, candidates=(replace(one.candidates[0], weight=2.0), one.candidates[1])),
    "another prior": lambda one: replace(one, priors=replace(one.priors, velocity_sd=0.06)),
    "another flow": lambda one: replace(one, ways=(replace(one.ways[0], discharge=one.ways[0].discharge * 2),)),
    "stations changed round": lambda one: replace(one, pulses=one.pulses[::-1]),
}


def test_equal_inputs_have_one_digest_however_they_were_made() -> None:
    assert of_problem(problem(), 0) == of_problem(problem(), 0)
    assert of_problem(problem(), 0) != of_problem(problem(), 1)  # of another seed


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_is_different_changes_the_digest(name: str) -> None:
    one = problem()
    assert of_problem(OTHERS[name](one), 0) != of_problem(one, 0)


def test_the_result_of_equal_inputs_has_one_digest() -> None:
    one, again = trace(problem()), trace(problem())
    assert of_result(one) == of_result(again)
    assert of_result(one).startswith("sha256:")
    assert of_result(replace(one, elsewhere=0.5)) != of_result(one)


def test_progress_is_told_in_order_and_ends_before_the_whole() -> None:
    told: list[float] = []
    trace(problem(), tell=told.append)
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] < 1
