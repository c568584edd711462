"""A substance is chosen by any of its names, and every member gets its key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core import vocabulary
from shangyou.faces.substances import beside, key_of, offered, unknown

WATER = [each.key for each in vocabulary.parameters().values() if each.group == "water"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whatever_a_field_offers_is_taken_back_as_its_key(language: str) -> None:
    assert list(offered(language)) == WATER
    assert [key_of(said) for said in offered(language).values()] == WATER
    assert set(beside(language)) == set(WATER)


def test_benzene_in_words_is_that_in_water() -> None:
    assert key_of("苯") == "water_benzene"
    assert key_of("氨氮") == "ammonia_nitrogen"
    assert key_of("不明油类") == "不明油类"


@pytest.mark.parametrize(("name", "key"), [("amonia_nitrogn", "ammonia_nitrogen"), ("氨淡", "ammonia_nitrogen")])
def test_the_nearest_keys_are_told_of_an_unknown_name(name: str, key: str) -> None:
    assert key in unknown(name, "zh")
    assert key in unknown(name, "en")


@given(st.sampled_from(WATER), st.data())
def test_a_letter_too_many_leads_to_the_key(key: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(key)))
    name = f"{key[:place]}q{key[place:]}"
    assert len(key) < 5 or key in [each.key for each in vocabulary.nearest(name, most=12)]


@given(st.text(max_size=200))
def test_any_text_may_be_asked_for(name: str) -> None:
    assert len(vocabulary.nearest(name)) <= 5


def test_of_what_is_known_nothing_is_said() -> None:
    assert [unknown(name, "zh") for name in ("", "苯", "benzene", "Ammonia nitrogen")] == ["", "", "", ""]
