"""A course checks itself."""

from __future__ import annotations

import numpy as np
import pytest

from shangyou.basin.course import Place
from shangyou.core.errors import InputError
from tests.basin.courses import channel


def test_a_course_knows_where_its_reaches_start() -> None:
    course = channel(3, length=500.0)
    assert course.starts.tolist() == [0.0, 500.0, 1000.0, 1500.0]
    assert course.end == 1500.0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("length", 0.0),
        ("length", -1.0),
        ("width", np.nan),
        ("flow", -3.0),
        ("flow", 0.0),
        ("flow", np.nan),
        ("flow", 1e9),
        ("flow", np.inf),
        ("slope", -0.1),
        ("dispersion", -1.0),
        ("storage_ratio", np.nan),
        ("gain", -1.0),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_reach(column: str, value: float) -> None:
    good = channel(3)
    values = getattr(good, column).copy()
    values[1] = value
    with pytest.raises(InputError) as caught:
        good.replace(**{column: values})
    assert caught.value.code == "course.value"
    assert (caught.value.facts["column"], caught.value.facts["reach"]) == (column, "reach-1")


def test_a_course_needs_a_reach_and_columns_of_one_length() -> None:
    with pytest.raises(InputError, match=r"course\.shape"):
        channel(0)
    with pytest.raises(InputError, match=r"course\.shape"):
        channel(3).replace(width=np.ones(2))


def test_a_reach_without_area_needs_a_slope() -> None:
    nothing = np.array([np.nan])
    assert np.isnan(channel(1).replace(area=nothing, slope=np.array([1e-4])).area[0])
    with pytest.raises(InputError) as caught:
        channel(1).replace(area=nothing, slope=nothing)
    assert caught.value.facts["column"] == "slope"


def test_a_place_is_found_by_id_and_by_both_names() -> None:
    place = Place("zhutuo", "朱沱", "Zhutuo", "section", 400.0, "cq")
    course = channel(1, places=(place,))
    assert course.place("zhutuo") is course.place("朱沱") is course.place("Zhutuo") is place
    with pytest.raises(InputError, match=r"course\.unknown"):
        course.place("nowhere")


def test_a_place_beyond_the_end_is_refused() -> None:
    with pytest.raises(InputError, match=r"course\.place"):
        channel(1, length=100.0, places=(Place("a", "a", "a", "section", 101.0),))
